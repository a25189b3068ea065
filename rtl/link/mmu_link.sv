// The MMU at the end of a byte stream: the board of `--dut=fpga:…` (docs/board.md), but for its pins.
//
//     bytes ─► link_rx ─► link_replay ──inputs, clock enable──► mmu ──outputs──► link_fold
//     bytes ◄─ link_tx ◄──────┴──────────── state words ◄────────┘                  │ CRC-64
//                  ▲───────────────────────────────────────────────────────────────┘
//
// What carries the bytes is the board's business (a UART, a FIFO): something that moves a byte when both sides are
// ready. Bytes from the host are never held back: the host keeps to the window that a status tells.
//
// Cost around the MMU, tiny (`make synth MODULE=...`): replay 1,463 LUT6, 1,766 FF, 27 levels (the sum of an address,
// without carry chains) and 2 block RAMs; fold 1,324, 484, 15; tx 361, 123, 3; rx 285, 213, 5 and 8 block RAMs.
module mmu_link
  import mmu_pkg::*, mmu_cfg_pkg::*, link_pkg::*;
#(
  parameter int unsigned Bytes = 16384,               // of stream that wait on the board: a power of two
  parameter int unsigned Readout = 1
) (
  input  logic       clk_i,
  input  logic       rst_i,
  input  logic       rx_valid_i,
  input  logic [7:0] rx_data_i,
  output logic       tx_valid_o,
  output logic [7:0] tx_data_o,
  input  logic       tx_ready_i,
  output logic       busy_o                           // bytes wait, or work is under way: for a light
);
  localparam int unsigned NP = NumPorts;

  // ---- Stream ----
  logic op_valid, op_waits, op_take, flush, hello, nak, poll;
  logic [7:0] op, expected;
  logic [15:0] session, taken;
  link_rx #(
    .Bytes(Bytes)
  ) u_rx (
    .clk_i,
    .rst_i,
    .valid_i(rx_valid_i),
    .data_i(rx_data_i),
    .valid_o(op_valid),
    .data_o(op),
    .take_i(op_take),
    .waits_o(op_waits),
    .flush_o(flush),
    .hello_o(hello),
    .nak_o(nak),
    .poll_o(poll),
    .session_o(session),
    .expected_o(expected),
    .taken_o(taken)
  );

  // ---- The MMU ----
  logic mmu_rst, mmu_en;
  logic [NP-1:0] req_valid, req_ready, req_user, req_imp, req_ac, req_ss, squash_valid, resp_valid;
  logic [NP-1:0][7:0] req_id, squash_id, resp_id;
  logic [NP-1:0][63:0] req_va, resp_addr;
  logic [NP-1:0][1:0] req_acc, resp_kind, resp_size, resp_src;
  logic [NP-1:0][3:0]  req_mode;
  logic [NP-1:0][15:0] resp_err;
  logic [NP-1:0][2:0] resp_pat, resp_mt;
  logic ctl_valid, ctl_ready, ctl_done, ctl_gp, waiting;
  logic mem_req_valid, mem_req_ready, mem_req_cas, mem_rsp_valid, mem_rsp_err;
  logic [3:0] ctl_op, mem_req_tag, mem_rsp_tag, state_sel;
  logic [63:0] ctl_data, ctl_desc, mem_req_expected, mem_req_desired;
  logic [2:0]   mem_req_mt;
  logic [51:0]  mem_req_addr;
  reply_t       mem_rsp_data;
  logic [15:0]  state_idx;
  logic [127:0] state_data;
  for (genvar p = 0; p < int'(NP); p++) begin : g_mode
    assign {req_ss[p], req_ac[p], req_imp[p], req_user[p]} = req_mode[p];
  end
  mmu #(
    .Readout(Readout)
  ) u_mmu (
    .clk_i,
    .clk_en_i(mmu_en),
    .rst_i(mmu_rst),
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
    .ctl_valid_i(ctl_valid),
    .ctl_ready_o(ctl_ready),
    .ctl_op_i(ctl_op),
    .ctl_data_i(ctl_data),
    .ctl_desc_i(ctl_desc),
    .ctl_done_o(ctl_done),
    .ctl_gp_o(ctl_gp),
    .mem_req_valid_o(mem_req_valid),
    .mem_req_ready_i(mem_req_ready),
    .mem_req_tag_o(mem_req_tag),
    .mem_req_cas_o(mem_req_cas),
    .mem_req_mt_o(mem_req_mt),
    .mem_req_addr_o(mem_req_addr),
    .mem_req_expected_o(mem_req_expected),
    .mem_req_desired_o(mem_req_desired),
    .mem_rsp_valid_i(mem_rsp_valid),
    .mem_rsp_tag_i(mem_rsp_tag),
    .mem_rsp_err_i(mem_rsp_err),
    .mem_rsp_data_i(mem_rsp_data),
    .waiting_o(waiting),
    .state_sel_i(state_sel),
    .state_idx_i(state_idx),
    .state_data_o(state_data)
  );

  // ---- Its outputs, as words ----
  logic [31:0] head;
  logic [NP-1:0][63:0] resp_rest;
  assign head = {
    3'd0,
    mem_req_valid ? {mem_req_mt, mem_req_tag, mem_req_cas} : 8'd0,
    mem_req_valid,
    waiting,
    ctl_done && ctl_gp,
    ctl_done,
    ctl_ready,
    8'(resp_valid),
    8'(req_ready)
  };
  for (genvar p = 0; p < int'(NP); p++) begin : g_rest
    assign resp_rest[p] = {
      28'd0, resp_src[p], resp_mt[p], resp_pat[p], resp_size[p], resp_err[p], resp_kind[p], resp_id[p]
    };
  end

  // ---- Replay and fold ----
  logic fold_clear, fold_cycle, fold_flush, fold_ready, check, status_busy, wrong, replay_busy;
  logic [63:0] fold_crc, cycles, crc, word;
  logic [15:0] checks;
  logic answer, word_valid, word_take, answered;
  logic [7:0] answer_type, answer_words;
  link_replay #(
    .NF(NumFetch),
    .NP(NP),
    .Words(ReplyWords)
  ) u_replay (
    .clk_i,
    .rst_i,
    .flush_i(flush),
    .valid_i(op_valid),
    .data_i(op),
    .take_o(op_take),
    .mmu_rst_o(mmu_rst),
    .mmu_en_o(mmu_en),
    .req_valid_o(req_valid),
    .req_ready_i(req_ready),
    .req_id_o(req_id),
    .req_va_o(req_va),
    .req_acc_o(req_acc),
    .req_mode_o(req_mode),
    .squash_valid_o(squash_valid),
    .squash_id_o(squash_id),
    .ctl_valid_o(ctl_valid),
    .ctl_ready_i(ctl_ready),
    .ctl_op_o(ctl_op),
    .ctl_data_o(ctl_data),
    .ctl_desc_o(ctl_desc),
    .mem_req_ready_o(mem_req_ready),
    .mem_rsp_valid_o(mem_rsp_valid),
    .mem_rsp_tag_o(mem_rsp_tag),
    .mem_rsp_err_o(mem_rsp_err),
    .mem_rsp_data_o(mem_rsp_data),
    .waiting_i(waiting),
    .state_sel_o(state_sel),
    .state_idx_o(state_idx),
    .state_data_i(state_data),
    .fold_clear_o(fold_clear),
    .fold_cycle_o(fold_cycle),
    .fold_flush_o(fold_flush),
    .fold_ready_i(fold_ready),
    .fold_crc_i(fold_crc),
    .head_i(head),
    .resp_addr_i(resp_addr),
    .resp_rest_i(resp_rest),
    .mem_addr_i(64'(mem_req_addr)),
    .mem_expected_i(mem_req_expected),
    .mem_desired_i(mem_req_desired),
    .status_busy_i(status_busy),
    .check_o(check),
    .checks_o(checks),
    .cycles_o(cycles),
    .crc_o(crc),
    .wrong_o(wrong),
    .busy_o(replay_busy),
    .session_i(session),
    .answer_o(answer),
    .answer_type_o(answer_type),
    .answer_words_o(answer_words),
    .word_valid_o(word_valid),
    .word_o(word),
    .word_take_i(word_take),
    .answered_i(answered)
  );
  link_fold #(
    .NP(NP)
  ) u_fold (
    .clk_i,
    .rst_i,
    .clear_i(fold_clear),
    .cycle_i(fold_cycle),
    .ready_o(fold_ready),
    .flush_i(fold_flush),
    .crc_o(fold_crc),
    .head_i(head),
    .resp_addr_i(resp_addr),
    .resp_rest_i(resp_rest),
    .mem_addr_i(64'(mem_req_addr)),
    .mem_expected_i(mem_req_expected),
    .mem_desired_i(mem_req_desired)
  );

  assign busy_o = op_waits || replay_busy || status_busy || tx_valid_o || !fold_ready;

  // ---- Status: on demand, at a check, and for each quarter of the memory that became free ----
  localparam int unsigned Quarter = $clog2(Bytes) - 2;
  logic quarter_q, quarter;
  assign quarter = taken[Quarter];
  always_ff @(posedge clk_i) begin : p_quarter
    quarter_q <= quarter;
  end
  logic want;
  logic [7:0] why;
  assign want = hello || nak || poll || check || quarter != quarter_q;
  assign why  = hello ? WhyHello : nak ? WhyNak : poll ? WhyPoll : check ? WhyCheck : WhyTaken;
  link_tx u_tx (
    .clk_i,
    .rst_i,
    .valid_o(tx_valid_o),
    .data_o(tx_data_o),
    .ready_i(tx_ready_i),
    .want_i(want),
    .why_i(why),
    .session_i(session),
    .expected_i(expected),
    .taken_i(taken),
    .checks_i(checks),
    .cycles_i(cycles),
    .crc_i(crc),
    .who_i({PRESET_HASH, 3'd0, wrong, 4'(Readout), 8'($clog2(Bytes)), 8'(NP), Version}),
    .busy_o(status_busy),
    .answer_i(answer),
    .answer_type_i(answer_type),
    .answer_words_i(answer_words),
    .word_valid_i(word_valid),
    .word_i(word),
    .word_take_o(word_take),
    .answered_o(answered)
  );
endmodule
