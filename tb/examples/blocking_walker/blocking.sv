// The plainest MMU that can stand behind the bench: one request at a time, no TLB, no walk cache, every access walks from the
// root. It shares nothing with rtl/ but the ports and the preset, and is meant to be read before you bring your own.
//
//     cycle   t       t+1     t+2    t+2+L   ...  (each entry: offer, then L cycles of memory)
//     state   IDLE -> START -> READ -> READ_WAIT -> READ ... -> RESPOND -> IDLE
//                                        |   ^
//                                        v   |   A or D is 0: set it, look again at what was there
//                                       CAS -> CAS_WAIT
//
// Nothing is cached, so no control operation has anything to invalidate and every page fault is fresh.
module blocking
  import mmu_cfg_pkg::*;
#(
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  // requests
  input  logic [NP-1:0]        req_valid_i,
  output logic [NP-1:0]        req_ready_o,
  input  logic [NP-1:0][7:0]   req_id_i,
  input  logic [NP-1:0][63:0]  req_va_i,
  input  logic [NP-1:0][1:0]   req_acc_i,
  input  logic [NP-1:0]        req_user_i,
  input  logic [NP-1:0]        req_imp_i,
  input  logic [NP-1:0]        req_ac_i,
  input  logic [NP-1:0]        req_ss_i,
  // responses
  output logic [NP-1:0]        resp_valid_o,
  output logic [NP-1:0][7:0]   resp_id_o,
  output logic [NP-1:0][1:0]   resp_kind_o,
  output logic [NP-1:0][15:0]  resp_err_o,
  output logic [NP-1:0][63:0]  resp_pa_o,
  output logic [NP-1:0][1:0]   resp_size_o,
  output logic [NP-1:0][2:0]   resp_pat_o,
  output logic [NP-1:0][1:0]   resp_src_o,
  // control
  input  logic                 ctl_valid_i,
  output logic                 ctl_ready_o,
  input  logic [3:0]           ctl_op_i,
  input  logic [63:0]          ctl_data_i,
  output logic                 ctl_done_o,
  // memory
  output logic                 mem_req_valid_o,
  input  logic                 mem_req_ready_i,
  output logic [3:0]           mem_req_tag_o,
  output logic                 mem_req_cas_o,
  output logic [51:0]          mem_req_addr_o,
  output logic [63:0]          mem_req_expected_o,
  output logic [63:0]          mem_req_desired_o,
  input  logic                 mem_rsp_valid_i,
  input  logic [3:0]           mem_rsp_tag_i,
  input  logic                 mem_rsp_err_i,
  input  logic [511:0]         mem_rsp_data_i,
  // status and state words: not offered by this design
  output logic                 waiting_o,
  input  logic [3:0]           state_sel_i,
  input  logic [15:0]          state_idx_i,
  output logic [127:0]         state_data_o
);

  typedef enum logic [2:0] {
    IDLE,       // offers one port, or the control port, at a time; they take turns
    START,      // has a request; 1 cycle
    READ,       // offers the read of the entry at addr_q until it is accepted
    READ_WAIT,  // waits for the line
    CAS,        // offers the A/D update until it is accepted
    CAS_WAIT,   // waits for what the entry held
    RESPOND     // the response is on the port; 1 cycle
  } state_e;

  typedef enum logic [1:0] {KindOk, KindGp, KindPf, KindMemErr} kind_e;
  typedef enum logic [1:0] {AccRead, AccWrite, AccExecute} acc_e;

  typedef struct packed {
    logic [7:0]  id;
    logic [63:0] va;
    acc_e        acc;
    logic        user;
  } request_t;

  typedef struct packed {
    kind_e       kind;
    logic [15:0] err;
    logic [63:0] pa;
    logic [1:0]  size;
    logic [2:0]  pat;
  } result_t;

  localparam int unsigned TurnBits = $clog2(NP + 1);
  localparam logic [TurnBits-1:0] TurnControl = TurnBits'(NP);
  localparam int unsigned BitP = 0, BitW = 1, BitU = 2, BitPwt = 3, BitPcd = 4, BitA = 5, BitD = 6, BitPs = 7, BitXd = 63;

  state_e               state_q;
  logic [TurnBits-1:0]  turn_q;        // who may ask: a port number, or TurnControl
  logic [TurnBits-1:0]  port_q;        // the port of req_q
  request_t             req_q;
  result_t              res_q;
  logic [2:0]           level_q;       // of the entry at addr_q: 5 ... 1
  logic [51:0]          addr_q;
  logic [63:0]          expected_q, desired_q;
  logic                 w_q, u_q, nx_q;  // rights combined from the root to the entry above
  logic                 cr0_wp_q, cr4_la57_q, efer_nxe_q, done_q;
  logic [51:12]         cr3_q;

  // SDM 3A 5.5.4: what must be 0 in a present entry.
  function automatic logic reserved(logic [63:0] e, logic [2:0] level, logic nxe);
    return ((e[51:0] >> ARCH_PADDR_BITS) != '0) || (e[BitXd] && !nxe)
        || (e[BitPs] && (level >= 4 || (level == 3 && ARCH_PAGE_1G == 0)))
        || (e[BitPs] && level == 3 && e[29:13] != '0) || (e[BitPs] && level == 2 && e[20:13] != '0);
  endfunction

  function automatic logic [51:0] entry_address(logic [51:12] frame, logic [63:0] va, logic [2:0] level);
    return {frame, va[6'd3 + 6'd9 * 6'(level) +: 9], 3'b000};
  endfunction

  // SDM 3A 5.7
  function automatic result_t page_fault(logic execute, logic rsvd, logic user, logic write, logic present);
    result_t f;
    f      = '0;
    f.kind = KindPf;
    f.err  = {11'b0, execute, rsvd, user, write, present};
    return f;
  endfunction

  function automatic result_t translation(logic [63:0] e, logic [29:0] va, logic [2:0] level);
    result_t t;
    t      = '0;
    t.size = 2'(level - 3'd1);
    t.pat  = {level == 1 ? e[7] : e[12], e[BitPcd], e[BitPwt]};
    unique case (level)
      3'd1:    t.pa[51:0] = {e[51:12], va[11:0]};
      3'd2:    t.pa[51:0] = {e[51:21], va[20:0]};
      default: t.pa[51:0] = {e[51:30], va[29:0]};
    endcase
    return t;
  endfunction

  // The entry that a reply brings, and what the walk makes of it.
  logic        reply, write, execute, leaf, rights_pass, needs_update, w, u, nx, canonical;
  logic [63:0] old, entry, updated;
  logic [2:0]  root_level;

  always_comb begin : judge_entry
    reply   = mem_rsp_valid_i && (state_q == READ_WAIT || state_q == CAS_WAIT);
    old     = mem_rsp_data_i[{addr_q[5:3], 6'b0} +: 64];
    entry   = (state_q == CAS_WAIT && old == expected_q) ? desired_q : old;
    write   = req_q.acc == AccWrite;
    execute = req_q.acc == AccExecute && efer_nxe_q;  // an instruction fetch that XD can forbid
    leaf    = level_q == 1 || (entry[BitPs] && level_q <= 3);
    w       = w_q && entry[BitW];
    u       = u_q && entry[BitU];
    nx      = nx_q || entry[BitXd];
    // SDM 3A 5.6.1
    rights_pass = (u || !req_q.user) && !(nx && execute)
               && (w || !write || (!req_q.user && !cr0_wp_q));
    updated = entry;
    updated[BitA] = 1'b1;
    if (leaf && write) updated[BitD] = 1'b1;
    needs_update = updated != entry;
  end

  always_comb begin : judge_address
    root_level = cr4_la57_q ? 3'd5 : 3'd4;
    canonical  = cr4_la57_q ? (req_q.va[63:56] == {8{req_q.va[63]}}) : (req_q.va[63:47] == {17{req_q.va[63]}});
  end

  always_ff @(posedge clk_i) begin : walk
    done_q <= 1'b0;
    unique case (state_q)
      IDLE: begin
        turn_q <= (turn_q == TurnControl) ? '0 : turn_q + 1'b1;
        for (int unsigned p = 0; p < NP; p++) begin
          if (turn_q == TurnBits'(p) && req_valid_i[p]) begin
            port_q  <= turn_q;
            req_q   <= '{id: req_id_i[p], va: req_va_i[p], acc: acc_e'(req_acc_i[p]), user: req_user_i[p]};
            state_q <= START;
          end
        end
        if (turn_q == TurnControl && ctl_valid_i) begin
          done_q <= 1'b1;
          unique case (ctl_op_i)
            4'd0:    cr0_wp_q   <= ctl_data_i[16];
            4'd1:    cr3_q      <= 40'(ctl_data_i[ARCH_PADDR_BITS-1:12]);
            4'd2:    cr4_la57_q <= ctl_data_i[12] && (ARCH_LA57 != 0);
            4'd3:    efer_nxe_q <= ctl_data_i[11];
            default: ;  // INVLPG: nothing is cached
          endcase
        end
      end
      START: begin
        {w_q, u_q, nx_q} <= 3'b110;
        level_q          <= root_level;
        addr_q           <= entry_address(cr3_q, req_q.va, root_level);
        res_q            <= '0;
        if (!canonical) res_q.kind <= KindGp;
        state_q          <= canonical ? READ : RESPOND;
      end
      READ: if (mem_req_ready_i) state_q <= READ_WAIT;
      CAS:  if (mem_req_ready_i) state_q <= CAS_WAIT;
      READ_WAIT, CAS_WAIT: if (reply) begin
        state_q <= RESPOND;  // unless the walk goes on
        if (mem_rsp_err_i) begin
          res_q.kind <= KindMemErr;
        end else if (!entry[BitP]) begin
          res_q <= page_fault(execute, 1'b0, req_q.user, write, 1'b0);
        end else if (reserved(entry, level_q, efer_nxe_q)) begin
          res_q <= page_fault(execute, 1'b1, req_q.user, write, 1'b1);
        end else if (leaf && !rights_pass) begin
          res_q <= page_fault(execute, 1'b0, req_q.user, write, 1'b1);
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
          state_q          <= READ;
        end
      end
      RESPOND: state_q <= IDLE;
      default: state_q <= IDLE;
    endcase
    if (rst_i) begin
      state_q <= IDLE;
      turn_q  <= '0;
      {cr0_wp_q, cr4_la57_q, efer_nxe_q, done_q} <= '0;
      cr3_q   <= '0;
    end
  end

  always_comb begin : drive_ports
    for (int unsigned p = 0; p < NP; p++) begin
      req_ready_o[p]  = state_q == IDLE && turn_q == TurnBits'(p);
      resp_valid_o[p] = state_q == RESPOND && port_q == TurnBits'(p);
    end
    resp_id_o   = {NP{req_q.id}};
    resp_kind_o = {NP{res_q.kind}};
    resp_err_o  = {NP{res_q.err}};
    resp_pa_o   = {NP{res_q.pa}};
    resp_size_o = {NP{res_q.size}};
    resp_pat_o  = {NP{res_q.pat}};
    resp_src_o  = {NP{2'd2}};
  end

  assign ctl_ready_o        = state_q == IDLE && turn_q == TurnControl;
  assign ctl_done_o         = done_q;
  assign mem_req_valid_o    = state_q == READ || state_q == CAS;
  assign mem_req_tag_o      = '0;
  assign mem_req_cas_o      = state_q == CAS;
  assign mem_req_addr_o     = addr_q;
  assign mem_req_expected_o = expected_q;
  assign mem_req_desired_o  = desired_q;
  assign waiting_o          = 1'b0;  // never claims it: the bench then skips nothing
  assign state_data_o       = '0;

  logic unused;
  assign unused = &{1'b0, req_imp_i, req_ac_i, req_ss_i, mem_rsp_tag_i, state_sel_i, state_idx_i, ctl_data_i};

endmodule
