// One bus, there and back, between a requester and a memory: tb/tests/test_bus.sh makes it of this, for the adapters as
// they are and for each planted defect.
module bus_case (
  input logic clk_i,
  input logic rst_i
);
  logic mem_req_valid_i, mem_req_ready_o, mem_req_cas_i, mem_rsp_valid_o, mem_rsp_err_o;
  logic [3:0] mem_req_tag_i, mem_rsp_tag_o, mem_req_tag_o, mem_rsp_tag_i;
  logic [51:0] mem_req_addr_i, mem_req_addr_o;
  logic [63:0] mem_req_expected_i, mem_req_desired_i, mem_req_expected_o, mem_req_desired_o;
  logic [8*REPLYING-1:0] mem_rsp_data_o, mem_rsp_data_i;
  logic mem_req_valid_o, mem_req_ready_i, mem_req_cas_o, mem_rsp_valid_i, mem_rsp_err_i;
  logic [2:0] mem_req_mt_i, mem_req_mt_o;

  there_and_back #(PARAMETERS) u_bus (.*);

  port_tester #(
    .NAME("CASE"),
    .REPLY_BYTES(REPLYING),
    .SWAPS(SWAPPING)
  ) u_tester (
    .clk_i,
    .rst_i,
    .req_valid_o(mem_req_valid_i),
    .req_ready_i(mem_req_ready_o),
    .req_tag_o(mem_req_tag_i),
    .req_cas_o(mem_req_cas_i),
    .req_mt_o(mem_req_mt_i),
    .req_addr_o(mem_req_addr_i),
    .req_expected_o(mem_req_expected_i),
    .req_desired_o(mem_req_desired_i),
    .rsp_valid_i(mem_rsp_valid_o),
    .rsp_tag_i(mem_rsp_tag_o),
    .rsp_err_i(mem_rsp_err_o),
    .rsp_data_i(mem_rsp_data_o),
    .mem_valid_i(mem_req_valid_o),
    .mem_ready_o(mem_req_ready_i),
    .mem_tag_i(mem_req_tag_o),
    .mem_cas_i(mem_req_cas_o),
    .mem_mt_i(mem_req_mt_o),
    .mem_addr_i(mem_req_addr_o),
    .mem_expected_i(mem_req_expected_o),
    .mem_desired_i(mem_req_desired_o),
    .mem_rsp_valid_o(mem_rsp_valid_i),
    .mem_rsp_tag_o(mem_rsp_tag_i),
    .mem_rsp_err_o(mem_rsp_err_i),
    .mem_rsp_data_o(mem_rsp_data_i)
  );
endmodule
