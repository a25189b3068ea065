// Block RAM of 64-byte lines for the minimal core: one request at a time, of the MMU, the core's data or its fetches,
// in that order. It keeps the contract of docs/microarchitecture.md, section 2: a line as it is in the cycle of the
// reply, a compare-and-swap carried out in that cycle.
//
//     cycle     t        t+1     t+2
//     request   accept
//     RAM                read    line at its output: the reply; what is written is written at the end of this cycle
//
// Between accept and reply nothing else is accepted, so nothing can change the line that is read. The eight bytes
// behind the last line are the mailbox: what is stored there leaves by mailbox_o. Elsewhere there is nothing, and a
// reply with an error.
module core_memory
  import core_pkg::*;
#(
  parameter int unsigned Lines = 1024,                         // of 64 bytes, a power of two
  parameter int unsigned ReplyBytes = 64,                      // what the MMU is answered with: a line, or 8 bytes
  parameter Init = ""                                          // hexadecimal, a line of the file a line
) (
  input  logic         clk_i,
  input  logic         rst_i,
  // the MMU's memory port
  input  logic         mmu_valid_i,
  output logic         mmu_ready_o,
  input  logic [  3:0] mmu_tag_i,
  input  logic         mmu_cas_i,
  input  logic [ 51:3] mmu_addr_i,
  input  logic [ 63:0] mmu_expected_i,
  input  logic [ 63:0] mmu_desired_i,
  output logic         mmu_rsp_valid_o,
  output logic [  3:0] mmu_rsp_tag_o,
  output logic         mmu_rsp_err_o,
  output logic [8*ReplyBytes-1:0] mmu_rsp_data_o,
  // the core's: [0] data, [1] fetch
  input  mem_t         core_i         [2],
  output logic [  1:0] core_accept_o,
  output logic [  1:0] core_reply_o,
  output logic         core_error_o,
  output logic [ 63:0] core_data_o,                            // as it was before, of a write too
  output logic         mailbox_valid_o,
  output logic [ 63:0] mailbox_o
);
  localparam int unsigned LineBits = $clog2(Lines);
  typedef enum logic [1:0] {
    Idle,
    Read,
    Reply
  } state_t;
  typedef enum logic [1:0] {
    Data,
    Fetch,
    Mmu
  } who_t;
  state_t state_q;
  who_t who, who_q;
  mem_t chosen;
  // verilator lint_off UNUSEDSIGNAL
  mem_t request_q;                                             // (it is valid while state_q is not Idle)
  // verilator lint_on UNUSEDSIGNAL
  logic cas_q;
  logic [ 3:0] tag_q;
  logic [63:0] expected_q;

  // ---- Whose turn it is ----
  logic some;
  always_comb begin : p_choose
    mmu_ready_o   = state_q == Idle;
    core_accept_o = '0;
    who           = Mmu;
    chosen        = '{valid: 1'b1, write: mmu_cas_i, addr: mmu_addr_i, bytes: '1, data: mmu_desired_i};
    if (!mmu_valid_i) begin
      who    = core_i[0].valid ? Data : Fetch;
      chosen = core_i[0].valid ? core_i[0] : core_i[1];
      if (state_q == Idle) core_accept_o = core_i[0].valid ? 2'b01 : {core_i[1].valid, 1'b0};
    end
    some = chosen.valid;
  end

  // ---- The lines ----
  logic [511:0] line_q[Lines];
  logic [511:0] out_q;
  logic [63:0] word, merged;
  logic [7:0] write;
  logic beyond, letter;
  initial if (Init != "") $readmemh(Init, line_q);
  assign beyond = request_q.addr[51:6] >= 46'(Lines);
  assign letter = request_q.addr == {46'(Lines), 3'd0};
  assign word   = out_q[{request_q.addr[5:3], 6'd0}+:64];
  always_comb begin : p_merge
    for (int b = 0; b < 8; b++) merged[8*b+:8] = request_q.bytes[b] ? request_q.data[8*b+:8] : word[8*b+:8];
    write = '0;
    // of a compare-and-swap only if it succeeds
    if (state_q == Reply && request_q.write && !beyond && (!cas_q || word == expected_q))
      write[request_q.addr[5:3]] = 1'b1;
  end
  always_ff @(posedge clk_i) begin : p_lines
    if (write == '0) out_q <= line_q[request_q.addr[LineBits+5:6]];
    else for (int b = 0; b < 8; b++) if (write[b]) line_q[request_q.addr[LineBits+5:6]][64*b+:64] <= merged;
  end

  // ---- Replies ----
  assign mmu_rsp_valid_o = state_q == Reply && who_q == Mmu;
  assign mmu_rsp_tag_o   = tag_q;
  assign mmu_rsp_err_o   = beyond;
  assign mmu_rsp_data_o  = (8 * ReplyBytes)'(ReplyBytes == 8 ? 512'(word) : out_q);
  assign core_reply_o    = {state_q == Reply && who_q == Fetch, state_q == Reply && who_q == Data};
  assign core_error_o    = beyond && !letter;
  assign core_data_o     = word;
  assign mailbox_valid_o = core_reply_o[0] && letter && request_q.write;
  assign mailbox_o       = request_q.data;

  always_ff @(posedge clk_i) begin : p_state
    unique case (state_q)
      Idle: begin
        who_q      <= who;
        request_q  <= chosen;
        cas_q      <= who == Mmu && mmu_cas_i;
        tag_q      <= mmu_tag_i;
        expected_q <= mmu_expected_i;
        if (some) state_q <= Read;
      end
      Read:    state_q <= Reply;
      default: state_q <= Idle;
    endcase
    if (rst_i) begin
      state_q    <= Idle;
      who_q      <= Data;
      request_q  <= '0;
      cas_q      <= 1'b0;
      tag_q      <= '0;
      expected_q <= '0;
    end
  end
endmodule
