// The miss queue: allocation and merging, what becomes of followers, a full queue, issue, dispatch, responses.
// Rules: docs/microarchitecture.md section 8.
`include "points.svh"
/* verilator coverage_off */
module cover_queue
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input logic                  clk_i,
  input logic                  rst_i,
  input logic                  idle_i,
  input logic                  restart_i,
  input logic [NumPorts-1:0]   ready_i,
  input logic [NumPorts-1:0]   done_port_i,
  input logic [NumPorts-1:0]   miss_i,
  input logic [NumPorts-1:0]   confirm_i,
  input logic [NumPorts-1:0]   fault_i,
  input logic [NumPorts-1:0][63:0] va_i,
  input logic [NumEntries-1:0] free_i,
  input logic [NumEntries-1:0] pend_i,
  input logic [NumEntries-1:0] slk_i,
  input logic [NumEntries-1:0] nwalk_i,
  input logic [NumEntries-1:0] walk_i,
  input logic [NumEntries-1:0] follow_i,
  input logic [NumEntries-1:0] finv_i,
  input logic [NumEntries-1:0] finvw_i,
  input logic [NumEntries-1:0] done_i,
  input logic [NumEntries-1:0] denied_i,
  input logic [NumEntries-1:0] fetch_i,
  input logic [NumEntries-1:0] wait_confirm_i,
  input addr_t [NumEntries-1:0] entry_va_i,
  input logic [NumEntries-1:0][(NumEntries > 1 ? $clog2(NumEntries) : 1)-1:0] leader_i,
  input req_t [NumEntries-1:0] req_i,
  input logic                  out_valid_i,
  input entry_t                out_entry_i,
  input kind_t                 out_kind_i,
  input src_t                  out_src_i,
  input psize_t                out_size_i,
  input data_t                 out_data_i,
  input logic                  any_fin_i,
  input logic                  any_idle_i,
  input logic                  start_i,
  input logic                  start_confirm_i,
  input token_t                issue_i,
  input logic [1:0]            issue_step_i,
  input entry_t                issue_entry_i,
  input entry_t                start_entry_i,
  input entry_t                rr_issue_i,
  input entry_t                rr_walk_i
);
  localparam int unsigned NM = NumEntries;
  localparam int unsigned NP = NumPorts;
  typedef logic [NM-1:0] set_t;

  // ---- The cycle before, to see what became of its entries ----
  set_t free_q, pend_q, slk_q, denied_q, nwalk_q, walk_q, led_q;  // led: followers of the entry that got its outcome
  logic   restart_q;
  kind_t  kind_q;
  src_t   src_q;
  psize_t size_q;
  logic   d_q;
  always_ff @(posedge clk_i) begin
    free_q <= free_i;
    pend_q <= pend_i;
    slk_q <= slk_i;
    denied_q <= denied_i;
    nwalk_q <= nwalk_i;
    walk_q <= walk_i;
    for (int unsigned e = 0; e < NM; e++) begin
      led_q[e] <= out_valid_i && follow_i[e] && 32'(leader_i[e]) == 32'(out_entry_i);
    end
    restart_q <= restart_i || rst_i;
    kind_q <= out_kind_i;
    src_q <= out_src_i;
    size_q <= out_size_i;
    d_q <= out_data_i.d;
  end

  // ---- Allocation: what a new entry is, and whom it follows ----
  set_t fresh, after_pend, after_slk, after_denied, after_nwalk, after_walk, after_fresh;
  assign fresh = restart_q ? '0 : free_q & ~free_i;
  always_comb begin
    {after_pend, after_slk, after_denied, after_nwalk, after_walk, after_fresh} = '0;
    for (int unsigned e = 0; e < NM; e++) begin
      if (fresh[e] && follow_i[e]) begin
        after_pend[e]  = pend_q[leader_i[e]];
        after_slk[e]   = slk_q[leader_i[e]];
        after_denied[e] = denied_q[leader_i[e]];
        after_nwalk[e] = nwalk_q[leader_i[e]];
        after_walk[e]  = walk_q[leader_i[e]];
        after_fresh[e] = free_q[leader_i[e]];
      end
    end
  end
  `POINT(allocated__pend, (fresh & pend_i) != '0)
  `POINT(allocated__follow, (fresh & follow_i) != '0)
  if (Rewalk) begin : rewalk
    `POINT(allocated__confirm, confirm_i != '0)
    `POINT(merge_into__denied, after_denied != '0)
  end else begin : no_rewalk
    `POINT(allocated__fault, fault_i != '0)
  end
  `POINT(merge_into__pend, after_pend != '0)
  `POINT(merge_into__slk, after_slk != '0)
  `POINT(merge_into__nwalk, after_nwalk != '0)
  `POINT(merge_into__walk, after_walk != '0)
  // Two ports of one side in one cycle; a single port of each side cannot.
  if (PORTS_FETCH > 1 || PORTS_DATA > 1) begin : one_cycle
    `POINT(merge_into__same_cycle, after_fresh != '0)
  end
  `POINT(merge_of__fetch, (fresh & follow_i & fetch_i) != '0)
  `POINT(merge_of__data, (fresh & follow_i & ~fetch_i) != '0)
  for (genvar e = 0; e < int'(NM); e++) begin : entry
    `POINT(allocated, fresh[e])
    `POINT(follows, follow_i[e])
    if (e < 8) begin : order
      `POINT(issued, issue_i == TokLookup && 32'(issue_entry_i) == e)
      `POINT(dispatched, start_i && 32'(start_entry_i) == e)
    end
  end
  for (genvar n = 2; n <= int'(NP); n++) begin : ports
    `POINT(allocate_in_one_cycle, $countones(miss_i | confirm_i | fault_i) == n)
  end

  // A miss in the cycle in which the leader of its page leaves finds none.
  logic late;
  always_comb begin
    late = 1'b0;
    for (int unsigned p = 0; p < NP; p++) begin
      late |= out_valid_i && miss_i[p] && va_i[p][LinearBits-1:12] == entry_va_i[out_entry_i][LinearBits-1:12]
           && (p < NumFetch) == fetch_i[out_entry_i];
    end
  end
  `POINT(miss_as_leader_leaves__translation, late && out_kind_i == KindOk)
  `POINT(miss_as_leader_leaves__fault, late && out_kind_i == KindPf)
  `POINT(miss_as_leader_leaves__memory_error, late && out_kind_i == KindMemErr)

  // ---- What becomes of followers ----
  set_t served, back, write;
  always_comb for (int unsigned e = 0; e < NM; e++) write[e] = req_i[e].access.acc == AccWrite;
  assign served = restart_q ? '0 : led_q & done_i;
  assign back   = restart_q ? '0 : led_q & pend_i;
  `EACH_SIZE(merged_by_stlb_hit, size_q, served != '0 && src_q == SrcStlb)
  `EACH_SIZE(merged_by_walk, size_q, served != '0 && src_q == SrcWalk)
  `POINT(back_to_pend__rights, back != '0 && kind_q == KindOk && d_q)
  `POINT(back_to_pend__d_needed, (back & write) != '0 && kind_q == KindOk && !d_q)
  `POINT(back_to_pend__fault, back != '0 && kind_q == KindPf)
  `POINT(back_to_pend__memory_error, back != '0 && kind_q == KindMemErr)
  `POINT(followers__two_served, (served & (served - set_t'(1))) != '0)
  `POINT(followers__two_back, (back & (back - set_t'(1))) != '0)
  `POINT(followers__served_and_back, served != '0 && back != '0)

  // ---- Ready ----
  `POINT(full, free_i == '0)
  for (genvar p = 0; p < int'(NP); p++) begin : port
    `POINT(ready, ready_i[p])
    `POINT(refused__few_free, idle_i && !ready_i[p] && !done_port_i[p])
    `POINT(refused__response, idle_i && !ready_i[p] && done_port_i[p])
    `POINT(refused__control, !idle_i)
    `POINT(two_done, $countones(done_i & (p < int'(NumFetch) ? fetch_i : ~fetch_i)) > 1 && done_port_i[p])
    if (p > 0) begin : higher
      `POINT(refused__lower_ready, idle_i && !ready_i[p] && !done_port_i[p] && ready_i[p-1])
    end
  end

  // ---- Issue and dispatch ----
  `POINT(issue__lookup, issue_i == TokLookup)
  `POINT(issue__finv_4k, issue_i == TokFinv && issue_step_i == 2'd0)
  `POINT(issue__finv_2m, issue_i == TokFinv && issue_step_i == 2'd1)
  `POINT(issue__finv_1g, issue_i == TokFinv && issue_step_i == 2'd2)
  `POINT(issue__finv_before_pend, issue_i == TokFinv && pend_i != '0)
  `POINT(issue__two_finv, issue_i == TokFinv && (finv_i & (finv_i - set_t'(1))) != '0)
  `POINT(issue__blocked_by_fin, idle_i && any_fin_i && pend_i != '0)
  `POINT(issue__finv_blocked, idle_i && any_fin_i && finv_i != '0)
  `POINT(issue__choice, issue_i == TokLookup && (pend_i & (pend_i - set_t'(1))) != '0)
  `POINT(issue__wraps, issue_i == TokLookup && issue_entry_i < rr_issue_i)
  `POINT(dispatch__lookup, start_i && !start_confirm_i)
  if (Rewalk) begin : confirm
    `POINT(dispatch__confirm, start_i && start_confirm_i)
  end
  `POINT(dispatch__choice, start_i && (nwalk_i & (nwalk_i - set_t'(1))) != '0)
  `POINT(dispatch__wraps, start_i && start_entry_i < rr_walk_i)
  `POINT(dispatch__no_walker_idle, idle_i && nwalk_i != '0 && !any_idle_i)

  // ---- Responses ----
  // One outcome a cycle, with its followers on one side, and the end of one page fault: four at once would take a full
  // queue in a row of cycles.
  for (genvar n = 2; n <= int'(NP) && n <= 3; n++) begin : responses
    `POINT(in_one_cycle, $countones(done_port_i) == n)
  end
endmodule

bind mmu_miss_queue cover_queue u_cover_queue (
  .clk_i,
  .rst_i,
  .idle_i(ctl_idle_i),
  .restart_i,
  .ready_i(ready_o),
  .done_port_i(done_o),
  .miss_i(want_i & ~confirm_i & ~fault_i),
  .confirm_i,
  .fault_i,
  .va_i,
  .free_i(free_now),
  .pend_i(pend_now),
  .slk_i(slk_q),
  .nwalk_i(nwalk_q),
  .walk_i(walk_q),
  .follow_i(follow_now),
  .finv_i(finv_now),
  .finvw_i(finvw_q),
  .done_i(done_q),
  .denied_i(denied_now),
  .fetch_i(fetch),
  .wait_confirm_i(confirm_now),
  .entry_va_i(va_q),
  .leader_i(leader_q),
  .req_i(req_q),
  .out_valid_i,
  .out_entry_i,
  .out_kind_i,
  .out_src_i,
  .out_size_i,
  .out_data_i,
  .any_fin_i,
  .any_idle_i,
  .start_i(start_o),
  .start_confirm_i(start_confirm_o),
  .issue_i(issue_o),
  .issue_step_i(issue_step_o),
  .issue_entry_i(issue_entry_o),
  .start_entry_i(start_entry_o),
  .rr_issue_i(rr_issue_q),
  .rr_walk_i(rr_walk_q)
);
