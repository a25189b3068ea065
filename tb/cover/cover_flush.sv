// A control operation meets what is under way: every operation x every state of walkers, miss queue, STLB pipeline and
// memory port in the cycle in which it is accepted. Rules: docs/microarchitecture.md section 13 "IDLE".
`include "points.svh"
/* verilator coverage_off */
module cover_flush
  import mmu_pkg::*;
(
  input logic                  clk_i,
  input logic                  rst_i,
  input logic                  accept_i,                       // a control operation is accepted
  input logic [3:0]            op_i,
  input walk_state_t           walker_i [NumWalkers],
  input logic [NumWalkers-1:0] attached_i,
  input logic [NumWalkers-1:0] held_i,
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
  input logic [Stages-1:0][1:0] token_i,
  input logic                  start_i,
  input logic                  grant_i,
  input logic                  fill_i,
  input logic                  reply_i,
  input logic                  finv_done_i,
  input logic                  issue_lookup_i,
  input logic                  issue_finv_i,
  input logic [NumPorts-1:0]   request_i,
  input logic [NumPorts-1:0]   miss_i,
  input logic [NumPorts-1:0]   hit_i
);
  logic idle, req, waits, cas, casw, fin, lookup, finv, fill;
  always_comb begin
    {idle, req, waits, cas, casw, fin} = '0;
    for (int unsigned w = 0; w < NumWalkers; w++) begin
      idle |= walker_i[w] == WkIdle;
      req |= walker_i[w] == WkReq;
      waits |= walker_i[w] == WkWait;
      cas |= walker_i[w] == WkCas;
      casw |= walker_i[w] == WkCasWait;
      fin |= walker_i[w] == WkFin;
    end
    {lookup, finv, fill} = '0;
    for (int unsigned s = 0; s < Stages; s++) begin
      lookup |= token_i[s] == TokLookup;
      finv |= token_i[s] == TokFinv;
      fill |= token_i[s] == TokFill;
    end
  end

  `EACH_OP(walker_idle, op_i, accept_i && idle)
  `EACH_OP(walker_req, op_i, accept_i && req)
  `EACH_OP(walker_attached, op_i, accept_i && attached_i != '0)
  `EACH_OP(walker_held, op_i, accept_i && held_i != '0)
  `EACH_OP(walker_wait, op_i, accept_i && waits)
  `EACH_OP(walker_cas, op_i, accept_i && cas)
  `EACH_OP(walker_casw, op_i, accept_i && casw)
  `EACH_OP(walker_fin, op_i, accept_i && fin)

  `EACH_OP(queue_free, op_i, accept_i && free_i == '1)
  `EACH_OP(queue_full, op_i, accept_i && free_i == '0)
  `EACH_OP(queue_pend, op_i, accept_i && pend_i != '0)
  `EACH_OP(queue_slk, op_i, accept_i && slk_i != '0)
  `EACH_OP(queue_nwalk, op_i, accept_i && nwalk_i != '0)
  `EACH_OP(queue_walk, op_i, accept_i && walk_i != '0)
  `EACH_OP(queue_follow, op_i, accept_i && follow_i != '0)
  `EACH_OP(queue_finv, op_i, accept_i && finv_i != '0)
  `EACH_OP(queue_finvw, op_i, accept_i && finvw_i != '0)
  `EACH_OP(queue_done, op_i, accept_i && done_i != '0)
  if (Rewalk) begin : rewalk
    `EACH_OP(queue_denied, op_i, accept_i && denied_i != '0)
  end

  `EACH_OP(pipeline_lookup, op_i, accept_i && lookup)
  `EACH_OP(pipeline_finv, op_i, accept_i && finv)
  `EACH_OP(pipeline_fill, op_i, accept_i && fill)

  // What begins or ends in the very cycle.
  `EACH_OP(same_cycle_request, op_i, accept_i && request_i != '0)
  `EACH_OP(same_cycle_l1_hit, op_i, accept_i && hit_i != '0)
  `EACH_OP(same_cycle_miss, op_i, accept_i && miss_i != '0)
  `EACH_OP(same_cycle_issue, op_i, accept_i && issue_lookup_i)
  `EACH_OP(same_cycle_issue_finv, op_i, accept_i && issue_finv_i)
  `EACH_OP(same_cycle_dispatch, op_i, accept_i && start_i)
  `EACH_OP(same_cycle_reply, op_i, accept_i && reply_i)
  `EACH_OP(same_cycle_grant, op_i, accept_i && grant_i)
  `EACH_OP(same_cycle_fill, op_i, accept_i && fill_i)
  `EACH_OP(same_cycle_last_finv, op_i, accept_i && finv_done_i)
endmodule

bind mmu cover_flush u_cover_flush (
  .clk_i,
  .rst_i,
  .accept_i(ctl_accept),
  .op_i(ctl_op_i),
  .walker_i(u_walkers.state),
  .attached_i(u_walkers.attached),
  .held_i(u_walkers.held),
  .free_i(u_queue.free_now),
  .pend_i(u_queue.pend_now),
  .slk_i(u_queue.slk_q),
  .nwalk_i(u_queue.nwalk_q),
  .walk_i(u_queue.walk_q),
  .follow_i(u_queue.follow_now),
  .finv_i(u_queue.finv_now),
  .finvw_i(u_queue.finvw_q),
  .done_i(u_queue.done_q),
  .denied_i(u_queue.denied_now),
  .token_i(u_stlb.token_q),
  .start_i(start),
  .grant_i(grant),
  .fill_i(c_token == mmu_pkg::TokFill),
  .reply_i(mem_rsp_valid_i),
  .finv_done_i(finv_done),
  .issue_lookup_i(issue == mmu_pkg::TokLookup),
  .issue_finv_i(issue == mmu_pkg::TokFinv),
  .request_i(accept),
  .miss_i(want & ~confirm & ~fault),
  .hit_i(u_front.ok)
);
