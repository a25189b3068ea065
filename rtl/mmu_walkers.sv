// All walkers: who starts, who attaches to whose read, who speaks to memory, who is granted.
//
//     cycle      t              t+1 …          f            f+1
//     dispatch   to the lowest  REQ            FIN, grant   IDLE
//                IDLE walker
//
// Cost: two walkers in one line (with replies of 8 bytes, at one entry) share one read, unless it was under way when
// the other's walk began; see mmu_walker and mmu_mem_arb for the cycles. Whatever is chosen is chosen by a set with one
// bit. Tiny, two walkers: 1,023 LUT6, 324 flip-flops, 7 levels (were 1,458, 397, 11); with replies of 8 bytes 616 and 6
// levels.
// Rules: docs/microarchitecture.md sections 10, 11, 12.
module mmu_walkers
  import mmu_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_i,
  input  rules_t       rules_i,
  input  keys_t        keys_i,
  input  types_t       types_i,
  input  logic         pge_i,
  input  frame_t       root_base_i,
  input  cache_t       root_cache_i,
  input  logic [2:0]   root_level_i,
  input  logic [11:0]  pcid_i,
  input  logic         kill_i,                                 // a control operation is accepted in this cycle
  input  logic [NumEntries-1:0] squashed_i,                    // the core drops these entries in this cycle
  // dispatch
  output logic         any_idle_o,
  output logic         all_idle_o,
  input  logic         start_i,
  input  start_t       start_how_i,
  input  entry_t       start_entry_i,
  input  vpn_t         start_vpn_i,
  input  access_t      start_access_i,
  // an entry for the PSC
  output logic         pass_o,
  output tag_t         pass_tag_o,
  output data_t        pass_data_o,
  output walkers_t     pass_which_o,                           // whose that is, and what each would pass
  output tag_t         pass_from_o [NumWalkers],
  // grant of the lowest-numbered walker in FIN
  output logic         any_fin_o,
  input  logic         grant_i,
  output entry_t       fin_entry_o,
  output outcome_t     fin_outcome_o,
  output err_t         fin_err_o,
  output tag_t         fin_tag_o,
  output data_t        fin_data_o,
  // memory
  output logic         mem_valid_o,
  input  logic         mem_ready_i,
  output walker_t      mem_tag_o,
  output logic         mem_cas_o,
  output mt_t          mem_mt_o,
  output logic [51:0]  mem_addr_o,
  output logic [63:0]  mem_expected_o,
  output logic [63:0]  mem_desired_o,
  input  logic         rsp_i,
  input  walker_t      rsp_tag_i,
  input  logic         rsp_err_i,
  input  reply_t       rsp_data_i,
  output logic         only_waits_o,                           // section 15, as far as walkers go
  // state readout
  input  logic         peek_i,
  input  logic [15:0]  peek_idx_i,
  output logic [63:0]  peek_word0_o,
  output logic [63:0]  peek_word1_o,
  output logic [63:0]  pointer_word_o                          // rr_mem, hold, hold_w in their places of state word 0:2
);
  localparam int unsigned NW = NumWalkers;
  localparam int unsigned IdxW = NumEntries > 1 ? $clog2(NumEntries) : 1;

  walk_state_t state   [NW];
  logic [51:0] addr    [NW];
  logic [63:0] value   [NW];
  entry_t      entry   [NW];
  vpn_t        vpn     [NW];
  logic [2:0]  level   [NW];
  rights_t     rights  [NW];
  outcome_t    outcome [NW];
  err_t        err     [NW];
  data_t       pass_data [NW];
  acc_t        acc     [NW];
  cache_t      cache   [NW];
  logic [63:0] word0   [NW];
  logic [63:0] word1   [NW];
  walkers_t    old     [NW];                                   // whose reads are older than its walk
  walkers_t    to      [NW];                                   // to whose read a walker is attached
  walkers_t idle, req, waits, cas, fin, kill, own, attached, pass, start, grant, shadow, held;
  walkers_t rsp, offer;  // whose the reply is, whose request is offered

  for (genvar w = 0; w < int'(NW); w++) begin : g_walker
    mmu_walker #(
      .Own(walkers_t'(1) << w)
    ) u_walker (
      .clk_i,
      .rst_i,
      .rules_i,
      .keys_i,
      .root_base_i,
      .root_cache_i,
      .root_level_i,
      .kill_i,
      .squashed_i(squashed_i[IdxW'(entry[w])]),
      .start_i(start[w]),
      .start_how_i,
      .start_entry_i,
      .start_vpn_i,
      .start_access_i,
      .reading_i(own),
      .attached_i(to[w]),
      .offered_i(offer[w]),
      .accepted_i(offer[w] && mem_ready_i),
      .rsp_i(rsp),
      .rsp_err_i,
      .rsp_data_i,
      .pass_o(pass[w]),
      .pass_data_o(pass_data[w]),
      .grant_i(grant[w]),
      .state_o(state[w]),
      .kill_o(kill[w]),
      .own_read_o(own[w]),
      .old_o(old[w]),
      .addr_o(addr[w]),
      .value_o(value[w]),
      .entry_o(entry[w]),
      .vpn_o(vpn[w]),
      .level_o(level[w]),
      .rights_o(rights[w]),
      .s_o(shadow[w]),
      .cache_o(cache[w]),
      .acc_o(acc[w]),
      .outcome_o(outcome[w]),
      .err_o(err[w]),
      .peek_i(peek_i && peek_idx_i[15:1] == 15'(w) ? {peek_idx_i[0], !peek_idx_i[0]} : 2'b00),
      .peek_word0_o(word0[w]),
      .peek_word1_o(word1[w])
    );
    assign idle[w]  = state[w] == WkIdle;
    assign req[w]   = state[w] == WkReq;
    assign waits[w] = state[w] == WkWait || state[w] == WkCasWait;
    assign cas[w]   = state[w] == WkCas;
    assign fin[w]   = state[w] == WkFin;
    assign rsp[w]   = rsp_i && rsp_tag_i == walker_t'(w);
  end
  assign any_idle_o = idle != '0;
  assign all_idle_o = idle == '1;
  assign any_fin_o  = fin != '0;
  assign start      = start_i ? first_walker(idle) : '0;
  assign grant      = grant_i ? first_walker(fin) : '0;

  // ---- Attach: in REQ while another's own read that brings the entry is outstanding, asked for since the walk began
  always_comb begin : p_attach
    walkers_t theirs;
    theirs   = '0;
    attached = '0;
    for (int unsigned w = 0; w < NW; w++) to[w] = '0;
    if (req != '0 && own != '0) begin
      for (int unsigned w = 0; w < NW; w++) begin
        theirs = '0;
        for (int unsigned o = 0; o < NW; o++) begin
          if (w != o && req[w] && own[o] && !old[w][o] && addr[w][51:ReplyLow] == addr[o][51:ReplyLow])
            theirs[o] = 1'b1;
        end
        attached[w] = theirs != '0;
        to[w]       = first_walker(theirs);
      end
    end
  end

  // ---- Memory requests ----
  walkers_t turn;
  mmu_mem_arb u_arb (
    .clk_i,
    .rst_i,
    .want_i((cas | (req & ~attached)) & ~kill),
    .ready_i(mem_ready_i),
    .offer_o(offer),
    .held_o(held),
    .turn_o(turn)
  );
  assign mem_valid_o = offer != '0;
  always_comb begin : p_memory
    mem_tag_o      = '0;
    mem_cas_o      = 1'b0;
    mem_mt_o       = '0;
    mem_addr_o     = '0;
    mem_expected_o = '0;
    mem_desired_o  = '0;
    if (mem_valid_o) begin
      for (int unsigned w = 0; w < NW; w++) begin
        if (offer[w]) begin
          mem_tag_o |= walker_t'(w);
          mem_cas_o |= cas[w];
          mem_mt_o |= memory_type({1'b0, cache[w]}, types_i);  // SDM 5.9.2: PAT index of the table, {0, PCD, PWT}
          mem_addr_o |= addr[w];
          mem_expected_o |= value[w];
          mem_desired_o |= value[w] | used_bits(value[w], level[w], acc[w]);
        end
      end
    end
  end

  // ---- The lowest-numbered walker that passes an entry fills the PSC ----
  // Who that is, is known late; so each one's entry is told as well, for what it displaces to be looked for beside
  // that.
  assign pass_o = pass != '0;
  assign pass_which_o = first_walker(pass);
  always_comb begin : p_pass_from
    for (int unsigned w = 0; w < NW; w++) begin
      pass_from_o[w] = 'x;
      if (rsp != '0)
        pass_from_o[w] = '{
            zero: '0,
            vpn: vpn[w],
            pcid: pcid_i,
            glob: 1'b0,
            size: psize_t'(level[w] - 3'd2),
            valid: 1'b1
        };
    end
  end
  always_comb begin : p_pass
    pass_tag_o  = 'x;
    pass_data_o = 'x;
    if (pass_o) begin
      pass_tag_o  = '0;
      pass_data_o = '0;
      for (int unsigned w = 0; w < NW; w++) begin
        if (pass_which_o[w]) begin
          pass_tag_o |= pass_from_o[w];
          pass_data_o |= pass_data[w];
        end
      end
    end
  end

  // ---- Outcome of the walker to be granted, as a TLB entry (section 4) ----
  // The VPN as it is: who keeps it drops the bits below the page size. Of the frame of a large page they are 0 already
  // (else the leaf is a fault, SDM 5.5.4), but for the one that is its PAT bit.
  always_comb begin : p_outcome
    logic [63:0] leaf;
    logic        s;
    rights_t     r;
    vpn_t        page;
    psize_t      size;
    page          = 'x;
    leaf          = 'x;
    size          = 'x;
    s             = 'x;
    r             = 'x;
    fin_entry_o   = 'x;
    fin_outcome_o = OutOk;
    fin_err_o     = 'x;
    fin_tag_o     = 'x;
    fin_data_o    = 'x;
    if (any_fin_o) begin
      // Who else would be the last one is no question: some walker is in FIN.
      for (int w = int'(NW) - 1; w >= 0; w--) begin
        if (fin[w] || w == int'(NW) - 1) begin
          fin_entry_o   = entry[w];
          fin_outcome_o = outcome[w];
          fin_err_o     = err[w];
          leaf          = value[w];
          page          = vpn[w];
          size          = psize_t'(level[w] - 3'd1);
          s             = shadow[w];
          r             = rights[w];
        end
      end
      fin_tag_o  = '{zero: '0, vpn: page, pcid: pcid_i, glob: leaf[BitG] && pge_i, size: size, valid: 1'b1};
      fin_data_o = '{zero: '0, s: s, key: Keys ? leaf[BitKeyLow +: 4] : '0,
                     pat: {size == '0 ? leaf[BitPat4k] : leaf[BitPatBig], leaf[BitPcd], leaf[BitPwt]},
                     d: leaf[BitD], nx: r.nx, u: r.u, w: r.w, frame: {leaf[51:13], leaf[12] && size == '0}};
    end
  end

  assign only_waits_o = ~(idle | waits | held) == '0;

  assign pointer_word_o = {
    32'd0, walker_t'(lowest(64'(held))), 3'd0, held != '0, 4'd0, walker_t'(lowest(64'(turn))), 16'd0
  };
  always_comb begin : p_peek
    peek_word0_o = '0;
    peek_word1_o = '0;
    if (peek_i) begin
      for (int unsigned w = 0; w < NW; w++) begin
        peek_word0_o |= word0[w];
        peek_word1_o |= word1[w];
      end
    end
  end
endmodule
