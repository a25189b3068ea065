// Control registers and the serializing operations: drain the walkers, write the register, invalidate, say done.
//
//     IDLE      requests run                                      1 cycle
//     DRAIN     walkers give up or get their last reply           1 cycle at least
//     EXEC      registers written; L1s and PSC invalidated        1 cycle
//     SWEEP     the STLB, step j-1 in cycle j = 0 … n             n+1 cycles, only with an invalidation
//     DONE      ctl_done_o                                        1 cycle
//
//     cycle   t       t+1    t+2   t+3 … t+3+n   t+4+n    t+5+n
//     ctl     accept  DRAIN  EXEC  SWEEP         DONE     IDLE
//
// Cost, accept to done with no walk in flight: 3 cycles, or 3 + n+1 with an invalidation; n = 3 for one address, else the
// largest number of sets of the STLB. Rules: docs/microarchitecture.md sections 3, 13, 14.
module mmu_ctl
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_i,
  input  logic        valid_i,
  input  logic [3:0]  op_i,
  input  logic [63:0] data_i,
  output logic        ready_o,
  output logic        done_o,
  output logic        accept_o,
  input  logic        walkers_idle_i,
  output logic        draining_o,
  output regs_t       regs_o,
  output logic [11:0] pcid_o,                                  // current PCID
  output inv_t        exec_inv_o,                              // in EXEC: what the L1s and the PSC drop
  output logic [11:0] exec_pcid_o,                             // with the register values as written
  output inv_t        sweep_o,                                 // in SWEEP: what the STLB drops
  output logic [15:0] sweep_j_o,
  output vpn_t        vpn_o,                                   // of the latched operand
  input  logic        peek_i,
  input  logic [15:0] peek_idx_i,
  output logic [63:0] peek_word0_o,
  output logic [63:0] peek_word1_o
);
  localparam logic [3:0] OpCr3 = 4'd1, OpCr4 = 4'd2, OpEfer = 4'd3, OpInvlpg = 4'd4, OpCr0 = 4'd0;
  // Bit positions in the source operands (SDM 2.5, and the EFER MSR).
  localparam int unsigned Cr0Wp = 16, Cr3Keep = 63, Cr4Pge = 7, Cr4La57 = 12, Cr4Pcide = 17, EferNxe = 11;

  function automatic logic [15:0] most_sets();
    logic [15:0] most;
    most = '0;
    for (int unsigned a = 0; a < STLB_ARRAYS; a++)
      if (16'(STLB_ENTRIES[a] / STLB_WAYS[a]) > most) most = 16'(STLB_ENTRIES[a] / STLB_WAYS[a]);
    return most;
  endfunction
  localparam logic [15:0] MostSets = most_sets();

  ctl_state_t  state_q;
  regs_t       regs_q;
  logic [3:0]  op_q;
  logic [63:0] data_q;
  inv_t        inv_q;                                          // what SWEEP drops
  logic [15:0] j_q;

  assign ready_o    = state_q == CtlIdle;
  assign done_o     = state_q == CtlDone;
  assign draining_o = state_q == CtlDrain;
  assign accept_o   = valid_i && ready_o;
  assign regs_o     = regs_q;
  assign vpn_o      = data_q[56:12];
  assign pcid_o     = regs_q.pcide ? regs_q.low : '0;
  assign sweep_o    = state_q == CtlSweep ? inv_q : InvNone;
  assign sweep_j_o  = j_q;

  // ---- EXEC: the registers as written, and what that invalidates (SDM 5.10.4.1) ----
  regs_t regs_d;
  inv_t  inv;
  always_comb begin : p_exec
    regs_d = regs_q;
    inv    = InvNone;
    if (state_q == CtlExec) begin
      unique case (op_q)
        OpCr0: regs_d.wp = data_q[Cr0Wp];
        OpCr3: begin
          regs_d.base = data_q[51:12] & (40'hFF_FFFF_FFFF >> (52 - PaBits));
          regs_d.low  = data_q[11:0];
          if (!regs_q.pcide || !data_q[Cr3Keep]) inv = InvNonGlobal;
        end
        OpCr4: begin
          regs_d.pge   = data_q[Cr4Pge];
          regs_d.la57  = data_q[Cr4La57] && ARCH_LA57 != 0;
          regs_d.pcide = data_q[Cr4Pcide] && ARCH_PCID != 0;
          if (regs_d.pge != regs_q.pge || regs_d.la57 != regs_q.la57 || (regs_q.pcide && !regs_d.pcide)) inv = InvAll;
        end
        OpEfer: begin
          regs_d.nxe = data_q[EferNxe];
          if (regs_d.nxe != regs_q.nxe) inv = InvAll;
        end
        OpInvlpg: if (canonical(data_q[63:47], regs_q.la57)) inv = InvAddress;
        default: ;
      endcase
    end
  end
  assign exec_inv_o  = inv;
  assign exec_pcid_o = regs_d.pcide ? regs_d.low : '0;

  always_ff @(posedge clk_i) begin : p_state
    unique case (state_q)
      CtlIdle: if (valid_i) begin
        state_q <= CtlDrain;
        op_q    <= op_i;
        data_q  <= data_i;
      end
      CtlDrain: if (walkers_idle_i) state_q <= CtlExec;
      CtlExec: begin
        regs_q  <= regs_d;
        inv_q   <= inv;
        j_q     <= '0;
        state_q <= inv == InvNone ? CtlDone : CtlSweep;
      end
      CtlSweep: begin
        j_q <= j_q + 16'd1;
        if (j_q == (inv_q == InvAddress ? 16'd3 : MostSets)) state_q <= CtlDone;
      end
      CtlDone: state_q <= CtlIdle;
      default: state_q <= CtlIdle;
    endcase
    if (rst_i) begin
      state_q <= CtlSweep;
      regs_q  <= '0;
      op_q    <= '0;
      data_q  <= '0;
      inv_q   <= InvInit;
      j_q     <= '0;
    end
  end

  always_comb begin : p_peek
    peek_word0_o = '0;
    peek_word1_o = '0;
    if (peek_i && peek_idx_i == 16'd0) begin
      peek_word0_o = {12'd0, regs_q.base, regs_q.low};
      peek_word1_o = {59'd0, regs_q.nxe, regs_q.pcide, regs_q.la57, regs_q.pge, regs_q.wp};
    end else if (peek_i && peek_idx_i == 16'd1) begin
      peek_word0_o[2:0] = state_q;
      if (state_q != CtlIdle)  peek_word0_o[7:4]  = op_q;
      if (state_q == CtlSweep) peek_word0_o[23:8] = j_q;
      if (state_q != CtlIdle)  peek_word1_o       = data_q;
    end
  end
endmodule
