// The minimal core (rtl/core) on a board: it runs Program, and the lamps say how it ended.
//
//     lamps_o     5 to 2: its code, 1: it has halted, 0: it runs
module board_core #(
  parameter Program = ""  // scripts/core_asm.py
) (
  input  logic       clk_i,
  input  logic       rst_i,
  // verilator lint_off UNUSEDSIGNAL
  input  logic       rx_i,                                     // nothing listens
  // verilator lint_on UNUSEDSIGNAL
  output logic       tx_o,                                     // flickers with what the program says
  output logic [5:0] lamps_o
);
  logic said, halted;
  logic [63:0] words;
  logic [7:0] code;
  core_system #(
    .Init(Program)
  ) u_system (
    .clk_i,
    .rst_i,
    .mailbox_valid_o(said),
    .mailbox_o(words),
    .halted_o(halted),
    .code_o(code)
  );
  always_ff @(posedge clk_i) begin : p_said
    if (rst_i) tx_o <= 1'b1;
    else if (said) tx_o <= ^words;
  end
  assign lamps_o = {^code[7:4] ^ code[3], code[2:0], halted, !halted};
endmodule
