// What docs/microarchitecture.md section 4 says of one array of an L1 TLB, bound to it: that at most one way matches a
// lookup, and what a fill and an invalidation of one address leave. Of its environment nothing is supposed but a reset
// in the first cycle, and that without arch.pcid there is one PCID. Proved of an array that holds all three sizes, so
// that every rule of overlap counts.
`include "rules.svh"
module array_rules
  import mmu_pkg::*;
#(
  parameter logic [3:0]  Holds = 4'b0111,
  parameter int unsigned Ways  = 4,
  parameter int unsigned Ports = 1
) (
  input logic                   clk_i,
  input logic                   rst_i,
  input logic [11:0]            pcid_i,
  input logic [Ports-1:0]       look_i,
  input vpn_t                   look_vpn_i [Ports],
  input logic [Ports-1:0]       hit_o,
  input psize_t                 size_o     [Ports],
  input data_t                  data_o     [Ports],
  input logic                   fill_i,
  input tag_t                   fill_tag_i,
  input data_t                  fill_data_i,
  input inv_t                   inv_i,
  input vpn_t                   inv_vpn_i,
  input logic [11:0]            inv_pcid_i,
  input tag_t                   tag_q      [1][Ways],
  input logic [0:0][Ways-1:0]   valid_q
);
  // VPNs are equal at a size; without LA57 they have 36 bits, of which the others are copies.
  function automatic logic same_page(input vpn_t a, input vpn_t b, input psize_t size);
    vpn_t mask;
    mask = size == 2'd0 ? '1 : size == 2'd1 ? ~45'h1FF : ~45'h3_FFFF;
    if (mmu_cfg_pkg::ARCH_LA57 == 0) mask &= 45'hF_FFFF_FFFF;
    return ((a ^ b) & mask) == '0;
  endfunction
  function automatic logic is_match(input logic valid, input tag_t tag, input vpn_t vpn, input logic [11:0] pcid);
    return valid && same_page(tag.vpn, vpn, tag.size) && (tag.glob || tag.pcid == pcid);
  endfunction

  function automatic logic overlap(input int unsigned v, input int unsigned w);
    tag_t a, b;
    a = tag_q[0][v];
    b = tag_q[0][w];
    return valid_q[0][v] && valid_q[0][w] && (a.glob || b.glob || a.pcid == b.pcid) && same_page(
        a.vpn, b.vpn, a.size > b.size ? a.size : b.size
    );
  endfunction

  // ---- this cycle ----
  logic [Ways-1:0] match;  // of port 0, whose VPN stands for any
  logic some, one, apart, inv_finds, fill_held;
  always_comb begin
    some      = 1'b0;
    one       = 1'b1;
    apart     = 1'b1;
    inv_finds = 1'b0;
    fill_held = fill_i && Holds[fill_tag_i.size];
    for (int unsigned w = 0; w < Ways; w++) begin
      match[w] = is_match(valid_q[0][w], tag_q[0][w], look_vpn_i[0], pcid_i);
      if (match[w] && some) one = 1'b0;
      if (match[w]) some = 1'b1;
      if (is_match(valid_q[0][w], tag_q[0][w], inv_vpn_i, inv_pcid_i)) inv_finds = 1'b1;
      for (int unsigned v = 0; v < w; v++) if (overlap(v, w)) apart = 1'b0;
    end
  end

  // ---- the cycle before ----
  logic [3:0] cycles = '0;
  logic begun = 1'b0, was_rst, was_fill, was_inv, was_some;
  tag_t was_tag;
  data_t was_data;
  vpn_t was_vpn;
  logic [11:0] was_pcid;
  always_ff @(posedge clk_i) begin
    begun    <= 1'b1;
    cycles   <= cycles == 4'd12 ? cycles : cycles + 4'd1;
    was_rst  <= rst_i;
    was_fill <= fill_held;
    was_tag  <= fill_tag_i;
    was_data <= fill_data_i;
    was_inv  <= inv_i == InvAddress;
    was_some <= inv_finds;
    was_vpn  <= inv_vpn_i;
    was_pcid <= inv_pcid_i;
  end
  logic filled, gone;
  always_comb begin
    filled = 1'b0;
    gone   = 1'b1;
    for (int unsigned w = 0; w < Ways; w++) begin
      if (valid_q[0][w] && tag_q[0][w].size == was_tag.size && tag_q[0][w].glob == was_tag.glob &&
          tag_q[0][w].pcid == was_tag.pcid && same_page(
              tag_q[0][w].vpn, was_tag.vpn, was_tag.size
          ))
        filled = 1'b1;
      if (is_match(valid_q[0][w], tag_q[0][w], was_vpn, was_pcid)) gone = 1'b0;
    end
  end

  logic [39:0] frame_mask;
  assign frame_mask = mmu_cfg_pkg::ARCH_PADDR_BITS == 52 ? '1 : (40'd1 << (mmu_cfg_pkg::ARCH_PADDR_BITS - 12)) - 40'd1;
  // The lookup of this cycle asks for what was filled in the last, and the data are those.
  logic asked, answered;
  assign asked    = same_page(look_vpn_i[0], was_tag.vpn, was_tag.size) && (was_tag.glob || was_tag.pcid == pcid_i);
  assign answered = size_o[0] == was_tag.size && data_o[0].frame == (was_data.frame & frame_mask)
                    && data_o[0].w == was_data.w;

  always_ff @(posedge clk_i) begin
    if (!begun) begin
      assume (rst_i);
    end else begin
      c_runs_on : cover (cycles == 4'd12);
      `SUPPOSED(pcid_is_0, mmu_cfg_pkg::ARCH_PCID == 0, {pcid_i, inv_pcid_i, fill_tag_i.pcid} == '0)
      `PROPERTY(one_way_matches, some, one)
      `PROPERTY(no_two_overlap, !was_rst && was_fill, apart)
      `PROPERTY(hit_is_a_match, look_i[0], hit_o[0] == some)
      `PROPERTY(fill_is_found, !was_rst && was_fill, filled)
      `PROPERTY(fill_is_read, !was_rst && was_fill && look_i[0] && asked, hit_o[0] && answered)
      `PROPERTY(address_is_gone, was_inv && was_some && !was_fill, gone)
      // Lemma: by this the others are inductive.
      `PROPERTY(lemma_apart, valid_q != '0, apart)
    end
  end
endmodule
bind mmu_tlb_array array_rules #(
  .Holds(Holds),
  .Ways(Ways),
  .Ports(Ports)
) u_rules (.*);
