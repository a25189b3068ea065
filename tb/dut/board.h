/* The board of tb/dut/mmu_waves.sv: what the pins of a cycle say, side by side, as the waveform shows it. */
#ifndef TWINWALK_BOARD_H
#define TWINWALK_BOARD_H

#include <type_traits>
#include <utility>

#include "mmu_cfg.h"
#include "pack.h"
#include "pins.h"

/* Whether Model has the board's inputs. */
template <class Model, class = void> struct has_board : std::false_type {
};
template <class Model>
struct has_board<Model, std::void_t<decltype(std::declval<Model &>().view_differs_i)>> : std::true_type {
};

enum board_side : unsigned { BOARD_ACTUAL = 0, BOARD_EXPECTED = 1 };

/* Fields are shown as 0 while their valid is 0. */
template <class Model> void board_requests(Model &m, const struct pins_in &in)
{
    for (unsigned p = 0; p < CFG_PORTS_FETCH + CFG_PORTS_DATA; p++) {
        const struct pins_req r = in.req_valid >> p & 1 ? in.req[p] : pins_req{};
        put<3>(m.view_req_i, p, in.req_valid >> p & 1 ? 4u | r.acc : 0u);
        put<8>(m.view_req_id_i, p, r.id);
        put<64>(m.view_req_va_i, p, r.va);
        put<4>(m.view_req_mode_i, p, unsigned(r.user) | r.imp << 1 | r.ac << 2 | r.ss << 3);
    }
}

template <class Model> void board_outputs(Model &m, enum board_side side, const struct pins_out &out)
{
    enum : unsigned { NP = CFG_PORTS_FETCH + CFG_PORTS_DATA };
    for (unsigned p = 0; p < NP; p++) {
        const bool valid = out.resp_valid >> p & 1;
        const struct pins_resp r = valid ? out.resp[p] : pins_resp{};
        const unsigned i = side * NP + p;
        put<1>(m.view_req_ready_i, i, out.req_ready >> p & 1);
        put<3>(m.view_resp_i, i, valid ? 4u | r.kind : 0u);
        put<8>(m.view_resp_id_i, i, r.id);
        put<16>(m.view_resp_err_i, i, r.err);
        put<64>(m.view_resp_addr_i, i, r.addr);
        put<3>(m.view_resp_size_i, i, valid && r.kind == KIND_OK ? 4u | r.size : 0u);
        put<3>(m.view_resp_pat_i, i, r.pat);
        put<4>(m.view_resp_mt_i, i, valid && r.kind == KIND_OK ? 8u | r.mt : 0u);
        put<3>(m.view_resp_src_i, i, valid ? 4u | r.src : 0u);
    }
    put<1>(m.view_ctl_ready_i, side, out.ctl_ready);
    put<1>(m.view_ctl_done_i, side, out.ctl_done);
    put<1>(m.view_ctl_gp_i, side, out.ctl_done && out.ctl_gp);
    put<1>(m.view_waiting_i, side, out.waiting);
    const bool valid = out.mem_req_valid, cas = valid && out.mem_req_cas;
    put<2>(m.view_mem_req_i, side, valid ? 2u | cas : 0u);
    put<4>(m.view_mem_req_tag_i, side, valid ? out.mem_req_tag : 0u);
    put<4>(m.view_mem_req_mt_i, side, valid ? 8u | out.mem_req_mt : 0u);
    put<64>(m.view_mem_req_addr_i, side, valid ? out.mem_req_addr : 0u);
    put<64>(m.view_mem_req_expected_i, side, cas ? out.mem_req_expected : 0u);
    put<64>(m.view_mem_req_desired_i, side, cas ? out.mem_req_desired : 0u);
}

#endif
