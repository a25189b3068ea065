// A subordinate of AXI that has no memory of its own: it asks at a memory port (docs/microarchitecture.md section 2)
// for what it is asked for. For simulation: an MMU with a port of AXI stands behind it in the bench, whose memory
// answers.
//
// By chance (SEED): AR, AW and W are made to wait, requests go on in any order, R comes in any order of ids,
// interleaved, with gaps, B comes before or after the R of an AtomicCompare, an error is in one of the beats, and one
// exclusive write in eight finds its monitor lost. Lanes that a transfer does not use carry rubbish.
//
// Atomic is what the memory port makes atomic, its compare-and-swap. AtomicCompare is one. The exclusive monitor
// remembers the eight bytes that were read, and an exclusive write is the compare-and-swap of them with what is
// written: a monitor by value, that lets a write pass when others have written and taken back.
//
// What it asks for has the memory type that AxUSER told it, and AxCACHE must be of that type. An exclusive access
// must not be cacheable.
//
// One read an id at a time; writes are exclusive or atomic, one at a time. MONITOR = 0: exclusive accesses are not
// supported, and get OKAY.
// verilator tracing_off
module axi_memory #(
  parameter int unsigned REPLY_BYTES = 64,  // of the memory port: the line, or 8
  parameter int unsigned DATA_BITS = 64,
  parameter int unsigned ID_BITS = 3,  // at most 4: an id is a tag
  parameter bit MONITOR = 1'b1,
  parameter logic [63:0] SEED = 64'h1,
  localparam int unsigned Lanes = DATA_BITS / 8
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  // AXI
  input  logic                 axi_arvalid_i,
  output logic                 axi_arready_o,
  input  logic [ID_BITS-1:0]   axi_arid_i,
  input  logic [51:0]          axi_araddr_i,
  input  logic [7:0]           axi_arlen_i,
  input  logic [2:0]           axi_arsize_i,
  input  logic                 axi_arlock_i,
  input  logic [3:0]           axi_arcache_i,
  input  logic [2:0]           axi_aruser_i,
  output logic                 axi_rvalid_o,
  input  logic                 axi_rready_i,
  output logic [ID_BITS-1:0]   axi_rid_o,
  output logic [DATA_BITS-1:0] axi_rdata_o,
  output logic [1:0]           axi_rresp_o,
  output logic                 axi_rlast_o,
  input  logic                 axi_awvalid_i,
  output logic                 axi_awready_o,
  input  logic [ID_BITS-1:0]   axi_awid_i,
  input  logic [51:0]          axi_awaddr_i,
  input  logic                 axi_awlock_i,
  input  logic [3:0]           axi_awcache_i,
  input  logic [2:0]           axi_awuser_i,
  input  logic [5:0]           axi_awatop_i,
  input  logic                 axi_wvalid_i,
  output logic                 axi_wready_o,
  input  logic [DATA_BITS-1:0] axi_wdata_i,
  input  logic [Lanes-1:0]     axi_wstrb_i,
  input  logic                 axi_wlast_i,
  output logic                 axi_bvalid_o,
  input  logic                 axi_bready_i,
  output logic [ID_BITS-1:0]   axi_bid_o,
  output logic [1:0]           axi_bresp_o,
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
  input  logic [3:0]           mem_rsp_tag_i,
  input  logic                 mem_rsp_err_i,
  input  logic [8*REPLY_BYTES-1:0] mem_rsp_data_i
);
  localparam int unsigned Ids = 1 << ID_BITS;
  localparam logic [1:0] Okay = 2'b00, ExOkay = 2'b01, SlvErr = 2'b10, DecErr = 2'b11;
  typedef logic [ID_BITS-1:0] id_t;
  typedef enum logic [1:0] {
    Free,
    Want,
    Asked,
    Have
  } read_state_t;

  logic [63:0] chance;
  dice #(
    .SEED(SEED)
  ) u_dice (
    .clk_i,
    .rst_i,
    .bits_o(chance)
  );

  // ---- reads, one an id; and the R of an AtomicCompare ----
  read_state_t read_q[Ids];
  logic [51:0] read_addr_q[Ids];
  logic [7:0] read_len_q[Ids], read_beat_q[Ids], read_bad_q[Ids];  // bad: the beat that has the error
  logic [2:0] read_size_q[Ids];
  logic read_lock_q[Ids], read_err_q[Ids];
  logic [2:0] read_mt_q[Ids];
  logic [511:0] read_line_q[Ids];

  // ---- the write, and its monitor ----
  logic aw_q, w_q, cas_asked_q, cas_done_q, mon_q;
  id_t aw_id_q, mon_id_q;
  logic [51:0] aw_addr_q, mon_addr_q;
  logic aw_lock_q, w_second_q;
  logic [2:0] aw_mt_q;
  logic [DATA_BITS-1:0] w_data_q[2];
  logic [Lanes-1:0] w_strb_q[2];
  logic [63:0] mon_data_q;
  logic [1:0] b_resp_q;
  logic wants_cas, lost;

  assign axi_arready_o = read_q[axi_arid_i] == Free && chance[1:0] != 2'd0;
  assign axi_awready_o = !aw_q && chance[3:2] != 2'd0;
  assign axi_wready_o  = !w_q && (aw_q || chance[6]) && chance[5:4] != 2'd0;
  assign wants_cas     = aw_q && w_q && !cas_asked_q && !lost;
  assign lost          = aw_lock_q && !(mon_q && mon_id_q == aw_id_q && mon_addr_q == aw_addr_q);

  // The lanes of what is written: 64 bits each.
  function automatic logic [63:0] lane_of(input logic [DATA_BITS-1:0] data, input logic [2:0] word);
    lane_of = '0;
    for (int unsigned w = 0; w < Lanes / 8; w++) if ((32'(word) & (Lanes / 8 - 1)) == w) lane_of = data[64*w+:64];
  endfunction
  function automatic logic [7:0] strobe_of(input logic [Lanes-1:0] strb, input logic [2:0] word);
    strobe_of = '0;
    for (int unsigned w = 0; w < Lanes / 8; w++) if ((32'(word) & (Lanes / 8 - 1)) == w) strobe_of = strb[8*w+:8];
  endfunction

  // What is written at the address, and at the other eight bytes of sixteen. A byte that is not strobed is rubbish
  // there, and as it was in an exclusive write.
  function automatic logic [63:0] written(input logic [DATA_BITS-1:0] data, input logic [Lanes-1:0] strb,
                                          input logic [2:0] word, input logic [63:0] was);
    logic [63:0] lane;
    logic [7:0]  strobe;
    lane    = lane_of(data, word);
    strobe  = strobe_of(strb, word);
    written = was;
    for (int b = 0; b < 8; b++) if (strobe[b]) written[8*b+:8] = lane[8*b+:8];
  endfunction
  logic [63:0] w_here, w_other;
  always_comb begin : p_written
    w_here  = written(w_data_q[0], w_strb_q[0], aw_addr_q[5:3], aw_lock_q ? mon_data_q : chance);
    w_other = written(w_data_q[DATA_BITS == 64], w_strb_q[DATA_BITS == 64], aw_addr_q[5:3] ^ 3'd1, chance);
  end

  // ---- the memory port: an offer stays ----
  logic chosen_is_cas;
  id_t  chosen;
  logic any;
  always_comb begin : p_choose
    any           = wants_cas && chance[8];
    chosen_is_cas = any;
    chosen        = aw_id_q;
    for (int unsigned n = 0; n < Ids; n++) begin
      if (!any && read_q[id_t'(n+32'(chance[12:9]))] == Want) begin
        any    = 1'b1;
        chosen = id_t'(n + 32'(chance[12:9]));
      end
    end
  end
  always_ff @(posedge clk_i) begin : p_port
    if (mem_req_ready_i) mem_req_valid_o <= 1'b0;
    if (!mem_req_valid_o && any && chance[14:13] != 2'd0) begin
      mem_req_valid_o    <= 1'b1;
      mem_req_tag_o      <= 4'(chosen);
      mem_req_cas_o      <= chosen_is_cas;
      mem_req_mt_o       <= chosen_is_cas ? aw_mt_q : read_mt_q[chosen];
      mem_req_addr_o     <= chosen_is_cas ? aw_addr_q : read_addr_q[chosen];
      mem_req_expected_o <= aw_lock_q ? mon_data_q : w_here;
      mem_req_desired_o  <= aw_lock_q ? w_here : w_other;
    end
    if (rst_i) mem_req_valid_o <= 1'b0;
  end

  // AxCACHE of each type as IA32_PAT codes them, 0 to 7: docs/bus.md.
  localparam logic [7:0][3:0] CacheOf = {4'h0, 4'hf, 4'he, 4'he, 4'h0, 4'h0, 4'h3, 4'h0};
  function automatic logic is_of(input logic [3:0] cache, input logic [2:0] mt, input logic exclusive);
    return cache == (exclusive && CacheOf[mt][3:2] != '0 ? 4'h2 : CacheOf[mt]);
  endfunction
  always_ff @(posedge clk_i) begin : p_cache
    if (axi_arvalid_i && !rst_i && !is_of(axi_arcache_i, axi_aruser_i, axi_arlock_i))
      $error("axi_memory: ARCACHE is not of the memory type");
    if (axi_awvalid_i && !rst_i && !is_of(axi_awcache_i, axi_awuser_i, axi_awlock_i))
      $error("axi_memory: AWCACHE is not of the memory type");
  end

  // ---- R: a beat of any id that has its line ----
  id_t  r_id;
  logic r_any;
  always_comb begin : p_next
    r_any = 1'b0;
    r_id  = '0;
    for (int unsigned n = 0; n < Ids; n++) begin
      if (!r_any && read_q[id_t'(n+32'(chance[19:16]))] == Have) begin
        r_any = 1'b1;
        r_id  = id_t'(n + 32'(chance[19:16]));
      end
    end
  end

  // Of a transfer of eight bytes the other lanes are rubbish.
  localparam int unsigned Words = Lanes / 8;
  logic [2:0] r_word;  // the first one of this beat, in the line
  logic [DATA_BITS-1:0] r_data;
  assign r_word = read_addr_q[r_id][5:3] + 3'(32'(read_beat_q[r_id]) * (read_size_q[r_id] == 3'd3 ? 1 : Words));
  always_comb begin : p_data
    for (int unsigned w = 0; w < Words; w++) begin
      r_data[64*w+:64] = read_line_q[r_id][64*((32'(r_word)&~(Words-1))+w)+:64];
      if (read_size_q[r_id] == 3'd3 && (32'(r_word) & (Words - 1)) != w) r_data[64*w+:64] = ~chance;
    end
  end

  // The line; eight bytes stand in it eight times, and no transfer may be of others.
  logic [511:0] line;
  assign line = {(64 / REPLY_BYTES) {mem_rsp_data_i}};
  always_ff @(posedge clk_i) begin : p_eight
    if (REPLY_BYTES == 8 && axi_arvalid_i && !rst_i && (axi_arlen_i != '0 || axi_arsize_i != 3'd3))
      $error("axi_memory: a read of more than eight bytes");
  end
  logic [63:0] old;
  assign old = line[64*aw_addr_q[5:3]+:64];

  always_ff @(posedge clk_i) begin : p_reads
    if (axi_arvalid_i && axi_arready_o) begin
      read_q[axi_arid_i]      <= Want;
      read_addr_q[axi_arid_i] <= axi_araddr_i;
      read_len_q[axi_arid_i]  <= axi_arlen_i;
      read_size_q[axi_arid_i] <= axi_arsize_i;
      read_lock_q[axi_arid_i] <= axi_arlock_i;
      read_mt_q[axi_arid_i]   <= axi_aruser_i;
      read_beat_q[axi_arid_i] <= '0;
    end
    if (mem_req_valid_o && mem_req_ready_i && !mem_req_cas_o) read_q[mem_req_tag_o[ID_BITS-1:0]] <= Asked;
    if (axi_rready_i) axi_rvalid_o <= 1'b0;
    if ((!axi_rvalid_o || axi_rready_i) && r_any && chance[21:20] != 2'd0) begin
      axi_rvalid_o      <= 1'b1;
      axi_rid_o         <= r_id;
      axi_rdata_o       <= r_data;
      axi_rlast_o       <= read_beat_q[r_id] == read_len_q[r_id];
      axi_rresp_o       <= read_err_q[r_id] && read_beat_q[r_id] == read_bad_q[r_id] ? (chance[22] ? SlvErr : DecErr)
                         : read_lock_q[r_id] && MONITOR                              ? ExOkay
                         :                                                             Okay;
      read_beat_q[r_id] <= read_beat_q[r_id] + 8'd1;
      if (read_beat_q[r_id] == read_len_q[r_id]) read_q[r_id] <= Free;
      if (read_lock_q[r_id]) begin
        mon_q      <= MONITOR && !read_err_q[r_id];
        mon_id_q   <= r_id;
        mon_addr_q <= read_addr_q[r_id];
        mon_data_q <= read_line_q[r_id][64*read_addr_q[r_id][5:3]+:64];
      end
    end
    // What memory says: the line of a read, or the result of the write.
    if (mem_rsp_valid_i) begin
      read_line_q[mem_rsp_tag_i[ID_BITS-1:0]] <= line;
      read_err_q[mem_rsp_tag_i[ID_BITS-1:0]]  <= mem_rsp_err_i;
      read_bad_q[mem_rsp_tag_i[ID_BITS-1:0]]  <= 8'(chance[31:24] & read_len_q[mem_rsp_tag_i[ID_BITS-1:0]]);
      if (cas_asked_q && !cas_done_q && mem_rsp_tag_i == 4'(aw_id_q)) begin
        cas_done_q <= 1'b1;
        b_resp_q   <= mem_rsp_err_i                    ? SlvErr
                    : aw_lock_q && old == mon_data_q ? ExOkay
                    :                                  Okay;
        if (!aw_lock_q) begin
          read_q[aw_id_q]      <= Have;
          read_addr_q[aw_id_q] <= aw_addr_q;
          read_len_q[aw_id_q]  <= '0;
          read_beat_q[aw_id_q] <= '0;
          read_bad_q[aw_id_q]  <= '0;
          read_size_q[aw_id_q] <= 3'd3;
          read_lock_q[aw_id_q] <= 1'b0;
        end
      end else begin
        read_q[mem_rsp_tag_i[ID_BITS-1:0]] <= Have;
      end
    end
    // ---- AW, W, B ----
    if (axi_awvalid_i && axi_awready_o) begin
      aw_q      <= 1'b1;
      aw_id_q   <= axi_awid_i;
      aw_addr_q <= axi_awaddr_i;
      aw_lock_q <= axi_awlock_i;
      aw_mt_q   <= axi_awuser_i;
      if (axi_awlock_i && chance[34:32] == 3'd0) mon_q <= 1'b0;  // it is lost
      if (!(axi_awlock_i && axi_awatop_i == 6'd0) && !(!axi_awlock_i && axi_awatop_i == 6'b110001))
        $error("axi_memory: a write that is neither exclusive nor AtomicCompare");
    end
    if (axi_wvalid_i && axi_wready_o) begin
      w_q        <= axi_wlast_i;
      w_second_q <= !axi_wlast_i;
      w_data_q[w_second_q] <= axi_wdata_i;
      w_strb_q[w_second_q] <= axi_wstrb_i;
    end
    if (mem_req_valid_o && mem_req_ready_i && mem_req_cas_o) cas_asked_q <= 1'b1;
    if (axi_bready_i) axi_bvalid_o <= 1'b0;
    if (aw_q && w_q && (cas_done_q || lost) && !axi_bvalid_o && chance[37:36] == 2'd0) begin
      axi_bvalid_o <= 1'b1;
      axi_bid_o    <= aw_id_q;
      axi_bresp_o  <= cas_done_q ? b_resp_q : Okay;
      {aw_q, w_q, cas_asked_q, cas_done_q, mon_q} <= '0;
    end
    if (rst_i) begin
      {aw_q, w_q, w_second_q, cas_asked_q, cas_done_q, mon_q, axi_rvalid_o, axi_bvalid_o} <= '0;
      for (int unsigned n = 0; n < Ids; n++) read_q[n] <= Free;
    end
  end
endmodule
// verilator tracing_on
