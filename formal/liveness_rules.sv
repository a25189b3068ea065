// That a request is answered, and a control operation ends, within a bound (docs/microarchitecture.md sections 8, 9,
// 11, 12, 13), bound to mmu: if memory takes what it is offered within Takes cycles, answers within Answers, and if of
// the compare-and-swaps between two reads Lost at most are lost. Of a request there is a rank: an upper bound of the
// cycles until its response, told from the state alone. In every cycle in which no operation is under way it falls; and
// with the cycles that the request has waited it makes no more than Bound. How it is composed: docs/formal.md.
//
//     FOLLOW   the leader's way out of the leader states, then as PEND
//     PEND     until the other entry does not block, once more if it is first in turn, then as SLK
//     SLK      the stages that are left, then as NWALK
//     NWALK    until the walker is IDLE, once more if the other is first in turn, then as WALK
//     WALK     memory's steps that are left, the grant
//     FINV     as often as steps are left: until the other entry does not block
//     FINVW    the stages that are left
//     DONE     two cycles, if the other is answered first
//
// Of two entries and one walker: preset mini. (With more entries the lookup of one may wait as long as the others keep
// bringing page faults: section 8, Issue.)
`include "rules.svh"
module liveness_rules
  import mmu_pkg::*;
#(
  parameter int unsigned Takes = 2,
  parameter int unsigned Answers = 2,
  parameter int unsigned Lost = 1
) (
  input logic                   clk_i,
  input logic                   rst_i,
  input logic [NumPorts-1:0]    req_ready_o,
  input logic                   ctl_valid_i,
  input logic                   ctl_ready_o,
  input logic                   mem_req_valid_o,
  input logic                   mem_req_ready_i,
  input logic                   mem_req_cas_o,
  input logic [63:0]            mem_req_expected_o,
  input logic                   mem_rsp_valid_i,
  input logic                   mem_rsp_err_i,
  input logic [63:0]            mem_rsp_data_i,
  input logic [NumPorts-1:0]    resp_valid_o,
  input logic [NumPorts-1:0][7:0] resp_id_o,
  input logic [1:0]             free_q,
  input logic [1:0]             pend_q,
  input logic [1:0]             slk_q,
  input logic [1:0]             nwalk_q,
  input logic [1:0]             walk_q,
  input logic [1:0]             follow_q,
  input logic [1:0]             finv_q,
  input logic [1:0]             finvw_q,
  input logic [1:0]             done_q,
  input logic [1:0]             step0_q,
  input logic [1:0]             step1_q,
  input req_t [1:0]             req_q,
  input entry_t                 rr_issue_q,
  input entry_t                 rr_walk_q,
  input logic [Stages-1:0][1:0] token_q,
  input logic [Stages-1:0][1:0] step_q,
  input logic [Stages-1:0][5:0] entry_q,
  input walk_state_t            walker,  // the one there is
  input logic                   killed,
  input entry_t                 works_for,
  input logic                   held,
  input logic [2:0]             level,
  input logic [63:0]            value,
  input ctl_state_t             ctl_state,
  input logic [15:0]            sweep_j,
  input logic                   asked,       // the request that is looked at
  input logic [2:0]             watch_port,
  input logic [7:0]             watch_id,
  input logic [15:0]            owed,
  input logic                   busy
);
  if (NumEntries != 2 || NumWalkers != 1 || Rewalk || ReplyWords != 1 || mmu_cfg_pkg::ARCH_LA57 != 0) begin : g_mini
    $error("liveness_rules: the rank is that of preset mini");
  end
  typedef logic [15:0] rank_t;
  localparam rank_t Never = 16'h2000;  // of what waits for nothing
  localparam rank_t K = rank_t'(Stages);
  localparam rank_t Step = rank_t'(Takes + Answers);  // of memory: from the offer to the reply
  localparam rank_t Level = rank_t'(Lost + 2);  // steps of a level: a read, and one CAS that succeeds
  localparam rank_t Grant = K + 1;
  localparam rank_t Walk = 4 * Level * Step + Grant;
  localparam rank_t Block = Grant + 3;  // FIN, then three steps of FINV
  localparam rank_t Dispatch = (Walk + 1) + Step + Walk + 1;  // NWALK at most
  localparam rank_t Issue = (Block + 1) + Block + 1 + K + Dispatch;  // PEND at most
  localparam rank_t Fault = 2 * (Block + 1) + Block + 1 + K + 2;  // FINV at most
  localparam rank_t Bound = Issue + 1 + Issue + Fault;  // FOLLOW at most
  localparam rank_t Sweep = 4;  // steps of a sweep, and one
  localparam rank_t Operation = Step + 1 + 1 + Sweep;

  // ---- memory ----
  rank_t offered_for, owed_for, lost;
  logic  swapping;
  logic [63:0] expected;
  logic takes, loses;
  assign takes = mem_req_valid_o && mem_req_ready_i;
  assign loses = mem_rsp_valid_i && swapping && !mem_rsp_err_i && mem_rsp_data_i != expected;
  always_ff @(posedge clk_i) begin
    offered_for <= rst_i || !mem_req_valid_o || takes ? '0 : offered_for + 1;
    owed_for    <= takes ? '0 : owed_for + 1;
    if (loses) lost <= lost + 1;
    if (rst_i || (takes && !mem_req_cas_o)) lost <= '0;
    if (takes) {swapping, expected} <= {mem_req_cas_o, mem_req_expected_o};
  end

  // ---- the pipeline, the walker ----
  rank_t drains;                                                   // until no token is left
  rank_t walks;                                                    // until the walker is IDLE
  rank_t memory;                                                   // … its step of memory ends
  always_comb begin
    drains = '0;
    for (int i = Stages - 1; i >= 0; i--) if (token_q[i] != TokNone) drains = K - rank_t'(i);
    memory = '0;
    if (walker == WkReq || walker == WkCas) memory = Step - offered_for;
    if (walker == WkWait || walker == WkCasWait) memory = owed == '0 ? Never : rank_t'(Answers) - owed_for;
    case (walker)
      WkReq, WkWait:    walks = (rank_t'(level) * Level - 1) * Step + memory + Grant;
      WkCas, WkCasWait: walks = (rank_t'(level) * Level - 2 - lost) * Step + memory + Grant;
      WkFin:            walks = drains + 1;
      default:          walks = '0;
    endcase
    if (killed && walker != WkIdle)
      walks = (walker == WkReq || walker == WkCas) && !held || walker == WkFin ? 1 : memory;
  end

  // ---- the entries ----
  rank_t blocks[2], leads[2], rank[2];
  always_comb begin
    for (int unsigned e = 0; e < 2; e++) begin
      // How long it keeps the other from being issued.
      blocks[e] = '0;
      if (walk_q[e] && walker == WkFin) blocks[e] = walks + 3;
      if (finv_q[e]) blocks[e] = 3 - rank_t'({step1_q[e], step0_q[e]});
    end
    for (int unsigned e = 0; e < 2; e++) begin
      // Until it is in no leader state any more.
      leads[e] = '0;
      if (pend_q[e]) leads[e] = (32'(rr_issue_q) != e ? Block + 1 : 0) + blocks[1-e] + 1 + K + Dispatch;
      if (slk_q[e]) begin
        leads[e] = Never;
        for (int unsigned i = 0; i < Stages; i++)
        if (token_q[i] == TokLookup && entry_q[i] == 6'(e)) leads[e] = K - rank_t'(i) + Dispatch;
      end
      if (nwalk_q[e]) leads[e] = (32'(rr_walk_q) != e ? Walk + 1 : 0) + walks + Walk + 1;
      if (walk_q[e]) leads[e] = walker == WkIdle || killed ? Never : walks;
    end
    for (int unsigned e = 0; e < 2; e++) begin
      rank[e] = leads[e] + Fault;
      if (follow_q[e]) rank[e] = leads[1-e] + 1 + Issue + Fault;
      if (finv_q[e])
        rank[e] = (2 - rank_t'({step1_q[e], step0_q[e]})) * (Block + 1)
            + (finv_q[1-e] && e == 0 ? 0 : blocks[1-e]) + 1 + K + 2;
      if (finvw_q[e]) begin
        rank[e] = Never;
        for (int unsigned i = 0; i < Stages; i++)
        if (token_q[i] == TokFinv && entry_q[i] == 6'(e) && step_q[i] == 2'd2) rank[e] = K - rank_t'(i) + 2;
      end
      if (done_q[e]) rank[e] = e == 1 && done_q[0] && req_q[0].port == req_q[1].port ? 2 : 1;
    end
  end

  // ---- the request, and how long it has waited while no operation was under way ----
  rank_t was_rank[2];
  logic [1:0] was_free;
  logic nearer;
  always_comb begin
    nearer = 1'b1;
    for (int unsigned e = 0; e < 2; e++) if (!was_free[e] && !free_q[e] && !(rank[e] < was_rank[e])) nearer = 1'b0;
  end
  rank_t its, was_walks, age;
  logic calm, was_calm;
  assign calm = ctl_ready_o && !ctl_valid_i && !rst_i;
  always_comb begin
    its = Never;
    for (int unsigned p = 0; p < NumPorts; p++)
    if (watch_port == 3'(p) && resp_valid_o[p] && resp_id_o[p] == watch_id) its = '0;
    for (int unsigned e = 0; e < 2; e++)
    if (!free_q[e] && req_q[e].port == 4'(watch_port) && req_q[e].id == watch_id) its = rank[e];
  end
  // ---- the lowest port: until it is ready ----
  rank_t opens, was_opens, shut_for;
  always_comb begin
    opens = '0;
    if (!req_ready_o[0]) opens = free_q != '0 ? 1 : 1 + (rank[0] < rank[1] ? rank[0] : rank[1]);
  end
  // ---- the operation ----
  rank_t operation, was_operation, busy_for;
  always_comb begin
    case (ctl_state)
      CtlDrain: operation = walks + 1 + Sweep + 1;
      CtlExec:  operation = Sweep + 1;
      CtlSweep: operation = Sweep - rank_t'(sweep_j);
      default:  operation = '0;
    endcase
  end
  logic begun = 1'b0, was_rst, was_busy;
  always_ff @(posedge clk_i) begin
    begun         <= 1'b1;
    was_rst       <= rst_i;
    was_walks     <= walks;
    was_rank      <= rank;
    was_free      <= free_q;
    was_calm      <= calm;
    age           <= asked && calm ? age + 1 : '0;
    was_opens     <= opens;
    shut_for      <= !req_ready_o[0] && calm ? shut_for + 1 : '0;
    was_operation <= operation;
    was_busy      <= busy;
    busy_for      <= !rst_i && busy ? busy_for + 1 : '0;
  end

  always_ff @(posedge clk_i) begin
    if (begun) begin
      `OUTSIDE(memory_takes, mem_req_valid_o && offered_for == rank_t'(Takes - 1), mem_req_ready_i)
      `OUTSIDE(memory_answers, owed != '0 && owed_for == rank_t'(Answers - 1), mem_rsp_valid_i)
      `OUTSIDE(not_lost_again, lost == rank_t'(Lost), !loses)
      `PROPERTY(answered_in_time, asked && !rst_i, age <= Bound && its <= Bound - age)
      `PROPERTY(nearer_every_cycle, was_calm && (~was_free & ~free_q) != '0, nearer)
      `PROPERTY(ready_in_time, !req_ready_o[0] && ctl_ready_o, shut_for <= Bound + 1 && opens <= Bound + 1 - shut_for)
      `PROPERTY(ready_nearer_every_cycle, !req_ready_o[0] && was_opens != '0 && was_calm, opens < was_opens)
      `PROPERTY(walk_nearer_every_cycle, was_walks != '0 && !was_rst, walks < was_walks)
      `PROPERTY(operation_in_time, busy && !was_rst && !rst_i,
                busy_for <= Operation && operation <= Operation - busy_for)
      `PROPERTY(operation_nearer_every_cycle, busy && was_busy && !was_rst, operation < was_operation)
      // Lemmas.
      `PROPERTY(lemma_rank, begun, rank[0] <= Bound && rank[1] <= Bound)
      `PROPERTY(lemma_offered, mem_req_valid_o && !was_rst, offered_for < rank_t'(Takes) && (offered_for == '0 || held))
      `PROPERTY(lemma_owed, owed != '0, owed_for < rank_t'(Answers))
      `PROPERTY(lemma_lost, lost != '0, lost <= rank_t'(Lost))
      `PROPERTY(lemma_read, walker == WkWait, lost == '0 && !swapping)
      `PROPERTY(lemma_swap, walker == WkCasWait, swapping && expected == value)
      `PROPERTY(lemma_level, walker != WkIdle, level >= 3'd1 && level <= 3'd4)
      `PROPERTY(lemma_waits, walker == WkWait || walker == WkCasWait, owed != '0)
      `PROPERTY(lemma_turn, walker != WkIdle && !killed, rr_walk_q == 6'd1 - works_for)
      `PROPERTY(lemma_killed, ctl_state == CtlDrain && walker != WkIdle, killed)
      `PROPERTY(lemma_sweep, ctl_state == CtlSweep, rank_t'(sweep_j) < Sweep)
    end
  end
endmodule
bind mmu liveness_rules u_liveness (
  .free_q(u_queue.free_now),
  .pend_q(u_queue.pend_now),
  .slk_q(u_queue.slk_q),
  .nwalk_q(u_queue.nwalk_q),
  .walk_q(u_queue.walk_q),
  .follow_q(u_queue.follow_now),
  .finv_q(u_queue.finv_now),
  .finvw_q(u_queue.finvw_q),
  .done_q(u_queue.done_q),
  .step0_q(u_queue.step0_now),
  .step1_q(u_queue.step1_now),
  .req_q(u_queue.req_q),
  .rr_issue_q(u_queue.rr_issue_q),
  .rr_walk_q(u_queue.rr_walk_q),
  .token_q(u_stlb.token_q),
  .step_q(u_stlb.step_q),
  .entry_q(u_stlb.entry_q),
  .walker(u_walkers.state[0]),
  .killed(u_walkers.kill[0]),
  .works_for(u_walkers.entry[0]),
  .held(u_walkers.held[0]),
  .level(u_walkers.level[0]),
  .value(u_walkers.value[0]),
  .ctl_state(u_ctl.state_q),
  .sweep_j(u_ctl.j_q),
  .asked(u_ports.asked),
  .watch_port(u_ports.watch_port),
  .watch_id(u_ports.watch_id),
  .owed(u_memory.owed),
  .busy(u_ports.busy),
  .*
);
