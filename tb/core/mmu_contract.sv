// The contract of the MMU's ports, watched: bind or instantiate it beside the MMU in a simulation of your own. Each
// rule has the name that docs/integration.md gives it; a broken one says so by $error.
//
// duty_… is what the core and its memory owe, kept_… what the MMU promises. It is told nothing that is not on the pins,
// and knows no timing but what holds in every preset.
module mmu_contract
  import mmu_cfg_pkg::*;
#(
  localparam int unsigned NP = PORTS_FETCH + PORTS_DATA
) (
  input logic                      clk_i,
  input logic                      rst_i,
  input logic [NP-1:0]             req_valid_i,
  input logic [NP-1:0]             req_ready_i,
  input logic [NP-1:0][ 7:0]       req_id_i,
  input logic [NP-1:0][ 1:0]       req_acc_i,
  input logic [NP-1:0]             squash_valid_i,
  input logic [NP-1:0][ 7:0]       squash_id_i,
  input logic [NP-1:0]             resp_valid_i,
  input logic [NP-1:0][ 7:0]       resp_id_i,
  input logic [NP-1:0][ 1:0]       resp_kind_i,
  input logic [NP-1:0][15:0]       resp_err_i,
  input logic [NP-1:0][63:0]       resp_addr_i,
  input logic [NP-1:0][ 1:0]       resp_src_i,
  input logic                      ctl_valid_i,
  input logic                      ctl_ready_i,
  input logic                      ctl_done_i,
  input logic                      mem_req_valid_i,
  input logic                      mem_req_ready_i,
  input logic [ 3:0]               mem_req_tag_i,
  input logic                      mem_req_cas_i,
  input logic [51:0]               mem_req_addr_i,
  input logic [63:0]               mem_req_expected_i,
  input logic [63:0]               mem_req_desired_i,
  input logic                      mem_rsp_valid_i,
  input logic [ 3:0]               mem_rsp_tag_i
);
  localparam logic [1:0] Read = 2'd0, Write = 2'd1, Exec = 2'd2;
  localparam logic [1:0] Ok = 2'd0, General = 2'd1, Page = 2'd2;
  localparam logic [1:0] Level1 = 2'd0, Merged = 2'd3;

  // From an L1, or not canonical: in the next cycle. Merged with another's: 3 cycles at least. All else has been
  // through the STLB.
  function automatic logic since_when(input logic [1:0] kind, input logic [1:0] src, input int unsigned cycles);
    if (kind == General || (kind == Ok && src == Level1)) return cycles == 1;
    return cycles >= (kind == Ok && src == Merged ? 3 : 1 + STLB_LATENCY);
  endfunction

  // ---- Requests and answers ----
  /* verilator tracing_off */  // too much to see, and slow to compile
  int unsigned cycle_q;
  logic [255:0] flying_q[NP];                                  // accepted, and neither answered nor squashed
  int unsigned since_q[NP][256];
  /* verilator tracing_on */
  always_ff @(posedge clk_i) begin : p_requests
    cycle_q <= cycle_q + 1;
    for (int unsigned p = 0; p < NP; p++) begin
      if (resp_valid_i[p]) begin
        kept_answer :
        assert (flying_q[p][resp_id_i[p]])
        else $error("contract: kept_answer: port %0d answers id %0d, which nobody waits for", p, resp_id_i[p]);
        kept_fields :
        assert ((resp_kind_i[p] == Page || resp_err_i[p] == '0) &&
                              (resp_kind_i[p] == Ok || resp_kind_i[p] == Page || resp_addr_i[p] == '0))
        else
          $error(
              "contract: kept_fields: port %0d, kind %0d with error %h, address %h",
              p,
              resp_kind_i[p],
              resp_err_i[p],
              resp_addr_i[p]
          );
        kept_latency :
        assert (since_when(resp_kind_i[p], resp_src_i[p], cycle_q - since_q[p][resp_id_i[p]]))
        else
          $error(
              "contract: kept_latency: port %0d, kind %0d, source %0d after %0d cycles",
              p,
              resp_kind_i[p],
              resp_src_i[p],
              cycle_q - since_q[p][resp_id_i[p]]
          );
        flying_q[p][resp_id_i[p]] <= 1'b0;
      end
      if (squash_valid_i[p]) flying_q[p][squash_id_i[p]] <= 1'b0;
      if (req_valid_i[p] && req_ready_i[p]) begin
        duty_id :
        assert (!flying_q[p][req_id_i[p]])
        else $error("contract: duty_id: port %0d uses id %0d again before it is answered or squashed", p, req_id_i[p]);
        duty_access :
        assert (p < PORTS_FETCH ? req_acc_i[p] == Exec : req_acc_i[p] == Read || req_acc_i[p] == Write)
        else $error("contract: duty_access: port %0d cannot do an access of kind %0d", p, req_acc_i[p]);
        kept_room :
        assert ($countones(flying_q[p]) <= MISS_QUEUE_ENTRIES)
        else $error("contract: kept_room: port %0d has %0d requests in flight", p, $countones(flying_q[p]));
        flying_q[p][req_id_i[p]] <= 1'b1;
        since_q[p][req_id_i[p]]  <= cycle_q;
      end
    end
    if (rst_i) for (int unsigned p = 0; p < NP; p++) flying_q[p] <= '0;
  end

  // ---- Control operations ----
  logic operates_q, first_q;  // an operation is under way; the one of reset is not over
  int unsigned begun_q;
  always_ff @(posedge clk_i) begin : p_control
    if (!rst_i) begin
      kept_still :
      assert (!(operates_q || first_q) || (req_ready_i == '0 && !ctl_ready_i))
      else $error("contract: kept_still: something is accepted while an operation is under way");
      if (ctl_done_i) begin
        kept_done :
        assert (first_q || (operates_q && cycle_q - begun_q >= 3))
        else $error("contract: kept_done: done without an operation, or too early");
        operates_q <= 1'b0;
        first_q    <= 1'b0;
      end
      if (ctl_valid_i && ctl_ready_i) begin
        operates_q <= 1'b1;
        begun_q    <= cycle_q;
      end
    end else begin
      operates_q <= 1'b0;
      first_q    <= 1'b1;
    end
  end

  // ---- Memory ----
  typedef struct packed {
    logic        cas;
    logic [3:0]  tag;
    logic [51:0] addr;
    logic [63:0] expected, desired;
  } offer_t;
  offer_t offer, offer_q;
  logic offered_q;                                             // in the cycle before, and not accepted
  logic [15:0] owed_q;                                         // bit t: memory owes a reply to tag t
  assign offer = '{
          cas: mem_req_cas_i,
          tag: mem_req_tag_i,
          addr: mem_req_addr_i,
          expected: mem_req_cas_i ? mem_req_expected_i : '0,
          desired: mem_req_cas_i ? mem_req_desired_i : '0
      };
  always_ff @(posedge clk_i) begin : p_memory
    if (!rst_i) begin
      kept_offer :
      assert (!offered_q || (mem_req_valid_i && offer == offer_q))
      else $error("contract: kept_offer: an offer of memory has changed before it was accepted");
      if (mem_req_valid_i) begin
        kept_address :
        assert (mem_req_addr_i[2:0] == '0 && (mem_req_addr_i >> ARCH_PADDR_BITS) == '0)
        else $error("contract: kept_address: %h", mem_req_addr_i);
        kept_tag :
        assert (!owed_q[mem_req_tag_i])
        else $error("contract: kept_tag: tag %0d has a request under way", mem_req_tag_i);
        if (mem_req_ready_i) owed_q[mem_req_tag_i] <= 1'b1;
      end
      if (mem_rsp_valid_i) begin
        duty_reply :
        assert (owed_q[mem_rsp_tag_i])
        else $error("contract: duty_reply: memory answers tag %0d, which has asked for nothing", mem_rsp_tag_i);
        owed_q[mem_rsp_tag_i] <= 1'b0;
      end
    end else owed_q <= '0;
    offered_q <= !rst_i && mem_req_valid_i && !mem_req_ready_i;
    offer_q   <= offer;
  end
endmodule
