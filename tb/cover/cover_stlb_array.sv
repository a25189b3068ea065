// One array of the STLB: hits and replacement of each way, fills of each kind, invalidations.
// Rules: docs/microarchitecture.md sections 4, 5, 9, 13.
`include "points.svh"
/* verilator coverage_off */
module cover_stlb_array
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter logic [2:0]  Holds  = 3'b001,
  parameter int unsigned Sets   = 1,
  parameter int unsigned Ways   = 4,
  parameter bit          Shared4k = 1'b0,
  parameter bit          Number = 1'b0
) (
  input logic              clk_i,
  input logic              rst_i,
  input logic              hit_i,
  input logic              touch_i,
  input logic [(Ways > 1 ? $clog2(Ways) : 1)-1:0] look_way_i,
  input psize_t            look_size_i,
  input logic [2:0][(Sets > 1 ? $clog2(Sets) : 1)-1:0] set_i,
  input tag_t              tag_i [Ways][Sets],
  input logic [Ways-1:0]   valid_i [Sets],
  input logic              fill_i,
  input tag_t              fill_tag_i,
  input inv_t              inv_i,
  input psize_t            inv_size_i
);
  localparam int unsigned SetW = Sets > 1 ? $clog2(Sets) : 1;
  localparam int unsigned Home = Sets > 1 ? SetW : 0;

  logic here, fill_q;
  tag_t fill_tag_q;
  logic [Ways-1:0] valid_q, same_q;
  logic [SetW-1:0] set, set_q;
  assign here = fill_i && Holds[fill_tag_i.size]
             && (!Shared4k || fill_tag_i.size != '0 || fill_tag_i.vpn[Home] == Number);
  assign set  = set_i[fill_tag_i.size];
  always_ff @(posedge clk_i) begin
    fill_q     <= here && !rst_i;
    fill_tag_q <= fill_tag_i;
    set_q      <= set;
    valid_q    <= valid_i[set];
    for (int unsigned w = 0; w < Ways; w++) begin
      same_q[w] <= valid_i[set][w] && tag_match(tag_i[w][set], fill_tag_i.vpn, fill_tag_i.size, fill_tag_i.pcid);
    end
  end

  for (genvar w = 0; w < int'(Ways); w++) begin : way
    logic filled;
    assign filled = fill_q && valid_i[set_q][w] && tag_i[w][set_q] == fill_tag_q;
    `POINT(hit, hit_i && 32'(look_way_i) == w)
    `POINT(fill_free, filled && !valid_q[w])
    `POINT(fill_again, filled && same_q[w])
    `POINT(fill_victim, filled && valid_q == '1 && same_q == '0)
  end
  for (genvar s = 0; s < 3; s++) begin : size
    if (Holds[s]) begin : held
      `POINT(hit_used, touch_i && 32'(look_size_i) == s)
      `POINT(fill, here && 32'(fill_tag_i.size) == s)
      `POINT(invalidation_of_one_address, inv_i == InvAddress && 32'(inv_size_i) == s)
      `POINT(invalidation_of_target, inv_i == InvTarget && 32'(inv_size_i) == s)
    end
  end
  for (genvar s = 0; s < int'(Sets); s++) begin : set_number
    if (s < 16) begin : low
      `POINT(fill, here && 32'(set) == s)
    end
  end

  logic some;
  always_comb begin
    some = 1'b0;
    for (int unsigned s = 0; s < Sets; s++) some |= valid_i[s] != '0;
  end
  `EACH_INVALIDATION(invalidation, inv_i, some)
endmodule

bind mmu_stlb_array cover_stlb_array #(
  .Holds(Holds),
  .Sets(Sets),
  .Ways(Ways),
  .Shared4k(Shared4k),
  .Number(Number)
) u_cover_stlb_array (
  .clk_i,
  .rst_i(1'b0),
  .hit_i(hit_o),
  .touch_i,
  .look_way_i(look_way),
  .look_size_i(look_size),
  .set_i(set_q),
  .tag_i(tag_q),
  .valid_i(valid_q),
  .fill_i,
  .fill_tag_i,
  .inv_i,
  .inv_size_i
);
