// The walkers together, and their memory port: arbitration, held requests, shared lines, memory types. Rules:
// docs/microarchitecture.md sections 11, 12.
`include "points.svh"
/* verilator coverage_off */
module cover_memory
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input logic                  clk_i,
  input logic                  rst_i,
  input logic [NumWalkers-1:0] idle_i,
  input logic [NumWalkers-1:0] req_i,
  input logic [NumWalkers-1:0] cas_i,
  input logic [NumWalkers-1:0] waits_i,
  input logic [NumWalkers-1:0] fin_i,
  input logic [NumWalkers-1:0] kill_i,
  input logic [NumWalkers-1:0] attached_i,
  input logic [NumWalkers-1:0] held_i,
  input logic [NumWalkers-1:0] pass_i,
  input logic [NumWalkers-1:0] start_i,
  input logic [NumWalkers-1:0] grant_i,
  input logic                  valid_i,
  input logic                  ready_i,
  input logic                  is_cas_i,
  input logic                  hold_i,
  input logic                  rsp_i,
  input logic                  rsp_err_i,
  input walker_t               tag_i,
  input walker_t               pointer_i,
  input mt_t                   mt_i,
  input cache_t                caches_i [NumWalkers],
  input types_t                types_i
);
  localparam int unsigned NW = NumWalkers;
  logic [NW-1:0] want;
  cache_t        cache;
  assign cache = caches_i[tag_i];
  assign want = (cas_i | (req_i & ~attached_i)) & ~kill_i;

  for (genvar w = 0; w < int'(NW); w++) begin : walker
    `POINT(starts, start_i[w])
    `POINT(granted, grant_i[w])
    `POINT(reads, valid_i && !is_cas_i && 32'(tag_i) == w)
    `POINT(cas, valid_i && is_cas_i && 32'(tag_i) == w)
    `POINT(held, held_i[w])
    `POINT(attached, attached_i[w])
    `POINT(first_of_the_round, 32'(pointer_i) == w && valid_i)
  end
  `POINT(held__read, hold_i && valid_i && !is_cas_i && !ready_i)
  `POINT(held__cas, hold_i && valid_i && is_cas_i && !ready_i)
  `POINT(held__then_accepted, hold_i && ready_i)
  `POINT(accepted_at_once, valid_i && !hold_i && ready_i)
  `POINT(reply_and_request, rsp_i && valid_i && ready_i)
  if (NW > 1) begin : several
    `POINT(two_want, (want & (want - 1'b1)) != '0)
    `POINT(chosen_wraps, valid_i && !hold_i && tag_i < pointer_i)
    `POINT(held_while_another_wants, hold_i && (want & ~held_i) != '0)
    `POINT(two_pass_in_one_cycle, (pass_i & (pass_i - 1'b1)) != '0)
    `POINT(two_in_fin, (fin_i & (fin_i - 1'b1)) != '0)
    `POINT(all_busy, idle_i == '0)
  end
  if (NW > 2) begin : three
    `POINT(two_attached, (attached_i & (attached_i - 1'b1)) != '0)
    `POINT(three_want, $countones(want) > 2)
  end

  // ---- Memory types of tables (SDM 5.9.2) ----
  `EACH_TYPE(table_type, mt_i, valid_i)
  for (genvar c = 0; c < 4; c++) begin : table_cache
    `POINT(asked, valid_i && 32'(cache) == c)
  end
  `POINT(table_type__uc_by_cd, valid_i && types_i.cd && types_i.pat[{1'b0, cache}] != '0)
endmodule

module cover_waiting  // section 15
(
  input logic clk_i,
  input logic rst_i,
  input logic waiting_i,
  input logic idle_i,
  input logic walkers_idle_i,
  input logic waits_i,
  input logic held_i
);
  `POINT(idle, waiting_i && idle_i && walkers_idle_i)
  `POINT(for_memory, waiting_i && idle_i && waits_i)
  `POINT(for_acceptance, waiting_i && idle_i && held_i)
  `POINT(in_drain, waiting_i && !idle_i)
endmodule

bind mmu_walkers cover_memory u_cover_memory (
  .clk_i,
  .rst_i,
  .idle_i(idle),
  .req_i(req),
  .cas_i(cas),
  .waits_i(waits),
  .fin_i(fin),
  .kill_i(kill),
  .attached_i(attached),
  .held_i(held),
  .pass_i(pass),
  .start_i(start),
  .grant_i(grant),
  .valid_i(mem_valid_o),
  .ready_i(mem_ready_i),
  .is_cas_i(mem_cas_o),
  .hold_i(held != '0),
  .rsp_i,
  .rsp_err_i,
  .tag_i(mem_tag_o),
  .pointer_i(mmu_pkg::walker_t'(mmu_pkg::lowest(64'(turn)))),
  .mt_i(mem_mt_o),
  .caches_i(cache),
  .types_i
);
bind mmu cover_waiting u_cover_waiting (
  .clk_i,
  .rst_i,
  .waiting_i(waiting_o),
  .idle_i(ctl_ready_o),
  .walkers_idle_i(walkers_idle),
  .waits_i(u_walkers.waits != '0),
  .held_i(u_walkers.held != '0)
);
