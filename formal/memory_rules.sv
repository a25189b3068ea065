// What docs/microarchitecture.md section 2 says of the memory port, by that port alone: what the requester owes, and
// what memory does. It is bound to both: to an MMU (ports_rules.sv), of which the requester's rules are proved, and
// memory's supposed; and to the bus adapters (axi_rules.sv, wb_rules.sv), which are memory to the MMU: with
// MEMORY_SIDE memory's rules are proved, the requester's supposed. In simulation both are checked.
`include "rules.svh"
module memory_rules #(
  parameter int unsigned Tags = 16,
  parameter int unsigned AddressBits = 52
) (
  input logic        clk_i,
  input logic        rst_i,
  input logic        valid,
  input logic        ready,
  input logic [3:0]  tag,
  input logic        cas,
  input logic [2:0]  mt,
  input logic [51:0] addr,
  input logic [63:0] expected,
  input logic [63:0] desired,
  input logic        rsp_valid,
  input logic [3:0]  rsp_tag
);
  logic [15:0] owed;  // replies, by tag
  logic begun = 1'b0, was_rst, was_held, was_cas;
  logic [4+1+3+52-1:0] was_request;
  logic [127:0] was_swap;
  always_ff @(posedge clk_i) begin
    begun       <= 1'b1;
    was_rst     <= rst_i;
    was_held    <= valid && !ready;
    was_cas     <= cas;
    was_request <= {tag, cas, mt, addr};
    was_swap    <= {expected, desired};
    if (rsp_valid) owed[rsp_tag] <= 1'b0;
    if (valid && ready) owed[tag] <= 1'b1;
    if (rst_i || !begun) owed <= '0;
  end

  always_ff @(posedge clk_i) begin
    if (begun) begin
      `REQUESTER(memory_offer_stays, !was_rst && was_held,
                 valid && {tag, cas, mt, addr} == was_request && (!was_cas || {expected, desired} == was_swap))
      `REQUESTER(tag_is_free, valid, (!owed[tag] || (rsp_valid && rsp_tag == tag)) && 32'(tag) < Tags)
      `REQUESTER(address_is_aligned, valid, addr[2:0] == '0 && (addr >> AddressBits) == '0)
      `MEMORY(reply_was_asked, rsp_valid, owed[rsp_tag])
    end
  end
endmodule
