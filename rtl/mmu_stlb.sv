// The second-level TLB: a pipeline of k = stlb.latency - 2 stages in front of up to two set-associative arrays.
//
//     cycle      t       t+1     …   t+k-1   t+k
//     LOOKUP     issue   stage 1     R       C: hit or miss
//     FINV       issue   stage 1     R       C: invalidates one page size
//     FILL                   grant   R       C: writes           (a grant two cycles before C)
//     sweep step                     j       j+1                  (control operations; the pipeline is empty)
//
// The arrays are read and compared in R; what was found is registered for C, which judges it and writes. Which sets R
// reads is registered a cycle before R: from the entry in stage k-2 (at k = 3 that is stage 1), from the walker at its
// grant, from the control operation in EXEC and in SWEEP.
//
// Cost: an STLB hit answers stlb.latency cycles after an L1 hit would have; one token a cycle. In preset tiny 801 LUT6,
// 515 flip-flops, 172 LUT RAMs, 8 levels (make synth MODULE=mmu_stlb).
// Rules: docs/microarchitecture.md sections 9, 13.
module mmu_stlb
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter int unsigned Readout = 0,  // of mmu
  parameter bit          Gated   = 1'b0  // of mmu
) (
  input  logic        clk_i,
  input  logic        rst_i,
  input  logic        flush_i,                                 // a control operation was accepted: empty the pipeline
  input  logic [NumEntries-1:0] squashed_i,                    // of these entries all tokens are dropped
  input  logic [11:0] pcid_i,                                  // current; in a sweep the sweep's
  // from the miss queue: a token for stage 1
  input  token_t      issue_i,
  input  entry_t      issue_entry_i,
  input  logic [1:0]  issue_step_i,
  // from a granted walker: a FILL for stage R
  input  logic        fill_i,
  // verilator lint_off UNUSEDSIGNAL
  // (its PCID is the current one; its VPN has bits below the page size)
  input  tag_t        fill_tag_i,
  // verilator lint_on UNUSEDSIGNAL
  input  data_t       fill_data_i,
  // the stage before R
  output entry_t      a_entry_o,
  input  vpn_t        a_vpn_i,                                 // VPN of miss-queue entry a_entry_o
  // stage C
  output token_t      c_token_o,
  output entry_t      c_entry_o,
  output logic [1:0]  c_step_o,
  output vpn_t        c_vpn_o,
  output vpn_t        inv_vpn_o,
  input vpn_t         ctl_vpn_i,
  output logic        hit_o,
  output psize_t      hit_size_o,
  output logic        hit_glob_o,
  output data_t       hit_data_o,
  input  logic        touch_i,                                 // the hit is used
  output logic        fill_slot_o,                             // no token would meet a FILL granted now
  output logic        empty_o,
  // sweep of a control operation
  input  inv_t        exec_inv_i,                              // InvNone outside EXEC
  input  inv_t        sweep_i,                                 // InvNone outside SWEEP
  input  logic [15:0] sweep_j_i,
  input  vpn_t        sweep_vpn_i,
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
  localparam int unsigned IdxW = NumEntries > 1 ? $clog2(NumEntries) : 1;
  localparam bit Shared4k = Arrays == 2 && STLB_HOLDS[0][0] && STLB_HOLDS[Arrays-1][0];

  // ---- The pipeline: element i is stage i+1 ----
  logic [Stages-1:0][1:0] token_q, step_q;
  logic [Stages-1:0][5:0] entry_q;
  vpn_t r_vpn_q, c_vpn_q;
  stlb_new_t p_new_q;  // the FILL that was in C in the last cycle
  psize_t r_size_q, c_size_q;  // of a FILL; in C also of what is invalidated
  logic r_glob_q;
  data_t r_data_q;
  data_t c_new_data_q;                                         // of a FILL
  logic c_new_glob_q;
  logic c_sweep_q, c_init_q, c_whole_q;  // whole: a sweep set by set

  token_t a_token, r_token, c_token;
  assign a_token     = token_t'(token_q[Stages-3]);
  assign r_token     = token_t'(token_q[Stages-2]);
  assign c_token     = token_t'(token_q[Stages-1]);
  assign a_entry_o   = entry_q[Stages-3];
  assign c_token_o   = c_token;
  assign c_entry_o   = entry_q[Stages-1];
  assign c_step_o    = step_q[Stages-1];
  assign c_vpn_o     = c_vpn_q;
  (* keep *) vpn_t inv_vpn_q;  // of c_vpn_q a copy, for those who look at it
  always_ff @(posedge clk_i) inv_vpn_q <= r_token == TokFinv ? r_vpn_q : ctl_vpn_i;
  assign inv_vpn_o = inv_vpn_q;
  // Of a lookup the smallest size counts. (Only 4K can be in both arrays, and each 4K page in one of them.)
  logic [2:0] c_hit, c_sizes;
  logic [2:0] array_hit[Arrays];
  always_comb begin : p_hit
    c_hit = '0;
    if (c_token == TokLookup) begin
      for (int unsigned a = 0; a < Arrays; a++) c_hit |= array_hit[a] & 3'(STLB_HOLDS[a]);
    end
  end
  assign hit_o       = c_hit != '0;
  assign hit_size_o  = {!c_hit[0] && !c_hit[1], !c_hit[0] && c_hit[1]};
  assign c_sizes = c_token == TokLookup ? c_hit & ~(c_hit - 3'd1) : c_whole_q ? '1 : 3'd1 << c_size_q;
  assign empty_o     = token_q == '0;
  assign fill_slot_o = c_token != TokLookup && a_token == TokNone;

  // ---- Before R ----
  logic a_valid, busy, sweeps;
  assign sweeps = exec_inv_i != InvNone || sweep_i != InvNone;
  vpn_t a_vpn;
  assign a_valid = a_token != TokNone || fill_i || sweeps || rst_i;
  assign a_vpn   = a_token != TokNone ? a_vpn_i : sweeps ? sweep_vpn_i : fill_tag_i.vpn;
  assign busy    = !empty_o || issue_i != TokNone || a_valid || c_sweep_q;

  // ---- R, C ----
  inv_t   r_inv;
  psize_t r_size;
  stlb_new_t c_new;
  always_comb begin : p_c_new
    c_new = 'x;
    if (c_token == TokFill)
      c_new = '{vpn: vpn_floor(c_vpn_q, c_size_q), size: c_size_q, glob: c_new_glob_q, data: c_new_data_q};
  end
  always_ff @(posedge clk_i) begin : p_pipeline
    if (!Gated || busy) begin
      token_q <= {token_q[Stages-2:0], issue_i};
      entry_q <= {entry_q[Stages-2:0], issue_entry_i};
      step_q  <= {step_q[Stages-2:0], issue_step_i};
      r_vpn_q <= a_vpn;
      if (squashed_i != '0) begin
        if (squashed_i[IdxW'(issue_entry_i)]) token_q[0] <= TokNone;
        for (int unsigned i = 1; i < Stages; i++) begin
          if (token_q[i-1] != TokFill && squashed_i[IdxW'(entry_q[i-1])]) token_q[i] <= TokNone;
        end
      end
      if (fill_i) begin  // enters R
        token_q[Stages-2] <= TokFill;
        entry_q[Stages-2] <= '0;
        step_q[Stages-2]  <= '0;
        r_size_q <= fill_tag_i.size;
        r_glob_q <= fill_tag_i.glob;
        r_data_q <= fill_data_i;
      end
      if (rst_i || flush_i) token_q <= '0;
      c_vpn_q      <= r_vpn_q;
      c_size_q     <= r_size;
      c_new_glob_q <= r_glob_q;
      c_new_data_q <= r_data_q;
      c_sweep_q    <= sweep_i != InvNone;                      // sweep step j is read in cycle j, carried out in j+1
      c_whole_q    <= sweep_i != InvNone && !one_address(sweep_i);
      c_init_q     <= sweep_i == InvInit;
      p_new_q      <= c_new;
      if (rst_i) c_sweep_q <= 1'b0;
    end
  end

  // ---- The arrays ----
  always_comb begin : p_operation
    r_inv  = sweep_i;
    r_size = sweep_j_i[1:0];
    if (r_token == TokFinv) begin
      r_inv  = InvAddress;
      r_size = step_q[Stages-2];
    end else if (r_token == TokFill) r_size = r_size_q;
  end

  logic [2:0]  array_glob [Arrays];
  data_t       array_data [Arrays][3];
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
      .Number(a != 0),
      .Readout(Readout),
      .Gated(Gated)
    ) u_array (
      .clk_i,
      .flush_i(flush_i || rst_i),
      .pcid_i,
      .a_valid_i(a_valid),
      .a_by_index_i(rst_i || (sweeps && !one_address(exec_inv_i) && !one_address(sweep_i))),
      .a_index_i(rst_i || sweep_i == InvNone ? '0 : sweep_j_i + 16'd1),
      .a_vpn_i(a_vpn),
      .r_vpn_i(r_vpn_q),
      .r_look_i(r_token == TokLookup),
      .r_fill_i(r_token == TokFill),
      .r_fill_glob_i(r_glob_q),
      .r_inv_i(r_inv),
      .r_beyond_i(32'(sweep_j_i) >= Sets),
      .r_size_i(r_size),
      .hit_o(array_hit[a]),
      .hit_glob_o(array_glob[a]),
      .hit_data_o(array_data[a]),
      .sizes_i(c_sizes),
      .touch_i,
      .drop_i(c_token == TokFinv || (c_sweep_q && sweep_i != InvNone)),
      .init_i(c_init_q),
      .c_new_i(c_new),
      .p_new_i(p_new_q),
      .peek_i(peek[a]),
      .peek_repl_i(peek_repl[a]),
      .peek_idx_i(peek_idx),
      .peek_word0_o(word0[a]),
      .peek_word1_o(word1[a])
    );
  end

  always_comb begin : p_join_data
    hit_glob_o = 'x;
    hit_data_o = 'x;
    if (hit_o) begin
      hit_glob_o = 1'b0;
      hit_data_o = '0;
      for (int unsigned s = 0; s < 3; s++) begin
        for (int unsigned a = 0; a < Arrays; a++) begin
          if (STLB_HOLDS[a][s] && c_sizes[s]) begin
            hit_glob_o = hit_glob_o || array_glob[a][s];
            hit_data_o = hit_data_o | array_data[a][s];
          end
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
      peek_word0_o = tag_t'{zero: '0, vpn: peek_idx_i[0] ? c_new.vpn : vpn_floor(r_vpn_q, r_size_q), pcid: pcid_i,
                            glob: peek_idx_i[0] ? c_new_glob_q : r_glob_q, size: peek_idx_i[0] ? c_size_q : r_size_q,
                            valid: 1'b1};
      peek_word1_o = peek_idx_i[0] ? c_new_data_q : r_data_q;
    end
  end
endmodule
