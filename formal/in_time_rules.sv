// That an adapter takes what it is offered at the memory port, and answers it, within bounds: what axi_live_rules.sv
// and wb_live_rules.sv have in common, each of which has one and tells the ranks of its adapter. A request that nobody
// chooses is followed, that of tag `watch`.
`include "rules.svh"
module in_time_rules #(
  parameter logic [15:0] Reads  = '0,  // bounds, in cycles: of a read, of a CAS, of an offer
  parameter logic [15:0] Swaps  = '0,
  parameter logic [15:0] Offers = '0
) (
  input  logic        clk_i,
  input  logic        rst_i,
  input  logic        mem_req_valid_i,
  input  logic        mem_req_ready_o,
  input  logic [3:0]  mem_req_tag_i,
  input  logic        mem_req_cas_i,
  input  logic        mem_rsp_valid_o,
  input  logic [3:0]  mem_rsp_tag_o,
  input  logic [15:0] asked,            // tags whose requests have no reply yet
  input  logic        held,             // the request that is followed has a place in the adapter …
  input  logic        held_swaps,       // … as a CAS …
  input  logic [15:0] held_rank,        // … with this rank
  input  logic [15:0] takes,            // the rank of the offer; 0: there is none that waits
  output logic        begun,
  output logic        was_rst,
  output logic [3:0]  watch,
  output logic        fresh,            // it is accepted
  output logic [15:0] its               // its rank
);
  localparam logic [15:0] Never = 16'h8000;  // of what waits for nothing
  logic begun_q = 1'b0, owed, offer, was_offer, swaps;
  logic [15:0] age, offered_for, was_takes, limit;
  assign begun = begun_q;
  assign owed  = asked[watch];
  assign offer = mem_req_valid_i && !mem_req_ready_o;
  assign fresh = mem_req_valid_i && mem_req_ready_o && mem_req_tag_i == watch;
  assign limit = swaps ? Swaps : Reads;
  assign its   = held ? held_rank : mem_rsp_valid_o && mem_rsp_tag_o == watch ? '0 : Never;
  always_ff @(posedge clk_i) begin
    begun_q <= 1'b1;
    if (!begun) watch <= mem_req_tag_i;
    if (fresh) swaps <= mem_req_cas_i;
    was_rst     <= rst_i;
    was_takes   <= takes;
    was_offer   <= offer;
    offered_for <= rst_i || !offer ? '0 : offered_for + 1;
    age         <= rst_i || !owed || fresh ? '0 : age + 1;
  end

  always_ff @(posedge clk_i) begin
    if (begun) begin
      `PROPERTY(reply_in_time, owed && !rst_i && !was_rst, age <= limit && its <= limit - age)
      `PROPERTY(taken_in_time, offer && !was_rst && !rst_i, offered_for <= Offers && takes <= Offers - offered_for)
      `PROPERTY(taken_nearer_every_cycle, was_offer && !was_rst && takes != '0, takes < was_takes)
      `PROPERTY(lemma_kind, owed && held, held_swaps == swaps)
    end
  end
endmodule
