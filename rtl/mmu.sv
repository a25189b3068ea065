// Twinwalk: an x86-64 MMU. Request ports in front of L1 TLBs, a miss queue, a second-level TLB, paging-structure caches
// and page walkers on one memory port. Everything it does, clock by clock, is in docs/microarchitecture.md.
//
//     req ─► mmu_front ──miss──► mmu_miss_queue ──issue──► mmu_stlb ─┐
//              │ L1 TLBs             │   ▲                           │ C: hit, miss
//     resp ◄───┘ ◄──────done─────────┘   └── mmu_outcome ◄───────────┤
//                                    └─dispatch─► mmu_psc ─► mmu_walkers ──► memory
//
//     L1 hit     t accept · t+1 response
//     STLB hit   t accept · t+1+S response                          S = stlb.latency
//     walk       t accept · t+S+3+n(L+1) response                   n reads, memory latency L
//
// Every output is a function of registers alone. Section 2 lists the ports, 16 the closed forms, 17 the state words.
module mmu
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  // State readout: 0 none, and nothing of it remains; 1 while waiting_o, through the arrays' own read ports; 2 at any
  // cycle, for simulation: further read ports, and no array that is read so can be a block RAM.
  parameter int unsigned Readout = 0,
  // The miss queue: 1 its registers are loaded only in cycles in which one may change, which is less to simulate; as
  // hardware that is a clock enable which waits for the L1s' verdict. No cycle differs.
  parameter bit          Gated   = 1'b0
) (
  input  logic                       clk_i,
  input  logic                       rst_i,
  // requests
  input  logic [NumPorts-1:0]        req_valid_i,
  output logic [NumPorts-1:0]        req_ready_o,
  input  logic [NumPorts-1:0][7:0]   req_id_i,
  input  logic [NumPorts-1:0][63:0]  req_va_i,
  input  logic [NumPorts-1:0][1:0]   req_acc_i,
  input  logic [NumPorts-1:0]        req_user_i,
  input  logic [NumPorts-1:0]        req_imp_i,
  input  logic [NumPorts-1:0]        req_ac_i,
  input  logic [NumPorts-1:0]        req_ss_i,
  // requests that are dropped; a core that never drops one ties the valid to 0
  input  logic [NumPorts-1:0]        squash_valid_i,
  input  logic [NumPorts-1:0][7:0]   squash_id_i,
  // responses
  output logic [NumPorts-1:0]        resp_valid_o,
  output logic [NumPorts-1:0][7:0]   resp_id_o,
  output logic [NumPorts-1:0][1:0]   resp_kind_o,
  output logic [NumPorts-1:0][15:0]  resp_err_o,
  output logic [NumPorts-1:0][63:0]  resp_addr_o,
  output logic [NumPorts-1:0][1:0]   resp_size_o,
  output logic [NumPorts-1:0][2:0]   resp_pat_o,
  output logic [NumPorts-1:0][2:0]   resp_mt_o,
  output logic [NumPorts-1:0][1:0]   resp_src_o,
  // control operations
  input  logic                       ctl_valid_i,
  output logic                       ctl_ready_o,
  input  logic [3:0]                 ctl_op_i,
  input  logic [63:0]                ctl_data_i,
  input  logic [63:0]                ctl_desc_i,
  output logic                       ctl_done_o,
  output logic                       ctl_gp_o,
  // memory
  output logic                       mem_req_valid_o,
  input  logic                       mem_req_ready_i,
  output logic [3:0]                 mem_req_tag_o,
  output logic                       mem_req_cas_o,
  output logic [2:0]                 mem_req_mt_o,
  output logic [51:0]                mem_req_addr_o,
  output logic [63:0]                mem_req_expected_o,
  output logic [63:0]                mem_req_desired_o,
  input  logic                       mem_rsp_valid_i,
  input  logic [3:0]                 mem_rsp_tag_i,
  input  logic                       mem_rsp_err_i,
  input  logic [8*WALKERS_REPLY_BYTES-1:0] mem_rsp_data_i,
  // status and state readout
  output logic                       waiting_o,
  input  logic [3:0]                 state_sel_i,
  input  logic [15:0]                state_idx_i,
  output logic [127:0]               state_data_o
);
  localparam int unsigned NP = NumPorts;
  logic [3:0]  state_sel;                                      // what the units are asked for
  logic [15:0] state_idx;

  // ---- Control ----
  // verilator lint_off UNUSEDSIGNAL
  // (the PCID leaves mmu_ctl as pcid, the keys as keys; CR4.PSE means nothing elsewhere, EFER.TCE nothing without
  // ARCH_AMD)
  regs_t       regs;
  // verilator lint_on UNUSEDSIGNAL
  rules_t      rules;
  keys_t       keys;
  linear_t     linear;
  types_t      types;
  logic [11:0] pcid;                                               // in EXEC and SWEEP that of the invalidation
  logic [11:0] current_pcid;                                       // in DONE, when the L1s and the PSC are told
  logic ctl_accept, draining, walkers_idle;
  inv_t exec_inv, sweep;
  logic [15:0] sweep_j;
  logic [63:0] ctl_word0, ctl_word1;
  vpn_t ctl_vpn;
  mmu_ctl u_ctl (
    .clk_i,
    .rst_i,
    .valid_i(ctl_valid_i),
    .op_i(ctl_op_i),
    .data_i(ctl_data_i),
    .desc_i(ctl_desc_i),
    .ready_o(ctl_ready_o),
    .done_o(ctl_done_o),
    .gp_o(ctl_gp_o),
    .accept_o(ctl_accept),
    .walkers_idle_i(walkers_idle),
    .draining_o(draining),
    .regs_o(regs),
    .rules_o(rules),
    .keys_o(keys),
    .linear_o(linear),
    .types_o(types),
    .pcid_o(pcid),
    .exec_inv_o(exec_inv),
    .sweep_o(sweep),
    .sweep_j_o(sweep_j),
    .vpn_o(ctl_vpn),
    .peek_i(state_sel == 4'd0),
    .peek_idx_i(state_idx),
    .peek_word0_o(ctl_word0),
    .peek_word1_o(ctl_word1)
  );

  // ---- Stage C and the grant: outcomes ----
  token_t issue, c_token;
  entry_t issue_entry, a_entry, c_entry, out_entry, fin_entry, start_entry;
  logic [1:0] issue_step, c_step;
  vpn_t a_vpn, c_vpn;
  access_t c_access, start_access;
  logic stlb_hit, hit_glob, stlb_touch, stlb_empty, fill_slot, any_fin, grant, stlb_fill;
  psize_t hit_size;
  tag_t out_tag, fin_tag, pass_tag;
  walkers_t    pass_which;
  tag_t        pass_from [NumWalkers];
  data_t hit_data, out_data, fin_data, pass_data;
  logic to_walk, to_walk_confirm, finv_done, out_valid, out_fetch;
  page_t      out_page;
  kind_t      out_kind;
  src_t       out_src;
  err_t out_err, fin_err;
  outcome_t fin_outcome;
  assign grant     = ctl_ready_o && any_fin && fill_slot;
  assign stlb_fill = grant && fin_outcome == OutOk;
  assign finv_done = c_token == TokFinv && c_step == 2'd2;
  mmu_outcome u_outcome (
    .rules_i(rules),
    .keys_i(keys),
    .pcid_i(pcid),
    .lookup_i(c_token == TokLookup),
    .c_entry_i(c_entry),
    .c_vpn_i(c_vpn),
    .c_access_i(c_access),
    .hit_i(stlb_hit),
    .hit_size_i(hit_size),
    .hit_glob_i(hit_glob),
    .hit_data_i(hit_data),
    .touch_o(stlb_touch),
    .walk_o(to_walk),
    .confirm_o(to_walk_confirm),
    .grant_i(grant),
    .fin_entry_i(fin_entry),
    .fin_outcome_i(fin_outcome),
    .fin_err_i(fin_err),
    .fin_tag_i(fin_tag),
    .fin_data_i(fin_data),
    .valid_o(out_valid),
    .entry_o(out_entry),
    .kind_o(out_kind),
    .src_o(out_src),
    .err_o(out_err),
    .tag_o(out_tag),
    .data_o(out_data),
    .page_o(out_page)
  );

  // ---- Invalidation of L1s and PSC: by a control operation in EXEC, or by the last step of a page fault ----
  inv_t l1_inv, psc_inv;
  vpn_t inv_vpn;
  always_comb begin : p_invalidate
    l1_inv  = exec_inv;
    psc_inv = exec_inv == InvAddress ? InvNonGlobal : exec_inv;  // SDM 5.10.4.1: INVLPG drops all of the PCID
    // APM vol 2, 5.5.3: EFER.TCE = 0 drops all, TCE = 1 those of the address
    if (ARCH_AMD != 0 && one_address(exec_inv)) psc_inv = regs.tce ? exec_inv : InvAll;
    if (finv_done) begin  // SDM 5.10.4.1: a page fault only those of its address
      l1_inv  = InvAddress;
      psc_inv = InvAddress;
    end
  end

  assign current_pcid = regs.pcide ? regs.low : '0;

  // ---- Request ports and L1 TLBs ----
  logic [NP-1:0] ask, want, confirm, fault, was_ok, was_confirm, was_fault;
  logic [NP-1:0] accept, done, done_squashed, resp;
  logic [7:0]    done_id  [NP];
  kept_t         done_res [NP];
  addr_t         done_addr [NP];
  logic [7:0]    resp_id  [NP];
  res_t          resp_res [NP];
  logic [63:0]   resp_addr [NP];
  logic [63:0] front_word0, front_word1;
  access_t       access    [NP];
  err_t          was_err   [NP];
  logic [NP-1:0][63:0] va;                                         // masked
  assign accept = req_valid_i & req_ready_o;
  for (genvar p = 0; p < int'(NP); p++) begin : g_port
    assign access[p] = '{
      ss: req_ss_i[p], ac: req_ac_i[p], imp: req_imp_i[p], user: req_user_i[p], acc: req_acc_i[p]
    };
    assign resp_id_o[p]   = resp_id[p];
    assign resp_kind_o[p] = resp_res[p].kind;
    assign resp_err_o[p]  = {9'd0, resp_res[p].err};
    assign resp_addr_o[p] = resp_addr[p];
    assign resp_size_o[p] = resp_res[p].size;
    assign resp_pat_o[p]  = resp_res[p].pat;
    assign resp_mt_o[p]   = resp_res[p].mt;
    assign resp_src_o[p]  = resp_res[p].src;
  end
  assign resp_valid_o = resp;
  mmu_front #(
    .Gated(Gated)
  ) u_front (
    .clk_i,
    .rst_i,
    .rules_i(rules),
    .keys_i(keys),
    .linear_i(linear),
    .types_i(types),
    .pcid_i(current_pcid),
    .settle_i(ctl_done_o),
    .valid_i(req_valid_i),
    .accept_i(accept),
    .va_i(req_va_i),
    .id_i(req_id_i),
    .access_i(access),
    .va_o(va),
    .ask_o(ask),
    .want_o(want),
    .confirm_o(confirm),
    .fault_o(fault),
    .was_ok_o(was_ok),
    .was_confirm_o(was_confirm),
    .was_fault_o(was_fault),
    .was_err_o(was_err),
    .done_i(done),
    .done_squashed_i(done_squashed),
    .done_id_i(done_id),
    .done_res_i(done_res),
    .done_addr_i(done_addr),
    .resp_o(resp),
    .resp_id_o(resp_id),
    .resp_res_o(resp_res),
    .resp_addr_o(resp_addr),
    .fill_i(out_valid && out_kind == KindOk),
    .fill_fetch_i(out_fetch),
    .fill_tag_i(out_tag),
    .fill_data_i(out_data),
    .inv_i(l1_inv),
    .inv_vpn_i(inv_vpn),
    .inv_pcid_i(pcid),
    .peek_i({state_sel == 4'd2, state_sel == 4'd1}),
    .peek_repl_i({
      state_sel == 4'd5 && state_idx[15:14] == 2'd1, state_sel == 4'd5 && state_idx[15:14] == 2'd0
    }),
    .peek_idx_i(state_idx),
    .peek_word0_o(front_word0),
    .peek_word1_o(front_word1)
  );

  // ---- Miss queue ----
  logic any_idle, start, start_confirm, start_squashed, queue_waits, walkers_wait;
  logic [NumEntries-1:0] squashed;
  vpn_t start_vpn;
  logic [63:0] queue_word0, queue_word1;
  logic [15:0] queue_pointers;
  mmu_miss_queue #(
    .Gated(Gated)
  ) u_queue (
    .clk_i,
    .rst_i,
    .ctl_idle_i(ctl_ready_o),
    .restart_i(ctl_accept),
    .rules_i(rules),
    .types_i(types),
    .ready_o(req_ready_o),
    .ask_i(ask),
    .want_i(want),
    .confirm_i(confirm),
    .fault_i(fault),
    .was_ok_i(was_ok),
    .was_confirm_i(was_confirm),
    .was_fault_i(was_fault),
    .was_err_i(was_err),
    .va_i(va),
    .id_i(req_id_i),
    .access_i(access),
    .squash_valid_i,
    .squash_id_i,
    .squashed_o(squashed),
    .any_fin_i(any_fin),
    .issue_o(issue),
    .issue_entry_o(issue_entry),
    .issue_step_o(issue_step),
    .a_entry_i(a_entry),
    .a_vpn_o(a_vpn),
    .c_entry_i(c_entry),
    .c_access_o(c_access),
    .walk_i(to_walk),
    .walk_confirm_i(to_walk_confirm),
    .finv_done_i(finv_done),
    .out_valid_i(out_valid),
    .out_entry_i(out_entry),
    .out_kind_i(out_kind),
    .out_src_i(out_src),
    .out_err_i(out_err),
    .out_size_i(out_tag.size),
    .out_data_i(out_data),
    .out_page_i(out_page),
    .out_fetch_o(out_fetch),
    .any_idle_i(any_idle),
    .start_o(start),
    .start_entry_o(start_entry),
    .start_vpn_o(start_vpn),
    .start_access_o(start_access),
    .start_confirm_o(start_confirm),
    .start_squashed_o(start_squashed),
    .done_o(done),
    .done_squashed_o(done_squashed),
    .done_id_o(done_id),
    .done_res_o(done_res),
    .done_addr_o(done_addr),
    .only_waits_o(queue_waits),
    .peek_i(state_sel == 4'd6),
    .peek_idx_i(state_idx),
    .peek_word0_o(queue_word0),
    .peek_word1_o(queue_word1),
    .pointers_o(queue_pointers)
  );

  // ---- STLB ----
  logic [63:0] stlb_word0, stlb_word1;
  mmu_stlb #(
    .Readout(Readout),
    .Gated(Gated)
  ) u_stlb (
    .clk_i,
    .rst_i,
    .flush_i(ctl_accept),
    .squashed_i(squashed),
    .pcid_i(pcid),
    .issue_i(issue),
    .issue_entry_i(issue_entry),
    .issue_step_i(issue_step),
    .fill_i(stlb_fill),
    .fill_tag_i(fin_tag),
    .fill_data_i(fin_data),
    .a_entry_o(a_entry),
    .a_vpn_i(a_vpn),
    .c_token_o(c_token),
    .c_entry_o(c_entry),
    .c_step_o(c_step),
    .c_vpn_o(c_vpn),
    .inv_vpn_o(inv_vpn),
    .ctl_vpn_i(ctl_vpn),
    .hit_o(stlb_hit),
    .hit_size_o(hit_size),
    .hit_glob_o(hit_glob),
    .hit_data_o(hit_data),
    .touch_i(stlb_touch),
    .fill_slot_o(fill_slot),
    .empty_o(stlb_empty),
    .exec_inv_i(exec_inv),
    .sweep_i(sweep),
    .sweep_j_i(sweep_j),
    .sweep_vpn_i(ctl_vpn),
    .peek_i(state_sel == 4'd3),
    .peek_repl_i(state_sel == 4'd5 && state_idx[15:14] == 2'd2),
    .peek_pipe_i(state_sel == 4'd8),
    .peek_fill_i(state_sel == 4'd9),
    .peek_idx_i(state_idx),
    .peek_word0_o(stlb_word0),
    .peek_word1_o(stlb_word1)
  );

  // ---- Paging-structure caches, and where a walk starts ----
  logic        pass;
  logic [2:0]  root_level;
  assign root_level = ARCH_LA57 != 0 && linear.la57 ? 3'd5 : 3'd4;
  cache_t root_cache;
  assign root_cache = regs.pcide ? '0 : regs.low[4:3];  // SDM 5.9.2: with CR4.PCIDE = 1 CR3[4:3] are PCID bits
  start_t start_how;
  logic [63:0] psc_word0, psc_word1;
  mmu_psc #(
    .Gated(Gated)
  ) u_psc (
    .clk_i,
    .rst_i,
    .pcid_i(current_pcid),
    .settle_i(ctl_done_o),
    .look_i(start && !start_confirm),
    .look_vpn_i(start_vpn),
    .root_base_i(regs.base),
    .root_cache_i(root_cache),
    .root_level_i(root_level),
    .start_o(start_how),
    .fill_i(pass),
    .fill_tag_i(pass_tag),
    .fill_data_i(pass_data),
    .fill_which_i(pass_which),
    .fill_from_i(pass_from),
    .inv_i(psc_inv),
    .inv_vpn_i(inv_vpn),
    .inv_pcid_i(pcid),
    .peek_i(state_sel == 4'd4),
    .peek_repl_i(state_sel == 4'd5 && state_idx[15:14] == 2'd3),
    .peek_idx_i(state_idx),
    .peek_word0_o(psc_word0),
    .peek_word1_o(psc_word1)
  );

  // ---- Walkers ----
  logic [63:0] walkers_word0, walkers_word1, memory_pointers;
  mmu_walkers u_walkers (
    .clk_i,
    .rst_i,
    .rules_i(rules),
    .keys_i(keys),
    .types_i(types),
    .pge_i(regs.pge),
    .root_base_i(regs.base),
    .root_cache_i(root_cache),
    .root_level_i(root_level),
    .pcid_i(pcid),
    .kill_i(ctl_accept),
    .squashed_i(squashed),
    .any_idle_o(any_idle),
    .all_idle_o(walkers_idle),
    .start_i(start && !start_squashed),
    .start_how_i(start_how),
    .start_entry_i(start_entry),
    .start_vpn_i(start_vpn),
    .start_access_i(start_access),
    .pass_o(pass),
    .pass_tag_o(pass_tag),
    .pass_data_o(pass_data),
    .pass_which_o(pass_which),
    .pass_from_o(pass_from),
    .any_fin_o(any_fin),
    .grant_i(grant),
    .fin_entry_o(fin_entry),
    .fin_outcome_o(fin_outcome),
    .fin_err_o(fin_err),
    .fin_tag_o(fin_tag),
    .fin_data_o(fin_data),
    .mem_valid_o(mem_req_valid_o),
    .mem_ready_i(mem_req_ready_i),
    .mem_tag_o(mem_req_tag_o),
    .mem_cas_o(mem_req_cas_o),
    .mem_mt_o(mem_req_mt_o),
    .mem_addr_o(mem_req_addr_o),
    .mem_expected_o(mem_req_expected_o),
    .mem_desired_o(mem_req_desired_o),
    .rsp_i(mem_rsp_valid_i),
    .rsp_tag_i(mem_rsp_tag_i),
    .rsp_err_i(mem_rsp_err_i),
    .rsp_data_i(mem_rsp_data_i),
    .only_waits_o(walkers_wait),
    .peek_i(state_sel == 4'd7),
    .peek_idx_i(state_idx),
    .peek_word0_o(walkers_word0),
    .peek_word1_o(walkers_word1),
    .pointer_word_o(memory_pointers)
  );

  // ---- Section 15 ----
  logic rests;
  always_comb begin : p_rests
    rests = 1'b0;
    if (resp == '0 && stlb_empty) rests = queue_waits && walkers_wait;
  end
  assign waiting_o = (ctl_ready_o || (draining && !walkers_idle)) && rests;

  // ---- Section 17: the unit that holds the asked-for state answers, the others say 0 ----
  logic [127:0] state_data;
  always_comb begin : p_state
    logic [63:0] word0, word1;
    unique case (state_sel)
      4'd0: begin
        word0 = ctl_word0;
        word1 = ctl_word1;
      end
      4'd1, 4'd2: begin
        word0 = front_word0;
        word1 = front_word1;
      end
      4'd3, 4'd8, 4'd9: begin
        word0 = stlb_word0;
        word1 = stlb_word1;
      end
      4'd4: begin
        word0 = psc_word0;
        word1 = psc_word1;
      end
      4'd5: begin
        word0 = front_word0 | stlb_word0 | psc_word0;
        word1 = front_word1 | stlb_word1 | psc_word1;
      end
      4'd6: begin
        word0 = queue_word0;
        word1 = queue_word1;
      end
      4'd7: begin
        word0 = walkers_word0;
        word1 = walkers_word1;
      end
      default: begin
        word0 = '0;
        word1 = '0;
      end
    endcase
    if (state_sel == 4'd0 && state_idx == 16'd2) word0 = memory_pointers | {48'd0, queue_pointers};
    state_data = {word1, word0};
  end
  if (Readout == 2) begin : g_readout_any
    assign state_sel    = state_sel_i;
    assign state_idx    = state_idx_i;
    assign state_data_o = state_data;
  end else if (Readout == 1) begin : g_readout_waiting
    logic [3:0]   sel_q;
    logic [15:0]  idx_q;
    logic [127:0] data_q;
    always_ff @(posedge clk_i) begin : p_readout
      sel_q  <= state_sel_i;
      idx_q  <= state_idx_i;
      data_q <= state_data;
    end
    assign state_sel    = sel_q;
    assign state_idx    = idx_q;
    assign state_data_o = data_q;
  end else begin : g_readout_none
    logic unused;
    assign unused       = &{1'b0, state_sel_i, state_idx_i, state_data};
    assign state_sel    = '1;
    assign state_idx    = '0;
    assign state_data_o = '0;
  end
endmodule
