// The MMU as the bench verilates it: the design under test, unchanged, beside a board that shows both twins in the
// waveform.
//
// The view_* inputs go nowhere. While waves are on the adapter writes to them what the pins of this cycle say, port by
// port, with fields 0 where their valid is 0: [0] the RTL's, [1] what the reference model expects. So there is no logic
// here, and without waves this module costs nothing.
module mmu_waves
  import mmu_cfg_pkg::*;
#(
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  // requests
  input  logic [NP-1:0]        req_valid_i,
  output logic [NP-1:0]        req_ready_o,
  input  logic [NP-1:0][7:0]   req_id_i,
  input  logic [NP-1:0][63:0]  req_va_i,
  input  logic [NP-1:0][1:0]   req_acc_i,
  input  logic [NP-1:0]        req_user_i,
  input  logic [NP-1:0]        req_imp_i,
  input  logic [NP-1:0]        req_ac_i,
  input  logic [NP-1:0]        req_ss_i,
  // responses
  output logic [NP-1:0]        resp_valid_o,
  output logic [NP-1:0][7:0]   resp_id_o,
  output logic [NP-1:0][1:0]   resp_kind_o,
  output logic [NP-1:0][15:0]  resp_err_o,
  output logic [NP-1:0][63:0]  resp_addr_o,
  output logic [NP-1:0][1:0]   resp_size_o,
  output logic [NP-1:0][2:0]   resp_pat_o,
  output logic [NP-1:0][2:0]   resp_mt_o,
  output logic [NP-1:0][1:0]   resp_src_o,
  // control
  input  logic                 ctl_valid_i,
  output logic                 ctl_ready_o,
  input  logic [3:0]           ctl_op_i,
  input  logic [63:0]          ctl_data_i,
  input  logic [63:0]          ctl_desc_i,
  output logic                 ctl_done_o,
  output logic                 ctl_gp_o,
  // memory
  output logic                 mem_req_valid_o,
  input  logic                 mem_req_ready_i,
  output logic [3:0]           mem_req_tag_o,
  output logic                 mem_req_cas_o,
  output logic [2:0]           mem_req_mt_o,
  output logic [51:0]          mem_req_addr_o,
  output logic [63:0]          mem_req_expected_o,
  output logic [63:0]          mem_req_desired_o,
  input  logic                 mem_rsp_valid_i,
  input  logic [3:0]           mem_rsp_tag_i,
  input  logic                 mem_rsp_err_i,
  input  logic [511:0]         mem_rsp_data_i,
  // status and state words
  output logic                 waiting_o,
  input  logic [3:0]           state_sel_i,
  input  logic [15:0]          state_idx_i,
  output logic [127:0]         state_data_o,
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
  input  logic                      view_differs_i
  /* verilator lint_on UNUSEDSIGNAL */
);

  mmu dut (.*);

endmodule
