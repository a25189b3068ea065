// What stage C of the STLB pipeline and the grant of a walker mean for their miss-queue entries. At most one entry gets
// an outcome in a cycle, since a walker is granted only while C holds no LOOKUP. Combinational, from registers only.
//
//     cycle                t                          t+1
//     LOOKUP in C          hit → translation          DONE
//                          miss, D needed, denied     NWALK (denied: confirm)
//     grant                translation                DONE, FILL in R
//                          fault | memory error       FINV | DONE
//
// Cost: none of its own. Rules: docs/microarchitecture.md sections 6, 8, 9, 11.
module mmu_outcome
  import mmu_pkg::*;
(
  input  rules_t      rules_i,
  input  keys_t       keys_i,
  input  logic [11:0] pcid_i,
  // stage C
  input  logic        lookup_i,
  input  entry_t      c_entry_i,
  input  vpn_t        c_vpn_i,
  input  access_t     c_access_i,
  input  logic        hit_i,
  input  psize_t      hit_size_i,
  input  logic        hit_glob_i,
  input  data_t       hit_data_i,
  output logic        touch_o,                                 // the hit is used
  output logic        walk_o,                                  // the entry needs a walk
  output logic        confirm_o,                               // … from the root
  // grant
  input  logic        grant_i,
  input  entry_t      fin_entry_i,
  input  outcome_t    fin_outcome_i,
  input  err_t        fin_err_i,
  input  tag_t        fin_tag_i,
  input  data_t       fin_data_i,
  // outcome of entry_o: a translation (KindOk) with its L1 entry, a page fault, or a memory error
  output logic        valid_o,
  output entry_t      entry_o,
  output kind_t       kind_o,
  output src_t        src_o,
  output err_t        err_o,
  output tag_t        tag_o,                                   // its VPN with the bits below the page size
  output data_t       data_o,
  output page_t       page_o                                   // what it grants
);
  always_comb begin : p_outcome
    logic [63:0] forbids;
    logic        passes;
    rights_t     rights;
    forbids   = 'x;
    rights    = 'x;
    touch_o   = 1'b0;
    walk_o    = 1'b0;
    confirm_o = 1'b0;
    valid_o   = grant_i;
    entry_o   = fin_entry_i;
    kind_o    = KindOk;
    src_o     = SrcWalk;
    err_o     = 'x;
    tag_o     = 'x;
    data_o    = 'x;
    page_o    = 'x;
    passes    = 'x;
    if (lookup_i || grant_i) begin
      data_o = lookup_i ? hit_data_i : fin_data_i;
      page_o = page_of(data_o, keys_i);
      tag_o  = fin_tag_i;
      if (lookup_i)
        tag_o = '{zero: '0, vpn: c_vpn_i, pcid: pcid_i, glob: hit_glob_i, size: hit_size_i, valid: 1'b1};
    end
    if (lookup_i) begin  // nothing is granted then: asked first, for it is known first
      entry_o = c_entry_i;
      src_o   = SrcStlb;
      // The key comes late: which keys forbid the access is asked beside it.
      rights  = '{w: hit_data_i.w, u: hit_data_i.u, nx: hit_data_i.nx};
      forbids = keys_forbid(keys_i, c_access_i, rules_i);
      passes  = page_passes('{s: hit_data_i.s, rights: rights}, c_access_i, rules_i) &&
          !forbids[{hit_data_i.u, hit_data_i.key, 1'b0}];
      if (!hit_i) begin
        walk_o = 1'b1;
      end else if (!passes) begin
        // SDM 5.6.1, against cached rights: confirmed by a walk from the root, or reported at once
        walk_o    = Rewalk;
        confirm_o = Rewalk;
        valid_o   = !Rewalk;
        kind_o    = KindPf;
        err_o     = rights_error(page_o, c_access_i, rules_i);
      end else if (c_access_i.acc == AccWrite && !hit_data_i.d) begin
        walk_o = 1'b1;  // SDM 5.8: D must be set in memory first
      end else begin
        touch_o = 1'b1;
        valid_o = 1'b1;
      end
    end else if (grant_i) begin
      unique case (fin_outcome_i)
        OutFault: begin
          kind_o = KindPf;
          err_o = fin_err_i;
        end
        OutMemErr: kind_o = KindMemErr;
        default: ;
      endcase
    end
  end
endmodule
