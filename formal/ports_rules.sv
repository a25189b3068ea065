// What docs/microarchitecture.md section 2 says of the ports, by the ports alone, so that it can be bound to any MMU
// that has them: PORTS_OF is its module, if not mmu; with NO_SQUASHES nobody drops a request. One request is looked at,
// whichever its port and id, from its accept to its one end.
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
  input logic                      ctl_done_o,
  input logic                      mem_req_valid_o,
  input logic                      mem_req_ready_i,
  input logic [3:0]                mem_req_tag_o,
  input logic                      mem_req_cas_o,
  input logic [2:0]                mem_req_mt_o,
  input logic [51:0]               mem_req_addr_o,
  input logic [63:0]               mem_req_expected_o,
  input logic [63:0]               mem_req_desired_o,
  input logic                      mem_rsp_valid_i,
  input logic [3:0]                mem_rsp_tag_i
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
  // ---- what memory owes, by tag ----
  logic [15:0] owed;
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
  logic was_rst, was_valid, was_ready, was_cas;
  logic [3:0] was_tag;
  logic [2:0] was_mt;
  logic [51:0] was_addr;
  logic [63:0] was_expected, was_desired;
  always_ff @(posedge clk_i) begin
    if (!begun) begin
      watch_port <= req_id_i[0][2:0];
      watch_id   <= squash_id_i[0];
    end
    asked <= !rst_i && begun && (accepts || (asked && !answers && !drops));
    busy  <= rst_i || (ctl_valid_i && ctl_ready_o) || (busy && !ctl_done_o);
    if (rst_i || !begun) owed <= '0;
    else begin
      if (mem_rsp_valid_i) owed[mem_rsp_tag_i] <= 1'b0;
      if (mem_req_valid_o && mem_req_ready_i) owed[mem_req_tag_o] <= 1'b1;
    end
    was_rst      <= rst_i;
    was_valid    <= mem_req_valid_o;
    was_ready    <= mem_req_ready_i;
    was_cas      <= mem_req_cas_o;
    was_tag      <= mem_req_tag_o;
    was_mt       <= mem_req_mt_o;
    was_addr     <= mem_req_addr_o;
    was_expected <= mem_req_expected_o;
    was_desired  <= mem_req_desired_o;
  end

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      // ---- the requester, memory ----
      `OUTSIDE(ids_are_unique, accepts, !asked)
      `OUTSIDE(reply_was_asked_for, mem_rsp_valid_i, owed[mem_rsp_tag_i])
`ifdef NO_SQUASHES
      `OUTSIDE(nothing_is_squashed, begun, squash_valid_i == '0)
`endif
      // ---- the MMU ----
      `PROPERTY(answer_was_asked, answers && !rst_i, asked)
      `PROPERTY(other_fields_are_0, resp_valid_o != '0, fields_zero)
      `PROPERTY(memory_offer_stays, !was_rst && was_valid && !was_ready,
                mem_req_valid_o && mem_req_tag_o == was_tag && mem_req_cas_o == was_cas && mem_req_addr_o == was_addr
                && mem_req_mt_o == was_mt
                && (!was_cas || (mem_req_expected_o == was_expected && mem_req_desired_o == was_desired)))
      `PROPERTY(tag_is_free, mem_req_valid_o, !owed[mem_req_tag_o] && 32'(mem_req_tag_o) < NumWalkers)
      `PROPERTY(address_is_aligned, mem_req_valid_o, mem_req_addr_o[2:0] == '0 && (mem_req_addr_o >> PaBits) == '0)
      `PROPERTY(done_of_an_operation, ctl_done_o, busy && !ctl_ready_o)
    end
  end
endmodule
`ifndef PORTS_OF
`define PORTS_OF mmu
`endif
bind `PORTS_OF ports_rules u_ports (.*);
