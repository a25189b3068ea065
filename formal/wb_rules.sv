// What a master of Wishbone owes its bus (Wishbone B4), and an adapter the MMU (docs/microarchitecture.md section 2),
// bound to mmu_wb: in proofs, and in simulation (tb/bus), where what is supposed of MMU and bus is checked too.
//
// Supposed, beside the requester's rules of memory_rules.sv: the bus ends a beat that was asked for, in one way, a
// beat a cycle.
`include "rules.svh"
module wb_rules #(
  parameter int unsigned REPLY_BYTES = 64,
  parameter int unsigned DATA_BITS = 64,
  parameter bit PIPELINED = 1'b1,
  parameter int unsigned OUTSTANDING = 4,
  localparam int unsigned Lanes = DATA_BITS / 8,
  localparam bit Entry = REPLY_BYTES == 8,
  localparam int unsigned Beats = Entry ? 1 : 512 / DATA_BITS,
  localparam int unsigned BeatBits = Beats > 1 ? $clog2(Beats) : 1,
  localparam int unsigned LineBits = $clog2(OUTSTANDING + 1),
  localparam int unsigned OutBits = $clog2(OUTSTANDING * Beats + 1)
) (
  input logic                          clk_i,
  input logic                          rst_i,
  input logic                          mem_req_valid_i,
  input logic                          mem_req_ready_o,
  input logic [3:0]                    mem_req_tag_i,
  input logic                          mem_req_cas_i,
  input logic [2:0]                    mem_req_mt_i,
  input logic [51:0]                   mem_req_addr_i,
  input logic [63:0]                   mem_req_expected_i,
  input logic [63:0]                   mem_req_desired_i,
  input logic                          mem_rsp_valid_o,
  input logic [3:0]                    mem_rsp_tag_o,
  input logic                          mem_rsp_err_o,
  input logic [8*REPLY_BYTES-1:0]      mem_rsp_data_o,
  input logic                          wb_cyc_o,
  input logic                          wb_lock_o,
  input logic                          wb_stb_o,
  input logic                          wb_we_o,
  input logic [51:0]                   wb_adr_o,
  input logic [2:0]                    wb_cti_o,
  input logic [Lanes-1:0]              wb_sel_o,
  input logic [DATA_BITS-1:0]          wb_dat_o,
  input logic [DATA_BITS-1:0]          wb_dat_i,
  input logic                          wb_stall_i,
  input logic                          wb_ack_i,
  input logic                          wb_err_i,
  input logic                          wb_rty_i,
  input logic [15:0]                 asked,  // by the MMU, by tag, without a reply
  // of the adapter itself, for lemmas
  input logic [2:0]                    state,
  input logic [OUTSTANDING-1:0][3:0]   tag_q,
  input logic [OUTSTANDING-1:0][51:6]  addr_q,
  input logic [OUTSTANDING-1:0][5:3]   place_q,
  input logic [LineBits-1:0]           taken_q,
  input logic [LineBits-1:0]           sent_q,
  input logic [LineBits-1:0]           done_q,
  input logic [BeatBits-1:0]           sent_beat_q,
  input logic [BeatBits-1:0]           done_beat_q,
  input logic [OutBits-1:0]            out_q,
  input logic                          again_q,
  input logic                          stalled_q,
  input logic                          err_q,
  input logic                          cas_q,
  input logic                          asked_q,
  input logic [5:3]                    word_q,
  input logic [63:0]                   expected_q,
  input logic [63:0]                   desired_q,
  input logic [63:0]                   old_q
);
  localparam int unsigned Words = Lanes / 8;
  localparam int unsigned LastBits = Entry ? 64 : DATA_BITS;  // of a reply, the last beat's
  localparam logic [2:0] SIdle = 3'd0, SLines = 3'd1, SBack = 3'd2, SRead = 3'd3, SCompare = 3'd4, SWrite = 3'd5,
                         SReply = 3'd6;
  typedef logic [7:0] count_t;

  function automatic logic [63:0] lane(input logic [DATA_BITS-1:0] data, input logic [2:0] word);
    lane = '0;
    for (int unsigned w = 0; w < Words; w++) if ((32'(word) & (Words - 1)) == w) lane = data[64*w+:64];
  endfunction
  function automatic logic [Lanes-1:0] strobes(input logic [2:0] word);
    strobes = '0;
    for (int unsigned w = 0; w < Words; w++) if ((32'(word) & (Words - 1)) == w) strobes[8*w+:8] = '1;
  endfunction

  // ---- what is under way, as seen from outside ----
  logic accepted, went, ended, good;
  assign accepted = mem_req_valid_i && mem_req_ready_o;
  assign ended    = wb_ack_i || wb_err_i || wb_rty_i;
  assign went     = wb_stb_o && (PIPELINED ? !wb_stall_i : ended);

  logic [15:0][51:3] at;  // the eight bytes of each
  count_t out, seen;  // beats that were asked for and have not ended; those of this line that came
  logic again, bad;  // RTY in this cycle of CYC; ERR in this line
  assign good = ended && !wb_rty_i && !wb_lock_o && !again;
  logic read, may_write, wrote, c_live, c_bad, retried;  // of a CAS; RTY of a line since its last reply
  logic [3:0] c_tag;
  logic [51:3] c_addr;
  logic [63:0] c_expected, c_desired, c_old;
  always_ff @(posedge clk_i) begin
    if (mem_rsp_valid_o && mem_rsp_tag_o == c_tag) c_live <= 1'b0;
    if (accepted) at[mem_req_tag_i] <= mem_req_addr_i[51:3];
    if (accepted && mem_req_cas_i) begin
      {c_tag, c_addr}                         <= {mem_req_tag_i, mem_req_addr_i[51:3]};
      {c_expected, c_desired}                 <= {mem_req_expected_i, mem_req_desired_i};
      {c_live, read, may_write, wrote, c_bad} <= 5'b10000;
    end
    out <= out + 8'(went) - 8'(ended);
    if (mem_rsp_valid_o) retried <= 1'b0;
    if (ended && wb_rty_i) retried <= 1'b1;
    if (!wb_lock_o) begin
      if (ended && wb_rty_i) again <= 1'b1;
      if (good) begin
        seen <= 32'(seen) == Beats - 1 ? '0 : seen + 8'd1;
        bad  <= 32'(seen) != Beats - 1 && (bad || wb_err_i);
      end
    end else if (ended) begin
      if (wb_err_i) c_bad <= 1'b1;
      if (!wb_we_o && wb_ack_i) begin
        {read, c_old} <= {1'b1, lane(wb_dat_i, c_addr[5:3])};
        may_write     <= lane(wb_dat_i, c_addr[5:3]) == c_expected;
      end
      if (wb_we_o) may_write <= 1'b0;
      if (wb_we_o && wb_ack_i) wrote <= 1'b1;
    end
    if (!wb_cyc_o) {again, seen, bad, may_write} <= '0;
    if (rst_i) {out, again, seen, bad, c_live, may_write} <= '0;
  end

  // ---- the cycle before ----
  `RUN
  logic was_rst, was_stb, was_last, was_bad;
  logic [3:0] was_tag;
  logic [5:3] was_place;
  logic [51:3] sent_at;  // of the line, or the entry, whose STB it is
  logic [DATA_BITS-1:0] was_data;
  logic [52+1+3+Lanes+DATA_BITS-1:0] was_payload, payload;
  assign payload = {wb_adr_o, wb_we_o, wb_cti_o, wb_sel_o, wb_we_o ? wb_dat_o : '0};
  always_ff @(posedge clk_i) begin
    was_rst         <= rst_i;
    was_stb         <= wb_stb_o && !went;
    was_payload     <= payload;
    was_last        <= good && 32'(seen) == Beats - 1;
    was_bad         <= bad || wb_err_i;
    was_data        <= wb_dat_i;
    was_tag         <= tag_q[0];
    was_place       <= at[tag_q[0]][5:3];
    for (int unsigned n = 1; n < OUTSTANDING; n++)
    if (done_q == LineBits'(n)) {was_tag, was_place} <= {tag_q[n], at[tag_q[n]][5:3]};
  end

  // ---- lemmas: what is seen from outside is what the adapter remembers ----
  logic places_agree, lines_agree, cas_agrees;
  logic [15:0] places;
  always_comb begin
    places       = '0;
    places_agree = 1'b1;
    sent_at      = at[tag_q[0]];
    for (int unsigned n = 1; n < OUTSTANDING; n++) if (sent_q == LineBits'(n)) sent_at = at[tag_q[n]];
    for (int unsigned n = 0; n < OUTSTANDING; n++) begin
      if ((state == SLines || (state == SBack && !cas_q)) && 32'(done_q) <= n && n < 32'(taken_q)) begin
        if (places[tag_q[n]] || (Entry && {addr_q[n], place_q[n]} != at[tag_q[n]])) places_agree = 1'b0;
        places[tag_q[n]] = 1'b1;
      end
    end
    if (state == SRead || state == SCompare || state == SWrite || state == SReply || (state == SBack && cas_q)) begin
      if (places[tag_q[0]]) places_agree = 1'b0;
      places[tag_q[0]] = 1'b1;
    end
    if (mem_rsp_valid_o) begin
      if (places[mem_rsp_tag_o]) places_agree = 1'b0;
      places[mem_rsp_tag_o] = 1'b1;
    end
    if (places != asked) places_agree = 1'b0;
    lines_agree = state <= SReply && (state != SLines || (!cas_q && out == count_t'(out_q) && again == again_q))
        && (state == SLines || wb_lock_o || out == '0)
        && (state != SLines || again_q || (seen == count_t'(done_beat_q) && bad == err_q))
        && (state != SLines || (done_q < taken_q && done_q <= sent_q && sent_q <= taken_q
                                && 32'(taken_q) <= OUTSTANDING))
        && (state != SBack || cas_q || (done_q < taken_q && 32'(taken_q) <= OUTSTANDING))
        && (!(state == SLines || (state == SBack && !cas_q)) || sent_q <= taken_q)
        && (sent_q != taken_q || sent_beat_q == '0 || state != SLines)
        && (32'(sent_beat_q) < Beats && 32'(done_beat_q) < Beats)
        && (state != SLines || again_q
            || 32'(out) == (32'(sent_q) - 32'(done_q)) * Beats + 32'(sent_beat_q) - 32'(done_beat_q))
        && (state != SLines || !again_q || 32'(out) <= (32'(sent_q) - 32'(done_q)) * Beats + 32'(sent_beat_q))
        && (state != SLines || PIPELINED || out == '0) && (!again_q || state != SLines || retried || mem_rsp_valid_o)
        && (!(state == SBack && !cas_q) || retried)
        && (!stalled_q || (state == SLines && sent_q != taken_q));
    cas_agrees = (state != SIdle || !c_live || (mem_rsp_valid_o && mem_rsp_tag_o == c_tag))
        && (!(state == SLines || (state == SBack && !cas_q)) || !c_live || (mem_rsp_valid_o && mem_rsp_tag_o == c_tag))
        && (!(wb_lock_o || state == SReply || (state == SBack && cas_q))
            || (c_live && cas_q && c_tag == tag_q[0] && c_addr == {addr_q[0], word_q} && c_expected == expected_q
                && c_desired == desired_q && done_q == '0 && sent_q == '0))
        && (!(state == SRead || state == SWrite) || out == count_t'(asked_q))
        && (state != SCompare || (out == '0 && !asked_q))
        && (state != SRead || (!may_write && !c_bad && !wrote)) && (state != SBack || !cas_q || (!c_bad && !wrote))
        && (state != SCompare || (read && !c_bad && !wrote && old_q == c_old && may_write == (c_old == c_expected)))
        && (state != SWrite || (read && !c_bad && !wrote && may_write && c_old == c_expected))
        && (state != SReply || (err_q ? c_bad : read && !c_bad && (wrote || c_old != c_expected)))
        && (PIPELINED || !asked_q) && (wb_lock_o || !may_write || state == SReply)
        && (state != SBack || !cas_q || !c_live || !mem_rsp_valid_o || mem_rsp_tag_o != c_tag);
  end

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      `SUPPOSED(ends_what_was_asked, ended && !rst_i,
                wb_cyc_o && (PIPELINED ? out != '0 || (wb_stb_o && !wb_stall_i) : wb_stb_o))
      `SUPPOSED(ends_in_one_way, ended && !rst_i, 3'(wb_ack_i) + 3'(wb_err_i) + 3'(wb_rty_i) == 3'd1)
      // Wishbone
      `PROPERTY(stb_in_cyc, wb_stb_o || wb_lock_o, wb_cyc_o)
      `PROPERTY(stb_stays, !was_rst && was_stb, wb_stb_o && payload == was_payload)
      `PROPERTY(cyc_until_all_ended, out != '0, wb_cyc_o)
      `PROPERTY(line_beat, wb_stb_o && !wb_lock_o, !wb_we_o && (Entry ? wb_sel_o == strobes(sent_at[5:3]
                ) && (wb_adr_o[51:3] | 49'(sent_at[5:3] & 3'(Words - 1))) == sent_at && wb_adr_o[2:0] == '0 :
                    wb_sel_o == '1 && 32'(wb_adr_o[5:0]) == 32'(sent_beat_q) * Lanes))
      `PROPERTY(cti_tells_the_end, wb_stb_o && !wb_lock_o && !PIPELINED,
                wb_cti_o == (Beats == 1 ? 3'b000 : 32'(seen) == Beats - 1 ? 3'b111 : 3'b010))
      `PROPERTY(cas_beat, wb_stb_o && wb_lock_o, wb_sel_o == strobes(c_addr[5:3]
                ) && (wb_adr_o[51:3] | 49'(c_addr[5:3] & 3'(Words - 1))) == c_addr && wb_adr_o[2:0] == '0 && out == '0)
      `PROPERTY(write_if_equal, wb_stb_o && wb_we_o, wb_lock_o && may_write && read && c_old == c_expected && lane(
                wb_dat_o, c_addr[5:3]) == c_desired)
      // the memory port
      `PROPERTY(nothing_lost, !was_rst && !rst_i, places_agree)
      `PROPERTY(reply_after_last, !was_rst && was_last, mem_rsp_valid_o && mem_rsp_tag_o == was_tag)
      `PROPERTY(error_is_told, !was_rst && was_last, mem_rsp_err_o == was_bad)
      `PROPERTY(last_in_its_place, !was_rst && was_last && !was_bad,
                mem_rsp_data_o[8*REPLY_BYTES-1-:LastBits] == LastBits'(Entry ? DATA_BITS'(lane(was_data, was_place
                )) : was_data))
      `PROPERTY(cas_reply, mem_rsp_valid_o && c_live && mem_rsp_tag_o == c_tag,
                mem_rsp_err_o ? c_bad || retried : read && !c_bad && (wrote || c_old != c_expected))
      // Lemmas.
      `PROPERTY(lemma_lines, !was_rst && !rst_i, lines_agree)
      `PROPERTY(lemma_cas, !was_rst && !rst_i, cas_agrees)
    end
  end
endmodule
bind mmu_wb wb_rules #(
  .REPLY_BYTES(REPLY_BYTES),
  .DATA_BITS(DATA_BITS),
  .PIPELINED(PIPELINED),
  .OUTSTANDING(OUTSTANDING)
) u_rules (
  .asked(u_memory.owed),
  .state(state_q),
  .*
);
bind mmu_wb memory_rules u_memory (
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
