// Frames to the host: a status when one is wanted, else the answer that the replayer has. Payloads are 64-bit words.
//
//     status: session, next frame wanted, why, bytes taken, checks · cycles · CRC-64 of the last check · who this is
//
// What a status holds does not change while one is on its way (busy_o holds back the next check), but for the numbers
// of frames and bytes, each good by itself.
module link_tx
  import link_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_i,
  // bytes
  output logic        valid_o,
  output logic [7:0]  data_o,
  input  logic        ready_i,
  // status
  input  logic        want_i,                         // one more is wanted
  input  logic [7:0]  why_i,
  input  logic [15:0] session_i,
  input  logic [7:0]  expected_i,
  input  logic [15:0] taken_i,
  input  logic [15:0] checks_i,
  input  logic [63:0] cycles_i,
  input  logic [63:0] crc_i,
  input  logic [63:0] who_i,
  output logic        busy_o,                         // a status is wanted, or on its way
  // an answer of words_i words, which come one by one
  input  logic        answer_i,                       // stands until answered
  input  logic [7:0]  answer_type_i,
  input  logic [7:0]  answer_words_i,
  input  logic        word_valid_i,
  input  logic [63:0] word_i,
  output logic        word_take_o,
  output logic        answered_o
);
  typedef enum logic [2:0] {
    StIdle,
    StHead,                                           // sync, type, sequence (0), length: 6 bytes
    StWord,                                           // waits for a word
    StBytes,                                          // its 8 bytes
    StCheck                                           // CRC-32
  } state_t;
  state_t state_q;
  logic status_q, wanted_q;
  logic [7:0] why_q, words_q;
  logic [63:0] shift_q;
  logic [3:0]  left_q;
  logic [31:0] crc_q;
  logic [1:0]  status_word_q;

  logic [63:0] status_word;
  always_comb begin : p_status
    unique case (status_word_q)
      2'd0: status_word = {checks_i, taken_i, why_q, expected_i, session_i};
      2'd1: status_word = cycles_i;
      2'd2: status_word = crc_i;
      default: status_word = who_i;
    endcase
  end

  logic out, word_valid;
  logic [7:0] frame_words;
  assign out         = valid_o && ready_i;
  assign word_valid  = status_q || word_valid_i;
  assign frame_words = wanted_q ? 8'd4 : answer_words_i;
  assign valid_o     = state_q == StHead || state_q == StBytes || state_q == StCheck;
  assign data_o      = shift_q[7:0];
  assign word_take_o = state_q == StWord && !status_q && word_valid_i;
  assign answered_o  = state_q == StCheck && out && left_q == 4'd1 && !status_q;
  assign busy_o      = wanted_q || (state_q != StIdle && status_q);

  always_ff @(posedge clk_i) begin : p_send
    if (rst_i) begin
      state_q  <= StIdle;
      wanted_q <= 1'b0;
      status_q <= 1'b0;
    end else begin
      if (out) begin
        shift_q <= shift_q >> 8;
        left_q  <= left_q - 4'd1;
        if (state_q == StBytes || (state_q == StHead && left_q <= 4'd4)) crc_q <= crc32(crc_q, shift_q[7:0]);
      end
      unique case (state_q)
        StIdle:
        if (wanted_q || answer_i) begin
          state_q       <= StHead;
          status_q      <= wanted_q;
          status_word_q <= '0;
          words_q       <= frame_words;
          shift_q       <= {16'd0, 5'd0, frame_words, 3'd0, 8'd0, wanted_q ? FrameStatus : answer_type_i, Sync1, Sync0};
          left_q        <= 4'd6;
          crc_q         <= '1;
          wanted_q      <= 1'b0;
        end
        StHead: if (out && left_q == 4'd1) state_q <= StWord;
        StWord:
        if (word_valid) begin
          state_q       <= StBytes;
          shift_q       <= status_q ? status_word : word_i;
          status_word_q <= status_word_q + 2'd1;
          words_q       <= words_q - 8'd1;
          left_q        <= 4'd8;
        end
        StBytes:
        if (out && left_q == 4'd1) begin
          state_q <= words_q == '0 ? StCheck : StWord;
          if (words_q == '0) begin
            shift_q <= {32'd0, ~crc32(crc_q, shift_q[7:0])};
            left_q  <= 4'd4;
          end
        end
        default: if (out && left_q == 4'd1) state_q <= StIdle;
      endcase
      if (want_i) begin
        wanted_q <= 1'b1;
        why_q    <= why_i;
      end
    end
  end
endmodule
