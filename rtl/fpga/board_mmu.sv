// The MMU alone on a board, to be measured: every input is a register of a chain that a pin shifts through, every
// output is folded into a register that another pin shifts out. So nothing of it can be optimized away, no path leaves
// it but to registers, and what is measured beside it is this chain.
//
//     rx_i ─► chain of all inputs ─► mmu ─► all outputs ─► fold ─► tx_o
//
// What a board's top holds, this module or another: the minimal core, or the MMU at the end of a byte stream.
//
// Cost: a flip-flop for each input, a flip-flop and a LUT or two for each output.
module board_mmu
  import mmu_pkg::*;
(
  input  logic clk_i,
  input  logic rst_i,
  input  logic rx_i,
  output logic tx_o,
  output logic [5:0] lamps_o                                   // 0: work is under way
);
  localparam int unsigned NP = NumPorts;

  // In the order of mmu's ports. Not state_sel_i and state_idx_i: there is no readout.
  typedef struct packed {
    logic [NP-1:0]       req_valid;
    logic [NP-1:0][7:0]  req_id;
    logic [NP-1:0][63:0] req_va;
    logic [NP-1:0][1:0]  req_acc;
    logic [NP-1:0]       req_user;
    logic [NP-1:0]       req_imp;
    logic [NP-1:0]       req_ac;
    logic [NP-1:0]       req_ss;
    logic                ctl_valid;
    logic [3:0]          ctl_op;
    logic [63:0]         ctl_data;
    logic [63:0]         ctl_desc;
    logic                mem_req_ready;
    logic                mem_rsp_valid;
    logic [3:0]          mem_rsp_tag;
    logic                mem_rsp_err;
    reply_t              mem_rsp_data;
  } inputs_t;
  typedef struct packed {
    logic [NP-1:0]       req_ready;
    logic [NP-1:0]       resp_valid;
    logic [NP-1:0][7:0]  resp_id;
    logic [NP-1:0][1:0]  resp_kind;
    logic [NP-1:0][15:0] resp_err;
    logic [NP-1:0][63:0] resp_addr;
    logic [NP-1:0][1:0]  resp_size;
    logic [NP-1:0][2:0]  resp_pat;
    logic [NP-1:0][2:0]  resp_mt;
    logic [NP-1:0][1:0]  resp_src;
    logic                ctl_ready;
    logic                ctl_done;
    logic                ctl_gp;
    logic                mem_req_valid;
    logic [3:0]          mem_req_tag;
    logic                mem_req_cas;
    logic [2:0]          mem_req_mt;
    logic [51:0]         mem_req_addr;
    logic [63:0]         mem_req_expected;
    logic [63:0]         mem_req_desired;
    logic                waiting;
  } outputs_t;

  (* keep *) inputs_t in_q;  // so that its name stays: what it costs is not the MMU's
  outputs_t out, out_q, fold_q;
  logic rx_q;
  logic [127:0] state;
  always_ff @(posedge clk_i) begin : p_chain
    rx_q   <= rx_i;
    in_q   <= {in_q[$bits(inputs_t)-2:0], rx_q};
    out_q  <= out;
    fold_q <= {fold_q[$bits(outputs_t)-2:0], fold_q[$bits(outputs_t)-1]} ^ out_q;
  end
  assign tx_o   = fold_q[$bits(outputs_t)-1];
  assign lamps_o = {5'd0, !out_q.waiting ^ ^state};

  mmu u_mmu (
    .clk_i,
    .rst_i,
    .req_valid_i(in_q.req_valid),
    .req_ready_o(out.req_ready),
    .req_id_i(in_q.req_id),
    .req_va_i(in_q.req_va),
    .req_acc_i(in_q.req_acc),
    .req_user_i(in_q.req_user),
    .req_imp_i(in_q.req_imp),
    .req_ac_i(in_q.req_ac),
    .req_ss_i(in_q.req_ss),
    .squash_valid_i('0),
    .squash_id_i('0),
    .resp_valid_o(out.resp_valid),
    .resp_id_o(out.resp_id),
    .resp_kind_o(out.resp_kind),
    .resp_err_o(out.resp_err),
    .resp_addr_o(out.resp_addr),
    .resp_size_o(out.resp_size),
    .resp_pat_o(out.resp_pat),
    .resp_mt_o(out.resp_mt),
    .resp_src_o(out.resp_src),
    .ctl_valid_i(in_q.ctl_valid),
    .ctl_ready_o(out.ctl_ready),
    .ctl_op_i(in_q.ctl_op),
    .ctl_data_i(in_q.ctl_data),
    .ctl_desc_i(in_q.ctl_desc),
    .ctl_done_o(out.ctl_done),
    .ctl_gp_o(out.ctl_gp),
    .mem_req_valid_o(out.mem_req_valid),
    .mem_req_ready_i(in_q.mem_req_ready),
    .mem_req_tag_o(out.mem_req_tag),
    .mem_req_cas_o(out.mem_req_cas),
    .mem_req_mt_o(out.mem_req_mt),
    .mem_req_addr_o(out.mem_req_addr),
    .mem_req_expected_o(out.mem_req_expected),
    .mem_req_desired_o(out.mem_req_desired),
    .mem_rsp_valid_i(in_q.mem_rsp_valid),
    .mem_rsp_tag_i(in_q.mem_rsp_tag),
    .mem_rsp_err_i(in_q.mem_rsp_err),
    .mem_rsp_data_i(in_q.mem_rsp_data),
    .waiting_o(out.waiting),
    .state_sel_i('0),
    .state_idx_i('0),
    .state_data_o(state)
  );
endmodule
