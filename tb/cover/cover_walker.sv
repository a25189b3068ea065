// A walker: how it starts, what it meets at each level, compare-and-swaps and their failures, restarts, kills,
// outcomes. Rules: docs/microarchitecture.md sections 10, 11.
`include "points.svh"
/* verilator coverage_off */
module cover_walker
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input logic         clk_i,
  input logic         rst_i,
  input rules_t       rules_i,
  input walk_state_t  state_i,
  input logic         kill_i,
  input logic         killed_i,                        // now; since earlier
  input logic         squashed_i,                      // its request is, now
  input logic         from_psc_i,
  input logic [2:0]   level_i,
  input logic [2:0]   root_level_i,
  input access_t      access_i,
  input logic         start_i,
  input start_t       start_how_i,
  input walkers_t     attached_i,
  input logic         offered_i,
  input logic         accepted_i,
  input logic         reply_i,
  input logic         error_i,
  input reply_t       data_i,
  input logic [51:0]  addr_i,
  input logic [63:0]  value_i,
  input logic [63:0]  v_i,                            // expected of a CAS; V
  input logic         pass_i,
  input logic         cas_i,
  input logic         ok_i,
  input logic         fault_i,                        // the step
  input why_t         why_i,
  input logic         grant_i,
  input outcome_t     outcome_i
);
  function automatic bit psc_holds(input int unsigned kind);
    psc_holds = 1'b0;
    for (int unsigned a = 0; a < PSC_ARRAYS; a++) psc_holds |= PSC_HOLDS[a][kind];
  endfunction
  localparam bit Held2 = psc_holds(0);
  localparam bit Held3 = psc_holds(1);
  localparam bit Held4 = psc_holds(2);
  localparam bit Held5 = psc_holds(3);
  localparam bit La57 = ARCH_LA57 != 0;

  // Where the present walk began: 0 the root, else the level of the PSC entry. Whether it was started anew for a fault.
  logic [2:0] from_q;
  logic again_q, failed_q;  // failed: the last CAS found another value
  logic [1:0] size;
  logic judges, cas_reply, success, leaf, restart, by_rights;
  logic [63:0] old;
  assign old       = data_i[reply_place_t'(addr_i[5:3] & 3'(ReplyWords - 1))];
  assign judges    = reply_i && !killed_i && !error_i;
  assign cas_reply = judges && state_i == WkCasWait;
  assign success   = old == value_i;
  assign leaf      = is_leaf(value_i, level_i);
  assign restart   = judges && fault_i && from_psc_i && Rewalk;
  assign by_rights = why_i.p && !why_i.rsvd;
  assign size      = 2'(level_i - 3'd1);
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      from_q   <= start_how_i.from_psc ? start_how_i.level + 3'd1 : 3'd0;
      again_q  <= 1'b0;
      failed_q <= 1'b0;
    end else if (restart) begin
      from_q   <= 3'd0;
      again_q  <= 1'b1;
      failed_q <= 1'b0;
    end else if (judges) failed_q <= cas_reply && !success;
  end

  // ---- Starts ----
  `POINT(start_from_root_level_4, start_i && !start_how_i.from_psc && root_level_i == 3'd4)
  if (La57) begin : start5
    `POINT(start_from_root_level_5, start_i && !start_how_i.from_psc && root_level_i == 3'd5)
  end
  if (Held2) begin : start_pde
    `POINT(start_from_psc_pde, start_i && start_how_i.from_psc && start_how_i.level == 3'd1)
  end
  if (Held3) begin : start_pdpte
    `POINT(start_from_psc_pdpte, start_i && start_how_i.from_psc && start_how_i.level == 3'd2)
  end
  if (Held4) begin : start_pml4e
    `POINT(start_from_psc_pml4e, start_i && start_how_i.from_psc && start_how_i.level == 3'd3)
  end
  if (Held5 && La57) begin : start_pml5e
    `POINT(start_from_psc_pml5e, start_i && start_how_i.from_psc && start_how_i.level == 3'd4)
  end

  // ---- Hit level "walk" x page size: granted translations by where the walk began ----
  logic ok;
  assign ok = grant_i && outcome_i == OutOk;
  `EACH_SIZE(translated_from_root_level_4, size, ok && from_q == 3'd0 && root_level_i == 3'd4 && !again_q)
  if (La57) begin : walk5
    `EACH_SIZE(translated_from_root_level_5, size, ok && from_q == 3'd0 && root_level_i == 3'd5 && !again_q)
  end
  if (Held2) begin : walk_pde
    `POINT(translated_from_pde__4k, ok && from_q == 3'd2)
  end
  if (Held3) begin : walk_pdpte
    `POINT(translated_from_pdpte__4k, ok && from_q == 3'd3 && size == 2'd0)
    `POINT(translated_from_pdpte__2m, ok && from_q == 3'd3 && size == 2'd1)
  end
  if (Held4) begin : walk_pml4e
    `EACH_SIZE(translated_from_pml4e, size, ok && from_q == 3'd4)
  end
  if (Held5 && La57) begin : walk_pml5e
    `EACH_SIZE(translated_from_pml5e, size, ok && from_q == 3'd5)
  end

  // ---- Each level: passes, faults of each kind, memory errors; from the root and below a PSC entry ----
  for (genvar l = 1; l <= (La57 ? 5 : 4); l++) begin : level
    logic here;
    assign here = judges && level_i == 3'(l);
    if (l > 1) begin : table_entry
      `POINT(pass, here && pass_i)
      `POINT(a_cas_succeeds, cas_reply && level_i == 3'(l) && !leaf && success)
      `POINT(a_cas_fails, cas_reply && level_i == 3'(l) && !leaf && !success)
    end
    if (l == 1 || l == 2 || (l == 3 && ARCH_PAGE_1G != 0)) begin : leaf_entry
      `POINT(translation, here && ok_i)
      `POINT(rights_fault, here && fault_i && by_rights)
      `POINT(a_cas_succeeds,
             cas_reply && level_i == 3'(l) && leaf && success && !value_i[BitA] && v_i[BitD] == value_i[BitD])
      `POINT(a_cas_fails,
             cas_reply && level_i == 3'(l) && leaf && !success && !value_i[BitA] && access_i.acc != AccWrite)
      `POINT(d_cas_succeeds, cas_reply && level_i == 3'(l) && leaf && success && value_i[BitA] && !value_i[BitD])
      `POINT(d_cas_fails, cas_reply && level_i == 3'(l) && leaf && !success && value_i[BitA])
      `POINT(ad_cas_succeeds,
             cas_reply && level_i == 3'(l) && leaf && success && !value_i[BitA] && !value_i[BitD]
             && access_i.acc == AccWrite)
      `POINT(ad_cas_fails,
             cas_reply && level_i == 3'(l) && leaf && !success && !value_i[BitA] && !value_i[BitD]
             && access_i.acc == AccWrite)
    end
    `POINT(not_present, here && fault_i && !why_i.p)
    `POINT(reserved, here && fault_i && why_i.rsvd)
    if (PaBits < 52) begin : narrow
      `POINT(reserved_above_m, here && v_i[BitP] && (old[51:0] >> PaBits) != '0)
    end
    `POINT(reserved_xd, here && v_i[BitP] && v_i[BitXd] && !rules_i.nxe)
    if (l >= 4 || (l == 3 && ARCH_PAGE_1G == 0)) begin : no_page
      `POINT(reserved_ps, here && v_i[BitP] && v_i[BitPs])
    end
    if (l >= 4 && ARCH_AMD != 0) begin : amd
      `POINT(reserved_bit_8, here && v_i[BitP] && v_i[BitG])
    end
    if (l == 2) begin : below_2m
      `POINT(reserved_below_page, here && v_i[BitP] && v_i[BitPs] && v_i[20:13] != '0)
    end
    if (l == 3 && ARCH_PAGE_1G != 0) begin : below_1g
      `POINT(reserved_below_page, here && v_i[BitP] && v_i[BitPs] && v_i[29:13] != '0)
    end
    `POINT(read_error, reply_i && !killed_i && error_i && state_i == WkWait && level_i == 3'(l))
    localparam bit BelowPsc = (l == 1 && (Held2 || Held3 || Held4 || Held5)) || (l == 2 && (Held3 || Held4 || Held5))
                           || (l == 3 && (Held4 || Held5)) || (l == 4 && Held5 && La57);
    if (BelowPsc) begin : below_psc
      `POINT(not_present, here && from_psc_i && fault_i && !why_i.p)
      `POINT(reserved, here && from_psc_i && fault_i && why_i.rsvd)
      if (l < 3 || (l == 3 && ARCH_PAGE_1G != 0)) begin : leaf_entry
        `POINT(rights_fault, here && from_psc_i && fault_i && by_rights)
      end
    end
  end

  `POINT(cas_error__table, reply_i && !killed_i && error_i && state_i == WkCasWait && !leaf)
  `POINT(cas_error__leaf, reply_i && !killed_i && error_i && state_i == WkCasWait && leaf)

  // ---- What the value says that a failed CAS brought back ----
  `POINT(after_failed_cas__pass, cas_reply && !success && pass_i)
  `POINT(after_failed_cas__translation, cas_reply && !success && ok_i)
  `POINT(after_failed_cas__cas_again, cas_reply && !success && cas_i)
  `POINT(after_failed_cas__not_present, cas_reply && !success && fault_i && !why_i.p)
  `POINT(after_failed_cas__reserved, cas_reply && !success && fault_i && why_i.rsvd)
  `POINT(after_failed_cas__rights, cas_reply && !success && fault_i && by_rights)
  `POINT(second_cas_succeeds, cas_reply && success && failed_q)
  `POINT(second_cas_fails, cas_reply && !success && failed_q)

  // ---- A fault below a PSC entry: again from the root, or told at once (policy.fault_rewalk) ----
  if (Rewalk) begin : rewalk
    `POINT(restart_for_not_present, restart && !why_i.p)
    `POINT(restart_for_reserved, restart && why_i.rsvd)
    `POINT(restart_for_rights, restart && by_rights)
    `POINT(restart_after_failed_cas, restart && cas_reply && !success)
    `POINT(restarted__translation, ok && again_q)
    `POINT(restarted__fault, grant_i && outcome_i == OutFault && again_q)
    `POINT(restarted__memory_error, grant_i && outcome_i == OutMemErr && again_q)
  end else begin : no_rewalk
    `POINT(fault_below_psc_told, grant_i && outcome_i == OutFault && from_psc_i)
  end

  // ---- Outcomes, and waiting for the grant ----
  `POINT(granted__fault, grant_i && outcome_i == OutFault)
  `POINT(granted__memory_error, grant_i && outcome_i == OutMemErr)
  `POINT(waits_for_grant, state_i == WkFin && !grant_i && !killed_i)

  // ---- Attached to another's read ----
  `POINT(attached__waits, attached_i != '0 && !reply_i)
  `POINT(attached__reply_at_once, attached_i != '0 && reply_i && !killed_i && !error_i)
  `POINT(attached__error_at_once, attached_i != '0 && reply_i && !killed_i && error_i)

  // ---- Killed ----
  `POINT(killed__at_start, start_i && kill_i)
  `POINT(killed__in_req, killed_i && state_i == WkReq && !offered_i && attached_i == '0)
  `POINT(killed__in_req_held, killed_i && state_i == WkReq && offered_i && !accepted_i)
  `POINT(killed__in_req_accepted, killed_i && state_i == WkReq && offered_i && accepted_i)
  `POINT(killed__in_req_attached, killed_i && state_i == WkReq && attached_i != '0)
  `POINT(killed__in_cas, killed_i && state_i == WkCas && !offered_i)
  `POINT(killed__in_cas_held, killed_i && state_i == WkCas && offered_i && !accepted_i)
  `POINT(killed__in_cas_accepted, killed_i && state_i == WkCas && offered_i && accepted_i)
  `POINT(killed__in_fin, killed_i && state_i == WkFin)
  `POINT(killed__read_reply, killed_i && state_i == WkWait && reply_i && !error_i)
  `POINT(killed__read_error, killed_i && state_i == WkWait && reply_i && error_i)
  `POINT(killed__cas_succeeds, killed_i && state_i == WkCasWait && reply_i && !error_i && success)
  `POINT(killed__cas_fails, killed_i && state_i == WkCasWait && reply_i && !error_i && !success)
  `POINT(killed__cas_error, killed_i && state_i == WkCasWait && reply_i && error_i)

  // ---- Its request is squashed ----
  logic drop;
  assign drop = squashed_i && !killed_i && state_i != WkIdle;
  `POINT(squashed__in_req, drop && state_i == WkReq && !offered_i && attached_i == '0)
  `POINT(squashed__in_req_offered, drop && state_i == WkReq && offered_i && !accepted_i)
  `POINT(squashed__in_req_accepted, drop && state_i == WkReq && accepted_i)
  `POINT(squashed__in_req_attached, drop && state_i == WkReq && attached_i != '0)
  `POINT(squashed__in_wait, drop && state_i == WkWait && !reply_i)
  `POINT(squashed__read_reply, drop && state_i == WkWait && reply_i)
  `POINT(squashed__in_cas_offered, drop && state_i == WkCas && offered_i && !accepted_i)
  `POINT(squashed__in_cas_accepted, drop && state_i == WkCas && accepted_i)
  `POINT(squashed__in_cas_wait, drop && state_i == WkCasWait && !reply_i)
  `POINT(squashed__cas_reply, drop && state_i == WkCasWait && reply_i)
  `POINT(squashed__in_fin_granted, drop && state_i == WkFin && grant_i)
  `POINT(squashed__in_fin, drop && state_i == WkFin && !grant_i)
  `POINT(squashed__with_control, drop && kill_i)
endmodule

bind mmu_walker cover_walker u_cover_walker (
  .clk_i,
  .rst_i,
  .rules_i,
  .state_i(state_q),
  .kill_i,
  .killed_i(kill_q && state_q != mmu_pkg::WkIdle),
  .squashed_i,
  .from_psc_i(from_psc_q),
  .level_i(level_q),
  .root_level_i,
  .access_i(access_q),
  .start_i,
  .start_how_i,
  .attached_i,
  .offered_i,
  .accepted_i,
  .reply_i(reply),
  .error_i(rsp_err_i),
  .data_i(rsp_data_i),
  .addr_i(addr_o),
  .value_i(value_q),
  .v_i(v | (success ? mmu_pkg::used_bits(v, level_q, access_q.acc) : '0)),
  .pass_i(pass),
  .cas_i(cas),
  .ok_i(ok),
  .fault_i(fault),
  .why_i(why),
  .grant_i,
  .outcome_i(outcome_q)
);
