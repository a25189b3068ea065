// One page walker: reads the entries of one linear address from the top, sets A and D by compare-and-swap, and waits
// for its grant.
//
//     IDLE      free
//     REQ       offers a read, or waits to offer it        1 cycle at least
//     WAIT      waits for the reply with tag tag_q         memory latency
//     CAS       offers a compare-and-swap                  1 cycle at least
//     CASW      waits for its reply                        memory latency
//     FIN       has its outcome, waits for its grant       1 cycle at least
//
//     cycle     t          t+1       t+1+L            t+2+L
//     level l   start      REQ       reply, judged    REQ of level l-1, CAS or FIN
//
// Cost: L+1 cycles a level at memory latency L, L+1 more for every A or D to set. Tiny: 371 and 400 LUT6, 160
// flip-flops, 7 levels, half of it the choice of 8 bytes of a line (165 and 6 with replies of 8 bytes). (581, 197 and
// 11 when the outcome of a compare-and-swap was judged after it was compared.)
// Rules: docs/microarchitecture.md section 11; SDM 5.5.4, 5.6, 5.7, 5.8, 5.9.2.
module mmu_walker
  import mmu_pkg::*;
#(
  parameter walkers_t Own = walkers_t'(1)  // its own place in a set of walkers
) (
  input  logic         clk_i,
  input  logic         rst_i,
  input  rules_t       rules_i,
  input  keys_t        keys_i,
  input  frame_t       root_base_i,
  input  cache_t       root_cache_i,
  input  logic [2:0]   root_level_i,
  input  logic         kill_i,                                 // a control operation was accepted
  input  logic         squashed_i,                             // the core drops the request of its entry
  // dispatch
  input  logic         start_i,
  input  start_t       start_how_i,
  input  entry_t       start_entry_i,
  input  vpn_t         start_vpn_i,
  input  access_t      start_access_i,
  // arbitration
  input  walkers_t     reading_i,                              // whose own reads are under way
  input  walkers_t     attached_i,                             // in REQ: whose read, that brings its entry, it shares
  input  logic         offered_i,                              // its request is on offer, and must stay
  input  logic         accepted_i,                             // memory takes the request now
  // memory reply
  input  walkers_t     rsp_i,                                  // whose request it answers
  input  logic         rsp_err_i,
  input  reply_t       rsp_data_i,
  // an entry passed on the way down, for the PSC
  output logic         pass_o,
  output data_t        pass_data_o,
  // grant
  input  logic         grant_i,
  // what the others see
  output walk_state_t  state_o,
  output logic         kill_o,
  output logic         own_read_o,                             // WAIT for the read it asked for itself
  output walkers_t     old_o,                                  // whose reads are older than its walk, and under way
  output logic [51:0]  addr_o,
  output logic [63:0]  value_o,                                // V: expected of a CAS, final leaf in FIN
  output entry_t       entry_o,
  output vpn_t         vpn_o,
  output logic [2:0]   level_o,
  output rights_t      rights_o,
  output logic         s_o,                                    // in FIN: a shadow-stack page
  output cache_t       cache_o,                                // PCD and PWT of the table at addr_o
  output acc_t         acc_o,
  output outcome_t     outcome_o,
  output err_t         err_o,
  input  logic [1:0]   peek_i,                                 // state words 2w and 2w+1
  output logic [63:0]  peek_word0_o,
  output logic [63:0]  peek_word1_o
);
  walk_state_t state_q;
  logic kill_q, from_psc_q, s_q;
  logic [2:0]  level_q;
  rights_t     rights_q;
  entry_t      entry_q;
  vpn_t        vpn_q;
  access_t     access_q;
  cache_t      cache_q;                                        // SDM 5.9.2: of CR3 or of the entry to the table
  walkers_t    tag_q;                                          // whose read it waits for: itself, or another
  walkers_t    old_q;                                          // whose reads are older than the walk, and under way
  outcome_t    outcome_q;
  why_t        why_q;
  frame_t      base_q;                                         // of the table
  logic [8:0]  index_q;                                        // of the entry in it
  logic [63:0] value_q;

  // ---- Reply: the entry V, and what follows from it ----
  // All is judged by what the line says. A compare-and-swap that succeeded found what it expected: an entry that was
  // judged when the CAS was, so only A and D are new.
  logic asked, reply;  // the reply may be the walker's; it is
  logic heed;                                                  // … and says something
  logic [63:0] v;
  page_t page;                                                 // what V grants, with the entries above it
  why_t  why;
  logic leaf, write, read_only, broken, fault, missing, success;
  logic pass, cas, ok, restart;  // the step; none of them: a fault that is told
  assign write = access_q.acc == AccWrite;
  assign asked = rsp_i != '0 && (state_q == WkReq || state_q == WkWait || state_q == WkCasWait);
  assign reply = asked && (rsp_i & (state_q == WkReq ? attached_i : tag_q)) != '0;
  assign heed  = reply && !kill_q && !rsp_err_i;
  always_comb begin : p_judge
    logic [63:0] word;
    logic rsvd, denied;
    word      = 'x;
    rsvd      = 'x;
    denied    = 'x;
    v         = 'x;
    page      = 'x;
    why       = 'x;
    leaf      = 'x;
    read_only = 'x;
    broken    = 'x;
    fault     = 'x;
    missing   = 'x;
    success   = 'x;
    if (asked) begin
      word        = rsp_data_i[reply_place_t'(index_q[2:0] & 3'(ReplyWords - 1))];
      v           = word & EntryBits;
      success     = state_q == WkCasWait && v == value_q;
      leaf        = is_leaf(v, level_q);
      page.rights = '{w: rights_q.w && v[BitRw], u: rights_q.u && v[BitUs], nx: rights_q.nx || v[BitXd]};
      // SDM 5.6.1: R/W = 1 in every other entry, in the leaf R/W = 0 and D = 1
      read_only   = ShadowStacks && rights_q.w && !v[BitRw];
      page.s      = read_only && v[BitD];
      rsvd        = reserved(word, level_q, rules_i.nxe);
      why         = '{pk: 1'b0, rsvd: v[BitP] && rsvd, p: v[BitP]};  // SDM 5.7: RSVD only of an entry that is present
      denied      = 1'b0;
      missing     = !v[BitA];                                  // SDM 5.8: A of every entry used
      if (leaf) begin
        {page.wd, page.ad} = key_forbids(v[BitKeyLow +: 4], page.rights.u, keys_i);  // SDM 5.6.2
        denied  = !rights_pass(page, access_q, rules_i);       // SDM 5.6.1: access rights of the whole walk
        if (why.p && !why.rsvd) why = rights_why(page, access_q, rules_i);
        missing = !v[BitA] || (write && !v[BitD]);  // SDM 5.8: and D of a write's leaf
      end
      broken = !v[BitP] || rsvd;
      fault  = broken || denied;
    end
  end
  always_comb begin : p_step
    {cas, pass, ok, restart} = 'x;
    if (asked) begin
      cas     = !fault && missing && !success;
      pass    = !leaf && !broken && (!missing || success);     // no leaf: no rights are asked
      ok      = !fault && !cas && leaf;
      restart = fault && from_psc_q && Rewalk;                 // the cached upper part may be stale: from the root
    end
  end

  assign pass_o = heed && pass;
  always_comb begin : p_pass_data
    pass_data_o = 'x;
    if (pass_o) begin
      pass_data_o       = '0;
      pass_data_o.frame = v[51:12];
      pass_data_o.w     = page.rights.w;
      pass_data_o.u     = page.rights.u;
      pass_data_o.nx    = page.rights.nx;
      pass_data_o.pat   = {1'b0, v[BitPcd], v[BitPwt]};        // SDM 5.9.2: of the table it points to
    end
  end

  always_ff @(posedge clk_i) begin : p_state
    if (state_q != WkIdle) begin
      if (attached_i != '0) begin  // as WAIT, from this cycle on
        state_q <= WkWait;
        tag_q   <= attached_i;
      end
      if (accepted_i) begin
        state_q <= state_q == WkCas ? WkCasWait : WkWait;
        tag_q   <= Own;
      end
      if (grant_i) state_q <= WkIdle;
      if (reply && !kill_q) begin
        state_q   <= rsp_err_i || ok || (fault && !restart) ? WkFin : cas ? WkCas : WkReq;
        outcome_q <= rsp_err_i ? OutMemErr : fault ? OutFault : OutOk;
        why_q     <= why;
        s_q       <= read_only && (v[BitD] || write);          // a write has set D by now
        value_q   <= v | (success ? used_bits(v, level_q, access_q.acc) : '0);
      end
      if (heed && (pass || restart)) begin
        level_q    <= fault ? root_level_i : level_q - 3'd1;
        cache_q    <= fault ? root_cache_i : {v[BitPcd], v[BitPwt]};
        base_q     <= fault ? root_base_i & FrameBits : v[51:12];
        index_q    <= fault ? table_index(vpn_q, root_level_i) : table_index(vpn_q, level_q - 3'd1);
      end
      if (heed && restart) from_psc_q <= 1'b0;
      old_q <= old_q & ~rsp_i;
      if (heed && (pass || ok || restart)) rights_q <= fault ? '{w: 1'b1, u: 1'b1, nx: 1'b0} : page.rights;
      if ((kill_q || squashed_i) && !offered_i && (reply || !(state_q == WkWait || state_q == WkCasWait)))
        state_q <= WkIdle;
      if (kill_i || squashed_i) kill_q <= 1'b1;
    end
    if (start_i) begin
      state_q    <= WkReq;
      kill_q     <= kill_i;
      from_psc_q <= start_how_i.from_psc;
      old_q      <= reading_i & ~rsp_i;
      level_q    <= start_how_i.level;
      rights_q   <= start_how_i.rights;
      entry_q    <= start_entry_i;
      vpn_q      <= start_vpn_i;
      access_q   <= start_access_i;
      cache_q    <= start_how_i.cache;
      base_q     <= start_how_i.base & FrameBits;
      index_q    <= start_how_i.index;
    end
    if (rst_i) state_q <= WkIdle;
  end

  assign state_o    = state_q;
  assign kill_o     = kill_q;
  assign own_read_o = state_q == WkWait && tag_q == Own;
  assign old_o      = old_q;
  assign addr_o     = {base_q, index_q, 3'd0};
  assign value_o    = value_q;
  assign entry_o    = entry_q;
  assign vpn_o      = vpn_q;
  assign level_o    = level_q;
  assign rights_o   = rights_q;
  assign s_o        = s_q;
  assign cache_o    = cache_q;
  assign acc_o      = access_q.acc;
  assign outcome_o  = outcome_q;

  always_comb begin : p_error
    err_o = 'x;
    if (state_q == WkFin) err_o = error_code(why_q, access_q, rules_i);
  end

  always_comb begin : p_peek
    peek_word0_o = '0;
    peek_word1_o = '0;
    if (peek_i[0] && state_q != WkIdle) begin
      peek_word0_o = {15'd0, 16'(old_q), cache_q, state_q == WkFin && outcome_q == OutOk && s_q,
                      state_q == WkFin && outcome_q == OutFault ? err_o : 7'd0,
                      state_q == WkFin ? outcome_q : OutOk,
                      state_q == WkWait ? walker_t'(lowest(64'(tag_q))) : 4'd0,
                      entry_q, rights_q.nx, rights_q.u, rights_q.w, from_psc_q, level_q, kill_q, state_q};
      peek_word1_o = {12'd0, addr_o};
    end else if (peek_i[1] && (state_q == WkCas || state_q == WkCasWait || (state_q == WkFin && outcome_q == OutOk)))
      peek_word0_o = value_q;
  end
endmodule
