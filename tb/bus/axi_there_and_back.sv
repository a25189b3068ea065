// A bus of AXI between two memory ports: the adapter (rtl/bus), and a memory that asks at the second port.
module axi_there_and_back #(
  parameter int unsigned REPLY_BYTES = 64,
  parameter int unsigned DATA_BITS = 64,
  parameter int unsigned ID_BITS = 3,
  parameter int unsigned OUTSTANDING = 4,
  parameter bit ATOMIC = 1'b0,
  parameter int unsigned RETRIES = 255,
  parameter bit MONITOR = 1'b1,
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
  logic axi_arvalid;
  logic axi_arready;
  logic [ID_BITS-1:0] axi_arid;
  logic [51:0] axi_araddr;
  logic [7:0] axi_arlen;
  logic [2:0] axi_arsize;
  logic [1:0] axi_arburst;
  logic axi_arlock;
  logic [3:0] axi_arcache;
  logic [2:0] axi_arprot;
  logic [2:0] axi_aruser;
  logic axi_rvalid;
  logic axi_rready;
  logic [ID_BITS-1:0] axi_rid;
  logic [DATA_BITS-1:0] axi_rdata;
  logic [1:0] axi_rresp;
  logic axi_rlast;
  logic axi_awvalid;
  logic axi_awready;
  logic [ID_BITS-1:0] axi_awid;
  logic [51:0] axi_awaddr;
  logic [7:0] axi_awlen;
  logic [2:0] axi_awsize;
  logic [1:0] axi_awburst;
  logic axi_awlock;
  logic [3:0] axi_awcache;
  logic [2:0] axi_awprot;
  logic [2:0] axi_awuser;
  logic [5:0] axi_awatop;
  logic axi_wvalid;
  logic axi_wready;
  logic [DATA_BITS-1:0] axi_wdata;
  logic [DATA_BITS/8-1:0] axi_wstrb;
  logic axi_wlast;
  logic axi_bvalid;
  logic axi_bready;
  logic [ID_BITS-1:0] axi_bid;
  logic [1:0] axi_bresp;
  // verilator lint_on UNUSEDSIGNAL

  mmu_axi #(
    .REPLY_BYTES(REPLY_BYTES),
    .DATA_BITS(DATA_BITS),
    .ID_BITS(ID_BITS),
    .OUTSTANDING(OUTSTANDING),
    .ATOMIC(ATOMIC),
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
    .axi_arvalid_o(axi_arvalid),
    .axi_arready_i(axi_arready),
    .axi_arid_o(axi_arid),
    .axi_araddr_o(axi_araddr),
    .axi_arlen_o(axi_arlen),
    .axi_arsize_o(axi_arsize),
    .axi_arburst_o(axi_arburst),
    .axi_arlock_o(axi_arlock),
    .axi_arcache_o(axi_arcache),
    .axi_arprot_o(axi_arprot),
    .axi_aruser_o(axi_aruser),
    .axi_rvalid_i(axi_rvalid),
    .axi_rready_o(axi_rready),
    .axi_rid_i(axi_rid),
    .axi_rdata_i(axi_rdata),
    .axi_rresp_i(axi_rresp),
    .axi_rlast_i(axi_rlast),
    .axi_awvalid_o(axi_awvalid),
    .axi_awready_i(axi_awready),
    .axi_awid_o(axi_awid),
    .axi_awaddr_o(axi_awaddr),
    .axi_awlen_o(axi_awlen),
    .axi_awsize_o(axi_awsize),
    .axi_awburst_o(axi_awburst),
    .axi_awlock_o(axi_awlock),
    .axi_awcache_o(axi_awcache),
    .axi_awprot_o(axi_awprot),
    .axi_awuser_o(axi_awuser),
    .axi_awatop_o(axi_awatop),
    .axi_wvalid_o(axi_wvalid),
    .axi_wready_i(axi_wready),
    .axi_wdata_o(axi_wdata),
    .axi_wstrb_o(axi_wstrb),
    .axi_wlast_o(axi_wlast),
    .axi_bvalid_i(axi_bvalid),
    .axi_bready_o(axi_bready),
    .axi_bid_i(axi_bid),
    .axi_bresp_i(axi_bresp)
  );

  axi_memory #(
    .REPLY_BYTES(REPLY_BYTES),
    .DATA_BITS(DATA_BITS),
    .ID_BITS(ID_BITS),
    .MONITOR(MONITOR),
    .SEED(SEED)
  ) u_memory (
    .clk_i,
    .rst_i,
    .axi_arvalid_i(axi_arvalid),
    .axi_arready_o(axi_arready),
    .axi_arid_i(axi_arid),
    .axi_araddr_i(axi_araddr),
    .axi_arlen_i(axi_arlen),
    .axi_arsize_i(axi_arsize),
    .axi_arlock_i(axi_arlock),
    .axi_arcache_i(axi_arcache),
    .axi_aruser_i(axi_aruser),
    .axi_rvalid_o(axi_rvalid),
    .axi_rready_i(axi_rready),
    .axi_rid_o(axi_rid),
    .axi_rdata_o(axi_rdata),
    .axi_rresp_o(axi_rresp),
    .axi_rlast_o(axi_rlast),
    .axi_awvalid_i(axi_awvalid),
    .axi_awready_o(axi_awready),
    .axi_awid_i(axi_awid),
    .axi_awaddr_i(axi_awaddr),
    .axi_awlock_i(axi_awlock),
    .axi_awcache_i(axi_awcache),
    .axi_awuser_i(axi_awuser),
    .axi_awatop_i(axi_awatop),
    .axi_wvalid_i(axi_wvalid),
    .axi_wready_o(axi_wready),
    .axi_wdata_i(axi_wdata),
    .axi_wstrb_i(axi_wstrb),
    .axi_wlast_i(axi_wlast),
    .axi_bvalid_o(axi_bvalid),
    .axi_bready_i(axi_bready),
    .axi_bid_o(axi_bid),
    .axi_bresp_o(axi_bresp),
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
