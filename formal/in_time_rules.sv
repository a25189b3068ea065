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
  input  logic        valid,
  input  logic        ready,
  input  logic [3:0]  tag,
  input  logic        cas,
  input  logic        owed,        // the request that is followed has no reply yet
  input  logic [15:0] its,         // its rank
  input  logic        kind_known,  // `swaps` is what the adapter has of it
  input  logic [15:0] takes,       // the rank of the offer; 0: there is none that waits
  output logic        begun,
  output logic        was_rst,
  output logic [3:0]  watch,
  output logic        swaps,       // it is a CAS
  output logic        fresh        // it is accepted
);
  logic begun_q = 1'b0, was_offer;
  logic [15:0] age, offered_for, was_takes, limit;
  assign begun = begun_q;
  assign fresh = valid && ready && tag == watch;
  assign limit = swaps ? Swaps : Reads;
  always_ff @(posedge clk_i) begin
    begun_q <= 1'b1;
    if (!begun) watch <= tag;
    if (fresh) swaps <= cas;
    was_rst     <= rst_i;
    was_takes   <= takes;
    was_offer   <= valid && !ready;
    offered_for <= rst_i || !valid || ready ? '0 : offered_for + 1;
    age         <= rst_i || !owed || fresh ? '0 : age + 1;
  end

  always_ff @(posedge clk_i) begin
    if (begun) begin
      `PROPERTY(reply_in_time, owed && !rst_i && !was_rst, age <= limit && its <= limit - age)
      `PROPERTY(taken_in_time, valid && !ready && !was_rst && !rst_i,
                offered_for <= Offers && takes <= Offers - offered_for)
      `PROPERTY(taken_nearer_every_cycle, was_offer && !was_rst && takes != '0, takes < was_takes)
      `PROPERTY(lemma_kind, owed, kind_known)
    end
  end
endmodule
