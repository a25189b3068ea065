// The blocking walker of tb/examples under the rules of the ports: what it is that it does for whom in which state, so
// that these are inductive.
`include "rules.svh"
module blocking_rules
  import mmu_pkg::*;
(
  input logic        clk_i,
  input logic        rst_i,
  input logic [2:0]  state,     // IDLE, START, READ, READ_WAIT, CAS, CAS_WAIT, RESPOND
  input logic [2:0]  port,      // of the request
  input logic [7:0]  id,
  input logic [51:0] addr,
  input logic [51:0] cr3,
  input logic [1:0]  kind,      // the result
  input logic [15:0] err,
  input logic [63:0] res_addr,
  input logic [1:0]  size,
  input logic [2:0]  pat,
  input logic        asked,     // what the rules of the ports look at
  input logic [2:0]  watch_port,
  input logic [7:0]  watch_id,
  input logic [15:0] owed
);
  localparam logic [2:0] Idle = 3'd0, Read = 3'd2, ReadWait = 3'd3, CasWait = 3'd5, Respond = 3'd6;
  `RUN
  logic walks, waits, result_is_clean;
  assign walks = state >= Read && state <= CasWait;
  assign waits = state == ReadWait || state == CasWait;
  always_comb begin
    result_is_clean = (kind == KindOk || {size, pat} == '0) && (kind == KindPf || err == '0)
        && (kind == KindOk ? res_addr[63:52] == '0 : kind == KindPf || res_addr == '0);
    if (walks && {kind, err, res_addr, size, pat} != '0) result_is_clean = 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      `PROPERTY(lemma_state, begun, state <= Respond)
      `PROPERTY(lemma_port, state != Idle, 32'(port) < NumPorts)
      `PROPERTY(lemma_asked, begun, asked == (state != Idle && port == watch_port && id == watch_id))
      `PROPERTY(lemma_owed, begun, owed == 16'(waits))
      `PROPERTY(lemma_address, walks, addr[2:0] == '0 && (addr >> PaBits) == '0)
      `PROPERTY(lemma_root, begun, (cr3 >> PaBits) == '0)
      `PROPERTY(lemma_result, walks || state == Respond, result_is_clean)
    end
  end
endmodule
bind blocking blocking_rules u_rules (
  .state(state_q),
  .port(3'(port_q)),
  .id(req_q.id),
  .addr(addr_q),
  .cr3(cr3_q),
  .kind(res_q.kind),
  .err(res_q.err),
  .res_addr(res_q.addr),
  .size(res_q.size),
  .pat(res_q.pat),
  .asked(u_ports.asked),
  .watch_port(u_ports.watch_port),
  .watch_id(u_ports.watch_id),
  .owed(u_memory.owed),
  .*
);
