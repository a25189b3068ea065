/* The rules of the ports that hold for every MMU, whatever its timing (docs/microarchitecture.md sections 2 and 15):
 * what a common clock would see as a difference of pins must be seen without one too. */
#ifndef TWINWALK_HANDSHAKE_H
#define TWINWALK_HANDSHAKE_H

#include "finding.h"
#include "pins.h"

enum { HANDSHAKE_IDS = 256 };

struct handshake {
    uint64_t patience; /* cycles that an offer may wait, or an operation take; 0: for ever. Set by the user */

    bool offered;         /* a memory request was offered in the cycle before, and not accepted */
    bool quiet;           /* in the cycle before the MMU said waiting, and no input came */
    struct pins_out last; /* that cycle's outputs */
    uint16_t outstanding; /* bit t: memory owes a reply to tag t */
    bool control;         /* an operation was accepted and is not done */
    bool begun;           /* the first operation, reset's, is done */
    uint8_t waits;        /* bit p: the request that port p offers was not accepted in the cycle before */
    bool ctl_waits;       /* likewise the operation that is offered */
    uint64_t req_since[PINS_MAX_PORTS], ctl_since; /* cycle in which it was first offered; ctl_since: or accepted */
    bool flying[PINS_MAX_PORTS][HANDSHAKE_IDS];    /* accepted, and neither answered nor squashed */
};

/* A cycle, after its inputs have been chosen. Names in *finding the first rule that is broken:
 * - an answer belongs to a request that was accepted, has had none and was not squashed, and a field that its kind
 * leaves out is 0;
 * - a memory request that is offered stays, unchanged, until it is accepted;
 * - it asks for eight aligned bytes of physical memory, and a tag has at most one under way;
 * - ctl_done comes once for each operation that was accepted, and after reset;
 * - after a cycle with waiting, in which no input came, no output changes;
 * - what is offered is accepted, and an operation is done, within `patience` cycles (FINDING_HANG). */
void handshake_cycle(struct handshake *h, const struct pins_out *out, const struct pins_in *in, bool mem_accepted,
                     uint64_t cycle, struct finding *finding);

/* So many cycles as one likes, after one in which nothing but requests was under way: all of these are answered, and
 * what is offered is accepted, and answered in the next. *first: outputs of the first; *last: inputs of the last. */
void handshake_hits(struct handshake *h, const struct pins_out *first, const struct pins_in *last);

#endif
