// The floor: the least a Verilated module can be, one 64-bit register. `make bench` measures the MMU against it.
module floor (
  input  logic        clk_i,
  input  logic [63:0] d_i,
  output logic [63:0] q_o
);
  always_ff @(posedge clk_i) q_o <= d_i;
endmodule
