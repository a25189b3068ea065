// What docs/microarchitecture.md section 12 says of the memory arbiter, bound to it. It needs no rule of its
// environment but a reset in the first cycle: requesters may come and go as they like.
`include "rules.svh"
module arbiter_rules
  import mmu_pkg::*;
(
  input logic                  clk_i,
  input logic                  rst_i,
  input logic [NumWalkers-1:0] want_i,
  input logic                  ready_i,
  input logic [NumWalkers-1:0] offer_o,
  input logic [NumWalkers-1:0] held_o,
  input logic [NumWalkers-1:0] turn_o
);
  localparam int unsigned NW = NumWalkers;
  typedef logic [5:0] count_t;

  // ---- the sets, as section 12 names them ----
  function automatic logic single(input walkers_t x);
    return (x & (x - 1'b1)) == '0;
  endfunction
  logic valid, hold;
  walker_t chosen, hold_w, pointer;
  assign valid   = offer_o != '0;
  assign hold    = held_o != '0;
  assign chosen  = walker_t'(lowest(64'(offer_o)));
  assign hold_w  = walker_t'(lowest(64'(held_o)));
  assign pointer = walker_t'(lowest(64'(turn_o)));

  // How many walkers stand between two, upwards and around.
  function automatic count_t steps(input walker_t from, input walker_t to);
    return to >= from ? count_t'(to) - count_t'(from) : count_t'(to) + count_t'(NW) - count_t'(from);
  endfunction
  function automatic walker_t after(input walker_t w);
    return w == walker_t'(NW - 1) ? '0 : w + 4'd1;
  endfunction

  // ---- the cycle before ----
  `RUN
  logic was_rst, was_valid, was_ready;
  walker_t was_chosen, was_pointer;
  always_ff @(posedge clk_i) begin
    was_rst     <= rst_i;
    was_valid   <= valid;
    was_ready   <= ready_i;
    was_chosen  <= chosen;
    was_pointer <= pointer;
  end

  // ---- how often others were accepted while a walker has asked without a break ----
  count_t passed[NW];
  logic nearest, bounded, aged, any_passed;
  always_ff @(posedge clk_i) begin
    for (int unsigned w = 0; w < NW; w++) begin
      if (rst_i || !want_i[w] || (valid && ready_i && chosen == walker_t'(w))) passed[w] <= '0;
      else if (valid && ready_i) passed[w] <= passed[w] + 6'd1;
    end
  end
  always_comb begin
    count_t ahead;
    ahead      = '0;
    nearest    = 1'b1;
    bounded    = 1'b1;
    aged       = 1'b1;
    any_passed = 1'b0;
    for (int unsigned w = 0; w < NW; w++) begin
      if (want_i[w] && steps(pointer, walker_t'(w)) < steps(pointer, chosen)) nearest = 1'b0;
      if (passed[w] != '0) any_passed = 1'b1;
      if (passed[w] > count_t'(NW - 1)) bounded = 1'b0;
      // Of those before it each can be accepted once.
      ahead = steps(pointer, walker_t'(w));
      if (hold) ahead = hold_w == walker_t'(w) ? 6'd0 : steps(after(hold_w), walker_t'(w)) + 6'd1;
      if (passed[w] != '0 && passed[w] + ahead > count_t'(NW - 1)) aged = 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      `PROPERTY(offer_stays, !was_rst && was_valid && !was_ready, valid && chosen == was_chosen)
      `PROPERTY(hold_is_kept_offer, !was_rst && hold, was_valid && !was_ready && hold_w == was_chosen)
      `PROPERTY(held_is_chosen, hold, valid && chosen == hold_w)
      `PROPERTY(asked_is_offered, want_i != '0, valid)
      `PROPERTY(only_who_asks, !hold && valid, want_i[chosen])
      `PROPERTY(nearest_first, !hold && valid && want_i != '0, nearest)
      `PROPERTY(pointer_after_accepted, !was_rst && was_valid && was_ready, pointer == after(was_chosen))
      `PROPERTY(pointer_stays, !was_rst && !(was_valid && was_ready), pointer == was_pointer)
      `PROPERTY(one_is_offered, valid, single(offer_o))
      `PROPERTY(nobody_passed_over, any_passed, bounded)
      // Lemmas: by these the properties above are inductive.
      `PROPERTY(lemma_sets, 1'b1, single(held_o) && turn_o == ('1 << pointer) && turn_o != '0)
      `PROPERTY(lemma_aged, any_passed && !rst_i, aged)
    end
  end
endmodule
bind mmu_mem_arb arbiter_rules u_rules (.*);
