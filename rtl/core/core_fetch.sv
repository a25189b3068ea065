// Fetches one instruction ahead: translates the program counter, reads, and holds the instruction until the core takes
// it. What the core will not need is squashed by `turn_i`: a branch, a trap, or a control operation after which the
// translation may be another one.
//
//     ASK ──answer──► READ ──reply──► HAVE ──take──► ASK (pc + 4)
//      │                                ▲
//      └──────fault: a trap instead─────┘
//
// A fault of a fetch is kept beside the instruction: it becomes a trap only if the instruction is reached.
module core_fetch
  import core_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_i,
  input  logic        paging_i,
  input  logic        turn_i,                                  // from the next cycle on fetch at pc_i
  input  logic [63:0] pc_i,
  input  logic        take_i,
  output logic        have_o,
  output logic [31:0] instruction_o,
  output logic [63:0] pc_o,
  output trap_t       trap_o,
  // translation: core_port
  output logic        ask_o,
  output logic        drop_o,
  output logic [63:0] va_o,
  input  logic        answer_i,
  input  trap_t       trap_i,
  input  logic [51:2] pa_i,
  // memory
  output mem_t        mem_o,
  input  logic        accept_i,
  input  logic        reply_i,
  input  logic        error_i,
  input  logic [63:0] data_i
);
  typedef enum logic [1:0] {
    Ask,
    Read,
    Have
  } state_t;
  state_t state_q;
  logic [63:0] pc_q;
  logic [31:0] instruction_q;
  trap_t trap_q;
  logic [51:2] pa_q;
  logic reading_q;                                             // memory owes a reply
  logic stale_q;                                               // and nobody wants it

  assign ask_o = state_q == Ask && paging_i;
  assign drop_o = turn_i;
  assign va_o = pc_q;
  assign have_o = state_q == Have;
  assign instruction_o = instruction_q;
  assign pc_o = pc_q;
  assign trap_o = trap_q;
  assign mem_o = '{valid: state_q == Read && !reading_q, write: 1'b0, addr: pa_q[51:3], bytes: '0, data: '0};

  always_ff @(posedge clk_i) begin : p_state
    unique case (state_q)
      Ask: begin
        trap_q <= '0;
        pa_q   <= pc_q[51:2];
        if (!paging_i) state_q <= Read;
        else if (answer_i) begin
          trap_q  <= trap_i;
          pa_q    <= pa_i;
          state_q <= trap_i.valid ? Have : Read;
        end
      end
      Read: begin
        if (reply_i && !stale_q) begin
          instruction_q <= pa_q[2] ? data_i[63:32] : data_i[31:0];
          trap_q.valid  <= error_i;
          trap_q.cause  <= TrapMachine;
          state_q       <= Have;
        end
      end
      default: begin
        if (take_i) begin
          pc_q    <= pc_q + 64'd4;
          state_q <= Ask;
        end
      end
    endcase
    if (mem_o.valid && accept_i) reading_q <= 1'b1;
    if (reply_i) begin
      reading_q <= 1'b0;
      stale_q   <= 1'b0;
    end
    if (turn_i) begin
      pc_q    <= pc_i;
      state_q <= Ask;
      stale_q <= (reading_q && !reply_i) || (mem_o.valid && accept_i);
    end
    if (rst_i) begin
      state_q       <= Ask;
      pc_q          <= '0;
      instruction_q <= '0;
      trap_q        <= '0;
      pa_q          <= '0;
      reading_q     <= 1'b0;
      stale_q       <= 1'b0;
    end
  end
endmodule
