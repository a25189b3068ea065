// One set-associative array of the STLB. Each page size it holds indexes it with its own bits of the address.
//
//     cycle      t                    t+1                            t+2
//     stage      k-2 (or the grant)   R                              C
//                set numbers          the words; compare; choose     touch | drop | fill: write
//
// A way is a memory of its own, a word a set, with the valid bit in the word: an entry is dropped by writing its word,
// and the reset sweep writes them all. So a way can be a block RAM: with more than 32 sets its words are read into
// registers at the end of t. With fewer the set numbers are registered, and the words of LUT RAM or flip-flops looked
// at in t+1. An array that holds two sizes reads two sets at once, through two read ports: a block RAM is there twice
// then, with the same contents. (A RAM with two full ports would save the copy only where it is no narrower for it, and
// would have to write through a port that reads.) A word holds what cannot be told from elsewhere: not the bits that
// number its set, nor what this preset or this array has but one value of.
//
// What C writes is not in the words that R sees in the same cycle; and of a block RAM not in those that were being read
// then (no_rw_check: a read that meets a write may give anything). So of ways just written R takes what was written
// instead: by C in this cycle (c_), and in the one before (p_).
//
// At most one way of a size matches a lookup, since a fill drops the others (section 4): no priorities among ways.
//
// Replacement state is a memory too; its set is looked at in R, and what C makes of it is passed on a cycle later.
//
// R compares, and takes the word that matches, for each size apart; which size counts is C's to say: a block RAM's
// words come late in R.
//
// Cost: part of the STLB pipeline; one operation a cycle. Rules: docs/microarchitecture.md sections 4, 5, 9, 13.
module mmu_stlb_array
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter logic [2:0]  Holds    = 3'b001,
  parameter int unsigned Entries  = 4,
  parameter int unsigned Ways     = 4,
  parameter bit          Lru      = 1'b0,
  parameter bit          Shared4k = 1'b0,                      // both arrays hold 4K: a VA bit says which one
  parameter bit          Number   = 1'b0,                      // this array's number
  parameter int unsigned Readout  = 0,
  parameter bit          Gated    = 1'b0                       // of mmu
) (
  input  logic        clk_i,
  input  logic        flush_i,                                 // what is in R never comes to C
  input  logic [11:0] pcid_i,                                  // of the operations in R and C
  // the cycle before R: which sets
  input  logic        a_valid_i,
  input  logic        a_by_index_i,                            // set a_index_i, whatever the size
  // verilator lint_off UNUSEDSIGNAL
  // (only the bits that number a set; of an address in R and of an entry only what a word holds)
  input  logic [15:0] a_index_i,
  input  vpn_t        a_vpn_i,
  // stage R: what is asked there
  input  vpn_t        r_vpn_i,
  input  logic        r_look_i,
  input  logic        r_fill_i,
  input  logic        r_fill_glob_i,
  input  inv_t        r_inv_i,
  input  logic        r_beyond_i,                              // a sweep is at a set that this array does not have
  input  psize_t      r_size_i,                                // of a fill, and of an invalidation of one address
  // stage C: the hit of a lookup, of each page size, which are chosen among …
  output logic [2:0]  hit_o,
  output logic [2:0]  hit_glob_o,
  output data_t       hit_data_o [3],                          // 0 of a size that does not hit
  // … and what was found in R, of these sizes, is …
  input  logic [2:0]  sizes_i,
  input  logic        touch_i,                                 // used
  input  logic        drop_i,                                  // dropped
  input  logic        init_i,                                  // … and replacement state is as after reset
  // … or c_new_i displaces it
  input  stlb_new_t   c_new_i,
  input  stlb_new_t   p_new_i,                                 // c_new_i of the cycle before
  // verilator lint_on UNUSEDSIGNAL
  // state readout: an entry, or the replacement state of a set
  input  logic        peek_i,
  input  logic        peek_repl_i,
  // verilator lint_off UNUSEDSIGNAL
  input  logic [13:0] peek_idx_i,
  // verilator lint_on UNUSEDSIGNAL
  output logic [63:0] peek_word0_o,
  output logic [63:0] peek_word1_o
);
  localparam int unsigned Sets = Entries / Ways;
  localparam int unsigned SetW = Sets > 1 ? $clog2(Sets) : 1;
  localparam int unsigned SetBits = Sets > 1 ? SetW : 0;
  localparam int unsigned WayW = Ways > 1 ? $clog2(Ways) : 1;
  localparam int unsigned Home = SetBits;  // VPN bit that splits 4K pages over two arrays
  localparam bit Block = Sets > 32;  // big enough for a block RAM
  typedef logic [SetW-1:0] set_t;
  typedef logic [Ways-1:0] ways_t;
  typedef logic [WayW-1:0] way_t;

  // ---- What a word holds ----
  localparam bit OneSize = Holds == 3'b001 || Holds == 3'b010 || Holds == 3'b100;
  localparam bit AllSizes = Holds == 3'b111;
  localparam int unsigned Small = Holds[0] ? 0 : Holds[1] ? 1 : 2;
  localparam int unsigned Large = Holds[2] ? 2 : Holds[1] ? 1 : 0;
  localparam bit Pcids = ARCH_PCID != 0;
  localparam int unsigned VpnLow = 9 * Small + SetBits;
  localparam int unsigned VpnW = (ARCH_LA57 != 0 ? 45 : 36) - VpnLow;  // canonical: bits above repeat the highest
  localparam int unsigned FrameLow = 9 * Small;
  localparam int unsigned FrameW = PaBits - 12 - FrameLow;
  // bit 0 valid, 1 global, 5:2 D NX U W, 8:6 PAT index, and from here
  localparam int unsigned AtSize = 9;
  localparam int unsigned AtS = AtSize + (OneSize ? 0 : AllSizes ? 2 : 1);
  localparam int unsigned AtKey = AtS + (ShadowStacks ? 1 : 0);
  localparam int unsigned AtPcid = AtKey + (Keys ? 4 : 0);
  localparam int unsigned AtVpn = AtPcid + (Pcids ? 12 : 0);
  localparam int unsigned AtFrame = AtVpn + VpnW;
  localparam int unsigned WordW = AtFrame + FrameW;
  typedef logic [WordW-1:0] word_t;
  typedef logic [VpnW-1:0] held_vpn_t;

  // verilator lint_off UNUSEDSIGNAL
  // (a word is read in parts, of an entry what a word holds)
  function automatic word_t word_of(input stlb_new_t e, input logic [11:0] pcid);
    word_t w;
    w      = '0;
    w[8:0] = {e.data.pat, e.data.d, e.data.nx, e.data.u, e.data.w, e.glob, 1'b0};
    if (AllSizes) w[AtSize+:2] = e.size;
    else if (!OneSize) w[AtSize] = e.size == psize_t'(Large);
    if (ShadowStacks) w[AtS] = e.data.s;
    if (Keys) w[AtKey+:4] = e.data.key;
    if (Pcids) w[AtPcid+:12] = pcid;
    w[AtVpn+:VpnW]     = e.vpn[VpnLow+:VpnW];
    w[AtFrame+:FrameW] = e.data.frame[FrameLow+:FrameW];
    return w;
  endfunction
  function automatic psize_t size_of(input word_t w);
    return AllSizes ? w[AtSize+:2] : OneSize || !w[AtSize] ? psize_t'(Small) : psize_t'(Large);
  endfunction
  function automatic logic [11:0] pcid_of(input word_t w);
    return Pcids ? w[AtPcid+:12] : '0;
  endfunction
  function automatic data_t data_of(input word_t w);
    data_t d;
    d = '0;
    {d.pat, d.d, d.nx, d.u, d.w} = w[8:2];
    if (ShadowStacks) d.s = w[AtS];
    if (Keys) d.key = w[AtKey+:4];
    d.frame[FrameLow+:FrameW] = w[AtFrame+:FrameW];
    return d;
  endfunction
  // The whole tag, of a word of this set.
  function automatic tag_t tag_of(input word_t w, input set_t set);
    tag_t t;
    t       = '0;
    t.valid = 1'b1;
    t.size  = size_of(w);
    t.glob  = w[1];
    t.pcid  = pcid_of(w);
    t.vpn   = vpn_t'($signed({w[AtVpn+:VpnW], {VpnLow{1'b0}}}));
    if (Sets > 1) t.vpn |= vpn_t'(set) << (t.size == 2'd0 ? 0 : t.size == 2'd1 ? 9 : 18);
    return t;
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  // ---- Before R: the addresses, one for each page size ----
  set_t peek_set;
  set_t a_set [3];
  logic a_valid;
  assign a_valid = a_valid_i || (Readout == 1 && (peek_i || peek_repl_i));
  always_comb begin : p_address
    for (int unsigned s = 0; s < 3; s++) begin
      a_set[s] = Sets == 1 ? '0 : a_by_index_i ? a_index_i[SetW-1:0] : a_vpn_i[9*s+:SetW];
      if (Readout == 1 && !a_valid_i) a_set[s] = peek_set;
    end
  end
  logic [2:0][SetW-1:0] set_q;
  always_ff @(posedge clk_i) begin : p_set
    if (a_valid) begin
      for (int unsigned s = 0; s < 3; s++) set_q[s] <= a_set[s];
    end
  end

  // ---- The memories ----
  logic asked;  // in R
  assign asked = r_look_i || r_fill_i || r_inv_i != InvNone;
  logic looked_at;
  assign looked_at = asked || (Readout == 1 && peek_i);
  ways_t write, fresh;  // C writes these ways, of them this one as valid
  logic  writes;  // there may be some
  set_t  c_set;                                                // of this set
  logic  c_fill_q;                                             // a FILL of this array is in C
  word_t new_word;                                             // but for its valid bit
  word_t word [3] [Ways];                                      // by page size
  word_t peek_word [Ways];
  always_comb begin : p_new_word
    new_word    = 'x;
    new_word[0] = 1'b0;
    if (c_fill_q) new_word = word_of(c_new_i, pcid_i);
  end
  for (genvar w = 0; w < int'(Ways); w++) begin : g_way
    (* no_rw_check *) (* ramstyle = "no_rw_check" *)
    word_t word_q[Sets];
    always_ff @(posedge clk_i) begin : p_word
      if (writes && write[w]) word_q[c_set] <= new_word | word_t'(fresh[w]);
    end
    for (genvar s = 0; s < 3; s++) begin : g_size
      if (!Holds[s]) begin : g_none
        assign word[s][w] = '0;
      end else if (Block) begin : g_block
        word_t read_q;
        always_ff @(posedge clk_i) begin : p_read
          if (a_valid) read_q <= word_q[a_set[s]];
        end
        assign word[s][w] = looked_at ? read_q : 'x;
      end else begin : g_small
        assign word[s][w] = looked_at ? word_q[set_q[s]] : 'x;
      end
    end
    assign peek_word[w] = !peek_i ? 'x : Readout == 2 ? word_q[peek_set] : word[Small][w];
  end

  // ---- What C wrote in the cycle before, if the words in R may not have it ----
  ways_t p_write_q, p_fresh_q;
  set_t p_set_q;
  logic p_fill_q;
  if (Block) begin : g_written
    always_ff @(posedge clk_i) begin : p_written
      if (write != '0 || p_write_q != '0) begin
        p_write_q <= write;
        p_fresh_q <= fresh;
        p_set_q   <= c_set;
        p_fill_q  <= c_fill_q;
      end
    end
  end else begin : g_all_written
    assign {p_write_q, p_fresh_q, p_set_q, p_fill_q} = '0;
  end

  // Does this array hold the page of this size at r_vpn_i?
  function automatic logic here(input int unsigned size);
    return Holds[size] && (!Shared4k || size != 0 || r_vpn_i[Home] == Number);
  endfunction

  // Is it the page of size s at r_vpn_i?
  function automatic logic same_page(input vpn_t vpn, input psize_t size, input int unsigned s);
    return size == psize_t'(s) && ((vpn ^ r_vpn_i) >> (9 * s)) == '0;
  endfunction

  // ---- What R found, for C, which knows the size that counts: of each size the ways that match ----
  logic [2:0][Ways-1:0] c_match_q;
  logic [2:0][SetW-1:0] c_sets_q;
  ways_t c_room_q;
  logic c_place_q;  // the array has the set of the sweep

  // ---- R: compare, each size for itself ----
  logic by_index;
  assign by_index = r_inv_i != InvNone && !one_address(r_inv_i);
  logic [2:0] places, c_same;
  ways_t match [3];                                            // at most one of a lookup
  ways_t room [3];                                             // not valid
  word_t answer [3];                                           // the word that matches, or 0; Block: if it is new
  ways_t pick [3];                                             // else the way of it
  always_comb begin : p_compare
    held_vpn_t want;
    logic p_same, c_is, p_is, who;
    ways_t c_stale, p_stale, p_fresh;
    {want, p_same, c_is, p_is, who, c_stale, p_stale, p_fresh} = '0;
    places = '0;
    c_same = '0;
    for (int unsigned s = 0; s < 3; s++) begin
      match[s]  = '0;
      room[s]   = '0;
      answer[s] = '0;
      pick[s]   = '0;
    end
    if (asked) begin
      for (int unsigned s = 0; s < 3; s++) begin
        if (!by_index && here(s) && (r_look_i || r_size_i == psize_t'(s))) begin
          places[s] = 1'b1;
          want      = held_vpn_t'(vpn_floor(r_vpn_i, psize_t'(s)) >> VpnLow);
          c_same[s] = c_set == set_q[s];
          p_same    = p_set_q == set_q[s];
          c_is      = c_fill_q && same_page(c_new_i.vpn, c_new_i.size, s);
          p_is      = p_fill_q && same_page(p_new_i.vpn, p_new_i.size, s) && !c_is;
          c_stale   = c_same[s] ? write : '0;
          p_stale   = p_same ? p_write_q : '0;
          p_fresh   = p_is ? p_fresh_q & ~c_stale : '0;
          if (c_is) answer[s] = new_word;
          if (p_is) answer[s] = word_of(p_new_i, pcid_i);
          for (int unsigned w = 0; w < Ways; w++) begin
            // SDM 5.10.4.1: INVPCID type 0 spares global entries; a global page may be looked up under every PCID
            who = r_inv_i == InvTarget ? pcid_of(word[s][w]) == pcid_i && !word[s][w][1] :
                pcid_of(word[s][w]) == pcid_i || word[s][w][1] || (r_fill_i && r_fill_glob_i);
            pick[s][w] = word[s][w][0] && word[s][w][AtVpn+:VpnW] == want && size_of(word[s][w]) == psize_t'(s)
                      && who && !c_stale[w] && !p_stale[w];
            room[s][w] = c_stale[w] ? !fresh[w] : p_stale[w] ? !p_fresh_q[w] : !word[s][w][0];
            if (!Block && pick[s][w]) answer[s] |= word[s][w];
          end
          match[s] = pick[s] | p_fresh | (c_is ? fresh : '0);
        end
      end
      if (by_index && !r_beyond_i) begin
        for (int unsigned w = 0; w < Ways; w++)
        if (inv_drops(tag_of(word[Small][w], '0), r_inv_i, pcid_i)) match[Small][w] = 1'b1;
      end
    end
  end

  // ---- C: the entry that was hit. The words of a block RAM are late in R, so which of them it is is chosen here. ----
  data_t c_data_q [3];
  logic [2:0] c_glob_q;
  always_ff @(posedge clk_i) begin : p_answer
    if (asked) begin
      for (int unsigned s = 0; s < 3; s++) begin
        c_data_q[s] <= data_of(answer[s]);
        c_glob_q[s] <= answer[s][1];
      end
    end
  end
  if (Block) begin : g_late
    logic [2:0][Ways-1:0] c_pick_q, c_globs_q;
    data_t c_words_q[3][Ways];
    for (genvar s = 0; s < 3; s++) begin : g_size
      for (genvar w = 0; w < int'(Ways); w++) begin : g_way
        always_ff @(posedge clk_i) begin : p_word
          if (asked) begin
            c_pick_q[s][w]  <= pick[s][w];
            c_globs_q[s][w] <= word[s][w][1];
            c_words_q[s][w] <= data_of(word[s][w]);
          end
        end
      end
    end
    always_comb begin : p_late
      for (int unsigned s = 0; s < 3; s++) begin
        hit_data_o[s] = 'x;
        hit_glob_o[s] = 'x;
        if (c_match_q[s] != '0) begin
          hit_data_o[s] = c_data_q[s];
          hit_glob_o[s] = c_glob_q[s];
          for (int unsigned w = 0; w < Ways; w++) begin
            if (c_pick_q[s][w]) begin
              hit_data_o[s] |= c_words_q[s][w];
              hit_glob_o[s] |= c_globs_q[s][w];
            end
          end
        end
      end
    end
  end else begin : g_early
    logic unused;
    assign unused = &{1'b0, pick[0], pick[1], pick[2]};
    assign hit_data_o = c_data_q;
    assign hit_glob_o = c_glob_q;
  end

  // ---- Replacement state of the sets; C writes it ----
  localparam int unsigned RankW = Ways > 1 ? $clog2(Ways) : 1;
  localparam int unsigned LowW = Ways == 1 ? 1 : Lru ? RankW * Ways : plru_leafs(Ways) - 1;
  typedef logic [LowW-1:0] low_t;
  // As mmu_pkg has it (four bits a rank, a node 0 that there is not), and as it is kept.
  function automatic logic [63:0] low_widened(input low_t low);
    logic [63:0] l;
    l = '0;
    if (Lru) for (int unsigned w = 0; w < Ways; w++) l[4*w+:RankW] = low[RankW*w+:RankW];
    else l[LowW:1] = low;
    return l;
  endfunction
  // verilator lint_off UNUSEDSIGNAL
  function automatic low_t low_kept(input logic [63:0] l);
    low_t low;
    low = '0;
    if (Lru) for (int unsigned w = 0; w < Ways; w++) low[RankW*w+:RankW] = l[4*w+:RankW];
    else low = l[LowW:1];
    return low;
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  // That C touches comes last in C. So what it makes of a set is written a cycle later (w_): R takes what waits instead
  // of the memory's, and the C after it takes it for a set that is the same.
  low_t low_new, low, w_low_q, peek_low;
  low_t low_read [3];                                          // by page size
  low_t c_low_q [3];
  logic [2:0] c_same_q;                                        // the set that C wrote was that of R
  logic low_write, w_write_q;
  set_t w_set_q;
  always_ff @(posedge clk_i) begin : p_low_waits
    w_write_q <= low_write;
    if (!Gated || low_write) begin
      w_low_q <= low_new;
      w_set_q <= c_set;
    end
  end
  if (Ways > 1) begin : g_low
    (* no_rw_check *) (* ramstyle = "no_rw_check" *)
    low_t low_q[Sets];
    always_ff @(posedge clk_i) begin : p_low
      if (w_write_q) low_q[w_set_q] <= w_low_q;
    end
    always_comb begin : p_low_read
      for (int unsigned s = 0; s < 3; s++) begin
        low_read[s] = 'x;
        if (Holds[s] && asked) low_read[s] = w_write_q && w_set_q == set_q[s] ? w_low_q : low_q[set_q[s]];
      end
    end
    set_t peeked;
    assign peeked   = Readout == 2 ? peek_set : set_q[Small];
    assign peek_low = w_write_q && w_set_q == peeked ? w_low_q : low_q[peeked];
  end else begin : g_no_low
    logic unused;
    assign unused = &{1'b0, low_new, low_write, w_set_q};
    always_comb for (int unsigned s = 0; s < 3; s++) low_read[s] = '0;
    assign peek_low = '0;
  end

  // ---- C ----
  always_ff @(posedge clk_i) begin : p_found
    if (asked) begin
      c_match_q <= {match[2], match[1], match[0]};
      c_room_q  <= room[0] | room[1] | room[2];
      c_place_q <= by_index && !r_beyond_i;
      c_sets_q  <= set_q;
      c_same_q  <= c_same;
      for (int unsigned s = 0; s < 3; s++) c_low_q[s] <= low_read[s];
    end
    c_fill_q <= r_fill_i && places != '0 && !flush_i;
  end

  always_comb for (int unsigned s = 0; s < 3; s++) hit_o[s] = c_match_q[s] != '0;
  ways_t found;
  always_comb begin : p_sizes
    found = '0;
    c_set = c_sets_q[Small];
    low   = w_write_q && c_same_q[Small] ? w_low_q : c_low_q[Small];
    for (int unsigned s = 0; s < 3; s++) begin
      if (Holds[s] && sizes_i[s]) begin
        found |= c_match_q[s];
        c_set = c_sets_q[s];
        low   = w_write_q && c_same_q[s] ? w_low_q : c_low_q[s];
      end
    end
  end

  always_comb begin : p_write
    way_t way;
    way       = '0;
    writes    = drop_i || c_fill_q;
    write     = drop_i ? found : '0;
    fresh     = '0;
    low_write = touch_i && found != '0;
    low_new   = '0;
    if (c_fill_q) begin
      // What overlaps the new entry goes: into the lowest such way, else the lowest invalid one, else the victim.
      fresh     = found != '0 ? found & (~found + ways_t'(1)) :
                  c_room_q != '0 ? c_room_q & (~c_room_q + ways_t'(1)) :
                  Ways > 1 ? ways_t'(1) << repl_victim(low_widened(low), '0, Lru, Ways) : ways_t'(1);
      write     = found | fresh;
      low_write = 1'b1;
    end
    if (!Gated || c_fill_q || touch_i) begin
      for (int unsigned w = 0; w < Ways; w++) if (c_fill_q ? fresh[w] : found[w]) way |= way_t'(w);
      low_new = low_kept(repl_touched(low_widened(low), Lru, Ways, 7'(way)));
    end
    if (drop_i && init_i && c_place_q) begin
      low_write = 1'b1;
      low_new   = low_kept(repl_initial(Lru, Ways));
    end
  end

  // ---- State readout ----
  assign peek_set = set_t'(peek_i ? peek_idx_i >> $clog2(Ways) : peek_idx_i);
  always_comb begin : p_peek
    way_t way;
    way = '0;
    peek_word0_o = '0;
    peek_word1_o = '0;
    if (Readout != 0 && peek_i) begin
      if (Ways > 1) way = way_t'(peek_idx_i);
      if (peek_word[way][0]) begin
        peek_word0_o = tag_of(peek_word[way], peek_set);
        peek_word1_o = data_of(peek_word[way]);
      end
    end else if (Readout != 0 && peek_repl_i && Ways > 1) peek_word0_o = low_widened(peek_low);
  end
endmodule
