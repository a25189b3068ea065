// The minimal core under Verilator: the program of +program=, each trap and each word of the mailbox as a line of
// standard output, and at the end memory in the file of +memory=, as $writememh writes it. The contract of the MMU's
// ports is bound beside it (mmu_contract_bind.sv).
module core_bench (
  input  logic       clk_i,
  input  logic       rst_i,
  output logic       halted_o,
  output logic [7:0] code_o
);
  logic mailbox_valid;
  logic [63:0] letter;
  core_system u_system (
    .clk_i,
    .rst_i,
    .mailbox_valid_o(mailbox_valid),
    .mailbox_o(letter),
    .halted_o,
    .code_o
  );

  string file;
  initial if ($value$plusargs("program=%s", file)) $readmemh(file, u_system.u_memory.line_q);

  longint unsigned cycle;
  logic written;
  always_ff @(posedge clk_i) begin : p_tell
    cycle <= rst_i ? 0 : cycle + 1;
    if (!rst_i && mailbox_valid) $display("%0d mailbox %h", cycle, letter);
    if (!rst_i && u_system.u_core.trap.valid)
      $display(
          "%0d trap %0d error %h address %h at %h",
          cycle,
          u_system.u_core.trap.cause,
          u_system.u_core.trap.error,
          u_system.u_core.trap.address,
          u_system.u_core.pc_q
      );
    written <= !rst_i && halted_o;
    if (halted_o && !written && !rst_i) begin
      $display("%0d halted %0d", cycle, code_o);
      if ($value$plusargs("memory=%s", file)) $writememh(file, u_system.u_memory.line_q);
    end
  end
endmodule
