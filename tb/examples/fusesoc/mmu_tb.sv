// The MMU in a testbench of nothing but SystemVerilog, for any simulator: twelve requests, and of each what it must say
// and in how many cycles it must say it. For `fusesoc run --target=sim` (twinwalk.core); also the example of how to
// wire the ports.
//
// Memory is 20 KByte from address 0 with tables at 1000H (root), 2000H, 3000H, 4000H; a reply comes Latency cycles
// after the request was accepted. Expected cycles are the closed forms of docs/microarchitecture.md, section 16: an L1
// hit takes 1, a walk of n reads S+3+n(L+1).
module mmu_tb
  import mmu_cfg_pkg::*;
;
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA;
  localparam int unsigned Port = PORTS_FETCH;  // the first data port
  localparam int unsigned Latency = 6;
  localparam int Words = WALKERS_REPLY_BYTES / 8;  // of a reply
  localparam int Any = -1;

  logic clk = 1'b0, rst = 1'b1;
  logic [NP-1:0] req_valid = '0, req_ready, req_user = '0, resp_valid;
  logic [NP-1:0][7:0] req_id = '0, resp_id;
  logic [NP-1:0][63:0] req_va = '0, resp_addr;
  logic [NP-1:0][1:0] req_acc = '0, resp_kind, resp_size, resp_src;
  logic [NP-1:0][15:0] resp_err;
  logic [NP-1:0][2:0] resp_pat, resp_mt;
  logic ctl_valid = 1'b0, ctl_ready, ctl_done, ctl_gp;
  logic [3:0] ctl_op = '0;
  logic [63:0] ctl_data = '0;
  logic mem_req_valid, mem_req_cas;
  logic [3:0] mem_req_tag;
  logic [2:0] mem_req_mt;
  logic [51:0] mem_req_addr;
  logic [63:0] mem_req_expected, mem_req_desired;
  logic mem_rsp_valid = 1'b0;
  logic [3:0] mem_rsp_tag = '0;
  logic [8*WALKERS_REPLY_BYTES-1:0] mem_rsp_data = '0;
  logic waiting;
  logic [127:0] state_data;

  mmu u_mmu (
    .clk_i(clk),
    .rst_i(rst),
    .req_valid_i(req_valid),
    .req_ready_o(req_ready),
    .req_id_i(req_id),
    .req_va_i(req_va),
    .req_acc_i(req_acc),
    .req_user_i(req_user),
    .req_imp_i('0),
    .req_ac_i('0),
    .req_ss_i('0),
    .squash_valid_i('0),
    .squash_id_i('0),
    .resp_valid_o(resp_valid),
    .resp_id_o(resp_id),
    .resp_kind_o(resp_kind),
    .resp_err_o(resp_err),
    .resp_addr_o(resp_addr),
    .resp_size_o(resp_size),
    .resp_pat_o(resp_pat),
    .resp_mt_o(resp_mt),
    .resp_src_o(resp_src),
    .ctl_valid_i(ctl_valid),
    .ctl_ready_o(ctl_ready),
    .ctl_op_i(ctl_op),
    .ctl_data_i(ctl_data),
    .ctl_desc_i('0),
    .ctl_done_o(ctl_done),
    .ctl_gp_o(ctl_gp),
    .mem_req_valid_o(mem_req_valid),
    .mem_req_ready_i(left == 0),
    .mem_req_tag_o(mem_req_tag),
    .mem_req_cas_o(mem_req_cas),
    .mem_req_mt_o(mem_req_mt),
    .mem_req_addr_o(mem_req_addr),
    .mem_req_expected_o(mem_req_expected),
    .mem_req_desired_o(mem_req_desired),
    .mem_rsp_valid_i(mem_rsp_valid),
    .mem_rsp_tag_i(mem_rsp_tag),
    .mem_rsp_err_i(1'b0),
    .mem_rsp_data_i(mem_rsp_data),
    .waiting_o(waiting),
    .state_sel_i(4'd15),
    .state_idx_i('0),
    .state_data_o(state_data)
  );

  // ---- Memory: one request at a time ----
  logic [63:0] words[2560];
  int unsigned left = 0;
  logic cas;
  logic [51:0] addr;
  logic [63:0] expected, desired;

  always_ff @(posedge clk) begin
    mem_rsp_valid <= 1'b0;
    if (left == 0 && mem_req_valid) begin
      left <= Latency - 1;
      mem_rsp_tag <= mem_req_tag;
      cas <= mem_req_cas;
      addr <= mem_req_addr;
      expected <= mem_req_expected;
      desired <= mem_req_desired;
    end else if (left != 0) begin
      left <= left - 1;
      if (left == 1) begin
        mem_rsp_valid <= 1'b1;
        for (int i = 0; i < Words; i++) mem_rsp_data[64*i+:64] <= words[addr[14:3]/12'(Words)*12'(Words)+12'(i)];
        if (cas && words[addr[14:3]] == expected) words[addr[14:3]] <= desired;
      end
    end
  end

  // ---- Stimulus: all at the rising edge, by non-blocking assignments, as registers would do it ----
  always #5 clk = ~clk;

  int cycle = 0, wrong = 0;
  always_ff @(posedge clk) cycle <= cycle + 1;

  task automatic control(input logic [3:0] op, input logic [63:0] data);
    ctl_valid <= 1'b1;
    ctl_op <= op;
    ctl_data <= data;
    do @(posedge clk); while (!ctl_ready);
    ctl_valid <= 1'b0;
    do @(posedge clk); while (!ctl_done);
    if (ctl_gp) begin
      wrong++;
      $display("control operation %0d raised #GP", op);
    end
  endtask

  // A request of CPL 3, and what it must say; cycles = Any: however many it takes.
  task automatic ask(input string name, input logic [63:0] va, input logic [1:0] acc, input logic [1:0] kind,
                     input logic [63:0] result, input logic [15:0] err, input int cycles);
    int begun;
    req_valid[Port] <= 1'b1;
    req_va[Port] <= va;
    req_acc[Port] <= acc;
    req_user[Port] <= 1'b1;
    do @(posedge clk); while (!req_ready[Port]);
    begun = cycle;
    req_valid[Port] <= 1'b0;
    do @(posedge clk); while (!resp_valid[Port]);
    if (resp_kind[Port] != kind || resp_addr[Port] != result || resp_err[Port] != err ||
        (cycles != Any && cycle - begun != cycles)) begin
      wrong++;
      $display("%s: kind %0d, address %h, error %h after %0d cycles; expected %0d, %h, %h, %0d", name, resp_kind[Port],
               resp_addr[Port], resp_err[Port], cycle - begun, kind, result, err, cycles);
    end
  endtask

  function automatic int walk(input int reads);
    return int'(STLB_LATENCY) + 3 + reads * (int'(Latency) + 1);
  endfunction

  localparam logic [1:0] Read = 0, Write = 1, Ok = 0, Gp = 1, Pf = 2;

  always begin
    for (int i = 0; i < 2560; i++) words[i] = '0;
    words['h1000/8] = 64'h2027;  // P, W, U, A
    words['h2000/8] = 64'h3027;
    words['h3000/8] = 64'h4027;
    words['h3008/8] = 64'h6000e7;  // a page of 2 MByte, with D
    words['h4000/8] = 64'h100067;
    words['h4008/8] = 64'h101067;
    words['h4010/8] = 64'h102025;  // to be read only
    words['h4018/8] = 64'h103027;  // D is 0
    repeat (2) @(posedge clk);
    rst <= 1'b0;
    control(4'd0, 64'h80010001);  // MOV to CR0: WP
    control(4'd1, 64'h1000);  // MOV to CR3

    ask("cold", 64'h0123, Read, Ok, 64'h100123, 0, walk(4));
    ask("again", 64'h0456, Read, Ok, 64'h100456, 0, 1);
    ask("neighbour", 64'h1008, Write, Ok, 64'h101008, 0, walk(1));
    ask("read only", 64'h2010, Read, Ok, 64'h102010, 0, walk(1));
    ask("written", 64'h2018, Write, Pf, 64'h2018, 16'h7, Any);
    ask("not there", 64'h5020, Read, Pf, 64'h5020, 16'h4, Any);
    ask("clean", 64'h3000, Read, Ok, 64'h103000, 0, walk(4));  // the fault has dropped the paths to its address
    ask("made dirty", 64'h3028, Write, Ok, 64'h103028, 0, Any);
    if (words['h4018/8] != 64'h103067) begin
      wrong++;
      $display("D was not set: %h", words['h4018/8]);
    end
    ask("dirty", 64'h3030, Write, Ok, 64'h103030, 0, 1);
    ask("large", 64'h2abcd8, Read, Ok, 64'h6abcd8, 0, Any);
    ask("not canonical", 64'h8000_0000_0000_0000, Read, Gp, 0, 0, Any);
    control(4'd4, 64'h0);  // INVLPG
    ask("invalidated", 64'h0123, Read, Ok, 64'h100123, 0, walk(4));

    if (wrong != 0) $fatal(1, "mmu_tb: %0d wrong", wrong);
    $display("mmu_tb: 12 requests in %0d cycles, all as they must be", cycle);
    $finish;
  end

  initial begin
    #200000 $fatal(1, "mmu_tb: a request hangs");
  end
endmodule
