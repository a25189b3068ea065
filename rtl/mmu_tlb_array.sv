// One array of an L1 TLB or of the paging-structure cache: tags, data, valid bits, replacement state.
//
// It holds the page sizes of Holds (bit i: size i; for the PSC bit i: level i+2). An array of one size may be set
// associative; an array of several is fully associative, and the size of an entry decides which bits of it are
// compared.
//
//     cycle     t            t+1
//     lookup    A → hit
//     touch     (A used)     A is recent
//     fill      B            B is found
//     inv       C            C is gone (a fill of t stays)
//
// Cost: a lookup answers in its own cycle; one lookup per port, one fill and one invalidation a cycle.
// Rules: docs/microarchitecture.md sections 4, 5, 7, 10.
module mmu_tlb_array
  import mmu_pkg::*;
#(
  parameter logic [3:0]  Holds   = 4'b0001,
  parameter int unsigned Entries = 4,
  parameter int unsigned Ways    = 4,
  parameter bit          Lru     = 1'b0,
  parameter int unsigned Ports   = 1,
  parameter bit          Psc     = 1'b0                        // sizes are levels: nine VPN bits fewer
) (
  input  logic               clk_i,
  input  logic               rst_i,
  input  logic [11:0]        pcid_i,
  // lookups, and which of this cycle's hits are used
  input  logic [Ports-1:0]   look_i,
  input  vpn_t               look_vpn_i [Ports],
  output logic [Ports-1:0]   hit_o,
  output psize_t             size_o [Ports],
  output data_t              data_o [Ports],
  input  logic [Ports-1:0]   touch_i,
  // fill; ignored when this array does not hold the size
  input  logic               fill_i,
  input  tag_t               fill_tag_i,
  input  data_t              fill_data_i,
  // invalidation
  input  inv_t               inv_i,
  input  vpn_t               inv_vpn_i,
  input  logic [11:0]        inv_pcid_i,
  // state readout: an entry, or the replacement state of a set
  input  logic               peek_i,
  input  logic               peek_repl_i,
  input  logic [13:0]        peek_idx_i,
  output logic [63:0]        peek_word0_o,
  output logic [63:0]        peek_word1_o
);
  localparam int unsigned Sets = Entries / Ways;
  localparam int unsigned SetW = Sets > 1 ? $clog2(Sets) : 1;
  localparam int unsigned WayW = Ways > 1 ? $clog2(Ways) : 1;
  localparam psize_t First = Holds[0] ? 2'd0 : Holds[1] ? 2'd1 : Holds[2] ? 2'd2 : 2'd3;
  localparam bit Several = (Holds & (Holds - 4'd1)) != '0;
  localparam int unsigned LowW = Ways == 1 ? 1 : Lru ? 4 * Ways : plru_leafs(Ways) > 64 ? 64 : plru_leafs(Ways);
  typedef logic [SetW-1:0] set_t;
  typedef logic [WayW-1:0] way_t;

  tag_t  tag_q  [Sets][Ways];
  data_t data_q [Sets][Ways];
  logic [Sets-1:0][Ways-1:0] valid_q;                          // counts, whatever .valid of the tag says
  logic [LowW-1:0]           low_q  [Sets];                    // replacement state; see mmu_pkg
  logic [63:0]               high_q [Sets];
  logic [Sets-1:0]           live_q;                           // 0: the set's replacement state is as after reset

  function automatic vpn_t floor_of(input vpn_t vpn, input psize_t size);
    return Psc ? vpn_floor_psc(vpn, size) : vpn_floor(vpn, size);
  endfunction

  // verilator lint_off UNUSEDSIGNAL
  // (only the bits that number a set)
  function automatic set_t set_of(input vpn_t vpn);
    return Sets > 1 ? vpn[9*First+:SetW] : '0;
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  // The entry, validity apart, matches (vpn, pcid) at its own size.
  function automatic logic agrees(input tag_t tag, input vpn_t vpn, input logic [11:0] pcid);
    return tag_match(tag, floor_of(vpn, Several ? tag.size : First), Several ? tag.size : First, pcid);
  endfunction

  function automatic logic [63:0] low_of(input set_t set);
    return live_q[set] ? 64'(low_q[set]) : repl_initial(Lru, Ways);
  endfunction
  function automatic logic [63:0] high_of(input set_t set);
    return Ways > 64 && live_q[set] ? high_q[set] : '0;
  endfunction

  // ---- Lookup: at most one way matches; of a PSC array one of each level, and the lowest level wins ----
  way_t look_way[Ports];
  always_comb begin : p_lookup
    set_t   set;
    psize_t size;
    logic   match;
    set   = '0;
    size  = First;
    match = 1'b0;
    hit_o = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      size_o[p]   = First;
      data_o[p]   = '0;
      look_way[p] = '0;
    end
    if (look_i != '0) begin
      for (int unsigned p = 0; p < Ports; p++) begin
        if (look_i[p]) begin
          set = set_of(look_vpn_i[p]);
          if (Several) size = 2'd3;
          for (int w = int'(Ways) - 1; w >= 0; w--) begin
            match = valid_q[set][w] && agrees(tag_q[set][w], look_vpn_i[p], pcid_i) &&
                (!Several || tag_q[set][w].size <= size);
            if (match) begin
              hit_o[p]    = 1'b1;
              look_way[p] = way_t'(w);
              if (Several) size = tag_q[set][w].size;
            end
          end
          size_o[p] = size;
          data_o[p] = data_q[set][look_way[p]];
        end
      end
    end
  end

  // ---- Touch, invalidate, fill: all from the state before the cycle; the later statement wins ----
  always_ff @(posedge clk_i) begin : p_write
    logic [Sets-1:0][Ways-1:0] valid;
    logic [Sets-1:0]           live;
    logic [Ways-1:0]           over;
    set_t                      set;
    way_t                      way;
    if (rst_i || fill_i || inv_i != InvNone || touch_i != '0) begin
      valid = valid_q;
      live  = live_q;
      for (int unsigned p = 0; p < Ports; p++) begin
        if (touch_i[p] && Ways > 1) begin
          set = set_of(look_vpn_i[p]);
          low_q[set] <= LowW'(repl_touched(low_of(set), Lru, Ways, 7'(look_way[p])));
          if (Ways > 64) high_q[set] <= repl_touched_high(high_of(set), 7'(look_way[p]));
          live[set] = 1'b1;
        end
      end

      unique case (inv_i)
        InvAddress, InvTarget: begin  // SDM 5.10.4.1: INVLPG drops global entries too, INVPCID type 0 does not
          set = set_of(inv_vpn_i);
          for (int unsigned w = 0; w < Ways; w++) begin
            if (agrees(tag_q[set][w], inv_vpn_i, inv_pcid_i) && !(inv_i == InvTarget && tag_q[set][w].glob))
              valid[set][w] = 1'b0;
          end
        end
        InvNonGlobal, InvContext, InvAllNonGlobal:
          for (int unsigned s = 0; s < Sets; s++)
            for (int unsigned w = 0; w < Ways; w++)
              if (inv_drops(tag_q[s][w], inv_i, inv_pcid_i)) valid[s][w] = 1'b0;
        InvAll, InvInit: valid = '0;
        default: ;
      endcase

      if (fill_i && Holds[fill_tag_i.size]) begin
        // What overlaps the new entry goes: into the lowest such way, else the lowest invalid one, else the victim.
        set = set_of(fill_tag_i.vpn);
        way = Ways > 1 ? way_t'(repl_victim(low_of(set), high_of(set), Lru, Ways)) : '0;
        for (int unsigned w = 0; w < Ways; w++) begin
          over[w] = valid_q[set][w] && (!Psc || !Several || tag_q[set][w].size == fill_tag_i.size) &&
              tags_overlap(tag_q[set][w], fill_tag_i);
        end
        valid[set] = valid[set] & ~over;
        for (int w = int'(Ways) - 1; w >= 0; w--) if (over != '0 ? over[w] : !valid_q[set][w]) way = way_t'(w);
        tag_q[set][way]  <= fill_tag_i;
        data_q[set][way] <= fill_data_i;
        valid[set][way] = 1'b1;
        if (Ways > 1) begin
          low_q[set] <= LowW'(repl_touched(low_of(set), Lru, Ways, 7'(way)));
          if (Ways > 64) high_q[set] <= repl_touched_high(high_of(set), 7'(way));
          live[set] = 1'b1;
        end
      end
      valid_q <= rst_i ? '0 : valid;
      live_q  <= rst_i ? '0 : live;
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
        peek_word0_o = valid_tag(tag_q[set][way]);
        peek_word1_o = data_q[set][way];
      end
    end else if (peek_repl_i && Ways > 1) begin
      peek_word0_o = low_of(peek_idx_i[SetW-1:0]);
      peek_word1_o = high_of(peek_idx_i[SetW-1:0]);
    end
  end
endmodule
