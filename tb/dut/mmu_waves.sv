// The MMU as the bench verilates it: the design under test, unchanged, beside a board that shows both twins in the
// waveform.
//
// The view_* inputs go nowhere. While waves are on the adapter writes to them what the pins of this cycle say, port by
// port, with fields 0 where their valid is 0: [0] the RTL's, [1] what the reference model expects. So there is no logic
// here, and without waves they cost nothing.
//
// The design sees its inputs through registers that follow the ports when load_i turns over, once a clock, before the
// edge. So what lies behind the inputs has an event of its own, and scripts/verilate.py lets it wait for that one:
// after an edge it would be settled once more, with the inputs of the cycle before, for nobody. In the same way the
// state readout follows look_i, which turns over when somebody asks: until then it is not settled at all.
module mmu_waves
  import mmu_cfg_pkg::*;
#(
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA
) (
  /* verilator lint_off UNUSEDSIGNAL */  // they are for the eye only
  // the board; req {valid, access}, mode {ss, ac, imp, user}, resp {valid, kind}, size {OK, size}, mt {OK, mt}, src
  // {valid, src}, mem_req {valid, cas}, its mt {valid, mt}
  input  logic [NP-1:0][2:0]        view_req_i,
  input  logic [NP-1:0][7:0]        view_req_id_i,
  input  logic [NP-1:0][63:0]       view_req_va_i,
  input  logic [NP-1:0][3:0]        view_req_mode_i,
  input  logic [1:0][NP-1:0][0:0]   view_req_ready_i,
  input  logic [1:0][NP-1:0][2:0]   view_resp_i,
  input  logic [1:0][NP-1:0][7:0]   view_resp_id_i,
  input  logic [1:0][NP-1:0][15:0]  view_resp_err_i,
  input  logic [1:0][NP-1:0][63:0]  view_resp_addr_i,
  input  logic [1:0][NP-1:0][2:0]   view_resp_size_i,
  input  logic [1:0][NP-1:0][2:0]   view_resp_pat_i,
  input  logic [1:0][NP-1:0][3:0]   view_resp_mt_i,
  input  logic [1:0][NP-1:0][2:0]   view_resp_src_i,
  input  logic [1:0][0:0]           view_ctl_ready_i,
  input  logic [1:0][0:0]           view_ctl_done_i,
  input  logic [1:0][0:0]           view_ctl_gp_i,
  input  logic [1:0][0:0]           view_waiting_i,
  input  logic [1:0][1:0]           view_mem_req_i,
  input  logic [1:0][3:0]           view_mem_req_tag_i,
  input  logic [1:0][3:0]           view_mem_req_mt_i,
  input  logic [1:0][63:0]          view_mem_req_addr_i,
  input  logic [1:0][63:0]          view_mem_req_expected_i,
  input  logic [1:0][63:0]          view_mem_req_desired_i,
  input  logic                      view_differs_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /* verilator tracing_off */  // the pins are shown once, in the design
  input  logic                      load_i,
  input  logic                      look_i,
  `include "mmu_ports.svh"
);

  logic [NP-1:0] req_valid, req_user, req_imp, req_ac, req_ss, squash_valid;
  logic [NP-1:0][7:0] req_id, squash_id;
  logic [NP-1:0][63:0] req_va;
  logic [NP-1:0][1:0] req_acc;
  logic rst, ctl_valid, mem_req_ready, mem_rsp_valid, mem_rsp_err;
  logic [3:0] ctl_op, mem_rsp_tag, state_sel;
  logic [63:0] ctl_data, ctl_desc;
  logic [8*WALKERS_REPLY_BYTES-1:0] mem_rsp_data;
  logic [15:0] state_idx;
  /* verilator tracing_on */
  always_ff @(edge load_i) begin : p_load
    rst <= rst_i;
    req_valid <= req_valid_i;
    req_id <= req_id_i;
    req_va <= req_va_i;
    req_acc <= req_acc_i;
    req_user <= req_user_i;
    req_imp <= req_imp_i;
    req_ac <= req_ac_i;
    req_ss <= req_ss_i;
    squash_valid <= squash_valid_i;
    squash_id <= squash_id_i;
    ctl_valid <= ctl_valid_i;
    ctl_op <= ctl_op_i;
    if (ctl_valid_i) begin
      ctl_data <= ctl_data_i;
      ctl_desc <= ctl_desc_i;
    end
    mem_req_ready <= mem_req_ready_i;
    mem_rsp_valid <= mem_rsp_valid_i;
    mem_rsp_tag <= mem_rsp_tag_i;
    mem_rsp_err <= mem_rsp_err_i;
    if (mem_rsp_valid_i) mem_rsp_data <= mem_rsp_data_i;
  end
  always_ff @(edge look_i) begin : p_look
    state_sel <= state_sel_i;
    state_idx <= state_idx_i;
  end

  mmu #(
    .Readout(2),
    .Gated(1'b1)
  ) dut (
    .rst_i(rst),
    .req_valid_i(req_valid),
    .req_id_i(req_id),
    .req_va_i(req_va),
    .req_acc_i(req_acc),
    .req_user_i(req_user),
    .req_imp_i(req_imp),
    .req_ac_i(req_ac),
    .req_ss_i(req_ss),
    .squash_valid_i(squash_valid),
    .squash_id_i(squash_id),
    .ctl_valid_i(ctl_valid),
    .ctl_op_i(ctl_op),
    .ctl_data_i(ctl_data),
    .ctl_desc_i(ctl_desc),
    .mem_req_ready_i(mem_req_ready),
    .mem_rsp_valid_i(mem_rsp_valid),
    .mem_rsp_tag_i(mem_rsp_tag),
    .mem_rsp_err_i(mem_rsp_err),
    .mem_rsp_data_i(mem_rsp_data),
    .state_sel_i(state_sel),
    .state_idx_i(state_idx),
    .*
  );

endmodule
