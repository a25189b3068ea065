/* Cuts a failing run down to a trace that a person can read: see reduce.c. */
#ifndef TWINWALK_REDUCE_H
#define TWINWALK_REDUCE_H

#include "session/session.h"

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

#endif
