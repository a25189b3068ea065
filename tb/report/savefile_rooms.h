/* What the save file shows: the signals of every room, in reading order, and the names of their codes.
 *
 * A path matches the end of a signal's full name, from a dot on; '#' is the number of the port or walker, '*' (at most
 * one) any run of characters but a dot, which the label's '*' then repeats. What the waveform does not have is left
 * out, so one table serves every preset and every DUT. */
#ifndef TWINWALK_SAVEFILE_ROOMS_H
#define TWINWALK_SAVEFILE_ROOMS_H

#include <stdbool.h>

enum names {
    NAMES_NONE,
    NAMES_ENUM,
    NAMES_REQUEST,
    NAMES_RESPONSE,
    NAMES_FAULT,
    NAMES_SIZE,
    NAMES_SOURCE,
    NAMES_OP,
    NAMES_TOKEN,
    NAMES_MEMORY,
    NAMES_MT,
    NAMES_MODE,
    NAMES_ADDRESS,
    NAMES_COUNT
};

/* The translation filters: codes 0 … n-1 as GTKWave prints them in hexadecimal; those of the page-fault code and of the
 * access mode are made from their bits. (An enum of the RTL needs none: the waveform carries its names, and GTKWave
 * would not look into a filter for it.) */
struct names_file {
    const char *file;
    const char *name[16];
};

static const struct names_file names_files[NAMES_COUNT] = {
    [NAMES_REQUEST] = {"request.flt", {"-", "-", "-", "-", "read", "write", "execute"}},
    [NAMES_RESPONSE] = {"response.flt", {"-", "-", "-", "-", "OK", "#GP", "#PF", "MEMERR"}},
    [NAMES_FAULT] = {"fault.flt", {0}},
    [NAMES_SIZE] = {"size.flt", {"-", "-", "-", "-", "4K", "2M", "1G"}},
    [NAMES_SOURCE] = {"source.flt", {"-", "-", "-", "-", "L1", "STLB", "walk", "merged"}},
    [NAMES_OP] = {"op.flt",
                  {"MOV_CR0", "MOV_CR3", "MOV_CR4", "WRMSR_EFER", "INVLPG", "INVPCID_0", "INVPCID_1", "INVPCID_2",
                   "INVPCID_3", "WRPKRU", "WRMSR_PKRS", "WRMSR_PAT", "reserved", "reserved", "reserved", "reserved"}},
    [NAMES_TOKEN] = {"token.flt", {"-", "LOOKUP", "FINV", "FILL"}},
    [NAMES_MEMORY] = {"memory.flt", {"-", "-", "read", "CAS"}},
    [NAMES_MT] = {"mt.flt", {"-", "-", "-", "-", "-", "-", "-", "-", "UC", "WC", "2", "3", "WT", "WP", "WB", "UC-"}},
    [NAMES_MODE] = {"mode.flt", {0}},       /* made from its bits */
    [NAMES_ADDRESS] = {"address.flt", {0}}, /* 0 is none; all others stay numbers */
};

enum colour { GREEN = 0, RED = 1, ORANGE = 2, YELLOW = 3 }; /* of GTKWave; expectations are yellow */

struct shown_signal {
    const char *path, *label;
    enum names names;
    enum colour colour;
};

static const struct shown_signal bench_signals[] = {
    {"clk_i", "clock", 0, 0},
    {"view_differs_i", "RTL and model differ", 0, RED},
    {"view_waiting_i[0]", "waiting", 0, 0},
    {"view_waiting_i[1]", "expected waiting", 0, YELLOW},
    {0},
};

static const struct shown_signal request_signals[] = {
    {"view_req_i[#]", "request", NAMES_REQUEST, 0},
    {"view_req_va_i[#]", "linear address", NAMES_ADDRESS, 0},
    {"view_req_ready_i[0][#]", "ready", 0, 0},
    {"view_req_ready_i[1][#]", "expected ready", 0, YELLOW},
    {0},
};

static const struct shown_signal response_signals[] = {
    {"view_resp_i[0][#]", "response", NAMES_RESPONSE, 0},
    {"view_resp_i[1][#]", "expected response", NAMES_RESPONSE, YELLOW},
    {"view_resp_addr_i[0][#]", "address (OK: physical; #PF: CR2)", NAMES_ADDRESS, 0},
    {"view_resp_addr_i[1][#]", "expected address", NAMES_ADDRESS, YELLOW},
    {"view_resp_err_i[0][#]", "fault code", NAMES_FAULT, 0},
    {"view_resp_err_i[1][#]", "expected fault code", NAMES_FAULT, YELLOW},
    {"view_resp_mt_i[0][#]", "memory type", NAMES_MT, 0},
    {"view_resp_mt_i[1][#]", "expected memory type", NAMES_MT, YELLOW},
    {"view_resp_src_i[0][#]", "source", NAMES_SOURCE, 0},
    {"view_resp_src_i[1][#]", "expected source", NAMES_SOURCE, YELLOW},
    {0},
};

