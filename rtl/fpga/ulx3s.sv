// The top of a ULX3S with an ECP5-85F: 25 MHz oscillator, PLL, reset, and what it holds: the MMU alone (board_mmu), in
// the minimal core (board_core), or at the end of the UART (board_link: --dut=fpga:).
//
//     fire 1 (R1)     reset while it is held
//     lamps           0 the clock is locked, 1 out of reset, 2 to 7 what is inside
//     USB             bytes to and from the host, through the FT231X
//
// Pins: ulx3s.lpf. Made by `make fpga BOARD=ulx3s` (docs/synthesis.md).
module ulx3s #(
  parameter int unsigned Inside = 0,                           // 0: the MMU alone, 1: in the core, 2: on the UART
  parameter Program = "",                                      // that the core runs
  parameter int unsigned Baud = 3000000                        // of the UART that the link is on
) (
  input  logic       clk_25mhz,
  input  logic       fire1,
  input  logic       uart_rx,                                  // what the host sends
  output logic       uart_tx,
  output logic [7:0] led
);
  // 25 MHz / 5 * 12 = 60 MHz; 30 MHz in the core, which routes at 38, and with the link: the UART is what a run
  // waits for. The oscillator inside runs at 600 MHz.
  localparam int unsigned Mhz = Inside == 0 ? 60 : 30;
  logic clk, locked;
  EHXPLLL #(
    .CLKI_DIV(5),
    .CLKFB_DIV(Mhz / 5),
    .CLKOP_DIV(600 / Mhz),
    .CLKOP_CPHASE(300 / Mhz - 1),
    .FEEDBK_PATH("CLKOP")
  ) u_pll (
    .CLKI(clk_25mhz),
    .CLKFB(clk),
    .CLKOP(clk),
    .RST(1'b0),
    .STDBY(1'b0),
    .PHASESEL0(1'b0),
    .PHASESEL1(1'b0),
    .PHASEDIR(1'b1),
    .PHASESTEP(1'b1),
    .PHASELOADREG(1'b1),
    .PLLWAKESYNC(1'b0),
    .ENCLKOP(1'b0),
    .LOCK(locked)
  );

  logic rst;
  logic [5:0] lamps;
  board_reset u_reset (
    .clk_i(clk),
    .ready_i(locked && !fire1),
    .rst_o(rst)
  );

  if (Inside == 1) begin : g_core
    board_core #(
      .Program(Program)
    ) u_inside (
      .clk_i(clk),
      .rst_i(rst),
      .rx_i(uart_rx),
      .tx_o(uart_tx),
      .lamps_o(lamps)
    );
  end else if (Inside == 2) begin : g_link
    board_link #(
      .Divisor(Mhz * 1000000 / Baud)
    ) u_inside (
      .clk_i(clk),
      .rst_i(rst),
      .rx_i(uart_rx),
      .tx_o(uart_tx),
      .lamps_o(lamps)
    );
  end else begin : g_mmu
    board_mmu u_inside (
      .clk_i(clk),
      .rst_i(rst),
      .rx_i(uart_rx),
      .tx_o(uart_tx),
      .lamps_o(lamps)
    );
  end
  assign led = {lamps, !rst, locked};
endmodule
