/* The end of a run that was written down at the pins, so that it can be played alone: behind what brings registers and
 * memory to where they were then. What was cached then is not; whether the end fails without, a trial tells. */
#ifndef TWINWALK_TAIL_H
#define TWINWALK_TAIL_H

#include "arch/oracle.h"
#include "pins/stimulus.h"

/* A run, or the end of one, as recorder_finish() gave it. */
struct taped {
    struct stimulus stimulus;
    struct oracle_regs regs; /* before it */
    bool whole;              /* from reset on */
};

void taped_free(struct taped *taped);

/* The last n requests and control operations, and what happens between them. False: there are not more than that, and
 * it is whole anyway, or memory is short; then *tail holds nothing. */
bool tail_of(const struct taped *all, size_t n, struct stimulus *tail);

#endif
