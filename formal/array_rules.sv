// What docs/microarchitecture.md sections 4 and 13 say of one array of an L1 TLB or of the PSC, bound to it: that at
// most one way matches a lookup (of a PSC one of each level), what a fill leaves, and of each invalidation what it
// drops and what it keeps; and that a lookup is answered by the last fill of its page, after which nothing has dropped
// it. What an array holds is its registers, in an L1 with the fill that waits. Of its environment nothing is supposed
// but a reset in the first cycle, that without arch.pcid there is one PCID, that a fill is one of those it may be, and
// that it is told when the current PCID is a new one. Proved of arrays that hold all sizes, so that every rule of
// overlap counts.
`include "rules.svh"
module array_rules
  import mmu_pkg::*;
#(
  parameter logic [3:0]  Holds = 4'b0111,
  parameter int unsigned Ways  = 4,
  parameter int unsigned Ports = 1,
  parameter int unsigned Fills = 1,
  parameter bit          Psc   = 1'b0,
  parameter bit          Lru   = 1'b0,
  parameter int unsigned ReplW = Ways == 1 ? 1 : Lru ? Ways * (Ways - 1) / 2 : plru_leafs(Ways)
) (
  input logic                   clk_i,
  input logic                   rst_i,
  input logic [11:0]            pcid_i,
  input logic                   settle_i,
  input logic [Ports-1:0]       look_i,
  input vpn_t                   look_vpn_i [Ports],
  input logic [Ports-1:0]       hit_o,
  input logic [Ports-1:0]       was_hit_o,
  input psize_t                 size_o     [Ports],
  input data_t                  data_o     [Ports],
  input logic                   fill_i,
  input tag_t                   fill_tag_i,
  input data_t                  fill_data_i,
  input logic [Fills-1:0]       fill_which_i,
  input tag_t                   fill_from_i [Fills],
  input logic [Ports-1:0]       fill_hit_i,
  input data_t                  filled_data_i,
  input logic                   here,
  input tag_t                   fill_tag,
  input logic [Ways-1:0]        over,
  input logic [Ways-1:0]        chosen,
  input logic                   written,
  input logic [(Ways > 1 ? $clog2(Ways) : 1)-1:0] written_place,
  input inv_t                   inv_i,
  input vpn_t                   inv_vpn_i,
  input logic [11:0]            inv_pcid_i,
  input tag_t                   tag_q      [1][Ways],
  input data_t                  data_q     [Ways > 1 ? 1 << $clog2(Ways) : 1],
  input logic [0:0][Ways-1:0]   valid_q,
  input logic [0:0][Ways-1:0]   current_q,
  input logic [0:0][Ways-1:0]   dropped_q,
  input logic [ReplW-1:0]       repl_q     [1]
);
  // VPNs are equal at a size (of a PSC at a level); without LA57 they have 36 bits, of which the others are copies.
  function automatic logic same_page(input vpn_t a, input vpn_t b, input psize_t size);
    vpn_t mask;
    mask = '1;
    for (int unsigned b = 0; b < 36; b++) if (b < 9 * (32'(size) + (Psc ? 1 : 0))) mask[b] = 1'b0;
    if (mmu_cfg_pkg::ARCH_LA57 == 0) mask &= 45'hF_FFFF_FFFF;
    return ((a ^ b) & mask) == '0;
  endfunction
  function automatic logic is_match(input logic valid, input tag_t tag, input vpn_t vpn, input logic [11:0] pcid);
    return valid && same_page(tag.vpn, vpn, tag.size) && (tag.glob || tag.pcid == pcid);
  endfunction
  // What an invalidation drops (section 13, the second table; without entries of the PSC that are global).
  function automatic logic is_dropped(input tag_t tag, input inv_t inv, input vpn_t vpn, input logic [11:0] pcid);
    case (inv)
      InvAddress:      return is_match(1'b1, tag, vpn, pcid);
      InvTarget:       return is_match(1'b1, tag, vpn, pcid) && !tag.glob;
      InvNonGlobal:    return !tag.glob && tag.pcid == pcid;
      InvContext:      return tag.glob || tag.pcid == pcid;
      InvAllNonGlobal: return !tag.glob;
      InvAll, InvInit: return 1'b1;
      default:         return 1'b0;
    endcase
  endfunction
  function automatic logic overlap_of(input tag_t a, input tag_t b);
    if (Psc && a.size != b.size) return 1'b0;
    return (a.glob || b.glob || a.pcid == b.pcid) && same_page(a.vpn, b.vpn, a.size > b.size ? a.size : b.size);
  endfunction

  logic [39:0] frame_mask;
  assign frame_mask = mmu_cfg_pkg::ARCH_PADDR_BITS == 52 ? '1 : (40'd1 << (mmu_cfg_pkg::ARCH_PADDR_BITS - 12)) - 40'd1;

  // ---- what it holds: of an L1 with the fill that waits, and with the data that are written a cycle after it ----
  logic [Ways-1:0] valid;
  tag_t tag [Ways];
  data_t word [Ways];
  always_comb begin
    for (int unsigned w = 0; w < Ways; w++) begin
      valid[w] = valid_q[0][w];
      tag[w]   = tag_q[0][w];
      word[w]  = data_q[w];
      if (written && 32'(written_place) == w) begin
        word[w]       = filled_data_i;
        word[w].frame = filled_data_i.frame & frame_mask;
      end
      if (!Psc && here && over[w]) valid[w] = 1'b0;
      if (!Psc && here && chosen[w]) begin
        valid[w] = 1'b1;
        tag[w]   = fill_tag;
        word[w]  = fill_data_i;
        word[w].frame = fill_data_i.frame & frame_mask;
      end
    end
  end
  function automatic logic overlap(input int unsigned v, input int unsigned w);
    return valid[v] && valid[w] && overlap_of(tag[v], tag[w]);
  endfunction

  // ---- this cycle ----
  logic [Ways-1:0] match;  // of port 0, whose VPN stands for any
  logic some, one, apart, inv_finds, fill_held, held_sizes;
  always_comb begin
    held_sizes = 1'b1;
    some      = 1'b0;
    one       = 1'b1;
    apart     = 1'b1;
    inv_finds = 1'b0;
    fill_held = fill_i && Holds[fill_tag_i.size];
    for (int unsigned w = 0; w < Ways; w++) begin
      match[w] = is_match(valid[w], tag[w], look_vpn_i[0], pcid_i);
      for (int unsigned v = 0; v < w; v++) if (match[v] && match[w] && (!Psc || tag[v].size == tag[w].size)) one = 1'b0;
      if (match[w]) some = 1'b1;
      if (valid[w] && (!Holds[tag[w].size] || (Psc && tag[w].glob))) held_sizes = 1'b0;
      if (is_match(valid[w], tag[w], inv_vpn_i, inv_pcid_i)) inv_finds = 1'b1;
      for (int unsigned v = 0; v < w; v++) if (overlap(v, w)) apart = 1'b0;
    end
  end

  // ---- the cycle before ----
  `RUN
  logic
      was_rst,
      was_fill,
      was_inv,
      was_some;  // was_fill: what is held now begins with a fill; so of an L1 the one that waits
  tag_t was_tag;
  data_t was_data;
  logic past_fill, past_over[Ways];
  tag_t past_tag;
  data_t past_data;
  assign was_fill = Psc ? past_fill : fill_held;
  assign was_tag  = Psc ? past_tag : fill_tag_i;
  assign was_data = Psc ? past_data : fill_data_i;
  vpn_t was_vpn;
  logic [11:0] was_pcid;
  inv_t was_op;
  tag_t was_tags [Ways];
  logic [Ways-1:0] was_valid, was_over, was_drop;
  always_ff @(posedge clk_i) begin
    was_op    <= inv_i;
    was_valid <= valid;
    for (int unsigned w = 0; w < Ways; w++) begin
      was_tags[w] <= tag[w];
      past_over[w] <= fill_held && overlap_of(tag[w], fill_tag_i);
      was_drop[w] <= is_dropped(tag[w], inv_i, inv_vpn_i, inv_pcid_i);
    end
    was_rst  <= rst_i;
    past_fill <= fill_held;
    past_tag  <= fill_tag_i;
    past_data <= fill_data_i;
    was_inv  <= inv_i == InvAddress;
    was_some <= inv_finds;
    was_vpn  <= inv_vpn_i;
    was_pcid <= inv_pcid_i;
  end
  always_comb begin
    for (int unsigned w = 0; w < Ways; w++)
    was_over[w] = Psc ? past_over[w] : fill_held && overlap_of(was_tags[w], fill_tag_i);
  end
  logic filled, gone;
  always_comb begin
    filled = 1'b0;
    gone   = 1'b1;
    for (int unsigned w = 0; w < Ways; w++) begin
      if (valid[w] && tag[w].size == was_tag.size && tag[w].glob == was_tag.glob &&
          tag[w].pcid == was_tag.pcid && same_page(
              tag[w].vpn, was_tag.vpn, was_tag.size
          ))
        filled = 1'b1;
      if (is_match(valid[w], tag[w], was_vpn, was_pcid)) gone = 1'b0;
    end
  end

  // Of the entries before: those that had to go are gone, and of the others one at most, which a fill that found no
  // room has replaced.
  logic dropped, stayed, lowest_hit, other_level_kept, was_inv_some;
  logic [Ways-1:0] was_other_level;  // entries of other levels, where there is room
  always_ff @(posedge clk_i) begin
    was_inv_some <= inv_i != InvNone;
    for (int unsigned w = 0; w < Ways; w++)
    was_other_level[w] <= valid[w] && tag[w].size != fill_tag_i.size && valid != '1;
  end
  always_comb begin
    lowest_hit       = 1'b1;
    other_level_kept = (was_other_level & ~valid) == '0;
    for (int unsigned w = 0; w < Ways; w++) begin
      if (match[w] && tag[w].size < size_o[0]) lowest_hit = 1'b0;
      if (was_other_level[w] && tag[w] != was_tags[w]) other_level_kept = 1'b0;
    end
  end
  always_comb begin
    logic one_lost;
    dropped  = 1'b1;
    stayed   = 1'b1;
    one_lost = 1'b0;
    for (int unsigned w = 0; w < Ways; w++) begin
      if (was_valid[w] && was_drop[w] && valid[w] && !was_fill) dropped = 1'b0;
      if (was_valid[w] && !was_drop[w] && !was_over[w] && (!valid[w] || tag[w] != was_tags[w])) begin
        if (!was_fill || one_lost || was_valid != '1 || was_over != '0) stayed = 1'b0;
        one_lost = 1'b1;
      end
    end
  end

  // LRU: of two ways v < w whether w is the younger. It is an order if no three go round, and then one is the oldest.
  function automatic logic is_younger(input int unsigned w, input int unsigned v);
    return w > v ? repl_q[0][w*(w-1)/2+v] : !repl_q[0][v*(v-1)/2+w];
  endfunction
  logic ordered;
  always_comb begin
    ordered = 1'b1;
    if (Lru) begin
      for (int unsigned a = 0; a < Ways; a++)
      for (int unsigned b = 0; b < Ways; b++)
      for (int unsigned c = 0; c < Ways; c++)
      if (a != b && b != c && a != c && is_younger(a, b) && is_younger(b, c) && is_younger(c, a)) ordered = 1'b0;
    end
  end

  // ---- one address, looked at all the time: what was filled for it last, if nothing has dropped that since ----
  vpn_t watch_vpn;
  logic [11:0] watch_pcid;
  logic held;
  tag_t held_tag;
  data_t held_data;
  logic [1:0] watch_size;  // of a PSC the level that is looked at
  // As it is now: of an L1 with the fill that waits.
  logic fills_it, now_held;
  tag_t now_tag;
  data_t now_data;
  assign fills_it = fill_held && is_match(
      1'b1, fill_tag_i, watch_vpn, watch_pcid
  ) && (!Psc || fill_tag_i.size == watch_size);
  always_comb begin
    now_held = held;
    now_tag  = held_tag;
    now_data = held_data;
    if (!Psc && fills_it) begin
      now_held = 1'b1;
      now_tag  = fill_tag_i;
      now_data = fill_data_i;
    end else if (!Psc && fill_held && overlap_of(held_tag, fill_tag_i)) now_held = 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (!begun) begin  // any; loaded in the cycle of the reset, for a register that keeps its value would be none
      watch_vpn  <= look_vpn_i[0];
      watch_pcid <= inv_pcid_i;
      watch_size <= fill_tag_i.size;
    end
    if (rst_i) held <= 1'b0;
    else if (Psc && fills_it) begin
      held      <= 1'b1;
      held_tag  <= fill_tag_i;
      held_data <= fill_data_i;
    end else begin
      held      <= now_held && !(Psc && fill_held && overlap_of(
          held_tag, fill_tag_i
      )) && !is_dropped(
          now_tag, inv_i, inv_vpn_i, inv_pcid_i
      );
      held_tag  <= now_tag;
      held_data <= now_data;
    end
  end
  logic fresh, asks_it;
  always_comb begin
    fresh = 1'b1;
    for (int unsigned w = 0; w < Ways; w++) begin
      if (is_match(valid[w], tag[w], watch_vpn, watch_pcid) && (!Psc || tag[w].size == watch_size)) begin
        if (!now_held || tag[w].size != now_tag.size || tag[w].glob != now_tag.glob || tag[w].pcid != now_tag.pcid
            || !same_page(
                tag[w].vpn, now_tag.vpn, now_tag.size
            ) || word[w].frame != (now_data.frame & frame_mask) ||
                {word[w].w, word[w].u, word[w].nx} != {now_data.w, now_data.u, now_data.nx})
          fresh = 1'b0;
      end
    end
  end
  assign asks_it = look_i[0] && same_page(look_vpn_i[0], watch_vpn, 2'd0) && pcid_i == watch_pcid;

  // Size and data of an L1's hit come a cycle later: of the lookup there was, with what was held then.
  logic read, read_held, past_look, past_asks, past_held;
  tag_t read_tag, past_held_tag;
  data_t read_data, past_held_data;
  always_ff @(posedge clk_i) begin
    past_look      <= look_i[0] && hit_o[0] && !rst_i;
    past_asks      <= asks_it && hit_o[0] && !rst_i;
    past_held      <= now_held;
    past_held_tag  <= now_tag;
    past_held_data <= now_data;
  end
  assign read      = Psc ? asks_it && hit_o[0] && size_o[0] == watch_size : past_asks;
  assign read_held = Psc ? now_held : past_held;
  assign read_tag  = Psc ? now_tag : past_held_tag;
  assign read_data = Psc ? now_data : past_held_data;

  logic fill_from;  // the fill is the one that it is said to be, and no other
  always_comb begin
    fill_from = fill_which_i != '0 && (fill_which_i & (fill_which_i - 1'b1)) == '0;
    for (int unsigned f = 0; f < Fills; f++) if (fill_which_i[f] && fill_from_i[f] != fill_tag_i) fill_from = 1'b0;
  end
  // The lookup of the first cycle in which it could asks for what was filled, and the data are those.
  logic asked, past_asked, reads_fill, answered;
  always_ff @(posedge clk_i) past_asked <= !rst_i && !was_rst && was_fill && look_i[0] && asked;
  tag_t reads_tag;
  data_t reads_data;
  assign asked      = same_page(look_vpn_i[0], was_tag.vpn, was_tag.size) && (was_tag.glob || was_tag.pcid == pcid_i);
  assign reads_fill = Psc ? !was_rst && was_fill && look_i[0] && asked && size_o[0] == was_tag.size : past_asked;
  assign reads_tag  = Psc ? was_tag : past_tag;
  assign reads_data = Psc ? was_data : past_data;
  assign answered = size_o[0] == reads_tag.size && data_o[0].frame == (reads_data.frame & frame_mask)
                    && data_o[0].w == reads_data.w;

  // ---- the current PCID ----
  logic settled, current_fit, fill_hit_fit;
  logic [11:0] settled_pcid;
  data_t past_fill_data;
  always_ff @(posedge clk_i) begin
    if (settle_i) settled_pcid <= pcid_i;
    settled <= !rst_i && (settled || settle_i);
    if (fill_i) past_fill_data <= fill_data_i;
  end
  always_comb begin
    current_fit  = 1'b1;
    fill_hit_fit = 1'b1;
    for (int unsigned w = 0; w < Ways; w++) begin
      if ((valid_q[0][w] || dropped_q[0][w]) &&
          current_q[0][w] != (tag_q[0][w].glob || tag_q[0][w].pcid == settled_pcid))
        current_fit = 1'b0;
    end
    for (int unsigned p = 0; p < Ports; p++) begin
      if (fill_hit_i[p] != (fill_i && look_i[p] && same_page(look_vpn_i[p], fill_tag_i.vpn, fill_tag_i.size)))
        fill_hit_fit = 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      `SUPPOSED(pcid_is_0, mmu_cfg_pkg::ARCH_PCID == 0, {pcid_i, inv_pcid_i, fill_tag_i.pcid} == '0)
      `SUPPOSED(fill_is_one_of_them, fill_i && Fills > 1, fill_from)
      `SUPPOSED(psc_is_not_global, Psc && fill_i, !fill_tag_i.glob)
      `SUPPOSED(no_fill_of_none, !fill_i, fill_which_i == '0 || Fills == 1)
      `SUPPOSED(settled_before_it_is_used, look_i != '0 || fill_i, settled && !settle_i && pcid_i == settled_pcid)
      `SUPPOSED(fill_is_of_the_current_pcid, fill_i, fill_tag_i.pcid == settled_pcid)
      `SUPPOSED(fill_hits_are_told, !Psc, fill_hit_fit)
      `SUPPOSED(filled_data_are_told, written, filled_data_i == past_fill_data)
      `SUPPOSED(only_addresses_meet_a_fill, !Psc && fill_i && inv_i != InvNone,
                inv_i == InvAddress && inv_pcid_i == settled_pcid)
      `PROPERTY(one_way_matches, some, one)
      `PROPERTY(no_two_overlap, !was_rst && was_fill, apart)
      `PROPERTY(hit_is_a_match, look_i[0], hit_o[0] == some)
      `PROPERTY(fill_is_found, !was_rst && was_fill, filled)
      `PROPERTY(fill_is_read, reads_fill, (Psc ? hit_o[0] : was_hit_o[0]) && answered)
      `PROPERTY(told_again, past_look && !Psc, was_hit_o[0])
      `PROPERTY(address_is_gone, was_inv && was_some && !was_fill, gone)
      `PROPERTY(fault_drops_the_fill, !Psc && was_inv && past_fill && is_match(1'b1, past_tag, was_vpn, was_pcid
                ) && !was_fill, gone)
      `PROPERTY(dropped_as_in_the_table, !was_rst && (was_valid & was_drop) != '0, dropped)
      `PROPERTY(the_others_stay, !was_rst && (was_valid & ~was_drop) != '0, stayed)
      `PROPERTY(lru_is_an_order, Lru && begun, ordered)
      `PROPERTY(answered_by_the_last_fill, read,
                read_held && size_o[0] == read_tag.size && data_o[0].frame == (read_data.frame & frame_mask)
                && {data_o[0].w, data_o[0].u, data_o[0].nx} == {read_data.w, read_data.u, read_data.nx})
      `PROPERTY(lowest_level_wins, Psc && look_i[0] && hit_o[0], lowest_hit)
      `PROPERTY(levels_are_apart, Psc && !was_rst && was_fill && !was_inv_some && was_other_level != '0,
                other_level_kept)
      // Lemmas: by these the others are inductive.
      `PROPERTY(lemma_sizes, valid_q != '0, held_sizes)
      `PROPERTY(lemma_fresh, now_held, fresh)
      `PROPERTY(lemma_watched, begun && !now_held, fresh)
      `PROPERTY(lemma_current, settled && (valid_q | dropped_q) != '0, current_fit)
      `PROPERTY(lemma_settled, valid != '0, settled)
      `PROPERTY(lemma_apart, valid_q != '0, apart)
    end
  end
endmodule
bind mmu_tlb_array array_rules #(
  .Holds(Holds),
  .Ways(Ways),
  .Ports(Ports),
  .Fills(Fills),
  .Psc(Psc),
  .Lru(Lru)
) u_rules (.*);
