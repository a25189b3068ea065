// The control port of the MMU as a core uses it: one operation at a time, offered until it is accepted, then waited
// for. Made to be copied.
//
//     cycle     t        t+1      …      t+n        t+n+1
//     start_i   1        1               1          (0)
//     ctl       accept   drain, execute, sweep done
//     done_o    0        0               1
//
// - Order is the core's: before `start_i` every older access must have its translation, and with `done_o` everything
//   that a younger one has been told must be thrown away (here: `core_cpu` starts it from an instruction that has
//   nothing in flight, and fetches anew afterwards). A request that is in flight nevertheless is answered under the new
//   registers, unless its result already stood.
// - After reset the MMU carries out an operation of its own, whose `ctl_done` is nobody's: it is not waited for,
//   because nothing can be accepted before it.
// - `gp_o` says that the operation raised #GP(0) and did nothing.
module core_control (
  input  logic clk_i,
  input  logic rst_i,
  input  logic start_i,
  output logic done_o,
  output logic gp_o,
  output logic ctl_valid_o,
  input  logic ctl_ready_i,
  input  logic ctl_done_i,
  input  logic ctl_gp_i
);
  logic under_way_q;

  assign ctl_valid_o = start_i && !under_way_q;
  assign done_o      = under_way_q && ctl_done_i;
  assign gp_o        = ctl_gp_i;

  always_ff @(posedge clk_i) begin : p_state
    if (ctl_valid_o && ctl_ready_i) under_way_q <= 1'b1;
    if (done_o || rst_i) under_way_q <= 1'b0;
  end
endmodule
