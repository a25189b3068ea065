// The second-level TLB: a pipeline of k = stlb.latency - 2 stages in front of up to two set-associative arrays.
//
//     cycle      t       t+1     …   t+k-1   t+k
//     LOOKUP     issue   stage 1     R       C: hit or miss
//     FINV       issue   stage 1     R       C: invalidates one page size
//     FILL                   grant   R       C: writes           (a grant two cycles before C)
//     sweep step                     j       j+1                  (control operations; the pipeline is empty)
//
// Cost: an STLB hit answers stlb.latency cycles after an L1 hit would have; one token a cycle.
// Rules: docs/microarchitecture.md sections 9, 13.
module mmu_stlb
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_i,
  input  logic        flush_i,                                 // a control operation was accepted: empty the pipeline
  input  logic [11:0] pcid_i,
  // from the miss queue: a token for stage 1
  input  token_t      issue_i,
  input  entry_t      issue_entry_i,
  input  logic [1:0]  issue_step_i,
  // from a granted walker: a FILL for stage R
  input  logic        fill_i,
  input  tag_t        fill_tag_i,
  input  data_t       fill_data_i,
  // stage R
  output entry_t      r_entry_o,
  input  vpn_t        r_vpn_i,                                 // VPN of miss-queue entry r_entry_o
  // stage C
  output token_t      c_token_o,
  output entry_t      c_entry_o,
  output logic [1:0]  c_step_o,
  output vpn_t        c_vpn_o,
  output logic        hit_o,
  output tag_t        hit_tag_o,
  output data_t       hit_data_o,
  input  logic        touch_i,                                 // the hit is used
  output logic        fill_slot_o,                             // no token would meet a FILL granted now
  output logic        empty_o,
  // sweep of a control operation
  input  inv_t        sweep_i,                                 // InvNone outside SWEEP
  input  logic [15:0] sweep_j_i,
  input  vpn_t        sweep_vpn_i,
  input  logic [11:0] sweep_pcid_i,
  // state readout
  input  logic        peek_i,
  input  logic        peek_repl_i,
  input  logic        peek_pipe_i,
  input  logic        peek_fill_i,
  input  logic [15:0] peek_idx_i,
  output logic [63:0] peek_word0_o,
  output logic [63:0] peek_word1_o
);
  localparam int unsigned Arrays = STLB_ARRAYS;
  localparam int unsigned StageW = $clog2(Stages);
  localparam bit Shared4k = Arrays == 2 && STLB_HOLDS[0][0] && STLB_HOLDS[Arrays-1][0];

  // ---- The pipeline: element i is stage i+1 ----
  logic [Stages-1:0][1:0] token_q, step_q;
  logic [Stages-1:0][5:0] entry_q;
  tag_t r_tag_q, c_tag_q;  // the FILLs in R and C
  data_t r_data_q, c_data_q;
  vpn_t                   c_vpn_q;
  inv_t                   c_sweep_q;                           // the sweep step that was read in the last cycle
  logic [15:0]            c_index_q;

  token_t r_token, c_token;
  assign r_token     = token_t'(token_q[Stages-2]);
  assign c_token     = token_t'(token_q[Stages-1]);
  assign r_entry_o   = entry_q[Stages-2];
  assign c_token_o   = c_token;
  assign c_entry_o   = entry_q[Stages-1];
  assign c_step_o    = step_q[Stages-1];
  assign c_vpn_o     = c_vpn_q;
  assign empty_o     = token_q == '0;
  assign fill_slot_o = c_token != TokLookup && token_q[Stages-3] == TokNone;

  logic r_valid, busy;
  vpn_t r_vpn;
  assign r_valid = r_token != TokNone || sweep_i != InvNone;
  assign r_vpn   = sweep_i != InvNone ? sweep_vpn_i : r_token == TokFill ? r_tag_q.vpn : r_vpn_i;
  assign busy    = !empty_o || issue_i != TokNone || fill_i || sweep_i != InvNone || c_sweep_q != InvNone;

  always_ff @(posedge clk_i) begin : p_pipeline
    if (busy || rst_i) begin
      token_q <= {token_q[Stages-2:0], issue_i};
      entry_q <= {entry_q[Stages-2:0], issue_entry_i};
      step_q  <= {step_q[Stages-2:0], issue_step_i};
      if (fill_i) begin  // enters R
        token_q[Stages-2] <= TokFill;
        entry_q[Stages-2] <= '0;
        step_q[Stages-2]  <= '0;
        r_tag_q  <= fill_tag_i;
        r_data_q <= fill_data_i;
      end
      if (rst_i || flush_i) token_q <= '0;
      c_tag_q   <= r_tag_q;
      c_data_q  <= r_data_q;
      c_vpn_q   <= r_vpn;
      c_sweep_q <= rst_i ? InvNone : sweep_i;                  // sweep step j is read in cycle j, carried out in j+1
      c_index_q <= sweep_j_i;
    end
  end

  // ---- C: the arrays ----
  inv_t   inv;
  psize_t inv_size;
  always_comb begin : p_operation
    inv      = InvNone;
    inv_size = c_step_o;
    if (c_token == TokFinv) inv = InvAddress;
    else if (sweep_i != InvNone && c_sweep_q != InvNone) begin
      inv      = c_sweep_q;
      inv_size = c_index_q[1:0];
    end
  end

  logic        hit   [Arrays];
  tag_t        tag   [Arrays];
  data_t       data  [Arrays];
  logic [63:0] word0 [Arrays];
  logic [63:0] word1 [Arrays];
  logic [Arrays-1:0] peek, peek_repl;
  logic [13:0] peek_idx;
  logic [63:0] array_word0, array_word1;
  for (genvar a = 0; a < int'(Arrays); a++) begin : g_array
    localparam int unsigned Sets = STLB_ENTRIES[a] / STLB_WAYS[a];
    mmu_stlb_array #(
      .Holds(3'(STLB_HOLDS[a])),
      .Entries(STLB_ENTRIES[a]),
      .Ways(STLB_WAYS[a]),
      .Lru(STLB_REPLACEMENT != 0),
      .Shared4k(Shared4k),
      .Number(a != 0)
    ) u_array (
      .clk_i,
      .pcid_i(sweep_i == InvNone ? pcid_i : sweep_pcid_i),
      .r_valid_i(r_valid),
      .r_by_index_i(sweep_i != InvNone && !one_address(sweep_i)),
      .r_index_i(sweep_j_i),
      .r_vpn_i(r_vpn),
      .c_vpn_i(c_vpn_q),
      .look_i(c_token == TokLookup),
      .hit_o(hit[a]),
      .tag_o(tag[a]),
      .data_o(data[a]),
      .touch_i(touch_i && hit_in_1 == (a != 0)),
      .inv_i(one_address(inv) || 32'(c_index_q) < Sets ? inv : InvNone),
      .inv_size_i(inv_size),
      .fill_i(c_token == TokFill),
      .fill_tag_i(c_tag_q),
      .fill_data_i(c_data_q),
      .peek_i(peek[a]),
      .peek_repl_i(peek_repl[a]),
      .peek_idx_i(peek_idx),
      .peek_word0_o(word0[a]),
      .peek_word1_o(word1[a])
    );
  end

  // Smallest size over both arrays, then the lower array.
  logic hit_in_1;  // array 1 answers
  always_comb begin : p_choose
    hit_in_1   = 1'b0;
    hit_o      = 1'b0;
    hit_tag_o  = '0;
    hit_data_o = '0;
    if (c_token == TokLookup) begin
      for (int unsigned a = 0; a < Arrays; a++) begin
        if (hit[a] && (!hit_o || tag[a].size < hit_tag_o.size)) begin
          hit_o      = 1'b1;
          hit_tag_o  = tag[a];
          hit_data_o = data[a];
          hit_in_1   = a != 0;
        end
      end
    end
  end

  mmu_peek #(
    .Arrays(Arrays)
  ) u_peek (
    .peek_i,
    .peek_repl_i,
    .peek_idx_i,
    .array_o(peek),
    .array_repl_o(peek_repl),
    .array_idx_o(peek_idx),
    .word0_i(word0),
    .word1_i(word1),
    .peek_word0_o(array_word0),
    .peek_word1_o(array_word1)
  );
  always_comb begin : p_peek
    logic [StageW-1:0] stage;
    peek_word0_o = array_word0;
    peek_word1_o = array_word1;
    stage        = StageW'(peek_idx_i[3:0] - 4'd1);
    if (peek_pipe_i && peek_idx_i != '0 && 32'(peek_idx_i) <= Stages) begin
      if (token_q[stage] != TokNone) peek_word0_o = {54'd0, step_q[stage], entry_q[stage], token_q[stage]};
    end else if (peek_fill_i && (peek_idx_i[0] ? c_token : r_token) == TokFill) begin
      peek_word0_o = peek_idx_i[0] ? c_tag_q : r_tag_q;
      peek_word1_o = peek_idx_i[0] ? c_data_q : r_data_q;
    end
  end
endmodule
