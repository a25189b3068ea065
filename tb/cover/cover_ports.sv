// The request and response ports: linear-address masking, canonical addresses, kinds and sources of responses, memory
// types, and every error code that can be. Rules: docs/microarchitecture.md sections 2, 6; SDM 5.7.
`include "points.svh"
/* verilator coverage_off */
module cover_request  // one port
  import mmu_pkg::*, mmu_cfg_pkg::*;
#(
  parameter bit Fetch = 1'b0
) (
  input logic        clk_i,
  input logic        rst_i,
  input logic        accept_i,
  input logic        look_i,
  input logic [63:0] va_i,
  input logic [63:0] masked_i,
  input access_t     access_i,
  input linear_t     linear_i
);
  `POINT(canonical__positive, accept_i && look_i && !va_i[63] && va_i == masked_i)
  `POINT(canonical__negative, accept_i && look_i && va_i[63] && va_i == masked_i)
  `POINT(not_canonical, accept_i && !look_i)
  if (ARCH_LA57 != 0) begin : la57
    `POINT(above_48_bits__with_la57, accept_i && look_i && linear_i.la57 && va_i[56:47] != {10{va_i[56]}})
    `POINT(above_48_bits__without_la57, accept_i && !look_i && !linear_i.la57 && canonical(va_i[63:47], 1'b1))
  end
  if (ARCH_LAM != 0 && Fetch) begin : lam_not
    `POINT(fetch_is_not_masked,
           accept_i && !look_i && (va_i[63] ? linear_i.lam_sup : linear_i.lam_u48 || linear_i.lam_u57))
  end
  if (ARCH_LAM != 0 && !Fetch) begin : lam
    lam_t m;
    assign m = lam_of(va_i[63], access_i, linear_i);
    `POINT(u48__masks, accept_i && look_i && m == Lam48 && !va_i[63] && va_i != masked_i)
    `POINT(u48__same, accept_i && look_i && m == Lam48 && !va_i[63] && va_i == masked_i)
    `POINT(u48__not_canonical, accept_i && !look_i && m == Lam48 && !va_i[63])
    `POINT(u57__masks, accept_i && look_i && m == Lam57 && !va_i[63] && va_i != masked_i)
    `POINT(u57__same, accept_i && look_i && m == Lam57 && !va_i[63] && va_i == masked_i)
    `POINT(u57__not_canonical, accept_i && !look_i && m == Lam57 && !va_i[63])
    `POINT(u57_before_u48, accept_i && m == Lam57 && !va_i[63] && linear_i.lam_u48)
    `POINT(s48__masks, accept_i && look_i && m == Lam48 && va_i[63] && va_i != masked_i)
    `POINT(s48__same, accept_i && look_i && m == Lam48 && va_i[63] && va_i == masked_i)
    `POINT(s48__not_canonical, accept_i && !look_i && m == Lam48 && va_i[63])
    if (ARCH_LA57 != 0) begin : s57
      `POINT(masks, accept_i && look_i && m == Lam57 && va_i[63] && va_i != masked_i)
      `POINT(same, accept_i && look_i && m == Lam57 && va_i[63] && va_i == masked_i)
      `POINT(not_canonical, accept_i && !look_i && m == Lam57 && va_i[63])
    end
    `POINT(implicit_is_not_masked,
           accept_i && !look_i && access_i.imp && (va_i[63] ? linear_i.lam_sup : linear_i.lam_u48 || linear_i.lam_u57))
    `POINT(user_masks_supervisor_pointer, accept_i && m != LamNone && va_i[63] && user_mode(access_i))
    `POINT(supervisor_masks_user_pointer, accept_i && m != LamNone && !va_i[63] && !user_mode(access_i))
  end
endmodule

module cover_requests
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input logic                clk_i,
  input logic                rst_i,
  input logic [NumPorts-1:0] accept_i,
  input logic [NumPorts-1:0] look_i,
  input logic [NumPorts-1:0][63:0] va_i,
  input logic [NumPorts-1:0][63:0] masked_i,
  input access_t             access_i [NumPorts],
  input linear_t             linear_i
);
  for (genvar p = 0; p < int'(NumPorts); p++) begin : port
    cover_request #(
      .Fetch(p < int'(NumFetch))
    ) u_request (
      .clk_i,
      .rst_i,
      .accept_i(accept_i[p]),
      .look_i(look_i[p]),
      .va_i(va_i[p]),
      .masked_i(masked_i[p]),
      .access_i(access_i[p]),
      .linear_i
    );
  end
  for (genvar n = 2; n <= int'(NumPorts); n++) begin : ports
    `POINT(accept_in_one_cycle, $countones(accept_i) == n)
  end
endmodule

module cover_responses
  import mmu_pkg::*, mmu_cfg_pkg::*;
(
  input logic                clk_i,
  input logic                rst_i,
  input logic [NumPorts-1:0] valid_i,
  input res_t                res_i [NumPorts],
  input types_t              types_i
);
  localparam bit Keys = ARCH_PKU != 0 || ARCH_PKS != 0;

  // ---- Kind x source, on each port ----
  for (genvar p = 0; p < int'(NumPorts); p++) begin : port
    logic ok, pf;
    assign ok = valid_i[p] && res_i[p].kind == KindOk;
    assign pf = valid_i[p] && res_i[p].kind == KindPf;
    `POINT(ok__l1, ok && res_i[p].src == SrcL1)
    `POINT(ok__stlb, ok && res_i[p].src == SrcStlb)
    `POINT(ok__walk, ok && res_i[p].src == SrcWalk)
    `POINT(ok__merged, ok && res_i[p].src == SrcMerged)
    `POINT(gp, valid_i[p] && res_i[p].kind == KindGp)
    `POINT(pf__walk, pf && res_i[p].src == SrcWalk)
    if (!Rewalk) begin : no_rewalk
      `POINT(pf__l1, pf && res_i[p].src == SrcL1)
      `POINT(pf__stlb, pf && res_i[p].src == SrcStlb)
    end
    `POINT(memory_error, valid_i[p] && res_i[p].kind == KindMemErr)
  end
  `POINT(all_ports_in_one_cycle, valid_i == '1)

  // ---- Of all ports: merged x page size, memory types, error codes ----
  logic [NumPorts-1:0] merged4k, merged2m, merged1g;
  logic [7:0] type_seen, pat_seen;
  logic [127:0] err_seen;                                      // by error code, bits SS PK I/D RSVD U/S W/R P
  logic         uc_by_cd;
  always_comb begin
    type_seen = '0;
    pat_seen  = '0;
    err_seen  = '0;
    uc_by_cd  = 1'b0;
    for (int unsigned p = 0; p < NumPorts; p++) begin
      merged4k[p] = valid_i[p] && res_i[p].kind == KindOk && res_i[p].src == SrcMerged && res_i[p].size == 2'd0;
      merged2m[p] = valid_i[p] && res_i[p].kind == KindOk && res_i[p].src == SrcMerged && res_i[p].size == 2'd1;
      merged1g[p] = valid_i[p] && res_i[p].kind == KindOk && res_i[p].src == SrcMerged && res_i[p].size == 2'd2;
      if (valid_i[p] && res_i[p].kind == KindOk) begin
        type_seen[res_i[p].mt] = 1'b1;
        pat_seen[res_i[p].pat] = 1'b1;
        uc_by_cd |= types_i.cd && types_i.pat[res_i[p].pat] != '0 && res_i[p].mt == '0;
      end
      if (valid_i[p] && res_i[p].kind == KindPf) err_seen[res_i[p].err] = 1'b1;
    end
  end
  `POINT(merged__4k, merged4k != '0)
  `POINT(merged__2m, merged2m != '0)
  if (ARCH_PAGE_1G != 0) begin : page_1g
    `POINT(merged__1g, merged1g != '0)
  end
  `POINT(memory_type__uc, type_seen[0])
  `POINT(memory_type__wc, type_seen[1])
  `POINT(memory_type__wt, type_seen[4])
  `POINT(memory_type__wp, type_seen[5])
  `POINT(memory_type__wb, type_seen[6])
  `POINT(memory_type__uc_minus, type_seen[7])
  `POINT(memory_type__uc_by_cd, uc_by_cd)
  for (genvar i = 0; i < 8; i++) begin : pat_index
    `POINT(answered, pat_seen[i])
  end

  // SDM 5.7: which codes can be. W/R and I/D exclude each other, RSVD and PK need P and exclude each other; a fetch has
  // neither PK nor SS.
  for (genvar c = 0; c < 128; c++) begin : error_code
    localparam bit P = 1'(c), W = 1'(c >> 1), Rsvd = 1'(c >> 3), Instr = 1'(c >> 4), Pk = 1'(c >> 5), Ss = 1'(c >> 6);
    localparam bit Legal = !(W && Instr) && (P || !(Rsvd || Pk)) && !(Rsvd && Pk) && !(Instr && (Pk || Ss))
                        && (Keys || !Pk) && (ARCH_CET != 0 || !Ss);
    if (Legal) begin : legal
      `POINT(told, err_seen[c])
    end else begin : illegal
      // Never: an assertion, since what cannot be must not be counted as a point.
      always_ff @(posedge clk_i) if (!rst_i && err_seen[c]) $fatal(1, "error code %0d cannot be", c);
    end
  end
endmodule

bind mmu_front cover_requests u_cover_requests (
  .clk_i,
  .rst_i,
  .accept_i,
  .look_i(look),
  .va_i,
  .masked_i(va_o),
  .access_i,
  .linear_i
);
bind mmu cover_responses u_cover_responses (
  .clk_i,
  .rst_i,
  .valid_i(resp),
  .res_i(resp_res),
  .types_i(types)
);
