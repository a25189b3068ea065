/* The bundles of mmu_sc.sv as 64-bit words: word 0 holds the small fields, the words after it the wide ones. */
#ifndef TWINWALK_BUNDLE_H
#define TWINWALK_BUNDLE_H

#include <systemc>

#include "mmu_cfg.h"
#include "pins.h"

namespace bundle
{

enum : unsigned {
    NP = CFG_PORTS_FETCH + CFG_PORTS_DATA,
    PORT_WORDS = 2,
    CTL_WORDS = 3,
    MEM_REQ_WORDS = 4,
    REPLY_BYTES = CFG_WALKERS_REPLY_BYTES,
    MEM_RSP_WORDS = 1 + REPLY_BYTES / 8
};

using requests = sc_dt::sc_bv<64 * PORT_WORDS * NP>;
using responses = sc_dt::sc_bv<64 * PORT_WORDS * NP>;
using control = sc_dt::sc_bv<64 * CTL_WORDS>;
using mem_request = sc_dt::sc_bv<64 * MEM_REQ_WORDS>;
using mem_reply = sc_dt::sc_bv<64 * MEM_RSP_WORDS>;

template <int W> inline uint64_t word(const sc_dt::sc_bv<W> &bits, unsigned i)
{
    return uint64_t(uint32_t(bits.get_word(int(2 * i)))) | uint64_t(bits.get_word(int(2 * i + 1))) << 32;
}

template <int W> inline void set_word(sc_dt::sc_bv<W> &bits, unsigned i, uint64_t value)
{
    bits.set_word(int(2 * i), uint32_t(value));
    bits.set_word(int(2 * i + 1), uint32_t(value >> 32));
}

inline void put(requests &bits, const struct pins_in &in)
{
    for (unsigned p = 0; p < NP; p++) {
        const struct pins_req &r = in.req[p];
        const uint64_t squash = in.squash_valid >> p & 1 ? 1u << 24 | in.squash_id[p] << 16 : 0;
        if (!(in.req_valid >> p & 1)) {
            set_word(bits, PORT_WORDS * p, squash);
            continue;
        }
        set_word(bits, PORT_WORDS * p,
                 1u | r.ss << 2 | r.ac << 3 | r.imp << 4 | r.user << 5 | r.acc << 6 | r.id << 8 | squash);
        set_word(bits, PORT_WORDS * p + 1, r.va);
    }
}

inline void put(control &bits, const struct pins_in &in)
{
    set_word(bits, 0, in.ctl_valid ? 1u | in.ctl_op << 4 : 0);
    set_word(bits, 1, in.ctl_valid ? in.ctl_data : 0);
    set_word(bits, 2, in.ctl_valid ? in.ctl_desc : 0);
}

inline void get(const responses &bits, struct pins_out &out)
{
    out.req_ready = 0;
    out.resp_valid = 0;
    for (unsigned p = 0; p < NP; p++) {
        const uint64_t w = word(bits, PORT_WORDS * p);
        out.resp_valid |= uint8_t((w & 1) << p);
        out.req_ready |= uint8_t((w >> 1 & 1) << p);
        if (!(w & 1))
            continue;
        struct pins_resp &r = out.resp[p];
        r.src = w >> 6 & 3;
        r.pat = w >> 8 & 7;
        r.size = w >> 11 & 3;
        r.kind = w >> 16 & 3;
        r.mt = w >> 18 & 7;
        r.id = uint8_t(w >> 24);
        r.err = uint16_t(w >> 32);
        r.addr = word(bits, PORT_WORDS * p + 1);
    }
}

inline void get_status(uint32_t status, struct pins_out &out)
{
    out.ctl_ready = status & 1;
    out.ctl_done = status >> 1 & 1;
    out.waiting = status >> 2 & 1;
    out.ctl_gp = status >> 3 & 1;
}

} // namespace bundle

#endif
