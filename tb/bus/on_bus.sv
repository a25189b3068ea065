// The MMU behind its bus adapters, there and back: what it asks at its memory port goes over a bus to a memory that
// asks at a memory port (axi_memory, wb_memory), over the next bus, and so to the bench, whose memory answers as it
// does any MMU. Four buses, one behind the other, each with a width of its own; 0 leaves one out.
//
//     mmu → mmu_axi, exclusive → axi_memory → mmu_axi, AtomicCompare → axi_memory
//         → mmu_wb, pipelined  → wb_memory  → mmu_wb, classic        → wb_memory → the bench
//
// So the bench needs to know nothing of buses, and every read, compare-and-swap and error of its memory has gone over
// all of them, in both directions. The rules of formal/ are bound to the adapters, and hold here too.
//
// At check arch: the clock is that of the buses. waiting_o is 0, since the buses know of more than the MMU.
module on_bus
  import mmu_cfg_pkg::*;
#(
  parameter int unsigned AXI_EXCLUSIVE = 64,
  parameter int unsigned AXI_ATOMIC = 64,
  parameter int unsigned WB_PIPELINED = 64,
  parameter int unsigned WB_CLASSIC = 64,
  parameter int unsigned OUTSTANDING = 3,
  parameter int unsigned RETRIES = 255,
  parameter bit MONITOR = 1'b1,
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA
) (
  `include "mmu_ports.svh"
);
  localparam int unsigned Buses = 4;
  localparam int unsigned Width[Buses] = '{AXI_EXCLUSIVE, AXI_ATOMIC, WB_PIPELINED, WB_CLASSIC};
  localparam int unsigned IdBits = $clog2(OUTSTANDING + 1);

  typedef struct packed {
    logic        valid;
    logic [3:0]  tag;
    logic        cas;
    logic [2:0]  mt;
    logic [51:0] addr;
    logic [63:0] expected, desired;
  } request_t;
  typedef struct packed {
    logic         valid;
    logic [3:0]   tag;
    logic         err;
    logic [8*WALKERS_REPLY_BYTES-1:0] data;
  } reply_t;

  // Memory port n is what bus n is asked by; 0 is the MMU's, the last one the bench's.
  request_t req[Buses+1];
  logic ready[Buses+1];
  reply_t rsp[Buses+1];

  assign mem_req_valid_o    = req[Buses].valid;
  assign mem_req_tag_o      = req[Buses].tag;
  assign mem_req_cas_o      = req[Buses].cas;
  assign mem_req_mt_o       = req[Buses].mt;
  assign mem_req_addr_o     = req[Buses].addr;
  assign mem_req_expected_o = req[Buses].expected;
  assign mem_req_desired_o  = req[Buses].desired;
  assign ready[Buses]       = mem_req_ready_i;
  assign rsp[Buses]         = '{mem_rsp_valid_i, mem_rsp_tag_i, mem_rsp_err_i, mem_rsp_data_i};
  assign waiting_o          = 1'b0;

  // verilator lint_off UNUSEDSIGNAL
  logic mmu_waits;
  // verilator lint_on UNUSEDSIGNAL
  mmu u_mmu (
    .mem_req_valid_o(req[0].valid),
    .mem_req_ready_i(ready[0]),
    .mem_req_tag_o(req[0].tag),
    .mem_req_cas_o(req[0].cas),
    .mem_req_mt_o(req[0].mt),
    .mem_req_addr_o(req[0].addr),
    .mem_req_expected_o(req[0].expected),
    .mem_req_desired_o(req[0].desired),
    .mem_rsp_valid_i(rsp[0].valid),
    .mem_rsp_tag_i(rsp[0].tag),
    .mem_rsp_err_i(rsp[0].err),
    .mem_rsp_data_i(rsp[0].data),
    .waiting_o(mmu_waits),
    .*
  );

  for (genvar n = 0; n < Buses; n++) begin : g_bus
    if (Width[n] == 0) begin : g_none
      assign req[n+1] = req[n];
      assign ready[n] = ready[n+1];
      assign rsp[n]   = rsp[n+1];
    end else if (n < 2) begin : g_axi
      axi_there_and_back #(
        .REPLY_BYTES(WALKERS_REPLY_BYTES),
        .DATA_BITS(Width[n]),
        .ID_BITS(IdBits),
        .OUTSTANDING(OUTSTANDING),
        .ATOMIC(n == 1),
        .RETRIES(RETRIES),
        .MONITOR(MONITOR),
        .SEED(64'(n + 1))
      ) u_bus (
        .clk_i,
        .rst_i,
        .mem_req_valid_i(req[n].valid),
        .mem_req_ready_o(ready[n]),
        .mem_req_tag_i(req[n].tag),
        .mem_req_cas_i(req[n].cas),
        .mem_req_mt_i(req[n].mt),
        .mem_req_addr_i(req[n].addr),
        .mem_req_expected_i(req[n].expected),
        .mem_req_desired_i(req[n].desired),
        .mem_rsp_valid_o(rsp[n].valid),
        .mem_rsp_tag_o(rsp[n].tag),
        .mem_rsp_err_o(rsp[n].err),
        .mem_rsp_data_o(rsp[n].data),
        .mem_req_valid_o(req[n+1].valid),
        .mem_req_ready_i(ready[n+1]),
        .mem_req_tag_o(req[n+1].tag),
        .mem_req_cas_o(req[n+1].cas),
        .mem_req_mt_o(req[n+1].mt),
        .mem_req_addr_o(req[n+1].addr),
        .mem_req_expected_o(req[n+1].expected),
        .mem_req_desired_o(req[n+1].desired),
        .mem_rsp_valid_i(rsp[n+1].valid),
        .mem_rsp_tag_i(rsp[n+1].tag),
        .mem_rsp_err_i(rsp[n+1].err),
        .mem_rsp_data_i(rsp[n+1].data)
      );
    end else begin : g_wb
      wb_there_and_back #(
        .REPLY_BYTES(WALKERS_REPLY_BYTES),
        .DATA_BITS(Width[n]),
        .PIPELINED(n == 2),
        .OUTSTANDING(OUTSTANDING),
        .RETRIES(RETRIES),
        .SEED(64'(n + 1))
      ) u_bus (
        .clk_i,
        .rst_i,
        .mem_req_valid_i(req[n].valid),
        .mem_req_ready_o(ready[n]),
        .mem_req_tag_i(req[n].tag),
        .mem_req_cas_i(req[n].cas),
        .mem_req_mt_i(req[n].mt),
        .mem_req_addr_i(req[n].addr),
        .mem_req_expected_i(req[n].expected),
        .mem_req_desired_i(req[n].desired),
        .mem_rsp_valid_o(rsp[n].valid),
        .mem_rsp_tag_o(rsp[n].tag),
        .mem_rsp_err_o(rsp[n].err),
        .mem_rsp_data_o(rsp[n].data),
        .mem_req_valid_o(req[n+1].valid),
        .mem_req_ready_i(ready[n+1]),
        .mem_req_tag_o(req[n+1].tag),
        .mem_req_cas_o(req[n+1].cas),
        .mem_req_mt_o(req[n+1].mt),
        .mem_req_addr_o(req[n+1].addr),
        .mem_req_expected_o(req[n+1].expected),
        .mem_req_desired_o(req[n+1].desired),
        .mem_rsp_valid_i(rsp[n+1].valid),
        .mem_rsp_tag_i(rsp[n+1].tag),
        .mem_rsp_err_i(rsp[n+1].err),
        .mem_rsp_data_i(rsp[n+1].data)
      );
    end
  end
endmodule
