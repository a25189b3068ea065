// What docs/microarchitecture.md sections 11, 12 and 13 say of one walker, bound to it. The rules of its environment
// are what mmu_walkers keeps towards it.
`include "rules.svh"
module walker_rules
  import mmu_pkg::*;
#(
  parameter walkers_t Own = walkers_t'(1)
) (
  input logic         clk_i,
  input logic         rst_i,
  input logic [2:0]   root_level_i,
  input frame_t       root_base_i,
  input logic         start_i,
  input start_t       start_how_i,
  input vpn_t         start_vpn_i,
  input walkers_t     attached_i,
  input walkers_t     reading_i,
  input logic         squashed_i,
  input logic         offered_i,
  input logic         accepted_i,
  input walkers_t     rsp_i,
  input logic         rsp_err_i,
  input reply_t       rsp_data_i,
  input logic         pass_o,
  input logic         grant_i,
  input walk_state_t  state_q,
  input logic         kill_q,
  input logic         from_psc_q,
  input logic [2:0]   level_q,
  input rights_t      rights_q,
  input entry_t       entry_q,
  input vpn_t         vpn_q,
  input access_t      access_q,
  input cache_t       cache_q,
  input walkers_t     tag_q,
  input walkers_t     old_q,
  input outcome_t     outcome_q,
  input err_t         err_o,
  input logic [51:0]  addr_o,
  input logic [63:0]  value_q
);
  localparam int unsigned ErrP = 0, ErrRsvd = 3;

  // ---- this cycle ----
  logic offers, waits, concerns;
  logic [63:0] word;  // the 8 bytes of the reply that the walker asked for
  assign offers    = state_q == WkReq || state_q == WkCas;
  assign waits     = state_q == WkWait || state_q == WkCasWait;
  assign concerns  = (rsp_i & (waits ? tag_q : attached_i)) != '0;
  assign word     = rsp_data_i[reply_place_t'(addr_o[5:3] & 3'(ReplyWords - 1))];

  // ---- the value at hand ----
  logic leaf, write_leaf, missing;
  assign leaf       = level_q == 3'd1 || (level_q <= 3'd3 && value_q[BitPs]);
  assign write_leaf = leaf && access_q.acc == AccWrite;
  assign missing    = !value_q[BitA] || (write_leaf && !value_q[BitD]);

  // ---- the cycle before ----
  `RUN
  logic was_rst, was_start, was_squashed, was_offered, was_accepted, was_concerns, was_err, was_pass, was_grant;
  logic was_kill, was_from_psc, was_write_leaf, was_waits, was_offers;
  walk_state_t was_state;
  start_t      was_how;
  vpn_t was_start_vpn, was_vpn;
  walkers_t was_attached, was_rsp, was_tag, was_old;
  logic [63:0] was_word, was_value;
  logic [2:0] was_level, was_root_level;
  frame_t      was_root_base;
  rights_t     was_rights;
  entry_t      was_entry;
  access_t     was_access;
  cache_t      was_cache;
  logic [51:0] was_addr;
  always_ff @(posedge clk_i) begin
    was_rst          <= rst_i;
    was_start        <= start_i;
    was_how          <= start_how_i;
    was_start_vpn    <= start_vpn_i;
    was_attached     <= attached_i;
    was_squashed     <= squashed_i;
    was_offered      <= offered_i;
    was_accepted     <= accepted_i;
    was_rsp          <= rsp_i;
    was_concerns     <= concerns;
    was_err          <= rsp_err_i;
    was_word         <= word;
    was_pass         <= pass_o;
    was_grant        <= grant_i;
    was_state        <= state_q;
    was_waits        <= waits;
    was_offers       <= offers;
    was_kill         <= kill_q;
    was_from_psc     <= from_psc_q;
    was_level        <= level_q;
    was_root_level   <= root_level_i;
    was_root_base    <= root_base_i;
    was_rights       <= rights_q;
    was_entry        <= entry_q;
    was_vpn          <= vpn_q;
    was_access       <= access_q;
    was_cache        <= cache_q;
    was_tag          <= tag_q;
    was_old          <= old_q;
    was_addr         <= addr_o;
    was_value        <= value_q;
    was_write_leaf   <= write_leaf;
  end
  logic live, lives, same;
  assign live = begun && !was_rst && was_state != WkIdle;      // was at work, and no reset came between
  assign lives = live && !was_squashed;                        // … nor was its request dropped
  assign same = level_q == was_level && rights_q == was_rights && cache_q == was_cache && addr_o == was_addr
             && value_q == was_value;

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      // ---- the environment: mmu_walkers, and control above it ----
      `ENVIRONMENT(start_when_idle, start_i, state_q == WkIdle)
      `SUPPOSED(start_index, start_i, start_how_i.index == table_index(start_vpn_i, start_how_i.level))
      `SUPPOSED(start_level, start_i, start_how_i.level >= 3'd1 && start_how_i.level <= 3'd5)
      `SUPPOSED(root_level, 1'b1, root_level_i == 3'd4 || root_level_i == 3'd5)
      `ENVIRONMENT(attached_in_req, attached_i != '0, state_q == WkReq && (attached_i & Own) == '0 && !offered_i)
      `ENVIRONMENT(attached_since, attached_i != '0, (attached_i & old_q) == '0)
      `ENVIRONMENT(reads_of_others, start_i, (reading_i & Own) == '0)
      `ENVIRONMENT(offered_asks, offered_i, offers)
      `ENVIRONMENT(accepted_offers, accepted_i, offered_i)
      `ENVIRONMENT(grant_in_fin, grant_i, state_q == WkFin && !kill_q)
      // ---- states ----
      `PROPERTY(state_is_one_of_six, begun, 3'(state_q) <= 3'd5)
      `PROPERTY(level_is_1_to_5, state_q != WkIdle, level_q >= 3'd1 && level_q <= 3'd5)
      `PROPERTY(idle_until_dispatch, !was_rst && was_state == WkIdle && !was_start, state_q == WkIdle)
      `PROPERTY(dispatch_to_req, !was_rst && was_start,
                state_q == WkReq && level_q == was_how.level
                && from_psc_q == was_how.from_psc && rights_q == was_how.rights && cache_q == was_how.cache
                && vpn_q == was_start_vpn
                && addr_o[51:12] == (was_how.base & FrameBits) && addr_o[11:0] == {was_how.index, 3'd0})
      // ---- the offer ----
      `PROPERTY(offer_unchanged, lives && was_offers && !was_accepted && was_attached == '0 && !was_kill,
                state_q == was_state && same)
      `PROPERTY(accepted_waits, live && was_accepted,
                tag_q == Own && same && state_q == (was_state == WkCas ? WkCasWait : WkWait))
      `PROPERTY(attached_waits, lives && was_attached != '0 && !was_concerns && !was_kill,
                state_q == WkWait && tag_q == was_attached && same)
      // ---- the reply ----
      `PROPERTY(reply_of_others_ignored, live && was_waits && was_rsp != '0 && !was_concerns,
                state_q == was_state && tag_q == was_tag && same && !was_pass)
      `PROPERTY(changes_by_reply_only, live && !was_concerns,
                same && entry_q == was_entry && vpn_q == was_vpn && access_q == was_access && !was_pass)
      `PROPERTY(memory_error_ends, lives && was_concerns && was_err && !was_kill,
                state_q == WkFin && outcome_q == OutMemErr)
      `PROPERTY(pass_goes_down, lives && was_pass,
                state_q == WkReq && level_q == was_level - 3'd1
                && rights_q.w == (was_rights.w && value_q[BitRw]) && rights_q.u == (was_rights.u && value_q[BitUs])
                && rights_q.nx == (was_rights.nx || value_q[BitXd]) && cache_q == {value_q[BitPcd], value_q[BitPwt]}
                && addr_o[51:12] == value_q[51:12] && value_q[BitP] && value_q[BitA])
      `PROPERTY(restart_at_root, lives && was_concerns && was_from_psc && !from_psc_q,
                state_q == WkReq
                && level_q == was_root_level && rights_q == rights_t'(3'b110)
                && addr_o[51:12] == (was_root_base & FrameBits))
      // ---- compare-and-swap ----
      `PROPERTY(cas_only_if_missing, state_q == WkCas || state_q == WkCasWait, value_q[BitP] && missing)
      `PROPERTY(cas_done_is_desired,
                live && was_state == WkCasWait && was_concerns && !was_err && !was_kill && was_word == was_value,
                value_q == (was_value | MaskA | (was_write_leaf ? MaskD : 64'd0)))
      // (With a reserved bit above M, V is a fault whatever is stored, and those bits are not.)
      `PROPERTY(cas_lost_is_read_again,
                live && was_state == WkCasWait && was_concerns && !was_err && !was_kill && was_word != was_value
                && (was_word & ~EntryBits) == '0,
                value_q == was_word)
      // ---- the outcome ----
      `PROPERTY(fin_by_reply_only, live && state_q == WkFin && was_state != WkFin, was_concerns && !was_kill)
      `PROPERTY(fin_has_outcome, state_q == WkFin,
                outcome_q == OutOk || outcome_q == OutFault || outcome_q == OutMemErr)
      `PROPERTY(ok_is_a_used_leaf, state_q == WkFin && outcome_q == OutOk, value_q[BitP] && leaf && !missing)
      `PROPERTY(fault_says_present, state_q == WkFin && outcome_q == OutFault,
                err_o[ErrP] == value_q[BitP] && (!err_o[ErrRsvd] || err_o[ErrP]))
      `PROPERTY(fault_of_root_only, Rewalk && live && state_q == WkFin && was_state != WkFin && outcome_q == OutFault,
                !from_psc_q)
      `PROPERTY(no_fault_of_old_reads, live && state_q == WkFin && was_state != WkFin && outcome_q == OutFault,
                (was_rsp & was_old & (was_waits ? was_tag : was_attached)) == '0)
      `PROPERTY(fin_until_grant, lives && was_state == WkFin && !was_kill,
                state_q == (was_grant ? WkIdle : WkFin) && same)
      // ---- kill ----
      `PROPERTY(killed_says_nothing, live && was_kill, state_q != WkFin && !was_pass)
      `PROPERTY(killed_ends, live && was_kill && !was_offered && (was_concerns || !was_waits), state_q == WkIdle)
      `PROPERTY(killed_held_stays, live && was_kill && was_offered,
                state_q == (!was_accepted ? was_state : was_state == WkCas ? WkCasWait : WkWait))
      `PROPERTY(killed_waits_for_reply, live && was_kill && was_waits && !was_concerns, state_q == was_state && kill_q)
      // ---- squash ----
      `PROPERTY(squashed_ends, live && was_squashed && !was_offered && (was_concerns || !was_waits), state_q == WkIdle)
      `PROPERTY(squashed_offer_stays, live && was_squashed && was_offered,
                same && kill_q && state_q == (!was_accepted ? was_state : was_state == WkCas ? WkCasWait : WkWait))
      `PROPERTY(squashed_waits_for_reply, live && was_squashed && was_waits && !was_concerns,
                state_q == was_state && kill_q)
      // Lemma: who waits for a compare-and-swap waits for its own.
      `PROPERTY(lemma_heeds_younger, state_q != WkIdle,
                (old_q & Own) == '0 && (state_q != WkWait || (tag_q & old_q) == '0))
      `PROPERTY(lemma_cas_tag, state_q == WkCasWait, tag_q == Own)
      // Lemma: what a compare-and-swap expects has no reserved bit above M.
      `PROPERTY(lemma_cas_value, state_q == WkCas || state_q == WkCasWait, (value_q & ~EntryBits) == '0)
    end
  end
endmodule
bind mmu_walker walker_rules #(.Own(Own)) u_rules (.*);
