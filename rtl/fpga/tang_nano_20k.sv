// The top of a Tang Nano 20K with a GW2AR-18: 27 MHz oscillator, reset, and what it holds: the MMU alone (board_mmu)
// or in the minimal core (board_core).
//
//     S1 (88)         reset while it is held
//     lamps           what is inside; they light at 0
//     USB             bytes to and from the host, through the BL616
//
// Pins: tang_nano_20k.cst. Made by `make fpga BOARD=tang_nano_20k` (docs/synthesis.md).
module tang_nano_20k #(
  parameter int unsigned Inside = 0,                           // 0: the MMU alone, 1: in the core
  parameter Program = ""                                       // that the core runs
) (
  input  logic       clk_27mhz,
  input  logic       s1,
  input  logic       uart_rx,                                  // what the host sends
  output logic       uart_tx,
  output logic [5:0] led
);
  logic rst;
  logic [5:0] lamps;
  board_reset u_reset (
    .clk_i(clk_27mhz),
    .ready_i(!s1),
    .rst_o(rst)
  );

  if (Inside == 1) begin : g_core
    board_core #(
      .Program(Program)
    ) u_inside (
      .clk_i(clk_27mhz),
      .rst_i(rst),
      .rx_i(uart_rx),
      .tx_o(uart_tx),
      .lamps_o(lamps)
    );
  end else begin : g_mmu
    board_mmu u_inside (
      .clk_i(clk_27mhz),
      .rst_i(rst),
      .rx_i(uart_rx),
      .tx_o(uart_tx),
      .lamps_o(lamps)
    );
  end
  assign led = ~lamps;
endmodule
