// What docs/microarchitecture.md sections 11 and 12 say of all walkers with their arbiter, bound to mmu_walkers. Here
// the rules of a walker's environment are proved too. The rules of this environment are those of control (section 13)
// and of dispatch (section 8).
`include "rules.svh"
module walkers_rules
  import mmu_pkg::*;
(
  input logic                  clk_i,
  input logic                  rst_i,
  input logic                  kill_i,
  input logic                  any_idle_o,
  input logic                  all_idle_o,
  input logic                  start_i,
  input logic                  any_fin_o,
  input logic                  grant_i,
  input logic                  mem_valid_o,
  input logic                  mem_ready_i,
  input walker_t               mem_tag_o,
  input logic                  mem_cas_o,
  input logic [51:0]           mem_addr_o,
  input logic [63:0]           mem_expected_o,
  input logic [63:0]           mem_desired_o,
  input walk_state_t           state [NumWalkers],
  input logic [51:0]           addr [NumWalkers],
  input logic [2:0]            level [NumWalkers],
  input acc_t                  acc [NumWalkers],
  input logic [NumWalkers-1:0] kill,
  input logic [NumWalkers-1:0] own,
  input walkers_t              old [NumWalkers],
  input logic [NumWalkers-1:0] attached,
  input walkers_t              to [NumWalkers],
  input logic [NumWalkers-1:0] start,
  input logic [NumWalkers-1:0] grant,
  input logic [NumWalkers-1:0] held
);
  localparam int unsigned NW = NumWalkers;
  localparam int unsigned NumW = NW > 1 ? $clog2(NW) : 1;

  // A control operation was accepted, and walkers are left: control is in DRAIN.
  logic draining;
  always_ff @(posedge clk_i) draining <= !rst_i && (kill_i || (draining && !all_idle_o));

  // ---- this cycle ----
  logic shared, old_waits, any_old, kills_wait, held_offers, d_missing, to_its_line, any_line, where_it_can;
  walkers_t line;  // whose outstanding reads bring what a walker in REQ asks for
  always_comb begin
    to_its_line  = 1'b1;
    any_line     = 1'b0;
    where_it_can = 1'b1;
    line         = '0;
    shared       = 1'b0;
    old_waits    = 1'b1;
    any_old      = 1'b0;
    kills_wait   = 1'b1;
    held_offers  = 1'b1;
    for (int unsigned w = 0; w < NW; w++) begin
      line = '0;
      for (int unsigned o = 0; o < NW; o++)
      line[o] = o != w && own[o] && !old[w][o] && (addr[w] ^ addr[o]) >> ReplyLow == '0;
      if (attached[w] && (state[w] != WkReq || to[w] != (line & (~line + 1'b1)) || line == '0)) to_its_line = 1'b0;
      any_line = any_line || (state[w] == WkReq && line != '0);
      if (state[w] == WkReq && line != '0 && !attached[w]) where_it_can = 1'b0;
      if (kill[w] && !draining && state[w] != WkIdle && state[w] != WkWait && state[w] != WkCasWait && !held[w])
        kills_wait = 1'b0;
      if (held[w] && ((state[w] != WkReq && state[w] != WkCas) || attached[w])) held_offers = 1'b0;
      for (int unsigned o = 0; o < w; o++)
      if (own[w] && own[o] && addr[w][51:ReplyLow] == addr[o][51:ReplyLow] && !old[w][o] && !old[o][w]) shared = 1'b1;
      if (state[w] != WkIdle) begin
        any_old   = any_old || old[w] != '0;
        old_waits = old_waits && (old[w] & ~own) == '0 && !old[w][w];
      end
    end
    d_missing = acc[NumW'(mem_tag_o)] == AccWrite && (level[NumW'(mem_tag_o)] == 3'd1
        || (level[NumW'(mem_tag_o)] <= 3'd3 && mem_expected_o[BitPs]));
  end

  // ---- the cycle before ----
  `RUN
  logic was_rst, was_valid, was_ready, was_cas;
  walker_t     was_tag;
  logic [51:0] was_addr;
  logic [63:0] was_expected, was_desired;
  always_ff @(posedge clk_i) begin
    was_rst      <= rst_i;
    was_valid    <= mem_valid_o;
    was_ready    <= mem_ready_i;
    was_tag      <= mem_tag_o;
    was_cas      <= mem_cas_o;
    was_addr     <= mem_addr_o;
    was_expected <= mem_expected_o;
    was_desired  <= mem_desired_o;
  end

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      `SUPPOSED(start_to_idle, start_i, any_idle_o)
      `SUPPOSED(grant_of_fin, grant_i, any_fin_o)
      `SUPPOSED(drain_is_quiet, draining, !start_i && !grant_i && !kill_i)
      `PROPERTY(request_unchanged, !was_rst && was_valid && !was_ready,
                mem_valid_o && mem_tag_o == was_tag
                && mem_cas_o == was_cas && mem_addr_o == was_addr
                && (!mem_cas_o || (mem_expected_o == was_expected && mem_desired_o == was_desired)))
      `PROPERTY(request_is_its_walkers, mem_valid_o,
                mem_addr_o == addr[NumW'(mem_tag_o)]
                && state[NumW'(mem_tag_o)] == (mem_cas_o ? WkCas : WkReq) && 32'(mem_tag_o) < NW)
      `PROPERTY(attached_offers_nothing, attached != '0, !mem_valid_o || !attached[NumW'(mem_tag_o)])
      `PROPERTY(attached_to_its_line, attached != '0, to_its_line)
      `PROPERTY(attached_where_it_can, any_line, where_it_can)
      `PROPERTY(one_reader_a_line, (own & (own - 1'b1)) != '0, !shared)
      `PROPERTY(old_is_under_way, any_old, old_waits)
      `PROPERTY(cas_sets_what_is_missing, mem_valid_o && mem_cas_o,
                mem_expected_o[BitP] && mem_desired_o != mem_expected_o
                && mem_desired_o == (mem_expected_o | MaskA | (d_missing ? MaskD : 64'd0)))
      `PROPERTY(killed_offers_only_held, mem_valid_o && kill[NumW'(mem_tag_o)], held[NumW'(mem_tag_o)])
      `PROPERTY(one_starts, start_i, start != '0 && (start & (start - 1'b1)) == '0)
      `PROPERTY(one_is_granted, grant_i, grant != '0 && (grant & (grant - 1'b1)) == '0)
      // Lemmas.
      `PROPERTY(killed_waits_or_is_held, kill != '0, kills_wait)
      `PROPERTY(lemma_held_offers, held != '0 && !rst_i, held_offers && (held & (held - 1'b1)) == '0)
    end
  end
endmodule
bind mmu_walkers walkers_rules u_rules (.*);
