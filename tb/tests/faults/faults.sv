// What a design can say of itself, one thing a run: bound into the blocking walker, whose sources stay as they are. The
// environment variable TWINWALK_FAULT names the one that acts; nothing: none. In the clock numbered 50, so that it is
// one of a run, unless it is said otherwise.
module faults (
  input logic clk_i,
  input logic rst_i
);
  import "DPI-C" function int unsigned twinwalk_fault();

  localparam int unsigned WHEN = 50;
  logic [31:0] fault, clock_q, runs_q, low_q;
  logic now, wrong;

  initial fault = twinwalk_fault();
  assign now = clock_q == WHEN;
  always_ff @(posedge clk_i) clock_q <= rst_i ? '0 : clock_q + 1;
  initial runs_q = '0;
  always_ff @(posedge clk_i) if (now) runs_q <= runs_q + 1;

  // A register on the falling edge is half a clock behind, or was never clocked.
  always_ff @(negedge clk_i) low_q <= clock_q;

  always_ff @(posedge clk_i) begin
    if (now && fault == 16)
      assert (low_q == clock_q)
      else $error("the falling edge has not been");
    if (now && fault == 1) assert (clock_q != WHEN);
    if (now && fault == 2)
      assert (clock_q != WHEN)
      else $error("clock %0d is too late", clock_q);
    if (now && fault == 3) $error("something is wrong");
    if (now && fault == 4) $fatal(1, "nothing is right");
    if (now && fault == 5) $stop;
    if (now && fault == 6) $finish;
    if (now && fault == 7) $display("the design says hello");
    if (now && fault == 8) $warning("the design is worried");
    if (now && fault == 15)
      assert (runs_q == 0)
      else $error("wrong when it runs again");
    if (rst_i && fault == 9)
      assert (clock_q == 1234)
      else $error("wrong in the middle of reset");
  end

  // A concurrent one.
  assert property (@(posedge clk_i) disable iff (rst_i) !(now && fault == 10))
  else $error("a property does not hold");

  // One of combinational logic.
  assign wrong = now && fault == 11;
  always_comb
    assert (!wrong)
    else $error("a wrong value");

  // A loop that never settles.
  /* verilator lint_off UNOPTFLAT */
  logic loop;
  /* verilator lint_on UNOPTFLAT */
  assign loop = now && fault == 12 ? !loop : 1'b0;
  always_ff @(posedge clk_i) if (loop && fault == 13) $display("never");

  // When the simulation is over.
  final if (fault == 14) $error("left in disorder");
endmodule

bind blocking faults faults (
  .clk_i,
  .rst_i
);
