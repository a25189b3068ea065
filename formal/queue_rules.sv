// What docs/microarchitecture.md sections 8 and 13 say of the miss queue, bound to it: each entry is in one state, a
// request keeps its entry and its id until it is answered or squashed, leaders live, choices are fair. The rules of its
// environment are those of the STLB's pipeline, of the walkers and of control.
`include "rules.svh"
module queue_rules
  import mmu_pkg::*;
#(
  parameter int unsigned NM = NumEntries,
  parameter int unsigned NP = NumPorts,
  parameter int unsigned IdxW = NM > 1 ? $clog2(NM) : 1
) (
  input logic                   clk_i,
  input logic                   rst_i,
  input logic                   ctl_idle_i,
  input logic                   restart_i,
  input rules_t                 rules_i,
  input logic [NP-1:0]          ready_o,
  input logic [NP-1:0]          ask_i,
  input logic [NP-1:0]          want_i,
  input logic [NP-1:0]          confirm_i,
  input logic [NP-1:0]          fault_i,
  input logic [NP-1:0]          was_ok_i,
  input logic [NP-1:0]          was_confirm_i,
  input logic [NP-1:0]          was_fault_i,
  input logic [NP-1:0][63:0]    va_i,
  input logic [NP-1:0][7:0]     id_i,
  input access_t                access_i [NP],
  input logic [NP-1:0]          squash_valid_i,
  input logic [NP-1:0][7:0]     squash_id_i,
  input logic [NM-1:0]          squashed_o,
  input logic                   any_fin_i,
  input token_t                 issue_o,
  input entry_t                 issue_entry_o,
  input logic [1:0]             issue_step_o,
  input entry_t                 c_entry_i,
  input logic                   walk_i,
  input logic                   walk_confirm_i,
  input logic                   finv_done_i,
  input logic                   out_valid_i,
  input entry_t                 out_entry_i,
  input kind_t                  out_kind_i,
  input data_t                  out_data_i,
  input page_t                  out_page_i,
  input logic                   any_idle_i,
  input logic                   start_o,
  input entry_t                 start_entry_o,
  input vpn_t                   start_vpn_o,
  input access_t                start_access_o,
  input logic                   start_confirm_o,
  input logic [NP-1:0]          done_o,
  input logic [NP-1:0]          done_squashed_o,
  input logic [7:0]             done_id_o [NP],
  input kept_t                  done_res_o [NP],
  input logic [NM-1:0]          faulty_now,
  input logic [NM-1:0]          free_q,
  input logic [NM-1:0]          pend_q,
  input logic [NM-1:0]          slk_q,
  input logic [NM-1:0]          nwalk_q,
  input logic [NM-1:0]          walk_q,
  input logic [NM-1:0]          follow_q,
  input logic [NM-1:0]          finv_q,
  input logic [NM-1:0]          finvw_q,
  input logic [NM-1:0]          done_q,
  input logic [NM-1:0]          denied_q,
  input logic [NM-1:0]          confirm_q,
  input logic [NM-1:0]          led_q,
  input logic [NM-1:0]          step0_q,
  input logic [NM-1:0]          step1_q,
  input logic [NM-1:0]          port_q [NP],
  input req_t [NM-1:0]          req_q,
  input kept_t [NM-1:0]         res_q,
  input addr_t [NM-1:0]         va_q,
  input logic [NM-1:0][IdxW-1:0] leader_q,
  input entry_t                 rr_issue_q,
  input entry_t                 rr_walk_q
);
  typedef logic [NM-1:0] set_t;
  typedef logic [6:0] count_t;
  localparam int unsigned PageW = LinearBits - 12;

  function automatic set_t lowest_of(input set_t s);
    return s & (~s + set_t'(1));
  endfunction
  function automatic logic single(input set_t s);
    return (s & (s - set_t'(1))) == '0;
  endfunction
  function automatic set_t one(input entry_t e);
    return set_t'(1) << e;
  endfunction
  // How many entries stand between two, upwards and around.
  function automatic count_t steps(input entry_t from, input entry_t to);
    return to >= from ? count_t'(to) - count_t'(from) : count_t'(to) + count_t'(NM) - count_t'(from);
  endfunction
  function automatic entry_t after(input entry_t e);
    return 32'(e) == NM - 1 ? '0 : e + 6'd1;
  endfunction
  // The entry that round robin chooses: no other of the set is nearer to the pointer.
  function automatic logic nearest(input set_t s, input entry_t from, input entry_t chosen);
    nearest = 1'b1;
    for (int unsigned e = 0; e < NM; e++) if (s[e] && steps(from, entry_t'(e)) < steps(from, chosen)) nearest = 1'b0;
  endfunction

  // ---- this cycle ----
  set_t leaders, busy, fetch, first_done, want_entry;
  logic [NP-1:0] want, has_done;
  logic in_one_state, port_known, leaders_live, leaders_same, done_told, ready_told, results_fit, steps_fit;
  assign leaders = pend_q | slk_q | nwalk_q | walk_q | denied_q;
  assign busy    = ~free_q;
  assign want    = want_i;
  always_comb begin
    set_t left;
    in_one_state = 1'b1;
    port_known   = 1'b1;
    leaders_live = 1'b1;
    leaders_same = 1'b1;
    done_told    = 1'b1;
    ready_told   = 1'b1;
    results_fit  = 1'b1;
    steps_fit    = 1'b1;
    fetch        = '0;
    first_done   = '0;
    has_done     = '0;
    want_entry   = '0;
    left         = free_q;
    for (int unsigned p = 0; p < NP; p++) begin
      if (p < NumFetch) fetch |= port_q[p];
      has_done[p] = (done_q & port_q[p]) != '0;
      first_done |= lowest_of(done_q & port_q[p]);
      if (done_o[p] != has_done[p]) done_told = 1'b0;
      if (ready_o[p] != (ctl_idle_i && !has_done[p] && left != '0)) ready_told = 1'b0;
      left = left & (left - set_t'(1));
      for (int unsigned e = 0; e < NM; e++) begin
        if (lowest_of(
                done_q & port_q[p]
            ) == one(
                entry_t'(e)
            ) && (done_id_o[p] != req_q[e].id || done_res_o[p] != res_q[e] || done_squashed_o[p] != squashed_o[e]))
          done_told = 1'b0;
      end
    end
    for (int unsigned e = 0; e < NM; e++) begin
      if (!$onehot(
              {
                free_q[e],
                pend_q[e],
                slk_q[e],
                nwalk_q[e],
                walk_q[e],
                follow_q[e],
                finv_q[e],
                finvw_q[e],
                done_q[e],
                denied_q[e]
              }
          ))
        in_one_state = 1'b0;
      for (int unsigned p = 0; p < NP; p++) begin
        if (busy[e] && port_q[p][e] != (req_q[e].port == 4'(p))) port_known = 1'b0;
      end
      if (busy[e] && 32'(req_q[e].port) >= NP) port_known = 1'b0;
      if (follow_q[e]) begin
        if (!led_q[e] || 32'(leader_q[e]) >= NM || !leaders[leader_q[e]]) leaders_live = 1'b0;
        if (va_q[leader_q[e]][LinearBits-1:12] != va_q[e][LinearBits-1:12] || fetch[leader_q[e]] != fetch[e])
          leaders_same = 1'b0;
      end
      if ((finv_q[e] || finvw_q[e]) && !faulty_now[e] && res_q[e].kind != KindPf) results_fit = 1'b0;
      if (busy[e] && step0_q[e] && step1_q[e]) steps_fit = 1'b0;
      if (finvw_q[e] && !step1_q[e]) steps_fit = 1'b0;
      if ((step0_q[e] || step1_q[e]) && (leaders[e] || follow_q[e])) steps_fit = 1'b0;
    end
  end

  // ---- the cycle before ----
  `RUN
  logic was_rst, was_restart, was_out, was_walk, was_walk_confirm, was_finv_done, was_start;
  set_t
      was_free,
      was_pend,
      was_denied,
      was_follow,
      was_finv,
      was_done,
      was_busy,
      was_squash,
      was_first_done,
      was_leaders,
      was_fetch;
  set_t was_step0, was_step1;
  logic [NP-1:0] was_ask, was_want, was_confirm, was_fault;
  logic [NP-1:0][63:0] was_va;
  logic [NP-1:0][7:0] was_id;
  access_t was_access [NP];
  req_t [NM-1:0] was_req;
  addr_t [NM-1:0] was_entry_va;
  logic [NM-1:0][IdxW-1:0] was_leader;
  entry_t was_out_entry, was_c_entry, was_issue_entry, was_start_entry, was_rr_issue, was_rr_walk;
  kind_t  was_out_kind;
  set_t   was_passes;  // which entries an outcome of the cycle would serve
  token_t was_issue;
  logic [1:0] was_step;
  always_ff @(posedge clk_i) begin
    was_rst          <= rst_i;
    was_restart      <= restart_i;
    was_out          <= out_valid_i;
    was_walk         <= walk_i;
    was_walk_confirm <= walk_confirm_i;
    was_finv_done    <= finv_done_i;
    was_start        <= start_o;
    was_free         <= free_q;
    was_pend         <= pend_q;
    was_denied       <= denied_q & ~squashed_o;
    was_follow       <= follow_q;
    was_finv         <= finv_q;
    was_done         <= done_q;
    was_busy         <= busy;
    was_squash       <= squashed_o & busy;
    was_first_done   <= first_done;
    was_leaders      <= leaders & ~squashed_o & ~(out_valid_i ? one(out_entry_i) : '0);
    was_fetch        <= fetch;
    was_step0        <= step0_q;
    was_step1        <= step1_q;
    was_ask          <= ask_i;
    was_want         <= want;
    was_confirm      <= confirm_i;
    was_fault        <= fault_i;
    was_va           <= va_i;
    was_id           <= id_i;
    was_access       <= access_i;
    was_req          <= req_q;
    was_entry_va     <= va_q;
    was_leader       <= leader_q;
    was_out_entry    <= out_entry_i;
    was_out_kind     <= out_kind_i;
    was_c_entry      <= c_entry_i;
    was_issue        <= issue_o;
    was_issue_entry  <= issue_entry_o;
    was_step         <= issue_step_o;
    was_start_entry  <= start_entry_o;
    was_rr_issue     <= rr_issue_q;
    was_rr_walk      <= rr_walk_q;
    for (int unsigned e = 0; e < NM; e++) begin
      was_passes[e] <= out_kind_i == KindOk && rights_pass(out_page_i, req_q[e].access, rules_i) &&
          (req_q[e].access.acc != AccWrite || out_data_i.d);
    end
  end
  logic live;
  assign live = begun && !was_rst;

  // ---- what became of them ----
  logic kept, fresh_fit, fresh_known, fresh_states, fresh_place, led_served, led_back, answered_free;
  set_t ended, fresh, was_led;
  always_comb begin
    logic found;
    set_t same, now, left;
    ended         = was_first_done | was_squash;
    fresh         = was_free & busy;
    was_led       = '0;
    kept          = 1'b1;
    fresh_fit     = $countones(fresh) == $countones(was_want);
    fresh_known   = 1'b1;
    fresh_states  = 1'b1;
    fresh_place   = 1'b1;
    left          = was_free;
    led_served    = 1'b1;
    led_back      = 1'b1;
    answered_free = (ended & busy) == '0;
    same          = '0;
    now           = '0;
    found         = 1'b0;
    for (int unsigned e = 0; e < NM; e++) begin
      if (was_busy[e] && !ended[e] && (!busy[e] || req_q[e] != was_req[e])) kept = 1'b0;
      was_led[e] = was_out && was_follow[e] && entry_t'(was_leader[e]) == was_out_entry;
      if (was_led[e] && !was_squash[e] && (was_passes[e] ? !done_q[e] || res_q[e].src != SrcMerged : !pend_q[e]))
        led_served = 1'b0;
      if (was_follow[e] && was_squash[was_leader[e]] && !was_squash[e] && !pend_q[e] && !was_led[e]) led_back = 1'b0;
    end
    // Each port that wanted an entry has one, and no other entry is taken.
    for (int unsigned p = 0; p < NP; p++) begin
      now = fresh & port_q[p];
      if (was_want[p] != (now != '0) || !single(now)) fresh_fit = 1'b0;
      if (now != '0 && now != lowest_of(left)) fresh_place = 1'b0;
      left = left & ~lowest_of(left);
      for (int unsigned e = 0; e < NM; e++) begin
        if (now[e]) begin
          if (req_q[e].id != was_id[p] || req_q[e].access != was_access[p] ||
              va_q[e][LinearBits-1:0] != was_va[p][LinearBits-1:0])
            fresh_known = 1'b0;
          // Its leader: the lowest of those of its side and page, of this cycle's lower ports too.
          same = '0;
          for (int unsigned i = 0; i < NM; i++) begin
            if (was_leaders[i] && was_fetch[i] == (p < NumFetch) &&
                was_entry_va[i][LinearBits-1:12] == was_va[p][LinearBits-1:12])
              same[i] = 1'b1;
            for (int unsigned q = 0; q < p; q++) begin
              if (fresh[i] && port_q[q][i] && (pend_q[i] || denied_q[i]) && (q < NumFetch) == (p < NumFetch) &&
                  was_va[q][LinearBits-1:12] == was_va[p][LinearBits-1:12])
                same[i] = 1'b1;
            end
          end
          if (was_confirm[p]) found = denied_q[e] && confirm_q[e];
          else if (was_fault[p]) found = finv_q[e] && !confirm_q[e] && !step0_q[e] && !step1_q[e];
          else if (same != '0) found = follow_q[e] && one(entry_t'(leader_q[e])) == lowest_of(same);
          else found = pend_q[e];
          if (!found) fresh_states = 1'b0;
        end
      end
    end
  end

  // ---- how often others were chosen while an entry has waited without a break ----
  count_t issued_past [NM];
  count_t started_past [NM];
  logic issue_bounded, issue_aged, any_issued, start_bounded, start_aged, any_started;
  always_ff @(posedge clk_i) begin
    for (int unsigned e = 0; e < NM; e++) begin
      if (rst_i || !pend_q[e] || (issue_o == TokLookup && issue_entry_o == entry_t'(e))) issued_past[e] <= '0;
      else if (issue_o == TokLookup) issued_past[e] <= issued_past[e] + 7'd1;
      if (rst_i || !nwalk_q[e] || (start_o && start_entry_o == entry_t'(e))) started_past[e] <= '0;
      else if (start_o) started_past[e] <= started_past[e] + 7'd1;
    end
  end
  always_comb begin
    issue_bounded = 1'b1;
    issue_aged    = 1'b1;
    any_issued    = 1'b0;
    start_bounded = 1'b1;
    start_aged    = 1'b1;
    any_started   = 1'b0;
    for (int unsigned e = 0; e < NM; e++) begin
      if (issued_past[e] != '0) any_issued = 1'b1;
      if (issued_past[e] > count_t'(NM - 1)) issue_bounded = 1'b0;
      if (issued_past[e] != '0 && issued_past[e] + steps(rr_issue_q, entry_t'(e)) > count_t'(NM - 1)) issue_aged = 1'b0;
      if (started_past[e] != '0) any_started = 1'b1;
      if (started_past[e] > count_t'(NM - 1)) start_bounded = 1'b0;
      if (started_past[e] != '0 && started_past[e] + steps(rr_walk_q, entry_t'(e)) > count_t'(NM - 1))
        start_aged = 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      // ---- the environment ----
      `SUPPOSED(asks_when_ready, ask_i != '0, (ask_i & ~ready_o) == '0 && (confirm_i & fault_i) == '0)
      `SUPPOSED(wants_what_is_asked, want != '0, (want & ~ask_i) == '0)
      `SUPPOSED(wants_if_denied, ask_i != '0, (ask_i & (confirm_i | fault_i) & ~want) == '0)
      `SUPPOSED(verdict_is_told_again, live && was_ask != '0,
                (was_ask & (was_ok_i ^ ~was_want)) == '0 && (was_ask & (was_confirm_i ^ was_confirm)) == '0
                && (was_ask & (was_fault_i ^ was_fault)) == '0)
      `SUPPOSED(restart_in_idle, restart_i, ctl_idle_i)
      `SUPPOSED(lookup_is_of_slk, walk_i, 32'(c_entry_i) < NM && slk_q[c_entry_i[IdxW-1:0]] && !out_valid_i)
      `SUPPOSED(outcome_is_of_slk_or_walk, out_valid_i,
                32'(out_entry_i) < NM && (slk_q[out_entry_i[IdxW-1:0]] || walk_q[out_entry_i[IdxW-1:0]])
                && out_kind_i != KindGp)
      `SUPPOSED(finv_is_of_finvw, finv_done_i, 32'(c_entry_i) < NM && finvw_q[c_entry_i[IdxW-1:0]])
      // ---- states ----
      `PROPERTY(one_state, begun, in_one_state)
      `PROPERTY(kept_until_ended, live && (was_busy & ~ended) != '0, kept)
      `PROPERTY(ended_is_free, live && ended != '0, answered_free)
      `PROPERTY(one_entry_a_request, live && (was_want != '0 || was_free == '0), fresh_fit)
      `PROPERTY(entry_of_its_port, live && was_want != '0, fresh_place)
      `PROPERTY(entry_knows_its_request, live && was_want != '0, fresh_known)
      `PROPERTY(lowest_done_answers, done_q != '0, done_told)
      `PROPERTY(ready_has_room, free_q != '0 && ctl_idle_i, ready_told)
      // ---- merging ----
      `PROPERTY(merges_into_the_lowest, live && !was_restart && was_want != '0, fresh_states)
      `PROPERTY(leader_lives, follow_q != '0, leaders_live)
      `PROPERTY(leader_has_the_page, follow_q != '0, leaders_same)
      `PROPERTY(followers_judged, live && !was_restart && was_led != '0, led_served)
      `PROPERTY(fault_not_inherited, live && !was_restart && (was_led & ~was_squash) != '0 && was_out_kind != KindOk,
                (was_led & ~was_squash & ~pend_q) == '0)
      // ---- choices ----
      `PROPERTY(issue_in_turn, issue_o == TokLookup,
                32'(issue_entry_o) < NM && pend_q[issue_entry_o[IdxW-1:0]] && finv_q == '0 && nearest(
                pend_q, rr_issue_q, issue_entry_o))
      `PROPERTY(issue_moves_on, live && was_issue == TokLookup, rr_issue_q == after(was_issue_entry))
      `PROPERTY(issue_pointer_stays, live && was_issue != TokLookup, rr_issue_q == was_rr_issue)
      `PROPERTY(pend_not_passed_over, any_issued, issue_bounded)
      `PROPERTY(denied_walks, live && !was_restart && was_denied != '0, (was_denied & ~nwalk_q) == '0)
      `PROPERTY(dispatch_in_turn, start_o,
                32'(start_entry_o) < NM && nwalk_q[start_entry_o[IdxW-1:0]] && any_idle_i && nearest(
                nwalk_q, rr_walk_q, start_entry_o))
      `PROPERTY(walk_is_the_entrys, start_o && 32'(start_entry_o) < NM,
                start_vpn_o[PageW-1:0] == va_q[start_entry_o[IdxW-1:0]][LinearBits-1:12]
                && start_access_o == req_q[start_entry_o[IdxW-1:0]].access
                && start_confirm_o == confirm_q[start_entry_o[IdxW-1:0]])
      `PROPERTY(dispatch_moves_on, live && was_start, rr_walk_q == after(was_start_entry))
      `PROPERTY(nwalk_not_passed_over, any_started, start_bounded)
      `PROPERTY(
          waiting_is_chosen, ctl_idle_i && (((pend_q | finv_q) != '0 && !any_fin_i) || (nwalk_q != '0 && any_idle_i)),
          ((pend_q | finv_q) == '0 || any_fin_i || issue_o != TokNone) && (nwalk_q == '0 || !any_idle_i || start_o))
      `PROPERTY(nothing_outside_idle, !ctl_idle_i && busy != '0, issue_o == TokNone && !start_o)
      `PROPERTY(nothing_beside_fin, any_fin_i && busy != '0, issue_o == TokNone)
      // ---- page faults ----
      `PROPERTY(lowest_finv_first, issue_o == TokFinv, one(issue_entry_o) == lowest_of(finv_q
                ) && issue_step_o == {step1_q[issue_entry_o[IdxW-1:0]], step0_q[issue_entry_o[IdxW-1:0]]})
      `PROPERTY(finv_steps_on, live && was_issue == TokFinv && !was_restart && !was_squash[was_issue_entry[IdxW-1:0]],
                was_step == 2'd2 ? finvw_q[was_issue_entry[IdxW-1:0]] :
                finv_q[was_issue_entry[IdxW-1:0]] &&
                {step1_q[was_issue_entry[IdxW-1:0]], step0_q[was_issue_entry[IdxW-1:0]]} == was_step + 2'd1)
      `PROPERTY(finv_has_a_fault, (finv_q | finvw_q) != '0, results_fit)
      // ---- control operations and squashes ----
      `PROPERTY(restart_leaves_pend_and_done, live && was_restart && busy != '0,
                (busy & ~pend_q & ~done_q) == '0 && (pend_q & (confirm_q | led_q | step0_q | step1_q)) == '0)
      `PROPERTY(done_stays_at_restart, live && was_restart && (was_done & ~ended) != '0,
                (was_done & ~ended & ~done_q) == '0)
      `PROPERTY(squash_frees, live && was_squash != '0, (was_squash & ~free_q) == '0)
      `PROPERTY(followers_of_squashed, live && !was_restart && was_squash != '0, led_back)
      `PROPERTY(pend_without_confirm, (pend_q | slk_q | follow_q) != 0, ((pend_q | slk_q | follow_q) & confirm_q) == 0)
      // Lemmas.
      `PROPERTY(lemma_ports, busy != '0, port_known)
      `PROPERTY(lemma_steps, busy != '0, steps_fit)
      `PROPERTY(lemma_pointers, 1'b1, 32'(rr_issue_q) < NM && 32'(rr_walk_q) < NM)
      `PROPERTY(lemma_issue_aged, any_issued && !rst_i, issue_aged)
      `PROPERTY(lemma_start_aged, any_started && !rst_i, start_aged)
    end
  end
endmodule
// The sets as they are in this cycle: with those that asked in the one before.
bind mmu_miss_queue queue_rules u_rules (
  .free_q(free_now),
  .pend_q(pend_now),
  .denied_q(denied_now),
  .follow_q(follow_now),
  .finv_q(finv_now),
  .confirm_q(confirm_now),
  .led_q(led_now),
  .step0_q(step0_now),
  .step1_q(step1_now),
  .port_q(port_now),
  .*
);
