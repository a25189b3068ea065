// One array of an L1 TLB or of the paging-structure cache: tags, data, valid bits, replacement state.
//
// It holds the page sizes of Holds (bit i: size i; for the PSC bit i: level i+2). An array of one size may be set
// associative; an array of several is fully associative, and the size of an entry decides which bits of it are
// compared.
//
//     cycle     t                     t+1
//     lookup    A → hit, verdict      the same out of registers, A's data
//     touch                           A used, so A is recent (PSC: in t)
//     fill      B decided (mmu)       B is found; what it displaces is looked for, and it is written (PSC: in t)
//     inv       C                     C is gone (a fill of t stays)
//
// A fill is known late, and what it displaces later still. So an L1's waits for a cycle in registers: lookups and
// invalidations of that cycle see it beside the array, and nothing but this module's inside knows that it is not
// written yet. What a hit touches is written a cycle late as well, so replacement state is read as it was when the
// fill was decided.
//
// Cost: a lookup answers in its own cycle; one lookup per port, one fill and one invalidation a cycle. Tags are
// flip-flops, each with three comparators (of one lookup, the fill, the invalidation), and so is what is judged of an
// entry; the data are one memory, which becomes LUT RAM. 8 entries of 4 KByte, 4 ways, LRU, one port (tiny's DTLB):
// 1,042 LUT6, 507 FF, 9 LUT RAMs of 16 x 4, 6 levels.
// Rules: docs/microarchitecture.md sections 4, 5, 7, 10.
module mmu_tlb_array
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter logic [3:0]  Holds   = 4'b0001,
  parameter int unsigned Entries = 4,
  parameter int unsigned Ways    = 4,
  parameter bit          Lru     = 1'b0,
  parameter int unsigned Ports   = 1,
  parameter int unsigned Fills   = 1,                         // whose fill it is may be known last, and is one of these
  parameter bit          Psc     = 1'b0,                       // sizes are levels: nine VPN bits fewer
  parameter bit          Gated   = 1'b0                        // of mmu
) (
  input  logic               clk_i,
  input  logic               rst_i,
  input  logic [11:0]        pcid_i,                           // the current one
  input  logic               settle_i,                         // no lookup, and the current PCID may be a new one
  // lookups of an access each, what the entry grants it (not of the PSC), and which of this cycle's hits are used
  input  logic [Ports-1:0]   look_i,
  input  vpn_t               look_vpn_i [Ports],
  input  logic [Ports-1:0]   write_i,
  input  logic [15:0]        grants_i [Ports],                 // see grants_pass
  input  logic [63:0]        forbids_i [Ports],                // see keys_forbid
  output logic [Ports-1:0]   hit_o,
  output logic [Ports-1:0]   ok_o,                             // a hit that may be used
  output logic [Ports-1:0]   denied_o,                         // a hit without the right
  // a cycle later, of an L1
  output logic [Ports-1:0]   was_hit_o,
  output logic [Ports-1:0]   was_ok_o,
  output logic [Ports-1:0]   was_denied_o,
  output psize_t             size_o [Ports],                   // of the PSC in the cycle of the lookup
  output data_t              data_o [Ports],                   // likewise
  input  logic [Ports-1:0]   touch_i,                          // likewise
  // fill, of an L1 a cycle after it is decided; ignored when this array does not hold the size
  input  logic               fill_i,
  input  tag_t               fill_tag_i,
  input  data_t              fill_data_i,
  // … of an L1 also: which lookups it matches, and what it says to them; the data of the fill before it
  input  logic [Ports-1:0]   fill_hit_i,
  input  logic [Ports-1:0]   fill_ok_i,
  input  logic [Ports-1:0]   fill_denied_i,
  input  data_t              filled_data_i,
  // verilator lint_off UNUSEDSIGNAL
  // (of one there is no choice)
  input  logic [Fills-1:0]   fill_which_i,                     // one of them
  input  tag_t               fill_from_i [Fills],              // … is fill_tag_i
  // verilator lint_on UNUSEDSIGNAL
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
  localparam psize_t Last = Holds[3] ? 2'd3 : Holds[2] ? 2'd2 : Holds[1] ? 2'd1 : 2'd0;
  localparam bit Several = First != Last;
  localparam int unsigned Bottom = 9 * (32'(First) + (Psc ? 1 : 0));  // the lowest VPN bit of the smallest size
  localparam int unsigned ReplW = Ways == 1 ? 1 : Lru ? Ways * (Ways - 1) / 2 : plru_leafs(Ways);
  localparam int unsigned PlaceW = Entries > 1 ? $clog2(Sets) + $clog2(Ways) : 1;
  localparam int unsigned NodeW = ReplW > 1 ? $clog2(ReplW) : 1;
  typedef logic [SetW-1:0] set_t;
  typedef logic [WayW-1:0] way_t;
  typedef logic [PlaceW-1:0] place_t;
  typedef logic [ReplW-1:0] repl_t;

  tag_t                      tag_q  [Sets][Ways];              // what `kept` leaves of it
  data_t                     data_q [Entries > 1 ? 1 << PlaceW : 1];  // by place_of; a read port for each lookup
  // Of the data what is judged, not of the PSC: every way's is read at once.
  // verilator lint_off UNUSEDSIGNAL
  // verilator lint_off UNDRIVEN
  judged_t                   judged_q [Sets][Ways];
  // verilator lint_on UNDRIVEN
  // verilator lint_on UNUSEDSIGNAL
  logic [Sets-1:0][Ways-1:0] valid_q;                          // counts, whatever .valid of the tag says
  logic [Sets-1:0][Ways-1:0] current_q;                        // global, or of the current PCID
  logic [Sets-1:0][Ways-1:0] dropped_q;                        // by an invalidation of the cycle before, of an L1
  repl_t                     repl_q [Sets];                    // see "Replacement"

  // verilator lint_off UNUSEDSIGNAL
  // (a rule reads of a tag and of a VPN what it speaks of)
  function automatic set_t set_of(input vpn_t vpn);
    return Sets > 1 ? vpn[9*First+:SetW] : '0;
  endfunction

  function automatic place_t place_of(input set_t set, input way_t way);
    return Ways > 1 ? place_t'({set, way}) : place_t'(set);
  endfunction

  // ---- What is kept: bits that are the same in every entry, or copies of another, are no flip-flops ----
  // A canonical address without LA57 repeats VA[47] above it.
  function automatic tag_t kept(input tag_t tag);
    kept = '{
        zero: '0,
        vpn: (tag.vpn >> Bottom) << Bottom,
        pcid: ARCH_PCID != 0 ? tag.pcid : '0,
        glob: !Psc && tag.glob,
        size: Several ? tag.size : First,
        valid: 1'b1
    };
    if (Several) kept.vpn = Psc ? vpn_floor_psc(tag.vpn, tag.size) : vpn_floor(tag.vpn, tag.size);
    if (ARCH_LA57 == 0) kept.vpn[44:36] = {9{tag.vpn[35]}};
    if (Last == 2'd1) kept.size[1] = 1'b0;
    if (First == 2'd2) kept.size[1] = 1'b1;
  endfunction
  function automatic data_t kept_data(input data_t word);
    kept_data       = word;
    kept_data.zero  = '0;
    kept_data.frame = frame_t'(word.frame[PaBits-13:0]);
    if (Psc) {kept_data.s, kept_data.key, kept_data.pat[2], kept_data.d} = '0;
    else kept_data.frame = (kept_data.frame >> Bottom) << Bottom;
  endfunction

  // ---- Match: nine bits of the VPN count only for pages that are smaller ----
  // The bits of a VPN that a tag of the smallest size is compared in: not those that number its set.
  localparam vpn_t Compared = (('1 << Bottom) & (ARCH_LA57 != 0 ? '1 : vpn_t'(36'hF_FFFF_FFFF)))
                              & (Sets > 1 ? ~(((vpn_t'(1) << SetW) - vpn_t'(1)) << Bottom) : '1);
  function automatic logic is_zero(input vpn_t differ, input psize_t larger);
    is_zero = (differ >> (Bottom + 9 * (32'(Last) - 32'(First)))) == '0;
    for (int s = int'(First); s < int'(Last); s++) begin
      is_zero = is_zero && (int'(larger) > s || differ[9*(s+(Psc?1 : 0))+:9] == '0);
    end
  endfunction
  function automatic logic vpn_match(input vpn_t a, input vpn_t b, input psize_t larger);
    return is_zero((a ^ b) & Compared, larger);
  endfunction

  // The entry, validity apart, matches (vpn, pcid) at its own size (section 4).
  function automatic logic agrees(input tag_t tag, input vpn_t vpn, input logic [11:0] pcid);
    return vpn_match(tag.vpn, vpn, tag.size) && (tag.glob || tag.pcid == pcid);
  endfunction
  // It overlaps a new one (section 4), whose PCID is the current one.
  function automatic logic overlaps(input tag_t tag, input logic current, input tag_t fill);
    return vpn_match(tag.vpn, fill.vpn, !Psc && fill.size > tag.size ? fill.size : tag.size) &&
        (!Psc || !Several || tag.size == fill.size) && (current || fill.glob);
  endfunction

  // Few sets are compared apart, and the set chooses among the results: a shorter path than to choose a tag. Loops over
  // `Apart` have this set's number where there are more sets.
  localparam int unsigned Apart = Sets <= 4 ? Sets : 1;
  function automatic logic is_part(input int unsigned part, input set_t set);
    return Apart == 1 || 32'(set) == part;
  endfunction
  function automatic set_t set_in(input int unsigned part, input set_t set);
    return Apart == 1 ? set : set_t'(part);
  endfunction

  // verilator lint_on UNUSEDSIGNAL

  // The number of the one way in a set of them.
  function automatic way_t way_of(input logic [Ways-1:0] one);
    way_of = '0;
    for (int unsigned w = 0; w < Ways; w++) if (one[w]) way_of |= way_t'(w);
  endfunction

  // ---- Lookup: at most one way matches; of a PSC array one of each level, and the lowest level wins ----
  // What an entry grants is judged beside the comparison, of every way of the set; the data themselves are read last.
  logic here;  // there is a fill of a size that is held
  logic [Ways-1:0] over, chosen;  // by the fill: entries that go, the way that is written
  set_t fill_set;
  tag_t fill_tag;                                              // as it will be kept
  // In an L1 a fill that waits may be hit, and what it displaces may not. Both are asked beside the lookup and kept
  // beside its verdict, for the latter waits for the longest paths of all.
  logic [Ports-1:0] look_any, look_ok, look_denied;  // of what is written
  logic [Ports-1:0] look_new, look_gone;  // hits what is not written yet; what is displaced by it
  logic [Ways-1:0] look_hit [Ports];
  set_t look_set [Ports];
  psize_t look_size [Ports];
  always_comb begin : p_lookup
    set_t set, in;
    logic [Ways-1:0] found;
    vpn_t differ;
    set      = '0;
    in       = '0;
    found    = '0;
    differ   = '0;
    look_any    = '0;
    look_ok     = '0;
    look_denied = '0;
    look_new    = '0;
    look_gone   = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      look_size[p] = Several ? '0 : First;
      look_hit[p]  = '0;
      look_set[p]  = '0;
      if (look_i[p]) begin
        set         = set_of(look_vpn_i[p]);
        look_set[p] = set;
        found       = '0;
        for (int unsigned part = 0; part < Apart; part++) begin
          in = Apart == 1 ? set : set_t'(part);
          // Written out, and one condition after the other, the likeliest to fail first: in simulation the arguments of
          // a function are copied, here for each way in every cycle; and an empty set is not compared.
          if (in == set && valid_q[in] != '0) begin
            for (int unsigned w = 0; w < Ways; w++) begin
              differ = (tag_q[in][w].vpn ^ look_vpn_i[p]) & Compared;
              if (Several ? tag_q[in][w].size != First || differ[Bottom+:9] == '0 : differ == '0) begin
                if (!Several || is_zero(differ, tag_q[in][w].size)) begin
                  if (current_q[in][w] && valid_q[in][w]) begin
                    found[w] = 1'b1;
                    if (!Psc) begin
                      if (Several) look_size[p] |= tag_q[in][w].size;
                      {look_ok[p], look_denied[p]} |= verdict(judged_q[set][w], write_i[p], grants_i[p], forbids_i[p]);
                    end
                  end
                end
              end
            end
          end
        end
        look_any[p] = found != '0;
        if (!Psc && here) begin
          look_new[p]  = fill_hit_i[p];
          look_gone[p] = set == fill_set && (found & (over | chosen)) != '0;
        end
        if (Psc && found != '0) begin
          if (Several) begin  // such an array has one set
            look_size[p] = Last;
            for (int unsigned w = 0; w < Ways; w++)
            if (found[w] && tag_q[0][w].size < look_size[p]) look_size[p] = tag_q[0][w].size;
            for (int unsigned w = 0; w < Ways; w++) found[w] = found[w] && tag_q[0][w].size == look_size[p];
          end
        end
        look_hit[p] = found;
      end
    end
  end
  always_comb begin : p_verdict
    hit_o    = look_any;
    ok_o     = look_ok;
    denied_o = look_denied;
    if (!Psc && here) begin
      hit_o    = look_new | (look_any & ~look_gone);
      ok_o     = (look_new & fill_ok_i) | (look_ok & ~look_gone);
      denied_o = (look_new & fill_denied_i) | (look_denied & ~look_gone);
    end
  end

  // ---- Data, and what is touched: of an L1 a cycle later ----
  way_t fill_way;
  place_t fill_place;  // some Verilators (5.032) take no call in an index of what is written: also look_set
  set_t touch_set [Ports];
  way_t touch_way [Ports];
  logic written;                                               // there was a fill in the cycle before
  place_t written_place;
  if (Psc) begin : g_now
    always_comb begin : p_data
      for (int unsigned p = 0; p < Ports; p++) begin
        data_o[p] = 'x;
        size_o[p]    = look_size[p];
        touch_set[p] = look_set[p];
        touch_way[p] = way_of(look_hit[p]);
        if (look_i[p]) data_o[p] = data_q[place_of(look_set[p], touch_way[p])];
      end
    end
    logic unused;
    assign unused = &{1'b0, look_new, look_gone};
    assign {was_hit_o, was_ok_o, was_denied_o} = '0;
    assign written = 1'b0;
    assign written_place = '0;
    always_ff @(posedge clk_i) if (here) data_q[fill_place] <= kept_data(fill_data_i);
  end else begin : g_late
    logic [Ports-1:0] any_q, ok_q, denied_q, gone_q, new_q, new_ok_q, new_denied_q;
    logic [Ports-1:0][Ways-1:0] hit_q;
    logic [Ports-1:0][SetW-1:0] set_q;
    logic [Ports-1:0][1:0] size_q;
    logic written_q;
    place_t written_place_q;
    always_ff @(posedge clk_i) begin : p_was
      any_q <= look_any;
      if (!Gated || look_any != '0 || look_new != '0) begin
        ok_q     <= look_ok;
        denied_q <= look_denied;
        for (int unsigned p = 0; p < Ports; p++) begin
          hit_q[p]  <= look_hit[p];
          set_q[p]  <= look_set[p];
          size_q[p] <= look_new[p] ? fill_tag.size : look_size[p];
        end
      end
      written_q <= here;
      if (!Gated || here) begin
        gone_q          <= look_gone;
        new_q           <= look_new;
        new_ok_q        <= fill_ok_i;
        new_denied_q    <= fill_denied_i;
        written_place_q <= fill_place;
      end
      if (written_q) data_q[written_place_q] <= kept_data(filled_data_i);
    end
    always_comb begin : p_data
      was_hit_o    = '0;
      was_ok_o     = '0;
      was_denied_o = '0;
      for (int unsigned p = 0; p < Ports; p++) begin
        size_o[p]    = 'x;
        touch_set[p] = 'x;
        touch_way[p] = 'x;
        data_o[p]    = 'x;
      end
      if (!Gated || any_q != '0) begin
        was_hit_o    = any_q;
        was_ok_o     = ok_q;
        was_denied_o = denied_q;
        for (int unsigned p = 0; p < Ports; p++) begin
          if (any_q[p]) begin
            size_o[p]    = size_q[p];
            touch_set[p] = set_q[p];
            touch_way[p] = way_of(hit_q[p]);
            data_o[p]    = data_q[place_of(set_q[p], way_of(hit_q[p]))];
          end
        end
      end
      if (!Gated || written_q) begin
        was_hit_o    = new_q | (was_hit_o & ~gone_q);
        was_ok_o     = (new_q & new_ok_q) | (was_ok_o & ~gone_q);
        was_denied_o = (new_q & new_denied_q) | (was_denied_o & ~gone_q);
        for (int unsigned p = 0; p < Ports; p++) begin
          if (new_q[p]) begin
            size_o[p]    = size_q[p];
            touch_set[p] = set_q[p];
            touch_way[p] = way_t'(written_place_q);
            data_o[p]    = kept_data(filled_data_i);
          end
        end
      end
    end
    assign written = written_q;
    assign written_place = written_place_q;
  end

  // ---- Replacement (section 5) ----
  // PLRU: the nodes, bit n node n. LRU: of each pair of ways v < w, at w(w-1)/2 + v, whether w is the younger; so a
  // touch looks at nothing, and the ranks are counted where they are read out.
  typedef logic [Ways-1:0][ReplW-1:0] masks_t;  // for each way
  function automatic masks_t touch_masks(input logic young);  // the bits that a touch sets; or that it changes
    logic [WayW:0] node;
    for (int way = 0; way < int'(Ways); way++) begin
      touch_masks[way] = '0;
      if (Lru) begin
        for (int w = 0; w < int'(Ways); w++) begin
          for (int v = 0; v < w; v++) touch_masks[way][w*(w-1)/2+v] = way == w || (way == v && !young);
        end
      end else begin
        node = (WayW + 1)'(plru_leafs(Ways) + way);
        for (int l = 0; l < $clog2(Ways); l++) begin
          touch_masks[way][NodeW'(node[WayW:1])] = !node[0] || !young;
          node = node >> 1;
        end
      end
    end
  endfunction
  localparam masks_t Younger = touch_masks(1'b1), Changed = touch_masks(1'b0);
  function automatic repl_t touched(input repl_t repl, input way_t way);
    return (repl & ~Changed[way]) | Younger[way];
  endfunction

  // The oldest way, as one bit of all.
  function automatic logic [Ways-1:0] victim_of(input repl_t repl);
    logic [Ways-1:0] oldest;
    oldest = '1;
    if (Lru) begin
      for (int w = 0; w < int'(Ways); w++) begin
        for (int v = 0; v < w; v++) begin
          if (repl[w*(w-1)/2+v]) oldest[w] = 1'b0;
          else oldest[v] = 1'b0;
        end
      end
    end else begin
      oldest = Ways'(1) << repl_victim(64'(repl), 64'(128'(repl) >> 64), 1'b0, Ways);
    end
    return oldest;
  endfunction

  // ---- Touch, invalidate, fill: all from the state before the cycle; the later statement wins ----
  always_comb begin : p_here
    here = fill_i && Holds[fill_tag_i.size];
    if (Fills > 1) begin
      here = 1'b0;
      for (int unsigned f = 0; f < Fills; f++) if (fill_which_i[f] && Holds[fill_from_i[f].size]) here = 1'b1;
    end
  end
  assign fill_set = set_of(fill_tag_i.vpn);
  always_comb begin : p_fill
    logic [Ways-1:0] room, valid, goes;
    tag_t            from;
    set_t            set;
    from     = 'x;
    set      = 'x;
    valid    = 'x;
    goes     = 'x;
    over     = 'x;
    chosen   = 'x;
    room     = 'x;
    fill_way = 'x;
    fill_place = 'x;
    fill_tag   = 'x;
    if (here) begin
      fill_tag = kept(fill_tag_i);
      // What overlaps the new entry goes: into the lowest such way, else the lowest invalid one, else the victim.
      room = '0;
      for (int unsigned part = 0; part < Apart; part++) begin
        set = set_in(part, fill_set);
        if (is_part(part, fill_set)) begin
          valid = valid_q[set] | dropped_q[set];                 // as they were when the fill was decided
          room  = room | (valid == '1 ? victim_of(repl_q[set]) : ~valid & (valid + Ways'(1)));
        end
      end
      over   = '0;
      chosen = '0;
      for (int unsigned f = 0; f < Fills; f++) begin
        from  = Fills == 1 ? fill_tag_i : fill_from_i[f];
        goes  = '0;
        for (int unsigned part = 0; part < Apart; part++) begin
          set = set_in(part, fill_set);
          if (is_part(part, fill_set)) begin
            for (int unsigned w = 0; w < Ways; w++) begin
              goes[w] = (valid_q[set][w] || dropped_q[set][w]) && overlaps(tag_q[set][w], current_q[set][w], from);
            end
          end
        end
        if (Fills == 1 || fill_which_i[f]) begin  // known last
          over   = over | goes;
          chosen = chosen | (goes == '0 ? room : goes & (~goes + Ways'(1)));
        end
      end
      fill_way = way_of(chosen);
      fill_place = place_of(fill_set, fill_way);
    end
  end

  // Each block asks no more than what it writes depends on.
  always_ff @(posedge clk_i) begin : p_current
    if (settle_i) begin
      for (int unsigned s = 0; s < Sets; s++) begin
        for (int unsigned w = 0; w < Ways; w++) current_q[s][w] <= tag_q[s][w].glob || tag_q[s][w].pcid == pcid_i;
      end
    end
    if (here) for (int unsigned w = 0; w < Ways; w++) if (chosen[w]) current_q[fill_set][w] <= 1'b1;
  end
  // `chosen` is late: in hardware no number is made of it, only to be taken apart again; in simulation one is quicker.
  if (Gated) begin : g_by_number
    always_ff @(posedge clk_i) begin : p_write
      if (here) begin
        tag_q[fill_set][fill_way] <= fill_tag;
        if (!Psc) judged_q[fill_set][fill_way] <= judged(fill_data_i);
      end
    end
  end else begin : g_by_way
    for (genvar s = 0; s < int'(Sets); s++) begin : g_set
      for (genvar w = 0; w < int'(Ways); w++) begin : g_way
        always_ff @(posedge clk_i) begin : p_write
          if (here && fill_set == set_t'(s) && chosen[w]) begin
            tag_q[s][w] <= fill_tag;
            if (!Psc) judged_q[s][w] <= judged(fill_data_i);
          end
        end
      end
    end
  end
  always_ff @(posedge clk_i) begin : p_touch
    if (rst_i || here || touch_i != '0) begin
      for (int unsigned p = 0; p < Ports; p++) begin
        if (touch_i[p] && Ways > 1) begin
          repl_q[touch_set[p]] <= touched(repl_q[touch_set[p]], touch_way[p]);
        end
      end
      if (here && Ways > 1) repl_q[fill_set] <= touched(repl_q[fill_set], fill_way);
      if (rst_i) for (int unsigned s = 0; s < Sets; s++) repl_q[s] <= '0;
    end
  end
  // What is filled is there, whatever an invalidation of the PSC drops beside it. In an L1 it was there before, and an
  // invalidation asks it too: a page fault's, for control is IDLE while a fill waits.
  always_ff @(posedge clk_i) begin : p_valid
    logic [Sets-1:0][Ways-1:0] now, drop;
    set_t set;
    dropped_q <= '0;
    if (rst_i || here || inv_i != InvNone) begin
      now = valid_q;
      if (here) now[fill_set] = (now[fill_set] & ~over) | chosen;
      drop = '0;
      unique case (inv_i)
        InvAddress, InvTarget: begin  // SDM 5.10.4.1: INVLPG drops global entries too, INVPCID type 0 does not
          for (int unsigned part = 0; part < Apart; part++) begin
            set = set_in(part, set_of(inv_vpn_i));
            for (int unsigned w = 0; w < Ways; w++) begin
              if (is_part(
                      part, set_of(inv_vpn_i)
                  ) && agrees(
                      tag_q[set][w], inv_vpn_i, inv_pcid_i
                  ) && !(inv_i == InvTarget && tag_q[set][w].glob))
                drop[set][w] = 1'b1;
            end
          end
        end
        InvNonGlobal, InvContext, InvAllNonGlobal:
        for (int unsigned s = 0; s < Sets; s++)
        for (int unsigned w = 0; w < Ways; w++) drop[s][w] = inv_drops(tag_q[s][w], inv_i, inv_pcid_i);
        InvAll, InvInit: drop = '1;
        default: ;
      endcase
      if (here) begin
        drop[fill_set] = drop[fill_set] & ~chosen;
        if (!Psc && inv_i == InvAddress && set_of(inv_vpn_i) == fill_set) begin
          if (vpn_match(fill_tag.vpn, inv_vpn_i, fill_tag.size)) drop[fill_set] = drop[fill_set] | chosen;
        end
      end
      valid_q <= rst_i ? '0 : now & ~drop;
      if (!Psc) dropped_q <= now & drop;
    end
  end

  // ---- State readout ----
  // LRU: the rank of a way is how many are younger.
  function automatic logic [63:0] ranks_of(input repl_t repl);
    ranks_of = '0;
    for (int w = 0; w < int'(Ways); w++) begin
      for (int v = 0; v < w; v++) begin
        if (repl[w*(w-1)/2+v]) ranks_of[4*v+:4] = ranks_of[4*v+:4] + 4'd1;
        else ranks_of[4*w+:4] = ranks_of[4*w+:4] + 4'd1;
      end
    end
  endfunction
  always_comb begin : p_peek
    set_t set;
    way_t way;
    repl_t repl;
    set = '0;
    way = '0;
    repl = '0;
    peek_word0_o = '0;
    peek_word1_o = '0;
    if (peek_i) begin
      set = set_t'(peek_idx_i >> $clog2(Ways));
      if (Ways > 1) way = way_t'(peek_idx_i);
      if (!Psc && here && set == fill_set && chosen[way]) begin
        peek_word0_o = valid_tag(fill_tag);
        peek_word1_o = kept_data(fill_data_i);
      end else if (valid_q[set][way] && !(!Psc && here && set == fill_set && over[way])) begin
        peek_word0_o = valid_tag(tag_q[set][way]);
        peek_word1_o = data_q[place_of(set, way)];
        if (written && written_place == place_of(set, way)) peek_word1_o = kept_data(filled_data_i);
      end
    end else if (peek_repl_i && Ways > 1) begin
      set = peek_idx_i[SetW-1:0];
      repl = repl_q[set];
      if (!Psc) begin  // with what is written a cycle late
        for (int unsigned p = 0; p < Ports; p++) begin
          if (touch_i[p] && touch_set[p] == set) repl = touched(repl_q[set], touch_way[p]);
        end
        if (here && fill_set == set) repl = touched(repl_q[set], fill_way);
      end
      peek_word0_o = Lru ? ranks_of(repl) : 64'(repl);
      peek_word1_o = Lru ? '0 : 64'(128'(repl) >> 64);
    end
  end
endmodule
