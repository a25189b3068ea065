// A page walker in plain Verilog with port names of its own: one request at a time on a packed bus, reset active low,
// stalls where the bench has readies, a scan pin, a debug port. 4- and 5-level tables, PCIDs, no protection keys, no
// shadow stacks, no linear-address masking. dut.toml says which of its ports is which of the bench's pins.
module pg_unit #(
    parameter PA_WIDTH = 52,
    parameter HAS_LA57 = 0,
    parameter HAS_1G   = 1
) (
    input  wire         clk,
    input  wire         rst_n,
    input  wire         scan_en,
    // request: {explicit AC, implicit, user, execute, write, address}
    input  wire         rq_vld,
    input  wire [68:0]  rq_bus,
    output wire         rq_stall,
    // response
    output wire         rs_vld,
    output wire         rs_gp,        // not canonical
    output wire         rs_pf,        // page fault
    output wire         rs_bus,       // memory failed
    output wire [4:0]   rs_code,      // of the page fault
    output wire [63:0]  rs_addr,      // physical, or the one that faulted
    output wire [2:0]   rs_level,     // of the leaf: 1, 2, 3; 0: no translation
    output wire [2:0]   rs_pat,
    output wire [2:0]   rs_type,
    // registers
    input  wire         cr_we,
    input  wire [3:0]   cr_op,
    input  wire [63:0]  cr_wdata,
    input  wire [63:0]  cr_desc,
    output wire         cr_stall,
    output reg          cr_ack,
    output reg          cr_err,
    // memory
    output wire         m_vld,
    input  wire         m_stall,
    output wire         m_swap,       // 1: compare and swap
    output wire [2:0]   m_type,
    output wire [51:0]  m_addr,
    output wire [127:0] m_swap_data,  // {new, old}
    input  wire         m_ack,
    input  wire         m_err,
    input  wire [511:0] m_line,
    output wire [2:0]   dbg_state
);

    localparam IDLE = 3'd0, BEGIN = 3'd1, ASK = 3'd2, WAIT = 3'd3, ANSWER = 3'd4;

    reg [2:0]  state;
    reg        ctl_turn;              // control and requests take turns
    reg        rq_ac, rq_imp, rq_user, rq_exec, rq_write;
    reg [63:0] va;
    reg [2:0]  level;                 // of the entry that is read
    reg [51:0] addr;                  // where it is
    reg [1:0]  pcd_pwt;               // of the table that it is in
    reg        w, u, nx;              // rights down to it
    reg        swap;
    reg [63:0] old_entry, new_entry;
    reg        gp, pf, bus;
    reg [4:0]  code;
    reg [2:0]  leaf_level, pat_index;
    reg [51:0] pa;
    reg        wp, cd, nxe, la57, pcide, smep, smap;
    reg [51:0] cr3;
    reg [63:0] pat;

    function canonical(input [63:0] a, input wide);
        canonical = wide ? a[63:56] == {8{a[56]}} : a[63:47] == {17{a[47]}};
    endfunction

    function [51:0] entry_at(input [39:0] frame, input [63:0] a, input [2:0] l);
        reg [63:0] shifted;
        begin
            shifted  = a >> (12 + 9 * (l - 1));
            entry_at = {frame, shifted[8:0], 3'b000};
        end
    endfunction

    function [2:0] type_of(input [2:0] index);
        type_of = cd ? 3'd0 : pat[8 * index +: 3];
    endfunction

    function bad_pat(input [63:0] p);
        integer i;
        begin
            bad_pat = 1'b0;
            for (i = 0; i < 8; i = i + 1)
                bad_pat = bad_pat | p[8 * i +: 8] > 8'd7 | p[8 * i +: 8] == 8'd2 | p[8 * i +: 8] == 8'd3;
        end
    endfunction

    // What the reply brings, and what is to be done with it.
    wire [63:0] found   = m_line[{addr[5:3], 6'd0} +: 64];
    wire [63:0] e       = (swap && found == old_entry) ? new_entry : found;
    wire        leaf    = level == 3'd1 || (level <= 3'd3 && e[7]);
    wire        e_w     = w & e[1];
    wire        e_u     = u & e[2];
    wire        e_nx    = nx | e[63];
    wire        reserved = (e[51:0] >> PA_WIDTH) != 0 || (e[63] && !nxe) || (e[7] && level >= 3'd4)
                        || (e[7] && level == 3'd3 && HAS_1G == 0)
                        || (e[7] && level == 3'd3 && e[29:13] != 0) || (e[7] && level == 3'd2 && e[20:13] != 0);
    wire        allowed = rq_exec ? (rq_user ? e_u : !(e_u && smep)) && !(e_nx && nxe)
                                  : (rq_user ? e_u : !(e_u && smap && (rq_imp || !rq_ac)))
                                    && (e_w || !rq_write || (!rq_user && !wp));
    wire [63:0] updated = e | 64'h20 | ((leaf && rq_write) ? 64'h40 : 64'h0);

    // #GP(0) of what is written to a register; 9 and 10 are the registers of protection keys.
    wire [63:0] d = cr_wdata;
    reg         refuse;
    always @* begin
        case (cr_op)
            4'd0:    refuse = !d[31] && pcide;
            4'd1:    refuse = (d[60:0] >> PA_WIDTH) != 0 || d[62:61] != 0 || (d[63] && !pcide);
            4'd2:    refuse = !d[5] || d[27] || d[28] || d[24] || d[23] || d[22] || (d[12] && HAS_LA57 == 0)
                           || (d[17] && !pcide && cr3[11:0] != 0);
            4'd3:    refuse = d[15] || d[20];
            4'd5:    refuse = cr_desc[63:12] != 0 || (!pcide && cr_desc[11:0] != 0) || !canonical(d, la57);
            4'd6:    refuse = cr_desc[63:12] != 0 || (!pcide && cr_desc[11:0] != 0);
            4'd7:    refuse = cr_desc[63:12] != 0;
            4'd8:    refuse = cr_desc[63:12] != 0;
            4'd9:    refuse = d[63:32] != 0;
            4'd10:   refuse = 1'b1;
            4'd11:   refuse = bad_pat(d);
            default: refuse = 1'b0;
        endcase
    end

    always @(posedge clk) begin
        cr_ack <= 1'b0;
        case (state)
            IDLE: begin
                ctl_turn <= !ctl_turn;
                if (ctl_turn && cr_we) begin
                    cr_ack <= 1'b1;
                    cr_err <= refuse;
                    if (!refuse)
                        case (cr_op)
                            4'd0:    {cd, wp} <= {d[30], d[16]};
                            4'd1:    cr3 <= d[51:0];
                            4'd2:    {la57, pcide, smep, smap} <= {d[12], d[17], d[20], d[21]};
                            4'd3:    nxe <= d[11];
                            4'd11:   pat <= d;
                            default: ;
                        endcase
                end
                if (!ctl_turn && rq_vld) begin
                    {rq_ac, rq_imp, rq_user, rq_exec, rq_write, va} <= rq_bus;
                    rq_user <= rq_bus[66] && !rq_bus[67];
                    state   <= BEGIN;
                end
            end
            BEGIN: begin
                {w, u, nx, swap, gp, pf, bus} <= 7'b1100000;
                {code, leaf_level, pat_index} <= 0;
                level   <= la57 ? 3'd5 : 3'd4;
                addr    <= entry_at(cr3[51:12], va, la57 ? 3'd5 : 3'd4);
                pcd_pwt <= pcide ? 2'b00 : cr3[4:3];
                gp      <= !canonical(va, la57);
                state   <= canonical(va, la57) ? ASK : ANSWER;
            end
            ASK: if (!m_stall) state <= WAIT;
            WAIT: if (m_ack) begin
                state <= ANSWER;
                swap  <= 1'b0;
                if (m_err) begin
                    bus <= 1'b1;
                end else if (!e[0] || reserved || (leaf && !allowed)) begin
                    pf   <= 1'b1;
                    code <= {rq_exec && (nxe || smep), e[0] && reserved, rq_user, rq_write, e[0]};
                end else if (updated != e) begin
                    {old_entry, new_entry} <= {e, updated};
                    swap  <= 1'b1;
                    state <= ASK;
                end else if (leaf) begin
                    leaf_level <= level;
                    pat_index  <= {level == 3'd1 ? e[7] : e[12], e[4:3]};
                    pa         <= level == 3'd1 ? {e[51:12], va[11:0]} :
                                  level == 3'd2 ? {e[51:21], va[20:0]} : {e[51:30], va[29:0]};
                end else begin
                    {w, u, nx} <= {e_w, e_u, e_nx};
                    level      <= level - 3'd1;
                    addr       <= entry_at(e[51:12], va, level - 3'd1);
                    pcd_pwt    <= e[4:3];
                    state      <= ASK;
                end
            end
            default: state <= IDLE;
        endcase
        if (!rst_n) begin
            state    <= IDLE;
            ctl_turn <= 1'b0;
            cr_ack   <= 1'b0;
            {wp, cd, nxe, la57, pcide, smep, smap, cr3} <= 0;
            pat      <= 64'h0007040600070406;
        end
    end

    assign rq_stall    = !(state == IDLE && !ctl_turn);
    assign rs_vld      = state == ANSWER && !scan_en;
    assign rs_gp       = gp;
    assign rs_pf       = pf;
    assign rs_bus      = bus;
    assign rs_code     = code;
    assign rs_addr     = pf ? va : leaf_level != 0 ? {12'd0, pa} : 64'd0;
    assign rs_level    = leaf_level;
    assign rs_pat      = pat_index;
    assign rs_type     = leaf_level != 0 ? type_of(pat_index) : 3'd0;
    assign cr_stall    = !(state == IDLE && ctl_turn);
    assign m_vld       = state == ASK;
    assign m_swap      = swap;
    assign m_type      = type_of({1'b0, pcd_pwt});
    assign m_addr      = addr;
    assign m_swap_data = {new_entry, old_entry};
    assign dbg_state   = state;

endmodule
