// Why an access is denied: each right of SDM 5.6.1 and 5.6.2 as the only one that fails, where the access is judged: at
// a walk's leaf, at an STLB hit, at an L1 hit. Rules: docs/microarchitecture.md section 6.
`include "points.svh"
/* verilator coverage_off */
module cover_rights
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter bit Fetch = 1'b1,  // what can be judged here
  parameter bit Data  = 1'b1,
  parameter bit Itlb  = 1'b0  // only fetches fill it, so no entry has NX; EFER.NXE flushes it
) (
  input logic    clk_i,
  input logic    rst_i,
  input logic    judged_i,                                     // an access is judged in this cycle
  input page_t   page_i,
  input access_t access_i,
  input rules_t  rules_i
);
  logic denied, passed, data, write, ss, as_user, u;
  assign denied = judged_i && !rights_pass(page_i, access_i, rules_i);
  assign passed = judged_i && rights_pass(page_i, access_i, rules_i);
  assign write  = access_i.acc == AccWrite;
  assign ss     = shadow_stack(access_i, rules_i);
  assign data   = access_i.acc != AccExec && !ss;
  assign as_user   = user_mode(access_i);
  assign u      = page_i.rights.u;

  if (Fetch) begin : fetch
    logic is;
    assign is = access_i.acc == AccExec;
    `POINT(user_from_supervisor_page, denied && is && as_user && !u && !(page_i.rights.nx && rules_i.nxe))
    `POINT(smep, denied && is && !as_user && u && rules_i.smep && !(page_i.rights.nx && rules_i.nxe))
    `POINT(no_smep, passed && is && !as_user && u)
    if (!Itlb) begin : no_itlb
      `POINT(nx, denied && is && as_user == u && page_i.rights.nx)
    end
    `POINT(keys_do_not_matter, passed && is && (page_i.ad || ARCH_PKU + ARCH_PKS == 0))
  end
  if (Data) begin : data_access
    logic key, mode_ok;
    assign key     = key_violation(page_i, access_i, rules_i);
    assign mode_ok = as_user ? u : !(u && rules_i.smap && (access_i.imp || !access_i.ac));
    `POINT(user_to_supervisor_page, denied && data && as_user && !u && !key && !write)
    `POINT(smap, denied && data && !as_user && u && rules_i.smap && !access_i.imp && !access_i.ac && !key && !write)
    `POINT(smap_implicit_despite_ac,
           denied && data && u && rules_i.smap && access_i.imp && access_i.ac && !key && !write)
    `POINT(smap_implicit_at_cpl_3,
           denied && data && u && rules_i.smap && access_i.imp && access_i.user && !key && !write)
    `POINT(ac_lifts_smap, passed && data && !as_user && u && rules_i.smap && access_i.ac)
    `POINT(user_writes_read_only, denied && data && as_user && u && write && !page_i.rights.w && !key)
    `POINT(wp, denied && data && !as_user && mode_ok && write && !page_i.rights.w && rules_i.wp && !key)
    `POINT(no_wp, passed && data && !as_user && write && !page_i.rights.w)
    `POINT(nx_does_not_matter, passed && data && page_i.rights.nx && rules_i.nxe)
    if (ARCH_PKU != 0) begin : pku
      `POINT(ad_read, denied && data && mode_ok && u && !write && page_i.ad)
      `POINT(ad_write, denied && data && mode_ok && u && write && page_i.rights.w && page_i.ad)
      `POINT(wd_user, denied && data && mode_ok && u && as_user && write && page_i.rights.w && page_i.wd && !page_i.ad)
      `POINT(wd_user_without_wp,
             denied && data && mode_ok && u && as_user && write && page_i.rights.w && page_i.wd && !page_i.ad
             && !rules_i.wp)
      `POINT(wd_supervisor,
             denied && data && mode_ok && u && !as_user && write && page_i.rights.w && page_i.wd && !page_i.ad)
      `POINT(wd_without_wp, passed && data && u && !as_user && write && page_i.wd)
      `POINT(wd_allows_reads, passed && data && u && !write && page_i.wd)
    end
    if (ARCH_PKS != 0) begin : pks
      `POINT(ad_read, denied && data && mode_ok && !u && !write && page_i.ad)
      `POINT(ad_write, denied && data && mode_ok && !u && write && page_i.rights.w && page_i.ad)
      `POINT(wd, denied && data && mode_ok && !u && write && page_i.rights.w && page_i.wd && !page_i.ad)
      `POINT(wd_without_wp, passed && data && !u && write && page_i.wd)
      `POINT(wd_allows_reads, passed && data && !u && !write && page_i.wd)
    end
    if (ARCH_CET != 0) begin : cet
      `POINT(user, passed && ss && as_user)
      `POINT(supervisor, passed && ss && !as_user)
      `POINT(not_a_shadow_stack_page, denied && ss && !page_i.s && u == as_user && !key)
      `POINT(user_to_supervisor_page, denied && ss && page_i.s && as_user && !u && !key)
      `POINT(supervisor_to_user_page, denied && ss && page_i.s && !as_user && u && !key)
      `POINT(protection_key, denied && ss && page_i.s && u == as_user && key)
      `POINT(write_to_shadow_stack, denied && data && write && page_i.s && !page_i.rights.w && u == as_user && !key)
      `POINT(read_of_shadow_stack, passed && data && !write && page_i.s)
    end
  end
endmodule

bind mmu_walker cover_rights u_cover_rights (
  .clk_i,
  .rst_i,
  .rules_i,
  .access_i(access_q),
  .page_i(page),
  .judged_i(heed && leaf && why.p && !why.rsvd)
);
bind mmu cover_rights u_cover_rights_stlb (
  .clk_i,
  .rst_i,
  .rules_i(rules),
  .access_i(c_access),
  .page_i(mmu_pkg::page_of(hit_data, keys)),
  .judged_i(stlb_hit)
);
