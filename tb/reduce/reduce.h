/* Cuts a failing run down to a trace that a person can read: see reduce.c. */
#ifndef TWINWALK_REDUCE_H
#define TWINWALK_REDUCE_H

#include <stdio.h>

#include "engine/rig.h"
#include "session/setup.h"

struct reduced {
    bool found; /* `path` holds a trace that fails in the same way */
    char path[600];
    size_t records; /* its accesses, control operations and what else is neither a table entry nor memory's answer */
    size_t lines;
    uint64_t tries;
    double seconds;
    char why[700]; /* not found: why */
};

/* Runs setup again on the device, and looks for less stimulus with the same finding: the same comparator and the same
 * field. Writes folder/reduced.txt (a trace), or reduced.pins where only stimulus at the pins fails in the same way,
 * with `head` (comment lines) in it. At most `budget` seconds; SIGINT ends it with what has been found until then. The
 * device is reset for it. */
void reduce(const struct setup *setup, const struct dut_ops *ops, struct dut *dut, const struct finding *finding,
            const char *folder, const char *head, double budget, struct reduced *reduced);

/* A run of a rig that ended in a finding, and can be made again. */
struct rig_run {
    const struct dut_ops *ops; /* its device; NULL: the cycle model alone */
    const char *device;        /* as a command line names it; NULL: its name */
    bool paced;                /* it was alone, with a clock of its own */
    unsigned latency;          /* of its memory, cycles */
    uint64_t state_every;      /* cycles between two comparisons of all state */
    const struct finding *finding;
    /* Makes a rig, sets its eye, runs it to the same finding, frees it. False: it did not come to that. */
    bool (*again)(void *context, const struct rig_eye *eye);
    void *context;
};

/* The same of such a run. */
void reduce_rig(const struct rig_run *run, const char *folder, const char *head, double budget,
                struct reduced *reduced);

/* The comment lines for a reduced case: what differed, and where it comes from. To be freed; NULL: memory is short. */
char *reduce_head(const struct finding *finding, const char *dut, const char *rerun);

/* One line for people: what came of it. */
void reduce_tell(FILE *out, const struct reduced *reduced);

#endif
