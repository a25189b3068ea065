// The one memory port of all walkers: round robin, and an offered request stays until it is accepted.
//
//     cycle     t          t+1        t+2
//     want      A B        A B        B
//     offered   A          A          B
//     ready     0          1          1
//     hold      0          1          0
//
// Cost: none when alone; otherwise one cycle for each request before it.
// Rules: docs/microarchitecture.md section 12.
module mmu_mem_arb
  import mmu_pkg::*;
(
  input  logic                  clk_i,
  input  logic                  rst_i,
  input  logic [NumWalkers-1:0] want_i,
  input  logic                  ready_i,
  output logic                  valid_o,
  output walker_t               chosen_o,
  output logic                  hold_o,
  output walker_t               hold_w_o,
  output walker_t               pointer_o
);
  logic hold_q;
  walker_t hold_w_q, rr_mem_q;

  always_comb begin : p_choose
    valid_o  = hold_q;
    chosen_o = hold_w_q;
    if (!hold_q && want_i != '0) begin
      valid_o  = 1'b1;
      chosen_o = walker_t'(round_robin(64'(want_i), entry_t'(rr_mem_q)));
    end
  end

  always_ff @(posedge clk_i) begin : p_hold
    if (rst_i) begin
      hold_q   <= 1'b0;
      rr_mem_q <= '0;
    end else if (valid_o) begin
      hold_q   <= !ready_i;
      hold_w_q <= chosen_o;
      if (ready_i) rr_mem_q <= walker_t'(next_of(entry_t'(chosen_o), NumWalkers));
    end
  end

  assign hold_o    = hold_q;
  assign hold_w_o  = hold_w_q;
  assign pointer_o = rr_mem_q;
endmodule
