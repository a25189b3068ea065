// The MMU's memory port (docs/microarchitecture.md section 2) as a master of Wishbone B4, pipelined (PIPELINED = 1) or
// classic: a line is a block read, compare-and-swap a locked cycle of a read and a write. With REPLY_BYTES = 8 a line
// is the eight bytes that were asked for, in one beat that selects no others.
//
//     DATA_BITS = 256     t     t+1   t+2   t+3   t+4   …   t+k   t+k+1  t+k+2
//     mem_req             A     B
//     CYC                       1     1     1     1         1     1
//     STB, pipelined            A0    A1    B0    B1                            a beat a cycle without STALL
//     STB, classic              A0    A0    A1    A1    …                       each until its ACK; with CTI
//     ACK                                   A0    A1        B0    B1
//     mem_rsp                                     A                      B
//
//     CAS                 t     t+1   …   t+k   t+k+1  t+k+2   …   t+n   t+n+1  t+n+2
//     CYC, LOCK                 1     1   1     1      1       1   1
//     STB                       read                   write
//     ACK                                 old                      1
//     compare                                   old = expected?             no: the cycle ends, reply in t+k+3
//     mem_rsp                                                                   CAS
//
// Cost: a read takes 2 cycles more than the bus, and a beat each 8, 16, 32 or 64 bytes of the line. Replies come in
// order. CYC is 0 for a cycle after at most OUTSTANDING lines, and around a CAS, so that an arbiter may choose another
// master; a CAS waits until the lines before it have come, and holds back those after it.
//
// Errors: ERR in any beat is mem_rsp_err. RTY in any beat: what is under way is waited for, CYC is 0 for a cycle, and
// the lines without a reply, or the CAS, begin again; after RETRIES times in succession the oldest gets mem_rsp_err
// (RETRIES = 0: never).
//
// ADR is a byte address; its bits below the width of the bus are 0. TGA has the memory type, coded as in IA32_PAT. LOCK
// must be heard by every arbiter between this master and memory: Wishbone has no answer that says so.
//
// The reply to a CAS has the eight bytes as they were, at their place; the rest of its line is undefined.
// Reset: of the adapter and of what it has asked for on the bus, together.
//
// Size: 64 bits, four lines: 238 LUT6 and 966 FF, of which 512 are the line that comes.
// How to connect it, other sizes: docs/bus.md.
module mmu_wb #(
  parameter int unsigned REPLY_BYTES = 64,  // walkers.reply_bytes of the MMU: 64, or 8
  parameter int unsigned DATA_BITS = 64,  // 64, 128, 256, 512
  parameter bit PIPELINED = 1'b1,
  parameter int unsigned OUTSTANDING = 4,  // lines under way in one cycle of CYC, 1 to 16
  parameter int unsigned RETRIES = 255,
  localparam int unsigned Lanes = DATA_BITS / 8
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  // the MMU's memory port
  input  logic                 mem_req_valid_i,
  output logic                 mem_req_ready_o,
  input  logic [3:0]           mem_req_tag_i,
  input  logic                 mem_req_cas_i,
  input  logic [2:0]           mem_req_mt_i,
  input  logic [51:0]          mem_req_addr_i,
  input  logic [63:0]          mem_req_expected_i,
  input  logic [63:0]          mem_req_desired_i,
  output logic                 mem_rsp_valid_o,
  output logic [3:0]           mem_rsp_tag_o,
  output logic                 mem_rsp_err_o,
  output logic [8*REPLY_BYTES-1:0] mem_rsp_data_o,
  // Wishbone
  output logic                 wb_cyc_o,
  output logic                 wb_lock_o,
  output logic                 wb_stb_o,
  output logic                 wb_we_o,
  output logic [51:0]          wb_adr_o,
  output logic [2:0]           wb_tga_o,
  output logic [2:0]           wb_cti_o,
  output logic [1:0]           wb_bte_o,
  output logic [Lanes-1:0]     wb_sel_o,
  output logic [DATA_BITS-1:0] wb_dat_o,
  input  logic [DATA_BITS-1:0] wb_dat_i,
  input  logic                 wb_stall_i,
  input  logic                 wb_ack_i,
  input  logic                 wb_err_i,
  input  logic                 wb_rty_i
);
  localparam bit Entry = REPLY_BYTES == 8;
  localparam int unsigned Beats = Entry ? 1 : 512 / DATA_BITS;
  localparam int unsigned BeatBits = Beats > 1 ? $clog2(Beats) : 1;
  localparam int unsigned LineBits = $clog2(OUTSTANDING + 1);
  localparam int unsigned OutBits = $clog2(OUTSTANDING * Beats + 1);
  localparam int unsigned RetryBits = RETRIES > 0 ? $clog2(RETRIES + 1) : 1;
  localparam logic [2:0] CtiClassic = 3'b000, CtiIncrementing = 3'b010, CtiEnd = 3'b111;
  typedef logic [BeatBits-1:0] beat_t;
  typedef logic [LineBits-1:0] line_t;
  localparam beat_t LastBeat = beat_t'(Beats - 1);

  if (DATA_BITS != 64 && DATA_BITS != 128 && DATA_BITS != 256 && DATA_BITS != 512) begin : g_data
    $error("mmu_wb: DATA_BITS must be 64, 128, 256 or 512");
  end
  if (REPLY_BYTES != 64 && REPLY_BYTES != 8) begin : g_reply
    $error("mmu_wb: REPLY_BYTES must be 64 or 8");
  end
  if (OUTSTANDING < 1 || OUTSTANDING > 16) begin : g_outstanding
    $error("mmu_wb: OUTSTANDING must be 1 to 16");
  end

  typedef enum logic [2:0] {
    Idle,        // CYC is 0, nothing to do
    LineBlock,   // reads lines
    Back,        // CYC is 0 for a cycle, after RTY
    CasRead,
    CasCompare,
    CasWrite,
    CasReply
  } state_t;
  state_t state_q;

  // The lines of this cycle of CYC, by number: 0 … done-1 have their reply, … sent-1 were asked for, … taken-1 wait. A
  // CAS has the place of number 0.
  logic [OUTSTANDING-1:0][3:0] tag_q;
  logic [OUTSTANDING-1:0][2:0] mt_q;
  logic [OUTSTANDING-1:0][51:6] addr_q;
  logic [OUTSTANDING-1:0][5:3] place_q;  // of the eight bytes
  line_t taken_q, sent_q, done_q;
  beat_t sent_beat_q, done_beat_q;
  logic [OutBits-1:0] out_q;  // beats that were asked for and have not ended
  logic again_q;  // RTY has come: nothing more is asked for, what comes is left
  logic stalled_q;  // STB stays until it is taken
  logic err_q;  // ERR in the line that comes, or of the CAS
  logic [RetryBits-1:0] retry_q;
  logic cas_q, asked_q;  // a CAS; its STB was taken
  logic [5:3] word_q;  // where it is in its line
  logic [63:0] expected_q, desired_q, old_q;

  // ---- requests ----
  logic accept;
  assign mem_req_ready_o = state_q == Idle
      || (state_q == LineBlock && !mem_req_cas_i && !again_q && taken_q != line_t'(OUTSTANDING));
  assign accept = mem_req_valid_i && mem_req_ready_o;

  // ---- the bus ----
  logic ended, went, line_stb;
  logic [2:0] lane, done_lane;  // of what is asked for; of what comes
  logic [5:3] line_place, done_place;
  logic [51:6] line_addr;
  logic [2:0] line_mt;
  logic [3:0] line_tag;
  always_comb begin : p_line
    {line_addr, line_mt, line_tag} = {addr_q[0], mt_q[0], tag_q[0]};
    {line_place, done_place}       = {place_q[0], place_q[0]};
    for (int unsigned n = 1; n < OUTSTANDING; n++) begin
      if (sent_q == line_t'(n)) {line_addr, line_mt} = {addr_q[n], mt_q[n]};
      if (sent_q == line_t'(n)) line_place = place_q[n];
      if (done_q == line_t'(n)) line_tag = tag_q[n];
      if (done_q == line_t'(n)) done_place = place_q[n];
    end
  end
  assign line_stb  = state_q == LineBlock && sent_q != taken_q && (!again_q || stalled_q);
  assign ended     = wb_cyc_o && (wb_ack_i || wb_err_i || wb_rty_i);
  assign went      = wb_stb_o && (PIPELINED ? !wb_stall_i : ended);

  assign wb_lock_o = state_q == CasRead || state_q == CasCompare || state_q == CasWrite;
  assign wb_cyc_o  = state_q == LineBlock || wb_lock_o;
  assign wb_stb_o  = line_stb || ((state_q == CasRead || state_q == CasWrite) && !asked_q);
  assign wb_we_o   = state_q == CasWrite;
  assign wb_tga_o  = line_mt;
  assign wb_bte_o  = 2'b00;  // linear
  assign wb_dat_o  = {(DATA_BITS / 64) {desired_q}};
  assign lane      = (wb_lock_o ? word_q : line_place) & 3'(Lanes / 8 - 1);
  assign done_lane = (wb_lock_o ? word_q : done_place) & 3'(Lanes / 8 - 1);
  always_comb begin : p_out
    wb_sel_o = '1;
    wb_adr_o = {line_addr, 6'd0} | 52'(32'(sent_beat_q) * Lanes);
    wb_cti_o = PIPELINED || Beats == 1 ? CtiClassic : sent_beat_q == LastBeat ? CtiEnd : CtiIncrementing;
    if (wb_lock_o || Entry) begin
      wb_adr_o = {line_addr, (wb_lock_o ? word_q : line_place) & ~3'(Lanes / 8 - 1), 3'd0};
      wb_cti_o = CtiClassic;
      for (int unsigned w = 0; w < Lanes / 8; w++) wb_sel_o[8*w+:8] = {8{lane == 3'(w)}};
    end
  end

  // ---- what comes ----
  logic [63:0] word;  // the eight bytes of the CAS, or of the read
  always_comb begin : p_word
    word = wb_dat_i[63:0];
    for (int unsigned w = 1; w < Lanes / 8; w++) if (done_lane == 3'(w)) word = wb_dat_i[64*w+:64];
  end
  if (Entry) begin : g_entry
    always_ff @(posedge clk_i) begin : p_part
      if (state_q == CasRead || (state_q == LineBlock && wb_ack_i)) mem_rsp_data_o <= word;
    end
  end else begin : g_lines
    for (genvar b = 0; b < Beats; b++) begin : g_line  // of a CAS every part has what came
      always_ff @(posedge clk_i) begin : p_part
        if (state_q == CasRead || (state_q == LineBlock && wb_ack_i && done_beat_q == beat_t'(b)))
          mem_rsp_data_o[DATA_BITS*b+:DATA_BITS] <= wb_dat_i;
      end
    end
  end

  logic good, last_beat, last_line, give_up;
  assign good      = state_q == LineBlock && ended && !wb_rty_i && !again_q;
  assign last_beat = good && done_beat_q == LastBeat;
  assign last_line = done_q + 1'b1 == taken_q && !accept;
  assign give_up   = RETRIES > 0 && retry_q == RetryBits'(RETRIES);

  always_ff @(posedge clk_i) begin : p_control
    mem_rsp_valid_o <= 1'b0;
    mem_rsp_tag_o   <= line_tag;
    mem_rsp_err_o   <= err_q;
    stalled_q       <= line_stb && !went;
    if (line_stb && went) begin
      sent_beat_q <= sent_beat_q == LastBeat ? '0 : sent_beat_q + 1'b1;
      if (sent_beat_q == LastBeat) sent_q <= sent_q + 1'b1;
    end
    if (state_q == LineBlock) out_q <= out_q + OutBits'(went) - OutBits'(ended);
    unique case (state_q)
      Idle: begin
        {taken_q, sent_q, done_q}         <= '0;
        {sent_beat_q, done_beat_q, out_q} <= '0;
        {again_q, err_q, asked_q}         <= '0;
        retry_q                           <= '0;
        cas_q                             <= mem_req_cas_i;
        word_q                            <= mem_req_addr_i[5:3];
        expected_q                        <= mem_req_expected_i;
        desired_q                         <= mem_req_desired_i;
        if (accept) state_q <= mem_req_cas_i ? CasRead : LineBlock;
      end
      LineBlock: begin
        if (good) begin
          err_q       <= !last_beat && (err_q || wb_err_i);
          done_beat_q <= last_beat ? '0 : done_beat_q + 1'b1;
        end
        if (ended && wb_rty_i) again_q <= 1'b1;
        if (last_beat) begin
          mem_rsp_valid_o <= 1'b1;
          mem_rsp_err_o   <= err_q || wb_err_i;
          done_q          <= done_q + 1'b1;
          retry_q         <= '0;
          if (last_line) state_q <= Idle;
        end
        if (again_q && out_q == '0 && !line_stb) state_q <= Back;
      end
      Back: begin  // lines: from the oldest without a reply, or without it
        {again_q, err_q, asked_q} <= '0;
        {sent_beat_q, done_beat_q} <= '0;
        retry_q                    <= give_up ? '0 : retry_q + 1'b1;
        sent_q                     <= give_up ? done_q + 1'b1 : done_q;
        state_q                    <= cas_q ? CasRead : give_up && last_line ? Idle : LineBlock;
        if (give_up) begin
          mem_rsp_valid_o <= 1'b1;
          mem_rsp_err_o   <= 1'b1;
          done_q          <= done_q + 1'b1;
          if (cas_q) state_q <= Idle;
        end
      end
      CasRead, CasWrite: begin
        if (went) asked_q <= 1'b1;
        if (ended) begin
          asked_q <= 1'b0;
          err_q   <= wb_err_i;
          state_q <= wb_rty_i ? Back : state_q == CasRead && !wb_err_i ? CasCompare : CasReply;
        end
        if (state_q == CasRead) old_q <= word;
      end
      CasCompare: state_q <= old_q == expected_q ? CasWrite : CasReply;
      CasReply: begin
        mem_rsp_valid_o <= 1'b1;
        state_q         <= Idle;
      end
      default: state_q <= Idle;
    endcase
    if (accept) begin
      if (!mem_req_cas_i) taken_q <= state_q == Idle ? line_t'(1) : taken_q + 1'b1;
      for (int unsigned n = 0; n < OUTSTANDING; n++) begin
        if (state_q == Idle ? n == 0 : taken_q == line_t'(n)) begin
          {tag_q[n], mt_q[n], addr_q[n]} <= {mem_req_tag_i, mem_req_mt_i, mem_req_addr_i[51:6]};
          place_q[n]                     <= Entry ? mem_req_addr_i[5:3] : 3'd0;
        end
      end
    end
    if (rst_i) begin
      state_q         <= Idle;
      stalled_q       <= 1'b0;
      mem_rsp_valid_o <= 1'b0;
    end
  end

  // verilator lint_off UNUSEDSIGNAL
  logic unused;  // where eight bytes begin; STALL of a classic bus
  assign unused = ^{mem_req_addr_i[2:0], wb_stall_i, line_place, done_place};
  // verilator lint_on UNUSEDSIGNAL
endmodule
