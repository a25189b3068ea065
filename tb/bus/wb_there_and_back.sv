// A bus of Wishbone between two memory ports: the adapter (rtl/bus), and a memory that asks at the second port.
module wb_there_and_back #(
  parameter int unsigned REPLY_BYTES = 64,
  parameter int unsigned DATA_BITS = 64,
  parameter bit PIPELINED = 1'b1,
  parameter int unsigned OUTSTANDING = 4,
  parameter int unsigned RETRIES = 255,
  parameter logic [63:0] SEED = 64'h1
) (
  input  logic         clk_i,
  input  logic         rst_i,
  // asked here
  input  logic         mem_req_valid_i,
  output logic         mem_req_ready_o,
  input  logic [3:0]   mem_req_tag_i,
  input  logic         mem_req_cas_i,
  input  logic [2:0]   mem_req_mt_i,
  input  logic [51:0]  mem_req_addr_i,
  input  logic [63:0]  mem_req_expected_i,
  input  logic [63:0]  mem_req_desired_i,
  output logic         mem_rsp_valid_o,
  output logic [3:0]   mem_rsp_tag_o,
  output logic         mem_rsp_err_o,
  output logic [8*REPLY_BYTES-1:0] mem_rsp_data_o,
  // asks there
  output logic         mem_req_valid_o,
  input  logic         mem_req_ready_i,
  output logic [3:0]   mem_req_tag_o,
  output logic         mem_req_cas_o,
  output logic [2:0]   mem_req_mt_o,
  output logic [51:0]  mem_req_addr_o,
  output logic [63:0]  mem_req_expected_o,
  output logic [63:0]  mem_req_desired_o,
  input  logic         mem_rsp_valid_i,
  input  logic [3:0]   mem_rsp_tag_i,
  input  logic         mem_rsp_err_i,
  input  logic [8*REPLY_BYTES-1:0] mem_rsp_data_i
);
  // verilator lint_off UNUSEDSIGNAL
  // (of what the bus says its memory needs not all)
  logic wb_cyc;
  logic wb_lock;
  logic wb_stb;
  logic wb_we;
  logic [51:0] wb_adr;
  logic [2:0] wb_tga;
  logic [2:0] wb_cti;
  logic [1:0] wb_bte;
  logic [DATA_BITS/8-1:0] wb_sel;
  logic [DATA_BITS-1:0] wb_dat_w;
  logic [DATA_BITS-1:0] wb_dat_r;
  logic wb_stall;
  logic wb_ack;
  logic wb_err;
  logic wb_rty;
  // verilator lint_on UNUSEDSIGNAL

  mmu_wb #(
    .REPLY_BYTES(REPLY_BYTES),
    .DATA_BITS(DATA_BITS),
    .PIPELINED(PIPELINED),
    .OUTSTANDING(OUTSTANDING),
    .RETRIES(RETRIES)
  ) u_adapter (
    .clk_i,
    .rst_i,
    .mem_req_valid_i,
    .mem_req_ready_o,
    .mem_req_tag_i,
    .mem_req_cas_i,
    .mem_req_mt_i,
    .mem_req_addr_i,
    .mem_req_expected_i,
    .mem_req_desired_i,
    .mem_rsp_valid_o,
    .mem_rsp_tag_o,
    .mem_rsp_err_o,
    .mem_rsp_data_o,
    .wb_cyc_o(wb_cyc),
    .wb_lock_o(wb_lock),
    .wb_stb_o(wb_stb),
    .wb_we_o(wb_we),
    .wb_adr_o(wb_adr),
    .wb_tga_o(wb_tga),
    .wb_cti_o(wb_cti),
    .wb_bte_o(wb_bte),
    .wb_sel_o(wb_sel),
    .wb_dat_o(wb_dat_w),
    .wb_dat_i(wb_dat_r),
    .wb_stall_i(wb_stall),
    .wb_ack_i(wb_ack),
    .wb_err_i(wb_err),
    .wb_rty_i(wb_rty)
  );

  wb_memory #(
    .REPLY_BYTES(REPLY_BYTES),
    .DATA_BITS(DATA_BITS),
    .PIPELINED(PIPELINED),
    .SEED(SEED)
  ) u_memory (
    .clk_i,
    .rst_i,
    .wb_cyc_i(wb_cyc),
    .wb_lock_i(wb_lock),
    .wb_stb_i(wb_stb),
    .wb_we_i(wb_we),
    .wb_adr_i(wb_adr),
    .wb_tga_i(wb_tga),
    .wb_sel_i(wb_sel),
    .wb_dat_i(wb_dat_w),
    .wb_dat_o(wb_dat_r),
    .wb_stall_o(wb_stall),
    .wb_ack_o(wb_ack),
    .wb_err_o(wb_err),
    .wb_rty_o(wb_rty),
    .mem_req_valid_o,
    .mem_req_ready_i,
    .mem_req_tag_o,
    .mem_req_cas_o,
    .mem_req_mt_o,
    .mem_req_addr_o,
    .mem_req_expected_o,
    .mem_req_desired_o,
    .mem_rsp_valid_i,
    .mem_rsp_tag_i,
    .mem_rsp_err_i,
    .mem_rsp_data_i
  );
endmodule
