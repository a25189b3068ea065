// What docs/microarchitecture.md sections 3, 13 and 14 say of control operations, bound to mmu_ctl: their states, when
// they end, which raise #GP(0), what they write, and what they drop. The tables of section 13 are written here once
// more, row by row.
`include "rules.svh"
module control_rules
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input logic        clk_i,
  input logic        rst_i,
  input logic        valid_i,
  input logic [3:0]  op_i,
  input logic [63:0] data_i,
  input logic [63:0] desc_i,
  input logic        ready_o,
  input logic        done_o,
  input logic        gp_o,
  input logic        accept_o,
  input logic        walkers_idle_i,
  input logic        draining_o,
  input logic [11:0] pcid_o,
  input inv_t        exec_inv_o,
  input inv_t        sweep_o,
  input logic [15:0] sweep_j_o,
  input vpn_t        vpn_o,
  input keys_t       keys_o,
  input ctl_state_t  state_q,
  input regs_t       regs_q,
  input rules_t      rules_q,
  input linear_t     linear_q,
  input types_t      types_q,
  input logic [31:0] pkru_q,
  input logic [31:0] pkrs_q,
  input logic [3:0]  op_q,
  input logic [63:0] data_q,
  input logic [63:0] desc_q
);
  function automatic logic [15:0] most_sets();
    most_sets = '0;
    for (int unsigned a = 0; a < STLB_ARRAYS; a++)
    if (16'(STLB_ENTRIES[a] / STLB_WAYS[a]) > most_sets) most_sets = 16'(STLB_ENTRIES[a] / STLB_WAYS[a]);
  endfunction
  localparam logic [15:0] MostSets = most_sets();
  localparam logic [15:0] Longest = MostSets > 16'd3 ? MostSets : 16'd3;  // the most steps of a sweep

  // Every register of section 3, by its bits.
  typedef struct packed {
    logic wp, cd, lam_u57, lam_u48, pse, pge, la57, pcide, smep, smap, pke, cet, pks, lam_sup, nxe, tce;
    logic [39:0] base;
    logic [11:0] low;
    logic [31:0] pkru, pkrs;
    logic [7:0][2:0] pat;
  } all_t;
  all_t now, then, was;
  assign now = '{
          wp: rules_q.wp,
          cd: types_q.cd,
          lam_u57: linear_q.lam_u57,
          lam_u48: linear_q.lam_u48,
          pse: regs_q.pse,
          pge: regs_q.pge,
          la57: linear_q.la57,
          pcide: regs_q.pcide,
          smep: rules_q.smep,
          smap: rules_q.smap,
          pke: regs_q.pke,
          cet: rules_q.cet,
          pks: regs_q.pks,
          lam_sup: linear_q.lam_sup,
          nxe: rules_q.nxe,
          tce: regs_q.tce,
          base: regs_q.base,
          low: regs_q.low,
          pkru: pkru_q,
          pkrs: pkrs_q,
          pat: types_q.pat
      };

  function automatic logic is_canonical(input logic [63:0] va, input logic la57);
    return la57 ? va[63:56] == '0 || va[63:56] == '1 : va[63:47] == '0 || va[63:47] == '1;
  endfunction

  // ---- section 13, the first table: #GP(0), registers, and what is dropped ----
  logic gp;
  inv_t drops;
  logic [11:0] of_pcid;
  always_comb begin
    logic [11:0] current;
    then    = now;
    gp      = 1'b0;
    drops   = InvNone;
    current = now.pcide ? now.low : '0;
    of_pcid = current;
    case (op_q)
      4'd0: begin
        gp      = (!data_q[16] && now.cet) || (!data_q[31] && now.pcide);
        then.wp = data_q[16];
        then.cd = data_q[30];
        if (!data_q[31]) drops = InvAll;
      end
      4'd1: begin
        for (int unsigned b = ARCH_PADDR_BITS; b <= 60; b++) if (data_q[b]) gp = 1'b1;
        if (ARCH_LAM == 0 && data_q[62:61] != '0) gp = 1'b1;
        if (data_q[63] && !now.pcide) gp = 1'b1;
        then.base = '0;
        for (int unsigned b = 12; b < ARCH_PADDR_BITS; b++) then.base[b-12] = data_q[b];
        then.low     = data_q[11:0];
        then.lam_u57 = data_q[61] && ARCH_LAM != 0;
        then.lam_u48 = data_q[62] && ARCH_LAM != 0;
        of_pcid      = now.pcide ? data_q[11:0] : '0;
        if (!(now.pcide && data_q[63])) drops = InvNonGlobal;
      end
      4'd2: begin
        gp = !data_q[5] || (data_q[12] && ARCH_LA57 == 0) || (data_q[17] && ARCH_PCID == 0)
             || (data_q[22] && ARCH_PKU == 0) || (data_q[23] && ARCH_CET == 0) || (data_q[24] && ARCH_PKS == 0)
             || (data_q[28] && ARCH_LAM == 0) || data_q[27]
             || (data_q[17] && !now.pcide && now.low != '0) || (data_q[23] && !now.wp);
        then.pse     = data_q[4];
        then.pge     = data_q[7];
        then.la57    = data_q[12];
        then.pcide   = data_q[17];
        then.smep    = data_q[20];
        then.smap    = data_q[21];
        then.pke     = data_q[22];
        then.cet     = data_q[23];
        then.pks     = data_q[24];
        then.lam_sup = data_q[28];
        if (then.smep && !now.smep) drops = InvContext;
        if (then.pge != now.pge || then.la57 != now.la57 || (now.pcide && !then.pcide)) drops = InvAll;
        if (ARCH_AMD != 0 && (then.pse != now.pse || (then.pke && !now.pke))) drops = InvAll;
      end
      4'd3: begin
        gp       = (data_q[15] && ARCH_AMD == 0) || data_q[20];
        then.nxe = data_q[11];
        then.tce = data_q[15];
        if (then.nxe != now.nxe) drops = InvAll;
      end
      4'd4: if (is_canonical(data_q, now.la57)) drops = InvAddress;
      4'd5: begin
        gp = desc_q[63:12] != '0 || (!now.pcide && desc_q[11:0] != '0) || !is_canonical(data_q, now.la57);
        drops   = InvTarget;
        of_pcid = desc_q[11:0];
      end
      4'd6: begin
        gp      = desc_q[63:12] != '0 || (!now.pcide && desc_q[11:0] != '0);
        drops   = InvNonGlobal;
        of_pcid = desc_q[11:0];
      end
      4'd7: begin
        gp    = desc_q[63:12] != '0;
        drops = InvAll;
      end
      4'd8: begin
        gp    = desc_q[63:12] != '0;
        drops = InvAllNonGlobal;
      end
      4'd9: begin
        gp        = data_q[63:32] != '0;
        then.pkru = data_q[31:0];
      end
      4'd10: begin
        gp        = data_q[63:32] != '0 || ARCH_PKS == 0;
        then.pkrs = data_q[31:0];
      end
      4'd11: begin
        for (int unsigned i = 0; i < 8; i++) begin
          if (!(data_q[8*i+:8] inside {8'd0, 8'd1, 8'd4, 8'd5, 8'd6, 8'd7})) gp = 1'b1;
          then.pat[i] = data_q[8*i+:3];
        end
      end
      default: ;
    endcase
    if (gp) begin
      then  = now;
      drops = InvNone;
    end
  end
  logic by_pcid;
  assign by_pcid = drops == InvAddress || drops == InvTarget || drops == InvNonGlobal || drops == InvContext;

  // Bits of what is not built in.
  logic absent;
  assign absent = (ARCH_LA57 == 0 && now.la57) || (ARCH_PCID == 0 && now.pcide) || (ARCH_PKU == 0 && now.pke)
               || (ARCH_PKS == 0 && now.pks) || (ARCH_CET == 0 && now.cet) || (ARCH_AMD == 0 && now.tce)
               || (ARCH_LAM == 0 && (now.lam_sup || now.lam_u57 || now.lam_u48));

  // ---- the cycle before ----
  `RUN
  logic was_rst, was_accept, was_walkers_idle, was_gp;
  ctl_state_t was_state;
  all_t was_then;
  logic [3:0] was_op, was_op_q;
  logic [63:0] was_data, was_data_q, was_desc, was_desc_q;
  inv_t was_inv, was_sweep;
  logic [15:0] was_j;
  // How long the operation has been beyond DRAIN.
  logic [15:0] age;
  always_ff @(posedge clk_i) begin
    was_rst          <= rst_i;
    was_accept       <= accept_o;
    was_walkers_idle <= walkers_idle_i;
    was_state        <= state_q;
    was              <= now;
    was_then         <= then;
    was_gp           <= gp;
    was_op           <= op_i;
    was_data         <= data_i;
    was_desc         <= desc_i;
    was_op_q         <= op_q;
    was_data_q       <= data_q;
    was_desc_q       <= desc_q;
    was_inv          <= exec_inv_o;
    was_sweep        <= sweep_o;
    was_j            <= sweep_j_o;
    age              <= rst_i ? 16'd1 : state_q == CtlIdle || state_q == CtlDrain ? '0 : age + 16'd1;
  end
  logic live;
  assign live = begun && !was_rst;
  logic [15:0] last_j;
  assign last_j = sweep_o == InvAddress || sweep_o == InvTarget ? 16'd3 : MostSets;

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      // ---- states ----
      `PROPERTY(ready_in_idle, begun, ready_o == (state_q == CtlIdle) && draining_o == (state_q == CtlDrain))
      `PROPERTY(accepted_is_latched, live && was_accept,
                state_q == CtlDrain && op_q == was_op && data_q == was_data
                && desc_q == (was_op >= 4'd5 && was_op <= 4'd8 ? was_desc : 64'd0))
      `PROPERTY(idle_until_accepted, live && was_state == CtlIdle && !was_accept, state_q == CtlIdle)
      `PROPERTY(operands_stay, live && was_state != CtlIdle && state_q != CtlIdle,
                op_q == was_op_q && data_q == was_data_q && desc_q == was_desc_q)
      `PROPERTY(drains_until_idle, live && was_state == CtlDrain, state_q == (was_walkers_idle ? CtlExec : CtlDrain))
      `PROPERTY(exec_is_one_cycle, live && was_state == CtlExec,
                state_q == (was_inv == InvNone ? CtlDone : CtlSweep) && (was_inv == InvNone || sweep_j_o == '0))
      `PROPERTY(sweep_counts, live && was_state == CtlSweep && state_q == CtlSweep,
                sweep_j_o == was_j + 16'd1 && sweep_o == was_sweep)
      `PROPERTY(sweep_has_its_length, state_q == CtlSweep, sweep_j_o <= last_j)
      `PROPERTY(sweep_is_whole, live && was_state == CtlSweep && state_q != CtlSweep,
                state_q == CtlDone && was_j == (was_sweep == InvAddress || was_sweep == InvTarget ? 16'd3 : MostSets))
      `PROPERTY(done_is_one_cycle, live && was_state == CtlDone, state_q == CtlIdle)
      `PROPERTY(told_in_done, begun, done_o == (state_q == CtlDone))
      `PROPERTY(ends_in_time, state_q != CtlIdle && state_q != CtlDrain, age <= Longest + 16'd2)
      // ---- what it does ----
      `PROPERTY(gp_as_in_the_table, state_q == CtlExec && gp, gp_o)
      `PROPERTY(no_other_gp, state_q == CtlExec && !gp, !gp_o)
      `PROPERTY(gp_is_told, live && was_state == CtlExec, gp_o == was_gp)
      `PROPERTY(drops_as_in_the_table, state_q == CtlExec, exec_inv_o == drops)
      `PROPERTY(of_the_pcid_in_the_table, state_q == CtlExec && by_pcid, pcid_o == of_pcid)
      `PROPERTY(sweeps_what_exec_drops, live && was_state == CtlExec && was_inv != InvNone, sweep_o == was_inv)
      `PROPERTY(drops_in_exec_and_sweep, state_q != CtlExec && state_q != CtlSweep,
                exec_inv_o == InvNone && sweep_o == InvNone)
      `PROPERTY(writes_as_in_the_table, live && was_state == CtlExec, now == was_then)
      `PROPERTY(writes_in_exec_only, live && was_state != CtlExec, now == was)
      `PROPERTY(address_is_the_operands, state_q == CtlExec || state_q == CtlSweep, vpn_o == data_q[56:12])
      // ---- what holds all the time ----
      `PROPERTY(current_pcid, state_q == CtlIdle, pcid_o == (now.pcide ? now.low : 12'd0))
      `PROPERTY(nothing_that_is_not_built_in, begun, !absent)
      `PROPERTY(keys_where_switched_on, state_q == CtlIdle || state_q == CtlDrain || state_q == CtlExec,
                keys_o.user == (now.pke ? now.pkru : 32'd0) && keys_o.supervisor == (now.pks ? now.pkrs : 32'd0))
      `PROPERTY(cet_needs_wp, now.cet, now.wp)
      `PROPERTY(reset_values, was_rst,
                {now.wp, now.cd, now.lam_u57, now.lam_u48, now.pse, now.pge, now.la57, now.pcide, now.smep, now.smap,
                 now.pke, now.cet, now.pks, now.lam_sup, now.nxe, now.tce, now.base, now.low, now.pkru, now.pkrs} == '0
                && now.pat == {3'd0, 3'd7, 3'd4, 3'd6, 3'd0, 3'd7, 3'd4, 3'd6})
      `PROPERTY(reset_sweeps_all, was_rst, state_q == CtlSweep && sweep_o == InvInit && sweep_j_o == '0)
      // Lemmas.
      `PROPERTY(lemma_states, begun, 3'(state_q) <= 3'd4)
      `PROPERTY(
          lemma_age, state_q != CtlIdle && state_q != CtlDrain,
          state_q == CtlExec ? age == '0 : state_q == CtlSweep ? age == sweep_j_o + 16'd1 : age <= Longest + 16'd2)
      `PROPERTY(lemma_desc, state_q != CtlIdle && !(op_q >= 4'd5 && op_q <= 4'd8), desc_q == '0)
    end
  end
endmodule
bind mmu_ctl control_rules u_rules (.*);
