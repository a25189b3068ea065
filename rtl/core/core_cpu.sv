// A minimal in-order core around the MMU, of an instruction set of its own (core_pkg): what a core owes the MMU, in a
// few hundred lines. Not fast: an instruction is fetched, executed, and only then followed by the next.
//
//     instruction   core_fetch ──► operands ──► execute ─┬─► [turn core_fetch: a jump] ─► (next)
//                                                        ├─► translate 1 [, 2] ─► memory 1 [, 2] ─► (next)
//                                                        ├─► control operation ─► turn core_fetch ─► (next)
//                                                        └─► trap: turn core_fetch to the vector
//
// What it owes (docs/integration.md), and where it is done here:
// - eight bytes that cross a page are two translations, and neither half is stored before both are there: `Translate`;
// - a swap asks for a write, although it reads too: `acc`;
// - control operations have nothing in flight, and the fetch ahead is thrown away behind them: `Control`;
// - CR2 and the error code are delivered with the trap, which goes to a linear address and so through the MMU: `trap`;
// - while CR0.PG = 0 it does not ask the MMU at all: `paging_q`.
module core_cpu
  import core_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_i,
  input  logic [ 7:0] features_i,
  // the MMU: [0] the data port, [1] the fetch port
  output logic [ 1:0] req_valid_o,
  input  logic [ 1:0] req_ready_i,
  output logic [ 7:0] req_id_o    [2],
  output logic [63:0] req_va_o    [2],
  output logic [ 1:0] req_acc_o   [2],
  output logic [ 1:0] req_user_o,
  output logic [ 1:0] req_ac_o,
  input  logic [ 1:0] resp_valid_i,
  input  logic [ 7:0] resp_id_i   [2],
  input  logic [ 1:0] resp_kind_i [2],
  input  logic [15:0] resp_err_i  [2],
  input  logic [63:0] resp_addr_i [2],
  output logic        ctl_valid_o,
  input  logic        ctl_ready_i,
  output logic [ 3:0] ctl_op_o,
  output logic [63:0] ctl_data_o,
  output logic [63:0] ctl_desc_o,
  input  logic        ctl_done_i,
  input  logic        ctl_gp_i,
  // memory: [0] data, [1] fetch
  output mem_t        mem_o       [2],
  input  logic [ 1:0] accept_i,
  input  logic [ 1:0] reply_i,
  input  logic        error_i,
  input  logic [63:0] data_i,
  // the end
  output logic        halted_o,
  output logic [ 7:0] code_o
);
  typedef enum logic [2:0] {
    Operands,
    Execute,
    Turn,
    Translate,
    Memory,
    Control,
    Halted
  } state_t;
  state_t state_q;
  logic [63:0] x_q[16];
  // verilator lint_off UNUSEDSIGNAL
  logic [31:0] ir_q;                                           // (its sources were read when it came)
  // verilator lint_on UNUSEDSIGNAL
  logic [63:0] pc_q, a_q, b_q;
  trap_t fetched_q;
  mode_t mode_q, saved_q;
  logic paging_q, handling_q;  // handling: in a trap's handler
  logic [63:0] cr2_q, epc_q, vector_q;
  logic [15:0] error_q;
  logic [7:0] cause_q, code_q;

  // ---- The instruction ----
  op_t op;
  logic [3:0] rd;
  logic [63:0] imm, target_q;
  logic privileged;
  assign op         = op_t'(ir_q[31:28]);
  assign rd         = ir_q[27:24];
  assign imm        = {{48{ir_q[15]}}, ir_q[15:0]};
  assign privileged = op == OpControl || op == OpGet || op == OpPut || (op == OpSystem && sys_t'(ir_q[1:0]) != SysCall);

  // ---- An access: eight bytes at va_q, in one word of memory or two, in one page or two ----
  logic [63:0] va_q;
  logic [51:0] pa_q[2];                                        // of the first byte, and of the next word
  logic second_q, reading_q;
  logic [63:0] first_q;  // what the first word held
  logic split, crosses, access_store;
  logic [5:0] shift;
  assign access_store = op == OpStore || op == OpSwap;
  assign split        = va_q[2:0] != 3'd0;
  assign crosses      = split && va_q[11:3] == '1;
  assign shift        = {va_q[2:0], 3'd0};
  logic [63:0] next_word;
  assign next_word = {va_q[63:3] + 61'd1, 3'd0};

  // ---- Ports of the MMU ----
  logic ask[2], drop[2], answer[2];
  logic [63:0] ask_va[2];
  logic [1:0] ask_acc[2];
  trap_t answer_trap[2];
  logic [51:0] answer_pa[2];
  assign ask[0]     = state_q == Translate && paging_q;
  assign drop[0]    = 1'b0;
  assign ask_va[0]  = second_q ? next_word : va_q;
  assign ask_acc[0] = access_store ? 2'd1 : 2'd0;              // read-modify-write: a write
  assign ask_acc[1] = 2'd2;
  for (genvar p = 0; p < 2; p++) begin : g_port
    core_port u_port (
      .clk_i,
      .rst_i,
      .ask_i(ask[p]),
      .drop_i(drop[p]),
      .va_i(ask_va[p]),
      .acc_i(ask_acc[p]),
      .user_i(mode_q.user),
      .ac_i(mode_q.ac),
      .answer_o(answer[p]),
      .trap_o(answer_trap[p]),
      .pa_o(answer_pa[p]),
      .req_valid_o(req_valid_o[p]),
      .req_ready_i(req_ready_i[p]),
      .req_id_o(req_id_o[p]),
      .req_va_o(req_va_o[p]),
      .req_acc_o(req_acc_o[p]),
      .req_user_o(req_user_o[p]),
      .req_ac_o(req_ac_o[p]),
      .resp_valid_i(resp_valid_i[p]),
      .resp_id_i(resp_id_i[p]),
      .resp_kind_i(resp_kind_i[p]),
      .resp_err_i(resp_err_i[p]),
      .resp_addr_i(resp_addr_i[p])
    );
  end

  logic control_done, control_gp;
  core_control u_control (
    .clk_i,
    .rst_i,
    .start_i(state_q == Control),
    .done_o(control_done),
    .gp_o(control_gp),
    .ctl_valid_o,
    .ctl_ready_i,
    .ctl_done_i,
    .ctl_gp_i
  );
  assign ctl_op_o   = ir_q[3:0];
  assign ctl_data_o = a_q;
  assign ctl_desc_o = b_q;

  // ---- Instructions come ----
  logic take, have, turn;
  logic [31:0] fetched;
  logic [63:0] fetched_pc, turn_pc;
  trap_t fetched_trap;
  core_fetch u_fetch (
    .clk_i,
    .rst_i,
    .paging_i(paging_q),
    .turn_i(turn),
    .pc_i(turn_pc),
    .take_i(take),
    .have_o(have),
    .instruction_o(fetched),
    .pc_o(fetched_pc),
    .trap_o(fetched_trap),
    .ask_o(ask[1]),
    .drop_o(drop[1]),
    .va_o(ask_va[1]),
    .answer_i(answer[1]),
    .trap_i(answer_trap[1]),
    .pa_i(answer_pa[1][51:2]),
    .mem_o(mem_o[1]),
    .accept_i(accept_i[1]),
    .reply_i(reply_i[1]),
    .error_i,
    .data_i
  );
  assign take = state_q == Operands && have;

  // ---- What this cycle comes to: a trap, a turn, a result ----
  trap_t trap;
  logic done, write;  // the instruction ends; its result is written
  logic jumps;  // it jumps to target_q, in the next cycle
  logic [63:0] result, special;
  always_comb begin : p_special
    unique case (special_t'(ir_q[2:0]))
      SpCr2:    special = cr2_q;
      SpError:  special = {48'd0, error_q};
      SpEpc:    special = epc_q;
      SpCause:  special = {56'd0, cause_q};
      SpVector: special = vector_q;
      SpSaved:  special = {62'd0, saved_q};
      SpAc:     special = {63'd0, mode_q.ac};
      default:  special = {56'd0, features_i};
    endcase
  end

  logic last_word;
  logic [63:0] loaded;
  assign last_word = reply_i[0] && (second_q || !split);
  assign loaded    = split ? (first_q >> shift) | (data_i << (7'd64 - {1'b0, shift})) : data_i;

  function automatic trap_t raised(input logic [7:0] cause);
    raised       = '0;
    raised.valid = 1'b1;
    raised.cause = cause;
  endfunction

  always_comb begin : p_now
    trap    = '0;
    done    = 1'b0;
    write   = 1'b0;
    turn    = 1'b0;
    jumps   = 1'b0;
    turn_pc = target_q;
    result  = computed(fn_t'(op == OpAlu ? ir_q[2:0] : ir_q[18:16]), a_q, op == OpAlu ? b_q : imm);
    unique case (state_q)
      Execute: begin
        if (fetched_q.valid) trap = fetched_q;
        else if (privileged && mode_q.user) trap = raised(TrapGeneral);
        else
          unique case (op)
            OpAlu, OpImm: {done, write} = '1;
            OpPush: begin
              {done, write} = '1;
              result = {a_q[47:0], imm[15:0]};
            end
            OpSwap:          if (a_q[2:0] + imm[2:0] != 3'd0) trap = raised(TrapGeneral);
            OpLoad, OpStore: ;
            OpBranch: begin
              jumps = holds(cond_t'(rd[1:0]), a_q, b_q);
              done  = !jumps;
            end
            OpCall, OpJump: begin
              {write, jumps} = '1;
              result = pc_q + 64'd4;
            end
            OpControl:       ;
            OpGet: begin
              {done, write} = '1;
              result = special;
            end
            OpPut:           done = 1'b1;
            OpSystem:
            unique case (sys_t'(ir_q[1:0]))
              SysReturn: begin
                {done, turn} = '1;
                turn_pc = epc_q;
              end
              SysCall:   trap = raised(TrapCall);
              SysHalt:   ;
              default:   trap = raised(TrapInvalid);
            endcase
            default:         trap = raised(TrapInvalid);
          endcase
      end
      Turn: {done, turn} = '1;
      Translate: if (answer[0]) trap = answer_trap[0];
      Memory: begin
        result = loaded;
        if (reply_i[0] && error_i) trap = raised(TrapMachine);
        else if (last_word) begin
          done  = 1'b1;
          write = op != OpStore;
        end
      end
      Control: begin
        if (control_done && control_gp) trap = raised(TrapGeneral);
        else if (control_done) begin
          done    = 1'b1;
          turn    = 1'b1;                                      // what was fetched ahead may be another thing now
          turn_pc = pc_q + 64'd4;
        end
      end
      default: ;
    endcase
    if (trap.valid) begin
      turn    = 1'b1;
      turn_pc = vector_q;
    end
  end

  // ---- Memory ----
  logic [127:0] shifted;
  logic [ 15:0] bytes;
  assign shifted  = {64'd0, b_q} << shift;
  assign bytes    = 16'h00FF << va_q[2:0];
  assign mem_o[0] = '{
    valid: state_q == Memory && !reading_q, write: access_store,
    addr: second_q ? pa_q[1][51:3] : pa_q[0][51:3],
    bytes: second_q ? bytes[15:8] : bytes[7:0],
    data: second_q ? shifted[127:64] : shifted[63:0]
  };

  // ---- Registers ----
  always_ff @(posedge clk_i) begin : p_registers
    if (write && rd != 4'd0) x_q[rd] <= result;
  end

  always_ff @(posedge clk_i) begin : p_state
    unique case (state_q)
      Operands: begin
        if (take) begin
          ir_q      <= fetched;
          pc_q      <= fetched_pc;
          fetched_q <= fetched_trap;
          a_q       <= fetched[23:20] == '0 ? '0 : x_q[fetched[23:20]];
          b_q       <= fetched[19:16] == '0 ? '0 : x_q[fetched[19:16]];
          state_q   <= Execute;
        end
      end
      Execute: begin
        va_q     <= a_q + imm;
        second_q <= 1'b0;
        target_q <= op == OpJump ? a_q + imm : pc_q + {imm[61:0], 2'b00};
        if (jumps) state_q <= Turn;
        if (op == OpLoad || op == OpStore || op == OpSwap) state_q <= Translate;
        if (op == OpControl) state_q <= Control;
        if (op == OpPut && !trap.valid) begin
          unique case (special_t'(ir_q[2:0]))
            SpEpc:    epc_q <= a_q;
            SpVector: vector_q <= a_q;
            SpSaved:  saved_q <= a_q[1:0];
            SpAc:     mode_q.ac <= a_q[0];
            default:  ;
          endcase
        end
        if (op == OpSystem && sys_t'(ir_q[1:0]) == SysReturn && !trap.valid) begin
          mode_q     <= saved_q;
          handling_q <= 1'b0;
        end
        if (op == OpSystem && sys_t'(ir_q[1:0]) == SysHalt && !trap.valid) begin
          state_q <= Halted;
          code_q  <= a_q[7:0];
        end
      end
      Translate: begin
        // With CR0.PG = 0 a linear address is a physical one.
        if (!paging_q || (answer[0] && !answer_trap[0].valid)) begin
          pa_q[second_q] <= paging_q ? answer_pa[0] : ask_va[0][51:0];
          if (!second_q && !crosses) pa_q[1] <= (paging_q ? answer_pa[0] : va_q[51:0]) + 52'd8;
          second_q <= !second_q && crosses;
          if (second_q || !crosses) state_q <= Memory;
        end
      end
      Memory: begin
        if (mem_o[0].valid && accept_i[0]) reading_q <= 1'b1;
        if (reply_i[0]) begin
          reading_q <= 1'b0;
          first_q   <= data_i;
          second_q  <= 1'b1;
        end
      end
      Control: begin
        if (control_done && !control_gp && ctl_op_o == 4'd0) paging_q <= a_q[31];  // MOV CR0
      end
      default: ;
    endcase
    if (done) state_q <= Operands;
    if (trap.valid) begin
      state_q    <= handling_q ? Halted : Operands;
      code_q     <= HaltDouble;
      handling_q <= 1'b1;
      saved_q    <= mode_q;
      mode_q     <= '0;
      cause_q    <= trap.cause;
      error_q    <= trap.error;
      epc_q      <= trap.cause == TrapCall ? pc_q + 64'd4 : pc_q;
      if (trap.cause == TrapPage) cr2_q <= trap.address;
    end
    if (rst_i) begin
      state_q    <= Operands;
      {ir_q, pc_q, a_q, b_q, va_q, first_q, target_q} <= '0;
      fetched_q  <= '0;
      pa_q       <= '{default: '0};
      mode_q     <= '0;
      saved_q    <= '0;
      {paging_q, handling_q, second_q, reading_q} <= '0;
      {cr2_q, epc_q, vector_q, error_q, cause_q, code_q} <= '0;
    end
  end

  assign halted_o = state_q == Halted;
  assign code_o   = code_q;
endmodule
