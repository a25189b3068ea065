// For an MMU that takes one request at a time, where the preset has several request ports: they take turns.
//
// The module `mapped`, which scripts/dut.py makes of a description with `requests = "one"`, has the ports of
// mmu_ports.svh too, with NP = 1. The port whose turn it is offers its request until it is accepted, and gets the next
// response; a port that has nothing to offer passes its turn on. With KEEP_ID the request's id is kept here, for an MMU
// that has none.
module turns
  import mmu_cfg_pkg::*;
#(
  parameter bit KEEP_ID = 1'b0,
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA
) (
  `include "mmu_ports.svh"
);

  localparam int unsigned Bits = (NP > 1) ? $clog2(NP) : 1;

  logic [Bits-1:0] turn_q;  // whose turn it is
  logic            busy_q;  // its request was accepted and is not answered
  logic [7:0]      id_q;    // of that request
  logic valid, ready, answered;
  logic [7:0] inner_id;

  assign valid = req_valid_i[turn_q] && !busy_q;

  always_ff @(posedge clk_i) begin : take_turns
    if (valid && ready) begin
      busy_q <= 1'b1;
      id_q   <= req_id_i[turn_q];
    end else if (answered) begin
      busy_q <= 1'b0;
    end
    if (answered || (!busy_q && !req_valid_i[turn_q])) turn_q <= (turn_q == Bits'(NP - 1)) ? '0 : turn_q + 1'b1;
    if (rst_i) {busy_q, turn_q} <= '0;
  end

  always_comb begin : hand_on
    for (int unsigned p = 0; p < NP; p++) begin
      req_ready_o[p]  = ready && !busy_q && turn_q == Bits'(p);
      resp_valid_o[p] = answered && turn_q == Bits'(p);
    end
  end

  // What the response carries is on every port; only one of them is valid.
  logic [1:0] kind, size, src;
  logic [15:0] err;
  logic [63:0] addr;
  logic [2:0] pat, mt;

  assign resp_id_o   = {NP{KEEP_ID ? id_q : inner_id}};
  assign resp_kind_o = {NP{kind}};
  assign resp_err_o  = {NP{err}};
  assign resp_addr_o = {NP{addr}};
  assign resp_size_o = {NP{size}};
  assign resp_pat_o  = {NP{pat}};
  assign resp_mt_o   = {NP{mt}};
  assign resp_src_o  = {NP{src}};

  mapped #(
    .NP(1)
  ) u_mapped (
    .clk_i,
    .rst_i,
    .req_valid_i(valid),
    .req_ready_o(ready),
    .req_id_i(req_id_i[turn_q]),
    .req_va_i(req_va_i[turn_q]),
    .req_acc_i(req_acc_i[turn_q]),
    .req_user_i(req_user_i[turn_q]),
    .req_imp_i(req_imp_i[turn_q]),
    .req_ac_i(req_ac_i[turn_q]),
    .req_ss_i(req_ss_i[turn_q]),
    .squash_valid_i(squash_valid_i[turn_q]),
    .squash_id_i(squash_id_i[turn_q]),
    .resp_valid_o(answered),
    .resp_id_o(inner_id),
    .resp_kind_o(kind),
    .resp_err_o(err),
    .resp_addr_o(addr),
    .resp_size_o(size),
    .resp_pat_o(pat),
    .resp_mt_o(mt),
    .resp_src_o(src),
    .ctl_valid_i,
    .ctl_ready_o,
    .ctl_op_i,
    .ctl_data_i,
    .ctl_desc_i,
    .ctl_done_o,
    .ctl_gp_o,
    .mem_req_valid_o,
    .mem_req_ready_i,
    .mem_req_tag_o,
    .mem_req_cas_o,
    .mem_req_mt_o,
    .mem_req_addr_o,
    .mem_req_expected_o,
    .mem_req_desired_o,
    .mem_rsp_valid_i,
    .mem_rsp_tag_i,
    .mem_rsp_err_i,
    .mem_rsp_data_i,
    .waiting_o,
    .state_sel_i,
    .state_idx_i,
    .state_data_o
  );

endmodule
