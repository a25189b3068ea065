// The outstanding requests: allocation and merging, issue to the STLB, dispatch to the walkers, outcomes, followers.
//
// The state of the entries is kept as one set (a bit per entry) for each state, so that every choice is a
// lowest-bit search. An entry is in one set at most; in none it is FREE. What an L1 says of a request comes too late
// for the sets of the next cycle. It is kept in registers, and with what was asked for it makes the sets of that cycle
// (`…_now`); DENIED is the one that no register holds.
//
//     PEND     waits for an STLB lookup slot            FOLLOW   waits for the outcome of its leader
//     SLK      its LOOKUP is in the pipeline            FINV     its page-fault invalidation is to be issued
//     NWALK    waits for a walker                       FINVW    the last invalidation is in the pipeline
//     WALK     a walker works for it                    DONE     waits for its response slot
//     DENIED   its L1 denied the access; NWALK in the next cycle
//
//     cycle      t        t+1            t+1+k      t+2+k            …     f       f+1     f+2
//     entry      miss     PEND, issue    SLK, in C  NWALK, dispatch  WALK  grant   DONE    response
//
// An address is kept as far as it counts (addr_t), a result as kept_t; what nobody asks for is x, not 0. A translation
// is written over the linear address, but for the bits below the page size.
//
// Cost: PEND, NWALK and DONE one cycle each when alone. Of tiny 1,044 LUT6, 376 flip-flops (as first written,
// with whole addresses and a follower's own look-up of the page's rights: 1,850, 468).
// Rules: docs/microarchitecture.md section 8.
module mmu_miss_queue
  import mmu_pkg::*;
