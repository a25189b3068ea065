// What docs/microarchitecture.md sections 6, 9 and 11 say becomes of a lookup in stage C and of a granted walker, bound
// to mmu_outcome. The rights are written here once more, word by word from section 6, for every entry, access and
// register.
`include "rules.svh"
module outcome_rules
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input rules_t      rules_i,
  input keys_t       keys_i,
  input logic [11:0] pcid_i,
  input logic        lookup_i,
  input entry_t      c_entry_i,
  input vpn_t        c_vpn_i,
  input access_t     c_access_i,
  input logic        hit_i,
  input psize_t      hit_size_i,
  input logic        hit_glob_i,
  input data_t       hit_data_i,
  input logic        touch_o,
  input logic        walk_o,
  input logic        confirm_o,
  input logic        grant_i,
  input entry_t      fin_entry_i,
  input outcome_t    fin_outcome_i,
  input err_t        fin_err_i,
  input tag_t        fin_tag_i,
  input data_t       fin_data_i,
  input logic        valid_o,
  input entry_t      entry_o,
  input kind_t       kind_o,
  input src_t        src_o,
  input err_t        err_o,
  input tag_t        tag_o,
  input data_t       data_o
);
  // ---- section 6, of the entry that hits ----
  logic user, ss, fetch, write, ad, wd, key_denies, granted, d_needed;
  always_comb begin
    fetch = c_access_i.acc == AccExec;
    write = c_access_i.acc == AccWrite;
    user  = c_access_i.user && !c_access_i.imp;
    ss    = ARCH_CET != 0 && c_access_i.ss && rules_i.cet && !fetch;
    ad    = (hit_data_i.u ? keys_i.user : keys_i.supervisor) >> (6'd2 * 6'(hit_data_i.key));
    wd    = (hit_data_i.u ? keys_i.user : keys_i.supervisor) >> (6'd2 * 6'(hit_data_i.key) + 6'd1);
    key_denies = (ARCH_PKU != 0 || ARCH_PKS != 0) && !fetch
              && (ad || (wd && write && (hit_data_i.u ? user || rules_i.wp : rules_i.wp)));
    granted = !key_denies;
    if (ss && !(hit_data_i.s && hit_data_i.u == user)) granted = 1'b0;
    if (fetch && (user ? !hit_data_i.u : hit_data_i.u && rules_i.smep)) granted = 1'b0;
    if (fetch && hit_data_i.nx && rules_i.nxe) granted = 1'b0;
    if (!ss && !fetch && user && !hit_data_i.u) granted = 1'b0;
    if (!ss && !fetch && !user && hit_data_i.u && rules_i.smap && (c_access_i.imp || !c_access_i.ac)) granted = 1'b0;
    if (!ss && write && !hit_data_i.w && (user || rules_i.wp)) granted = 1'b0;
    d_needed = write && !hit_data_i.d;
  end
  err_t code;
  assign code = {ss, key_denies, fetch && (rules_i.nxe || rules_i.smep), 1'b0, user, write, 1'b1};

  always_comb begin  // nothing is clocked
    c_runs_on : cover (1'b1);
    `SUPPOSED(one_outcome, grant_i, !lookup_i)
    `SUPPOSED(outcome_known, grant_i, fin_outcome_i == OutOk || fin_outcome_i == OutFault || fin_outcome_i == OutMemErr)
    `SUPPOSED(access_known, lookup_i, c_access_i.acc <= AccExec)
    `PROPERTY(granted_hit_answers, lookup_i && hit_i && granted && !d_needed,
              valid_o && kind_o == KindOk && src_o == SrcStlb && entry_o == c_entry_i && !walk_o
              && data_o == hit_data_i && tag_o.vpn == c_vpn_i && tag_o.size == hit_size_i)
    `PROPERTY(used_hit_touches, lookup_i, touch_o == (hit_i && granted && !d_needed))
    `PROPERTY(entry_of_present_pcid, lookup_i && valid_o && kind_o == KindOk,
              tag_o.pcid == pcid_i && tag_o.glob == hit_glob_i && tag_o.valid)
    `PROPERTY(miss_walks, lookup_i && !hit_i, walk_o && !confirm_o && !valid_o)
    `PROPERTY(write_without_d_walks, lookup_i && hit_i && granted && d_needed, walk_o && !confirm_o && !valid_o)
    `PROPERTY(denied_is_confirmed_or_told, lookup_i && hit_i && !granted,
              Rewalk ? walk_o && confirm_o && !valid_o :
              valid_o && kind_o == KindPf && src_o == SrcStlb && entry_o == c_entry_i && !walk_o)
    `PROPERTY(denied_error_code, lookup_i && hit_i && !granted, err_o == code)
    `PROPERTY(walk_translates, grant_i && fin_outcome_i == OutOk,
              valid_o && kind_o == KindOk && src_o == SrcWalk && entry_o == fin_entry_i && tag_o == fin_tag_i
              && data_o == fin_data_i)
    `PROPERTY(walk_faults, grant_i && fin_outcome_i == OutFault,
              valid_o && kind_o == KindPf && src_o == SrcWalk && entry_o == fin_entry_i && err_o == fin_err_i)
    `PROPERTY(walk_errs, grant_i && fin_outcome_i == OutMemErr,
              valid_o && kind_o == KindMemErr && entry_o == fin_entry_i)
    `PROPERTY(nothing_of_nothing, !lookup_i && !grant_i, !valid_o && !walk_o && !touch_o)
    `PROPERTY(grant_is_no_walk, grant_i, !walk_o && !touch_o)
  end
endmodule
bind mmu_outcome outcome_rules u_rules (.*);
