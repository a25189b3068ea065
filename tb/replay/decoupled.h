/* Comparison without a common clock: the reference and the DUT each in a world of its own, compared by what they did.
 *
 * arch: every committed access (kind, error code, physical address, size, PAT) and the page tables at the end.
 * events: also which structure answered, and the memory requests in their order. */
#ifndef TWINWALK_DECOUPLED_H
#define TWINWALK_DECOUPLED_H

#include "base/progress.h"
#include "engine/lane.h"
#include "world.h"

struct decoupled {
    /* Set by the caller. The lanes' worlds must be two of the same setup. */
    struct lane ref, dut;
    struct world *ref_world, *dut_world;
    bool events;
    struct progress *progress; /* NULL: none */

    /* The result. */
    struct finding finding;
    bool ended; /* both came to their end and everything was compared */
    bool interrupted;
    uint64_t accesses; /* compared */
    uint64_t requests; /* memory requests compared */
};

/* Runs both to their end. False when memory is short. */
bool decoupled_run(struct decoupled *d);

#endif
