/* What a lockstep run has exercised, seen at the pins: an "Equal" says nothing of what no stimulus asked for. */
#ifndef TWINWALK_EXERCISED_H
#define TWINWALK_EXERCISED_H

#include <stdio.h>

#include "pins.h"

enum { EXERCISED_PCIDS = 8 };

struct exercised {
    uint64_t accesses[3];  /* answered, by enum pins_access */
    uint64_t sizes[3];     /* translations, by enum pins_page_size */
    uint64_t sources[4];   /* translations, by enum pins_source */
    uint64_t kinds[4];     /* answers, by enum pins_kind */
    uint64_t error_bit[7]; /* page faults with this bit of the error code (0: present, so a fault of rights or reserved
                              bits) */
    uint64_t not_present;
    uint64_t set_a, set_d, set_d_alone; /* compare-and-swaps; alone: where A was set already */
    uint64_t operations[16];            /* by enum pins_ctl_op, accepted */
    uint64_t control_gp;
    uint16_t pcid[EXERCISED_PCIDS]; /* of MOV CR3, the first that differ */
    unsigned pcids;
    uint8_t acc[PINS_MAX_PORTS][256]; /* of requests in flight */
};

/* A cycle, after the driver has chosen its inputs: outputs that it was shown, inputs, and was a memory request
 * accepted. */
void exercised_note(struct exercised *e, const struct pins_out *out, const struct pins_in *in, bool mem_accepted);

/* Is there something to note in this cycle? Most have nothing. */
static inline bool exercised_worth(const struct pins_out *out, const struct pins_in *in)
{
    return out->resp_valid | (in->req_valid & out->req_ready) | (out->mem_req_valid & out->mem_req_cas) |
           in->ctl_valid | out->ctl_done;
}

/* Three lines of ticks: what was met (+) and what was not (-). */
void exercised_print(FILE *out, const struct exercised *e);

#endif
