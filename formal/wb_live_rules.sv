// That mmu_wb takes a request, and answers it, within a bound (docs/microarchitecture.md section 2; docs/bus.md). It is
// bound to mmu_wb: if the bus takes STB within Takes cycles (a classic bus ends it within them), and while it owes the
// end of a beat there is one within Answers cycles. The argument is a rank, as in liveness_rules.sv.
//
//     lines  those before it, each with all its tries; the beats that are left; after RTY what is still to end, and
//            then the tries that are left
//     CAS    read, compare, write, reply; after RTY the tries that are left
`include "rules.svh"
module wb_live_rules #(
  parameter int unsigned Takes = 2,
  parameter int unsigned Answers = 3,
  parameter int unsigned REPLY_BYTES = 64,
  parameter int unsigned DATA_BITS = 64,
  parameter int unsigned OUTSTANDING = 4,
  parameter int unsigned RETRIES = 255,
  localparam bit Entry = REPLY_BYTES == 8,
  localparam int unsigned Beats = Entry ? 1 : 512 / DATA_BITS,
  localparam int unsigned BeatBits = Beats > 1 ? $clog2(Beats) : 1,
  localparam int unsigned LineBits = $clog2(OUTSTANDING + 1),
  localparam int unsigned RetryBits = RETRIES > 0 ? $clog2(RETRIES + 1) : 1
) (
  input logic                        clk_i,
  input logic                        rst_i,
  input logic                        mem_req_valid_i,
  input logic                        mem_req_ready_o,
  input logic [3:0]                  mem_req_tag_i,
  input logic                        mem_req_cas_i,
  input logic                        mem_rsp_valid_o,
  input logic [3:0]                  mem_rsp_tag_o,
  input logic                        wb_stb_o,
  input logic [15:0]                 asked,  // of the adapter's rules
  input logic [7:0]                  out,    // beats that were asked for and have not ended
  input logic                        went,
  input logic                        ended,
  input logic [2:0]                  state,  // of the adapter
  input logic                        cas_q,
  input logic                        again_q,
  input logic [OUTSTANDING-1:0][3:0] tag_q,
  input logic [LineBits-1:0]         taken_q,
  input logic [LineBits-1:0]         done_q,
  input logic [BeatBits-1:0]         done_beat_q,
  input logic [RetryBits-1:0]        retry_q
);
  if (RETRIES == 0) begin : g_bounded
    $error("wb_live_rules: without end");
  end
  localparam logic [2:0] SIdle = 3'd0, SLines = 3'd1, SBack = 3'd2, SRead = 3'd3, SCompare = 3'd4, SWrite = 3'd5,
                         SReply = 3'd6;
  typedef logic [15:0] rank_t;
  localparam rank_t Never = 16'h4000;  // of what waits for nothing
  localparam rank_t T = rank_t'(Takes), A = rank_t'(Answers);
  localparam rank_t Beat = T + A;
  localparam rank_t Drain = Beat + rank_t'(OUTSTANDING * Beats) * A + 2;  // after RTY
  localparam rank_t Try = rank_t'(Beats) * Beat + Drain;  // of a line
  localparam rank_t Line = rank_t'(RETRIES + 1) * Try;
  localparam rank_t Pair = 2 * Beat + 3;  // a try of a CAS
  localparam rank_t Swap = rank_t'(RETRIES + 1) * Pair;
  localparam rank_t Lines = rank_t'(OUTSTANDING) * Line;
  localparam rank_t Longest = Lines > Swap ? Lines : Swap;

  // ---- the bus ----
  rank_t stb_for, end_for;
  always_ff @(posedge clk_i) begin
    stb_for <= rst_i || !wb_stb_o || went ? '0 : stb_for + 1;
    end_for <= rst_i || out == '0 || ended ? '0 : end_for + 1;
  end

  // ---- the places ----
  rank_t line, swap, block;  // the line that comes, the CAS; all that was taken
  always_comb begin
    rank_t beat, left;
    beat = out != '0 ? A - end_for : T - stb_for + A;  // the next end
    left = rank_t'(RETRIES) - rank_t'(retry_q);
    line = '0;
    if (state == SBack) line = 1 + left * Try;
    if (state == SLines && again_q)
      line = (wb_stb_o ? Beat - stb_for : '0) + (out != '0 ? rank_t'(out) * A - end_for : '0) + 2 + left * Try;
    if (state == SLines && !again_q)
      line = (rank_t'(Beats) - 1 - rank_t'(done_beat_q)) * Beat + beat + Drain + left * Try;
    case (state)
      SRead:    swap = beat + 1 + Beat + 2 + left * Pair;
      SCompare: swap = 1 + Beat + 2 + left * Pair;
      SWrite:   swap = beat + 2 + left * Pair;
      SBack:    swap = 1 + left * Pair;
      SReply:   swap = 1;
      default:  swap = '0;
    endcase
    block = '0;
    if (state != SIdle) block = cas_q ? swap : line + (rank_t'(taken_q) - 1 - rank_t'(done_q)) * Line;
  end

  // ---- one request; an offer ----
  logic begun, was_rst, held, held_swaps, fresh, was_asked, was_accepted;
  logic [3:0] watch;
  rank_t held_rank, its, was_its, takes;
  in_time_rules #(
    .Reads(Lines),
    .Swaps(Swap),
    .Offers(Longest)
  ) u_in_time (
    .*
  );
  always_comb begin
    {held, held_swaps, held_rank} = '0;
    if (state != SIdle && cas_q && tag_q[0] == watch) {held, held_swaps, held_rank} = {2'b11, swap};
    for (int unsigned n = 0; n < OUTSTANDING; n++)
    if (state != SIdle && !cas_q && 32'(done_q) <= n && n < 32'(taken_q) && tag_q[n] == watch)
      {held, held_swaps, held_rank} = {2'b10, line + (rank_t'(n) - rank_t'(done_q)) * Line};
    takes = mem_req_valid_i && !mem_req_ready_o ? state == SIdle ? Never : block : '0;
  end
  always_ff @(posedge clk_i) begin
    was_asked    <= asked[watch];
    was_accepted <= fresh;
    was_its      <= its;
  end

  always_ff @(posedge clk_i) begin
    if (begun) begin
      `OUTSIDE(bus_takes, wb_stb_o && stb_for == T - 1 && !rst_i, went)
      `OUTSIDE(bus_ends, out != '0 && end_for == A - 1 && !rst_i, ended)
      `PROPERTY(reply_nearer_every_cycle, was_asked && asked[watch] && !was_accepted && !was_rst, its < was_its)
      `PROPERTY(lemma_in_bounds, !was_rst, stb_for < T && end_for < A && 32'(retry_q) <= RETRIES)
      `PROPERTY(lemma_block, state != SIdle && !was_rst,
                block <= Longest && (cas_q || (done_q < taken_q && 32'(taken_q) <= OUTSTANDING)))
    end
  end
endmodule
bind mmu_wb wb_live_rules #(
  .REPLY_BYTES(REPLY_BYTES),
  .DATA_BITS(DATA_BITS),
  .OUTSTANDING(OUTSTANDING),
  .RETRIES(RETRIES)
) u_live (
  .asked(u_memory.owed),
  .out(u_rules.out),
  .went(u_rules.went),
  .ended(u_rules.ended),
  .state(state_q),
  .*
);
