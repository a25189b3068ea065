// Bytes from the host become frames, and the payload of good ones a stream of operations.
//
//     bytes ─► sync · type · sequence · length · payload · CRC-32
//                                        │
//                                        └─► memory: written at once, taken back unless the frame turns out good
//
// A byte a clock, always: the host knows how much room there is (docs/board.md, "Window"). A frame of the stream counts
// only if it is whole, in sequence and of this session's numbers; the first that does not is reported (nak_o), and then
// none until one counts or the host asks. Whatever is damaged, the next sync is looked for.
module link_rx
  import link_pkg::*;
#(
  parameter int unsigned Bytes = 16384  // of the memory: a power of two, more than MaxPayload
) (
  input  logic        clk_i,
  input  logic        rst_i,
  // bytes
  input  logic        valid_i,
  input  logic [7:0]  data_i,
  // the stream of operations: data_o stands, while valid_o, until it is taken
  output logic        valid_o,
  output logic [7:0]  data_o,
  input  logic        take_i,
  output logic        waits_o,                        // there is more of it
  output logic        flush_o,                        // a new session: what was under way is not to go on
  // for the status
  output logic        hello_o,
  output logic        nak_o,
  output logic        poll_o,
  output logic [15:0] session_o,
  output logic [7:0]  expected_o,                     // number of the next frame of the stream
  output logic [15:0] taken_o                         // bytes of the stream that were taken, modulo 65,536
);
  localparam int unsigned W = $clog2(Bytes);
  typedef logic [W-1:0] place_t;

  typedef enum logic [2:0] {
    StSync0,
    StSync1,
    StHead,                                           // type, sequence, length
    StPayload,
    StCheck                                           // CRC-32
  } state_t;
  state_t state_q;
  logic [31:0] crc_q;
  logic [31:8] head_q;
  logic [10:0] left_q;
  logic [31:16] hello_q;
  logic counts_q, old_q, overflow_q, quiet_q;
  logic [15:0] session_q, taken_q;
  logic [7:0] type_q, expected_q;

  // ---- The memory: written up to write_q, good up to good_q, read up to read_q ----
  logic [7:0] memory[Bytes];
  place_t write_q, good_q, read_q, read_d;
  logic full, write, have_q;
  logic [7:0] read_data_q;
  assign full  = place_t'(write_q + 1'b1) == read_q;
  assign write = valid_i && state_q == StPayload && counts_q && !overflow_q && !full;
  always_ff @(posedge clk_i) begin : p_memory
    if (write) memory[write_q] <= data_i;
    read_data_q <= memory[read_d];
  end
  assign valid_o = have_q;
  assign data_o  = read_data_q;
  assign read_d  = read_q + place_t'(take_i);

  logic [7:0] type_now, sequence_now;
  logic [15:0] length_now;
  logic [7:0] behind;
  assign behind = expected_q - sequence_now;
  assign {length_now, sequence_now, type_now} = {data_i, head_q[31:8]};  // with the last byte of the head

  logic last, good, stream_good, lost;
  assign last        = valid_i && state_q == StCheck && left_q == 11'd1;
  assign good        = last && {data_i, head_q[31:8]} == ~crc_q;
  assign stream_good = good && type_q == FrameInputs && counts_q && !overflow_q;
  // reported: damage, and what does not count, but for frames that were there already
  assign lost        = (last && !good) || (good && type_q == FrameInputs && !stream_good && !old_q)
                    || (valid_i && state_q == StHead && left_q == 11'd1 && length_now > 16'(MaxPayload));

  logic hello, fresh;  // one that is repeated is a question, no more
  assign hello = good && type_q == FrameHello;
  assign fresh = hello && hello_q[31:16] != session_q;

  always_ff @(posedge clk_i) begin : p_frame
    if (rst_i) begin
      state_q <= StSync0;
    end else if (valid_i) begin
      left_q <= left_q - 11'd1;
      head_q <= {data_i, head_q[31:16]};
      crc_q  <= crc32(crc_q, data_i);
      unique case (state_q)
        StSync0: if (data_i == Sync0) state_q <= StSync1;
        StSync1: begin
          state_q <= data_i == Sync1 ? StHead : data_i == Sync0 ? StSync1 : StSync0;
          crc_q   <= '1;
          left_q  <= 11'd4;
        end
        StHead:
        if (left_q == 11'd1) begin
          type_q     <= type_now;
          counts_q   <= type_now == FrameInputs && sequence_now == expected_q;
          old_q      <= sequence_now != expected_q && behind < 8'd128;
          state_q    <= length_now > 16'(MaxPayload) ? StSync0 : length_now == '0 ? StCheck : StPayload;
          left_q     <= length_now == '0 ? 11'd4 : length_now[10:0];
        end
        StPayload: begin
          hello_q <= {data_i, hello_q[31:24]};
          if (left_q == 11'd1) begin
            state_q <= StCheck;
            left_q  <= 11'd4;
          end
        end
        default: begin
          crc_q <= crc_q;
          if (left_q == 11'd1) state_q <= StSync0;
        end
      endcase
    end
  end

  always_ff @(posedge clk_i) begin : p_stream
    if (rst_i) begin
      write_q    <= '0;
      good_q     <= '0;
      read_q     <= '0;
      have_q     <= 1'b0;
      overflow_q <= 1'b0;
      quiet_q    <= 1'b0;
      session_q  <= '0;
      expected_q <= '0;
      taken_q    <= '0;
    end else begin
      if (write) write_q <= write_q + 1'b1;
      if (valid_i && state_q == StPayload && counts_q && full) overflow_q <= 1'b1;
      if (last || (valid_i && state_q == StHead && left_q == 11'd1)) begin
        overflow_q <= 1'b0;
        write_q    <= good_q;
      end
      if (stream_good) begin
        good_q     <= write_q;
        write_q    <= write_q;
        expected_q <= expected_q + 8'd1;
      end
      have_q <= read_d != good_q;
      read_q <= read_d;
      if (take_i) taken_q <= taken_q + 16'd1;
      if (lost) quiet_q <= 1'b1;
      if (stream_good || poll_o) quiet_q <= 1'b0;
      if (fresh) begin
        session_q  <= hello_q[31:16];
        expected_q <= '0;
        taken_q    <= '0;
        write_q    <= '0;
        good_q     <= '0;
        read_q     <= '0;
        have_q     <= 1'b0;
        quiet_q    <= 1'b0;
      end
    end
  end

  assign waits_o    = read_q != good_q;
  assign flush_o    = fresh;
  assign hello_o    = hello;
  assign poll_o     = good && type_q == FramePoll;
  assign nak_o      = lost && !quiet_q;
  assign session_o  = session_q;
  assign expected_o = expected_q;
  assign taken_o    = taken_q;
endmodule
