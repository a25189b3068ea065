// What docs/microarchitecture.md sections 4, 9 and 13 say of the contents of an STLB array, bound to it, in the
// pipeline around it: of one page, whichever it is, the array holds in stage C what was filled last, unless something
// has dropped it since; and in C a lookup finds exactly that. So nothing stale comes back after an invalidation, not
// even of a fill that was under way. The page is one of the second set, where there are several.
`include "rules.svh"
module stlb_array_rules
  import mmu_pkg::*;
#(
  parameter logic [2:0]  Holds = 3'b001,
  parameter int unsigned Sets = 1,
  parameter int unsigned SetW = 1,
  parameter int unsigned Home = 0,
  parameter int unsigned VpnW = 36,
  parameter int unsigned VpnLow = 0,
  parameter bit          Shared4k = 1'b0,
  parameter bit          Number = 1'b0
) (
  input logic                 clk_i,
  input logic [11:0]          pcid_i,
  input vpn_t                 r_vpn_i,
  input logic                 r_look_i,
  input inv_t                 r_inv_i,
  input logic                 r_beyond_i,
  input psize_t               r_size_i,
  input logic [2:0]           hit_o,
  input data_t                hit_data_o [3],
  input logic                 drop_i,
  input stlb_new_t            c_new_i,
  input logic                 c_fill_q,
  input logic [2:0][SetW-1:0] set_q,
  input logic [3:0]           valid,  // of the ways of the set, and their tags and data
  input tag_t                 tag0,
  input tag_t                 tag1,
  input tag_t                 tag2,
  input tag_t                 tag3,
  input data_t                data0,
  input data_t                data1,
  input data_t                data2,
  input data_t                data3,
  input logic [VpnW-1:0]      raw0,
  input logic [VpnW-1:0]      raw1,
  input logic [VpnW-1:0]      raw2,
  input logic [VpnW-1:0]      raw3
);
  localparam int unsigned Set = Sets > 1 ? 1 : 0;

  function automatic logic same_page(input vpn_t a, input vpn_t b, input psize_t size);
    vpn_t mask;
    mask = '1;
    for (int unsigned i = 0; i < 27; i++) if (i < 9 * 32'(size)) mask[i] = 1'b0;
    if (mmu_cfg_pkg::ARCH_LA57 == 0) mask &= 45'hF_FFFF_FFFF;
    return ((a ^ b) & mask) == '0;
  endfunction

  // ---- the page that is looked at ----
  vpn_t watch_vpn;
  logic [11:0] watch_pcid;
  psize_t watch_size;
  logic begun = 1'b0;
  always_ff @(posedge clk_i) begin
    begun <= 1'b1;
    if (!begun) begin
      watch_vpn  <= r_vpn_i;
      watch_pcid <= pcid_i;
      watch_size <= c_new_i.size;
    end
  end
  logic here;  // the array may hold it, in this set
  always_comb begin
    here = Holds[watch_size] && watch_size != 2'd3 && (!Shared4k || watch_size != 2'd0 || watch_vpn[Home] == Number);
    for (int unsigned b = 0; b < SetW; b++) if (Sets > 1 && watch_vpn[9*32'(watch_size)+b] != (b == 0)) here = 1'b0;
  end

  // ---- R in the cycle before is C now ----
  inv_t c_inv;
  vpn_t c_vpn;
  psize_t c_size;
  logic c_beyond, c_look;
  data_t c_data;
  logic [SetW-1:0] c_index;
  always_ff @(posedge clk_i) begin
    c_inv    <= r_inv_i;
    c_vpn    <= r_vpn_i;
    c_size   <= r_size_i;
    c_beyond <= r_beyond_i;
    c_index  <= set_q[0];
    c_look   <= r_look_i && same_page(r_vpn_i, watch_vpn, watch_size) && pcid_i == watch_pcid && here;
  end
  assign c_data = hit_data_o[watch_size];  // which C chooses

  // ---- what the array should hold of it; known once the set was swept after the reset ----
  logic known = 1'b0, held, was_filled, was_dropped, was_fill;
  logic [3:0] match, was_match;
  logic held_glob;
  logic [11:0] held_pcid;
  data_t held_data;
  logic fills, displaces, drops, sweeps_it;
  always_comb begin
    fills     = c_fill_q && c_new_i.size == watch_size && same_page(c_new_i.vpn, watch_vpn, watch_size);
    displaces = fills && (c_new_i.glob || held_glob || pcid_i == held_pcid);
    sweeps_it = drop_i && !one_address(c_inv) && !c_beyond && (Sets == 1 || 32'(c_index) == Set);
    drops     = 1'b0;
    if (drop_i && one_address(c_inv)) begin
      drops = c_size == watch_size && same_page(c_vpn, watch_vpn, watch_size) &&
          (c_inv == InvTarget ? !held_glob && pcid_i == held_pcid : held_glob || pcid_i == held_pcid);
    end else if (sweeps_it) begin
      case (c_inv)
        InvNonGlobal:    drops = !held_glob && held_pcid == pcid_i;
        InvContext:      drops = held_glob || held_pcid == pcid_i;
        InvAllNonGlobal: drops = !held_glob;
        default:         drops = 1'b1;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    was_filled  <= fills && (c_new_i.glob || pcid_i == watch_pcid);
    was_dropped <= drops;
    was_fill    <= c_fill_q;
    was_match   <= match;
    if (begun && sweeps_it && (c_inv == InvAll || c_inv == InvInit)) known <= 1'b1;
    if (fills && (c_new_i.glob || pcid_i == watch_pcid)) begin
      held      <= 1'b1;
      held_glob <= c_new_i.glob;
      held_pcid <= pcid_i;
      held_data <= c_new_i.data;
    end else if (displaces || drops) held <= 1'b0;
    if (sweeps_it && (c_inv == InvAll || c_inv == InvInit)) held <= 1'b0;
  end

  // ---- what it holds of it ----
  localparam int unsigned SmallestPage = 12;
  logic right, floors;
  // As it is kept: of a large page no lower bits of the VPN, and of its set those that are this set's.
  function automatic logic is_kept(input logic v, input tag_t t, input logic [VpnW-1:0] raw);
    return !v || raw == VpnW'(vpn_floor(t.vpn, t.size) >> VpnLow);
  endfunction
  assign floors = is_kept(
      valid[0], tag0, raw0
  ) && is_kept(
      valid[1], tag1, raw1
  ) && is_kept(
      valid[2], tag2, raw2
  ) && is_kept(
      valid[3], tag3, raw3
  );
  function automatic logic is_it(input logic v, input tag_t t);
    return v && t.size == watch_size && same_page(t.vpn, watch_vpn, watch_size) && (t.glob || t.pcid == watch_pcid);
  endfunction
  function automatic logic is_right(input tag_t t, input data_t d);
    return t.glob == held_glob && t.pcid == held_pcid && same_data(d, held_data);
  endfunction
  // Of the frame what a page of this size has, of the rest what is built in.
  function automatic logic same_data(input data_t a, input data_t b);
    frame_t mask;
    mask = '1;
    for (int unsigned i = 0; i < 40; i++) if (i < 9 * 32'(watch_size) || i >= PaBits - SmallestPage) mask[i] = 1'b0;
    return ((a.frame ^ b.frame) & mask) == '0 && {a.w, a.u, a.nx, a.d, a.pat} == {b.w, b.u, b.nx, b.d, b.pat};
  endfunction
  always_comb begin
    match = {is_it(valid[3], tag3), is_it(valid[2], tag2), is_it(valid[1], tag1), is_it(valid[0], tag0)};
    right = (match & (match - 4'd1)) == '0 && (held || match == '0);
    if (match[0] && !is_right(tag0, data0)) right = 1'b0;
    if (match[1] && !is_right(tag1, data1)) right = 1'b0;
    if (match[2] && !is_right(tag2, data2)) right = 1'b0;
    if (match[3] && !is_right(tag3, data3)) right = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (begun) begin
      `PROPERTY(last_fill_is_held, known && here && match != '0, right)
      `PROPERTY(nothing_stale_is_held, known && here && !held, match == '0)
      `PROPERTY(filled_is_there, known && here && was_filled, match != '0)
      `PROPERTY(others_stay, known && here && was_match != '0 && !was_dropped && !was_fill, match == was_match)
      `PROPERTY(found_if_there, known && c_look && match != '0, hit_o[watch_size] && same_data(c_data, held_data))
      `PROPERTY(not_found_if_not, known && c_look && match == '0, !hit_o[watch_size])
      // Lemma.
      `PROPERTY(lemma_floors, known && valid != '0, floors)
    end
  end
endmodule
bind mmu_stlb_array stlb_array_rules #(
  .Holds(Holds),
  .Sets(Sets),
  .SetW(SetW),
  .Home(Home),
  .VpnW(VpnW),
  .VpnLow(VpnLow),
  .Shared4k(Shared4k),
  .Number(Number)
) u_contents (
  .valid({
    g_way[Ways-1].word_q[Sets > 1 ? 1 : 0][0] && Ways > 3,
    g_way[Ways > 2 ? 2 : 0].word_q[Sets > 1 ? 1 : 0][0] && Ways > 2,
    g_way[Ways > 1 ? 1 : 0].word_q[Sets > 1 ? 1 : 0][0] && Ways > 1,
    g_way[0].word_q[Sets > 1 ? 1 : 0][0]
  }),
  .tag0(tag_of(g_way[0].word_q[Sets > 1 ? 1 : 0], set_t'(Sets > 1 ? 1 : 0))),
  .tag1(tag_of(g_way[Ways > 1 ? 1 : 0].word_q[Sets > 1 ? 1 : 0], set_t'(Sets > 1 ? 1 : 0))),
  .tag2(tag_of(g_way[Ways > 2 ? 2 : 0].word_q[Sets > 1 ? 1 : 0], set_t'(Sets > 1 ? 1 : 0))),
  .tag3(tag_of(g_way[Ways-1].word_q[Sets > 1 ? 1 : 0], set_t'(Sets > 1 ? 1 : 0))),
  .data0(data_of(g_way[0].word_q[Sets > 1 ? 1 : 0])),
  .data1(data_of(g_way[Ways > 1 ? 1 : 0].word_q[Sets > 1 ? 1 : 0])),
  .data2(data_of(g_way[Ways > 2 ? 2 : 0].word_q[Sets > 1 ? 1 : 0])),
  .data3(data_of(g_way[Ways-1].word_q[Sets > 1 ? 1 : 0])),
  .raw0(g_way[0].word_q[Sets > 1 ? 1 : 0][AtVpn+:VpnW]),
  .raw1(g_way[Ways > 1 ? 1 : 0].word_q[Sets > 1 ? 1 : 0][AtVpn+:VpnW]),
  .raw2(g_way[Ways > 2 ? 2 : 0].word_q[Sets > 1 ? 1 : 0][AtVpn+:VpnW]),
  .raw3(g_way[Ways-1].word_q[Sets > 1 ? 1 : 0][AtVpn+:VpnW]),
  .*
);
