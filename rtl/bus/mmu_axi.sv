// The MMU's memory port (docs/microarchitecture.md section 2) as a manager of AXI4 or AXI5: lines are read by one
// burst, compare-and-swap is AtomicCompare (ATOMIC = 1) or an exclusive pair with retry.
//
//     DATA_BITS = 256     t     t+1   t+2   …   t+k   t+k+1  t+k+2
//     mem_req             A           B
//     AR                        A           B
//     R                                         A0    A1
//     mem_rsp                                                A       whole line; the tag of the request
//
//     REPLY_BYTES = 8: a read is one beat of its eight bytes, whatever the width of the bus, and that is the reply; no
//     line is kept.
//
//     exclusive pair      t     t+1   …   t+k   t+k+1  t+k+2   …   t+n   t+n+1  t+n+2
//     mem_req             CAS
//     AR, R (AxLOCK)            AR        R                                              EXOKAY, or it is an error
//     compare                                   old = expected?                          no: reply, in t+k+3
//     AW, W, B (AxLOCK)                                AW W           B                  OKAY: again, from AR
//     mem_rsp                                                                     CAS
//
// Cost: a read takes 2 cycles more than the bus, and a beat each 8, 16, 32 or 64 bytes of the line; one request every
// other cycle. One CAS at a time: a second one waits at the port, and what is behind it; reads under way go on.
//
// Ids: read number s of OUTSTANDING has ID_BASE + s, every CAS ID_BASE + OUTSTANDING: so one exclusive monitor will do,
// and no id is that of an atomic transaction under way. The low bits of ID_BASE are 0. R may come in any order of ids,
// interleaved. RREADY and BREADY are always 1: there is room for everything that was asked for.
//
// Errors: SLVERR or DECERR in any beat is mem_rsp_err, and so is OKAY to an exclusive read (nobody monitors exclusive
// accesses there: it is not tried again), and an exclusive write that fails RETRIES times after its first (RETRIES = 0:
// it is tried without end; each failure means that somebody else has written, or that a monitor was lost).
//
// AxCACHE is of the memory type (cache_of). An exclusive access must not be cacheable, so that its monitor sees it: it
// becomes Normal Non-cacheable, unless EXCLUSIVE_CACHED says that the monitor stands before the caches.
//
// The reply to a CAS has the eight bytes as they were, at their place; the rest of its line is undefined.
// Reset: of the adapter and of what it has asked for on the bus, together.
//
// Size: 64 bits, four reads: 250 LUT6 and 367 FF, and 88 RAM32M for the lines (AtomicCompare: 151 and 297).
// How to connect it, other sizes: docs/bus.md.
module mmu_axi #(
  parameter int unsigned REPLY_BYTES = 64,  // walkers.reply_bytes of the MMU: 64, or 8
  parameter int unsigned DATA_BITS = 64,  // 64, 128, 256, 512
  parameter int unsigned ID_BITS = 4,
  parameter logic [ID_BITS-1:0] ID_BASE = '0,
  parameter int unsigned OUTSTANDING = 4,  // reads under way, 1 to 16
  parameter bit ATOMIC = 1'b0,  // AtomicCompare; needs a subordinate with Atomic_Transactions
  parameter bit EXCLUSIVE_CACHED = 1'b0,
  parameter int unsigned RETRIES = 255,
  parameter logic [2:0] PROT = 3'b011,  // AxPROT: data, non-secure, privileged
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
  // AXI
  output logic                 axi_arvalid_o,
  input  logic                 axi_arready_i,
  output logic [ID_BITS-1:0]   axi_arid_o,
  output logic [51:0]          axi_araddr_o,
  output logic [7:0]           axi_arlen_o,
  output logic [2:0]           axi_arsize_o,
  output logic [1:0]           axi_arburst_o,
  output logic                 axi_arlock_o,
  output logic [3:0]           axi_arcache_o,
  output logic [2:0]           axi_arprot_o,
  output logic [2:0]           axi_aruser_o,
  input  logic                 axi_rvalid_i,
  output logic                 axi_rready_o,
  input  logic [ID_BITS-1:0]   axi_rid_i,
  input  logic [DATA_BITS-1:0] axi_rdata_i,
  input  logic [1:0]           axi_rresp_i,
  input  logic                 axi_rlast_i,
  output logic                 axi_awvalid_o,
  input  logic                 axi_awready_i,
  output logic [ID_BITS-1:0]   axi_awid_o,
  output logic [51:0]          axi_awaddr_o,
  output logic [7:0]           axi_awlen_o,
  output logic [2:0]           axi_awsize_o,
  output logic [1:0]           axi_awburst_o,
  output logic                 axi_awlock_o,
  output logic [3:0]           axi_awcache_o,
  output logic [2:0]           axi_awprot_o,
  output logic [2:0]           axi_awuser_o,
  output logic [5:0]           axi_awatop_o,
  output logic                 axi_wvalid_o,
  input  logic                 axi_wready_i,
  output logic [DATA_BITS-1:0] axi_wdata_o,
  output logic [Lanes-1:0]     axi_wstrb_o,
  output logic                 axi_wlast_o,
  input  logic                 axi_bvalid_i,
  output logic                 axi_bready_o,
  input  logic [ID_BITS-1:0]   axi_bid_i,
  input  logic [1:0]           axi_bresp_i
);
  localparam bit Entry = REPLY_BYTES == 8;
  localparam int unsigned Beats = Entry ? 1 : 512 / DATA_BITS;
  localparam int unsigned SlotBits = $clog2(OUTSTANDING + 1);  // the last one is of the CAS
  localparam int unsigned BeatBits = Beats > 1 ? $clog2(Beats) : 1;
  localparam int unsigned RetryBits = RETRIES > 0 ? $clog2(RETRIES + 1) : 1;
  localparam bit TwoBeats = ATOMIC && DATA_BITS == 64;  // the expected and the desired value
  localparam logic [1:0] Okay = 2'b00, ExOkay = 2'b01, BurstIncr = 2'b01, BurstWrap = 2'b10;
  localparam logic [5:0] AtomicCompare = 6'b110001;
  typedef logic [SlotBits-1:0] slot_t;
  typedef logic [BeatBits-1:0] beat_t;
  localparam slot_t CasSlot = slot_t'(OUTSTANDING);

  if (DATA_BITS != 64 && DATA_BITS != 128 && DATA_BITS != 256 && DATA_BITS != 512) begin : g_data
    $error("mmu_axi: DATA_BITS must be 64, 128, 256 or 512");
  end
  if (REPLY_BYTES != 64 && REPLY_BYTES != 8) begin : g_reply
    $error("mmu_axi: REPLY_BYTES must be 64 or 8");
  end
  if (OUTSTANDING < 1 || OUTSTANDING > 16 || ID_BITS < SlotBits || ID_BASE[SlotBits-1:0] != '0) begin : g_ids
    $error("mmu_axi: OUTSTANDING + 1 ids do not fit in ID_BITS above ID_BASE");
  end

  // AxCACHE of a memory type as in IA32_PAT; the same for reads and writes, as an exclusive pair wants it.
  function automatic logic [3:0] cache_of(input logic [2:0] mt);
    unique case (mt)
      3'd1:       return 4'b0011;  // WC: Normal Non-cacheable Bufferable
      3'd4, 3'd5: return 4'b1110;  // WT, WP: Write-through Read- and Write-Allocate
      3'd6:       return 4'b1111;  // WB: Write-back Read- and Write-Allocate
      default:    return 4'b0000;  // UC, UC-: Device Non-bufferable
    endcase
  endfunction
  function automatic logic [3:0] exclusive_of(input logic [3:0] cache);
    return cache[3:2] != '0 && !EXCLUSIVE_CACHED ? 4'b0010 : cache;  // Normal Non-cacheable Non-bufferable
  endfunction
  function automatic logic [3:0] asked_of(input logic [2:0] mt, input logic exclusive);
    return exclusive ? exclusive_of(cache_of(mt)) : cache_of(mt);
  endfunction

  // ---- what is under way ----
  typedef enum logic [2:0] {
    CasIdle,
    CasAgain,    // waits for AR to be free
    CasRead,     // exclusive read
    CasCompare,
    CasWrite,    // exclusive write, or AtomicCompare
    CasReply
  } cas_state_t;
  logic [OUTSTANDING-1:0] busy_q, failed_q;
  logic [OUTSTANDING-1:0][3:0] tag_q;
  logic [OUTSTANDING-1:0][5:3] place_q;  // of the eight bytes
  beat_t [OUTSTANDING-1:0] beat_q;  // the next one of each read
  cas_state_t cas_q;
  logic [3:0] cas_tag_q;
  logic [2:0] cas_mt_q;
  logic [51:3] cas_addr_q;
  logic [63:0] expected_q, desired_q, old_q;
  logic cas_err_q, got_r_q, got_b_q;
  logic [RetryBits-1:0] retry_q;

  // ---- requests ----
  slot_t free;
  logic  accept;
  always_comb begin : p_free
    free = '0;
    for (int s = OUTSTANDING - 1; s >= 0; s--) if (!busy_q[s]) free = slot_t'(s);
  end
  assign mem_req_ready_o = !axi_arvalid_o && cas_q != CasAgain && (mem_req_cas_i ? cas_q == CasIdle : busy_q != '1);
  assign accept = mem_req_valid_i && mem_req_ready_o;

  // ---- replies ----
  logic r_cas, r_last, b_cas;
  slot_t r_slot;
  beat_t r_beat;
  logic [5:3] r_place;
  logic [63:0] r_word;  // the eight bytes that were asked for, of a beat that has no other
  assign r_slot = axi_rid_i[SlotBits-1:0];
  assign r_cas  = axi_rvalid_i && r_slot == CasSlot;
  assign r_last = axi_rvalid_i && r_slot != CasSlot && axi_rlast_i;
  assign b_cas  = axi_bvalid_i;  // nothing else writes
  always_comb begin : p_beat
    r_beat  = '0;
    r_place = cas_addr_q[5:3];
    for (int unsigned s = 0; s < OUTSTANDING; s++) begin
      if (r_slot == slot_t'(s)) r_beat = beat_q[s];
      if (Entry && r_slot == slot_t'(s)) r_place = place_q[s];
    end
  end
  always_comb begin : p_word
    r_word = axi_rdata_i[63:0];
    for (int unsigned w = 1; w < Lanes / 8; w++) begin
      if ((32'(r_place) & (Lanes / 8 - 1)) == w) r_word = axi_rdata_i[64*w+:64];
    end
  end
  assign axi_rready_o = 1'b1;
  assign axi_bready_o = 1'b1;

  // ---- the lines: a memory a beat; of a CAS every one has what came ----
  // (With replies of eight bytes the one beat is the reply.)
  slot_t rsp_slot_q;
  if (Entry) begin : g_entry
    always_ff @(posedge clk_i) begin : p_part
      mem_rsp_data_o <= r_last ? r_word : old_q;
    end
  end else begin : g_lines
    for (genvar b = 0; b < Beats; b++) begin : g_line
      logic [DATA_BITS-1:0] part_q[OUTSTANDING+1];
      always_ff @(posedge clk_i) begin : p_part
        if (axi_rvalid_i && (r_slot == CasSlot || Beats == 1 || r_beat == beat_t'(b))) part_q[r_slot] <= axi_rdata_i;
      end
      assign mem_rsp_data_o[DATA_BITS*b+:DATA_BITS] = part_q[rsp_slot_q];
    end
  end

  always_ff @(posedge clk_i) begin : p_reads
    for (int unsigned s = 0; s < OUTSTANDING; s++) begin
      if (axi_rvalid_i && r_slot == slot_t'(s)) begin
        beat_q[s]   <= beat_q[s] + 1'b1;
        failed_q[s] <= failed_q[s] || axi_rresp_i[1];
        if (axi_rlast_i) busy_q[s] <= 1'b0;
      end
      if (accept && !mem_req_cas_i && free == slot_t'(s)) begin
        busy_q[s]   <= 1'b1;
        tag_q[s]    <= mem_req_tag_i;
        place_q[s]  <= mem_req_addr_i[5:3];
        beat_q[s]   <= '0;
        failed_q[s] <= 1'b0;
      end
    end
    if (rst_i) busy_q <= '0;
  end

  // A reply leaves in the cycle after the last beat of its line; that of a CAS when there is none.
  always_ff @(posedge clk_i) begin : p_reply
    mem_rsp_valid_o <= !rst_i && (r_last || cas_q == CasReply);
    rsp_slot_q      <= r_last ? r_slot : CasSlot;
    mem_rsp_tag_o   <= cas_tag_q;
    mem_rsp_err_o   <= cas_err_q;
    for (int unsigned s = 0; s < OUTSTANDING; s++) begin
      if (r_last && r_slot == slot_t'(s)) begin
        mem_rsp_tag_o <= tag_q[s];
        mem_rsp_err_o <= failed_q[s] || axi_rresp_i[1];
      end
    end
  end

  // ---- AR ----
  slot_t ar_slot_q;
  logic  ar_single_q;  // the eight bytes of an exclusive read
  logic [5:3] ar_place;
  assign ar_place = mem_req_cas_i || Entry ? mem_req_addr_i[5:3] : 3'd0;
  always_ff @(posedge clk_i) begin : p_ar
    if (axi_arready_i) axi_arvalid_o <= 1'b0;
    if (!axi_arvalid_o) begin
      axi_arvalid_o <= cas_q == CasAgain || (accept && !(mem_req_cas_i && ATOMIC));
      ar_single_q   <= cas_q == CasAgain || mem_req_cas_i;
      ar_slot_q     <= cas_q == CasAgain || mem_req_cas_i ? CasSlot : free;
      axi_araddr_o  <= cas_q == CasAgain ? {cas_addr_q, 3'd0} : {mem_req_addr_i[51:6], ar_place, 3'd0};
      axi_aruser_o  <= cas_q == CasAgain ? cas_mt_q : mem_req_mt_i;
    end
    if (rst_i) axi_arvalid_o <= 1'b0;
  end
  assign axi_arid_o    = ID_BASE | ID_BITS'(ar_slot_q);
  assign axi_arlock_o  = ar_single_q;
  assign axi_arcache_o = asked_of(axi_aruser_o, ar_single_q);
  assign axi_arlen_o   = ar_single_q ? 8'd0 : 8'(Beats - 1);
  assign axi_arsize_o  = ar_single_q || Entry ? 3'd3 : 3'($clog2(Lanes));
  assign axi_arburst_o = BurstIncr;
  assign axi_arprot_o  = PROT;

  // ---- compare-and-swap ----
  logic start_write, second_q;  // the second beat of W
  assign start_write = ATOMIC ? accept && mem_req_cas_i : cas_q == CasCompare && !cas_err_q && old_q == expected_q;

  always_ff @(posedge clk_i) begin : p_cas
    unique case (cas_q)
      CasAgain: if (!axi_arvalid_o) cas_q <= CasRead;
      CasRead:
      if (r_cas) begin
        cas_q     <= CasCompare;
        cas_err_q <= axi_rresp_i != ExOkay;
      end
      CasCompare: cas_q <= start_write ? CasWrite : CasReply;
      CasWrite:
      if (ATOMIC) begin
        if (r_cas) got_r_q <= 1'b1;
        if (b_cas) got_b_q <= 1'b1;
        if ((r_cas && axi_rresp_i[1]) || (b_cas && axi_bresp_i[1])) cas_err_q <= 1'b1;
        if ((r_cas || got_r_q) && (b_cas || got_b_q)) cas_q <= CasReply;
      end else if (b_cas) begin
        if (RETRIES > 0) retry_q <= retry_q + 1'b1;
        cas_err_q <= axi_bresp_i != ExOkay;
        cas_q     <= axi_bresp_i == Okay && (RETRIES == 0 || retry_q != RetryBits'(RETRIES)) ? CasAgain : CasReply;
      end
      CasReply: if (!r_last) cas_q <= CasIdle;
      default: ;
    endcase
    if (r_cas) old_q <= r_word;
    if (accept && mem_req_cas_i) begin
      cas_q       <= ATOMIC ? CasWrite : CasRead;
      cas_tag_q   <= mem_req_tag_i;
      cas_mt_q    <= mem_req_mt_i;
      cas_addr_q  <= mem_req_addr_i[51:3];
      expected_q  <= mem_req_expected_i;
      desired_q   <= mem_req_desired_i;
      cas_err_q   <= 1'b0;
      got_r_q     <= 1'b0;
      got_b_q     <= 1'b0;
      retry_q     <= '0;
    end
    if (rst_i) cas_q <= CasIdle;
  end

  // ---- AW and W; each goes at its own pace ----
  always_ff @(posedge clk_i) begin : p_write
    if (axi_awready_i) axi_awvalid_o <= 1'b0;
    if (axi_wvalid_o && axi_wready_i) begin
      axi_wvalid_o <= !axi_wlast_o;
      second_q     <= 1'b1;
    end
    if (start_write) begin
      axi_awvalid_o <= 1'b1;
      axi_wvalid_o  <= 1'b1;
      second_q      <= 1'b0;
    end
    if (rst_i) {axi_awvalid_o, axi_wvalid_o} <= '0;
  end
  assign axi_awid_o    = ID_BASE | ID_BITS'(CasSlot);
  assign axi_awaddr_o  = {cas_addr_q, 3'd0};
  assign axi_awlen_o   = 8'(TwoBeats);
  assign axi_awsize_o  = ATOMIC && !TwoBeats ? 3'd4 : 3'd3;
  assign axi_awburst_o = ATOMIC && cas_addr_q[3] ? BurstWrap : BurstIncr;  // the expected value is at the address
  assign axi_awlock_o  = !ATOMIC;
  assign axi_awcache_o = asked_of(cas_mt_q, !ATOMIC);
  assign axi_awuser_o  = cas_mt_q;
  assign axi_awprot_o  = PROT;
  assign axi_awatop_o  = ATOMIC ? AtomicCompare : 6'd0;
  assign axi_wlast_o   = !TwoBeats || second_q;

  if (!ATOMIC) begin : g_exclusive
    assign axi_wdata_o = {(DATA_BITS / 64) {desired_q}};
  end else if (TwoBeats) begin : g_two
    assign axi_wdata_o = second_q ? desired_q : expected_q;
  end else begin : g_pair
    assign axi_wdata_o = {(DATA_BITS / 128) {cas_addr_q[3] ? {expected_q, desired_q} : {desired_q, expected_q}}};
  end
  always_comb begin : p_strb
    for (int unsigned w = 0; w < Lanes / 8; w++) begin
      axi_wstrb_o[8*w+:8] = {8{((32'(cas_addr_q[5:3]) & (Lanes / 8 - 1)) ^ w) <= 32'(ATOMIC)}};
    end
  end

  // verilator lint_off UNUSEDSIGNAL
  logic unused;  // bits that say nothing new: whose the answer to the only write is, where the eight bytes begin
  assign unused = ^{axi_rid_i, axi_bid_i, mem_req_addr_i[2:0], old_q, place_q, r_beat, r_place, rsp_slot_q};
  // verilator lint_on UNUSEDSIGNAL
endmodule
