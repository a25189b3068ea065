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
  input logic                  valid_o,
  input walker_t               chosen_o,
  input logic                  hold_o,
  input walker_t               hold_w_o,
  input walker_t               pointer_o
);
  localparam int unsigned NW = NumWalkers;
  typedef logic [5:0] count_t;

  // How many walkers stand between two, upwards and around.
  function automatic count_t steps(input walker_t from, input walker_t to);
    return to >= from ? count_t'(to) - count_t'(from) : count_t'(to) + count_t'(NW) - count_t'(from);
  endfunction
  function automatic walker_t after(input walker_t w);
    return w == walker_t'(NW - 1) ? '0 : w + 4'd1;
  endfunction

  // ---- the cycle before ----
  logic [3:0] cycles = '0;
  logic begun = 1'b0, was_rst, was_valid, was_ready;
  walker_t was_chosen, was_pointer;
  always_ff @(posedge clk_i) begin
    begun       <= 1'b1;
    cycles      <= cycles == 4'd12 ? cycles : cycles + 4'd1;
    was_rst     <= rst_i;
    was_valid   <= valid_o;
    was_ready   <= ready_i;
    was_chosen  <= chosen_o;
    was_pointer <= pointer_o;
  end

  // ---- how often others were accepted while a walker has asked without a break ----
  count_t passed[NW];
  logic nearest, bounded, aged, any_passed;
  always_ff @(posedge clk_i) begin
    for (int unsigned w = 0; w < NW; w++) begin
      if (rst_i || !want_i[w] || (valid_o && ready_i && chosen_o == walker_t'(w))) passed[w] <= '0;
      else if (valid_o && ready_i) passed[w] <= passed[w] + 6'd1;
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
      if (want_i[w] && steps(pointer_o, walker_t'(w)) < steps(pointer_o, chosen_o)) nearest = 1'b0;
      if (passed[w] != '0) any_passed = 1'b1;
      if (passed[w] > count_t'(NW - 1)) bounded = 1'b0;
      // Of those before it each can be accepted once.
      ahead = steps(pointer_o, walker_t'(w));
      if (hold_o) ahead = hold_w_o == walker_t'(w) ? 6'd0 : steps(after(hold_w_o), walker_t'(w)) + 6'd1;
      if (passed[w] != '0 && passed[w] + ahead > count_t'(NW - 1)) aged = 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      `PROPERTY(offer_stays, !was_rst && was_valid && !was_ready, valid_o && chosen_o == was_chosen)
      `PROPERTY(hold_is_kept_offer, !was_rst && hold_o, was_valid && !was_ready && hold_w_o == was_chosen)
      `PROPERTY(held_is_chosen, hold_o, valid_o && chosen_o == hold_w_o)
      `PROPERTY(asked_is_offered, want_i != '0, valid_o)
      `PROPERTY(only_who_asks, !hold_o && valid_o, want_i[chosen_o])
      `PROPERTY(nearest_first, !hold_o && valid_o && want_i != '0, nearest)
      `PROPERTY(pointer_after_accepted, !was_rst && was_valid && was_ready, pointer_o == after(was_chosen))
      `PROPERTY(pointer_stays, !was_rst && !(was_valid && was_ready), pointer_o == was_pointer)
      `PROPERTY(tag_is_a_walker, valid_o, 32'(chosen_o) < NW)
      `PROPERTY(nobody_passed_over, any_passed, bounded)
      // Lemmas: by these the properties above are inductive.
      `PROPERTY(lemma_numbers, hold_o || pointer_o != '0, 32'(pointer_o) < NW && (!hold_o || 32'(hold_w_o) < NW))
      `PROPERTY(lemma_aged, any_passed && !rst_i, aged)
    end
  end
endmodule
bind mmu_mem_arb arbiter_rules u_rules (.*);
