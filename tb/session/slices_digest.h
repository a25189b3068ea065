/* The state of a run in a cycle, in one number: equal for a slice's end and for the beginning of the next. */
#ifndef TWINWALK_SLICES_DIGEST_H
#define TWINWALK_SLICES_DIGEST_H

#include "engine/lockstep.h"
#include "replay/world.h"

/* Of the cycle, all state words of the model and its outputs, what was counted so far, and how far the trace is. */
uint64_t slices_digest(const struct lockstep *l, const struct world *w);

#endif
