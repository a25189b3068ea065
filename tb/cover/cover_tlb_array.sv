// One array of an L1 TLB or of the PSC: hits and replacement of each way, fills of each kind, invalidations.
// Rules: docs/microarchitecture.md sections 4, 5.
`include "points.svh"
/* verilator coverage_off */
module cover_tlb_array
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter logic [3:0]  Holds = 4'b0001,
  parameter int unsigned Sets  = 1,
  parameter int unsigned Ways  = 4,
  parameter int unsigned Ports = 1,
  parameter bit          Psc   = 1'b0
) (
  input logic              clk_i,
  input logic              rst_i,
  input logic [Ports-1:0]  look_i,
  input logic [Ports-1:0]  hit_i,
  input logic [Ports-1:0]  touch_i,
  input logic [Ways-1:0]   look_way_i [Ports],
  input logic [(Sets > 1 ? $clog2(Sets) : 1)-1:0] touch_set_i [Ports],
  input psize_t            size_i [Ports],
  input tag_t              tag_i [Sets][Ways],
  input logic [Sets-1:0][Ways-1:0] valid_i,
  input logic              fill_i,
  input tag_t              fill_tag_i,
  input inv_t              inv_i
);
  localparam int unsigned SetW = Sets > 1 ? $clog2(Sets) : 1;
  localparam psize_t First = Holds[0] ? 2'd0 : Holds[1] ? 2'd1 : Holds[2] ? 2'd2 : 2'd3;

  function automatic logic [SetW-1:0] set_of(input vpn_t vpn);
    return Sets > 1 ? vpn[9*First+:SetW] : '0;
  endfunction

  // ---- A fill, seen in the cycle after it: the way that has the tag now, and what that way was before ----
  logic            fill_q;
  tag_t            fill_tag_q;
  logic [Ways-1:0] valid_q, same_q;
  logic [SetW-1:0] set, set_q;
  assign set = set_of(fill_tag_i.vpn);
  always_ff @(posedge clk_i) begin
    fill_q     <= fill_i && Holds[fill_tag_i.size] && !rst_i;
    fill_tag_q <= fill_tag_i;
    set_q      <= set;
    valid_q    <= valid_i[set];
    for (int unsigned w = 0; w < Ways; w++) begin
      same_q[w] <= valid_i[set][w] && tag_i[set][w].vpn == fill_tag_i.vpn && tag_i[set][w].size == fill_tag_i.size &&
          (tag_i[set][w].glob || tag_i[set][w].pcid == fill_tag_i.pcid);
    end
  end

  for (genvar w = 0; w < int'(Ways); w++) begin : way
    logic here;
    logic [Ports-1:0] hits;
    assign here = fill_q && valid_i[set_q][w] && tag_i[set_q][w] == fill_tag_q;
    always_comb for (int unsigned p = 0; p < Ports; p++) hits[p] = hit_i[p] && look_way_i[p][w];
    `POINT(hit, hits != '0)
    `POINT(fill_free, here && !valid_q[w])
    `POINT(fill_again, here && same_q[w])
    `POINT(fill_victim, here && valid_q == '1 && same_q == '0)
  end
  for (genvar s = 0; s < 4; s++) begin : size
    if (Holds[s]) begin : held
      logic [Ports-1:0] hits;
      always_comb for (int unsigned p = 0; p < Ports; p++) hits[p] = touch_i[p] && 32'(size_i[p]) == s;
      `POINT(hit_used, hits != '0)
      `POINT(fill, fill_i && 32'(fill_tag_i.size) == s)
    end
  end

  // ---- Several things in one cycle ----
  // An L1's fill is here a cycle after it is decided; by then there may be an invalidation again.
  inv_t inv_q, beside;
  always_ff @(posedge clk_i) inv_q <= inv_i;
  assign beside = Psc ? inv_i : inv_q;
  `POINT(fill_and_invalidation, fill_i && Holds[fill_tag_i.size] && beside != InvNone)
  if (!Psc) begin : waiting
    `POINT(fill_and_invalidation, fill_i && Holds[fill_tag_i.size] && inv_i != InvNone)
  end
  `POINT(fill_and_hit, fill_i && Holds[fill_tag_i.size] && touch_i != '0)
  if (Ports > 1) begin : two_ports
    logic both;
    always_comb begin
      both = 1'b0;
      for (int unsigned p = 1; p < Ports; p++) begin
        for (int unsigned q = 0; q < p; q++) begin
          both |= touch_i[p] && touch_i[q] && touch_set_i[p] == touch_set_i[q];
        end
      end
    end
    `POINT(touch_one_set, both)
  end

  // ---- Invalidations that find something, by kind; PSC: without arch.amd one of a single address is only a page
  // fault's or INVPCID's ----
  logic some;
  assign some = valid_i != '0;
  `EACH_INVALIDATION(invalidation, inv_i, some)
endmodule

bind mmu_tlb_array cover_tlb_array #(
  .Holds(Holds),
  .Sets(Sets),
  .Ways(Ways),
  .Ports(Ports),
  .Psc(Psc)
) u_cover_tlb_array (
  .clk_i,
  .rst_i,
  .look_i,
  .hit_i(hit_o),
  .touch_i,
  .look_way_i(look_hit),
  .touch_set_i(touch_set),
  .size_i(size_o),
  .tag_i(tag_q),
  .valid_i(valid_q),
  .fill_i,
  .fill_tag_i,
  .inv_i
);
