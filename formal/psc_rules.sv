// What docs/microarchitecture.md section 10 says of where a walk starts, bound to mmu_psc. What its arrays hold: the
// rules of an array.
`include "rules.svh"
module psc_rules
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter int unsigned Arrays = PSC_ARRAYS
) (
  input logic       clk_i,
  input logic       rst_i,
  input logic       look_i,
  input vpn_t       look_vpn_i,
  input frame_t     root_base_i,
  input cache_t     root_cache_i,
  input logic [2:0] root_level_i,
  input start_t     start_o,
  input logic       fill_i,
  input walkers_t   fill_which_i,
  input logic       hit   [Arrays],
  input logic       touch [Arrays],
  input psize_t     level [Arrays],
  input data_t      data  [Arrays]
);
  logic some, lowest, of_it, touched_one;
  logic [2:0] best;
  always_comb begin
    some        = 1'b0;
    best        = 3'd7;
    of_it       = 1'b0;
    touched_one = 1'b1;
    for (int unsigned a = 0; a < Arrays; a++) begin
      if (look_i && hit[a]) some = 1'b1;
      if (look_i && hit[a] && 3'(level[a]) < best) best = 3'(level[a]);
    end
    lowest = start_o.from_psc && start_o.level == best + 3'd1;
    for (int unsigned a = 0; a < Arrays; a++) begin
      if (look_i && hit[a] && 3'(level[a]) == best) begin
        of_it = start_o.base == data[a].frame && start_o.cache == data[a].pat[1:0] && start_o.rights.w == data[a].w
                && start_o.rights.u == data[a].u && start_o.rights.nx == data[a].nx
                && start_o.index == table_index(look_vpn_i, start_o.level);
        if (!touch[a]) touched_one = 1'b0;
      end else if (touch[a]) touched_one = 1'b0;
    end
  end
  `RUN
  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      `SUPPOSED(passed_by_one, fill_i, fill_which_i != '0 && (fill_which_i & (fill_which_i - 1'b1)) == '0)
      `SUPPOSED(passed_by_none, !fill_i, fill_which_i == '0)
      `PROPERTY(lowest_level_starts, some, lowest)
      `PROPERTY(starts_with_its_entry, some, of_it)
      `PROPERTY(root_without_a_match, !some,
                !start_o.from_psc && start_o.level == root_level_i && start_o.base == root_base_i
                && start_o.cache == root_cache_i && start_o.rights == rights_t'(3'b110)
                && start_o.index == table_index(
                look_vpn_i, root_level_i))
      `PROPERTY(the_start_is_touched, some, touched_one)
      `PROPERTY(nothing_else_is_touched, !some, touched_one)
    end
  end
endmodule
bind mmu_psc psc_rules u_rules (.*);
