// The minimal core's instructions and what it owes the MMU by name. docs/integration.md tells the whole story; this is
// its table of codes, which scripts/core_asm.py reads too.
//
// An instruction is 32 bits; registers are r0 … r15 of 64 bits, and r0 is 0:
//
//     31:28 op | 27:24 rd | 23:20 ra | 19:16 rb | 15:0 imm, sign-extended
package core_pkg;
  typedef enum logic [3:0] {
    OpAlu,                                                     // rd = ra f rb, f = imm
    OpImm,                                                     // rd = ra f imm, f = the rb field
    OpPush,                                                    // rd = ra << 16 | imm: constants, 16 bits at a time
    OpLoad,                                                    // rd = eight bytes at ra + imm, aligned or not
    OpStore,                                                   // eight bytes at ra + imm = rb
    OpSwap,                                                    // rd = eight aligned bytes at ra + imm, which become rb
    OpBranch,                                                  // pc += 4 imm when ra cond rb, cond = the rd field
    OpCall,                                                    // rd = pc + 4, pc += 4 imm
    OpJump,                                                    // rd = pc + 4, pc = ra + imm
    OpControl,                                                 // control operation imm: data = ra, descriptor = rb
    OpGet,                                                     // rd = special register imm
    OpPut,                                                     // special register imm = ra
    OpSystem                                                   // imm of sys_t
  } op_t;
  typedef enum logic [2:0] {
    FnAdd,
    FnSub,
    FnAnd,
    FnOr,
    FnXor,
    FnShl,
    FnShr,
    FnLess
  } fn_t;
  typedef enum logic [1:0] {
    CondEq,
    CondNe,
    CondLess,
    CondGe
  } cond_t;
  typedef enum logic [1:0] {
    SysReturn,                                                 // from a trap: pc = EPC, mode = saved mode
    SysCall,                                                   // a trap, and EPC is the next instruction
    SysHalt                                                    // stops, with code ra
  } sys_t;
  typedef enum logic [2:0] {
    SpCr2,
    SpError,
    SpEpc,
    SpCause,
    SpVector,                                                  // where traps go, a linear address
    SpSaved,                                                   // mode before the trap: bit 0 user, bit 1 AC
    SpAc,                                                      // EFLAGS.AC of now
    SpFeatures                                                 // what the preset has, as CPUID would say it
  } special_t;

  // Causes of a trap are x86's vectors.
  localparam logic [7:0] TrapInvalid = 8'd6;
  localparam logic [7:0] TrapGeneral = 8'd13;
  localparam logic [7:0] TrapPage = 8'd14;
  localparam logic [7:0] TrapMachine = 8'd18;
  localparam logic [7:0] TrapCall = 8'd128;
  localparam logic [7:0] HaltDouble = 8'd8;  // the code with which a trap inside a handler halts

  typedef struct packed {logic ac, user;} mode_t;

  // What stands in the way of an access: nothing, or the trap that it causes.
  typedef struct packed {
    logic        valid;
    logic [7:0]  cause;
    logic [15:0] error;
    logic [63:0] address;
  } trap_t;

  // One access of memory, at its physical address.
  typedef struct packed {
    logic        valid;
    logic        write;                                        // the bytes of `bytes` become those of `data`
    logic [51:3] addr;
    logic [7:0]  bytes;
    logic [63:0] data;
  } mem_t;

  function automatic logic [63:0] computed(input fn_t fn, input logic [63:0] a, input logic [63:0] b);
    unique case (fn)
      FnAdd:  return a + b;
      FnSub:  return a - b;
      FnAnd:  return a & b;
      FnOr:   return a | b;
      FnXor:  return a ^ b;
      FnShl:  return a << b[5:0];
      FnShr:  return a >> b[5:0];
      FnLess: return {63'd0, a < b};
    endcase
  endfunction

  function automatic logic holds(input cond_t cond, input logic [63:0] a, input logic [63:0] b);
    unique case (cond)
      CondEq:   return a == b;
      CondNe:   return a != b;
      CondLess: return a < b;
      CondGe:   return a >= b;
    endcase
  endfunction
endpackage
