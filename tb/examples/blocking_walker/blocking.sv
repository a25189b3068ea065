// The plainest MMU that can stand behind the bench: one request at a time, no TLB, no walk cache, every access walks
// from the root. It shares nothing with rtl/ but the ports and the preset, and is meant to be read before you bring
// your own.
//
//     cycle   t       t+1     t+2    t+2+L   ...  (each entry: offer, then L cycles of memory)
//     state   IDLE -> START -> READ -> READ_WAIT -> READ ... -> RESPOND -> IDLE
//                                        |   ^
//                                        v   |   A or D is 0: set it, look again at what was there
//                                       CAS -> CAS_WAIT
//
// Nothing is cached, so no control operation has anything to invalidate and every page fault is fresh. State
// words are not offered: state_data_o is constant.
module blocking
  import mmu_cfg_pkg::*;
#(
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA
) (
  `include "mmu_ports.svh"
);

  typedef enum logic [2:0] {
    IDLE,       // offers one port, or the control port, at a time; they take turns
    START,      // has a request; 1 cycle
    READ,       // offers the read of the entry at addr_q until it is accepted
    READ_WAIT,  // waits for the line, or the entry
    CAS,        // offers the A/D update until it is accepted
    CAS_WAIT,   // waits for what the entry held
    RESPOND     // the response is on the port; 1 cycle
  } state_e;

  typedef enum logic [1:0] {
    KindOk,
    KindGp,
    KindPf,
    KindMemErr
  } kind_e;
  typedef enum logic [1:0] {
    AccRead,
    AccWrite,
    AccExecute
  } acc_e;

  typedef struct packed {
    logic [7:0]  id;
    logic [63:0] va;     // masked (SDM 3A 4.4)
    acc_e        acc;
    logic        user;   // the access mode, not the CPL
    logic        imp, ac, ss;
  } request_t;

  typedef struct packed {
    kind_e       kind;
    logic [15:0] err;
    logic [63:0] addr;
    logic [1:0]  size;
    logic [2:0]  pat;
  } result_t;

  typedef struct packed {logic pse, pge, la57, pcide, smep, smap, pke, cet, pks, lam_sup;} cr4_t;

  localparam int unsigned TurnBits = $clog2(NP + 1);
  localparam logic [TurnBits-1:0] TurnControl = TurnBits'(NP);
  localparam int unsigned BitP = 0, BitW = 1, BitU = 2, BitPwt = 3, BitPcd = 4, BitA = 5, BitD = 6, BitPs = 7,
                          BitXd = 63;
  localparam int unsigned BitP5 = 8;  // of an AMD PML4E or PML5E: reserved
  localparam logic [63:0] PatReset = 64'h0007_0406_0007_0406;

  state_e               state_q;
  logic [TurnBits-1:0]  turn_q;        // who may ask: a port number, or TurnControl
  logic [TurnBits-1:0]  port_q;        // the port of req_q
  request_t             req_q;
  result_t              res_q;
  logic [2:0]           level_q;       // of the entry at addr_q: 5 ... 1
  logic [51:0]          addr_q;
  logic [1:0]           cacheable_q;   // PCD, PWT of the table at addr_q
  logic [63:0] expected_q, desired_q;
  logic w_q, u_q, nx_q;  // rights combined from the root to the entry above
  logic done_q, gp_q;
  // registers
  logic cr0_wp_q, cr0_cd_q, cr3_u48_q, cr3_u57_q, efer_nxe_q;
  logic [51:0]          cr3_q;
  cr4_t                 cr4_q;
  logic [31:0] pkru_q, pkrs_q;
  logic [63:0] pat_q;

  // ---- the access, before the walk ----

  // SDM 3A 4.4: linear-address masking. Bit m takes the place of bit 63 in the test; the bits above it become copies of
  // it.
  function automatic logic [63:0] copies_from(logic [63:0] va, int unsigned m);
    logic [63:0] masked;
    masked = va;
    for (int unsigned i = 0; i < 63; i++) if (i > m) masked[i] = va[63];
    return masked;
  endfunction

  function automatic logic is_canonical(logic [63:47] top, logic la57);
    return la57 ? (top[63:56] == {8{top[63]}}) : (top == {17{top[63]}});
  endfunction

  logic mask_57, mask_48, canonical;
  logic [63:0] va;
  logic [2:0]  root_level;

  always_comb begin : judge_address
    mask_57 = req_q.va[63] ? cr4_q.lam_sup && cr4_q.la57 : cr3_u57_q;
    mask_48 = req_q.va[63] ? cr4_q.lam_sup && !cr4_q.la57 : cr3_u48_q && !cr3_u57_q;
    if (req_q.acc == AccExecute || req_q.imp) {mask_57, mask_48} = '0;
    va        = req_q.va;
    canonical = 1'b1;
    if (mask_57) begin
      canonical = va[56] == va[63];
      va        = copies_from(va, 56);
    end else if (mask_48) begin
      canonical = va[47] == va[63];
      va        = copies_from(va, 47);
    end
    canonical  = canonical && is_canonical(va[63:47], cr4_q.la57);
    root_level = cr4_q.la57 ? 3'd5 : 3'd4;
  end

  // ---- the walk ----

  // SDM 3A 5.5.4: what must be 0 in a present entry. Bit 8 above the PDPTs: APM vol 2, 5.3.
  function automatic logic reserved(logic [63:0] e, logic [2:0] level, logic nxe);
    return ((e[51:0] >> ARCH_PADDR_BITS) != '0) || (e[BitXd] && !nxe)
        || (e[BitPs] && (level >= 4 || (level == 3 && ARCH_PAGE_1G == 0)))
        || (e[BitPs] && level == 3 && e[29:13] != '0) || (e[BitPs] && level == 2 && e[20:13] != '0)
        || (e[BitP5] && level >= 4 && ARCH_AMD != 0);
  endfunction

  function automatic logic [51:0] entry_address(logic [51:12] frame, logic [63:0] address, logic [2:0] level);
    return {frame, address[6'd3+6'd9*6'(level)+:9], 3'b000};
  endfunction

  function automatic result_t translation(logic [63:0] e, logic [29:0] offset, logic [2:0] level);
    result_t t;
    t      = '0;
    t.size = 2'(level - 3'd1);
    t.pat  = {level == 1 ? e[7] : e[12], e[BitPcd], e[BitPwt]};
    unique case (level)
      3'd1:    t.addr[51:0] = {e[51:12], offset[11:0]};
      3'd2:    t.addr[51:0] = {e[51:21], offset[20:0]};
      default: t.addr[51:0] = {e[51:30], offset};
    endcase
    return t;
  endfunction

  // The entry that a reply brings, and what the walk makes of it.
  logic reply, write, fetch, ss, leaf, rights_pass, key_forbids, shadow_page, needs_update, w, u, nx;
  logic [3:0] key;
  logic [63:0] old, entry, updated;

  always_comb begin : judge_entry
    reply = mem_rsp_valid_i && (state_q == READ_WAIT || state_q == CAS_WAIT);
    old   = 64'(mem_rsp_data_i >> {addr_q[5:3] & 3'(WALKERS_REPLY_BYTES / 8 - 1), 6'd0});
    entry = (state_q == CAS_WAIT && old == expected_q) ? desired_q : old;
    write = req_q.acc == AccWrite;
    fetch = req_q.acc == AccExecute;
    ss    = req_q.ss && cr4_q.cet && !fetch;
    leaf  = level_q == 1 || (entry[BitPs] && level_q <= 3);
    w     = w_q && entry[BitW];
    u     = u_q && entry[BitU];
    nx    = nx_q || entry[BitXd];
    // SDM 3A 5.6.2: protection keys, of user pages (PKRU) and of supervisor pages (IA32_PKRS)
    key = entry[62:59];
    key_forbids = 1'b0;
    if (!fetch && u)
      key_forbids = cr4_q.pke && (pkru_q[{key, 1'b0}] || (pkru_q[{key, 1'b1}] && write && (req_q.user || cr0_wp_q)));
    else if (!fetch) key_forbids = cr4_q.pks && (pkrs_q[{key, 1'b0}] || (pkrs_q[{key, 1'b1}] && write && cr0_wp_q));
    // SDM 3A 5.6.1
    shadow_page = w_q && !entry[BitW] && entry[BitD];
    if (ss) rights_pass = shadow_page && u == req_q.user;
    else if (fetch) rights_pass = (req_q.user ? u : !(u && cr4_q.smep)) && !(nx && efer_nxe_q);
    else
      rights_pass = (req_q.user ? u : !(u && cr4_q.smap && (req_q.imp || !req_q.ac)))
                               && (w || !write || (!req_q.user && !cr0_wp_q));
    updated = entry;
    updated[BitA] = 1'b1;
    if (leaf && write) updated[BitD] = 1'b1;
    needs_update = updated != entry;
  end

  // SDM 3A 5.7
  function automatic result_t page_fault(logic present, logic rsvd, logic pk);
    result_t f;
    f      = '0;
    f.kind = KindPf;
    f.addr = req_q.va;
    f.err  = {9'b0, ss, pk, fetch && (efer_nxe_q || cr4_q.smep), rsvd, req_q.user, write, present};
    return f;
  endfunction

  // ---- control operations ----

  logic        gp;       // the operation on the port raises #GP(0)
  logic [63:0] data;
  cr4_t        new_cr4;

  function automatic logic bad_memory_types(logic [63:0] pat);
    logic bad;
    bad = 1'b0;
    for (int unsigned i = 0; i < 8; i++) bad |= pat[8*i+:8] > 8'd7 || pat[8*i+:8] == 8'd2 || pat[8*i+:8] == 8'd3;
    return bad;
  endfunction

  always_comb begin : judge_control
    data    = ctl_data_i;
    new_cr4 = '{pse: data[4], pge: data[7], la57: data[12], pcide: data[17], smep: data[20], smap: data[21],
                pke: data[22], cet: data[23], pks: data[24], lam_sup: data[28]};
    unique case (ctl_op_i)
      4'd0: gp = (!data[16] && cr4_q.cet) || (!data[31] && cr4_q.pcide);
      4'd1: gp = (data[60:0] >> ARCH_PADDR_BITS) != '0 || (data[62:61] != '0 && ARCH_LAM == 0)
              || (data[63] && !cr4_q.pcide);
      4'd2: gp = !data[5] || data[27] || (new_cr4.cet && !cr0_wp_q)
              || (new_cr4.pcide && !cr4_q.pcide && cr3_q[11:0] != '0)
              || (new_cr4.la57 && ARCH_LA57 == 0) || (new_cr4.pcide && ARCH_PCID == 0) || (new_cr4.pke && ARCH_PKU == 0)
              || (new_cr4.pks && ARCH_PKS == 0) || (new_cr4.cet && ARCH_CET == 0) || (new_cr4.lam_sup && ARCH_LAM == 0);
      4'd3: gp = (data[15] && ARCH_AMD == 0) || data[20];
      4'd5: gp = ctl_desc_i[63:12] != '0 || (!cr4_q.pcide && ctl_desc_i[11:0] != '0)
              || !is_canonical(data[63:47], cr4_q.la57);
      4'd6: gp = ctl_desc_i[63:12] != '0 || (!cr4_q.pcide && ctl_desc_i[11:0] != '0);
      4'd7, 4'd8: gp = ctl_desc_i[63:12] != '0;
      4'd9:    gp = data[63:32] != '0;
      4'd10:   gp = data[63:32] != '0 || ARCH_PKS == 0;
      4'd11:   gp = bad_memory_types(data);
      default: gp = 1'b0;
    endcase
  end

  always_ff @(posedge clk_i) begin : walk
    {done_q, gp_q} <= '0;
    unique case (state_q)
      IDLE: begin
        turn_q <= (turn_q == TurnControl) ? '0 : turn_q + 1'b1;
        for (int unsigned p = 0; p < NP; p++) begin
          if (turn_q == TurnBits'(p) && req_valid_i[p]) begin
            port_q  <= turn_q;
            req_q   <= '{id: req_id_i[p], va: req_va_i[p], acc: acc_e'(req_acc_i[p]),
                         user: req_user_i[p] && !req_imp_i[p], imp: req_imp_i[p], ac: req_ac_i[p], ss: req_ss_i[p]};
            state_q <= START;
          end
        end
        if (turn_q == TurnControl && ctl_valid_i) begin
          done_q <= 1'b1;
          gp_q   <= gp;
          if (!gp) begin
            unique case (ctl_op_i)
              4'd0:    {cr0_cd_q, cr0_wp_q} <= {data[30], data[16]};
              4'd1:    {cr3_u48_q, cr3_u57_q, cr3_q} <= {data[62:61], data[51:0]};
              4'd2:    cr4_q      <= new_cr4;
              4'd3:    efer_nxe_q <= data[11];
              4'd9:    pkru_q     <= data[31:0];
              4'd10:   pkrs_q     <= data[31:0];
              4'd11:   pat_q      <= data;
              default: ;  // INVLPG, INVPCID: nothing is cached
            endcase
          end
        end
      end
      START: begin
        {w_q, u_q, nx_q} <= 3'b110;
        req_q.va         <= va;
        level_q          <= root_level;
        addr_q           <= entry_address(cr3_q[51:12], va, root_level);
        cacheable_q      <= cr4_q.pcide ? 2'b00 : cr3_q[4:3];
        res_q            <= '0;
        if (!canonical) res_q.kind <= KindGp;
        state_q <= canonical ? READ : RESPOND;
      end
      READ: if (mem_req_ready_i) state_q <= READ_WAIT;
      CAS:  if (mem_req_ready_i) state_q <= CAS_WAIT;
      READ_WAIT, CAS_WAIT: if (reply) begin
        state_q <= RESPOND;  // unless the walk goes on
        if (mem_rsp_err_i) begin
          res_q.kind <= KindMemErr;
        end else if (!entry[BitP]) begin
          res_q <= page_fault(1'b0, 1'b0, 1'b0);
        end else if (reserved(entry, level_q, efer_nxe_q)) begin
          res_q <= page_fault(1'b1, 1'b1, 1'b0);
        end else if (leaf && !(rights_pass && !key_forbids)) begin
          res_q <= page_fault(1'b1, 1'b0, key_forbids);
        end else if (needs_update) begin
          expected_q <= entry;
          desired_q  <= updated;
          state_q    <= CAS;
        end else if (leaf) begin
          res_q <= translation(entry, req_q.va[29:0], level_q);
        end else begin
          {w_q, u_q, nx_q} <= {w, u, nx};
          level_q          <= level_q - 3'd1;
          addr_q           <= entry_address(entry[51:12], req_q.va, level_q - 3'd1);
          cacheable_q      <= {entry[BitPcd], entry[BitPwt]};
          state_q          <= READ;
        end
      end
      RESPOND: state_q <= IDLE;
      default: state_q <= IDLE;
    endcase
    if (rst_i) begin
      state_q <= IDLE;
      turn_q  <= '0;
      {done_q, gp_q} <= '0;
      {cr0_wp_q, cr0_cd_q, cr3_u48_q, cr3_u57_q, efer_nxe_q} <= '0;
      cr3_q   <= '0;
      cr4_q   <= '0;
      {pkru_q, pkrs_q} <= '0;
      pat_q   <= PatReset;
    end
  end

  // SDM 3A 5.9.2; CR0.CD: docs/microarchitecture.md 18
  function automatic logic [2:0] memory_type(logic [2:0] index);
    return cr0_cd_q ? 3'd0 : pat_q[{index, 3'b000}+:3];
  endfunction

  always_comb begin : drive_ports
    for (int unsigned p = 0; p < NP; p++) begin
      req_ready_o[p]  = state_q == IDLE && turn_q == TurnBits'(p);
      resp_valid_o[p] = state_q == RESPOND && port_q == TurnBits'(p);
    end
    resp_id_o   = {NP{req_q.id}};
    resp_kind_o = {NP{res_q.kind}};
    resp_err_o  = {NP{res_q.err}};
    resp_addr_o = {NP{res_q.addr}};
    resp_size_o = {NP{res_q.size}};
    resp_pat_o  = {NP{res_q.pat}};
    resp_mt_o   = {NP{res_q.kind == KindOk ? memory_type(res_q.pat) : 3'd0}};
    resp_src_o  = {NP{2'd2}};
  end

  assign ctl_ready_o        = state_q == IDLE && turn_q == TurnControl;
  assign ctl_done_o         = done_q;
  assign ctl_gp_o           = gp_q;
  assign mem_req_valid_o    = state_q == READ || state_q == CAS;
  assign mem_req_tag_o      = '0;
  assign mem_req_cas_o      = state_q == CAS;
  assign mem_req_mt_o       = memory_type({1'b0, cacheable_q});
  assign mem_req_addr_o     = addr_q;
  assign mem_req_expected_o = expected_q;
  assign mem_req_desired_o  = desired_q;
  assign waiting_o          = 1'b0;  // never claims it: the bench then skips nothing
  assign state_data_o       = '0;

  logic unused;
  assign unused = &{1'b0, mem_rsp_tag_i, state_sel_i, state_idx_i, cr4_q};

endmodule
