// Reset of a board: asserted at once by a button or a clock that is not there yet, released in step with the clock, and
// long enough after it for every unit to have seen it.
//
//     ready_i  ___/‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾     the clock is locked, the button is up
//     rst_o    ‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\____     Cycles clocks later
//
// Cost: Cycles flip-flops.
module board_reset #(
  parameter int unsigned Cycles = 16
) (
  input  logic clk_i,
  input  logic ready_i,                                        // of no clock
  output logic rst_o
);
  logic [Cycles-1:0] wait_q;
  always_ff @(posedge clk_i or negedge ready_i) begin : p_reset
    if (!ready_i) wait_q <= '1;
    else wait_q <= wait_q << 1;
  end
  assign rst_o = wait_q[Cycles-1];
endmodule
