// Sixty-four bits of chance in every cycle (xorshift), the same in every run from reset on: back-pressure, latencies
// and orders of the buses here. verilator tracing_off
module dice #(
  parameter logic [63:0] SEED = 64'h1
) (
  input  logic        clk_i,
  input  logic        rst_i,
  output logic [63:0] bits_o
);
  function automatic logic [63:0] next(input logic [63:0] x_i);
    logic [63:0] x;
    x = x_i;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
  endfunction
  always_ff @(posedge clk_i)
    bits_o <= rst_i ? 64'h9E37_79B9_7F4A_7C15 ^ (SEED * 64'h2545_F491_4F6C_DD1D) : next(
        bits_o
    );
endmodule
// verilator tracing_on