static const struct shown_signal detail_signals[] = {
    {"view_req_mode_i[#]", "request: mode", NAMES_MODE, 0},
    {"view_req_id_i[#]", "request: id", 0, 0},
    {"squash_valid_i[#]", "squash", 0, 0},
    {"squash_id_i[#]", "squash: id", 0, 0},
    {"view_resp_id_i[0][#]", "response: id", 0, 0},
    {"view_resp_id_i[1][#]", "expected id", 0, YELLOW},
    {"view_resp_size_i[0][#]", "page size", NAMES_SIZE, 0},
    {"view_resp_size_i[1][#]", "expected page size", NAMES_SIZE, YELLOW},
    {"view_resp_pat_i[0][#]", "PAT index", 0, 0},
    {"view_resp_pat_i[1][#]", "expected PAT index", 0, YELLOW},
    {0},
};

static const struct shown_signal control_signals[] = {
    {"u_ctl.state_q", "control", NAMES_ENUM, 0},
    {"ctl_valid_i", "operation offered", 0, 0},
    {"ctl_op_i", "operation", NAMES_OP, 0},
    {"ctl_data_i", "operand", 0, 0},
    {"ctl_desc_i", "INVPCID descriptor", 0, 0},
    {"view_ctl_ready_i[0]", "ready", 0, 0},
    {"view_ctl_ready_i[1]", "expected ready", 0, YELLOW},
    {"view_ctl_done_i[0]", "done", 0, 0},
    {"view_ctl_done_i[1]", "expected done", 0, YELLOW},
    {"view_ctl_gp_i[0]", "#GP(0)", 0, 0},
    {"view_ctl_gp_i[1]", "expected #GP(0)", 0, YELLOW},
    {0},
};

static const struct shown_signal miss_queue_signals[] = {
    {"pend_now", "entries in PEND", 0, 0},
    {"slk_q", "SLK", 0, 0},
    {"denied_now", "DENIED", 0, 0},
    {"nwalk_q", "NWALK", 0, 0},
    {"walk_q", "WALK", 0, 0},
    {"follow_now", "FOLLOW", 0, 0},
    {"finv_now", "FINV", 0, 0},
    {"finvw_q", "FINVW", 0, 0},
    {"done_q", "DONE", 0, 0},
    {0},
};

static const struct shown_signal stlb_signals[] = {
    {"u_stlb.issue_i", "issue", NAMES_ENUM, 0},
    {"u_stlb.token_q[*]", "stage 1+*", NAMES_TOKEN, 0},
    {"u_stlb.hit_o", "hit in C", 0, 0},
    {"u_stlb.fill_i", "fill granted", 0, 0},
    {0},
};

static const struct shown_signal psc_signals[] = {
    {"u_psc.look_i", "lookup", 0, 0},
    {"u_psc.hit[*]", "hit in array *", 0, 0},
    {"u_psc.level[*]", "level - 2 of array *", 0, 0},
    {"u_psc.fill_i", "fill", 0, 0},
    {0},
};

static const struct shown_signal walker_signals[] = {
    {"g_walker[#].u_walker.state_q", "walker", NAMES_ENUM, 0},
    {"g_walker[#].u_walker.level_q", "level", 0, 0},
    {"g_walker[#].u_walker.addr_o", "address of the table entry", 0, 0},
    {"g_walker[#].u_walker.value_q", "table entry", 0, 0},
    {"g_walker[#].u_walker.outcome_q", "outcome", NAMES_ENUM, 0},
    {0},
};

static const struct shown_signal memory_signals[] = {
    {"view_mem_req_i[0]", "request", NAMES_MEMORY, 0},
    {"view_mem_req_i[1]", "expected request", NAMES_MEMORY, YELLOW},
    {"view_mem_req_addr_i[0]", "address", NAMES_ADDRESS, 0},
    {"view_mem_req_addr_i[1]", "expected address", NAMES_ADDRESS, YELLOW},
    {"view_mem_req_mt_i[0]", "memory type of the table", NAMES_MT, 0},
    {"view_mem_req_mt_i[1]", "expected memory type of the table", NAMES_MT, YELLOW},
    {"view_mem_req_tag_i[0]", "for walker", 0, 0},
    {"view_mem_req_tag_i[1]", "expected for walker", 0, YELLOW},
    {"view_mem_req_desired_i[0]", "CAS writes", NAMES_ADDRESS, 0},
    {"view_mem_req_desired_i[1]", "expected CAS writes", NAMES_ADDRESS, YELLOW},
    {"view_mem_req_expected_i[0]", "CAS compares with", NAMES_ADDRESS, 0},
    {"view_mem_req_expected_i[1]", "expected CAS compares with", NAMES_ADDRESS, YELLOW},
    {"mem_req_ready_i", "ready", 0, 0},
    {"mem_rsp_valid_i", "reply", 0, ORANGE},
    {"mem_rsp_tag_i", "reply to walker", 0, ORANGE},
    {"mem_rsp_err_i", "reply is an error", 0, ORANGE},
    {0},
};

/* '#' in the title: one group for each number for which the waveform has something. */
static const struct room {
    const char *title;
    const struct shown_signal *signals;
    bool open;
} rooms[] = {
    {"bench", bench_signals, true},
    {"request port #", request_signals, true},
    {"response port #", response_signals, true},
    {"STLB pipeline", stlb_signals, true},
    {"walker #", walker_signals, true},
    {"memory port", memory_signals, true},
    {"miss queue", miss_queue_signals, true},
    {"control", control_signals, false},
    {"paging-structure caches", psc_signals, false},
    {"details of port #", detail_signals, false},
};

#endif
