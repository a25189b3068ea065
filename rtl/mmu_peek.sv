// State readout of a unit of several arrays: which array an index means, and the words that it tells.
//
//     an entry's index     array << 14 | set << w | way    w = ceil(log2(ways))
//     replacement          array << 12 | set
//
// At most one array is asked at a time; the others tell 0. Combinational.
//
// Cost: none; with mmu.Readout = 0 nothing of it remains. Rules: docs/microarchitecture.md section 17.
module mmu_peek #(
  parameter int unsigned Arrays = 1
) (
  input  logic              peek_i,
  input  logic              peek_repl_i,
  input  logic [15:0]       peek_idx_i,
  // to and from each array
  output logic [Arrays-1:0] array_o,
  output logic [Arrays-1:0] array_repl_o,
  output logic [13:0]       array_idx_o,
  input  logic [63:0]       word0_i [Arrays],
  input  logic [63:0]       word1_i [Arrays],
  // what the unit tells
  output logic [63:0]       peek_word0_o,
  output logic [63:0]       peek_word1_o
);
  assign array_idx_o = peek_i ? peek_idx_i[13:0] : {2'd0, peek_idx_i[11:0]};
  always_comb begin : p_array
    array_o      = '0;
    array_repl_o = '0;
    if (peek_i || peek_repl_i) begin
      for (int unsigned a = 0; a < Arrays; a++) begin
        array_o[a]      = peek_i && peek_idx_i[15:14] == 2'(a);
        array_repl_o[a] = peek_repl_i && peek_idx_i[13:12] == 2'(a);
      end
    end
  end

  always_comb begin : p_words
    peek_word0_o = '0;
    peek_word1_o = '0;
    if (peek_i || peek_repl_i) begin
      for (int unsigned a = 0; a < Arrays; a++) begin
        peek_word0_o |= word0_i[a];
        peek_word1_o |= word1_i[a];
      end
    end
  end
endmodule
