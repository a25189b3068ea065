// Control operations: each with and without #GP(0), each reason of a #GP(0), each cause of an invalidation, states and
// their lengths. Rules: docs/microarchitecture.md section 13.
`include "points.svh"
/* verilator coverage_off */
module cover_ctl
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input logic        clk_i,
  input logic        rst_i,
  input logic        valid_i,
  input logic        walkers_idle_i,
  input logic        gp_i,
  input logic [3:0]  op_i,
  input logic [63:0] data_i,
  input logic [63:0] desc_i,
  input ctl_state_t  state_i,
  input inv_t        inv_i,
  input inv_t        sweep_inv_i,
  input regs_t       regs_i,
  input regs_t       regs_d_i,
  input rules_t      rules_i,
  input rules_t      rules_d_i,
  input linear_t     linear_i,
  input linear_t     linear_d_i,
  input types_t      types_i,
  input types_t      types_d_i
);
  localparam bit Pcid = ARCH_PCID != 0, Cet = ARCH_CET != 0, Lam = ARCH_LAM != 0, La57 = ARCH_LA57 != 0,
                 Pku = ARCH_PKU != 0, Pks = ARCH_PKS != 0, Amd = ARCH_AMD != 0;
  logic exec, done, ok, cr0, cr3, cr4, efer, pcid1, bad;
  assign exec  = state_i == CtlExec;
  assign ok    = exec && !gp_i;
  assign bad   = exec && gp_i;
  assign cr0   = op_i == 4'd0;
  assign cr3   = op_i == 4'd1;
  assign cr4   = op_i == 4'd2;
  assign efer  = op_i == 4'd3;
  assign pcid1 = op_i == 4'd5 || op_i == 4'd6;                  // INVPCID with a PCID

  // ---- Every operation, and with #GP(0) where there is one ----
  `EACH_OP(executed, op_i, ok)
  if (Cet || Pcid) begin : gp0
    `POINT(gp__mov_cr0, bad && cr0)
  end
  `POINT(gp__mov_cr3, bad && cr3)
  `POINT(gp__mov_cr4, bad && cr4)
  `POINT(gp__wrmsr_efer, bad && efer)
  `POINT(gp__invpcid_0, bad && op_i == 4'd5)
  `POINT(gp__invpcid_1, bad && op_i == 4'd6)
  `POINT(gp__invpcid_2, bad && op_i == 4'd7)
  `POINT(gp__invpcid_3, bad && op_i == 4'd8)
  `POINT(gp__wrpkru, bad && op_i == 4'd9)
  `POINT(gp__wrmsr_pkrs, bad && op_i == 4'd10)
  `POINT(gp__wrmsr_pat, bad && op_i == 4'd11)

  // ---- Each reason of a #GP(0), alone where it can be ----
  if (Cet) begin : cet_gp
    `POINT(cr0_clears_wp_under_cet, bad && cr0 && !data_i[16] && rules_i.cet && (data_i[31] || !regs_i.pcide))
    `POINT(cr4_sets_cet_without_wp, bad && cr4 && data_i[23] && !rules_i.wp && data_i[5])
  end else begin : no_cet_gp
    `POINT(cr4_cet_not_built_in, bad && cr4 && data_i[23] && data_i[5])
  end
  if (Pcid) begin : pcid_gp
    `POINT(cr0_clears_pg_under_pcide, bad && cr0 && !data_i[31] && regs_i.pcide && (data_i[16] || !rules_i.cet))
    `POINT(cr4_sets_pcide_with_pcid, bad && cr4 && data_i[17] && !regs_i.pcide && regs_i.low != '0 && data_i[5])
  end else begin : no_pcid_gp
    `POINT(cr4_pcide_not_built_in, bad && cr4 && data_i[17] && data_i[5])
  end
  if (PaBits < 52) begin : narrow
    `POINT(cr3_above_m, bad && cr3 && (data_i[51:0] >> PaBits) != '0 && data_i[63:52] == '0)
  end
  `POINT(cr3_bits_60_52, bad && cr3 && data_i[60:52] != '0 && data_i[63:61] == '0)
  `POINT(cr3_keep_without_pcide, bad && cr3 && data_i[63] && !regs_i.pcide && data_i[60:52] == '0)
  if (!Lam) begin : no_lam_gp
    `POINT(cr3_lam_not_built_in, bad && cr3 && data_i[62:61] != '0 && data_i[60:52] == '0)
    `POINT(cr4_lam_sup_not_built_in, bad && cr4 && data_i[28] && data_i[5])
  end
  `POINT(cr4_clears_pae, bad && cr4 && !data_i[5])
  `POINT(cr4_lass, bad && cr4 && data_i[27] && data_i[5])
  if (!La57) begin : no_la57_gp
    `POINT(cr4_la57_not_built_in, bad && cr4 && data_i[12] && data_i[5])
  end
  if (!Pku) begin : no_pku_gp
    `POINT(cr4_pke_not_built_in, bad && cr4 && data_i[22] && data_i[5])
  end
  if (!Pks) begin : no_pks_gp
    `POINT(cr4_pks_not_built_in, bad && cr4 && data_i[24] && data_i[5])
  end
  `POINT(efer_uaie, bad && efer && data_i[20])
  if (!Amd) begin : no_tce_gp
    `POINT(efer_tce_not_built_in, bad && efer && data_i[15] && !data_i[20])
  end
  `POINT(invpcid_descriptor, bad && op_i >= 4'd5 && op_i <= 4'd8 && desc_i[63:12] != '0)
  `POINT(invpcid_without_pcide, bad && pcid1 && desc_i[63:12] == '0 && desc_i[11:0] != '0 && !regs_i.pcide)
  `POINT(invpcid_not_canonical, bad && op_i == 4'd5 && desc_i[63:12] == '0 && !canonical(data_i[63:47], linear_i.la57))
  for (genvar i = 0; i < 8; i++) begin : pat_byte
    `POINT(reserved_type,
           bad && op_i == 4'd11 && (data_i[8*i+:8] > 8'd7 || data_i[8*i+:8] == 8'd2 || data_i[8*i+:8] == 8'd3))
  end

  // ---- Each cause of an invalidation, and each operation that could but does not ----
  `EACH_INVALIDATION(executed, inv_i, exec)
  `EACH_INVALIDATION(swept, sweep_inv_i, state_i == CtlSweep)
  if (!Pcid || 1'b1) begin : cr0_inv
    `POINT(cr0_pg_clear, ok && cr0 && inv_i == InvAll)
    `POINT(cr0_none, ok && cr0 && inv_i == InvNone)
  end
  `POINT(cr3_nonglobal, ok && cr3 && inv_i == InvNonGlobal && !regs_i.pcide)
  if (Pcid) begin : pcid_inv
    `POINT(cr3_new_pcid, ok && cr3 && inv_i == InvNonGlobal && regs_i.pcide && regs_d_i.low != regs_i.low)
    `POINT(cr3_same_pcid, ok && cr3 && inv_i == InvNonGlobal && regs_i.pcide && regs_d_i.low == regs_i.low)
    `POINT(cr3_keep, ok && cr3 && inv_i == InvNone)
    `POINT(cr4_pcide_set, ok && cr4 && regs_d_i.pcide && !regs_i.pcide)
    `POINT(cr4_pcide_clear, ok && cr4 && !regs_d_i.pcide && regs_i.pcide)
    `POINT(invpcid_of_the_current_pcid, ok && op_i == 4'd6 && regs_i.pcide && desc_i[11:0] == regs_i.low)
    `POINT(invpcid_of_another_pcid, ok && op_i == 4'd6 && regs_i.pcide && desc_i[11:0] != regs_i.low)
  end
  `POINT(cr4_pge_set, ok && cr4 && regs_d_i.pge && !regs_i.pge)
  `POINT(cr4_pge_clear, ok && cr4 && !regs_d_i.pge && regs_i.pge)
  `POINT(cr4_smep_set, ok && cr4 && rules_d_i.smep && !rules_i.smep && inv_i == InvContext)
  `POINT(cr4_smep_clear, ok && cr4 && !rules_d_i.smep && rules_i.smep)
  `POINT(cr4_smap_set, ok && cr4 && rules_d_i.smap && !rules_i.smap)
  `POINT(cr4_smap_clear, ok && cr4 && !rules_d_i.smap && rules_i.smap)
  `POINT(cr4_none, ok && cr4 && inv_i == InvNone)
  if (La57) begin : la57_inv
    `POINT(cr4_la57_set, ok && cr4 && linear_d_i.la57 && !linear_i.la57 && inv_i == InvAll)
    `POINT(cr4_la57_clear, ok && cr4 && !linear_d_i.la57 && linear_i.la57 && inv_i == InvAll)
  end
  if (Pku) begin : pku_inv
    `POINT(cr4_pke_set, ok && cr4 && regs_d_i.pke && !regs_i.pke)
    `POINT(cr4_pke_clear, ok && cr4 && !regs_d_i.pke && regs_i.pke)
  end
  if (Pks) begin : pks_inv
    `POINT(cr4_pks_set, ok && cr4 && regs_d_i.pks && !regs_i.pks)
    `POINT(cr4_pks_clear, ok && cr4 && !regs_d_i.pks && regs_i.pks)
  end
  if (Cet) begin : cet_inv
    `POINT(cr4_cet_set, ok && cr4 && rules_d_i.cet && !rules_i.cet)
    `POINT(cr4_cet_clear, ok && cr4 && !rules_d_i.cet && rules_i.cet)
  end
  if (Lam) begin : lam_inv
    `POINT(cr4_lam_sup_set, ok && cr4 && linear_d_i.lam_sup && !linear_i.lam_sup)
    `POINT(cr4_lam_sup_clear, ok && cr4 && !linear_d_i.lam_sup && linear_i.lam_sup)
  end
  if (Amd) begin : amd_inv
    `POINT(cr4_pse_set, ok && cr4 && regs_d_i.pse && !regs_i.pse && inv_i == InvAll)
    `POINT(cr4_pse_clear, ok && cr4 && !regs_d_i.pse && regs_i.pse && inv_i == InvAll)
    `POINT(efer_tce_set, ok && efer && regs_d_i.tce && !regs_i.tce)
    `POINT(efer_tce_clear, ok && efer && !regs_d_i.tce && regs_i.tce)
    `POINT(invlpg_with_tce, ok && op_i == 4'd4 && inv_i == InvAddress && regs_i.tce)
    `POINT(invlpg_without_tce, ok && op_i == 4'd4 && inv_i == InvAddress && !regs_i.tce)
    `POINT(invpcid_0_with_tce, ok && op_i == 4'd5 && regs_i.tce)
    `POINT(invpcid_0_without_tce, ok && op_i == 4'd5 && !regs_i.tce)
  end
  `POINT(cr0_wp_set, ok && cr0 && rules_d_i.wp && !rules_i.wp)
  `POINT(cr0_wp_clear, ok && cr0 && !rules_d_i.wp && rules_i.wp)
  `POINT(cr0_cd_set, ok && cr0 && types_d_i.cd && !types_i.cd)
  `POINT(cr0_cd_clear, ok && cr0 && !types_d_i.cd && types_i.cd)
  `POINT(efer_nxe_set, ok && efer && rules_d_i.nxe && !rules_i.nxe && inv_i == InvAll)
  `POINT(efer_nxe_clear, ok && efer && !rules_d_i.nxe && rules_i.nxe && inv_i == InvAll)
  `POINT(efer_none, ok && efer && inv_i == InvNone)
  `POINT(invlpg_not_canonical, ok && op_i == 4'd4 && inv_i == InvNone)

  // ---- States ----
  `POINT(drain__at_once, state_i == CtlDrain && walkers_idle_i)
  `POINT(drain__waits, state_i == CtlDrain && !walkers_idle_i)
  `POINT(offered_while_busy, valid_i && state_i != CtlIdle)
endmodule

bind mmu_ctl cover_ctl u_cover_ctl (
  .clk_i,
  .rst_i,
  .valid_i,
  .walkers_idle_i,
  .gp_i(gp_q),
  .op_i(op_q),
  .data_i(data_q),
  .desc_i(desc_q),
  .state_i(state_q),
  .inv_i(inv_q),
  .sweep_inv_i(inv_q),
  .regs_i(regs_q),
  .regs_d_i(regs_d),
  .rules_i(rules_q),
  .rules_d_i(rules_d),
  .linear_i(linear_q),
  .linear_d_i(linear_d),
  .types_i(types_q),
  .types_d_i(types_d)
);
