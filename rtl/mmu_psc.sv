// Paging-structure caches: up to four fully associative arrays of PDEs, PDPTEs, PML4Es and PML5Es, looked up together.
//
//     cycle      t                              t+1
//     dispatch   lookup → where to start        walker in REQ
//     fill       entry passed by a walker       found by lookups
//
// Cost: none; the lookup is part of the dispatch cycle. A hit saves one memory read for each level skipped. What a fill
// displaces is looked for once for each walker, since which of them passes an entry is known last.
// Rules: docs/microarchitecture.md section 10; SDM 5.10.3.
module mmu_psc
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter bit Gated = 1'b0  // of mmu
) (
  input  logic        clk_i,
  input  logic        rst_i,
  input  logic [11:0] pcid_i,
  input  logic        settle_i,                                // see mmu_tlb_array
  input  logic        look_i,                                  // known last
  input  vpn_t        look_vpn_i,
  input  frame_t      root_base_i,                             // CR3
  input  cache_t      root_cache_i,                            // its PCD and PWT
  input  logic [2:0]  root_level_i,
  output start_t      start_o,                                 // where the walk starts
  input  logic        fill_i,
  input  tag_t        fill_tag_i,
  input  data_t       fill_data_i,
  input  walkers_t    fill_which_i,                            // whose that is
  input  tag_t        fill_from_i [NumWalkers],
  input  inv_t        inv_i,
  input  vpn_t        inv_vpn_i,
  input  logic [11:0] inv_pcid_i,
  input  logic        peek_i,
  input  logic        peek_repl_i,
  input  logic [15:0] peek_idx_i,
  output logic [63:0] peek_word0_o,
  output logic [63:0] peek_word1_o
);
  localparam int unsigned Arrays = PSC_ARRAYS;
  logic        hit   [Arrays];
  logic        touch [Arrays];
  psize_t      level [Arrays];
  data_t       data  [Arrays];
  logic [63:0] word0 [Arrays];
  logic [63:0] word1 [Arrays];
  logic asked;                                                 // in hardware always: the answer waits for nobody
  assign asked = !Gated || look_i;
  logic [Arrays-1:0] peek, peek_repl;
  logic [13:0] peek_idx;

  for (genvar a = 0; a < int'(Arrays); a++) begin : g_array
    vpn_t   look_vpn [1];
    logic [15:0] grants [1];                                   // rights are the walker's business
    logic [63:0] forbids [1];
    logic ok, denied, was_hit, was_ok, was_denied, unused;
    assign grants[0]   = '0;
    assign forbids[0]  = '0;
    assign unused      = &{1'b0, ok, denied, was_hit, was_ok, was_denied};
    psize_t size1    [1];
    data_t  data1    [1];
    assign look_vpn[0] = look_vpn_i;
    assign level[a]    = size1[0];
    assign data[a]     = data1[0];
    mmu_tlb_array #(
      .Holds(4'(PSC_HOLDS[a])),
      .Entries(PSC_ENTRIES[a]),
      .Ways(PSC_WAYS[a]),
      .Lru(PSC_REPLACEMENT != 0),
      .Ports(1),
      .Fills(NumWalkers),
      .Psc(1'b1),
      .Gated(Gated)
    ) u_array (
      .clk_i,
      .rst_i,
      .pcid_i,
      .settle_i,
      .look_i(asked),
      .look_vpn_i(look_vpn),
      .write_i(1'b0),
      .grants_i(grants),
      .forbids_i(forbids),
      .hit_o(hit[a]),
      .ok_o(ok),
      .denied_o(denied),
      .was_hit_o(was_hit),
      .was_ok_o(was_ok),
      .was_denied_o(was_denied),
      .size_o(size1),
      .data_o(data1),
      .touch_i(touch[a]),
      .fill_i,
      .fill_tag_i,
      .fill_data_i,
      .fill_hit_i('0),
      .fill_ok_i('0),
      .fill_denied_i('0),
      .filled_data_i('0),
      .fill_which_i,
      .fill_from_i,
      .inv_i,
      .inv_vpn_i,
      .inv_pcid_i,
      .peek_i(peek[a]),
      .peek_repl_i(peek_repl[a]),
      .peek_idx_i(peek_idx),
      .peek_word0_o(word0[a]),
      .peek_word1_o(word1[a])
    );
  end

  // The lowest level of all arrays wins, so it is asked last; a level is held by one array only.
  always_comb begin : p_choose
    int unsigned best;
    best    = Arrays;
    start_o = 'x;
    for (int unsigned a = 0; a < Arrays; a++) touch[a] = 1'b0;
    if (asked) begin
      for (int size = 3; size >= 0; size--) begin
        for (int unsigned a = 0; a < Arrays; a++) begin
          if (PSC_HOLDS[a][size] && hit[a] && level[a] == psize_t'(size)) begin
            // the size of an entry is its level-2
            start_o = '{base: data[a].frame, cache: data[a].pat[1:0], level: 3'(size) + 3'd1, from_psc: 1'b1,
                        rights: '{w: data[a].w, u: data[a].u, nx: data[a].nx},
                        index: table_index(look_vpn_i, 3'(size) + 3'd1)};
            best    = a;
          end
        end
      end
      for (int unsigned a = 0; a < Arrays; a++) touch[a] = look_i && best == a;
    end
    if (!look_i || best == Arrays) begin
      start_o = '{
          base: root_base_i,
          cache: root_cache_i,
          level: root_level_i,
          from_psc: 1'b0,
          rights: '{w: 1'b1, u: 1'b1, nx: 1'b0},
          index: table_index(look_vpn_i, root_level_i)
      };
    end
  end

  mmu_peek #(
    .Arrays(Arrays)
  ) u_peek (
    .peek_i,
    .peek_repl_i,
    .peek_idx_i,
    .array_o(peek),
    .array_repl_o(peek_repl),
    .array_idx_o(peek_idx),
    .word0_i(word0),
    .word1_i(word1),
    .peek_word0_o,
    .peek_word1_o
  );
endmodule
