// A slave of Wishbone B4, pipelined or classic, that has no memory of its own: it asks at a memory port
// (docs/microarchitecture.md section 2) for what it is asked for. For simulation: an MMU with a port of Wishbone stands
// behind it in the bench, whose memory answers.
//
// By chance (SEED): STALL, latencies, RTY to one beat in 128. An error of memory is ERR. Lanes that are not selected
// carry rubbish.
//
// Each beat of a read is a read of its own. A write is the second half of a locked cycle, and is the memory port's
// compare-and-swap of the eight bytes that the first half has read with what is written. Behind a memory port there is
// no bus to be locked: when somebody else has written between the halves, the write gets RTY, and the cycle begins
// anew. verilator tracing_off
module wb_memory #(
  parameter int unsigned REPLY_BYTES = 64,  // of the memory port: the line, or 8
  parameter int unsigned DATA_BITS = 64,
  parameter bit PIPELINED = 1'b1,
  parameter logic [63:0] SEED = 64'h1,
  localparam int unsigned Lanes = DATA_BITS / 8
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  // Wishbone
  input  logic                 wb_cyc_i,
  input  logic                 wb_lock_i,
  input  logic                 wb_stb_i,
  input  logic                 wb_we_i,
  input  logic [51:0]          wb_adr_i,
  input  logic [2:0]           wb_tga_i,
  input  logic [Lanes-1:0]     wb_sel_i,
  input  logic [DATA_BITS-1:0] wb_dat_i,
  output logic [DATA_BITS-1:0] wb_dat_o,
  output logic                 wb_stall_o,
  output logic                 wb_ack_o,
  output logic                 wb_err_o,
  output logic                 wb_rty_o,
  // a memory port
  output logic                 mem_req_valid_o,
  input  logic                 mem_req_ready_i,
  output logic [3:0]           mem_req_tag_o,
  output logic                 mem_req_cas_o,
  output logic [2:0]           mem_req_mt_o,
  output logic [51:0]          mem_req_addr_o,
  output logic [63:0]          mem_req_expected_o,
  output logic [63:0]          mem_req_desired_o,
  input  logic                 mem_rsp_valid_i,
  // verilator lint_off UNUSEDSIGNAL
  input  logic [3:0]           mem_rsp_tag_i,
  // verilator lint_on UNUSEDSIGNAL
  input  logic                 mem_rsp_err_i,
  input  logic [8*REPLY_BYTES-1:0] mem_rsp_data_i
);
  typedef enum logic [1:0] {
    Free,
    Want,
    Asked,
    Have
  } beat_state_t;
  typedef logic [2:0] place_t;
  localparam int unsigned Words = Lanes / 8;

  logic [63:0] chance;
  dice #(
    .SEED(SEED)
  ) u_dice (
    .clk_i,
    .rst_i,
    .bits_o(chance)
  );

  // Beats in their order, from head to tail.
  beat_state_t beat_q[8];
  logic [51:0] addr_q[8];  // of the first eight bytes that are selected
  logic [2:0] mt_q[8];  // of TGA
  logic write_q[8], err_q[8], rty_q[8];
  logic [Lanes-1:0] sel_q[8];
  logic [DATA_BITS-1:0] data_q[8];  // what is written, and what was read
  place_t head_q, tail_q;
  logic [63:0] locked_q;  // what the first half of the locked cycle has read

  logic takes, ends;
  assign ends       = wb_ack_o || wb_err_o || wb_rty_o;
  assign wb_stall_o = beat_q[tail_q] != Free || chance[1:0] == 2'd0;
  assign takes      = wb_cyc_i && wb_stb_i && (PIPELINED ? !wb_stall_o : head_q == tail_q && !ends && chance[1:0] != 0);

  function automatic logic [2:0] word_of(input logic [Lanes-1:0] sel);
    word_of = '0;
    for (int w = Lanes / 8 - 1; w >= 0; w--) if (sel[8*w]) word_of = 3'(w);
  endfunction

  place_t chosen;
  logic   any;
  always_comb begin : p_choose
    any    = 1'b0;
    chosen = head_q;
    for (int unsigned n = 0; n < 8; n++) begin
      if (!any && beat_q[place_t'(n+32'(chance[4:2]))] == Want) begin
        any    = 1'b1;
        chosen = place_t'(n + 32'(chance[4:2]));
      end
    end
  end

  logic [63:0] desired;
  always_comb begin : p_desired
    desired = data_q[chosen][63:0];
    for (int unsigned w = 0; w < Lanes / 8; w++)
    if (word_of(sel_q[chosen]) == 3'(w)) desired = data_q[chosen][64*w+:64];
  end

  always_ff @(posedge clk_i) begin : p_port
    if (mem_req_ready_i) mem_req_valid_o <= 1'b0;
    if (!mem_req_valid_o && any && chance[6:5] != 2'd0) begin
      mem_req_valid_o    <= 1'b1;
      mem_req_tag_o      <= 4'(chosen);
      mem_req_cas_o      <= write_q[chosen];
      mem_req_mt_o       <= mt_q[chosen];
      mem_req_addr_o     <= addr_q[chosen];
      mem_req_expected_o <= locked_q;
      mem_req_desired_o  <= desired;
    end
    if (rst_i) mem_req_valid_o <= 1'b0;
  end

  // What memory says, of the beat that asked.
  place_t said;
  logic [63:0] old;
  logic [DATA_BITS-1:0] line;
  logic [511:0] all;  // the line; eight bytes stand in it eight times, and no beat may be of others
  assign all  = {(64 / REPLY_BYTES) {mem_rsp_data_i}};
  assign said = mem_rsp_tag_i[2:0];
  assign old  = all[64*addr_q[said][5:3]+:64];
  always_comb begin : p_line
    for (int unsigned w = 0; w < Words; w++) begin
      line[64*w+:64] = all[64*((32'(addr_q[said][5:3])&~(Words-1))+w)+:64];
      if (!sel_q[said][8*w]) line[64*w+:64] = ~chance;
    end
  end

  always_ff @(posedge clk_i) begin : p_beats
    if (takes) begin
      tail_q         <= tail_q + 1'b1;
      beat_q[tail_q] <= chance[13:7] == '0 ? Have : Want;
      rty_q[tail_q]  <= chance[13:7] == '0;
      err_q[tail_q]  <= 1'b0;
      addr_q[tail_q] <= wb_adr_i | {46'd0, word_of(wb_sel_i), 3'd0};
      mt_q[tail_q]   <= wb_tga_i;
      write_q[tail_q] <= wb_we_i;
      sel_q[tail_q]  <= wb_sel_i;
      data_q[tail_q] <= wb_dat_i;
      if (REPLY_BYTES == 8 && $countones(wb_sel_i) > 8) $error("wb_memory: a beat of more than eight bytes");
      if (wb_we_i && !wb_lock_i) $error("wb_memory: a write that is not half of a locked cycle");
    end
    if (mem_req_valid_o && mem_req_ready_i) beat_q[mem_req_tag_o[2:0]] <= Asked;
    if (mem_rsp_valid_i) begin
      beat_q[said] <= Have;
      err_q[said]  <= mem_rsp_err_i;
      rty_q[said]  <= write_q[said] && !mem_rsp_err_i && old != locked_q;
      data_q[said] <= line;
      if (!write_q[said]) locked_q <= old;
    end
    {wb_ack_o, wb_err_o, wb_rty_o} <= '0;
    if (beat_q[head_q] == Have && chance[15:14] != 2'd0) begin
      beat_q[head_q] <= Free;
      head_q         <= head_q + 1'b1;
      wb_dat_o       <= data_q[head_q];
      wb_rty_o       <= rty_q[head_q];
      wb_err_o       <= err_q[head_q] && !rty_q[head_q];
      wb_ack_o       <= !err_q[head_q] && !rty_q[head_q];
    end
    if (!wb_cyc_i && head_q != tail_q) $error("wb_memory: the cycle ends before its beats");
    if (rst_i) begin
      {head_q, tail_q}               <= '0;
      {wb_ack_o, wb_err_o, wb_rty_o} <= '0;
      for (int unsigned n = 0; n < 8; n++) beat_q[n] <= Free;
    end
  end
endmodule
// verilator tracing_on
