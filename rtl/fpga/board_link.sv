// The MMU at the end of a UART (rtl/link): the board of --dut=fpga:DEVICE (docs/board.md).
//
//     rx_i ─► link_uart ─► mmu_link ─► link_uart ─► tx_o
//
//     lamps_o     0: work is under way; 1, 2: bytes come, go; 5 to 3: higher bits of the bytes that came, so that they
//                 move while a run does
module board_link #(
  parameter int unsigned Divisor = 20  // clocks of a bit
) (
  input  logic       clk_i,
  input  logic       rst_i,
  input  logic       rx_i,
  output logic       tx_o,
  output logic [5:0] lamps_o
);
  logic rx_valid, tx_valid, tx_ready, busy;
  logic [7:0] rx_data, tx_data;
  link_uart #(
    .Divisor(Divisor)
  ) u_uart (
    .clk_i,
    .rst_i,
    .rx_i,
    .tx_o,
    .cts_i(1'b1),
    .valid_o(rx_valid),
    .data_o(rx_data),
    .valid_i(tx_valid),
    .data_i(tx_data),
    .ready_o(tx_ready)
  );
  mmu_link u_link (
    .clk_i,
    .rst_i,
    .rx_valid_i(rx_valid),
    .rx_data_i(rx_data),
    .tx_valid_o(tx_valid),
    .tx_data_o(tx_data),
    .tx_ready_i(tx_ready),
    .busy_o(busy)
  );

  logic [15:0] came_q;
  logic rx_q, tx_q;
  always_ff @(posedge clk_i) begin : p_lamps
    if (rst_i) came_q <= '0;
    else if (rx_valid) came_q <= came_q + 16'd1;
    rx_q <= rx_i;
    tx_q <= tx_o;
  end
  assign lamps_o = {came_q[15:13], !tx_q, !rx_q, busy};
endmodule
