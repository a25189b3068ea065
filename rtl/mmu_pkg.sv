// Types, encodings and the stateless rules of the MMU. Every literal bit range of an x86 entry or of a state word
// appears here once, with a name. Rules: docs/microarchitecture.md sections 3, 4, 6, 17; SDM volume 3A, chapters 4 and
// 5. A feature that is not built in (ARCH_… = 0) is a constant 0 in its rule, so nothing of it remains.
package mmu_pkg;
  import mmu_cfg_pkg::*;

  localparam int unsigned NumFetch = PORTS_FETCH;
  localparam int unsigned NumData = PORTS_DATA;
  localparam int unsigned NumPorts = PORTS_FETCH + PORTS_DATA;
  localparam int unsigned NumEntries = MISS_QUEUE_ENTRIES;
  localparam int unsigned NumWalkers = WALKERS_COUNT;
  localparam int unsigned Stages = STLB_LATENCY - 2;  // k of section 9: stage k is C, stage k-1 is R
  localparam bit Rewalk = POLICY_FAULT_REWALK != 0;
  localparam int unsigned PaBits = ARCH_PADDR_BITS;
  localparam int unsigned LinearBits = ARCH_LA57 != 0 ? 57 : 48;  // of a canonical address, which are all that count
  localparam int unsigned AddrBits = LinearBits > PaBits ? LinearBits : PaBits;
  localparam bit Keys = ARCH_PKU != 0 || ARCH_PKS != 0;  // an entry has a protection key
  localparam bit ShadowStacks = ARCH_CET != 0;
  localparam int unsigned ReplyWords = WALKERS_REPLY_BYTES / 8;  // of 8 bytes, in what memory answers a read with
  localparam int unsigned ReplyLow = $clog2(WALKERS_REPLY_BYTES);  // addresses equal from here up: the same R bytes
  typedef logic [ReplyWords-1:0][63:0] reply_t;
  typedef logic [(ReplyWords > 1 ? $clog2(ReplyWords) : 1)-1:0] reply_place_t;

  // ---- Requests and responses (section 2) ----
  typedef logic [1:0] acc_t;
  localparam acc_t AccWrite = 2'd1, AccExec = 2'd2;
  typedef logic [1:0] kind_t;
  localparam kind_t KindOk = 2'd0, KindGp = 2'd1, KindPf = 2'd2, KindMemErr = 2'd3;
  typedef logic [1:0] src_t;
  localparam src_t SrcL1 = 2'd0, SrcStlb = 2'd1, SrcWalk = 2'd2, SrcMerged = 2'd3;
  typedef logic [1:0] psize_t;  // 0 4K, 1 2M, 2 1G; in a PSC entry level-2
  typedef logic [44:0] vpn_t;  // VA[56:12]
  typedef logic [39:0] frame_t;  // PA[51:12]
  typedef logic [AddrBits-1:0] addr_t;  // a canonical linear or a physical address
  typedef logic [5:0] entry_t;  // number of a miss-queue entry
  typedef logic [3:0] walker_t;  // number of a walker, the memory tag
  typedef logic [NumWalkers-1:0] walkers_t;  // a set of them
  typedef logic [6:0] err_t;  // page-fault error code, SDM 5.7
  typedef logic [2:0] mt_t;  // memory type, coded as in IA32_PAT
  typedef logic [1:0] cache_t;  // {PCD, PWT} of a table

  // The access, as the rules of section 6 see it: shadow stack, EFLAGS.AC, implicit supervisor, CPL = 3, and what it
  // does.
  typedef struct packed {
    logic       ss, ac, imp, user;
    acc_t       acc;
  } access_t;

  // What the requester said, as it stands in bits 21:4 of a miss-queue state word.
  typedef struct packed {
    access_t    access;
    logic [7:0] id;
    logic [3:0] port;
  } req_t;

  // What the requester is told, as it stands in bits 47:29 of a miss-queue state word; and as it is kept, for a page
  // fault has an error code and only a translation the others.
  typedef struct packed {
    mt_t        mt;
    logic [2:0] pat;
    psize_t     size;
    err_t       err;
    kind_t      kind;
    src_t       src;
  } res_t;

  typedef struct packed {
    logic [7:0] what;                                          // KindOk: mt, pat, size; KindPf: err
    kind_t      kind;
    src_t       src;
  } kept_t;

  // ---- TLB and PSC entries (section 4): one tag word, one data word ----
  typedef struct packed {
    logic [2:0]  zero;
    vpn_t        vpn;
    logic [11:0] pcid;
    logic        glob;
    psize_t      size;
    logic        valid;
  } tag_t;

  typedef struct packed {
    logic [11:0] zero;
    logic        s;                                            // a shadow-stack page
    logic [3:0]  key;
    logic [2:0]  pat;
    logic        d, nx, u, w;
    frame_t      frame;
  } data_t;

  typedef struct packed {  // an entry for the STLB; its PCID is the current one
    vpn_t       vpn;
    psize_t     size;
    logic       glob;
    data_t      data;
  } stlb_new_t;

  // ---- Control (sections 3, 13) ----
  typedef struct packed {  // what the rights of an access depend on
    logic wp, nxe, smep, smap, cet;
  } rules_t;
  typedef struct packed {  // PKRU and IA32_PKRS where CR4 has them on, else 0
    logic [31:0] user, supervisor;  // … of which addresses they decide
  } keys_t;
  typedef struct packed {  // what makes an address canonical
    logic la57, lam_sup, lam_u57, lam_u48;
  } linear_t;
  typedef struct packed {  // what makes a memory type of a PAT index
    logic            cd;
    logic [7:0][2:0] pat;                                      // bits 8i+2:8i of IA32_PAT; the others are 0
  } types_t;
  typedef struct packed {
    logic        pge, pcide, pse, pke, pks, tce;
    frame_t      base;                                         // CR3[51:12]
    logic [11:0] low;                                          // CR3[11:0]
  } regs_t;
  localparam logic [7:0][2:0] PatReset = {3'd0, 3'd7, 3'd4, 3'd6, 3'd0, 3'd7, 3'd4, 3'd6};  // SDM 13.12.4
  typedef enum logic [2:0] {
    CtlIdle,
    CtlDrain,
    CtlExec,
    CtlSweep,
    CtlDone
  } ctl_state_t;
  // What an invalidation drops (section 13); InvInit also sets the STLB's replacement state.
  typedef enum logic [2:0] {
    InvNone,
    InvAddress,
    InvTarget,
    InvNonGlobal,
    InvContext,
    InvAllNonGlobal,
    InvAll,
    InvInit
  } inv_t;

  // ---- STLB pipeline tokens (section 9) ----
  typedef enum logic [1:0] {
    TokNone,
    TokLookup,
    TokFinv,
    TokFill
  } token_t;

  // ---- Walkers (section 11) ----
  typedef enum logic [2:0] {
    WkIdle,
    WkReq,
    WkWait,
    WkCas,
    WkCasWait,
    WkFin
  } walk_state_t;
  typedef enum logic [1:0] {
    OutOk,
    OutFault,
    OutMemErr
  } outcome_t;
  typedef struct packed {  // of an error code, what the entry decides
    logic pk, rsvd, p;
  } why_t;
  typedef struct packed {
    logic w, u, nx;  // AND of R/W, AND of U/S, OR of XD so far
  } rights_t;
  typedef struct packed {  // what a page grants, but for its key
    logic       s;                                             // a shadow-stack page
    rights_t    rights;
  } grants_t;
  typedef struct packed {  // of an L1's entry, what is judged
    logic       s;
    logic [3:0] key;
    logic       d, nx, u, w;
  } judged_t;
  typedef struct packed {logic ok, denied;} verdict_t;
  typedef struct packed {  // what a page grants (section 6)
    logic       s;                                             // a shadow-stack page
    logic       wd, ad;                                        // its key forbids writes; all data accesses
    rights_t    rights;
  } page_t;
  typedef struct packed {  // how a walk begins (section 10)
    frame_t     base;
    cache_t     cache;
    logic [2:0] level;
    logic       from_psc;
    rights_t    rights;
    logic [8:0] index;                                         // of the entry in the table
  } start_t;

  // ---- Bits of a paging-structure entry (SDM 5.5.4, tables of formats) ----
  localparam int unsigned BitP = 0, BitRw = 1, BitUs = 2, BitPwt = 3, BitPcd = 4, BitA = 5, BitD = 6, BitPs = 7,
                          BitG = 8, BitPat4k = 7, BitPatBig = 12, BitKeyLow = 59, BitXd = 63;
  localparam logic [63:0] MaskA = 64'd1 << BitA;
  localparam logic [63:0] MaskD = 64'd1 << BitD;

  // Position of the lowest 1 of x; 0 if there is none.
  function automatic entry_t lowest(input logic [63:0] x_i);
    logic [63:0] x;
    entry_t      n;
    x = x_i;
    n = '0;
    for (int b = 5; b >= 0; b--) begin
      if ((x & ((64'd1 << (6'd1 << b)) - 64'd1)) == '0) begin
        x = x >> (6'd1 << b);
        n[b] = 1'b1;
      end
    end
    return (x_i == '0) ? '0 : n;
  endfunction

  function automatic walkers_t first_walker(input walkers_t x);
    return x & (~x + walkers_t'(1));
  endfunction

  // SDM "Linear-address pre-processing": the upper bits repeat the top bit of the linear-address width.
  function automatic logic canonical(input logic [63:47] va, input logic la57);
    return (va[63:56] == '0 || va[63:56] == '1) && (la57 || va[55:47] == {9{va[56]}});
  endfunction

  // SDM 4.4 "Linear-Address Masking": the highest bit that still counts, by bit 63 of the pointer, not by CPL. Only
  // data accesses of software: neither fetches nor implicit accesses.
  typedef enum logic [1:0] {
    LamNone,
    Lam48,
    Lam57
  } lam_t;  // bit 47, bit 56
  // verilator lint_off UNUSEDSIGNAL
  // (a rule reads of the access and of the registers what it speaks of)
  function automatic lam_t lam_of(input logic va63, input access_t a, input linear_t l);
    if (ARCH_LAM == 0 || a.acc == AccExec || a.imp) return LamNone;
    if (va63) return !l.lam_sup ? LamNone : l.la57 ? Lam57 : Lam48;  // CR4.LAM_SUP: the present linear-address width
    return l.lam_u57 ? Lam57 : l.lam_u48 ? Lam48 : LamNone;  // CR3.LAM_U57 before CR3.LAM_U48
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  // SDM 4.4: the bits between that one and bit 63 become copies of bit 63.
  function automatic logic [63:0] lam_masked(input logic [63:0] va, input lam_t lam);
    return lam == Lam57 ? {{7{va[63]}}, va[56:0]} : lam == Lam48 ? {{16{va[63]}}, va[47:0]} : va;
  endfunction

  // The masked address is canonical, and (SDM 4.4) its highest bit that counts equals bit 63. For bit 56 the former
  // implies the latter.
  function automatic logic access_canonical(input logic [63:47] masked, input lam_t lam, input logic la57);
    return canonical(masked, la57) && (lam != Lam48 || masked[47] == masked[63]);
  endfunction

  // SDM 5.9.2, 13.12.3: the field of IA32_PAT that the index names; choice: CR0.CD = 1 makes it UC (0).
  function automatic mt_t memory_type(input logic [2:0] index, input types_t t);
    return t.cd ? '0 : t.pat[index];
  endfunction

  // A VPN with the bits below `size` zero.
  function automatic vpn_t vpn_floor(input vpn_t vpn, input psize_t size);
    return vpn & ('1 << (size == 2'd0 ? 6'd0 : size == 2'd1 ? 6'd9 : size == 2'd2 ? 6'd18 : 6'd27));
  endfunction

  // As vpn_floor, for an entry of a paging-structure cache: level l = size+2 leaves VA[56:12+9(l-1)].
  function automatic vpn_t vpn_floor_psc(input vpn_t vpn, input psize_t size);
    return vpn & ('1 << (size == 2'd0 ? 6'd9 : size == 2'd1 ? 6'd18 : size == 2'd2 ? 6'd27 : 6'd36));
  endfunction

  // SDM 5.6.2: PKRU is for user-mode addresses, whoever accesses them, IA32_PKRS for the others: {WD, AD} of the key.
  function automatic logic [1:0] key_forbids(input logic [3:0] key, input logic u, input keys_t keys);
    return !Keys ? 2'b00 : keys[{u, key, 1'b0}+:2];
  endfunction

  // verilator lint_off UNUSEDSIGNAL
  // (validity is kept beside the tags; frame and PAT index are no rights)
  // What an invalidation of no single address drops, validity apart (SDM 5.10.4.1). Entries of the PSC are never
  // global.
  function automatic logic inv_drops(input tag_t tag, input inv_t inv, input logic [11:0] pcid);
    unique case (inv)
      InvNonGlobal:    return !tag.glob && tag.pcid == pcid;   // MOV CR3, INVPCID type 1
      InvContext:      return tag.glob || tag.pcid == pcid;    // MOV CR4, SMEP 0→1
      InvAllNonGlobal: return !tag.glob;                       // INVPCID type 3
      InvAll, InvInit: return 1'b1;
      default:         return 1'b0;
    endcase
  endfunction

  // What a page grants, of its TLB entry.
  function automatic page_t page_of(input data_t d, input keys_t keys);
    logic wd, ad;
    {wd, ad} = key_forbids(d.key, d.u, keys);
    return '{s: d.s, wd: wd, ad: ad, rights: '{w: d.w, u: d.u, nx: d.nx}};
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  // An invalidation of one address: by the sets of its page sizes, not set by set.
  function automatic logic one_address(input inv_t inv);
    return inv == InvAddress || inv == InvTarget;
  endfunction

  // A canonical linear address, whole again.
  function automatic logic [63:0] linear_of(input addr_t a);
    return {{(64 - LinearBits) {a[LinearBits-1]}}, a[LinearBits-1:0]};
  endfunction

  // A result as it is kept, and back.
  function automatic kept_t kept(input res_t r);
    return '{what: r.kind == KindPf ? {1'b0, r.err} : {r.mt, r.pat, r.size}, kind: r.kind, src: r.src};
  endfunction
  function automatic res_t told(input kept_t k);
    logic ok, pf;
    ok = k.kind == KindOk;
    pf = k.kind == KindPf;
    return
    '{
        mt: ok ? k.what[7:5] : '0,
        pat: ok ? k.what[4:2] : '0,
        size: ok ? k.what[1:0] : '0,
        err: pf ? k.what[6:0] : '0,
        kind: k.kind,
        src: k.src
    }
    ;
  endfunction

  // The address that a result tells: the physical one, or (SDM 5.7) the linear one for CR2, which is canonical: its
  // highest bit goes on above it.
  function automatic addr_t told_address(input kind_t kind, input addr_t a);
    return kind == KindOk ? addr_t'(a[PaBits-1:0]) : kind == KindPf ? addr_t'(linear_of(a)) : '0;
  endfunction

  function automatic logic [63:0] physical(input frame_t frame, input logic [29:0] va, input psize_t size);
    logic [29:0] below;
    below = size == 2'd0 ? 30'hFFF : size == 2'd1 ? 30'h1F_FFFF : 30'h3FFF_FFFF;
    return {12'd0, frame, 12'd0} | {34'd0, va & below};
  endfunction

  // verilator lint_off UNUSEDSIGNAL
  // (a rule reads of the access and of the registers what it speaks of)
  // SDM 5.6 "access mode": an implicit access is a supervisor-mode access whatever the CPL.
  function automatic logic user_mode(input access_t a);
    return a.user && !a.imp;
  endfunction

  // SDM 5.6: a shadow-stack access. Without CR4.CET there is none; a fetch is none.
  function automatic logic shadow_stack(input access_t a, input rules_t r);
    return ShadowStacks && a.ss && r.cet && a.acc != AccExec;
  endfunction

  // SDM 5.6.2: protection keys limit data accesses. AD forbids all, WD writes (of a supervisor only with CR0.WP). Of
  // all keys at once, for the key may come late: bit {u, key, 0} says whether it forbids this access.
  function automatic logic [63:0] keys_forbid(input keys_t keys, input access_t a, input rules_t r);
    keys_t wd;
    wd = '{user: (r.wp || user_mode(a)) ? keys.user >> 1 : '0, supervisor: r.wp ? keys.supervisor >> 1 : '0};
    return !Keys || a.acc == AccExec ? '0 : keys | (a.acc == AccWrite ? wd : '0);
  endfunction
  // The same of one page: its key as key 0.
  function automatic logic key_violation(input page_t page, input access_t a, input rules_t r);
    logic [63:0] forbids;
    forbids = keys_forbid('{user: 32'({page.wd, page.ad}), supervisor: 32'({page.wd, page.ad})}, a, r);
    return forbids[{page.rights.u, 5'd0}];
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  // SDM 5.6.1 without the keys, with the register values of the moment of the check: of all that a page can grant, bit
  // n for the grants_t n, whether it passes. (All at once, for what a page grants may come late.)
  function automatic logic [15:0] grants_pass(input access_t a, input rules_t r);
    logic [15:0] s, w, u, nx, mode_ok, write_ok, fetch_ok;
    logic user, ss, fetch;
    {s, w, u, nx} = {16'hFF00, 16'hF0F0, 16'hCCCC, 16'hAAAA};  // of which n the bit is set
    user     = user_mode(a);
    ss       = shadow_stack(a, r);
    fetch    = a.acc == AccExec;
    mode_ok  = ss    ? s & (user ? u : ~u)                     // shadow stack: to a shadow-stack page of its own mode
             : user  ? u                                       // user mode: to user-mode addresses
             : fetch ? (r.smep ? ~u : '1)                      // SMEP: no supervisor fetch from user-mode addresses
             : r.smap && (a.imp || !a.ac) ? ~u : '1;           // SMAP: nor data, unless explicit with EFLAGS.AC = 1
    // write: R/W = 1, or supervisor with CR0.WP = 0
    write_ok = a.acc != AccWrite || ss || (!user && !r.wp) ? '1 : w;
    fetch_ok = !fetch || !r.nxe ? '1 : ~nx;                    // fetch: XD = 0, or EFER.NXE = 0
    return mode_ok & write_ok & fetch_ok;
  endfunction
  function automatic logic page_passes(input grants_t page, input access_t a, input rules_t r);
    logic [15:0] passes;
    passes = grants_pass(a, r);
    return passes[page];
  endfunction

  // What an L1's entry says to an access, of its data what is asked for that (judged_t), and of the access what
  // grants_pass and keys_forbid say of it. A write with D = 0 is neither: it needs a walk.
  // verilator lint_off UNUSEDSIGNAL
  function automatic judged_t judged(input data_t word);
    return '{s: ShadowStacks && word.s, key: Keys ? word.key : '0, d: word.d, nx: word.nx, u: word.u, w: word.w};
  endfunction
  // verilator lint_on UNUSEDSIGNAL
  function automatic verdict_t verdict(input judged_t d, input logic write, input logic [15:0] grants,
                                       input logic [63:0] forbids);
    logic passes;
    passes = grants[{d.s, d.w, d.u, d.nx}] && !forbids[{d.u, d.key, 1'b0}];
    return '{ok: passes && (!write || d.d), denied: !passes};
  endfunction

  // SDM 5.6.1 and 5.6.2.
  function automatic logic rights_pass(input page_t page, input access_t a, input rules_t r);
    return page_passes('{s: page.s, rights: page.rights}, a, r) && !key_violation(page, a, r);
  endfunction

  // SDM 5.7: bit 0 P, 1 W/R, 2 U/S, 3 RSVD, 4 I/D (fetch, with EFER.NXE or CR4.SMEP), 5 PK, 6 SS.
  function automatic err_t error_code(input why_t why, input access_t a, input rules_t r);
    return {
      shadow_stack(a, r),
      why.pk,
      a.acc == AccExec && (r.nxe || r.smep),
      why.rsvd,
      user_mode(a),
      a.acc == AccWrite,
      why.p
    };
  endfunction

  // SDM 5.7: a fault of rights has P = 1, and PK whenever the key forbids the access, whatever other right fails too.
  function automatic why_t rights_why(input page_t page, input access_t a, input rules_t r);
    return '{pk: key_violation(page, a, r), rsvd: 1'b0, p: 1'b1};
  endfunction
  function automatic err_t rights_error(input page_t page, input access_t a, input rules_t r);
    return error_code(rights_why(page, a, r), a, r);
  endfunction

  // A leaf maps a page: every PTE; a PDE or PDPTE with PS = 1 (SDM 5.5.4).
  function automatic logic is_leaf(input logic [63:0] v, input logic [2:0] level);
    return level == 3'd1 || ((level == 3'd2 || level == 3'd3) && v[BitPs]);
  endfunction

  // SDM 5.8: what is set in an entry that is used: A, and D if it is the leaf of a write.
  function automatic logic [63:0] used_bits(input logic [63:0] v, input logic [2:0] level, input acc_t acc);
    return MaskA | (acc == AccWrite && is_leaf(v, level) ? MaskD : 64'd0);
  endfunction

  // Bits 51:M of an entry and of a frame are 0.
  localparam logic [63:0] EntryBits = ~(64'h000F_FFFF_FFFF_FFFF & ('1 << PaBits));
  localparam frame_t FrameBits = EntryBits[51:12];

  // SDM 5.5.4: bits that must be 0 in an entry with P = 1.
  function automatic logic reserved(input logic [63:0] v, input logic [2:0] level, input logic nxe);
    logic above_m, xd, ps, below, amd;
    above_m = (v[51:0] >> PaBits) != '0;                       // bits 51:M
    xd      = v[BitXd] && !nxe;
    ps      = v[BitPs] && (level >= 3'd4 || (level == 3'd3 && ARCH_PAGE_1G == 0));
    below   = v[BitPs] && ((level == 3'd2 && v[20:13] != '0) || (level == 3'd3 && v[29:13] != '0));
    amd     = ARCH_AMD != 0 && v[BitG] && level >= 3'd4;       // APM vol 2, 5.3: bit 8 of PML4E and PML5E
    return above_m || xd || ps || below || amd;
  endfunction

  // VA[11+9l : 12+9(l-1)]: which entry of a table of level l (SDM 5.5.4).
  function automatic logic [8:0] table_index(input vpn_t vpn, input logic [2:0] level);
    unique case (level[1:0])
      2'd0:    return vpn[35:27];
      2'd1:    return ARCH_LA57 != 0 && level[2] ? vpn[44:36] : vpn[8:0];
      2'd2:    return vpn[17:9];
      default: return vpn[26:18];
    endcase
  endfunction

  // ---- State readout (section 17): word 0 of a valid entry; arrays keep the valid bits apart from the tags ----
  function automatic tag_t valid_tag(input tag_t tag);
    valid_tag       = tag;
    valid_tag.valid = 1'b1;
  endfunction

  // ---- Replacement (section 5) ----
  // State of a set is two words: `low` has the PLRU nodes 0 to 63, or the LRU ranks, four bits a way; `high` has the
  // PLRU nodes 64 to 127, of an array with more than 64 ways. `lru` and `ways` are constants wherever these are called.
  // Node n has the children 2n and 2n+1, the leaf of way w is P + w; bit n says where the victim is: 0 left, 1 right.
  function automatic int unsigned plru_leafs(input int unsigned ways);
    return 1 << $clog2(ways);  // P
  endfunction

  function automatic logic [63:0] repl_initial(input logic lru, input int unsigned ways);
    logic [63:0] s;
    s = '0;
    for (int unsigned w = 0; w < 16; w++) if (lru && w < ways) s[4*w+:4] = 4'(w);
    return s;
  endfunction

  function automatic logic [63:0] repl_touched(input logic [63:0] low, input logic lru, input int unsigned ways,
                                               input logic [6:0] way);
    logic [63:0] s;
    logic [7:0]  node;
    s = low;
    if (lru) begin  // younger ways age by one, this one becomes the youngest
      for (int unsigned w = 0; w < 16; w++) begin
        if (w < ways && low[4*w+:4] < low[{way[3:0], 2'b00}+:4]) s[4*w+:4] = low[4*w+:4] + 4'd1;
      end
      s[{way[3:0], 2'b00}+:4] = 4'd0;
    end else begin  // every node on the path points away from the way
      node = 8'(plru_leafs(ways)) | {1'b0, way};
      for (int unsigned l = 0; l < 7; l++) begin
        if (l < $clog2(ways)) begin
          if (node[7:1] < 7'd64) s[node[6:1]] = !node[0];
          node = node >> 1;
        end
      end
    end
    return s;
  endfunction

  function automatic logic [6:0] repl_victim(input logic [63:0] low, input logic [63:0] high, input logic lru,
                                             input int unsigned ways);
    logic [6:0]  way;
    logic [7:0]  node;
    logic        right;
    way = '0;
    if (lru) begin
      for (int unsigned w = 0; w < 16; w++) if (w < ways && low[4*w+:4] == 4'(ways - 1)) way = 7'(w);
    end else begin
      node = 8'd1;
      for (int unsigned l = 0; l < 7; l++) begin
        if (l < $clog2(ways)) begin
          right = node[6] ? high[node[5:0]] : low[node[5:0]];
          // Never right when the right subtree's first leaf lies beyond the last way.
          if ((((32'(node) << 1) | 1) << ($clog2(ways) - 1 - l)) - plru_leafs(ways) >= ways) right = 1'b0;
          node = {node[6:0], right};
        end
      end
      way = 7'(32'(node) - plru_leafs(ways));
    end
    return way;
  endfunction
endpackage
