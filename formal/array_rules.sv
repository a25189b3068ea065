// What docs/microarchitecture.md sections 4 and 13 say of one array of an L1 TLB or of the PSC, bound to it: that at
// most one way matches a lookup (of a PSC one of each level), what a fill leaves, and of each invalidation what it
// drops and what it keeps; and that a lookup is answered by the last fill of its page, after which nothing has dropped
// it. Of its environment nothing is supposed but a reset in the first cycle, that without arch.pcid there is one PCID,
// and that a fill is one of those it may be. Proved of arrays that hold all sizes, so that every rule of overlap
// counts.
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
  input logic [Ports-1:0]       look_i,
  input vpn_t                   look_vpn_i [Ports],
  input logic [Ports-1:0]       hit_o,
  input psize_t                 size_o     [Ports],
  input data_t                  data_o     [Ports],
  input logic                   fill_i,
  input tag_t                   fill_tag_i,
  input data_t                  fill_data_i,
  input logic [Fills-1:0]       fill_which_i,
  input tag_t                   fill_from_i [Fills],
  input inv_t                   inv_i,
  input vpn_t                   inv_vpn_i,
  input logic [11:0]            inv_pcid_i,
  input tag_t                   tag_q      [1][Ways],
  input data_t                  data_q     [Ways > 1 ? 1 << $clog2(Ways) : 1],
  input logic [0:0][Ways-1:0]   valid_q,
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

  function automatic logic overlap(input int unsigned v, input int unsigned w);
    return valid_q[0][v] && valid_q[0][w] && overlap_of(tag_q[0][v], tag_q[0][w]);
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
      match[w] = is_match(valid_q[0][w], tag_q[0][w], look_vpn_i[0], pcid_i);
      for (int unsigned v = 0; v < w; v++)
      if (match[v] && match[w] && (!Psc || tag_q[0][v].size == tag_q[0][w].size)) one = 1'b0;
      if (match[w]) some = 1'b1;
      if (valid_q[0][w] && (!Holds[tag_q[0][w].size] || (Psc && tag_q[0][w].glob))) held_sizes = 1'b0;
      if (is_match(valid_q[0][w], tag_q[0][w], inv_vpn_i, inv_pcid_i)) inv_finds = 1'b1;
      for (int unsigned v = 0; v < w; v++) if (overlap(v, w)) apart = 1'b0;
    end
  end

  // ---- the cycle before ----
  `RUN
  logic was_rst, was_fill, was_inv, was_some;
  tag_t was_tag;
  data_t was_data;
  vpn_t was_vpn;
  logic [11:0] was_pcid;
  inv_t was_op;
  tag_t was_tags [Ways];
  logic [Ways-1:0] was_valid, was_over, was_drop;
  always_ff @(posedge clk_i) begin
    was_op    <= inv_i;
    was_valid <= valid_q[0];
    for (int unsigned w = 0; w < Ways; w++) begin
      was_tags[w] <= tag_q[0][w];
      was_over[w] <= fill_held && overlap_of(tag_q[0][w], fill_tag_i);
      was_drop[w] <= is_dropped(tag_q[0][w], inv_i, inv_vpn_i, inv_pcid_i);
    end
    was_rst  <= rst_i;
    was_fill <= fill_held;
    was_tag  <= fill_tag_i;
    was_data <= fill_data_i;
    was_inv  <= inv_i == InvAddress;
    was_some <= inv_finds;
    was_vpn  <= inv_vpn_i;
    was_pcid <= inv_pcid_i;
  end
  logic filled, gone;
  always_comb begin
    filled = 1'b0;
    gone   = 1'b1;
    for (int unsigned w = 0; w < Ways; w++) begin
      if (valid_q[0][w] && tag_q[0][w].size == was_tag.size && tag_q[0][w].glob == was_tag.glob &&
          tag_q[0][w].pcid == was_tag.pcid && same_page(
              tag_q[0][w].vpn, was_tag.vpn, was_tag.size
          ))
        filled = 1'b1;
      if (is_match(valid_q[0][w], tag_q[0][w], was_vpn, was_pcid)) gone = 1'b0;
    end
  end

  logic [39:0] frame_mask;
  assign frame_mask = mmu_cfg_pkg::ARCH_PADDR_BITS == 52 ? '1 : (40'd1 << (mmu_cfg_pkg::ARCH_PADDR_BITS - 12)) - 40'd1;

  // Of the entries before: those that had to go are gone, and of the others one at most, which a fill that found no
  // room has replaced.
  logic dropped, stayed, lowest_hit, other_level_kept, was_inv_some;
  logic [Ways-1:0] was_other_level;  // entries of other levels, where there is room
  always_ff @(posedge clk_i) begin
    was_inv_some <= inv_i != InvNone;
    for (int unsigned w = 0; w < Ways; w++)
    was_other_level[w] <= valid_q[0][w] && tag_q[0][w].size != fill_tag_i.size && valid_q[0] != '1;
  end
  always_comb begin
    lowest_hit       = 1'b1;
    other_level_kept = (was_other_level & ~valid_q[0]) == '0;
    for (int unsigned w = 0; w < Ways; w++) begin
      if (match[w] && tag_q[0][w].size < size_o[0]) lowest_hit = 1'b0;
      if (was_other_level[w] && tag_q[0][w] != was_tags[w]) other_level_kept = 1'b0;
    end
  end
  always_comb begin
    logic one_lost;
    dropped  = 1'b1;
    stayed   = 1'b1;
    one_lost = 1'b0;
    for (int unsigned w = 0; w < Ways; w++) begin
      if (was_valid[w] && was_drop[w] && valid_q[0][w] && !was_fill) dropped = 1'b0;
      if (was_valid[w] && !was_drop[w] && !was_over[w] && (!valid_q[0][w] || tag_q[0][w] != was_tags[w])) begin
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
  always_ff @(posedge clk_i) begin
    if (!begun) begin  // any; loaded in the cycle of the reset, for a register that keeps its value would be none
      watch_vpn  <= look_vpn_i[0];
      watch_pcid <= inv_pcid_i;
      watch_size <= fill_tag_i.size;
    end
    if (rst_i) held <= 1'b0;
    else if (fill_held && is_match(
            1'b1, fill_tag_i, watch_vpn, watch_pcid
        ) && (!Psc || fill_tag_i.size == watch_size)) begin
      held      <= 1'b1;
      held_tag  <= fill_tag_i;
      held_data <= fill_data_i;
    end else if ((fill_held && overlap_of(held_tag, fill_tag_i)) || is_dropped(held_tag, inv_i, inv_vpn_i, inv_pcid_i))
      held <= 1'b0;
  end
  logic fresh, watched;
  always_comb begin
    fresh = 1'b1;
    for (int unsigned w = 0; w < Ways; w++) begin
      if (is_match(valid_q[0][w], tag_q[0][w], watch_vpn, watch_pcid) && (!Psc || tag_q[0][w].size == watch_size)) begin
        if (!held || tag_q[0][w].size != held_tag.size || tag_q[0][w].glob != held_tag.glob
            || tag_q[0][w].pcid != held_tag.pcid || !same_page(
                tag_q[0][w].vpn, held_tag.vpn, held_tag.size
            ) || data_q[w].frame != (held_data.frame & frame_mask) ||
                {data_q[w].w, data_q[w].u, data_q[w].nx} != {held_data.w, held_data.u, held_data.nx})
          fresh = 1'b0;
      end
    end
  end
  assign watched = look_i[0] && same_page(
      look_vpn_i[0], watch_vpn, 2'd0
  ) && pcid_i == watch_pcid && hit_o[0] && (!Psc || size_o[0] == watch_size);


  logic fill_from;  // the fill is the one that it is said to be, and no other
  always_comb begin
    fill_from = fill_which_i != '0 && (fill_which_i & (fill_which_i - 1'b1)) == '0;
    for (int unsigned f = 0; f < Fills; f++) if (fill_which_i[f] && fill_from_i[f] != fill_tag_i) fill_from = 1'b0;
  end
  // The lookup of this cycle asks for what was filled in the last, and the data are those.
  logic asked, answered;
  assign asked    = same_page(look_vpn_i[0], was_tag.vpn, was_tag.size) && (was_tag.glob || was_tag.pcid == pcid_i);
  assign answered = size_o[0] == was_tag.size && data_o[0].frame == (was_data.frame & frame_mask)
                    && data_o[0].w == was_data.w;

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      `SUPPOSED(pcid_is_0, mmu_cfg_pkg::ARCH_PCID == 0, {pcid_i, inv_pcid_i, fill_tag_i.pcid} == '0)
      `SUPPOSED(fill_is_one_of_them, fill_i && Fills > 1, fill_from)
      `SUPPOSED(psc_is_not_global, Psc && fill_i, !fill_tag_i.glob)
      `SUPPOSED(no_fill_of_none, !fill_i, fill_which_i == '0 || Fills == 1)
      `PROPERTY(one_way_matches, some, one)
      `PROPERTY(no_two_overlap, !was_rst && was_fill, apart)
      `PROPERTY(hit_is_a_match, look_i[0], hit_o[0] == some)
      `PROPERTY(fill_is_found, !was_rst && was_fill, filled)
      `PROPERTY(fill_is_read, !was_rst && was_fill && look_i[0] && asked && (!Psc || size_o[0] == was_tag.size),
                hit_o[0] && answered)
      `PROPERTY(address_is_gone, was_inv && was_some && !was_fill, gone)
      `PROPERTY(dropped_as_in_the_table, !was_rst && (was_valid & was_drop) != '0, dropped)
      `PROPERTY(the_others_stay, !was_rst && (was_valid & ~was_drop) != '0, stayed)
      `PROPERTY(lru_is_an_order, Lru && begun, ordered)
      `PROPERTY(answered_by_the_last_fill, watched,
                held && size_o[0] == held_tag.size && data_o[0].frame == (held_data.frame & frame_mask)
                && {data_o[0].w, data_o[0].u, data_o[0].nx} == {held_data.w, held_data.u, held_data.nx})
      `PROPERTY(lowest_level_wins, Psc && look_i[0] && hit_o[0], lowest_hit)
      `PROPERTY(levels_are_apart, Psc && !was_rst && was_fill && !was_inv_some && was_other_level != '0,
                other_level_kept)
      // Lemmas: by these the others are inductive.
      `PROPERTY(lemma_sizes, valid_q != '0, held_sizes)
      `PROPERTY(lemma_fresh, held, fresh)
      `PROPERTY(lemma_watched, begun && !held, fresh)
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
