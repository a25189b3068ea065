// What holds the units of an MMU together, bound to mmu (docs/microarchitecture.md sections 2, 8, 9, 11, 13): each
// entry that waits for a token has that one token, each that waits for a walker has that one walker, and nobody else
// has; so a request is in one place from its accept to its end. And what each unit supposes of its surroundings.
`include "rules.svh"
module whole_rules
  import mmu_pkg::*;
#(
  parameter int unsigned NM = NumEntries,
  parameter int unsigned NW = NumWalkers
) (
  input logic                     clk_i,
  input logic                     rst_i,
  input logic                     ctl_ready_o,
  input logic                     waiting_o,
  input logic                     mem_req_valid_o,
  input logic [NumPorts-1:0]      resp_valid_o,
  input logic [NumPorts-1:0][7:0] resp_id_o,
  input logic [NM-1:0]            free_q,
  input logic [NM-1:0]            slk_q,
  input logic [NM-1:0]            walk_q,
  input logic [NM-1:0]            finv_q,
  input logic [NM-1:0]            finvw_q,
  input logic [NM-1:0]            done_q,
  input logic [NM-1:0]            step0_q,
  input logic [NM-1:0]            step1_q,
  input req_t [NM-1:0]            req_q,
  input logic [Stages-1:0][1:0]   token_q,
  input logic [Stages-1:0][1:0]   step_q,
  input logic [Stages-1:0][5:0]   entry_q,
  input walk_state_t              state [NW],
  input entry_t                   entry [NW],
  input logic [NW-1:0]            kill,
  input vpn_t                     vpn [NW],
  input logic [51:0]              addr [NW],
  input logic [NW-1:0]            own,
  input logic                     draining,
  input vpn_t                     ctl_vpn,
  input ctl_state_t               ctl_state,
  input inv_t                     exec_inv,
  input inv_t                     sweep,
  input logic                     asked,
  input logic [2:0]               watch_port,
  input logic [7:0]               watch_id,
  input logic [15:0]              owed,
  input logic                     busy
);
  logic slk_ok, finv_ok, walk_ok, walkers_known, place_ok, waits_ok;
  always_comb begin
    logic [4:0] n, m, places;
    slk_ok        = 1'b1;
    finv_ok       = 1'b1;
    walk_ok       = 1'b1;
    walkers_known = 1'b1;
    waits_ok      = mem_req_valid_o;
    places        = '0;
    for (int unsigned e = 0; e < NM; e++) begin
      n = '0;
      m = '0;
      for (int unsigned i = 0; i < Stages; i++) begin
        if (token_q[i] == TokLookup && entry_q[i] == 6'(e)) n = n + 5'd1;
        if (token_q[i] == TokFinv && entry_q[i] == 6'(e)) begin
          if (step_q[i] == 2'd2) m = m + 5'd1;
          else if (!finvw_q[e] && !(finv_q[e] && step_q[i] < {step1_q[e], step0_q[e]})) finv_ok = 1'b0;
          if (step_q[i] == 2'd3) finv_ok = 1'b0;
          for (int unsigned j = i + 1; j < Stages; j++)
          if (token_q[j] == TokFinv && entry_q[j] == 6'(e) && step_q[j] >= step_q[i]) finv_ok = 1'b0;
        end
      end
      if (n != 5'(slk_q[e])) slk_ok = 1'b0;
      if (m != 5'(finvw_q[e])) finv_ok = 1'b0;
      n = '0;
      for (int unsigned w = 0; w < NW; w++) if (state[w] != WkIdle && !kill[w] && entry[w] == 6'(e)) n = n + 5'd1;
      if (n != 5'(walk_q[e])) walk_ok = 1'b0;
      if (!free_q[e] && req_q[e].port == 4'(watch_port) && req_q[e].id == watch_id) places = places + 5'd1;
    end
    for (int unsigned p = 0; p < NumPorts; p++)
    if (watch_port == 3'(p) && resp_valid_o[p] && resp_id_o[p] == watch_id) places = places + 5'd1;
    place_ok = places == 5'(asked);
    for (int unsigned w = 0; w < NW; w++) begin
      if (state[w] != WkIdle && 32'(entry[w]) >= NM) walkers_known = 1'b0;
      if (state[w] == WkWait || state[w] == WkCasWait) waits_ok = 1'b1;
    end
  end
  logic all_idle;
  always_comb begin
    all_idle = 1'b1;
    for (int unsigned w = 0; w < NW; w++) if (state[w] != WkIdle) all_idle = 1'b0;
  end
  logic owed_ok, physical_ok;
  always_comb begin
    physical_ok = 1'b1;
    for (int unsigned w = 0; w < NW; w++) if (state[w] != WkIdle && (addr[w] >> PaBits) != '0) physical_ok = 1'b0;
    owed_ok = (owed >> NW) == '0;
    for (int unsigned w = 0; w < NW; w++) if (owed[w] != (own[w] || state[w] == WkCasWait)) owed_ok = 1'b0;
  end
  // Without LA57 a VPN has 36 bits, of which the others are copies.
  logic canonical_ok;
  always_comb begin
    canonical_ok = !(one_address(exec_inv) || one_address(sweep)) || ctl_vpn[44:36] == {9{ctl_vpn[35]}};
    for (int unsigned w = 0; w < NW; w++)
    if (state[w] != WkIdle && vpn[w][44:36] != {9{vpn[w][35]}}) canonical_ok = 1'b0;
  end
  logic begun = 1'b0;
  logic was_rst;
  always_ff @(posedge clk_i) begin
    begun   <= 1'b1;
    was_rst <= rst_i;
  end

  always_ff @(posedge clk_i) begin
    if (begun) begin
      `PROPERTY(slk_has_its_lookup, slk_q != '0 || token_q != '0, slk_ok)
      `PROPERTY(finv_has_its_tokens, (finv_q | finvw_q) != '0 || token_q != '0, finv_ok)
      `PROPERTY(walk_has_its_walker, walk_q != '0 || !all_idle, walk_ok)
      `PROPERTY(request_has_one_place, asked, place_ok)
      `PROPERTY(waiting_is_for_memory, waiting_o && free_q != '1, waits_ok)
      // Lemmas: where an entry does not wait there is no token and no walker either.
      `PROPERTY(lemma_tokens, begun, slk_ok && finv_ok)
      `PROPERTY(lemma_walkers, begun, walk_ok && walkers_known)
      `PROPERTY(lemma_place, begun, place_ok)
      `PROPERTY(lemma_canonical, mmu_cfg_pkg::ARCH_LA57 == 0 && !rst_i, canonical_ok)
      `PROPERTY(lemma_owed, !rst_i && owed != '0, owed_ok)
      `PROPERTY(lemma_owes_nothing, begun && owed == '0, owed_ok)
      `PROPERTY(lemma_busy, begun, busy == (ctl_state != CtlIdle))
      `PROPERTY(lemma_addresses, begun, physical_ok)
      `PROPERTY(lemma_draining, draining, ctl_state == CtlDrain)
      `PROPERTY(lemma_pipeline, ctl_state != CtlIdle, token_q == '0)
      `PROPERTY(lemma_at_rest, ctl_state == CtlExec || ctl_state == CtlSweep || ctl_state == CtlDone,
                walk_q == '0 && all_idle)
    end
  end
endmodule
bind mmu whole_rules u_rules (
  .free_q(u_queue.free_now),
  .slk_q(u_queue.slk_q),
  .walk_q(u_queue.walk_q),
  .finv_q(u_queue.finv_now),
  .finvw_q(u_queue.finvw_q),
  .done_q(u_queue.done_q),
  .step0_q(u_queue.step0_now),
  .step1_q(u_queue.step1_now),
  .req_q(u_queue.req_q),
  .token_q(u_stlb.token_q),
  .step_q(u_stlb.step_q),
  .entry_q(u_stlb.entry_q),
  .state(u_walkers.state),
  .entry(u_walkers.entry),
  .kill(u_walkers.kill),
  .vpn(u_walkers.vpn),
  .addr(u_walkers.addr),
  .own(u_walkers.own),
  .draining(u_walkers.u_rules.draining),
  .ctl_state(u_ctl.state_q),
  .asked(u_ports.asked),
  .watch_port(u_ports.watch_port),
  .watch_id(u_ports.watch_id),
  .owed(u_memory.owed),
  .busy(u_ports.busy),
  .*
);
