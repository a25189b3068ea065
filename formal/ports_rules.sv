// What docs/microarchitecture.md section 2 says of the ports, by the ports alone, so that it can be bound to any MMU
// that has them: PORTS_OF is its module, if not mmu; with NO_SQUASHES nobody drops a request. One request is looked at,
// whichever its port and id, from its accept to its one end. The rules of the memory port are in memory_rules.sv.
`include "rules.svh"
module ports_rules
  import mmu_pkg::*;
(
  input logic                      clk_i,
  input logic                      rst_i,
  input logic [NumPorts-1:0]       req_valid_i,
  input logic [NumPorts-1:0]       req_ready_o,
  input logic [NumPorts-1:0][7:0]  req_id_i,
  input logic [NumPorts-1:0][1:0]  req_acc_i,
  input logic [NumPorts-1:0]       squash_valid_i,
  input logic [NumPorts-1:0][7:0]  squash_id_i,
  input logic [NumPorts-1:0]       resp_valid_o,
  input logic [NumPorts-1:0][7:0]  resp_id_o,
  input logic [NumPorts-1:0][1:0]  resp_kind_o,
  input logic [NumPorts-1:0][15:0] resp_err_o,
  input logic [NumPorts-1:0][63:0] resp_addr_o,
  input logic [NumPorts-1:0][1:0]  resp_size_o,
  input logic [NumPorts-1:0][2:0]  resp_pat_o,
  input logic [NumPorts-1:0][2:0]  resp_mt_o,
  input logic                      ctl_valid_i,
  input logic                      ctl_ready_o,
  input logic                      ctl_done_o
);
  // ---- one request ----
  logic [2:0] watch_port;
  logic [7:0] watch_id;
  logic asked, answers, drops, accepts;
  always_comb begin
    accepts = 1'b0;
    answers = 1'b0;
    drops   = 1'b0;
    for (int unsigned p = 0; p < NumPorts; p++) begin
      if (watch_port == 3'(p)) begin
        accepts = req_valid_i[p] && req_ready_o[p] && req_id_i[p] == watch_id;
        answers = resp_valid_o[p] && resp_id_o[p] == watch_id;
        drops   = squash_valid_i[p] && squash_id_i[p] == watch_id;
      end
    end
  end
  logic busy;  // an operation is under way; the one of the reset too
  logic fields_zero;
  always_comb begin
    fields_zero = 1'b1;
    for (int unsigned p = 0; p < NumPorts; p++) begin
      if (resp_valid_o[p] && ((resp_kind_o[p] != KindOk && {resp_size_o[p], resp_pat_o[p], resp_mt_o[p]} != '0)
          || (resp_kind_o[p] != KindOk && resp_kind_o[p] != KindPf && resp_addr_o[p] != '0)
          || (resp_kind_o[p] != KindPf && resp_err_o[p] != '0)
          || (resp_kind_o[p] == KindOk && resp_addr_o[p][63:52] != '0)))
        fields_zero = 1'b0;
    end
  end

  `RUN
  always_ff @(posedge clk_i) begin
    if (!begun) begin
      watch_port <= req_id_i[0][2:0];
      watch_id   <= squash_id_i[0];
    end
    asked <= !rst_i && begun && (accepts || (asked && !answers && !drops));
    busy  <= rst_i || (ctl_valid_i && ctl_ready_o) || (busy && !ctl_done_o);
  end

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      // ---- the requester ----
      `OUTSIDE(ids_are_unique, accepts, !asked)
`ifdef NO_SQUASHES
      `OUTSIDE(nothing_is_squashed, begun, squash_valid_i == '0)
`endif
      // ---- the MMU ----
      `PROPERTY(answer_was_asked, answers && !rst_i, asked)
      `PROPERTY(other_fields_are_0, resp_valid_o != '0, fields_zero)
      `PROPERTY(done_of_an_operation, ctl_done_o, busy && !ctl_ready_o)
    end
  end
endmodule
`ifndef PORTS_OF
`define PORTS_OF mmu
`endif
bind `PORTS_OF ports_rules u_ports (.*);
bind `PORTS_OF memory_rules #(
  .Tags(mmu_pkg::NumWalkers),
  .AddressBits(mmu_pkg::PaBits)
) u_memory (
  .valid(mem_req_valid_o),
  .ready(mem_req_ready_i),
  .tag(mem_req_tag_o),
  .cas(mem_req_cas_o),
  .mt(mem_req_mt_o),
  .addr(mem_req_addr_o),
  .expected(mem_req_expected_o),
  .desired(mem_req_desired_o),
  .rsp_valid(mem_rsp_valid_i),
  .rsp_tag(mem_rsp_tag_i),
  .*
);
