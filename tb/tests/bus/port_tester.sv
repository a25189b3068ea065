// A requester and a memory for what stands between two memory ports (docs/microarchitecture.md section 2), here a bus
// there and back: reads and compare-and-swaps at random, a memory of 32 lines that somebody else writes to too, and a
// judge of every reply. Says NAME and what is wrong first, or `NAME: right` with what was met.
//
// Right is a word that memory had at some time since the request, an error of the last two lines and of no other, one
// swap of the right words where the reply to a CAS has what was expected and none otherwise, and a reply to each
// request within 4,000 cycles. Each line has a memory type, which memory must be told.
module port_tester #(
  parameter string NAME = "?",
  parameter int unsigned REPLY_BYTES = 64,
  parameter bit SWAPS = 1'b1,  // 0: every CAS is an error
  parameter int CYCLES = 20000
) (
  input  logic         clk_i,
  input  logic         rst_i,
  output logic         req_valid_o,
  input  logic         req_ready_i,
  output logic [3:0]   req_tag_o,
  output logic         req_cas_o,
  output logic [2:0]   req_mt_o,
  output logic [51:0]  req_addr_o,
  output logic [63:0]  req_expected_o,
  output logic [63:0]  req_desired_o,
  input  logic         rsp_valid_i,
  input  logic [3:0]   rsp_tag_i,
  input  logic         rsp_err_i,
  input  logic [8*REPLY_BYTES-1:0] rsp_data_i,
  // the memory's side
  input  logic         mem_valid_i,
  output logic         mem_ready_o,
  input  logic [3:0]   mem_tag_i,
  input  logic         mem_cas_i,
  input  logic [2:0]   mem_mt_i,
  input  logic [51:0]  mem_addr_i,
  input  logic [63:0]  mem_expected_i,
  input  logic [63:0]  mem_desired_i,
  output logic         mem_rsp_valid_o,
  output logic [3:0]   mem_rsp_tag_o,
  output logic         mem_rsp_err_o,
  output logic [8*REPLY_BYTES-1:0] mem_rsp_data_o
);
  localparam int unsigned Words = REPLY_BYTES / 8;
  localparam logic [3:0] Tags[3] = '{4'd3, 4'd9, 4'd14};
  localparam logic [51:11] High = 41'h155_5555_5555;
  localparam logic [2:0] Types[6] = '{3'd0, 3'd1, 3'd4, 3'd5, 3'd6, 3'd7};

  logic [63:0] chance, more;
  dice #(
    .SEED(64'd77)
  ) u_chance (
    .clk_i,
    .rst_i,
    .bits_o(chance)
  );
  dice #(
    .SEED(64'd78)
  ) u_more (
    .clk_i,
    .rst_i,
    .bits_o(more)
  );

  int now, reads, swaps, others, errors;
  logic done;

  // ---- memory: each word, what it was before, and when it last changed, and the time before ----
  logic [63:0] ram[256], was[256];
  int changed[256], earlier[256];
  logic wants[16], wants_cas[16];
  logic [10:3] wants_at[16];
  logic [63:0] wants_expected[16], wants_desired[16];

  // ---- the requester ----
  logic busy[16];
  logic [10:3] at[16];
  logic is_cas[16];
  int since[16];
  logic cas_on;  // one at a time, so that it is known which
  logic [10:3] cas_at;
  logic [63:0] cas_expected, cas_desired;
  int swapped;

  task automatic wrong(input string what);
    if (!done) $display("%s: WRONG in cycle %0d: %s", NAME, now, what);
    done = 1'b1;
  endtask
  task automatic change(input logic [7:0] word, input logic [63:0] value);
    was[word]     = ram[word];
    earlier[word]  = changed[word];
    changed[word] = now;
    ram[word]     = value;
  endtask
  function automatic logic could_be(input logic [7:0] word, input logic [63:0] value, input int from);
    return value == ram[word] || (value == was[word] && changed[word] >= from) || earlier[word] >= from;
  endfunction

  task automatic judge();
    if (!busy[rsp_tag_i]) wrong("a reply that nobody waits for");
    else if (rsp_err_i != (at[rsp_tag_i] >= 8'd240 || (is_cas[rsp_tag_i] && !SWAPS)))
      wrong(rsp_err_i ? "an error from nowhere" : "an error is lost");
    else if (is_cas[rsp_tag_i]) begin
      automatic logic [63:0] old = rsp_data_i[64*(32'(at[rsp_tag_i][5:3])%Words)+:64];
      if (rsp_err_i ? swapped != 0 : swapped != 32'(old == cas_expected)) wrong("a swap and its reply do not agree");
      if (!rsp_err_i && !could_be(at[rsp_tag_i], old, since[rsp_tag_i])) wrong("the old value of a swap never was");
      swaps  <= swaps + 32'(swapped != 0);
      others <= others + 32'(swapped == 0);
      cas_on <= 1'b0;
    end else if (!rsp_err_i) begin
      for (int unsigned w = 0; w < Words; w++)
      if (!could_be(8'(32'(at[rsp_tag_i]) / Words * Words + w), rsp_data_i[64*w+:64], since[rsp_tag_i]))
        wrong("a word never was");
      reads <= reads + 1;
    end
    if (rsp_err_i) errors <= errors + 1;
    busy[rsp_tag_i] <= 1'b0;
  endtask

  task automatic ask(input logic [3:0] tag);
    automatic logic [10:3] word = {chance[9:5], chance[12:10]};
    automatic logic cas = chance[14:13] == 2'd0 && !cas_on;
    automatic logic [63:0] value = chance[16:15] == 2'd0 ? more : ram[word];
    req_valid_o    <= 1'b1;
    req_tag_o      <= tag;
    req_cas_o      <= cas;
    req_mt_o       <= Types[word[10:6]%6];
    req_addr_o     <= {High, word, 3'd0};
    req_expected_o <= value;
    req_desired_o  <= ~more;
    busy[tag]      <= 1'b1;
    at[tag]        <= word;
    is_cas[tag]    <= cas;
    since[tag]     <= now;
    if (cas) begin
      cas_on                      <= 1'b1;
      cas_at                      <= word;
      {cas_expected, cas_desired} <= {value, ~more};
      swapped                     <= 0;
    end
  endtask

  assign mem_ready_o = chance[18:17] != 2'd0;
  always_ff @(posedge clk_i) begin
    automatic logic [3:0] tag = chance[22:19];
    now <= now + 1;
    if (req_ready_i) req_valid_o <= 1'b0;
    if ((!req_valid_o || req_ready_i) && chance[1:0] != 2'd0 && chance[3:2] != 2'd3 && !busy[Tags[chance[3:2]]])
      ask(Tags[chance[3:2]]);
    if (rsp_valid_i) judge();
    // memory
    if (mem_valid_i && mem_ready_o) begin
      if (wants[mem_tag_i]) wrong("memory is asked twice with a tag");
      wants[mem_tag_i]          <= 1'b1;
      wants_cas[mem_tag_i]      <= mem_cas_i;
      wants_at[mem_tag_i]       <= mem_addr_i[10:3];
      wants_expected[mem_tag_i] <= mem_expected_i;
      wants_desired[mem_tag_i]  <= mem_desired_i;
      if (mem_addr_i[51:11] != High) wrong("another address");
      if (mem_mt_i != Types[mem_addr_i[10:6]%6]) wrong("another memory type");
      if (mem_cas_i && (!cas_on || mem_addr_i[10:3] != cas_at || mem_expected_i != cas_expected
                        || mem_desired_i != cas_desired))
        wrong("another swap than was asked for");
    end
    mem_rsp_valid_o <= 1'b0;
    for (int n = 0; n < 16; n++) if (!wants[tag]) tag = tag + 4'd1;
    if (wants[tag] && chance[24:23] == 2'd0) begin
      wants[tag]      <= 1'b0;
      mem_rsp_valid_o <= 1'b1;
      mem_rsp_tag_o   <= tag;
      mem_rsp_err_o   <= wants_at[tag] >= 8'd240;
      for (int unsigned w = 0; w < Words; w++) mem_rsp_data_o[64*w+:64] <= ram[8'(32'(wants_at[tag])/Words*Words+w)];
      if (wants_cas[tag] && wants_at[tag] < 8'd240 && ram[wants_at[tag]] == wants_expected[tag]) begin
        change(wants_at[tag], wants_desired[tag]);
        swapped <= swapped + 1;
      end
    end
    // somebody else
    if (more[4:0] == '0) change(cas_on && more[5] ? cas_at : more[15:8], {more[40:0], now[22:0]});
    for (int n = 0; n < 16; n++) if (busy[n] && now - since[n] > 4000) wrong("no reply");
    if (now == CYCLES && !done)
      $display("%s: right: %0d reads, %0d swaps, %0d not, %0d errors", NAME, reads, swaps, others, errors);
    if (rst_i) begin
      now                                                                        <= 0;
      {reads, swaps, others, errors, swapped}                                    <= '0;
      {cas_on, req_valid_o, mem_rsp_valid_o} <= '0;
      done = 1'b0;
      for (int n = 0; n < 16; n++) {busy[n], wants[n]} <= '0;
      for (int n = 0; n < 256; n++) begin
        ram[n]     = {32'(n), 32'hC0DE_0000} ^ {64{n[0]}};
        was[n]     = ram[n];
        changed[n] = -2;
        earlier[n]  = -2;
      end
    end
  end
endmodule
