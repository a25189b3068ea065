// The MMU with its pins tied into one bundle a room, for SystemC: the kernel charges by the signal, not by the bit.
//
// The design sees its inputs through registers that follow the ports when load_i turns over, the readout its own when
// look_i does: see tb/dut/mmu_waves.sv.
//
// The layouts are bundle.h's; a bundle is a whole number of 64-bit words, so that C++ fills it with plain stores.
module mmu_sc
  import mmu_cfg_pkg::*;
#(
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA,
  localparam type req_t = struct packed {
    logic [63:0] va;
    logic [38:0] unused;
    logic        squash;
    logic [7:0]  squash_id;
    logic [7:0]  id;
    logic [1:0]  acc;
    logic        user, imp, ac, ss, spare, valid;
  },
  localparam type resp_t = struct packed {
    logic [63:0] addr;
    logic [15:0] unused;
    logic [15:0] err;
    logic [7:0]  id;
    logic [7:0]  mt_kind, size_pat;
    logic [1:0]  src;
    logic [3:0]  spare;
    logic        ready, valid;  // ready: of the port's request
  },
  localparam type ctl_t = struct packed {
    logic [63:0] desc, data;
    logic [55:0] unused;
    logic [3:0]  op;
    logic [2:0]  spare;
    logic        valid;
  },
  localparam type mem_req_t = struct packed {
    logic [63:0] desired, expected;
    logic [11:0] address_pad;
    logic [51:0] addr;
    logic [52:0] unused;
    logic [2:0]  mt;
    logic [3:0]  tag;
    logic [1:0]  spare;
    logic        cas, valid;
  },
  localparam type mem_rsp_t = struct packed {
    logic [8*WALKERS_REPLY_BYTES-1:0] data;
    logic [55:0]  unused;
    logic [3:0]   tag;
    logic [1:0]   spare;
    logic         err, valid;
  }
) (
  input  logic           clk_i,
  input  logic           rst_i,
  input  logic           load_i,
  input  logic           look_i,
  input  req_t  [NP-1:0] req_i,
  output resp_t [NP-1:0] resp_o,
  /* verilator lint_off UNUSEDSIGNAL */  // the padding of these two
  input  ctl_t           ctl_i,
  input  mem_rsp_t       mem_rsp_i,
  /* verilator lint_on UNUSEDSIGNAL */
  output logic  [3:0]    status_o,  // ctl_gp, waiting, ctl_done, ctl_ready
  output mem_req_t       mem_req_o,
  input  logic           mem_req_ready_i,
  input  logic  [19:0]   state_i,   // state_sel, state_idx
  output logic  [127:0]  state_data_o
);

  // A bundle is put together in a variable and leaves in one piece, for a port of SystemC can be written as a whole
  // only. The variables are public, or Verilator (5.032) would do away with them and write the port word by word.
  resp_t [NP-1:0] resp  /* verilator public_flat_rd */;
  mem_req_t mem_req  /* verilator public_flat_rd */;
  logic [3:0] status  /* verilator public_flat_rd */;
  logic [127:0] state_data  /* verilator public_flat_rd */;
  assign resp_o       = resp;
  assign mem_req_o    = mem_req;
  assign status_o     = status;
  assign state_data_o = state_data;

  req_t [NP-1:0] req;
  /* verilator lint_off UNUSEDSIGNAL */
  ctl_t ctl;
  mem_rsp_t mem_rsp;
  /* verilator lint_on UNUSEDSIGNAL */
  logic mem_req_ready;
  logic [19:0] state;
  logic rst;
  always_ff @(edge load_i) begin : p_load
    rst           <= rst_i;
    req           <= req_i;
    ctl           <= ctl_i;
    mem_req_ready <= mem_req_ready_i;
    mem_rsp       <= mem_rsp_i;
  end
  always_ff @(edge look_i) begin : p_look
    state <= state_i;
  end

  logic [NP-1:0] req_valid, req_user, req_imp, req_ac, req_ss, req_ready, resp_valid, squash_valid;
  logic [NP-1:0][7:0] req_id, resp_id, squash_id;
  logic [NP-1:0][63:0] req_va, resp_addr;
  logic [NP-1:0][1:0] req_acc, resp_kind, resp_size, resp_src;
  logic [NP-1:0][15:0] resp_err;
  logic [NP-1:0][2:0] resp_pat, resp_mt;

  for (genvar p = 0; p < NP; p++) begin : gen_port
    assign {req_valid[p], req_id[p], req_va[p], req_acc[p]} = {req[p].valid, req[p].id, req[p].va, req[p].acc};
    assign {req_user[p], req_imp[p], req_ac[p], req_ss[p]}  = {req[p].user, req[p].imp, req[p].ac, req[p].ss};
    assign {squash_valid[p], squash_id[p]}                  = {req[p].squash, req[p].squash_id};
    assign resp[p] = '{
      addr: resp_addr[p], err: resp_err[p], id: resp_id[p], mt_kind: {3'b0, resp_mt[p], resp_kind[p]},
      size_pat: {3'b0, resp_size[p], resp_pat[p]}, src: resp_src[p], ready: req_ready[p], valid: resp_valid[p],
      unused: '0, spare: '0
    };
  end

  assign mem_req.address_pad = '0;
  assign mem_req.unused      = '0;
  assign mem_req.spare       = '0;

  mmu #(
    .Readout(2),
    .Gated(1'b1)
  ) dut (
    .clk_i,
    .rst_i(rst),
    .req_valid_i(req_valid),
    .req_ready_o(req_ready),
    .req_id_i(req_id),
    .req_va_i(req_va),
    .req_acc_i(req_acc),
    .req_user_i(req_user),
    .req_imp_i(req_imp),
    .req_ac_i(req_ac),
    .req_ss_i(req_ss),
    .squash_valid_i(squash_valid),
    .squash_id_i(squash_id),
    .resp_valid_o(resp_valid),
    .resp_id_o(resp_id),
    .resp_kind_o(resp_kind),
    .resp_err_o(resp_err),
    .resp_addr_o(resp_addr),
    .resp_size_o(resp_size),
    .resp_pat_o(resp_pat),
    .resp_mt_o(resp_mt),
    .resp_src_o(resp_src),
    .ctl_valid_i(ctl.valid),
    .ctl_ready_o(status[0]),
    .ctl_op_i(ctl.op),
    .ctl_data_i(ctl.data),
    .ctl_desc_i(ctl.desc),
    .ctl_done_o(status[1]),
    .ctl_gp_o(status[3]),
    .mem_req_valid_o(mem_req.valid),
    .mem_req_ready_i(mem_req_ready),
    .mem_req_tag_o(mem_req.tag),
    .mem_req_cas_o(mem_req.cas),
    .mem_req_mt_o(mem_req.mt),
    .mem_req_addr_o(mem_req.addr),
    .mem_req_expected_o(mem_req.expected),
    .mem_req_desired_o(mem_req.desired),
    .mem_rsp_valid_i(mem_rsp.valid),
    .mem_rsp_tag_i(mem_rsp.tag),
    .mem_rsp_err_i(mem_rsp.err),
    .mem_rsp_data_i(mem_rsp.data),
    .waiting_o(status[2]),
    .state_sel_i(state[19:16]),
    .state_idx_i(state[15:0]),
    .state_data_o(state_data)
  );

endmodule
