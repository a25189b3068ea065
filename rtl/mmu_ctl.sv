// Control registers and the serializing operations: drain the walkers, write the register, invalidate, say done. An
// operation that raises #GP(0) drains, does nothing, and says so.
//
//     IDLE      requests run                                      1 cycle
//     DRAIN     walkers give up or get their last reply;          1 cycle at least
//               #GP(0), what to drop and of which PCID are decided
//     EXEC      registers written; L1s and PSC invalidated        1 cycle
//     SWEEP     the STLB, step j-1 in cycle j = 0 … n             n+1 cycles, only with an invalidation
//     DONE      ctl_done_o, ctl_gp_o                              1 cycle
//
//     cycle   t       t+1    t+2   t+3 … t+3+n   t+4+n    t+5+n
//     ctl     accept  DRAIN  EXEC  SWEEP         DONE     IDLE
//
// Cost, accept to done with no walk in flight: 3 cycles, or 3 + n+1 with an invalidation; n = 3 for one address, else
// the largest number of sets of the STLB; 3 with #GP(0). What leaves here in EXEC and SWEEP comes from registers.
// Rules: docs/microarchitecture.md sections 3, 13, 14.
module mmu_ctl
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_i,
  input  logic        valid_i,
  input  logic [3:0]  op_i,
  input  logic [63:0] data_i,
  input  logic [63:0] desc_i,                                  // INVPCID: first quadword of its descriptor
  output logic        ready_o,
  output logic        done_o,
  output logic        gp_o,                                    // with done_o: the operation raised #GP(0)
  output logic        accept_o,
  input  logic        walkers_idle_i,
  output logic        draining_o,
  output regs_t       regs_o,
  output rules_t      rules_o,
  output keys_t       keys_o,
  output linear_t     linear_o,
  output types_t      types_o,
  output logic [11:0] pcid_o,                                  // current PCID; in EXEC, SWEEP that of the invalidation
  output inv_t        exec_inv_o,                              // in EXEC: what the L1s and the PSC drop
  output inv_t        sweep_o,                                 // in SWEEP: what the STLB drops
  output logic [15:0] sweep_j_o,
  output vpn_t        vpn_o,                                   // of the latched operand
  input  logic        peek_i,
  input  logic [15:0] peek_idx_i,
  output logic [63:0] peek_word0_o,
  output logic [63:0] peek_word1_o
);
  localparam logic [3:0] OpCr0 = 4'd0, OpCr3 = 4'd1, OpCr4 = 4'd2, OpEfer = 4'd3, OpInvlpg = 4'd4,
                         OpInvpcidAddress = 4'd5, OpInvpcidContext = 4'd6, OpInvpcidAll = 4'd7,
                         OpInvpcidNonGlobal = 4'd8, OpPkru = 4'd9, OpPkrs = 4'd10, OpPat = 4'd11;
  // Bit positions in the source operands (SDM 2.5, and the EFER MSR; TCE and UAIE: APM vol 2, 3.1.7).
  localparam int unsigned Cr0Wp = 16, Cr0Cd = 30, Cr0Pg = 31, Cr3LamU57 = 61, Cr3LamU48 = 62, Cr3Keep = 63;
  localparam int unsigned Cr4Pse = 4, Cr4Pae = 5, Cr4Pge = 7, Cr4La57 = 12, Cr4Pcide = 17, Cr4Smep = 20, Cr4Smap = 21,
                          Cr4Pke = 22, Cr4Cet = 23, Cr4Pks = 24, Cr4Lass = 27, Cr4LamSup = 28;
  localparam int unsigned EferNxe = 11, EferTce = 15, EferUaie = 20;

  function automatic logic is_invpcid(input logic [3:0] op);
    return op >= OpInvpcidAddress && op <= OpInvpcidNonGlobal;
  endfunction

  // SDM 13.12.2: a byte of IA32_PAT codes UC, WC, WT, WP, WB or UC-.
  function automatic logic type_coded(input logic [7:1] b);  // the lowest bit does not decide: 2 and 3 are reserved
    return b[7:3] == '0 && b[2:1] != 2'b01;
  endfunction

  function automatic logic [15:0] most_sets();
    logic [15:0] most;
    most = '0;
    for (int unsigned a = 0; a < STLB_ARRAYS; a++) begin
      if (16'(STLB_ENTRIES[a] / STLB_WAYS[a]) > most) most = 16'(STLB_ENTRIES[a] / STLB_WAYS[a]);
    end
    return most;
  endfunction
  localparam logic [15:0] MostSets = most_sets();
  localparam int unsigned StepW = $clog2(MostSets + 1) > 2 ? $clog2(MostSets + 1) : 2;
  localparam logic [StepW-1:0] Last = StepW'(MostSets);

  ctl_state_t  state_q;
  regs_t       regs_q;
  rules_t      rules_q;
  linear_t     linear_q;
  types_t      types_q;
  logic [31:0] pkru_q, pkrs_q;
  logic [3:0]  op_q;
  logic [63:0] data_q;
  logic [63:0] desc_q;                                         // 0 with other operations than INVPCID
  logic        gp_q;                                           // the operation raised #GP(0)
  inv_t        inv_q;                                          // what EXEC and SWEEP drop
  logic [11:0] pcid_q;                                         // in IDLE the current PCID
  logic [StepW-1:0] j_q;                                       // MostSets at most, and 3

  assign ready_o    = state_q == CtlIdle;
  assign done_o     = state_q == CtlDone;
  assign gp_o       = gp_q;
  assign draining_o = state_q == CtlDrain;
  assign accept_o   = valid_i && ready_o;
  assign regs_o     = regs_q;
  assign rules_o    = rules_q;
  keys_t keys_q;
  always_ff @(posedge clk_i) begin : p_keys
    if (state_q == CtlDone)
      keys_q <= '{
          user: ARCH_PKU != 0 && regs_q.pke ? pkru_q : '0,
          supervisor: ARCH_PKS != 0 && regs_q.pks ? pkrs_q : '0
      };
  end
  assign keys_o = keys_q;
  assign linear_o   = linear_q;
  assign types_o    = types_q;
  assign vpn_o      = data_q[56:12];
  assign pcid_o     = pcid_q;
  assign exec_inv_o = state_q == CtlExec ? inv_q : InvNone;
  assign sweep_o    = state_q == CtlSweep ? inv_q : InvNone;
  assign sweep_j_o  = 16'(j_q);

  // ---- DRAIN: #GP(0), by the registers before the operation ----
  logic gp;
  always_comb begin : p_gp
    gp = 1'b0;
    if (state_q == CtlDrain) begin
      unique case (op_q)
        OpCr0: gp = (!data_q[Cr0Wp] && rules_q.cet)            // SDM 2.5: CR4.CET needs CR0.WP
                 || (!data_q[Cr0Pg] && regs_q.pcide);          // SDM 5.10.1: no PG = 0 while CR4.PCIDE = 1
        OpCr3: gp = (data_q[60:0] >> PaBits) != '0             // SDM 5.5.2: reserved bits
                 || (ARCH_LAM == 0 && (data_q[Cr3LamU57] || data_q[Cr3LamU48]))
                 || (data_q[Cr3Keep] && !regs_q.pcide);        // SDM MOV CR: bit 63 is reserved without PCIDE
        // SDM MOV CR: PAE may not be cleared in IA-32e mode; SDM 2.5: reserved bits
        OpCr4: gp = !data_q[Cr4Pae]
                 || (ARCH_LA57 == 0 && data_q[Cr4La57]) || (ARCH_PCID == 0 && data_q[Cr4Pcide])
                 || (ARCH_PKU == 0 && data_q[Cr4Pke]) || (ARCH_PKS == 0 && data_q[Cr4Pks])
                 || (ARCH_CET == 0 && data_q[Cr4Cet]) || (ARCH_LAM == 0 && data_q[Cr4LamSup]) || data_q[Cr4Lass]
                 || (data_q[Cr4Pcide] && !regs_q.pcide && regs_q.low != '0)  // SDM 5.10.1: PCIDE 0→1 with a PCID
                 || (data_q[Cr4Cet] && !rules_q.wp);           // SDM 2.5: CR4.CET needs CR0.WP
        OpEfer: gp = (ARCH_AMD == 0 && data_q[EferTce]) || data_q[EferUaie];                      // reserved bits
        OpInvpcidAddress, OpInvpcidContext, OpInvpcidAll, OpInvpcidNonGlobal: begin
          gp = desc_q[63:12] != '0;                            // SDM INVPCID: reserved bits of the descriptor
          if (op_q == OpInvpcidAddress || op_q == OpInvpcidContext)
            gp |= !regs_q.pcide && desc_q[11:0] != '0;         // SDM INVPCID: without PCIDE there is PCID 0 only
          if (op_q == OpInvpcidAddress) gp |= !canonical(data_q[63:47], linear_q.la57);           // SDM INVPCID type 0
        end
        OpPkru: gp = data_q[63:32] != '0;                      // SDM WRPKRU: EDX must be 0
        OpPkrs: gp = data_q[63:32] != '0 || ARCH_PKS == 0;     // SDM WRMSR: reserved bits, or no such MSR
        OpPat: for (int unsigned i = 0; i < 8; i++) gp |= !type_coded(data_q[8 * i + 1 +: 7]);    // SDM 13.12.2
        default: ;
      endcase
    end
  end

  // ---- The registers as written in EXEC, and, in DRAIN, what that invalidates (SDM 5.10.4.1) ----
  regs_t       regs_d;
  rules_t      rules_d;
  linear_t     linear_d;
  types_t      types_d;
  logic [31:0] pkru_d, pkrs_d;
  inv_t inv;
  always_comb begin : p_exec
    regs_d   = regs_q;
    rules_d  = rules_q;
    linear_d = linear_q;
    types_d  = types_q;
    pkru_d   = pkru_q;
    pkrs_d   = pkrs_q;
    inv      = InvNone;
    if (state_q == CtlDrain || state_q == CtlExec) begin
      unique case (op_q)
        OpCr0: begin
          rules_d.wp = data_q[Cr0Wp];
          types_d.cd = data_q[Cr0Cd];
          if (!data_q[Cr0Pg]) inv = InvAll;  // PG 1→0: everything
        end
        OpCr3: begin
          regs_d.base      = data_q[51:12] & (40'hFF_FFFF_FFFF >> (52 - PaBits));
          regs_d.low       = data_q[11:0];
          linear_d.lam_u57 = data_q[Cr3LamU57] && ARCH_LAM != 0;
          linear_d.lam_u48 = data_q[Cr3LamU48] && ARCH_LAM != 0;
          if (!regs_q.pcide || !data_q[Cr3Keep]) inv = InvNonGlobal;
        end
        OpCr4: begin
          regs_d.pse       = data_q[Cr4Pse];
          regs_d.pge       = data_q[Cr4Pge];
          linear_d.la57    = data_q[Cr4La57] && ARCH_LA57 != 0;
          regs_d.pcide     = data_q[Cr4Pcide] && ARCH_PCID != 0;
          rules_d.smep     = data_q[Cr4Smep];
          rules_d.smap     = data_q[Cr4Smap];
          regs_d.pke       = data_q[Cr4Pke] && ARCH_PKU != 0;
          rules_d.cet      = data_q[Cr4Cet] && ARCH_CET != 0;
          regs_d.pks       = data_q[Cr4Pks] && ARCH_PKS != 0;
          linear_d.lam_sup = data_q[Cr4LamSup] && ARCH_LAM != 0;
          if (rules_d.smep && !rules_q.smep) inv = InvContext;  // SMEP 0→1: the current PCID
          if (regs_d.pge != regs_q.pge || linear_d.la57 != linear_q.la57 || (regs_q.pcide && !regs_d.pcide))
            inv = InvAll;
          // APM vol 2, 5.5.3: CR4.PSE too, and CR4.PKE 0→1
          if (ARCH_AMD != 0 && (regs_d.pse != regs_q.pse || (regs_d.pke && !regs_q.pke))) inv = InvAll;
        end
        OpEfer: begin
          rules_d.nxe = data_q[EferNxe];
          regs_d.tce  = data_q[EferTce] && ARCH_AMD != 0;
          if (rules_d.nxe != rules_q.nxe) inv = InvAll;
        end
        // SDM INVLPG: nothing for a non-canonical address
        OpInvlpg: if (canonical(data_q[63:47], linear_q.la57)) inv = InvAddress;
        OpInvpcidAddress:   inv = InvTarget;
        OpInvpcidContext:   inv = InvNonGlobal;
        OpInvpcidAll:       inv = InvAll;
        OpInvpcidNonGlobal: inv = InvAllNonGlobal;
        OpPkru: pkru_d = data_q[31:0];
        OpPkrs: pkrs_d = data_q[31:0];
        OpPat:  for (int unsigned i = 0; i < 8; i++) types_d.pat[i] = data_q[8 * i +: 3];
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin : p_state
    unique case (state_q)
      CtlIdle: begin
        if (valid_i) begin
          state_q <= CtlDrain;
          op_q    <= op_i;
          data_q  <= data_i;
          desc_q  <= is_invpcid(op_i) ? desc_i : '0;
        end
      end
      CtlDrain: begin
        gp_q   <= gp;
        inv_q  <= gp ? InvNone : inv;
        // INVPCID names its PCID; all others mean the one in force once the registers are written
        pcid_q <= is_invpcid(op_q) ? desc_q[11:0] : regs_d.pcide ? regs_d.low : '0;
        if (walkers_idle_i) state_q <= CtlExec;
      end
      CtlExec: begin
        if (!gp_q) begin
          regs_q   <= regs_d;
          rules_q  <= rules_d;
          linear_q <= linear_d;
          types_q  <= types_d;
          pkru_q   <= pkru_d;
          pkrs_q   <= pkrs_d;
        end
        j_q     <= '0;
        state_q <= inv_q == InvNone ? CtlDone : CtlSweep;
      end
      CtlSweep: begin
        j_q <= j_q + StepW'(1);
        if (j_q == (one_address(inv_q) ? StepW'(3) : Last)) state_q <= CtlDone;
      end
      CtlDone: begin
        pcid_q  <= regs_q.pcide ? regs_q.low : '0;
        state_q <= CtlIdle;
      end
      default: state_q <= CtlIdle;
    endcase
    if (rst_i) begin
      state_q  <= CtlSweep;
      regs_q   <= '0;
      rules_q  <= '0;
      linear_q <= '0;
      types_q  <= '{cd: 1'b0, pat: PatReset};
      pkru_q   <= '0;
      pkrs_q   <= '0;
      op_q     <= '0;
      data_q   <= '0;
      desc_q   <= '0;
      gp_q     <= 1'b0;
      inv_q    <= InvInit;
      pcid_q   <= '0;
      j_q      <= '0;
    end
  end

  always_comb begin : p_peek
    peek_word0_o = '0;
    peek_word1_o = '0;
    if (peek_i) begin
      unique case (peek_idx_i)
        16'd0: begin
          peek_word0_o = {1'b0, linear_q.lam_u48, linear_q.lam_u57, 9'd0, regs_q.base, regs_q.low};
          peek_word1_o = {50'd0, regs_q.tce, regs_q.pse, types_q.cd, linear_q.lam_sup, rules_q.cet, regs_q.pks,
                          regs_q.pke, rules_q.smap, rules_q.smep, rules_q.nxe, regs_q.pcide, linear_q.la57,
                          regs_q.pge, rules_q.wp};
        end
        16'd1: begin
          peek_word0_o[2:0] = state_q;
          if (state_q != CtlIdle) peek_word0_o[7:4] = op_q;
          if (state_q == CtlSweep) peek_word0_o[23:8] = 16'(j_q);
          if (state_q == CtlDone) peek_word0_o[24] = gp_q;
          if (state_q != CtlIdle) peek_word1_o = data_q;
        end
        16'd3: begin
          peek_word0_o = {pkrs_q, pkru_q};
          for (int unsigned i = 0; i < 8; i++) peek_word1_o[8*i+:3] = types_q.pat[i];
        end
        16'd4: if (state_q != CtlIdle) peek_word0_o = desc_q;
        default: ;
      endcase
    end
  end
endmodule
