/* A reduction under way, for its files only. */
#ifndef TWINWALK_REDUCTION_H
#define TWINWALK_REDUCTION_H

#include "reduce.h"
#include "trial.h"

struct reduction {
    struct trial trial;
    const struct setup *setup; /* of the run that failed */
    const char *folder, *head; /* as reduce() was given them */
    double until;              /* time at which it must end */
    uint64_t tries;
};

/* Is there time for another try? For ddmin. */
bool reduction_more(void *context);

/* A trace that fails in the same way, cut down. False: none was found; then nothing was written. */
bool reduce_trace(struct reduction *r, struct reduced *reduced);

/* The same of stimulus at the pins, for random stimulus. */
bool reduce_pins(struct reduction *r, struct reduced *reduced);

#endif
