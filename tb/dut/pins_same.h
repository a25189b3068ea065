/* Are the outputs of two MMUs the same in one cycle? Only what docs/microarchitecture.md section 2 defines counts. */
#ifndef TWINWALK_PINS_SAME_H
#define TWINWALK_PINS_SAME_H

#include <stdbool.h>

#include "pins.h"

static inline bool pins_resp_same(const struct pins_resp *a, const struct pins_resp *b)
{
    return a->addr == b->addr && a->err == b->err && a->id == b->id && a->kind == b->kind && a->size == b->size &&
           a->pat == b->pat && a->mt == b->mt && a->src == b->src;
}

static inline bool pins_mem_same(const struct pins_out *a, const struct pins_out *b)
{
    return a->mem_req_tag == b->mem_req_tag && a->mem_req_cas == b->mem_req_cas && a->mem_req_mt == b->mem_req_mt &&
           a->mem_req_addr == b->mem_req_addr &&
           (!a->mem_req_cas ||
            (a->mem_req_expected == b->mem_req_expected && a->mem_req_desired == b->mem_req_desired));
}

/* True when every defined output is equal. This runs every cycle: a few words are compared when nothing happens. */
static inline bool pins_same(const struct pins_out *a, const struct pins_out *b)
{
    if ((a->req_ready ^ b->req_ready) | (a->resp_valid ^ b->resp_valid) | (a->ctl_ready ^ b->ctl_ready) |
        (a->ctl_done ^ b->ctl_done) | (a->waiting ^ b->waiting) | (a->mem_req_valid ^ b->mem_req_valid))
        return false;
    if (a->ctl_done && a->ctl_gp != b->ctl_gp)
        return false;
    for (unsigned valid = a->resp_valid; valid; valid &= valid - 1) {
        const unsigned port = (unsigned)__builtin_ctz(valid);
        if (!pins_resp_same(&a->resp[port], &b->resp[port]))
            return false;
    }
    return !a->mem_req_valid || pins_mem_same(a, b);
}

#endif
