/* A reduction under way, for its files only. */
#ifndef TWINWALK_REDUCTION_H
#define TWINWALK_REDUCTION_H

#include "events.h"
#include "reduce.h"
#include "tail.h"
#include "trial.h"

/* What a run of a rig did, seen once. */
struct rig_seen {
    struct events events;
    struct taped taped;
};

struct reduction {
    struct trial trial;
    const struct setup *setup;  /* of the run that failed */
    const char *folder, *head;  /* as reduce() was given them */
    double until;               /* time at which it must end */
    double trace_until;         /* time at which the search for a trace must have found one */
    const struct rig_seen *rig; /* NULL: the run is a session, and made again */
    uint64_t tries;
};

/* Is there time for another try? For ddmin. */
bool reduction_more(void *context);

/* The same, of the search for a trace. */
bool reduction_more_search(const struct reduction *r);

/* A trace with tables of its own that fails in the same way, cut down. False: none was found; then nothing was
 * written. */
bool reduce_trace(struct reduction *r, struct reduced *reduced);

/* The same of a trace for the OS model, or else, of events, a trace with tables of its own in which another one differs
 * first. */
bool reduce_program(struct reduction *r, struct reduced *reduced);

/* The same of stimulus at the pins, of what can be seen there. */
bool reduce_pins(struct reduction *r, struct reduced *reduced);

#endif
