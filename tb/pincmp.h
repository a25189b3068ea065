/* Compares the outputs of two MMUs in one cycle: only what docs/microarchitecture.md section 2 defines. */
#ifndef TWINWALK_PINCMP_H
#define TWINWALK_PINCMP_H

#include <stdio.h>

#include "finding.h"
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

/* Names the first defined output that differs. *port and *id say whose answer it is; *port = -1 when it is none. */
void pins_explain(const struct pins_out *expected, const struct pins_out *actual, uint64_t cycle, struct finding *finding,
                  int *port, unsigned *id);

/* Prints all pins of a cycle, those that count. */
void pins_print(FILE *file, const struct pins_out *out, const struct pins_in *in);

#endif
