// A first-level TLB (ITLB or DTLB): up to three arrays looked up together, and the verdict for each port.
//
//     cycle      t                        t+1
//     request    A (accepted)
//     verdict    A ok | denied | miss     the same out of registers, A's data
//     response                            A, when ok (mmu_front)
//     touch                               A is recent, when ok
//     fill       B                        B is found
//
// Every offered request is looked up; that it is accepted and its address canonical counts only in the verdict, for it
// is known late. So is the key of the entry that hits: which keys forbid the access is asked beside the lookup. A fill
// is later still, and waits for a cycle here (mmu_tlb_array).
//
// Cost: L1 hit latency 1; one lookup per port per cycle. Rules: docs/microarchitecture.md sections 6, 7.
module mmu_l1tlb
  import mmu_pkg::*;
#(
  parameter int unsigned       Arrays  = 1,
  parameter logic [2:0][31:0]  Holds   = '0,                   // element a: array a
  parameter logic [2:0][31:0]  Entries = '0,
  parameter logic [2:0][31:0]  Ways    = '0,
  parameter bit                Lru     = 1'b0,
  parameter int unsigned       Ports   = 1,
  parameter bit                Gated   = 1'b0                  // of mmu
) (
  input  logic             clk_i,
  input  logic             rst_i,
  input  rules_t           rules_i,
  input  keys_t            keys_i,
  input  logic [11:0]      pcid_i,
  input  logic             settle_i,                           // see mmu_tlb_array
  // requests: offered ones, which are looked up; of a canonical address; accepted, which is known last
  input  logic [Ports-1:0] try_i,
  input  logic [Ports-1:0] look_i,
  input  logic [Ports-1:0] take_i,
  input  vpn_t             vpn_i    [Ports],
  input  access_t          access_i [Ports],
  // verdicts: neither bit set means a miss, or a write that must set D first
  output logic [Ports-1:0] ok_o,
  output logic [Ports-1:0] denied_o,
  // a cycle later; of a port of which no request was taken they mean nothing
  output logic [Ports-1:0] was_ok_o,
  output logic [Ports-1:0] was_denied_o,
  output psize_t           size_o [Ports],
  output data_t            data_o [Ports],
  // fill and invalidation
  input  logic             fill_i,
  input  tag_t             fill_tag_i,
  input  data_t            fill_data_i,
  input  inv_t             inv_i,
  input  vpn_t             inv_vpn_i,
  input  logic [11:0]      inv_pcid_i,
  // state readout: see mmu_peek
  input  logic             peek_i,
  input  logic             peek_repl_i,
  input  logic [15:0]      peek_idx_i,
  output logic [63:0]      peek_word0_o,
  output logic [63:0]      peek_word1_o
);
  logic [Ports-1:0] hit    [Arrays];
  logic [Ports-1:0] ok     [Arrays];
  logic [Ports-1:0] denied [Arrays];
  logic [Ports-1:0] was_hit    [Arrays];
  logic [Ports-1:0] was_ok     [Arrays];
  logic [Ports-1:0] was_denied [Arrays];
  logic [Ports-1:0] touch  [Arrays];
  psize_t           size   [Arrays][Ports];
  data_t            data   [Arrays][Ports];
  logic [63:0]      word0  [Arrays];
  logic [63:0]      word1  [Arrays];
  logic [Ports-1:0] write;
  logic [15:0]      grants  [Ports];                           // what a page may grant that lets the access pass
  logic [63:0]      forbids [Ports];                           // keys that forbid it
  logic [Arrays-1:0] peek, peek_repl;
  logic [13:0] peek_idx;

  // ---- The fill that waits ----
  logic fill_q;
  tag_t fill_tag_q;
  data_t fill_data_q, filled_data_q;
  always_ff @(posedge clk_i) begin : p_fill
    fill_q <= fill_i && !rst_i;
    if (!Gated || fill_i) begin
      fill_tag_q  <= fill_tag_i;
      fill_data_q <= fill_data_i;
    end
    if (!Gated || fill_q) filled_data_q <= fill_data_q;
  end
  tag_t fill_from[1];
  assign fill_from[0] = fill_tag_q;

  always_comb begin : p_rights
    for (int unsigned p = 0; p < Ports; p++) begin
      write[p]   = access_i[p].acc == AccWrite;
      grants[p]  = 'x;
      forbids[p] = 'x;
      if (try_i[p]) begin
        grants[p]  = grants_pass(access_i[p], rules_i);
        forbids[p] = keys_forbid(keys_i, access_i[p], rules_i);
      end
    end
  end
  // What waits is of the current PCID.
  logic [Ports-1:0] fill_hit, fill_ok, fill_denied;
  always_comb begin : p_fill_hit
    fill_hit    = '0;
    fill_ok     = '0;
    fill_denied = '0;
    if (fill_q) begin
      for (int unsigned p = 0; p < Ports; p++) begin
        fill_hit[p] = try_i[p] && vpn_floor(vpn_i[p] ^ fill_tag_q.vpn, fill_tag_q.size) == '0;
        {fill_ok[p], fill_denied[p]} = verdict(judged(fill_data_q), write[p], grants[p], forbids[p]);
      end
    end
  end
  for (genvar a = 0; a < int'(Arrays); a++) begin : g_array
    mmu_tlb_array #(
      .Holds(Holds[a][3:0]),
      .Entries(Entries[a]),
      .Ways(Ways[a]),
      .Lru(Lru),
      .Ports(Ports),
      .Gated(Gated)
    ) u_array (
      .clk_i,
      .rst_i,
      .pcid_i,
      .settle_i,
      .look_i(try_i),
      .look_vpn_i(vpn_i),
      .write_i(write),
      .grants_i(grants),
      .forbids_i(forbids),
      .hit_o(hit[a]),
      .ok_o(ok[a]),
      .denied_o(denied[a]),
      .was_hit_o(was_hit[a]),
      .was_ok_o(was_ok[a]),
      .was_denied_o(was_denied[a]),
      .size_o(size[a]),
      .data_o(data[a]),
      .touch_i(touch[a]),
      .fill_i(fill_q),
      .fill_tag_i(fill_tag_q),
      .fill_data_i(fill_data_q),
      .fill_hit_i(fill_hit),
      .fill_ok_i(fill_ok),
      .fill_denied_i(fill_denied),
      .filled_data_i(filled_data_q),
      .fill_which_i(1'b1),
      .fill_from_i(fill_from),
      .inv_i,
      .inv_vpn_i,
      .inv_pcid_i,
      .peek_i(peek[a]),
      .peek_repl_i(peek_repl[a]),
      .peek_idx_i(peek_idx),
      .peek_word0_o(word0[a]),
      .peek_word1_o(word1[a])
    );
  end

  // The lowest-numbered array that hits answers, and only it is touched.
  always_comb begin : p_verdict
    logic seen;
    seen = 1'b0;
    ok_o     = '0;
    denied_o = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (try_i[p]) begin
        seen = 1'b0;
        for (int unsigned a = 0; a < Arrays; a++) begin
          if (look_i[p] && ok[a][p] && !seen) ok_o[p] = 1'b1;
          if (look_i[p] && denied[a][p] && !seen) denied_o[p] = 1'b1;
          if (hit[a][p]) seen = 1'b1;
        end
      end
    end
  end

  logic [Ports-1:0] took_q;  // a request that was looked up
  always_ff @(posedge clk_i) took_q <= rst_i ? '0 : look_i & take_i;
  always_comb begin : p_was
    logic seen;
    seen = 1'b0;
    for (int unsigned a = 0; a < Arrays; a++) touch[a] = '0;
    was_ok_o     = '0;
    was_denied_o = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      size_o[p] = 'x;
      data_o[p] = 'x;
      if (!Gated || took_q[p]) begin
        seen      = 1'b0;
        size_o[p] = size[Arrays-1][p];
        data_o[p] = data[Arrays-1][p];
        for (int a = int'(Arrays) - 2; a >= 0; a--) begin
          if (was_hit[a][p]) begin
            size_o[p] = size[a][p];
            data_o[p] = data[a][p];
          end
        end
        for (int unsigned a = 0; a < Arrays; a++) begin
          touch[a][p] = took_q[p] && was_ok[a][p] && !seen;
          if (was_ok[a][p] && !seen) was_ok_o[p] = 1'b1;
          if (was_denied[a][p] && !seen) was_denied_o[p] = 1'b1;
          if (was_hit[a][p]) seen = 1'b1;
        end
      end
    end
  end

  mmu_peek #(
    .Arrays(Arrays)
  ) u_peek (
    .peek_i,
    .peek_repl_i,
    .peek_idx_i,
    .array_o(peek),
    .array_repl_o(peek_repl),
    .array_idx_o(peek_idx),
    .word0_i(word0),
    .word1_i(word1),
    .peek_word0_o,
    .peek_word1_o
  );
endmodule
