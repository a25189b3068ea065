// What a manager of AXI owes its bus (IHI 0022), and an adapter the MMU (docs/microarchitecture.md section 2), bound to
// mmu_axi: in proofs, and in simulation (tb/bus), where what is supposed of MMU and bus is checked too.
//
// Supposed, beside the requester's rules of memory_rules.sv: R has an id that was asked for, with RLAST on its last
// beat; B comes after AW and W.
`include "rules.svh"
module axi_rules #(
  parameter int unsigned REPLY_BYTES = 64,
  parameter int unsigned DATA_BITS = 64,
  parameter int unsigned ID_BITS = 4,
  parameter logic [ID_BITS-1:0] ID_BASE = '0,
  parameter int unsigned OUTSTANDING = 4,
  parameter bit ATOMIC = 1'b0,
  parameter bit EXCLUSIVE_CACHED = 1'b0,
  localparam int unsigned Lanes = DATA_BITS / 8,
  localparam bit Entry = REPLY_BYTES == 8,
  localparam int unsigned Beats = Entry ? 1 : 512 / DATA_BITS,
  localparam int unsigned BeatBits = Beats > 1 ? $clog2(Beats) : 1
) (
  input logic                        clk_i,
  input logic                        rst_i,
  input logic                        mem_req_valid_i,
  input logic                        mem_req_ready_o,
  input logic [3:0]                  mem_req_tag_i,
  input logic                        mem_req_cas_i,
  input logic [2:0]                  mem_req_mt_i,
  input logic [51:0]                 mem_req_addr_i,
  input logic [63:0]                 mem_req_expected_i,
  input logic [63:0]                 mem_req_desired_i,
  input logic                        mem_rsp_valid_o,
  input logic [3:0]                  mem_rsp_tag_o,
  input logic                        mem_rsp_err_o,
  input logic [8*REPLY_BYTES-1:0]    mem_rsp_data_o,
  input logic                        axi_arvalid_o,
  input logic                        axi_arready_i,
  input logic [ID_BITS-1:0]          axi_arid_o,
  input logic [51:0]                 axi_araddr_o,
  input logic [7:0]                  axi_arlen_o,
  input logic [2:0]                  axi_arsize_o,
  input logic [1:0]                  axi_arburst_o,
  input logic                        axi_arlock_o,
  input logic [3:0]                  axi_arcache_o,
  input logic [2:0]                  axi_aruser_o,
  input logic                        axi_rvalid_i,
  input logic [ID_BITS-1:0]          axi_rid_i,
  input logic [DATA_BITS-1:0]        axi_rdata_i,
  input logic [1:0]                  axi_rresp_i,
  input logic                        axi_rlast_i,
  input logic                        axi_awvalid_o,
  input logic                        axi_awready_i,
  input logic [ID_BITS-1:0]          axi_awid_o,
  input logic [51:0]                 axi_awaddr_o,
  input logic [7:0]                  axi_awlen_o,
  input logic [2:0]                  axi_awsize_o,
  input logic [1:0]                  axi_awburst_o,
  input logic                        axi_awlock_o,
  input logic [3:0]                  axi_awcache_o,
  input logic [2:0]                  axi_awuser_o,
  input logic [5:0]                  axi_awatop_o,
  input logic                        axi_wvalid_o,
  input logic                        axi_wready_i,
  input logic [DATA_BITS-1:0]        axi_wdata_o,
  input logic [Lanes-1:0]            axi_wstrb_o,
  input logic                        axi_wlast_o,
  input logic                        axi_bvalid_i,
  input logic [ID_BITS-1:0]          axi_bid_i,
  input logic [1:0]                  axi_bresp_i,
  input logic [15:0]                 asked,  // by the MMU, by tag, without a reply
  // of the adapter itself, for lemmas
  input logic [2:0]                  cas,
  input logic [OUTSTANDING-1:0]      busy_q,
  input logic [OUTSTANDING-1:0]      failed_q,
  input logic [OUTSTANDING-1:0][3:0] tag_q,
  input logic [OUTSTANDING-1:0][5:3] place_q,
  input logic [OUTSTANDING-1:0][BeatBits-1:0] beat_q,
  input logic [3:0]                  cas_tag_q,
  input logic                        cas_err_q,
  input logic                        got_r_q,
  input logic                        got_b_q,
  input logic [51:3]                 cas_addr_q,
  input logic [63:0]                 expected_q,
  input logic [63:0]                 desired_q,
  input logic [63:0]                 old_q,
  input logic [2:0]                  cas_mt_q,
  input logic                        second_q
);
  localparam int unsigned Words = Lanes / 8;
  localparam int unsigned LastBits = Entry ? 64 : DATA_BITS;  // of a reply, the last beat's
  localparam int unsigned Cas = OUTSTANDING;  // its number
  localparam bit TwoBeats = ATOMIC && DATA_BITS == 64;
  localparam logic [1:0] Okay = 2'b00, ExOkay = 2'b01, BurstIncr = 2'b01, BurstWrap = 2'b10;
  localparam logic [2:0] SIdle = 3'd0, SAgain = 3'd1, SRead = 3'd2, SCompare = 3'd3, SWrite = 3'd4, SReply = 3'd5;
  typedef logic [OUTSTANDING:0] ids_t;
  localparam int unsigned SlotBits = $clog2(OUTSTANDING + 1);

  // Some Verilators (5.032) take no call in an index of what is written.
  logic [SlotBits-1:0] ar_slot, r_slot;
  assign ar_slot = axi_arid_o[SlotBits-1:0];
  assign r_slot  = axi_rid_i[SlotBits-1:0];
  function automatic logic [63:0] lane(input logic [DATA_BITS-1:0] data, input logic [2:0] word);
    lane = '0;
    for (int unsigned w = 0; w < Words; w++) if ((32'(word) & (Words - 1)) == w) lane = data[64*w+:64];
  endfunction
  // The strobes of the eight bytes, or of the sixteen that they are half of.
  function automatic logic [Lanes-1:0] strobes(input logic [2:0] word, input bit sixteen);
    strobes = '0;
    for (int unsigned w = 0; w < Words; w++)
    if (((32'(word) & (Words - 1)) | 32'(sixteen)) == (w | 32'(sixteen))) strobes[8*w+:8] = '1;
  endfunction

  // ---- what is under way, as seen from outside ----
  logic accepted, ar, aw, w, r_end;
  assign accepted = mem_req_valid_i && mem_req_ready_o;
  assign ar       = axi_arvalid_o && axi_arready_i;
  assign aw       = axi_awvalid_o && axi_awready_i;
  assign w        = axi_wvalid_o && axi_wready_i && axi_wlast_o;
  assign r_end    = axi_rvalid_i && axi_rlast_i;

  logic [15:0][5:3] at;  // the eight bytes of each, in their line
  ids_t open;  // R is owed
  logic [3:0] beats[OUTSTANDING+1];  // that have come
  ids_t bad;  // with an error in one of them
  logic w_open, aw_done, w_done;  // a write that B has not answered
  // A CAS has no reply yet; expected was read with EXOKAY; EXOKAY to the write, or OKAY; an error; R has come.
  logic c_live, may_write, wrote, lost, c_bad, c_read;
  logic [3:0] c_tag, c_cache;
  logic [2:0] c_mt;
  logic [51:3] c_addr;
  logic [63:0] c_expected, c_desired, c_old;
  always_ff @(posedge clk_i) begin
    if (mem_rsp_valid_o && mem_rsp_tag_o == c_tag) c_live <= 1'b0;
    if (accepted) at[mem_req_tag_i] <= mem_req_addr_i[5:3];
    if (accepted && mem_req_cas_i) begin
      {c_tag, c_mt, c_addr}             <= {mem_req_tag_i, mem_req_mt_i, mem_req_addr_i[51:3]};
      {c_expected, c_desired}           <= {mem_req_expected_i, mem_req_desired_i};
      {may_write, wrote, lost}          <= {ATOMIC, 2'd0};
      {c_live, c_bad, c_read}           <= 3'b100;
      w_open                            <= ATOMIC;
      {aw_done, w_done}                 <= '0;
    end
    if (ar) begin
      open[ar_slot]  <= 1'b1;
      beats[ar_slot] <= '0;
      bad[ar_slot]   <= 1'b0;
    end
    if (axi_arvalid_o && axi_arlock_o) c_cache <= axi_arcache_o;
    if (ATOMIC && w_open && (aw || aw_done) && (w || w_done) && !(aw_done && w_done)) begin  // R is owed too
      open[Cas]  <= 1'b1;
      beats[Cas] <= '0;
    end
    if (axi_rvalid_i) begin
      beats[r_slot] <= beats[r_slot] + 4'd1;
      bad[r_slot]   <= bad[r_slot] || axi_rresp_i[1];
      if (axi_rlast_i) open[r_slot] <= 1'b0;
      if (r_slot == SlotBits'(Cas)) begin
        c_old  <= lane(axi_rdata_i, c_addr[5:3]);
        c_read <= 1'b1;
        if (ATOMIC ? axi_rresp_i[1] : axi_rresp_i != ExOkay) c_bad <= 1'b1;
        if (!ATOMIC && axi_rresp_i == ExOkay && lane(axi_rdata_i, c_addr[5:3]) == c_expected) begin
          may_write         <= 1'b1;
          w_open            <= 1'b1;
          {aw_done, w_done} <= '0;
        end
      end
    end
    if (aw) aw_done <= 1'b1;
    if (w) w_done <= 1'b1;
    if (axi_bvalid_i) begin
      w_open    <= 1'b0;
      may_write <= 1'b0;
      wrote     <= axi_bresp_i == ExOkay;
      if (axi_bresp_i == Okay) lost <= 1'b1;
      if (axi_bresp_i[1]) c_bad <= 1'b1;
    end
    if (rst_i) {open, c_live, w_open, may_write, aw_done, w_done} <= '0;
  end

  // ---- the cycle before ----
  `RUN
  logic was_rst, was_accepted, was_ar, was_aw, was_w, was_last, was_bad;
  logic [2:0] was_mt;
  logic [51:3] was_addr;
  logic [5:3] was_place;
  logic [3:0] was_tag;
  logic [DATA_BITS-1:0] was_data, was_wdata;
  logic [ID_BITS+51+8+3+2+1+4+3:0] was_ar_payload, ar_payload;
  logic [ID_BITS+51+8+3+2+1+4+3+6:0] was_aw_payload, aw_payload;
  logic [Lanes-1:0] was_wstrb;
  logic was_wlast;
  assign ar_payload = {axi_arid_o, axi_araddr_o, axi_arlen_o, axi_arsize_o, axi_arburst_o, axi_arlock_o, axi_arcache_o,
                       axi_aruser_o};
  assign aw_payload = {axi_awid_o, axi_awaddr_o, axi_awlen_o, axi_awsize_o, axi_awburst_o, axi_awlock_o, axi_awcache_o,
                       axi_awuser_o, axi_awatop_o};
  always_ff @(posedge clk_i) begin
    was_rst         <= rst_i;
    was_accepted    <= accepted;
    was_mt          <= mem_req_mt_i;
    was_addr        <= mem_req_addr_i[51:3];
    was_ar          <= axi_arvalid_o && !axi_arready_i;
    was_aw          <= axi_awvalid_o && !axi_awready_i;
    was_w           <= axi_wvalid_o && !axi_wready_i;
    was_ar_payload  <= ar_payload;
    was_aw_payload  <= aw_payload;
    was_wdata       <= axi_wdata_o;
    was_wstrb       <= axi_wstrb_o;
    was_wlast       <= axi_wlast_o;
    was_last        <= r_end && r_slot != SlotBits'(Cas);
    was_bad         <= bad[r_slot] || axi_rresp_i[1];
    was_data        <= axi_rdata_i;
    for (int unsigned s = 0; s < OUTSTANDING; s++)
    if (r_slot == SlotBits'(s)) {was_tag, was_place} <= {tag_q[s], at[tag_q[s]]};
  end

  // ---- lemmas: what is seen from outside is what the adapter remembers ----
  logic ids_agree, places_agree, bads_agree, beats_agree, cas_agrees;
  logic [15:0] places;  // tags that have a place in the adapter
  always_comb begin
    places       = '0;
    places_agree = 1'b1;
    ids_agree    = 1'b1;
    bads_agree   = 1'b1;
    beats_agree  = 1'b1;
    for (int unsigned s = 0; s < OUTSTANDING; s++) begin
      if (busy_q[s] != (open[s] || (axi_arvalid_o && axi_arid_o == (ID_BASE | ID_BITS'(s))))) ids_agree = 1'b0;
      if (open[s] && axi_arvalid_o && axi_arid_o == (ID_BASE | ID_BITS'(s))) ids_agree = 1'b0;
      if (open[s] && (failed_q[s] != bad[s])) bads_agree = 1'b0;
      if (busy_q[s] && !open[s] && failed_q[s]) bads_agree = 1'b0;
      if (open[s] && (32'(beats[s]) >= Beats || BeatBits'(beats[s]) != beat_q[s])) beats_agree = 1'b0;
      if (busy_q[s] && !open[s] && beat_q[s] != '0) beats_agree = 1'b0;
      if (busy_q[s]) begin
        if (places[tag_q[s]] || (Entry && place_q[s] != at[tag_q[s]])) places_agree = 1'b0;
        places[tag_q[s]] = 1'b1;
      end
    end
    if (open[Cas] && axi_arvalid_o && axi_arlock_o) ids_agree = 1'b0;
    if (axi_arvalid_o && ar_slot > SlotBits'(Cas)) ids_agree = 1'b0;
    if (axi_arvalid_o && axi_arlock_o != (ar_slot == SlotBits'(Cas))) ids_agree = 1'b0;
    if (axi_arvalid_o && axi_arid_o != (ID_BASE | ID_BITS'(ar_slot))) ids_agree = 1'b0;
    if (cas != SIdle) begin
      if (places[cas_tag_q]) places_agree = 1'b0;
      places[cas_tag_q] = 1'b1;
    end
    if (mem_rsp_valid_o) begin
      if (places[mem_rsp_tag_o]) places_agree = 1'b0;
      places[mem_rsp_tag_o] = 1'b1;
    end
    if (places != asked) places_agree = 1'b0;
    cas_agrees = cas <= SReply && !(ATOMIC && (cas == SAgain || cas == SRead || cas == SCompare))
        && !(ATOMIC && axi_arvalid_o && axi_arlock_o)
        && (open[Cas] || (axi_arvalid_o && axi_arlock_o)) ==
           (ATOMIC ? cas == SWrite && aw_done && w_done && !got_r_q : cas == SRead)
        && w_open == ((cas == SWrite && !(ATOMIC && got_b_q)) || (!ATOMIC && cas == SCompare && may_write))
        && (!open[Cas] || beats[Cas] == '0)
        && (cas == SIdle || (c_tag == cas_tag_q && c_addr == cas_addr_q && c_expected == expected_q
                             && c_desired == desired_q && c_mt == cas_mt_q))
        && (cas != SWrite || (ATOMIC ? got_r_q == c_read && (!got_r_q || (aw_done && w_done)) && got_b_q == !w_open
                              && may_write == w_open
                              : may_write && !c_bad && c_old == c_expected && c_read))
        && (cas != SWrite || cas_err_q == (ATOMIC && c_bad)) && (cas == SWrite || (!axi_awvalid_o && !axi_wvalid_o))
        && (cas != SWrite || (w_open ? axi_awvalid_o == !aw_done && axi_wvalid_o == !w_done
                              : !axi_awvalid_o && !axi_wvalid_o && aw_done && w_done))
        && (!axi_wvalid_o || TwoBeats || !second_q)
        && (ATOMIC || !(cas == SCompare || cas == SWrite || cas == SAgain) || c_cache == axi_awcache_o)
        && (!axi_arvalid_o || !axi_arlock_o || (axi_arcache_o == axi_awcache_o && axi_aruser_o == cas_mt_q))
        && (ATOMIC || !open[Cas] || c_cache == axi_awcache_o)
        && (cas == SIdle || ATOMIC || EXCLUSIVE_CACHED || axi_awcache_o[3:2] == '0)
        && c_live == (cas != SIdle || (mem_rsp_valid_o && mem_rsp_tag_o == c_tag && c_live))
        && (cas != SReply || (cas_err_q ? c_bad || lost
                              : c_read && !c_bad && !w_open && (ATOMIC || c_old != c_expected || wrote)))
        && (cas != SAgain || (!c_bad && !may_write)) && (ATOMIC || cas != SRead || (!c_bad && !may_write))
        && (cas != SCompare || (!ATOMIC && !(may_write && (aw_done || w_done)) && c_read && old_q == c_old
                                && cas_err_q == c_bad
                                && may_write == (!c_bad && c_old == c_expected)));
  end

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      `SUPPOSED(r_was_asked, axi_rvalid_i && !rst_i, r_slot <= SlotBits'(Cas) && open[r_slot])
      `SUPPOSED(r_last_at_its_end, axi_rvalid_i && !rst_i,
                axi_rlast_i == (r_slot == SlotBits'(Cas) || 32'(beats[r_slot]) == Beats - 1))
      `SUPPOSED(b_after_write, axi_bvalid_i && !rst_i, w_open && aw_done && w_done && axi_bid_i == axi_awid_o)
      // AXI: channels
      `PROPERTY(ar_stays, !was_rst && was_ar, axi_arvalid_o && ar_payload == was_ar_payload)
      `PROPERTY(aw_stays, !was_rst && was_aw, axi_awvalid_o && aw_payload == was_aw_payload)
      `PROPERTY(w_stays, !was_rst && was_w,
                axi_wvalid_o && axi_wdata_o == was_wdata && axi_wstrb_o == was_wstrb && axi_wlast_o == was_wlast)
      `PROPERTY(ar_line, axi_arvalid_o && !axi_arlock_o,
                axi_araddr_o[2:0] == '0 && (Entry ? !was_accepted || axi_araddr_o[51:3] == was_addr
                                            : axi_araddr_o[5:3] == '0)
                && 32'(axi_arlen_o) == Beats - 1 && 32'(axi_arsize_o) == $clog2(
                Entry ? 8 : Lanes) && axi_arburst_o == BurstIncr && (!was_accepted || axi_aruser_o == was_mt))
      `PROPERTY(ar_id_is_free, axi_arvalid_o, !open[ar_slot] && ar_slot <= SlotBits'(Cas))
      `PROPERTY(ar_exclusive, axi_arvalid_o && axi_arlock_o,
                !ATOMIC && axi_araddr_o == {c_addr, 3'd0} && axi_arlen_o == '0 && axi_arsize_o == 3'd3
                && ar_slot == SlotBits'(Cas) && (EXCLUSIVE_CACHED || axi_arcache_o[3:2] == '0) && axi_aruser_o == c_mt)
      `PROPERTY(aw_exclusive, axi_awvalid_o && !ATOMIC,
                axi_awlock_o && axi_awaddr_o == {c_addr, 3'd0} && axi_awlen_o == '0 && axi_awsize_o == 3'd3
                && axi_awcache_o == c_cache && axi_awuser_o == c_mt && axi_awatop_o == '0
                && axi_awid_o[SlotBits-1:0] == SlotBits'(Cas) && axi_awburst_o == BurstIncr)
      `PROPERTY(w_exclusive, axi_wvalid_o && !ATOMIC, lane(axi_wdata_o, c_addr[5:3]
                ) == c_desired && axi_wstrb_o == strobes(c_addr[5:3], 1'b0) && axi_wlast_o)
      `PROPERTY(write_if_equal, axi_awvalid_o || axi_wvalid_o, may_write && (ATOMIC || (c_read && c_old == c_expected)))
      `PROPERTY(aw_atomic, axi_awvalid_o && ATOMIC,
                axi_awatop_o == 6'b110001 && !axi_awlock_o && axi_awaddr_o == {c_addr, 3'd0}
                && (32'(axi_awlen_o) + 1) << axi_awsize_o == 16 && (axi_awlen_o == '0 || 32'(axi_awsize_o) == $clog2(
                Lanes)) && axi_awburst_o == (c_addr[3] ? BurstWrap : BurstIncr) && axi_awuser_o == c_mt && !open[Cas])
      `PROPERTY(w_atomic, axi_wvalid_o && ATOMIC,
                TwoBeats ? axi_wdata_o == (axi_wlast_o ? DATA_BITS'(c_desired) : DATA_BITS'(c_expected))
                           && axi_wstrb_o == '1
                         : lane(
                axi_wdata_o, c_addr[5:3]) == c_expected && lane(axi_wdata_o, c_addr[5:3] ^ 3'd1
                ) == c_desired && axi_wstrb_o == strobes(c_addr[5:3], 1'b1) && axi_wlast_o)
      // the memory port
      `PROPERTY(nothing_lost, !was_rst && !rst_i, places_agree)
      `PROPERTY(reply_after_last, !was_rst && was_last, mem_rsp_valid_o && mem_rsp_tag_o == was_tag)
      `PROPERTY(error_is_told, !was_rst && was_last, mem_rsp_err_o == was_bad)
      `PROPERTY(last_in_its_place, !was_rst && was_last,
                mem_rsp_data_o[8*REPLY_BYTES-1-:LastBits] == LastBits'(Entry ? DATA_BITS'(lane(was_data, was_place
                )) : was_data))
      `PROPERTY(cas_reply, mem_rsp_valid_o && c_live && mem_rsp_tag_o == c_tag,
                mem_rsp_err_o ? c_bad || lost : c_read && !c_bad && !w_open && (ATOMIC || c_old != c_expected || wrote))
      // Lemmas.
      `PROPERTY(lemma_ids, !was_rst && !rst_i, ids_agree)
      `PROPERTY(lemma_bads, !was_rst && !rst_i, bads_agree)
      `PROPERTY(lemma_beats, !was_rst && !rst_i, beats_agree)
      `PROPERTY(lemma_cas, !was_rst && !rst_i, cas_agrees)
    end
  end
endmodule
bind mmu_axi axi_rules #(
  .REPLY_BYTES(REPLY_BYTES),
  .DATA_BITS(DATA_BITS),
  .ID_BITS(ID_BITS),
  .ID_BASE(ID_BASE),
  .OUTSTANDING(OUTSTANDING),
  .ATOMIC(ATOMIC),
  .EXCLUSIVE_CACHED(EXCLUSIVE_CACHED)
) u_rules (
  .asked(u_memory.owed),
  .cas(cas_q),
  .*
);
bind mmu_axi memory_rules u_memory (
  .valid(mem_req_valid_i),
  .ready(mem_req_ready_o),
  .tag(mem_req_tag_i),
  .cas(mem_req_cas_i),
  .mt(mem_req_mt_i),
  .addr(mem_req_addr_i),
  .expected(mem_req_expected_i),
  .desired(mem_req_desired_i),
  .rsp_valid(mem_rsp_valid_o),
  .rsp_tag(mem_rsp_tag_o),
  .*
);
