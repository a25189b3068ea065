// One set-associative array of the STLB. Each page size it holds indexes it with its own bits of the address.
//
// The memories are read synchronously in the sense of a registered address: the set numbers are registered at the end
// of R, and C looks at the contents of its own cycle. Such a port is a block RAM's (transparent) read port, and the
// bypass of a write in C into the read in R comes with it. Valid bits and replacement state are small and stay outside.
// (The state readout at any cycle is a further, asynchronous port: mmu.Readout.)
//
//     cycle      t               t+1
//     R          set numbers
//     C                          compare; hit | invalidate | fill
//
// Cost: part of the STLB pipeline; one operation a cycle. Rules: docs/microarchitecture.md sections 4, 5, 9, 13.
module mmu_stlb_array
  import mmu_pkg::*;
#(
  parameter logic [2:0]  Holds    = 3'b001,
  parameter int unsigned Entries  = 4,
  parameter int unsigned Ways     = 4,
  parameter bit          Lru      = 1'b0,
  parameter bit          Shared4k = 1'b0,                      // both arrays hold 4K: a VA bit says which one
  parameter bit          Number   = 1'b0                       // this array's number
) (
  input  logic        clk_i,
  input  logic [11:0] pcid_i,                                  // of the operation in C
  // stage R: which sets
  input  logic        r_valid_i,
  input  logic        r_by_index_i,                            // a sweep: set r_index_i, whatever the size
  // verilator lint_off UNUSEDSIGNAL
  // (only the bits that number a set)
  input  logic [15:0] r_index_i,
  input  vpn_t        r_vpn_i,
  // verilator lint_on UNUSEDSIGNAL
  // stage C: what to do there
  input  vpn_t        c_vpn_i,
  input  logic        look_i,
  output logic        hit_o,
  output tag_t        tag_o,
  output data_t       data_o,
  input  logic        touch_i,                                 // the hit is used
  input  inv_t        inv_i,                                   // of one address: entries of size inv_size_i that match
  input  psize_t      inv_size_i,
  input  logic        fill_i,
  input  tag_t        fill_tag_i,
  input  data_t       fill_data_i,
  // state readout: an entry, or the replacement state of a set
  input  logic        peek_i,
  input  logic        peek_repl_i,
  input  logic [13:0] peek_idx_i,
  output logic [63:0] peek_word0_o,
  output logic [63:0] peek_word1_o
);
  localparam int unsigned Sets = Entries / Ways;
  localparam int unsigned SetW = Sets > 1 ? $clog2(Sets) : 1;
  localparam int unsigned WayW = Ways > 1 ? $clog2(Ways) : 1;
  localparam int unsigned Home = Sets > 1 ? SetW : 0;  // VPN bit that splits 4K pages over two arrays
  localparam int unsigned LowW = Ways == 1 ? 1 : Lru ? 4 * Ways : plru_leafs(Ways);
  typedef logic [SetW-1:0] set_t;
  typedef logic [WayW-1:0] way_t;

  tag_t            tag_q   [Ways][Sets];
  data_t           data_q  [Ways][Sets];
  logic [Ways-1:0] valid_q [Sets];
  logic [LowW-1:0] low_q   [Sets];                             // replacement state; the reset sweep initialises it

  // ---- R: the address registers, one for each page size ----
  logic [2:0][SetW-1:0] set_q;
  always_ff @(posedge clk_i) begin : p_set
    if (r_valid_i) begin
      for (int unsigned s = 0; s < 3; s++) begin
        set_q[s] <= Sets == 1 ? '0 : r_by_index_i ? r_index_i[SetW-1:0] : r_vpn_i[9*s+:SetW];
      end
    end
  end

  // Does this array hold the page of this size at c_vpn_i?
  function automatic logic here(input int unsigned size);
    return Holds[size] && (!Shared4k || size != 0 || c_vpn_i[Home] == Number);
  endfunction

  // ---- C: compare; of each size at most one way matches, the smallest size wins ----
  way_t   look_way;
  psize_t look_size;
  always_comb begin : p_compare
    logic match;
    match     = 1'b0;
    hit_o     = 1'b0;
    tag_o     = '0;
    data_o    = '0;
    look_way  = '0;
    look_size = '0;
    if (look_i) begin
      for (int s = 2; s >= 0; s--) begin
        if (here(s)) begin
          for (int w = int'(Ways) - 1; w >= 0; w--) begin
            match = valid_q[set_q[s]][w] &&
                tag_match(tag_q[w][set_q[s]], vpn_floor(c_vpn_i, psize_t'(s)), psize_t'(s), pcid_i);
            if (match) begin
              hit_o     = 1'b1;
              look_way  = way_t'(w);
              look_size = psize_t'(s);
              tag_o     = tag_q[w][set_q[s]];
              data_o    = data_q[w][set_q[s]];
            end
          end
        end
      end
    end
  end

  // ---- C: touch, invalidate, fill ----
  always_ff @(posedge clk_i) begin : p_write
    logic [Ways-1:0] valid, found, room;  // of the set acted on; `found` matches, validity apart
    logic by_set, act;
    set_t            set;
    way_t            way;
    logic [63:0]     low;
    by_set = inv_i != InvNone && !one_address(inv_i);
    if (touch_i && Ways > 1) begin
      set = set_q[look_size];
      low_q[set] <= LowW'(repl_touched(64'(low_q[set]), Lru, Ways, 7'(look_way)));
    end
    if (fill_i || inv_i != InvNone) begin
      act   = 1'b0;
      set   = '0;
      valid = '0;
      found = '0;
      for (int s = 2; s >= 0; s--) begin
        if (Holds[s] && (by_set || (here(s) && psize_t'(s) == (fill_i ? fill_tag_i.size : inv_size_i)))) begin
          act   = 1'b1;
          set   = set_q[s];
          valid = valid_q[set_q[s]];
          for (int unsigned w = 0; w < Ways; w++) begin
            // SDM 5.10.4.1: INVPCID type 0 spares global entries
            found[w] = by_set ? inv_drops(tag_q[w][set_q[s]], inv_i, pcid_i) :
                fill_i ? tag_q[w][set_q[s]].size == psize_t'(s) && tags_overlap(tag_q[w][set_q[s]], fill_tag_i) :
                tag_match(tag_q[w][set_q[s]], vpn_floor(c_vpn_i, psize_t'(s)), psize_t'(s), pcid_i) &&
                !(inv_i == InvTarget && tag_q[w][set_q[s]].glob);
          end
        end
      end
      if (act) begin
        low = 64'(low_q[set]);
        if (fill_i) begin
          // What overlaps the new entry goes: into the lowest such way, else the lowest invalid one, else the victim.
          way   = Ways > 1 ? way_t'(repl_victim(low, '0, Lru, Ways)) : '0;
          found = found & valid;
          room  = found != '0 ? found : ~valid;
          if (room != '0) way = way_t'(lowest(64'(room)));
          valid &= ~found;
          tag_q[way][set]  <= fill_tag_i;
          data_q[way][set] <= fill_data_i;
          valid[way]       = 1'b1;
          low              = repl_touched(low, Lru, Ways, 7'(way));
        end else valid = valid & ~found;
        if (inv_i == InvInit) low = repl_initial(Lru, Ways);
        valid_q[set] <= valid;
        if (Ways > 1) low_q[set] <= LowW'(low);
      end
    end
  end

  // ---- State readout ----
  always_comb begin : p_peek
    set_t set;
    way_t way;
    set = '0;
    way = '0;
    peek_word0_o = '0;
    peek_word1_o = '0;
    if (peek_i) begin
      set = set_t'(peek_idx_i >> $clog2(Ways));
      if (Ways > 1) way = way_t'(peek_idx_i);
      if (valid_q[set][way]) begin
        peek_word0_o = valid_tag(tag_q[way][set]);
        peek_word1_o = data_q[way][set];
      end
    end else if (peek_repl_i && Ways > 1) peek_word0_o = 64'(low_q[peek_idx_i[SetW-1:0]]);
  end
endmodule
