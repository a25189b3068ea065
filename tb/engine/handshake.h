/* The rules of the memory port and of control that hold for every MMU, whatever its timing (docs/microarchitecture.md
 * section 2): what a common clock would see as a difference of pins must be seen without one too. */
#ifndef TWINWALK_HANDSHAKE_H
#define TWINWALK_HANDSHAKE_H

#include "finding.h"
#include "pins.h"

struct handshake {
    bool offered;         /* a memory request was offered in the cycle before, and not accepted */
    struct pins_out last; /* that cycle's outputs */
    uint16_t outstanding; /* bit t: memory owes a reply to tag t */
    bool control;         /* an operation was accepted and is not done */
    bool begun;           /* the first operation, reset's, is done */
};

/* A cycle, after the driver has chosen its inputs. Names in *finding the first rule that is broken:
 * - a memory request that is offered stays, unchanged, until it is accepted;
 * - a tag has at most one request under way;
 * - ctl_done comes once for each operation that was accepted, and after reset. */
void handshake_cycle(struct handshake *h, const struct pins_out *out, const struct pins_in *in, bool mem_accepted,
                     uint64_t cycle, struct finding *finding);

#endif
