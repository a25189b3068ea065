// One request port of the MMU as a core uses it: asks for one translation at a time, binds the answer to the question
// by its id, and forgets a question that the core has given up. Made to be copied.
//
//     cycle     t        t+1 …       t+n          a question is asked until `answer_o`; the answer comes a cycle
//     ask_i     1        1           1            after the accept at the earliest (n = 1)
//     req       accept
//     resp                           kind, address
//     answer_o  0        0           1
//
// - Back-pressure: an offer that is not accepted (`req_ready_i` = 0) stays. It may also be withdrawn: the MMU remembers
//   nothing of it.
// - There is no back-pressure the other way: the core must take the answer in the cycle in which it comes. Here it can,
//   since it asks for nothing else meanwhile.
// - Ids: a counter. An id may be used again only when its last user has been answered; of 256 ids in turn one is free
//   because the MMU never holds more than 64 requests and an answer.
// - Squash: `drop_i` = 1 gives up the question of this cycle, whether it is offered, accepted or being answered (then
//   the core does not look at `answer_o`). What was accepted is still answered, under an id that nobody waits for.
module core_port (
  input  logic        clk_i,
  input  logic        rst_i,
  // the core's side
  input  logic        ask_i,
  input  logic        drop_i,
  input  logic [63:0] va_i,
  input  logic [ 1:0] acc_i,
  input  logic        user_i,
  input  logic        ac_i,
  output logic        answer_o,
  output core_pkg::trap_t trap_o,                              // with answer_o: valid when there is no translation
  output logic [51:0] pa_o,
  // the MMU's side
  output logic        req_valid_o,
  input  logic        req_ready_i,
  output logic [ 7:0] req_id_o,
  output logic [63:0] req_va_o,
  output logic [ 1:0] req_acc_o,
  output logic        req_user_o,
  output logic        req_ac_o,
  input  logic        resp_valid_i,
  input  logic [ 7:0] resp_id_i,
  input  logic [ 1:0] resp_kind_i,
  input  logic [15:0] resp_err_i,
  input  logic [63:0] resp_addr_i
);
  import core_pkg::*;

  logic asked_q;                                               // accepted, and not yet answered or given up
  logic [7:0] id_q;                                            // of that question
  logic [7:0] next_q;
  logic accept;

  assign req_valid_o = ask_i && !asked_q && !drop_i;
  assign req_id_o    = next_q;
  assign req_va_o    = va_i;
  assign req_acc_o   = acc_i;
  assign req_user_o  = user_i;
  assign req_ac_o    = ac_i;
  assign accept      = req_valid_o && req_ready_i;

  assign answer_o    = asked_q && resp_valid_i && resp_id_i == id_q;
  assign pa_o        = resp_addr_i[51:0];
  always_comb begin : p_trap
    trap_o = '0;
    if (resp_kind_i != mmu_pkg::KindOk) begin
      trap_o.valid = 1'b1;
      trap_o.cause = resp_kind_i == mmu_pkg::KindPf ? TrapPage
                   : resp_kind_i == mmu_pkg::KindGp ? TrapGeneral : TrapMachine;
      trap_o.error = resp_err_i;                               // 0 unless a page fault
      trap_o.address = resp_addr_i;                            // of a page fault: for CR2
    end
  end

  always_ff @(posedge clk_i) begin : p_state
    if (accept) begin
      asked_q <= 1'b1;
      id_q <= next_q;
      next_q <= next_q + 8'd1;
    end
    if (answer_o || drop_i) asked_q <= 1'b0;
    if (rst_i) begin
      asked_q <= 1'b0;
      id_q <= '0;
      next_q <= '0;
    end
  end
endmodule
