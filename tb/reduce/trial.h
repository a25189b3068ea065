/* One trial of a reduction: does a device fail on a trace in the way that is looked for? */
#ifndef TWINWALK_TRIAL_H
#define TWINWALK_TRIAL_H

#include "session/session.h"

struct trial {
    struct setup setup; /* as the run that failed, but for the trace */
    const struct dut_ops *ops;
    struct dut *dut; /* the one that failed; trials get one of their own, as no run before has left it */
    struct finding wanted;
    bool loosely; /* any field of this comparator counts: of events, as the twins part at one place, and are seen to by
                   * what comes first */
};

void trial_begin(struct trial *t, const struct setup *setup, const struct dut_ops *ops, struct dut *dut,
                 const struct finding *wanted);

/* Is this the finding that is looked for? */
bool trial_is_wanted(const struct trial *t, const struct finding *finding);

/* A device for a trial, and its end: one as it is after power-up, where several can be in a process. */
struct dut *trial_device(const struct trial *t);
void trial_device_done(const struct trial *t, struct dut *dut);

/* Is the trace a good test: does the cycle model, alone, come to its end with some access, and nothing found? False
 * where the model is what fails. */
bool trial_is_sound(const struct trial *t, const char *trace);

/* Runs the trace; true when it ends in the finding that is wanted: the same comparator, and the same field but for
 * numbers. */
bool trial_fails(struct trial *t, const char *trace);

#endif
