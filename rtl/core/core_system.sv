// The minimal core, the MMU and its memory: what a board's top has beside clock, reset and lamps, and what the bench of
// tb/core runs. `mailbox_o` is what the program says; `halted_o` and `code_o` are its end.
module core_system
  import core_pkg::*, mmu_cfg_pkg::*;
#(
  parameter int unsigned Lines = 1024,
  parameter Init = ""                                          // the program: scripts/core_asm.py
) (
  input  logic        clk_i,
  input  logic        rst_i,
  output logic        mailbox_valid_o,
  output logic [63:0] mailbox_o,
  output logic        halted_o,
  output logic [ 7:0] code_o
);
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA;
  localparam int unsigned Place[2] = '{PORTS_FETCH, 0};  // of the core's data port and its fetch port among the MMU's

  // ---- The core ----
  logic [1:0] core_req_valid, core_req_ready, core_req_user, core_req_ac, core_resp_valid;
  logic [7:0] core_req_id[2], core_resp_id[2];
  logic [63:0] core_req_va[2], core_resp_addr[2];
  logic [1:0] core_req_acc[2], core_resp_kind[2];
  logic [15:0] core_resp_err[2];
  logic ctl_valid, ctl_ready, ctl_done, ctl_gp;
  logic [3:0] ctl_op;
  logic [63:0] ctl_data, ctl_desc;
  mem_t mem[2];
  logic [1:0] mem_accept, mem_reply;
  logic mem_error;
  logic [63:0] mem_data;
  core_cpu u_core (
    .clk_i,
    .rst_i,
    .features_i({
      ARCH_AMD != 0, ARCH_LAM != 0, ARCH_CET != 0, ARCH_PKS != 0, ARCH_PKU != 0, ARCH_PAGE_1G != 0, ARCH_PCID != 0,
      ARCH_LA57 != 0
    }),
    .req_valid_o(core_req_valid),
    .req_ready_i(core_req_ready),
    .req_id_o(core_req_id),
    .req_va_o(core_req_va),
    .req_acc_o(core_req_acc),
    .req_user_o(core_req_user),
    .req_ac_o(core_req_ac),
    .resp_valid_i(core_resp_valid),
    .resp_id_i(core_resp_id),
    .resp_kind_i(core_resp_kind),
    .resp_err_i(core_resp_err),
    .resp_addr_i(core_resp_addr),
    .ctl_valid_o(ctl_valid),
    .ctl_ready_i(ctl_ready),
    .ctl_op_o(ctl_op),
    .ctl_data_o(ctl_data),
    .ctl_desc_o(ctl_desc),
    .ctl_done_i(ctl_done),
    .ctl_gp_i(ctl_gp),
    .mem_o(mem),
    .accept_i(mem_accept),
    .reply_i(mem_reply),
    .error_i(mem_error),
    .data_i(mem_data),
    .halted_o,
    .code_o
  );

  // ---- Its two ports among the MMU's; the others of a wider preset ask for nothing ----
  logic [NP-1:0] req_valid, req_ready, req_user, req_ac, resp_valid;
  logic [NP-1:0][7:0] req_id, resp_id;
  logic [NP-1:0][63:0] req_va, resp_addr;
  logic [NP-1:0][1:0] req_acc, resp_kind;
  logic [NP-1:0][15:0] resp_err;
  always_comb begin : p_ports
    req_valid = '0;
    req_id    = '0;
    req_va    = '0;
    req_acc   = '0;
    req_user  = '0;
    req_ac    = '0;
    for (int p = 0; p < 2; p++) begin
      req_valid[Place[p]] = core_req_valid[p];
      req_id[Place[p]]    = core_req_id[p];
      req_va[Place[p]]    = core_req_va[p];
      req_acc[Place[p]]   = core_req_acc[p];
      req_user[Place[p]]  = core_req_user[p];
      req_ac[Place[p]]    = core_req_ac[p];
      core_req_ready[p]   = req_ready[Place[p]];
      core_resp_valid[p]  = resp_valid[Place[p]];
      core_resp_id[p]     = resp_id[Place[p]];
      core_resp_kind[p]   = resp_kind[Place[p]];
      core_resp_err[p]    = resp_err[Place[p]];
      core_resp_addr[p]   = resp_addr[Place[p]];
    end
  end

  // ---- The MMU, and memory ----
  logic mem_req_valid, mem_req_ready, mem_req_cas, mem_rsp_valid, mem_rsp_err;
  logic [3:0] mem_req_tag, mem_rsp_tag;
  // verilator lint_off UNUSEDSIGNAL
  logic [51:0] mem_req_addr;  // (it is 8-aligned)
  // verilator lint_on UNUSEDSIGNAL
  logic [63:0] mem_req_expected, mem_req_desired;
  logic [8*WALKERS_REPLY_BYTES-1:0] mem_rsp_data;
  /* verilator lint_off PINCONNECTEMPTY */  // what this core does not need
  mmu u_mmu (
    .clk_i,
    .rst_i,
    .req_valid_i(req_valid),
    .req_ready_o(req_ready),
    .req_id_i(req_id),
    .req_va_i(req_va),
    .req_acc_i(req_acc),
    .req_user_i(req_user),
    .req_imp_i('0),
    .req_ac_i(req_ac),
    .req_ss_i('0),
    .squash_valid_i('0),
    .squash_id_i('0),
    .resp_valid_o(resp_valid),
    .resp_id_o(resp_id),
    .resp_kind_o(resp_kind),
    .resp_err_o(resp_err),
    .resp_addr_o(resp_addr),
    .resp_size_o(),
    .resp_pat_o(),
    .resp_mt_o(),
    .resp_src_o(),
    .ctl_valid_i(ctl_valid),
    .ctl_ready_o(ctl_ready),
    .ctl_op_i(ctl_op),
    .ctl_data_i(ctl_data),
    .ctl_desc_i(ctl_desc),
    .ctl_done_o(ctl_done),
    .ctl_gp_o(ctl_gp),
    .mem_req_valid_o(mem_req_valid),
    .mem_req_ready_i(mem_req_ready),
    .mem_req_tag_o(mem_req_tag),
    .mem_req_cas_o(mem_req_cas),
    .mem_req_mt_o(),
    .mem_req_addr_o(mem_req_addr),
    .mem_req_expected_o(mem_req_expected),
    .mem_req_desired_o(mem_req_desired),
    .mem_rsp_valid_i(mem_rsp_valid),
    .mem_rsp_tag_i(mem_rsp_tag),
    .mem_rsp_err_i(mem_rsp_err),
    .mem_rsp_data_i(mem_rsp_data),
    .waiting_o(),
    .state_sel_i('0),
    .state_idx_i('0),
    .state_data_o()
  );
  /* verilator lint_on PINCONNECTEMPTY */

  core_memory #(
    .Lines(Lines),
    .ReplyBytes(WALKERS_REPLY_BYTES),
    .Init(Init)
  ) u_memory (
    .clk_i,
    .rst_i,
    .mmu_valid_i(mem_req_valid),
    .mmu_ready_o(mem_req_ready),
    .mmu_tag_i(mem_req_tag),
    .mmu_cas_i(mem_req_cas),
    .mmu_addr_i(mem_req_addr[51:3]),
    .mmu_expected_i(mem_req_expected),
    .mmu_desired_i(mem_req_desired),
    .mmu_rsp_valid_o(mem_rsp_valid),
    .mmu_rsp_tag_o(mem_rsp_tag),
    .mmu_rsp_err_o(mem_rsp_err),
    .mmu_rsp_data_o(mem_rsp_data),
    .core_i(mem),
    .core_accept_o(mem_accept),
    .core_reply_o(mem_reply),
    .core_error_o(mem_error),
    .core_data_o(mem_data),
    .mailbox_valid_o,
    .mailbox_o
  );
endmodule
