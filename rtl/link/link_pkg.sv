// What both ends of the link agree on: frames, and the checksums (docs/board.md).
package link_pkg;
  localparam logic [7:0] Version = 8'd2;
  localparam logic [7:0] Sync0 = 8'hd5, Sync1 = 8'h2b;
  localparam int unsigned MaxPayload = 1024;  // bytes of a frame

  // frames to the board
  localparam logic [7:0] FrameHello = 8'd1;  // begins a session
  localparam logic [7:0] FrameInputs = 8'd2;  // a piece of the stream of operations, in sequence
  localparam logic [7:0] FramePoll = 8'd3;  // asks for a status
  // frames from the board
  localparam logic [7:0] FrameStatus = 8'd16;
  localparam logic [7:0] FrameWords = 8'd17;  // state words
  localparam logic [7:0] FramePins = 8'd18;  // outputs of the present cycle

  // why a status is sent
  localparam logic [7:0] WhyHello = 8'd0, WhyNak = 8'd1, WhyPoll = 8'd2, WhyCheck = 8'd3, WhyTaken = 8'd4;

  // One byte of CRC-32 (zlib's), the register as it is inside.
  function automatic logic [31:0] crc32(input logic [31:0] crc, input logic [7:0] data);
    logic [31:0] c;
    c = crc ^ {24'd0, data};
    for (int i = 0; i < 8; i++) c = c[0] ? c >> 1 ^ 32'hedb8_8320 : c >> 1;
    return c;
  endfunction

  // One word of CRC-64 (that of xz), the register as it is inside; the lowest byte first.
  function automatic logic [63:0] crc64(input logic [63:0] crc, input logic [63:0] data);
    logic [63:0] c;
    c = crc ^ data;
    for (int i = 0; i < 64; i++) c = c[0] ? c >> 1 ^ 64'hc96c_5795_d787_0f42 : c >> 1;
    return c;
  endfunction
endpackage
