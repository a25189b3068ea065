// The request ports: accept, mask the address, look up the L1, answer in the next cycle or ask the miss queue for an
// entry.
//
//     cycle      t            t+1
//     request    A accepted
//     lookup     A            its data are read
//     asks       A            whether the entry is wanted is known out of registers
//     response                A (hit, or #GP) | a DONE entry of the miss queue
//
// Cost: 1 cycle for an L1 hit and for a non-canonical address; one request a port a cycle.
// Rules: docs/microarchitecture.md sections 2, 6, 7.
module mmu_front
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter bit Gated = 1'b0  // of mmu
) (
  input  logic                clk_i,
  input  logic                rst_i,
  input  rules_t              rules_i,
  input  keys_t               keys_i,
  input  linear_t             linear_i,
  input  types_t              types_i,
  input  logic [11:0]         pcid_i,
  input  logic                settle_i,                           // see mmu_tlb_array
  // requests: offered ones, and those of them that are accepted, which is known later
  input  logic [NumPorts-1:0] valid_i,
  input  logic [NumPorts-1:0] accept_i,
  input  logic [NumPorts-1:0][63:0] va_i,
  input  logic [NumPorts-1:0][7:0]  id_i,
  input  access_t             access_i [NumPorts],
  // to the miss queue
  output logic [NumPorts-1:0][63:0] va_o,                         // the address, masked: all that follows sees this one
  output logic [NumPorts-1:0] ask_o,                              // they ask for an entry; whether they want it is late
  output logic [NumPorts-1:0] want_o,                             // an entry: for a miss, if it is none of these
  output logic [NumPorts-1:0] confirm_o,
  output logic [NumPorts-1:0] fault_o,
  // … a cycle later, out of registers, of those that asked
  output logic [NumPorts-1:0] was_ok_o,                           // no entry is wanted
  output logic [NumPorts-1:0] was_confirm_o,
  output logic [NumPorts-1:0] was_fault_o,
  output err_t                was_err_o [NumPorts],               // … with this error code
  // from its response stage
  input  logic [NumPorts-1:0] done_i,
  input  logic [NumPorts-1:0] done_squashed_i,                    // … but nobody wants it any more
  input  logic [7:0]          done_id_i  [NumPorts],
  input  kept_t               done_res_i [NumPorts],
  input  addr_t               done_addr_i [NumPorts],
  // responses
  output logic [NumPorts-1:0] resp_o,
  output logic [7:0]          resp_id_o  [NumPorts],
  output res_t                resp_res_o [NumPorts],
  output logic [63:0]         resp_addr_o [NumPorts],
  // L1 fill and invalidation
  input  logic                fill_i,
  input  logic                fill_fetch_i,
  input  tag_t                fill_tag_i,
  input  data_t               fill_data_i,
  input  inv_t                inv_i,
  input  vpn_t                inv_vpn_i,
  input  logic [11:0]         inv_pcid_i,
  // state readout: entries and replacement state of 0 ITLB, 1 DTLB
  input  logic [1:0]          peek_i,
  input  logic [1:0]          peek_repl_i,
  input  logic [15:0]         peek_idx_i,
  output logic [63:0]         peek_word0_o,
  output logic [63:0]         peek_word1_o
);
  localparam int unsigned NP = NumPorts;

  // ---- SDM 4 "Linear-address pre-processing": masking; a non-canonical address is #GP, and is not looked up ----
  logic [NP-1:0] look, ok, denied, was_denied;
  vpn_t   vpn  [NP];
  psize_t size [NP];                                           // of the hit of the cycle before
  data_t  data [NP];
  always_comb begin : p_canonical
    lam_t lam;
    lam = LamNone;
    for (int unsigned p = 0; p < NP; p++) begin
      va_o[p] = 'x;
      vpn[p]  = 'x;
      look[p] = 1'b0;
      if (valid_i[p]) begin
        lam     = lam_of(va_i[p][63], access_i[p], linear_i);
        va_o[p] = lam_masked(va_i[p], lam);
        look[p] = access_canonical(va_o[p][63:47], lam, linear_i.la57);
        vpn[p]  = va_o[p][56:12];
      end
    end
  end

  logic [63:0] word0 [2];
  logic [63:0] word1 [2];
  for (genvar side = 0; side < 2; side++) begin : g_side  // 0 fetch, ITLB; 1 data, DTLB
    localparam int unsigned Base = side == 0 ? 0 : NumFetch;
    localparam int unsigned Ports = side == 0 ? NumFetch : NumData;
    vpn_t             side_vpn    [Ports];
    access_t          side_access [Ports];
    psize_t           side_size   [Ports];
    data_t            side_data   [Ports];
    for (genvar p = 0; p < int'(Ports); p++) begin : g_port
      assign side_vpn[p]    = vpn[Base+p];
      assign side_access[p] = access_i[Base+p];
      assign size[Base+p]   = side_size[p];
      assign data[Base+p]   = side_data[p];
    end
    mmu_l1tlb #(
      .Arrays(side == 0 ? ITLB_ARRAYS : DTLB_ARRAYS),
      .Holds({side == 0 ? ITLB_HOLDS[2] : DTLB_HOLDS[2], side == 0 ? ITLB_HOLDS[1] : DTLB_HOLDS[1],
              side == 0 ? ITLB_HOLDS[0] : DTLB_HOLDS[0]}),
      .Entries({side == 0 ? ITLB_ENTRIES[2] : DTLB_ENTRIES[2], side == 0 ? ITLB_ENTRIES[1] : DTLB_ENTRIES[1],
                side == 0 ? ITLB_ENTRIES[0] : DTLB_ENTRIES[0]}),
      .Ways({side == 0 ? ITLB_WAYS[2] : DTLB_WAYS[2], side == 0 ? ITLB_WAYS[1] : DTLB_WAYS[1],
             side == 0 ? ITLB_WAYS[0] : DTLB_WAYS[0]}),
      .Lru(side == 0 ? ITLB_REPLACEMENT != 0 : DTLB_REPLACEMENT != 0),
      .Ports(Ports),
      .Gated(Gated)
    ) u_l1tlb (
      .clk_i,
      .rst_i,
      .rules_i,
      .keys_i,
      .pcid_i,
      .settle_i,
      .try_i(valid_i[Base+:Ports]),
      .look_i(look[Base+:Ports]),
      .take_i(accept_i[Base+:Ports]),
      .vpn_i(side_vpn),
      .access_i(side_access),
      .ok_o(ok[Base+:Ports]),
      .denied_o(denied[Base+:Ports]),
      .was_ok_o(was_ok_o[Base+:Ports]),
      .was_denied_o(was_denied[Base+:Ports]),
      .size_o(side_size),
      .data_o(side_data),
      .fill_i(fill_i && fill_fetch_i == (side == 0)),
      .fill_tag_i,
      .fill_data_i,
      .inv_i,
      .inv_vpn_i,
      .inv_pcid_i,
      .peek_i(peek_i[side]),
      .peek_repl_i(peek_repl_i[side]),
      .peek_idx_i,
      .peek_word0_o(word0[side]),
      .peek_word1_o(word1[side])
    );
  end
  assign peek_word0_o = word0[0] | word0[1];
  assign peek_word1_o = word1[0] | word1[1];

  // A denied hit is confirmed by a walk from the root, or reported as it is; a write with D = 0 goes as a miss.
  assign ask_o     = accept_i & look;
  assign want_o    = accept_i & look & ~ok;                       // what may be used is not denied
  assign confirm_o = Rewalk ? denied : '0;
  assign fault_o   = Rewalk ? '0 : denied;
  assign was_confirm_o = Rewalk ? was_denied : '0;
  assign was_fault_o   = Rewalk ? '0 : was_denied;
  for (genvar p = 0; p < int'(NP); p++) begin : g_fault
    if (Rewalk) begin : g_rewalk
      assign was_err_o[p] = '0;
    end else begin : g_told
      access_t access_q;
      always_ff @(posedge clk_i) if (accept_i[p]) access_q <= access_i[p];
      always_comb begin : p_error
        was_err_o[p] = 'x;
        if (was_denied[p]) was_err_o[p] = rights_error(page_of(data[p], keys_i), access_q, rules_i);
      end
    end
  end

  // ---- Response registers ----
  logic [NP-1:0] resp_q, asked_q;
  always_ff @(posedge clk_i) begin : p_valid
    resp_q <= rst_i ? '0 : (done_i & ~done_squashed_i) | (accept_i & ~look);
    asked_q <= rst_i ? '0 : ask_o;
  end
  assign resp_o = resp_q | (asked_q & was_ok_o);

  // As they are told, but for what an L1 hit reads: what a kind of response does not tell is 0.
  for (genvar p = 0; p < int'(NP); p++) begin : g_response
    logic [7:0] id_q;
    res_t       res_q;
    addr_t      addr_q;
    logic       above_q;                                       // each bit above it
    always_ff @(posedge clk_i) begin : p_response
      if (done_i[p]) begin
        id_q    <= done_id_i[p];
        res_q   <= told(done_res_i[p]);
        addr_q  <= told_address(done_res_i[p].kind, done_addr_i[p]);
        above_q <= done_res_i[p].kind == KindPf && done_addr_i[p][LinearBits-1];
      end else if (accept_i[p]) begin
        id_q    <= id_i[p];
        above_q <= 1'b0;
        if (look[p]) begin
          res_q  <= '{mt: '0, pat: '0, size: '0, err: '0, kind: KindOk, src: SrcL1};
          addr_q <= AddrBits'(va_i[p][29:0]);
        end else begin
          res_q  <= '{mt: '0, pat: '0, size: '0, err: '0, kind: KindGp, src: SrcL1};
          addr_q <= '0;
        end
      end
    end
    assign resp_id_o[p] = id_q;
    // The data of an L1 hit are read now, and its memory type is told from its PAT index: before EXEC, two cycles after
    // the last hit, no register changes.
    always_comb begin : p_told
      resp_res_o[p]  = res_q;
      resp_addr_o[p] = {{(64 - AddrBits) {above_q}}, addr_q};
      if (asked_q[p]) begin
        resp_res_o[p].mt   = memory_type(data[p].pat, types_i);
        resp_res_o[p].pat  = data[p].pat;
        resp_res_o[p].size = size[p];
        resp_addr_o[p]     = physical(data[p].frame, addr_q[29:0], size[p]);
      end
    end
  end
endmodule
