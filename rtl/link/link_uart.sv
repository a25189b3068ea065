// Bytes over two wires: a UART with eight bits, no parity and one stop bit (8N1).
//
//     rx_i ─► two flip-flops ─► three clocks in the middle of each bit, of which two decide ─► valid_o, data_o
//     tx_o ◄─ start, eight bits, stop ◄─ data_i, while cts_i
//
// Divisor is the clocks of a bit, from 8 on; the other side may be slower or faster by 1 / 20 - 3 / (10 * Divisor): 3.5
// % with 20 clocks. What comes is there for one clock and not held, at most a byte in 9.5 bits: who takes it must be
// able to, as link_rx is, so there is no RTS. A byte without a stop bit is none, and the line must go up before the
// next (the frame's CRC tells). cts_i may come at any time; a byte that has begun goes to its end. Where there is no
// such wire: 1.
//
// Cost, Divisor 20: 47 LUT6, 46 FF, 2 levels (`make synth MODULE=link_uart`).
module link_uart #(
  parameter int unsigned Divisor = 20
) (
  input  logic       clk_i,
  input  logic       rst_i,
  // the wires, of no clock
  input  logic       rx_i,
  output logic       tx_o,
  input  logic       cts_i,                           // the other side takes bytes
  // bytes that came
  output logic       valid_o,
  output logic [7:0] data_o,
  // bytes that go
  input  logic       valid_i,
  input  logic [7:0] data_i,
  output logic       ready_o
);
  localparam int unsigned W = $clog2(Divisor);
  typedef logic [W-1:0] count_t;

  // ---- In ----
  // A clock late for the vote: the middle of the start bit is seen Divisor / 2 + 1 clocks after its edge.
  logic [1:0] rx_sync_q;
  logic [2:0] line_q;                                 // the last three clocks
  logic line, rx_busy_q, rx_break_q;
  count_t rx_count_q;
  logic [3:0] rx_left_q;                              // bits, from the start bit on
  logic [7:0] rx_shift_q;
  assign line   = (line_q[0] && line_q[1]) || (line_q[0] && line_q[2]) || (line_q[1] && line_q[2]);
  assign data_o = rx_shift_q;
  always_ff @(posedge clk_i) begin : p_receive
    rx_sync_q <= {rx_sync_q[0], rx_i};
    line_q    <= {line_q[1:0], rx_sync_q[1]};
    valid_o   <= 1'b0;
    if (rst_i) begin
      rx_busy_q  <= 1'b0;
      rx_break_q <= 1'b1;
    end else if (!rx_busy_q) begin
      rx_break_q <= rx_break_q && !line;
      rx_busy_q  <= !rx_break_q && !line_q[0];
      rx_count_q <= count_t'(Divisor / 2);
      rx_left_q  <= 4'd9;
    end else begin
      rx_count_q <= rx_count_q == '0 ? count_t'(Divisor - 1) : rx_count_q - 1'b1;
      if (rx_count_q == '0) begin
        rx_left_q <= rx_left_q - 4'd1;
        if (rx_left_q == '0) begin  // the stop bit
          rx_busy_q  <= 1'b0;
          rx_break_q <= !line;
          valid_o    <= line;
        end else if (rx_left_q == 4'd9) begin  // the start bit, or a spike
          rx_busy_q <= !line;
        end else begin
          rx_shift_q <= {line, rx_shift_q[7:1]};
        end
      end
    end
  end

  // ---- Out ----
  logic [1:0] cts_q;
  count_t tx_count_q;
  logic [3:0] tx_left_q;                              // bits, without the one that is on the wire
  logic [8:0] tx_shift_q;
  logic tx_busy_q;
  assign tx_o    = tx_shift_q[0];
  assign ready_o = !tx_busy_q && cts_q[1];
  always_ff @(posedge clk_i) begin : p_send
    cts_q      <= {cts_q[0], cts_i};
    tx_count_q <= tx_count_q - 1'b1;
    if (rst_i) begin
      tx_busy_q  <= 1'b0;
      tx_shift_q <= '1;
      cts_q      <= '0;
    end else if (!tx_busy_q) begin
      if (valid_i && ready_o) begin
        tx_busy_q  <= 1'b1;
        tx_shift_q <= {data_i, 1'b0};
        tx_left_q  <= 4'd9;
        tx_count_q <= count_t'(Divisor - 1);
      end
    end else if (tx_count_q == '0) begin
      tx_busy_q  <= tx_left_q != '0;
      tx_left_q  <= tx_left_q - 4'd1;
      tx_shift_q <= {1'b1, tx_shift_q[8:1]};
      tx_count_q <= count_t'(Divisor - 1);
    end
  end
endmodule
