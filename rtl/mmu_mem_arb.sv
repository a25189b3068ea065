// The one memory port of all walkers: round robin, and an offered request stays until it is accepted.
//
//     cycle     t          t+1        t+2
//     want      A B        A B        B
//     offered   A          A          B
//     ready     0          1          1
//     hold      0          1          0
//
// Cost: none when alone; otherwise one cycle for each request before it. Sets of walkers throughout, so that nothing is
// counted or shifted: of two walkers 5 LUT6 and 2 levels (were 17 and 2, with numbers).
// Rules: docs/microarchitecture.md section 12.
module mmu_mem_arb
  import mmu_pkg::*;
(
  input  logic     clk_i,
  input  logic     rst_i,
  input  walkers_t want_i,
  input  logic     ready_i,
  output walkers_t offer_o,                                    // whose request is offered: one's at most
  output walkers_t held_o,                                     // hold and hold_w: it was offered before, and must stay
  output walkers_t turn_o                                      // rr_mem: the walkers at or above it
);
  walkers_t held_q, turn_q;

  always_comb begin : p_choose
    offer_o = held_q;
    if (held_q == '0) offer_o = (want_i & turn_q) != '0 ? first_walker(want_i & turn_q) : first_walker(want_i);
  end

  always_ff @(posedge clk_i) begin : p_hold
    held_q <= ready_i ? '0 : offer_o;
    // Next are those above the one whose request memory takes; after the last, all.
    if (ready_i && offer_o != '0) turn_q <= offer_o[NumWalkers-1] ? '1 : ~(offer_o | (offer_o - walkers_t'(1)));
    if (rst_i) begin
      held_q <= '0;
      turn_q <= '1;
    end
  end

  assign held_o = held_q;
  assign turn_o = turn_q;
endmodule
