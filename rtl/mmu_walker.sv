// One page walker: reads the entries of one linear address from the top, sets A and D by compare-and-swap, and waits
// for its grant.
//
//     IDLE      free
//     REQ       offers a read, or waits to offer it        1 cycle at least
//     WAIT      waits for the line with tag tag_q          memory latency
//     CAS       offers a compare-and-swap                  1 cycle at least
//     CASW      waits for its reply                        memory latency
//     FIN       has its outcome, waits for its grant       1 cycle at least
//
//     cycle     t          t+1       t+1+L            t+2+L
//     level l   start      REQ       reply, judged    REQ of level l-1, CAS or FIN
//
// Cost: L+1 cycles a level at memory latency L, L+1 more for every A or D to set.
// Rules: docs/microarchitecture.md section 11; SDM 5.5.4, 5.6, 5.7, 5.8, 5.9.2.
module mmu_walker
  import mmu_pkg::*;
#(
  parameter walker_t Number = '0
) (
  input  logic         clk_i,
  input  logic         rst_i,
  input  rules_t       rules_i,
  input  keys_t        keys_i,
  input  frame_t       root_base_i,
  input  cache_t       root_cache_i,
  input  logic [2:0]   root_level_i,
  input  logic         kill_i,                                 // a control operation was accepted
  // dispatch
  input  logic         start_i,
  input  start_t       start_how_i,
  input  entry_t       start_entry_i,
  input  vpn_t         start_vpn_i,
  input  access_t      start_access_i,
  // arbitration
  input  logic         attached_i,                             // in REQ, another's read of the same line is under way
  input  walker_t      attached_tag_i,
  input  logic         held_i,                                 // has been offered already and must stay
  input  logic         accepted_i,                             // memory takes the request now
  // memory reply
  input  logic         rsp_i,
  input  walker_t      rsp_tag_i,
  input  logic         rsp_err_i,
  input  logic [511:0] rsp_line_i,
  // an entry passed on the way down, for the PSC
  output logic         pass_o,
  output data_t        pass_data_o,
  // grant
  input  logic         grant_i,
  // what the others see
  output walk_state_t  state_o,
  output logic         kill_o,
  output logic         own_read_o,                             // WAIT for the read it asked for itself
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
  walker_t     tag_q;                                          // own number except in WAIT for another's read
  outcome_t    outcome_q;
  err_t        err_q;
  logic [51:0] addr_q;
  logic [63:0] value_q;

  // ---- Reply: V and what follows from it ----
  logic        reply;
  logic [63:0] v;
  page_t       page;                                           // what V grants, with the entries above it
  step_t       step;
  err_t        err;
  always_comb begin : p_judge
    logic [63:0] old;
    logic        leaf;
    old      = '0;
    leaf     = 1'b0;
    reply    = rsp_i && (attached_i ? rsp_tag_i == attached_tag_i
                                    : (state_q == WkWait || state_q == WkCasWait) && rsp_tag_i == tag_q);
    v        = '0;
    page     = '0;
    step     = StepPass;
    err      = '0;
    if (reply && !kill_q && !rsp_err_i) begin
      old      = rsp_line_i[{addr_q[5:3], 6'd0} +: 64];
      v        = state_q == WkCasWait && old == value_q ? updated(value_q, level_q, access_q.acc) : old;
      leaf     = is_leaf(v, level_q);
      page.rights = '{w: rights_q.w && v[BitRw], u: rights_q.u && v[BitUs], nx: rights_q.nx || v[BitXd]};
      // SDM 5.6.1: R/W = 1 in every other entry, in the leaf R/W = 0 and D = 1
      page.s      = ShadowStacks && rights_q.w && !v[BitRw] && v[BitD];
      {page.wd, page.ad} = key_forbids(v[BitKeyLow +: 4], page.rights.u, keys_i);  // SDM 5.6.2: of the leaf
      if (!v[BitP]) begin
        step = StepFault;                                      // SDM 5.7: P = 0, the entry is not present
        err  = error_code(1'b0, 1'b0, 1'b0, access_q, rules_i);
      end else if (reserved(v, level_q, rules_i.nxe)) begin
        step = StepFault;                                      // SDM 5.7: RSVD, a reserved bit is 1
        err  = error_code(1'b1, 1'b1, 1'b0, access_q, rules_i);
      end else if (!leaf) begin
        step = v[BitA] ? StepPass : StepCas;  // SDM 5.8: A of every entry used
      end else if (!rights_pass(page, access_q, rules_i)) begin
        step = StepFault;                                      // SDM 5.6.1: access rights of the whole walk
        err  = rights_error(page, access_q, rules_i);
      end else begin
        step = v[BitA] && (access_q.acc != AccWrite || v[BitD]) ? StepOk : StepCas;  // SDM 5.8: D of a write's leaf
      end
    end
  end

  assign pass_o = reply && !kill_q && !rsp_err_i && step == StepPass;
  always_comb begin : p_pass_data
    pass_data_o = '0;
    if (pass_o) begin
      pass_data_o.frame = v[51:12];
      pass_data_o.w     = page.rights.w;
      pass_data_o.u     = page.rights.u;
      pass_data_o.nx    = page.rights.nx;
      pass_data_o.pat   = {1'b0, v[BitPcd], v[BitPwt]};        // SDM 5.9.2: of the table it points to
    end
  end

  always_ff @(posedge clk_i) begin : p_state
    if (state_q != WkIdle) begin
      if (attached_i) begin  // as WAIT, from this cycle on
        state_q <= WkWait;
        tag_q   <= attached_tag_i;
      end
      if (accepted_i) begin
        state_q <= state_q == WkCas ? WkCasWait : WkWait;
        tag_q   <= Number;
      end
      if (grant_i) state_q <= WkIdle;
      if (reply && !kill_q) begin
        value_q <= v;
        if (rsp_err_i) begin
          state_q   <= WkFin;
          outcome_q <= OutMemErr;
        end else
          unique case (step)
            StepPass: begin
              state_q  <= WkReq;
              level_q  <= level_q - 3'd1;
              rights_q <= page.rights;
              cache_q  <= {v[BitPcd], v[BitPwt]};
              addr_q   <= entry_address(v[51:12], vpn_q, level_q - 3'd1);
            end
            StepCas: state_q <= WkCas;
            StepOk: begin
              state_q   <= WkFin;
              outcome_q <= OutOk;
              rights_q  <= page.rights;
              s_q       <= page.s;
            end
            StepFault: begin
              if (from_psc_q && Rewalk) begin  // the cached upper part may be stale: again from the root
                state_q    <= WkReq;
                level_q    <= root_level_i;
                rights_q   <= '{w: 1'b1, u: 1'b1, nx: 1'b0};
                cache_q    <= root_cache_i;
                from_psc_q <= 1'b0;
                addr_q     <= entry_address(root_base_i, vpn_q, root_level_i);
              end else begin
                state_q   <= WkFin;
                outcome_q <= OutFault;
                err_q     <= err;
              end
            end
          endcase
      end
      if (kill_q && !accepted_i && !held_i && (reply || !(state_q == WkWait || state_q == WkCasWait)))
        state_q <= WkIdle;
      if (kill_i) kill_q <= 1'b1;
    end
    if (start_i) begin
      state_q    <= WkReq;
      kill_q     <= kill_i;
      from_psc_q <= start_how_i.from_psc;
      level_q    <= start_how_i.level;
      rights_q   <= start_how_i.rights;
      entry_q    <= start_entry_i;
      vpn_q      <= start_vpn_i;
      access_q   <= start_access_i;
      cache_q    <= start_how_i.cache;
      addr_q     <= entry_address(start_how_i.base, start_vpn_i, start_how_i.level);
    end
    if (rst_i) state_q <= WkIdle;
  end

  assign state_o    = state_q;
  assign kill_o     = kill_q;
  assign own_read_o = state_q == WkWait && tag_q == Number;
  assign addr_o     = addr_q;
  assign value_o    = value_q;
  assign entry_o    = entry_q;
  assign vpn_o      = vpn_q;
  assign level_o    = level_q;
  assign rights_o   = rights_q;
  assign s_o        = s_q;
  assign cache_o    = cache_q;
  assign acc_o      = access_q.acc;
  assign outcome_o  = outcome_q;
  assign err_o      = err_q;

  always_comb begin : p_peek
    peek_word0_o = '0;
    peek_word1_o = '0;
    if (peek_i[0] && state_q != WkIdle) begin
      peek_word0_o = {31'd0, cache_q, state_q == WkFin && outcome_q == OutOk && s_q,
                      state_q == WkFin && outcome_q == OutFault ? err_q : 7'd0,
                      state_q == WkFin ? outcome_q : OutOk,
                      state_q == WkWait ? tag_q : 4'd0,
                      entry_q, rights_q.nx, rights_q.u, rights_q.w, from_psc_q, level_q, kill_q, state_q};
      peek_word1_o = {12'd0, addr_q};
    end else if (peek_i[1] && (state_q == WkCas || state_q == WkCasWait || (state_q == WkFin && outcome_q == OutOk)))
      peek_word0_o = value_q;
  end
endmodule
