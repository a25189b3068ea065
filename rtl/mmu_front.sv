// The request ports: accept, look up the L1, answer in the next cycle or ask the miss queue for an entry.
//
//     cycle      t            t+1
//     request    A accepted
//     lookup     A
//     response                A (hit, or #GP) | a DONE entry of the miss queue
//
// Cost: 1 cycle for an L1 hit and for a non-canonical address; one request a port a cycle.
// Rules: docs/microarchitecture.md sections 2, 6, 7.
module mmu_front
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input  logic                clk_i,
  input  logic                rst_i,
  input  logic                wp_i,
  input  logic                nxe_i,
  input  logic                la57_i,
  input  logic [11:0]         pcid_i,
  // requests, accepted ones only
  input  logic [NumPorts-1:0] accept_i,
  input  logic [NumPorts-1:0][63:0] va_i,
  input  logic [NumPorts-1:0][7:0]  id_i,
  input  logic [NumPorts-1:0][1:0]  acc_i,
  input  logic [NumPorts-1:0]       user_i,
  // to the miss queue
  output logic [NumPorts-1:0] miss_o,
  output logic [NumPorts-1:0] confirm_o,
  output logic [NumPorts-1:0] fault_o,
  // from its response stage
  input  logic [NumPorts-1:0] done_i,
  input  logic [7:0]          done_id_i  [NumPorts],
  input  res_t                done_res_i [NumPorts],
  input  logic [63:0]         done_pa_i  [NumPorts],
  // responses
  output logic [NumPorts-1:0] resp_o,
  output logic [7:0]          resp_id_o  [NumPorts],
  output res_t                resp_res_o [NumPorts],
  output logic [63:0]         resp_pa_o  [NumPorts],
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

  // ---- SDM "Linear-address pre-processing": a non-canonical address is #GP, and is not looked up ----
  logic [NP-1:0] look, ok, denied;
  vpn_t   vpn  [NP];
  psize_t size [NP];
  data_t  data [NP];
  always_comb begin : p_canonical
    for (int unsigned p = 0; p < NP; p++) begin
      look[p] = accept_i[p] && canonical(va_i[p][63:47], la57_i);
      vpn[p]  = va_i[p][56:12];
    end
  end

  logic [63:0] word0 [2];
  logic [63:0] word1 [2];
  for (genvar side = 0; side < 2; side++) begin : g_side          // 0 fetch, ITLB; 1 data, DTLB
    localparam int unsigned Base  = side == 0 ? 0 : NumFetch;
    localparam int unsigned Ports = side == 0 ? NumFetch : NumData;
    vpn_t             side_vpn  [Ports];
    acc_t             side_acc  [Ports];
    logic [Ports-1:0] side_user;
    psize_t           side_size [Ports];
    data_t            side_data [Ports];
    for (genvar p = 0; p < int'(Ports); p++) begin : g_port
      assign side_vpn[p]    = vpn[Base+p];
      assign side_acc[p]    = acc_i[Base+p];
      assign side_user[p]   = user_i[Base+p];
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
      .Lru(side == 0 ? ITLB_REPLACEMENT != 0 : DTLB_REPLACEMENT != 0), .Ports(Ports)
    ) u_l1tlb (
      .clk_i, .rst_i, .wp_i, .nxe_i, .pcid_i,
      .look_i(look[Base+:Ports]), .vpn_i(side_vpn), .acc_i(side_acc), .user_i(side_user),
      .ok_o(ok[Base+:Ports]), .denied_o(denied[Base+:Ports]), .size_o(side_size), .data_o(side_data),
      .fill_i(fill_i && fill_fetch_i == (side == 0)), .fill_tag_i, .fill_data_i, .inv_i, .inv_vpn_i, .inv_pcid_i,
      .peek_i(peek_i[side]), .peek_repl_i(peek_repl_i[side]), .peek_idx_i,
      .peek_word0_o(word0[side]), .peek_word1_o(word1[side]));
  end
  assign peek_word0_o = word0[0] | word0[1];
  assign peek_word1_o = word1[0] | word1[1];

  // A denied hit is confirmed by a walk from the root, or reported as it is; a write with D = 0 goes as a miss.
  assign miss_o    = look & ~ok & ~denied;
  assign confirm_o = Rewalk ? denied : '0;
  assign fault_o   = Rewalk ? '0 : denied;

  // ---- Response registers ----
  logic [NP-1:0] resp_q;
  always_ff @(posedge clk_i) begin : p_valid
    resp_q <= rst_i ? '0 : done_i | ok | (accept_i & ~look);
  end
  assign resp_o = resp_q;

  for (genvar p = 0; p < int'(NP); p++) begin : g_response
    logic [7:0]  id_q;
    res_t        res_q;
    logic [63:0] pa_q;
    always_ff @(posedge clk_i) begin : p_response
      if (done_i[p]) begin
        id_q  <= done_id_i[p];
        res_q <= done_res_i[p];
        pa_q  <= done_pa_i[p];
      end else if (accept_i[p]) begin
        id_q  <= id_i[p];
        res_q <= '{pat: '0, size: '0, err: '0, kind: KindGp, src: SrcL1};
        pa_q  <= '0;
        if (look[p]) begin
          res_q <= '{pat: data[p].pat, size: size[p], err: '0, kind: KindOk, src: SrcL1};
          pa_q  <= physical(data[p].frame, va_i[p][29:0], size[p]);
        end
      end
    end
    assign resp_id_o[p]  = id_q;
    assign resp_res_o[p] = res_q;
    assign resp_pa_o[p]  = pa_q;
  end
endmodule
