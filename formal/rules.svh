// Of a run: whether it has begun, which it does with a reset, and its cycles, to twelve: so many are witnessed, or what
// is supposed would contradict itself.
`define RUN \
  logic [3:0] cycles = '0; \
  logic begun = 1'b0; \
  always_ff @(posedge clk_i) begin \
    begun  <= 1'b1; \
    cycles <= cycles == 4'd12 ? cycles : cycles + 4'd1; \
  end
// How a property is written. Of each there is the assertion that is proved and the cover of its antecedent, by which
// it is seen that it speaks of something. An environment's rule is assumed where the unit is proved, and asserted where
// what surrounds the unit is proved (docs/formal.md).
`define PROPERTY(name, if_, then_) \
  a_``name: assert (!(if_) || (then_)); \
  c_``name: cover (if_);
`ifdef PROVE_ENVIRONMENT
`define ENVIRONMENT(name, if_, then_) \
  a_``name: assert (!(if_) || (then_)); \
  c_``name: cover (if_);
`else
`define ENVIRONMENT(name, if_, then_) \
  s_``name: assume (!(if_) || (then_));
`endif
// What is assumed where a unit is proved by itself, and asserted where the whole MMU is; at its ports there is nobody
// left to assert it.
`ifdef PROVE_SUPPOSED
`define SUPPOSED(name, if_, then_) \
  s_``name: assert (!(if_) || (then_));
`else
`define SUPPOSED(name, if_, then_) \
  s_``name: assume (!(if_) || (then_));
`endif
`define OUTSIDE(name, if_, then_) \
  s_``name: assume (!(if_) || (then_));
// The rules of the memory port (memory_rules.sv): of its two sides one is proved, the other supposed.
`ifdef MEMORY_SIDE
`define REQUESTER(name, if_, then_) `OUTSIDE(name, if_, then_)
`define MEMORY(name, if_, then_) `PROPERTY(name, if_, then_)
`else
`define REQUESTER(name, if_, then_) `PROPERTY(name, if_, then_)
`define MEMORY(name, if_, then_) `OUTSIDE(name, if_, then_)
`endif
