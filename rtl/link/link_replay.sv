// Plays the stream of operations to the MMU, one clock of it at a time, and answers what is asked.
//
//     byte ─► operation ─► its bytes ─► registers that hold the MMU's inputs ─► mmu_en_o, one clock ─► link_fold
//
// The MMU's clock is enabled only for a cycle whose inputs are complete and whose outputs the fold can take: while
// bytes are missing it stands, however long. A request or a control operation stays offered until the MMU accepts it,
// without a word from the host; so does what the host predicts (ids, addresses by their distance from the last ones).
// The operations are those of docs/board.md, "Operations".
module link_replay
  import link_pkg::*;
#(
  parameter int unsigned NF = 1,                      // fetch ports
  parameter int unsigned NP = 2,                      // all
  parameter int unsigned Words = 8                    // of 8 bytes in a memory reply: 8, the line, or 1
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  input  logic                 flush_i,               // a new session: forget what is under way
  // operations
  input  logic                 valid_i,
  input  logic [7:0]           data_i,
  output logic                 take_o,
  // the MMU
  output logic                 mmu_rst_o,
  output logic                 mmu_en_o,
  output logic [NP-1:0]        req_valid_o,
  input  logic [NP-1:0]        req_ready_i,
  output logic [NP-1:0][7:0]   req_id_o,
  output logic [NP-1:0][63:0]  req_va_o,
  output logic [NP-1:0][1:0]   req_acc_o,
  output logic [NP-1:0][3:0]   req_mode_o,            // shadow stack, AC, implicit, user
  output logic [NP-1:0]        squash_valid_o,
  output logic [NP-1:0][7:0]   squash_id_o,
  output logic                 ctl_valid_o,
  input  logic                 ctl_ready_i,
  output logic [3:0]           ctl_op_o,
  output logic [63:0]          ctl_data_o,
  output logic [63:0]          ctl_desc_o,
  output logic                 mem_req_ready_o,
  output logic                 mem_rsp_valid_o,
  output logic [3:0]           mem_rsp_tag_o,
  output logic                 mem_rsp_err_o,
  output logic [64*Words-1:0]  mem_rsp_data_o,
  input  logic                 waiting_i,
  output logic [3:0]           state_sel_o,
  output logic [15:0]          state_idx_o,
  input  logic [127:0]         state_data_i,
  // the fold
  output logic                 fold_clear_o,
  output logic                 fold_cycle_o,
  output logic                 fold_flush_o,
  input  logic                 fold_ready_i,
  input  logic [63:0]          fold_crc_i,
  // outputs of the present cycle, as the fold has them
  input  logic [31:0]          head_i,
  input  logic [NP-1:0][63:0]  resp_addr_i,
  input  logic [NP-1:0][63:0]  resp_rest_i,
  input  logic [63:0]          mem_addr_i,
  input  logic [63:0]          mem_expected_i,
  input  logic [63:0]          mem_desired_i,
  // status
  input  logic                 status_busy_i,
  output logic                 check_o,               // a check was made
  output logic [15:0]          checks_o,
  output logic [63:0]          cycles_o,              // of the last check …
  output logic [63:0]          crc_o,                 // … and the CRC there
  output logic                 wrong_o,               // an operation that there is not: the rest is ignored
  output logic                 busy_o,                // something is under way
  // answers
  input  logic [15:0]          session_i,
  output logic                 answer_o,
  output logic [7:0]           answer_type_o,
  output logic [7:0]           answer_words_o,
  output logic                 word_valid_o,
  output logic [63:0]          word_o,
  input  logic                 word_take_i,
  input  logic                 answered_i
);
  localparam int unsigned PinWords = 1 + 2 * NP + 3;
  localparam int unsigned Slots = 64;  // lines of memory that are kept

  typedef enum logic [3:0] {
    StOp,
    StBytes,                                          // of the operation, behind it
    StDo,
    StCycle,                                          // count_q cycles of the MMU
    StLine,                                           // a memory reply's line, word by word
    StLineWord,
    StFlush,                                          // a check: the fold's run, then
    StCheck,                                          // its words, then the status
    StPins,                                           // an answer
    StPeek,                                           // a state word: the MMU's readout is let settle
    StWords,                                          // … and is sent
    StReset,
    StWrong
  } state_t;
  state_t state_q;
  logic [7:0]  op_q;
  logic [3:0] bytes_q, got_q;  // wanted, and there
  logic [8:0][7:0] arg_q;
  logic [15:0] count_q;

  // ---- What is predicted ----
  logic [63:0] fetch_base_q, data_base_q[4];
  logic [7:0] id_q, id_mask_q;
  logic [1:0][3:0] mode_q;                            // of fetches, of data
  logic ready_mode_q;                                 // memory takes what is offered

  // ---- The inputs ----
  logic [NP-1:0] offer_q, squash_q;
  logic [NP-1:0][7:0] squash_id_q;
  logic [NP-1:0][7:0]  rid_q;
  logic [NP-1:0][63:0] va_q;
  logic [NP-1:0][1:0]  acc_q;
  logic [NP-1:0][3:0]  rmode_q;
  logic ctl_q, reply_q, reply_err_q, ready_once_q, ready_value_q;
  logic [3:0] ctl_op_q, reply_tag_q;
  logic [63:0] ctl_data_q, ctl_desc_q;
  logic [64*Words-1:0] line_q;

  // ---- Lines that came before: a reply sends only the words that differ ----
  logic [63:0] slot_memory[Slots*Words];
  logic [63:0] slot_word_q;
  logic [5:0]  slot_q;
  logic [7:0]  mask_q;
  logic [2:0]  word_q;
  logic slot_write;
  logic [$clog2(Slots*Words)-1:0] place;
  assign place      = $bits(place)'({slot_q, word_q} >> (Words == 8 ? 0 : 3));
  assign slot_write = state_q == StLine && mask_q[0] && got_q == 4'd8;
  always_ff @(posedge clk_i) begin : p_slots
    if (slot_write) slot_memory[place] <= arg_q[7:0];
    slot_word_q <= slot_memory[place];
  end

  // ---- Operations ----
  logic ends, is_fetch, is_long_fetch, is_data, is_idle, is_reply;
  assign is_fetch      = op_q[7];
  assign is_data       = op_q[7:6] == 2'b01;
  assign is_reply      = op_q[7:4] == 4'b0011;
  assign is_idle       = op_q[7:4] == 4'b0010;
  assign is_long_fetch = op_q[7:4] == 4'b0001;
  assign ends          = is_fetch ? op_q[6] : is_data ? op_q[5] : is_long_fetch && op_q[3];

  typedef enum logic [3:0] {
    OpMode = 4'd1,
    OpIdMask = 4'd2,
    OpNextId = 4'd3,
    OpRequest = 4'd4,
    OpWithdraw = 4'd5,
    OpControl = 4'd6,
    OpReady = 4'd7,
    OpCheck = 4'd8,
    OpPins = 4'd9,
    OpPeek = 4'd10,
    OpReset = 4'd11,
    OpSquash = 4'd12
  } misc_t;

  // Bytes behind an operation's first.
  function automatic logic [3:0] bytes_of(input logic [7:0] op);
    if (op[7]) return 4'd0;
    if (op[6] || op[7:4] == 4'b0001) return op[1:0] == 2'd3 ? 4'd8 : 4'(op[1:0]) + 4'd1;
    if (op[7:4] == 4'b0010) return op[3:0] == 4'd15 ? 4'd2 : 4'd0;
    if (op[7:4] == 4'b0011) return 4'd1;
    unique case (misc_t'(op[3:0]))
      OpMode, OpIdMask, OpNextId, OpWithdraw, OpReady, OpPins: return 4'd1;
      OpSquash: return 4'd2;
      OpRequest: return 4'd9;
      OpControl: return 4'd9;
      OpPeek: return 4'd5;
      default: return 4'd0;
    endcase
  endfunction

  logic [63:0] distance;  // sign-extended
  always_comb begin : p_distance
    if (is_fetch) distance = 64'(op_q[5:0]) - 64'd24;
    else begin
      unique case (op_q[1:0])
        2'd0: distance = {{56{arg_q[0][7]}}, arg_q[0]};
        2'd1: distance = {{48{arg_q[1][7]}}, arg_q[1:0]};
        2'd2: distance = {{40{arg_q[2][7]}}, arg_q[2:0]};
        default: distance = arg_q[7:0];
      endcase
    end
  end
  logic data_side, request;
  logic [63:0] base, va;
  logic [NP-1:0] side, free, port;
  assign data_side = is_data;
  assign request   = is_fetch || is_data || is_long_fetch;
  assign base      = data_side ? data_base_q[op_q[3:2]] : fetch_base_q;
  assign va        = base + distance;
  assign side      = data_side ? NP'({NP{1'b1}} << NF) : NP'({NF{1'b1}});
  assign free      = side & ~offer_q;
  assign port      = free & (~free + 1'b1);            // the lowest

  // ---- The MMU's clock ----
  logic plays, cycle, peek_clock;
  logic [1:0] settle_q;
  assign plays           = state_q == StCycle;
  assign cycle           = plays && count_q != '0 && fold_ready_i;
  assign peek_clock      = state_q == StPeek && settle_q != '0;
  assign mmu_en_o        = cycle || peek_clock || mmu_rst_o;
  assign mmu_rst_o       = state_q == StReset;
  assign fold_cycle_o    = cycle;
  assign fold_clear_o    = state_q == StReset;
  assign fold_flush_o    = state_q == StFlush && fold_ready_i && !status_busy_i;
  // Between cycles of StCycle what is offered stands, and no clock sees it. Memory is ready whether it is asked or not:
  // what the MMU gives does not go back into it in the same cycle.
  assign req_valid_o     = plays ? offer_q : '0;
  assign req_id_o        = rid_q;
  assign req_va_o        = va_q;
  assign req_acc_o       = acc_q;
  assign req_mode_o      = rmode_q;
  assign squash_valid_o  = plays ? squash_q : '0;
  assign squash_id_o     = squash_id_q;
  assign ctl_valid_o     = plays && ctl_q;
  assign ctl_op_o        = ctl_op_q;
  assign ctl_data_o      = ctl_data_q;
  assign ctl_desc_o      = ctl_desc_q;
  assign mem_req_ready_o = plays && (ready_once_q ? ready_value_q : ready_mode_q);
  assign mem_rsp_valid_o = plays && reply_q;
  assign mem_rsp_tag_o   = reply_tag_q;
  assign mem_rsp_err_o   = reply_err_q;
  assign mem_rsp_data_o  = line_q;

  logic bytes_there;
  assign bytes_there = got_q == bytes_q;
  always_comb begin : p_take
    take_o = 1'b0;
    unique case (state_q)
      StOp: take_o = valid_i;
      StBytes: take_o = valid_i && !bytes_there;
      StLine: take_o = valid_i && mask_q[0] && got_q != 4'd8;
      StWrong: take_o = valid_i;
      default: take_o = 1'b0;
    endcase
  end

  // ---- Status and answers ----
  logic [15:0] checks_q;
  logic [63:0] cycles_q, check_cycles_q, check_crc_q;
  logic [7:0]  sent_q;                                // words of the answer
  logic pins;
  assign check_o        = state_q == StCheck && fold_ready_i;
  assign checks_o       = checks_q;
  assign cycles_o       = check_cycles_q;
  assign crc_o          = check_crc_q;
  assign wrong_o        = state_q == StWrong;
  assign busy_o         = valid_i || state_q != StOp;
  assign pins           = state_q == StPins;
  assign answer_o       = pins || state_q == StPeek || state_q == StWords;
  assign answer_type_o  = pins ? FramePins : FrameWords;
  assign answer_words_o = pins ? 8'(PinWords) : {arg_q[3][6:0], 1'b0} + 8'd1;
  assign state_sel_o    = arg_q[0][3:0];
  assign state_idx_o    = {arg_q[2], arg_q[1]};
  logic [PinWords-1:0][63:0] pin_word;
  always_comb begin : p_pin_words
    pin_word[0] = {head_i, 8'd0, arg_q[0], session_i};
    for (int p = 0; p < int'(NP); p++) begin
      pin_word[1+2*p] = head_i[8+p] ? resp_addr_i[p] : '0;
      pin_word[2+2*p] = head_i[8+p] ? resp_rest_i[p] : '0;
    end
    pin_word[1+2*NP] = head_i[20] ? mem_addr_i : '0;
    pin_word[2+2*NP] = head_i[21] ? mem_expected_i : '0;
    pin_word[3+2*NP] = head_i[21] ? mem_desired_i : '0;
  end
  logic [127:0] state_q_word;
  assign word_valid_o = pins || state_q == StWords;
  always_comb begin : p_word
    if (pins) word_o = pin_word[$clog2(PinWords)'(sent_q)];
    else if (sent_q == '0) word_o = {15'd0, waiting_i, 8'd0, arg_q[3], 8'd0, arg_q[4], session_i};
    else word_o = sent_q[0] ? state_q_word[63:0] : state_q_word[127:64];
  end

  // ---- One step ----
  always_ff @(posedge clk_i) begin : p_play
    if (state_q == StBytes || state_q == StLine) begin
      if (take_o) begin
        arg_q[got_q] <= data_i;
        got_q        <= got_q + 4'd1;
      end
    end
    unique case (state_q)
      StOp:
      if (valid_i) begin
        op_q    <= data_i;
        bytes_q <= bytes_of(data_i);
        got_q   <= '0;
        state_q <= bytes_of(data_i) == '0 ? StDo : StBytes;
      end
      StBytes:
      if (bytes_there) begin
        state_q <= StDo;
        if (op_q == {4'd0, OpControl} && arg_q[0][4] && bytes_q == 4'd9) begin  // the descriptor behind
          ctl_data_q <= arg_q[8:1];
          bytes_q    <= 4'd8;
          got_q      <= '0;
          op_q       <= {4'd0, OpControl};
          ctl_op_q   <= arg_q[0][3:0];
          state_q    <= StBytes;
        end
        if (is_reply && bytes_q == 4'd1 && !arg_q[0][7]) begin  // the mask of the words that differ
          slot_q  <= arg_q[0][5:0];
          bytes_q <= 4'd2;
          state_q <= StBytes;
        end
      end
      StDo: begin
        state_q <= ends ? StCycle : StOp;
        count_q <= 16'd1;
        if (request) begin
          offer_q <= offer_q | port;
          for (int p = 0; p < int'(NP); p++) begin
            if (port[p]) begin
              va_q[p]    <= va;
              rid_q[p]   <= id_q;
              acc_q[p]   <= data_side ? {1'b0, op_q[4]} : 2'd2;
              rmode_q[p] <= mode_q[data_side];
            end
          end
          id_q <= (id_q + 8'd1) & id_mask_q;
          if (data_side) data_base_q[op_q[3:2]] <= va;
          else fetch_base_q <= va;
        end else if (is_idle) begin
          count_q <= op_q[3:0] == 4'd15 ? {arg_q[1], arg_q[0]} : 16'(op_q[3:0]) + 16'd1;
          state_q <= StCycle;
        end else if (is_reply) begin
          reply_q     <= 1'b1;
          reply_tag_q <= op_q[3:0];
          reply_err_q <= arg_q[0][7];
          mask_q      <= arg_q[1];
          word_q      <= '0;
          got_q       <= '0;
          state_q     <= arg_q[0][7] ? StOp : StLine;
        end else begin
          unique case (misc_t'(op_q[3:0]))
            OpMode: mode_q[arg_q[0][7]] <= arg_q[0][3:0];
            OpIdMask: id_mask_q <= arg_q[0];
            OpNextId: id_q <= arg_q[0];
            OpRequest: begin
              for (int p = 0; p < int'(NP); p++) begin
                if (arg_q[0][2:0] == 3'(p)) begin
                  offer_q[p] <= 1'b1;
                  va_q[p]    <= arg_q[8:1];
                  rid_q[p]   <= id_q;
                  acc_q[p]   <= arg_q[0][4:3];
                  rmode_q[p] <= mode_q[p>=int'(NF)];
                end
              end
              id_q <= (id_q + 8'd1) & id_mask_q;
            end
            OpWithdraw: begin
              offer_q <= offer_q & ~arg_q[0][NP-1:0];
            end
            OpControl: begin
              ctl_q    <= 1'b1;

              if (bytes_q == 4'd8) begin
                ctl_desc_q <= arg_q[7:0];
              end else begin
                ctl_op_q   <= arg_q[0][3:0];
                ctl_data_q <= arg_q[8:1];
                ctl_desc_q <= '0;
              end
            end
            OpReady: begin
              if (arg_q[0][2]) ctl_q <= 1'b0;
              else if (arg_q[0][1]) ready_mode_q <= arg_q[0][0];
              else begin
                ready_once_q  <= 1'b1;
                ready_value_q <= arg_q[0][0];
              end
            end
            OpCheck: state_q <= StFlush;
            OpPins: begin
              sent_q  <= '0;
              state_q <= StPins;
            end
            OpPeek: begin
              sent_q   <= '0;
              settle_q <= {2{waiting_i}};
              state_q  <= StPeek;
            end
            OpSquash: begin
              for (int p = 0; p < int'(NP); p++) begin
                if (arg_q[0][2:0] == 3'(p)) begin
                  squash_q[p]    <= 1'b1;
                  squash_id_q[p] <= arg_q[1];
                end
              end
            end
            OpReset: begin
              state_q <= StReset;
              count_q <= 16'd2;
            end
            default: state_q <= StWrong;
          endcase
        end
      end
      StCycle: begin
        if (cycle) begin
          count_q      <= count_q - 16'd1;
          cycles_q     <= cycles_q + 64'd1;
          offer_q      <= offer_q & ~req_ready_i;
          ctl_q        <= ctl_q && !ctl_ready_i;
          reply_q      <= 1'b0;
          squash_q     <= '0;
          ready_once_q <= 1'b0;
          if (count_q == 16'd1) begin
            state_q <= StOp;
          end
        end
      end
      StLine:
      if (!mask_q[0] || got_q == 4'd8) state_q <= StLineWord;
      StLineWord: begin
        line_q  <= (64 * Words)'({mask_q[0] ? arg_q[7:0] : slot_word_q, line_q} >> 64);
        mask_q  <= mask_q >> 1;
        word_q  <= word_q + 3'd1;
        got_q   <= '0;
        state_q <= word_q == 3'(Words - 1) ? StOp : StLine;
      end
      StFlush: if (fold_flush_o) state_q <= StCheck;
      StCheck:
      if (fold_ready_i) begin
        checks_q       <= checks_q + 16'd1;
        check_cycles_q <= cycles_q;
        check_crc_q    <= fold_crc_i;
        state_q        <= StOp;
      end
      StPins:
      if (word_take_i) sent_q <= sent_q + 8'd1;
      else if (answered_i) state_q <= StOp;
      StPeek: begin
        settle_q <= settle_q - 2'(settle_q != '0);
        if (settle_q == '0) begin
          state_q_word <= state_data_i;
          state_q      <= StWords;
        end
      end
      StWords: begin
        if (word_take_i) begin
          sent_q <= sent_q + 8'd1;
          if (sent_q != '0 && !sent_q[0] && sent_q != answer_words_o - 8'd1) begin  // the next one
            {arg_q[2], arg_q[1]} <= {arg_q[2], arg_q[1]} + 16'd1;
            settle_q             <= {2{waiting_i}};
            state_q              <= StPeek;
          end
        end else if (answered_i) state_q <= StOp;
      end
      StReset: begin
        count_q <= count_q - 16'd1;
        if (count_q == 16'd1) state_q <= StOp;
        id_q         <= '0;
        id_mask_q    <= '1;
        mode_q       <= '0;
        ready_mode_q <= 1'b1;
        fetch_base_q <= '0;
        data_base_q  <= '{default: '0};
        cycles_q     <= '0;
        offer_q      <= '0;
        ctl_q        <= 1'b0;
        reply_q      <= 1'b0;
        squash_q     <= '0;
        ready_once_q <= 1'b0;
      end
      default: state_q <= StWrong;
    endcase
    if (rst_i || flush_i) begin
      state_q  <= StOp;
      checks_q <= '0;
      offer_q  <= '0;
      ctl_q    <= 1'b0;
      reply_q  <= 1'b0;
      squash_q <= '0;
    end
  end
endmodule
