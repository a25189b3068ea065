// Bytes through a USB FIFO of the FT245 kind, synchronous mode (FT232H, FT2232H: 60 MHz, 35 MB/s and more): the chip's
// clock is this module's, and whatever it feeds runs on it too.
//
//     clock      _/‾\_/‾\_/‾\_/‾\_/‾\_/‾\_/‾\_/‾\_
//     rxf_n_i    ‾‾\_____________________/‾‾‾‾‾‾‾‾‾     there is something to read
//     oe_n_o     ‾‾‾‾‾‾\_____________________/‾‾‾‾‾     the chip drives the bus
//     rd_n_o     ‾‾‾‾‾‾‾‾‾‾\_________________/‾‾‾‾‾     a byte at each edge at which rxf_n_i is low too
//     bytes                     0   1   2
//
// A write is the same with txe_n_i and wr_n_o: a byte at each edge at which both are low. The bus is never driven by
// both, nor by one in the clock behind the other. Reads and writes take turns, of Burst bytes when both wait. A read
// takes a byte a clock: what comes is there for one clock and not held, as link_rx wants it. A write takes two clocks a
// byte. When nothing more is to be sent, siwu_n_o has the chip send what it has.
//
// Every output is a register; the inputs have to be there 5 ns before the edge (the chip gives them 7.15 ns behind the
// last one). Cost: 45 LUT6, 36 FF, 3 levels (`make synth MODULE=link_ft245`).
module link_ft245 #(
  parameter int unsigned Burst = 64  // a power of two
) (
  input  logic       clk_i,                           // CLKOUT of the chip
  input  logic       rst_i,
  // the chip
  input  logic       rxf_n_i,
  input  logic       txe_n_i,
  output logic       oe_n_o,
  output logic       rd_n_o,
  output logic       wr_n_o,
  output logic       siwu_n_o,
  input  logic [7:0] bus_i,
  output logic [7:0] bus_o,
  output logic       drive_o,                         // bus_o is on the bus
  // bytes that came
  output logic       valid_o,
  output logic [7:0] data_o,
  // bytes that go
  input  logic       valid_i,
  input  logic [7:0] data_i,
  output logic       ready_o
);
  localparam int unsigned W = $clog2(Burst);
  typedef enum logic [1:0] {
    StIdle,                                           // nobody drives
    StTurn,                                           // the chip begins to
    StRead,
    StWrite
  } state_t;
  state_t state_q;
  logic [W:0] left_q;                                 // bytes of the turn
  logic       full_q;                                 // bus_o waits to be written
  logic [2:0] quiet_q;                                // clocks since a byte was written
  logic       sent_q;                                 // … and the chip may still hold it

  logic read, write, others, give_way;
  assign read     = !rd_n_o && !rxf_n_i;
  assign write    = !wr_n_o && !txe_n_i;
  assign others   = state_q == StRead ? full_q && !txe_n_i : !rxf_n_i;
  assign give_way = left_q == '0 && others;
  assign ready_o  = !full_q;

  always_ff @(posedge clk_i) begin : p_bytes
    valid_o <= read;
    data_o  <= bus_i;
    if (ready_o && valid_i) bus_o <= data_i;
    if (rst_i) begin
      full_q  <= 1'b0;
      valid_o <= 1'b0;
    end else begin
      full_q <= full_q ? !write : valid_i;
    end
  end

  always_ff @(posedge clk_i) begin : p_turns
    if (left_q != '0 && (read || write)) left_q <= left_q - 1'b1;
    oe_n_o  <= 1'b1;
    rd_n_o  <= 1'b1;
    wr_n_o  <= 1'b1;
    drive_o <= 1'b0;
    unique case (state_q)
      StIdle: begin
        left_q <= (W + 1)'(Burst);
        if (full_q && !txe_n_i && (rxf_n_i || left_q == '0)) begin
          state_q <= StWrite;
          drive_o <= 1'b1;
        end else if (!rxf_n_i) begin
          state_q <= StTurn;
          oe_n_o  <= 1'b0;
        end
      end
      StTurn: begin
        state_q <= StRead;
        oe_n_o  <= 1'b0;
        rd_n_o  <= 1'b0;
      end
      StRead:
      if (rxf_n_i || give_way) begin
        state_q <= StIdle;
        left_q  <= '0;                                // a write may go first
      end else begin
        oe_n_o <= 1'b0;
        rd_n_o <= 1'b0;
      end
      default: begin  // StWrite: what was not taken stays
        if (txe_n_i || give_way || (!full_q && !valid_i)) begin
          state_q <= StIdle;
          left_q  <= (W + 1)'(1);                     // a read may go first
        end else begin
          drive_o <= 1'b1;
          wr_n_o  <= !(full_q && !write);
        end
      end
    endcase
    if (rst_i) begin
      state_q <= StIdle;
      left_q  <= '0;
      oe_n_o  <= 1'b1;
      rd_n_o  <= 1'b1;
      wr_n_o  <= 1'b1;
      drive_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin : p_send_at_once
    siwu_n_o <= !(sent_q && quiet_q == '1);
    quiet_q  <= full_q ? '0 : quiet_q + 3'(quiet_q != '1);
    if (write) sent_q <= 1'b1;
    else if (quiet_q == '1) sent_q <= 1'b0;
    if (rst_i) begin
      siwu_n_o <= 1'b1;
      quiet_q  <= '0;
      sent_q   <= 1'b0;
    end
  end
endmodule
