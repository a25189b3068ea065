/* What a run cannot do with this trace and this device, said on stderr before anything runs. */
#ifndef TWINWALK_RUN_REFUSED_H
#define TWINWALK_RUN_REFUSED_H

#include "dut/dut.h"
#include "session/setup.h"

/* Each twin reads the trace for itself: levels that need no common clock. */
bool run_is_apart(const struct setup *o);

/* Can the device do what is asked for? False: one line said why not. */
bool run_possible(const struct setup *o, const struct dut_ops *ops);

/* Do slices go with the rest of *o, if there are any? False: one line said why not. */
bool run_slices_possible(const struct setup *o, const struct dut_ops *ops, const struct dut_about *about);

#endif