#(
  parameter bit Gated = 1'b0  // of mmu
) (
  input  logic                  clk_i,
  input  logic                  rst_i,
  input  logic                  ctl_idle_i,
  input  logic                  restart_i,                     // a control operation is accepted in this cycle
  input  rules_t                rules_i,
  input  types_t                types_i,
  // allocation: what port p wants in this cycle
  output logic [NumPorts-1:0]   ready_o,
  input  logic [NumPorts-1:0]   ask_i,                         // it may want an entry, which its L1 decides
  input  logic [NumPorts-1:0]   want_i,                        // an entry: merged, else PEND, if it is none of these
  input  logic [NumPorts-1:0]   confirm_i,                     // an entry in DENIED with confirm
  input  logic [NumPorts-1:0]   fault_i,                       // an entry in FINV
  // … and once more a cycle later, out of registers, what became of those that asked
  input  logic [NumPorts-1:0]   was_ok_i,                      // no entry is wanted
  input  logic [NumPorts-1:0]   was_confirm_i,
  input  logic [NumPorts-1:0]   was_fault_i,
  input  err_t                  was_err_i [NumPorts],          // … with this error code
  input  logic [NumPorts-1:0][63:0] va_i,                      // masked
  input  logic [NumPorts-1:0][7:0]  id_i,
  input  access_t               access_i [NumPorts],
  // requests that the core drops
  input  logic [NumPorts-1:0]   squash_valid_i,
  input  logic [NumPorts-1:0][7:0]  squash_id_i,
  output logic [NumEntries-1:0] squashed_o,                    // their entries
  // STLB pipeline
  input  logic                  any_fin_i,
  output token_t                issue_o,
  output entry_t                issue_entry_o,
  output logic [1:0]            issue_step_o,
  // verilator lint_off UNUSEDSIGNAL
  // (an entry number has six bits in every configuration)
  input  entry_t                a_entry_i,
  // verilator lint_on UNUSEDSIGNAL
  output vpn_t                  a_vpn_o,
  input  entry_t                c_entry_i,
  output access_t               c_access_o,
  // outcomes
  input  logic                  walk_i,                        // c_entry_i → NWALK
  input  logic                  walk_confirm_i,
  input  logic                  finv_done_i,                   // c_entry_i → DONE
  input  logic                  out_valid_i,
  input  entry_t                out_entry_i,
  input  kind_t                 out_kind_i,
  input  src_t                  out_src_i,
  input  err_t                  out_err_i,
  input  psize_t                out_size_i,
  // verilator lint_off UNUSEDSIGNAL
  // (what it grants comes as a page)
  input  data_t                 out_data_i,
  // verilator lint_on UNUSEDSIGNAL
  input  page_t                 out_page_i,                    // what it grants
  output logic                  out_fetch_o,                   // the entry belongs to a fetch port
  // dispatch
  input  logic                  any_idle_i,
  output logic                  start_o,
  output entry_t                start_entry_o,
  output vpn_t                  start_vpn_o,
  output access_t               start_access_o,
  output logic                  start_confirm_o,
  output logic                  start_squashed_o,              // it is dropped in this very cycle
  // response stage: the lowest DONE entry of each port
  output logic [NumPorts-1:0]   done_o,
  output logic [NumPorts-1:0]   done_squashed_o,
  output logic [7:0]            done_id_o  [NumPorts],
  output kept_t                 done_res_o [NumPorts],
  output addr_t                 done_addr_o [NumPorts],
  output logic                  only_waits_o,                  // section 15, as far as entries go
  // state readout
  input  logic                  peek_i,
  input  logic [15:0]           peek_idx_i,
  output logic [63:0]           peek_word0_o,
  output logic [63:0]           peek_word1_o,
  output logic [15:0]           pointers_o                     // rr_walk, rr_issue
);
  localparam int unsigned NP = NumPorts;
  localparam int unsigned NM = NumEntries;
  localparam int unsigned IdxW = NM > 1 ? $clog2(NM) : 1;
  typedef logic [NM-1:0] set_t;
  typedef logic [IdxW-1:0] idx_t;

  set_t free_q, pend_q, slk_q, nwalk_q, walk_q, follow_q, finv_q, finvw_q, done_q;
  set_t confirm_q, led_q;  // led: leader_q is meant
  set_t step0_q, step1_q;  // the two bits of each entry's next FINV step
  set_t port_q [NP];                                           // entries last used by each port
  // Packed: of an unpacked array a simulator keeps a flag for each assignment to an element, and here are many.
  req_t  [NM-1:0] req_q;
  kept_t [NM-1:0] res_q;                                       // set in FINV, FINVW, DONE
  addr_t [NM-1:0] va_q;                                        // the linear, in DONE with KindOk the physical address
  idx_t  [NM-1:0] leader_q;
  entry_t rr_issue_q, rr_walk_q;
  set_t new_q [NP];                                            // the entry that port p asked for in the cycle before
  set_t follows_q;                                             // would merge
  logic plain_q;                                               // but a control operation starts all of them anew

  function automatic set_t one(input entry_t e);
    return set_t'(1) << e;
  endfunction
  function automatic set_t first(input set_t s);  // the lowest in it
    return s & (~s + set_t'(1));
  endfunction
  function automatic set_t from_on(input set_t s, input idx_t from);  // round robin: the lowest from there, else of all
    set_t above;
    above = s & (set_t'('1) << from);
    return first(above != '0 ? above : s);
  endfunction
  function automatic set_t with_bit(input int b);  // the entries whose number has this bit
    for (int i = 0; i < int'(NM); i++) with_bit[i] = ((i >> b) & 1) != 0;
  endfunction
  function automatic idx_t number(input set_t s);  // of the one in it
    for (int b = 0; b < int'(IdxW); b++) number[b] = (s & with_bit(b)) != '0;
  endfunction
  function automatic entry_t after(input idx_t n);  // the next one, modulo NM
    idx_t next;
    next = n + idx_t'(1);
    return 32'(n) == NM - 1 ? '0 : entry_t'(next);
  endfunction
  function automatic vpn_t vpn_of(input addr_t a);
    return vpn_t'(linear_of(a) >> 12);
  endfunction

  // ---- The entries as they are in this cycle ----
  // The registers do not say yet who of those that asked in the cycle before got an entry: the L1s' verdict is late,
  // and is kept beside them. What nobody asks of a FREE entry is written as if the verdict had been a miss.
  set_t free_now, pend_now, follow_now, finv_now, confirm_now, led_now, step0_now, step1_now;
  set_t faulty_now;                                            // page faults told by an L1: no result is kept yet
  set_t port_now [NP];
  set_t denied_now;                                            // DENIED; NWALK in the next cycle
  logic [NP-1:0] plain_now;                                    // port p's new entry is in PEND
  always_comb begin : p_now
    set_t asked, taken;
    asked      = '0;
    taken      = '0;
    denied_now = '0;
    faulty_now = '0;
    for (int unsigned p = 0; p < NP; p++) begin
      asked |= new_q[p];
      if (!was_ok_i[p]) taken |= new_q[p];
      plain_now[p]  = !was_ok_i[p] && !(was_confirm_i[p] && !plain_q) && !(was_fault_i[p] && !plain_q) &&
          (new_q[p] & ~follows_q) != '0;
      if (was_confirm_i[p] && !plain_q) denied_now |= new_q[p];
      if (was_fault_i[p] && !plain_q) faulty_now |= new_q[p];
    end
    for (int unsigned p = 0; p < NP; p++) port_now[p] = (port_q[p] & ~asked) | new_q[p];
    free_now    = free_q & ~taken;
    finv_now    = finv_q | faulty_now;
    follow_now  = follow_q | (taken & follows_q & ~denied_now & ~faulty_now);
    pend_now    = pend_q | (taken & ~follows_q & ~denied_now & ~faulty_now);
    confirm_now = (confirm_q & ~asked) | denied_now;
    led_now     = (led_q & ~asked) | (asked & follows_q & ~denied_now & ~faulty_now);
    step0_now   = step0_q & ~asked;
    step1_now   = step1_q & ~asked;
  end

  // ---- What happens to the entries in this cycle, decided from registers alone ----
  logic busy;
  assign busy = free_now != '1;

  always_comb begin : p_ready
    set_t left;
    left    = free_now;
    ready_o = '0;
    done_o  = '0;
    for (int unsigned p = 0; p < NP; p++) begin
      done_o[p]  = (done_q & port_now[p]) != '0;
      ready_o[p] = ctl_idle_i && !done_o[p] && left != '0;     // port p needs p+1 FREE entries
      left       = left & (left - set_t'(1));
    end
  end

  // The entries that are squashed: of each port the one with the id, if there is one. (One that was asked for and is
  // FREE may be among them. It loses nothing.)
  set_t squash;
  always_comb begin : p_squash
    set_t free;
    squash = '0;
    free   = free_q;
    if (squash_valid_i != '0) begin
      for (int unsigned p = 0; p < NP; p++) free &= ~new_q[p];
      for (int unsigned p = 0; p < NP; p++) begin
        for (int unsigned i = 0; i < NM; i++) begin
          if (squash_valid_i[p] && port_now[p][i] && !free[i] && req_q[i].id == squash_id_i[p]) squash[i] = 1'b1;
        end
      end
    end
  end
  assign squashed_o = squash;

  // Response stage: the lowest DONE entry of each port.
  always_comb begin : p_done
    idx_t e;
    e = '0;
    done_squashed_o = '0;
    for (int unsigned p = 0; p < NP; p++) begin
      done_id_o[p]   = 'x;
      done_res_o[p]  = 'x;
      done_addr_o[p] = 'x;
      if (done_o[p]) begin
        e             = number(first(done_q & port_now[p]));
        done_id_o[p]  = req_q[e].id;
        done_res_o[p] = res_q[e];
        done_addr_o[p] = va_q[e];
        done_squashed_o[p] = squash[e];
      end
    end
  end

  // Issue: a page-fault invalidation first, else the next PEND. Dispatch: the next NWALK. Chosen is a set of one, that
  // nothing has to be counted or shifted.
  // An entry whose port asked for it in the cycle before is known late. So of the others one is chosen without it, and
  // it is known which of them it would precede, and whom of its like.
  set_t issued, started;
  logic [NP-1:0] issues_before;  // port p's new entry would precede all the others
  logic [NP-1:0] issues_after [NP];                            // … and would come after that of port q
  function automatic logic comes_after(input set_t it, input set_t others, input idx_t from);
    return (from_on(it | others, from) & it) == '0;
  endfunction
  always_comb begin : p_order
    issues_before = '0;
    for (int unsigned p = 0; p < NP; p++) begin
      issues_after[p] = '0;
      if (!Gated || plain_now[p]) begin
        issues_before[p] = !comes_after(new_q[p], pend_q, idx_t'(rr_issue_q));
        for (int unsigned q = 0; q < NP; q++) begin
          issues_after[p][q] = comes_after(new_q[p], new_q[q], idx_t'(rr_issue_q));
        end
      end
    end
  end
  always_comb begin : p_choose
    idx_t e;
    e                = '0;
    issued           = '0;
    started          = '0;
    issue_o          = TokNone;
    issue_entry_o    = '0;
    issue_step_o     = '0;
    start_o          = 1'b0;
    start_entry_o    = '0;
    start_vpn_o      = 'x;
    start_access_o   = 'x;
    start_confirm_o  = 1'bx;
    start_squashed_o = 1'b0;
    if ((!Gated || busy) && ctl_idle_i) begin
      if (finv_now != '0 && !any_fin_i) begin
        issue_o       = TokFinv;
        issued        = first(finv_now);
        issue_entry_o = entry_t'(number(issued));
        issue_step_o  = {(step1_now & issued) != '0, (step0_now & issued) != '0};
      end else if (pend_now != '0 && !any_fin_i) begin
        issue_o       = TokLookup;
        issued        = from_on(pend_q, idx_t'(rr_issue_q));
        issue_entry_o = entry_t'(number(issued));
        for (int unsigned p = 0; p < NP; p++) begin
          if (plain_now[p] && issues_before[p] && (plain_now & issues_after[p]) == '0) begin
            issued        = new_q[p];
            issue_entry_o = entry_t'(number(new_q[p]));
          end
        end
      end
      if (nwalk_q != '0 && any_idle_i) begin
        start_o          = 1'b1;
        started          = from_on(nwalk_q, idx_t'(rr_walk_q));
        e                = number(started);
        start_entry_o    = entry_t'(e);
        start_vpn_o      = vpn_of(va_q[e]);
        start_access_o   = req_q[e].access;
        start_confirm_o  = confirm_q[e];
        start_squashed_o = squash[e];
      end
    end
  end

  always_comb begin : p_tokens
    a_vpn_o    = 'x;
    c_access_o = 'x;
    if (busy) a_vpn_o = vpn_of(va_q[idx_t'(a_entry_i)]);
    if (slk_q != '0) c_access_o = req_q[idx_t'(c_entry_i)].access;  // asked of a LOOKUP alone
  end

  set_t fetch, out_fetch;  // entries of fetch ports; whose outcome there is, is no new one
  always_comb begin : p_fetch
    fetch     = '0;
    out_fetch = '0;
    for (int unsigned p = 0; p < NumFetch; p++) begin
      fetch |= port_now[p];
      out_fetch |= port_q[p];
    end
  end
  assign out_fetch_o = out_fetch[idx_t'(out_entry_i)];

  // What the entry with an outcome answers.
  res_t out_res;
  always_comb begin : p_result
    out_res = '0;
    if (out_valid_i) begin
      out_res = '{mt: '0, pat: '0, size: '0, err: out_err_i, kind: out_kind_i, src: out_src_i};
      if (out_kind_i == KindOk) begin
        out_res.mt   = memory_type(out_data_i.pat, types_i);
        out_res.pat  = out_data_i.pat;
        out_res.size = out_size_i;
      end
    end
  end

  // ---- The entries ----
  always_ff @(posedge clk_i) begin : p_entries
    set_t free, pend, slk, nwalk, walk, follow, finv, finvw, done, confirm, led, step0, step1;
    set_t left, leaders, ends, served, same, e;
    set_t room [NP];                                           // the FREE entry of port p: lowest first
    set_t lead  [NP];                                          // the leader port p follows, one bit or none
    logic [NP-1:0] leads;                                      // it leads itself: in PEND or NWALK
    logic passes;
    if (!Gated || busy || want_i != '0 || restart_i || rst_i) begin
      free = free_now;
      pend = pend_now;
      slk = slk_q;
      nwalk = nwalk_q | denied_now;  // DENIED → NWALK
      walk = walk_q;
      follow = follow_now;
      finv = finv_now;
      finvw = finvw_q;
      done = done_q;
      confirm = confirm_now;
      led = led_now;
      step0 = step0_now;
      step1 = step1_now;

      for (int unsigned p = 0; p < NP; p++) begin  // response stage: DONE → FREE
        e = first(done_q & port_now[p]);
        done &= ~e;
        free |= e;
      end

      if (issue_o == TokLookup) begin  // PEND → SLK
        e = issued;
        pend &= ~e;
        slk |= e;
        rr_issue_q <= after(idx_t'(issue_entry_o));
      end else if (issue_o == TokFinv) begin  // FINV, steps 0 1 2 → FINVW
        e = issued;
        if (issue_step_o == 2'd2) begin
          finv &= ~e;
          finvw |= e;
        end else if (issue_step_o == 2'd1) begin
          step0 &= ~e;
          step1 |= e;
        end else step0 |= e;
      end
      if (start_o) begin  // NWALK → WALK
        e = started;
        nwalk &= ~e;
        walk |= e;
        rr_walk_q <= after(idx_t'(start_entry_o));
      end
      if (walk_i) begin  // SLK → NWALK
        e = one(c_entry_i);
        slk &= ~e;
        nwalk |= e;
        if (walk_confirm_i) confirm |= e;
        else confirm &= ~e;
      end
      if (finv_done_i) begin  // FINVW → DONE
        e = one(c_entry_i);
        finvw &= ~e;
        done |= e;
      end

      for (int unsigned p = 0; p < NP; p++) begin
        port_q[p] <= port_now[p];
        for (int unsigned i = 0; i < NM; i++) begin
          if (faulty_now[i] && new_q[p][i]) res_q[i] <= '{what: {1'b0, was_err_i[p]}, kind: KindPf, src: SrcL1};
        end
      end

      leaders = (pend_now | slk_q | denied_now | nwalk_q | walk_q) & ~squash;
      if (out_valid_i) begin  // SLK, WALK → DONE or FINV
        e = one(out_entry_i);
        slk &= ~e;
        walk &= ~e;
        leaders &= ~e;
        if (out_kind_i == KindPf) finv |= e;
        else done |= e;
        ends   = e;
        served = '0;
        if (follow_now != '0) begin  // its followers: DONE by the same translation, or PEND
          e = '0;
          for (int unsigned i = 0; i < NM; i++) begin
            if (follow_now[i] && leader_q[i] == idx_t'(out_entry_i)) begin
              e[i] = 1'b1;
              // SDM 5.6.1 and 5.8, for the follower's own access
              passes = out_kind_i == KindOk && rights_pass(out_page_i, req_q[i].access, rules_i) &&
                  (req_q[i].access.acc != AccWrite || out_data_i.d);
              if (passes) served[i] = 1'b1;
            end
          end
          follow &= ~e;
          done |= served;
          pend |= e & ~served;
          led &= ~(e & ~served);
        end
        for (int unsigned i = 0; i < NM; i++) begin
          if (ends[i] || served[i]) begin
            res_q[i] <= kept(out_res);
            if (served[i]) res_q[i].src <= SrcMerged;
            if (out_kind_i == KindOk) begin  // the bits below the page size stay
              va_q[i][PaBits-1:30] <= out_data_i.frame[PaBits-13:18];
              if (out_size_i != 2'd2) va_q[i][29:21] <= out_data_i.frame[17:9];
              if (out_size_i == 2'd0) va_q[i][20:12] <= out_data_i.frame[8:0];
            end
          end
        end
      end

      // Allocation: port p takes the (p+1)-th FREE entry, if it wants one, which is known in the next cycle. So what a
      // FREE entry would hold is written before it is known whether it is taken.
      for (int unsigned p = 0; p < NP; p++) new_q[p] <= '0;
      if (!Gated || want_i != '0) begin
        left      = free_now;
        leads     = '0;
        follows_q <= '0;
        plain_q   <= restart_i;
        for (int unsigned p = 0; p < NP; p++) begin
          room[p] = first(left);
          left    = left & ~room[p];
          for (int unsigned i = 0; i < NM; i++) begin
            same[i] = leaders[i] && fetch[i] == (p < NumFetch) && va_q[i][LinearBits-1:12] == va_i[p][LinearBits-1:12];
          end
          for (int unsigned q = 0; q < p; q++) begin
            if (leads[q] && (q < NumFetch) == (p < NumFetch) && va_i[q][LinearBits-1:12] == va_i[p][LinearBits-1:12])
              same |= room[q];
          end
          lead[p]  = first(same);
          leads[p] = want_i[p] && !fault_i[p] && (confirm_i[p] || same == '0);
          for (int unsigned i = 0; i < NM; i++) begin
            if (room[p][i]) begin
              va_q[i]      <= AddrBits'(signed'(va_i[p][LinearBits-1:0]));
              leader_q[i]  <= number(lead[p]);
              follows_q[i] <= lead[p] != '0 && !restart_i;
              req_q[i]     <= '{access: access_i[p], id: id_i[p], port: 4'(p)};
            end
          end
        end
        for (int unsigned p = 0; p < NP; p++) begin
          if (ask_i[p]) new_q[p] <= room[p];
        end
      end

      if (restart_i) begin  // everything without a result starts again
        pend  = pend | slk | nwalk | walk | follow | finv | finvw;
        slk   = '0;
        nwalk = '0;
        walk = '0;
        follow = '0;
        finv = '0;
        finvw = '0;
        confirm &= done;
        led &= done;
        step0 &= done;
        step1 &= done;
      end
      if (squash != '0) begin  // FREE at once; who follows one looks for itself
        for (int unsigned i = 0; i < NM; i++) begin
          if (follow[i] && squash[leader_q[i]]) begin
            follow[i] = 1'b0;
            led[i]    = 1'b0;
            pend[i]   = 1'b1;
          end
        end
        free |= squash;
        pend &= ~squash;
        slk &= ~squash;
        nwalk &= ~squash;
        walk &= ~squash;
        follow &= ~squash;
        finv &= ~squash;
        finvw &= ~squash;
        done &= ~squash;
      end
      if (rst_i) begin
        free = '1;
        pend = '0;
        slk = '0;
        nwalk = '0;
        walk = '0;
        follow = '0;
        finv = '0;
        finvw = '0;
        done = '0;
        rr_issue_q <= '0;
        rr_walk_q  <= '0;
        for (int unsigned p = 0; p < NP; p++) begin
          port_q[p] <= '0;
          new_q[p]  <= '0;
        end
      end
      free_q <= free;
      pend_q <= pend;
      slk_q <= slk;
      nwalk_q <= nwalk;
      walk_q <= walk;
      follow_q <= follow;
      finv_q <= finv;
      finvw_q <= finvw;
      done_q <= done;
      confirm_q <= confirm;
      led_q <= led;
      step0_q <= step0;
      step1_q <= step1;
    end
  end

  assign only_waits_o = (ctl_idle_i ? pend_now : '0) == '0 && finv_now == '0 && done_q == '0
                     && denied_now == '0 && (nwalk_q == '0 || !any_idle_i);

  assign pointers_o = {2'd0, rr_walk_q, 2'd0, rr_issue_q};
  always_comb begin : p_peek
    logic [3:0] state;
    idx_t       e;
    set_t       b;
    logic [5:0] leader;
    res_t       res;
    peek_word0_o = '0;
    peek_word1_o = '0;
    e      = idx_t'(peek_idx_i);
    b      = '0;
    leader = '0;
    res    = '0;
    state  = '0;
    if (peek_i && 32'(peek_idx_i) < NM && !free_now[e]) begin
      b      = one(entry_t'(e));
      leader = (led_now & b) != '0 ? 6'(leader_q[e]) : '0;
      res    = ((finv_now | finvw_q | done_q) & b) != '0 ? told(res_q[e]) : '0;
      for (int unsigned p = 0; p < NP; p++) begin
        if ((faulty_now & new_q[p] & b) != '0) res = told('{what: {1'b0, was_err_i[p]}, kind: KindPf, src: SrcL1});
      end
      state  = (pend_now & b) != '0 ? 4'd1 : (slk_q & b) != '0 ? 4'd2 : (nwalk_q & b) != '0 ? 4'd3 :
               (walk_q & b) != '0 ? 4'd4 : (follow_now & b) != '0 ? 4'd5 : (finv_now & b) != '0 ? 4'd6 :
               (finvw_q & b) != '0 ? 4'd7 : (denied_now & b) != '0 ? 4'd9 : 4'd8;
      peek_word0_o = {14'd0, step1_now[e], step0_now[e], res, leader, confirm_now[e], req_q[e], state};
      if ((done_q & b) == '0 || res_q[e].kind == KindPf) peek_word1_o = linear_of(va_q[e]);
      else peek_word1_o = 64'(told_address(res_q[e].kind, va_q[e]));
    end
  end
endmodule
