// The pins of an MMU as the bench drives them (docs/microarchitecture.md section 2), for the port list of a module
// that has NP, the number of request ports, and WALKERS_REPLY_BYTES of mmu_cfg_pkg: the design with its board
// (mmu_waves.sv), and MMUs of other making (tb/examples). An include and no interface: the top of a Verilated design
// has plain ports, and rtl/mmu.sv has its own list, since the design takes nothing of the bench.
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
  // requests that are dropped
  input  logic [NP-1:0]        squash_valid_i,
  input  logic [NP-1:0][7:0]   squash_id_i,
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
  input  logic [8*WALKERS_REPLY_BYTES-1:0] mem_rsp_data_i,
  // status and state words
  output logic                 waiting_o,
  input  logic [3:0]           state_sel_i,
  input  logic [15:0]          state_idx_i,
  output logic [127:0]         state_data_o
