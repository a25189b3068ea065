// The MMU as the bench verilates it: the design under test, unchanged, beside a board that shows both twins in the
// waveform.
//
// The view_* inputs go nowhere. While waves are on the adapter writes to them what the pins of this cycle say, port by
// port, with fields 0 where their valid is 0: [0] the RTL's, [1] what the reference model expects. So there is no logic
// here, and without waves this module costs nothing.
module mmu_waves
  import mmu_cfg_pkg::*;
#(
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA
) (
  /* verilator lint_off UNUSEDSIGNAL */  // they are for the eye only
  // the board; req {valid, access}, mode {ss, ac, imp, user}, resp {valid, kind}, size {OK, size}, mt {OK, mt}, src
  // {valid, src}, mem_req {valid, cas}, its mt {valid, mt}
  input  logic [NP-1:0][2:0]        view_req_i,
  input  logic [NP-1:0][7:0]        view_req_id_i,
  input  logic [NP-1:0][63:0]       view_req_va_i,
  input  logic [NP-1:0][3:0]        view_req_mode_i,
  input  logic [1:0][NP-1:0][0:0]   view_req_ready_i,
  input  logic [1:0][NP-1:0][2:0]   view_resp_i,
  input  logic [1:0][NP-1:0][7:0]   view_resp_id_i,
  input  logic [1:0][NP-1:0][15:0]  view_resp_err_i,
  input  logic [1:0][NP-1:0][63:0]  view_resp_addr_i,
  input  logic [1:0][NP-1:0][2:0]   view_resp_size_i,
  input  logic [1:0][NP-1:0][2:0]   view_resp_pat_i,
  input  logic [1:0][NP-1:0][3:0]   view_resp_mt_i,
  input  logic [1:0][NP-1:0][2:0]   view_resp_src_i,
  input  logic [1:0][0:0]           view_ctl_ready_i,
  input  logic [1:0][0:0]           view_ctl_done_i,
  input  logic [1:0][0:0]           view_ctl_gp_i,
  input  logic [1:0][0:0]           view_waiting_i,
  input  logic [1:0][1:0]           view_mem_req_i,
  input  logic [1:0][3:0]           view_mem_req_tag_i,
  input  logic [1:0][3:0]           view_mem_req_mt_i,
  input  logic [1:0][63:0]          view_mem_req_addr_i,
  input  logic [1:0][63:0]          view_mem_req_expected_i,
  input  logic [1:0][63:0]          view_mem_req_desired_i,
  input  logic                      view_differs_i,
  /* verilator lint_on UNUSEDSIGNAL */
  `include "mmu_ports.svh"
);

  mmu dut (.*);

endmodule
