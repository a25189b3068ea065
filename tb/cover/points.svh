// How a coverage point is written: `POINT(name, condition) counts the cycles in which the condition holds. The `EACH_…
// macros make a point for each member of a set, named after it: `EACH_OP(drain, x) gives drain__mov_cr0,
// drain__mov_cr3, … The line and toggle counters of the cover modules themselves are off: only the RTL's are of
// interest.
`ifndef POINTS_SVH
`define POINTS_SVH

`define POINT(name, cond) name: cover property (@(posedge clk_i) !rst_i && (cond));

// Control operations; codes 12 to 15 are reserved.
`define EACH_OP(name, op, cond) \
  `POINT(name``__mov_cr0,       (op) == 4'd0  && (cond)) \
  `POINT(name``__mov_cr3,       (op) == 4'd1  && (cond)) \
  `POINT(name``__mov_cr4,       (op) == 4'd2  && (cond)) \
  `POINT(name``__wrmsr_efer,    (op) == 4'd3  && (cond)) \
  `POINT(name``__invlpg,        (op) == 4'd4  && (cond)) \
  `POINT(name``__invpcid_0,     (op) == 4'd5  && (cond)) \
  `POINT(name``__invpcid_1,     (op) == 4'd6  && (cond)) \
  `POINT(name``__invpcid_2,     (op) == 4'd7  && (cond)) \
  `POINT(name``__invpcid_3,     (op) == 4'd8  && (cond)) \
  `POINT(name``__wrpkru,        (op) == 4'd9  && (cond)) \
  `POINT(name``__wrmsr_pkrs,    (op) == 4'd10 && (cond)) \
  `POINT(name``__wrmsr_pat,     (op) == 4'd11 && (cond)) \
  `POINT(name``__reserved_code, (op) >= 4'd12 && (cond))

// What an invalidation drops.
`define EACH_INVALIDATION(name, inv, cond) \
  `POINT(name``__address,       (inv) == InvAddress      && (cond)) \
  `POINT(name``__target,        (inv) == InvTarget       && (cond)) \
  `POINT(name``__nonglobal,     (inv) == InvNonGlobal    && (cond)) \
  `POINT(name``__context,       (inv) == InvContext      && (cond)) \
  `POINT(name``__all_nonglobal, (inv) == InvAllNonGlobal && (cond)) \
  `POINT(name``__all,           (inv) == InvAll          && (cond))

// Memory types as IA32_PAT codes them.
`define EACH_TYPE(name, mt, cond) \
  `POINT(name``__uc,       (mt) == 3'd0 && (cond)) \
  `POINT(name``__wc,       (mt) == 3'd1 && (cond)) \
  `POINT(name``__wt,       (mt) == 3'd4 && (cond)) \
  `POINT(name``__wp,       (mt) == 3'd5 && (cond)) \
  `POINT(name``__wb,       (mt) == 3'd6 && (cond)) \
  `POINT(name``__uc_minus, (mt) == 3'd7 && (cond))

// Page sizes.
`define EACH_SIZE(name, size, cond) \
  `POINT(name``__4k, (size) == 2'd0 && (cond)) \
  `POINT(name``__2m, (size) == 2'd1 && (cond)) \
  if (ARCH_PAGE_1G != 0) begin : name``_1g \
    `POINT(name``__1g, (size) == 2'd2 && (cond)) \
  end

// What an access does.
`define EACH_ACCESS(name, acc, cond) \
  `POINT(name``__read,  (acc) == 2'd0 && (cond)) \
  `POINT(name``__write, (acc) == 2'd1 && (cond)) \
  `POINT(name``__fetch, (acc) == 2'd2 && (cond))

`endif
