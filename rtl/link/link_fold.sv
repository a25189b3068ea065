// Folds the outputs of every cycle of the MMU into a CRC-64: equal numbers mean equal cycles.
//
// What is folded is a stream of words (docs/board.md, "What is folded"). Cycles in which nothing comes out but
// handshakes are folded as one word for the run of equal ones, so that waiting costs neither end anything:
//
//     head            {cycles of the run, handshakes and the kind of the memory request}
//     address, rest   of each response
//     address         of the memory request; expected and desired of a compare-and-swap
//
// A word a clock; ready_o holds the MMU's clock back meanwhile. Fields that mean nothing (docs/microarchitecture.md
// section 2) are folded as 0.
module link_fold
  import link_pkg::*;
#(
  parameter int unsigned NP = 2
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  input  logic                 clear_i,               // begin anew
  input  logic                 cycle_i,               // a cycle of the MMU, with these outputs; only while ready_o
  output logic                 ready_o,
  input  logic                 flush_i,               // the run too, now; only while ready_o
  output logic [63:0]          crc_o,
  // outputs of the present cycle, as words
  input  logic [31:0]          head_i,
  input  logic [NP-1:0][63:0]  resp_addr_i,
  input  logic [NP-1:0][63:0]  resp_rest_i,
  input  logic [63:0]          mem_addr_i,
  input  logic [63:0]          mem_expected_i,
  input  logic [63:0]          mem_desired_i
);
  localparam int unsigned Words = 1 + 2 * NP + 3;  // of one cycle, at most
  localparam int unsigned I = $clog2(Words);
  logic [Words-1:0][63:0] word_q;
  logic [Words-1:0] left_q;                           // words that wait, the lowest first
  logic run_q;                                        // there is a run of quiet cycles …
  logic [31:0] run_head_q, run_length_q;  // … of this kind, so long
  logic [63:0] crc_q;

  logic [NP-1:0] resp;
  logic memory, cas, quiet, same;
  assign resp   = head_i[8+:NP];
  assign memory = head_i[20];
  assign cas    = head_i[21];
  assign quiet  = resp == '0 && !memory && !head_i[17];
  assign same   = run_q && quiet && head_i == run_head_q && run_length_q != '1;

  logic [I-1:0] first;
  always_comb begin : p_first
    first = '0;
    for (int i = int'(Words) - 1; i >= 0; i--) if (left_q[i]) first = I'(i);
  end

  assign ready_o = left_q == '0;
  assign crc_o   = ~crc_q;

  always_ff @(posedge clk_i) begin : p_fold
    if (rst_i || clear_i) begin
      crc_q  <= '1;
      left_q <= '0;
      run_q  <= 1'b0;
    end else if (!ready_o) begin
      crc_q         <= crc64(crc_q, word_q[first]);
      left_q[first] <= 1'b0;
    end else if ((cycle_i && !same) || flush_i) begin
      // The run that ends is folded in the same clock.
      if (run_q) crc_q <= crc64(crc_q, {run_length_q, run_head_q});
      run_q <= cycle_i && quiet;
      if (cycle_i && !quiet) begin
        left_q[0] <= 1'b1;
        for (int p = 0; p < int'(NP); p++) left_q[1+2*p+:2] <= {2{resp[p]}};
        left_q[1+2*NP+:3] <= {memory && cas, memory && cas, memory};
      end
    end
    if (ready_o && cycle_i) begin
      word_q[0]    <= {32'd1, head_i};
      run_head_q   <= head_i;
      run_length_q <= same ? run_length_q + 32'd1 : 32'd1;
      for (int p = 0; p < int'(NP); p++) begin
        word_q[1+2*p] <= resp_addr_i[p];
        word_q[2+2*p] <= resp_rest_i[p];
      end
      word_q[1+2*NP] <= mem_addr_i;
      word_q[2+2*NP] <= mem_expected_i;
      word_q[3+2*NP] <= mem_desired_i;
    end
  end
endmodule
