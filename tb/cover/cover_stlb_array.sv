// One array of the STLB: hits and replacement of each way, fills of each kind, invalidations.
// Rules: docs/microarchitecture.md sections 4, 5, 9, 13.
`include "points.svh"
/* verilator coverage_off */
module cover_stlb_array
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter logic [2:0]  Holds  = 3'b001,
  parameter int unsigned Sets   = 1,
  parameter int unsigned Ways   = 4
) (
  input logic              clk_i,
  input logic              rst_i,
  // stage R
  input logic              hit_i,
  input psize_t            hit_size_i,
  input logic [Ways-1:0]   found_i,
  input inv_t              inv_i,
  input psize_t            inv_size_i,
  // stage C
  input logic              touch_i,
  input logic              fill_i,
  input psize_t            size_i,                             // of the fill
  input logic [Ways-1:0]   matched_i,                          // what was found, which ways had room
  input logic [Ways-1:0]   room_i,
  input logic [(Sets > 1 ? $clog2(Sets) : 1)-1:0] set_i,
  input logic [Ways-1:0]   write_i,
  input logic [Ways-1:0]   fresh_i
);
  for (genvar w = 0; w < int'(Ways); w++) begin : way
    `POINT(hit, hit_i && found_i[w])
    `POINT(fill_free, fresh_i[w] && matched_i == '0 && room_i[w])
    `POINT(fill_again, fresh_i[w] && matched_i[w])
    `POINT(fill_victim, fresh_i[w] && matched_i == '0 && room_i == '0)
  end
  psize_t hit_size_q;  // of what is in C
  always_ff @(posedge clk_i) if (hit_i) hit_size_q <= hit_size_i;
  for (genvar s = 0; s < 3; s++) begin : size
    if (Holds[s]) begin : held
      `POINT(hit_used, touch_i && 32'(hit_size_q) == s)
      `POINT(fill, fill_i && 32'(size_i) == s)
      `POINT(invalidation_of_one_address, inv_i == InvAddress && 32'(inv_size_i) == s)
      `POINT(invalidation_of_target, inv_i == InvTarget && 32'(inv_size_i) == s)
    end
  end
  for (genvar s = 0; s < int'(Sets); s++) begin : set_number
    if (s < 16) begin : low
      `POINT(fill, fill_i && 32'(set_i) == s)
    end
  end

  logic [Sets-1:0] some;  // sets with a valid entry, or with one that was
  always_ff @(posedge clk_i) begin
    if (fresh_i != '0) some[set_i] <= 1'b1;
    else if (write_i == '1) some[set_i] <= 1'b0;
  end
  `EACH_INVALIDATION(invalidation, inv_i, some != '0)
endmodule

bind mmu_stlb_array cover_stlb_array #(
  .Holds(Holds),
  .Sets(Sets),
  .Ways(Ways)
) u_cover_stlb_array (
  .clk_i,
  .rst_i(1'b0),
  .hit_i(r_look_i && (match[0] | match[1] | match[2]) != '0),
  .hit_size_i(match[0] != '0 ? 2'd0 : match[1] != '0 ? 2'd1 : 2'd2),
  .found_i(match[0] | match[1] | match[2]),
  .inv_i(r_inv_i),
  .inv_size_i(r_size_i),
  .touch_i(touch_i && found != '0),
  .fill_i(c_fill_q),
  .size_i(sizes_i[0] ? 2'd0 : sizes_i[1] ? 2'd1 : 2'd2),
  .matched_i(found),
  .room_i(c_room_q),
  .set_i(c_set),
  .write_i(write),
  .fresh_i(fresh)
);
