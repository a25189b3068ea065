// What docs/microarchitecture.md sections 8 and 13 say of the ports of this MMU while a control operation is under way,
// and other MMUs may do otherwise. Which that is, its ports' rules know.
`include "rules.svh"
module ports_own_rules
  import mmu_pkg::*;
(
  input logic                clk_i,
  input logic                rst_i,
  input logic [NumPorts-1:0] req_ready_o,
  input logic                ctl_ready_o,
  input logic                ctl_done_o,
  input logic                busy
);
  logic begun = 1'b0, was_rst, was_done;
  always_ff @(posedge clk_i) begin
    begun    <= 1'b1;
    was_rst  <= rst_i;
    was_done <= ctl_done_o;
  end
  always_ff @(posedge clk_i) begin
    if (begun) begin
      `PROPERTY(ready_again_after_done, !was_rst && was_done, ctl_ready_o)
      `PROPERTY(nothing_accepted_meanwhile, busy, !ctl_ready_o && req_ready_o == '0)
    end
  end
endmodule
bind mmu ports_own_rules u_ports_own (
  .busy(u_ports.busy),
  .*
);
