// That mmu_axi takes a request, and answers it, within a bound (docs/microarchitecture.md section 2; docs/bus.md). It
// is bound to mmu_axi: if the bus takes what is offered on AR, AW and W within Takes cycles, and the next beat of
// every id's R, and B, come within Answers cycles of what they follow. The argument is a rank, as in
// liveness_rules.sv: of a place in the adapter the cycles that its request may still take, which falls with each of
// them.
//
//     read   AR, then its beats
//     CAS    exclusive pairs, as many as are left: until AR is free, AR, R, compare, AW and W, B; AtomicCompare: AW and
//            W, then R and B; then the reply, when no read has one
`include "rules.svh"
module axi_live_rules #(
  parameter int unsigned Takes = 2,
  parameter int unsigned Answers = 3,
  parameter int unsigned REPLY_BYTES = 64,
  parameter int unsigned DATA_BITS = 64,
  parameter int unsigned OUTSTANDING = 4,
  parameter bit ATOMIC = 1'b0,
  parameter int unsigned RETRIES = 255,
  localparam int unsigned Beats = REPLY_BYTES == 8 ? 1 : 512 / DATA_BITS,
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
  input logic                        axi_arvalid_o,
  input logic                        axi_arready_i,
  input logic                        axi_arlock_o,
  input logic                        axi_awvalid_o,
  input logic                        axi_awready_i,
  input logic                        axi_wvalid_o,
  input logic                        axi_wready_i,
  input logic                        axi_rvalid_i,
  input logic                        axi_bvalid_i,
  input logic [15:0]                 asked,   // of the adapter's rules
  input logic [OUTSTANDING:0]        open,
  input logic [3:0]                  beats [OUTSTANDING+1],
  input logic                        w_open,
  input logic                        aw_done,
  input logic                        w_done,
  input logic [OUTSTANDING:0]        r_of,    // whose beat comes
  input logic [OUTSTANDING:0]        ar_of,   // whose AR is offered
  input logic [2:0]                  cas,     // of the adapter
  input logic [OUTSTANDING-1:0]      busy_q,
  input logic [OUTSTANDING-1:0][3:0] tag_q,
  input logic [3:0]                  cas_tag_q,
  input logic [RetryBits-1:0]        retry_q
);
  if (RETRIES == 0 || (ATOMIC && DATA_BITS == 64)) begin : g_bounded
    $error("axi_live_rules: without end, or with two beats of W");
  end
  localparam int unsigned Cas = OUTSTANDING;
  localparam logic [2:0] SIdle = 3'd0, SAgain = 3'd1, SRead = 3'd2, SCompare = 3'd3, SWrite = 3'd4, SReply = 3'd5;
  typedef logic [15:0] rank_t;
  localparam rank_t Never = 16'h2000;  // of what waits for nothing
  localparam rank_t T = rank_t'(Takes), A = rank_t'(Answers);
  localparam rank_t Reply = 2 * rank_t'(OUTSTANDING) + 2;
  localparam rank_t Write = T + A;
  localparam rank_t Pair = T + 1 + T + A + 1 + Write;
  localparam rank_t Read = T + rank_t'(Beats) * A;
  localparam rank_t Swap = (ATOMIC ? Write : rank_t'(RETRIES + 1) * Pair) + Reply;
  localparam rank_t Taken = (1 + Read + T + 1 + T > Swap + T ? 1 + Read + T + 1 + T : Swap + T);

  // ---- the bus ----
  rank_t ar_for, aw_for, w_for, b_for, since[OUTSTANDING+1];
  logic r_late;
  always_ff @(posedge clk_i) begin
    ar_for <= rst_i || !axi_arvalid_o || axi_arready_i ? '0 : ar_for + 1;
    aw_for <= rst_i || !axi_awvalid_o || axi_awready_i ? '0 : aw_for + 1;
    w_for  <= rst_i || !axi_wvalid_o || axi_wready_i ? '0 : w_for + 1;
    b_for  <= rst_i || !(w_open && aw_done && w_done) || axi_bvalid_i ? '0 : b_for + 1;
    for (int unsigned s = 0; s <= Cas; s++)
    since[s] <= rst_i || !open[s] || (axi_rvalid_i && r_of[s]) ? '0 : since[s] + 1;
  end
  logic b_late, takes_late, in_bounds;
  always_comb begin
    r_late = 1'b0;
    for (int unsigned s = 0; s <= Cas; s++)
    if (open[s] && since[s] == A - 1 && !(axi_rvalid_i && r_of[s])) r_late = 1'b1;
    takes_late = (axi_arvalid_o && ar_for == T - 1 && !axi_arready_i)
        || (axi_awvalid_o && aw_for == T - 1 && !axi_awready_i) || (axi_wvalid_o && w_for == T - 1 && !axi_wready_i);
    b_late     = w_open && aw_done && w_done && b_for == A - 1 && !axi_bvalid_i;
    in_bounds  = ar_for < T && aw_for < T && w_for < T && b_for < A && 32'(retry_q) <= RETRIES;
    for (int unsigned s = 0; s <= Cas; s++) if (since[s] >= A) in_bounds = 1'b0;
  end

  // ---- the places ----
  function automatic rank_t most(input rank_t a, input rank_t b);
    return a > b ? a : b;
  endfunction
  rank_t read[OUTSTANDING], swap, first;
  always_comb begin
    rank_t replies, written, left;
    first = Never;
    for (int unsigned s = 0; s < OUTSTANDING; s++) begin
      read[s] = '0;
      if (busy_q[s]) begin
        read[s] = Never;
        if (axi_arvalid_o && ar_of[s]) read[s] = T - ar_for + rank_t'(Beats) * A;
        if (open[s]) read[s] = (rank_t'(Beats) - rank_t'(beats[s])) * A - since[s];
      end
      if (read[s] < first) first = read[s];
    end
    // The reply of a CAS waits while reads end one after the other; AR is taken in every other cycle.
    replies = 1 + rank_t'(axi_arvalid_o) + 2 * rank_t'($countones(open[OUTSTANDING-1:0]));
    written = !(aw_done && w_done) ? most(aw_done ? '0 : T - aw_for, w_done ? '0 : T - w_for) + A
        : most(w_open ? A - b_for : '0, open[Cas] ? A - since[Cas] : '0);
    left = rank_t'(RETRIES) - rank_t'(retry_q);
    case (cas)
      SAgain:   swap = (axi_arvalid_o ? T - ar_for : '0) + 1 + T + A + 1 + Write + left * Pair + Reply;
      SRead:    swap = (open[Cas] ? A - since[Cas] : T - ar_for + A) + 1 + Write + left * Pair + Reply;
      SCompare: swap = 1 + Write + left * Pair + Reply;
      SWrite:   swap = written + (ATOMIC ? '0 : left * Pair) + Reply;
      SReply:   swap = replies;
      default:  swap = '0;
    endcase
  end

  // ---- an offer ----
  rank_t takes;
  always_comb begin
    takes = '0;
    if (mem_req_valid_i && !mem_req_ready_o) begin
      if (mem_req_cas_i) takes = cas != SIdle ? swap + T : axi_arvalid_o ? T - ar_for : Never;
      else if (busy_q == '1) takes = first + T + 1 + T;
      else if (cas == SAgain) takes = (axi_arvalid_o ? T - ar_for : '0) + 1 + T;
      else if (axi_arvalid_o) begin  // a CAS may need AR once more before it
        takes = T - ar_for + (!axi_arlock_o && (cas == SRead || cas == SCompare || cas == SWrite) ? T + 1 : '0);
      end else takes = Never;
    end
  end

  // ---- one request ----
  logic begun, was_rst, held, held_swaps, nearer;
  logic [3:0] watch;
  rank_t held_rank, was_read[OUTSTANDING], was_swap;
  in_time_rules #(
    .Reads(Read),
    .Swaps(Swap),
    .Offers(Taken)
  ) u_in_time (
    .fresh(),
    .its(),
    .*
  );
  always_comb begin
    {held, held_swaps, held_rank} = '0;
    for (int unsigned s = 0; s < OUTSTANDING; s++)
    if (busy_q[s] && tag_q[s] == watch) {held, held_swaps, held_rank} = {2'b10, read[s]};
    if (cas != SIdle && cas_tag_q == watch) {held, held_swaps, held_rank} = {2'b11, swap};
    nearer = was_swap == '0 || swap == '0 || swap < was_swap;
    for (int unsigned s = 0; s < OUTSTANDING; s++)
    if (was_read[s] != '0 && read[s] != '0 && read[s] >= was_read[s]) nearer = 1'b0;
  end
  always_ff @(posedge clk_i) begin
    was_read <= read;
    was_swap <= swap;
  end

  always_ff @(posedge clk_i) begin
    if (begun) begin
      `OUTSIDE(bus_takes, !rst_i, !takes_late)
      `OUTSIDE(bus_answers, !rst_i, !r_late && !b_late)
      `PROPERTY(reply_nearer_every_cycle, !was_rst && (was_swap != '0 || busy_q != '0), nearer)
      `PROPERTY(lemma_in_bounds, !was_rst, in_bounds)
      `PROPERTY(lemma_ranks, !was_rst, swap <= Swap && (first == Never || first <= Read))
    end
  end
endmodule
bind mmu_axi axi_live_rules #(
  .REPLY_BYTES(REPLY_BYTES),
  .DATA_BITS(DATA_BITS),
  .OUTSTANDING(OUTSTANDING),
  .ATOMIC(ATOMIC),
  .RETRIES(RETRIES)
) u_live (
  .asked(u_memory.owed),
  .open(u_rules.open),
  .beats(u_rules.beats),
  .w_open(u_rules.w_open),
  .aw_done(u_rules.aw_done),
  .w_done(u_rules.w_done),
  .r_of((OUTSTANDING + 1)'(1) << r_slot),
  .ar_of((OUTSTANDING + 1)'(1) << ar_slot_q),
  .cas(cas_q),
  .*
);
