// What lookups say: L1, STLB and PSC, hit level x page size, several found at once. Rules: docs/microarchitecture.md
// sections 4, 7, 9, 10.
`include "points.svh"
/* verilator coverage_off */
module cover_l1tlb  // one side: ITLB or DTLB
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter int unsigned      Arrays = 1,
  parameter logic [2:0][31:0] Holds  = '0,
  parameter int unsigned      Ports  = 1,
  parameter bit               Fetch  = 1'b0
) (
  input logic             clk_i,
  input logic             rst_i,
  input rules_t           rules_i,
  input keys_t            keys_i,
  // of requests of the cycle before, but for what they ask
  input logic [Ports-1:0] took_i,
  input logic [Ports-1:0] was_ok_i,
  input logic [Ports-1:0] was_denied_i,
  input access_t          access_i [Ports],
  input psize_t           size_i [Ports],
  input data_t            data_i [Ports],
  input logic [Ports-1:0] hit_i [Arrays],
  input logic             fill_i,
  input psize_t           fill_size_i
);
  localparam logic [3:0] All = Holds[0][3:0] | (Arrays > 1 ? Holds[1][3:0] : 4'd0)
                             | (Arrays > 2 ? Holds[2][3:0] : 4'd0);
  logic [Ports-1:0] ok, refused;
  assign ok      = took_i & was_ok_i;
  assign refused = took_i & was_denied_i;
  for (genvar p = 0; p < int'(Ports); p++) begin : port
    access_t access_q;
    always_ff @(posedge clk_i) access_q <= access_i[p];
    logic hit;
    logic [1:0] found;
    always_comb begin
      found = '0;
      for (int unsigned a = 0; a < Arrays; a++) if (hit_i[a][p] && took_i[p]) found = found + 2'd1;
    end
    assign hit = found != '0;
    `POINT(miss, took_i[p] && !hit)
    for (genvar s = 0; s < 3; s++) begin : size
      if (All[s]) begin : held
        `POINT(hit, ok[p] && 32'(size_i[p]) == s)
        `POINT(denied, refused[p] && 32'(size_i[p]) == s)
      end
    end
    if (Fetch) begin : fetch
      `POINT(user, ok[p] && user_mode(access_q))
      `POINT(supervisor, ok[p] && !user_mode(access_q))
    end else begin : data
      `POINT(read, ok[p] && access_q.acc == 2'd0)
      `POINT(write, ok[p] && access_q.acc == AccWrite)
      // hit: of a request that was taken. With `ok` and `refused` Verilator 5.006 never counted the second port's.
      `POINT(d_needed, hit && !was_ok_i[p] && !was_denied_i[p])
      `POINT(user, ok[p] && user_mode(access_q))
      `POINT(implicit, ok[p] && access_q.imp)
    end
    if (Arrays > 1) begin : several
      `POINT(two_arrays_match, found > 2'd1)
    end
    cover_rights #(
      .Fetch(Fetch),
      .Data(!Fetch),
      .Itlb(Fetch)
    ) u_rights (
      .clk_i,
      .rst_i,
      .judged_i(took_i[p] && hit),
      .page_i(page_of(data_i[p], keys_i)),
      .access_i(access_q),
      .rules_i
    );
  end
  if (Ports > 1) begin : ports
    `POINT(two_hits_in_one_cycle, $countones(ok) > 1)
  end
  for (genvar s = 0; s < (ARCH_PAGE_1G != 0 ? 3 : 2); s++) begin : fill_size
    if (All[s]) begin : held
      `POINT(filled, fill_i && 32'(fill_size_i) == s)
    end else begin : not_held
      `POINT(not_filled, fill_i && 32'(fill_size_i) == s)
    end
  end
endmodule

module cover_stlb_lookup
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input logic    clk_i,
  input logic    rst_i,
  input logic    lookup_i,
  input logic    hit_i,
  input logic    used_i,
  input psize_t  size_i,
  input access_t access_i,
  input data_t   data_i,
  input page_t   page_i,
  input rules_t  rules_i,
  input logic [2:0] hits_i [STLB_ARRAYS],                        // in R, of each size
  input token_t  token_i,
  input logic    any_fin_i,
  input logic    slot_i
);
  logic denied, fetch;
  assign fetch  = access_i.acc == AccExec;
  assign denied = hit_i && !rights_pass(page_i, access_i, rules_i);
  `POINT(miss__fetch, lookup_i && !hit_i && fetch)
  `POINT(miss__data, lookup_i && !hit_i && !fetch)
  `EACH_SIZE(hit_fetch, size_i, used_i && fetch)
  `EACH_SIZE(hit_data, size_i, used_i && !fetch)
  `EACH_SIZE(denied_fetch, size_i, denied && fetch)
  `EACH_SIZE(denied_data, size_i, denied && !fetch)
  `EACH_SIZE(d_needed, size_i, hit_i && !denied && !used_i)
  if (STLB_ARRAYS > 1) begin : two_arrays
    logic both;
    always_comb begin
      both = 1'b1;
      for (int unsigned a = 0; a < STLB_ARRAYS; a++) both &= hits_i[a] != '0;
    end
    `POINT(both_arrays_match, both)
  end
  `POINT(grant_waits_for_lookup_in_c, any_fin_i && !slot_i && lookup_i)
  `POINT(grant_waits_for_token, any_fin_i && !slot_i && !lookup_i)
  `POINT(grant_with_finv_in_c, any_fin_i && slot_i && token_i == TokFinv)
  `POINT(grant_with_fill_in_c, any_fin_i && slot_i && token_i == TokFill)
endmodule

module cover_psc
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input logic   clk_i,
  input logic   rst_i,
  input logic   look_i,
  input logic   hit_i [PSC_ARRAYS],
  input start_t start_i,
  input logic   fill_i,
  input psize_t fill_level_i,
  input logic   touch_i [PSC_ARRAYS]
);
  logic [2:0] found;
  always_comb begin
    found = '0;
    for (int unsigned a = 0; a < PSC_ARRAYS; a++) if (hit_i[a] && look_i) found = found + 3'd1;
  end
  `POINT(miss, look_i && found == '0)
  `POINT(one_match, found == 3'd1)
  if (PSC_ARRAYS > 1) begin : several
    `POINT(two_arrays_match, found > 3'd1)
  end
  `POINT(look_and_fill, look_i && fill_i)
  `POINT(start_write_protected, look_i && start_i.from_psc && !start_i.rights.w)
  `POINT(start_supervisor, look_i && start_i.from_psc && !start_i.rights.u)
  `POINT(start_nx, look_i && start_i.from_psc && start_i.rights.nx)
  for (genvar c = 0; c < 4; c++) begin : table_cache  // {PCD, PWT}
    `POINT(from_psc, look_i && start_i.from_psc && 32'(start_i.cache) == c)
    `POINT(from_root, look_i && !start_i.from_psc && 32'(start_i.cache) == c)
  end
  for (genvar l = 2; l <= (ARCH_LA57 != 0 ? 5 : 4); l++) begin : level
    `POINT(filled, fill_i && 32'(fill_level_i) == l - 2)
  end
endmodule

bind mmu_front cover_l1tlb #(
  .Arrays(mmu_cfg_pkg::ITLB_ARRAYS),
  .Holds({mmu_cfg_pkg::ITLB_HOLDS[2], mmu_cfg_pkg::ITLB_HOLDS[1], mmu_cfg_pkg::ITLB_HOLDS[0]}),
  .Ports(mmu_cfg_pkg::PORTS_FETCH),
  .Fetch(1'b1)
) u_cover_itlb (
  .clk_i,
  .rst_i,
  .rules_i,
  .keys_i,
  .took_i(g_side[0].u_l1tlb.took_q),
  .was_ok_i(g_side[0].u_l1tlb.was_ok_o),
  .was_denied_i(g_side[0].u_l1tlb.was_denied_o),
  .access_i(g_side[0].u_l1tlb.access_i),
  .size_i(g_side[0].u_l1tlb.size_o),
  .data_i(g_side[0].u_l1tlb.data_o),
  .hit_i(g_side[0].u_l1tlb.was_hit),
  .fill_i(g_side[0].u_l1tlb.fill_i),
  .fill_size_i(fill_tag_i.size)
);
bind mmu_front cover_l1tlb #(
  .Arrays(mmu_cfg_pkg::DTLB_ARRAYS),
  .Holds({mmu_cfg_pkg::DTLB_HOLDS[2], mmu_cfg_pkg::DTLB_HOLDS[1], mmu_cfg_pkg::DTLB_HOLDS[0]}),
  .Ports(mmu_cfg_pkg::PORTS_DATA),
  .Fetch(1'b0)
) u_cover_dtlb (
  .clk_i,
  .rst_i,
  .rules_i,
  .keys_i,
  .took_i(g_side[1].u_l1tlb.took_q),
  .was_ok_i(g_side[1].u_l1tlb.was_ok_o),
  .was_denied_i(g_side[1].u_l1tlb.was_denied_o),
  .access_i(g_side[1].u_l1tlb.access_i),
  .size_i(g_side[1].u_l1tlb.size_o),
  .data_i(g_side[1].u_l1tlb.data_o),
  .hit_i(g_side[1].u_l1tlb.was_hit),
  .fill_i(g_side[1].u_l1tlb.fill_i),
  .fill_size_i(fill_tag_i.size)
);
bind mmu cover_stlb_lookup u_cover_stlb_lookup (
  .clk_i,
  .rst_i,
  .lookup_i(c_token == mmu_pkg::TokLookup),
  .hit_i(stlb_hit),
  .used_i(stlb_touch),
  .size_i(hit_size),
  .access_i(c_access),
  .data_i(hit_data),
  .page_i(mmu_pkg::page_of(hit_data, keys)),
  .rules_i(rules),
  .hits_i(u_stlb.array_hit),
  .token_i(c_token),
  .any_fin_i(any_fin),
  .slot_i(fill_slot)
);
bind mmu_psc cover_psc u_cover_psc (
  .clk_i,
  .rst_i,
  .look_i,
  .hit_i(hit),
  .start_i(start_o),
  .fill_i,
  .fill_level_i(fill_tag_i.size),
  .touch_i(touch)
);
