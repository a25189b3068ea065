// What docs/microarchitecture.md sections 8, 9 and 13 say of the STLB's pipeline, bound to mmu_stlb: no token is lost
// or doubled, a squash and a control operation take theirs, and of a FILL that one of these overtook nothing is
// written. The arrays' contents: array rules of the STLB.
`include "rules.svh"
module stlb_rules
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter int unsigned Arrays = STLB_ARRAYS,
  parameter int unsigned IdxW = NumEntries > 1 ? $clog2(NumEntries) : 1
) (
  input logic                   clk_i,
  input logic                   rst_i,
  input logic                   flush_i,
  input logic [11:0]            pcid_i,
  input logic [NumEntries-1:0]  squashed_i,
  input token_t                 issue_i,
  input entry_t                 issue_entry_i,
  input logic [1:0]             issue_step_i,
  input logic                   fill_i,
  input tag_t                   fill_tag_i,
  input data_t                  fill_data_i,
  input entry_t                 a_entry_o,
  input vpn_t                   a_vpn_i,
  input token_t                 c_token_o,
  input entry_t                 c_entry_o,
  input logic [1:0]             c_step_o,
  input vpn_t                   c_vpn_o,
  input logic                   hit_o,
  input logic                   fill_slot_o,
  input logic                   empty_o,
  input inv_t                   exec_inv_i,
  input inv_t                   sweep_i,
  input logic [15:0]            sweep_j_i,
  input vpn_t                   sweep_vpn_i,
  input logic [Stages-1:0][1:0] token_q,
  input logic [Stages-1:0][1:0] step_q,
  input logic [Stages-1:0][5:0] entry_q,
  input stlb_new_t              c_new,
  input logic                   writes0,
  input logic                   writes1
);
  localparam int unsigned K = Stages;

  // ---- the cycle before, and for what takes two the one before that ----
  `RUN
  logic was_rst, was_flush, was_fill, was2_fill, was_slot, was2_flush, was2_rst;
  logic [NumEntries-1:0] was_squashed;
  token_t was_issue;
  entry_t was_issue_entry;
  logic [1:0] was_issue_step;
  tag_t was_tag, was2_tag;
  data_t was_data, was2_data;
  vpn_t was_a_vpn, was2_a_vpn, was_sweep_vpn;
  entry_t was_a_entry, was2_a_entry;
  token_t was_a_token, was2_a_token;
  inv_t was_sweep, was_exec;
  logic [11:0] was_pcid;
  logic [15:0] was_j;
  logic [Stages-1:0][1:0] was_token, was_step;
  logic [Stages-1:0][5:0] was_entry;
  always_ff @(posedge clk_i) begin
    was_rst         <= rst_i;
    was2_rst        <= was_rst;
    was_flush       <= flush_i;
    was2_flush      <= was_flush;
    was_squashed    <= squashed_i;
    was_issue       <= issue_i;
    was_issue_entry <= issue_entry_i;
    was_issue_step  <= issue_step_i;
    was_fill        <= fill_i;
    was2_fill       <= was_fill;
    was_slot        <= fill_slot_o;
    was_tag         <= fill_tag_i;
    was2_tag        <= was_tag;
    was_data        <= fill_data_i;
    was2_data       <= was_data;
    was_a_vpn       <= a_vpn_i;
    was2_a_vpn      <= was_a_vpn;
    was_a_entry     <= a_entry_o;
    was2_a_entry    <= was_a_entry;
    was_a_token     <= token_t'(token_q[K-3]);
    was2_a_token    <= was_a_token;
    was_sweep       <= sweep_i;
    was_exec        <= exec_inv_i;
    was_sweep_vpn   <= sweep_vpn_i;
    was_j           <= sweep_j_i;
    was_pcid        <= pcid_i;
    was_token       <= token_q;
    was_step        <= step_q;
    was_entry       <= entry_q;
  end
  logic live, live2;
  assign live  = begun && !was_rst && !was_flush;
  assign live2 = live && !was2_rst && !was2_flush;

  function automatic logic squashes(input logic [NumEntries-1:0] squashed, input entry_t e);
    return 32'(e) < NumEntries && squashed[IdxW'(e)];
  endfunction

  // Without LA57 a VPN has 36 bits, of which the others are copies.
  function automatic logic is_canonical(input vpn_t vpn);
    return ARCH_LA57 != 0 || vpn[44:36] == {9{vpn[35]}};
  endfunction

  logic moved, squashed_gone, lookups_known, was_any, was_any_squashed, entries_known;
  always_comb begin
    moved            = 1'b1;
    squashed_gone    = 1'b1;
    was_any          = 1'b0;
    was_any_squashed = was_issue != TokNone && squashes(was_squashed, was_issue_entry);
    entries_known    = 1'b1;
    for (int unsigned i = 1; i < K; i++) begin
      if (was_token[i-1] != TokNone) begin
        was_any = 1'b1;
        if (was_token[i-1] == TokFill || !squashes(was_squashed, was_entry[i-1])) begin
          if (token_q[i] != was_token[i-1] || entry_q[i] != was_entry[i-1] || step_q[i] != was_step[i-1]) moved = 1'b0;
        end else begin
          was_any_squashed = 1'b1;
          if (token_q[i] != TokNone) squashed_gone = 1'b0;
        end
      end else if (token_q[i] != TokNone && !(i == K - 2 && was_fill)) moved = 1'b0;
    end
    if (was_issue != TokNone && squashes(was_squashed, was_issue_entry) && token_q[0] != TokNone) squashed_gone = 1'b0;
    for (int unsigned i = 0; i < K; i++) begin
      if (token_q[i] != TokNone && token_q[i] != TokFill && 32'(entry_q[i]) >= NumEntries) entries_known = 1'b0;
      if (token_q[i] == TokFill && i + 2 < K) entries_known = 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      // ---- the environment ----
      `SUPPOSED(fill_in_its_slot, fill_i, fill_slot_o)
      `SUPPOSED(issued_is_a_token, issue_i != TokNone, issue_i != TokFill && 32'(issue_entry_i) < NumEntries)
      `SUPPOSED(sweeps_when_empty, exec_inv_i != InvNone || sweep_i != InvNone,
                empty_o && issue_i == TokNone && !fill_i && !flush_i)
      `SUPPOSED(sweep_comes_in_order, sweep_i != InvNone,
                was_rst ? sweep_i == InvInit && sweep_j_i == '0 :
                sweep_vpn_i == was_sweep_vpn && sweep_i != InvNone
                && (was_exec == sweep_i ? sweep_j_i == '0 : was_sweep == sweep_i && sweep_j_i == was_j + 16'd1))
      `SUPPOSED(exec_is_one_cycle, exec_inv_i != InvNone,
                !was_rst && exec_inv_i != InvInit && was_exec == InvNone && was_sweep == InvNone && sweep_i == InvNone)
      `SUPPOSED(pcid_stays, begun && pcid_i != was_pcid, was_rst || (empty_o && sweep_i == InvNone))
      `SUPPOSED(addresses_are_canonical, begun, (token_q[K-3] == TokNone || is_canonical(a_vpn_i
                )) && (!fill_i || is_canonical(fill_tag_i.vpn)) && (!(one_address(exec_inv_i) || one_address(sweep_i
                )) || is_canonical(sweep_vpn_i)))
      `SUPPOSED(reset_sweeps, was_rst, sweep_i == InvInit)
      // ---- tokens ----
      `PROPERTY(issued_enters, live && was_issue != TokNone && !squashes(was_squashed, was_issue_entry),
                token_q[0] == was_issue && entry_q[0] == was_issue_entry && step_q[0] == was_issue_step)
      `PROPERTY(tokens_move_on, live && was_any, moved)
      `PROPERTY(squash_takes_its_tokens, live && was_any_squashed, squashed_gone)
      `PROPERTY(fill_enters_r, live && was_fill, token_q[K-2] == TokFill)
      `PROPERTY(fill_comes_from_a_grant, live && token_q[K-2] == TokFill, was_fill)
      `PROPERTY(flush_empties, begun && (was_rst || was_flush), empty_o)
      `PROPERTY(flushed_fill_writes_nothing, begun && (was_rst || was_flush), !writes0 && !writes1)
      `PROPERTY(nothing_writes_alone, begun && c_token_o != TokFill && c_token_o != TokFinv && sweep_i == InvNone,
                !writes0 && !writes1)
      // ---- what C sees ----
      `PROPERTY(hit_of_a_lookup, hit_o, c_token_o == TokLookup)
      `PROPERTY(c_has_the_entrys_page, live2 && (c_token_o == TokLookup || c_token_o == TokFinv),
                c_vpn_o == was2_a_vpn && c_entry_o == was2_a_entry && c_token_o == was2_a_token)
      `PROPERTY(fill_is_what_was_granted, live2 && was2_fill,
                c_token_o == TokFill && c_new.size == was2_tag.size && c_new.glob == was2_tag.glob
                && c_new.data == was2_data && c_new.vpn == vpn_floor(
                was2_tag.vpn, was2_tag.size))
      // Lemma: a FILL is in R or C only.
      `PROPERTY(lemma_entries, begun && !empty_o, entries_known)
    end
  end
endmodule
bind mmu_stlb stlb_rules u_rules (
  .writes0(g_array[0].u_array.writes),
  .writes1(g_array[Arrays-1].u_array.writes),
  .*
);
