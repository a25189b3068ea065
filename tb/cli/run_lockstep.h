/* The lockstep run: both twins on one clock, whole or in slices, of a trace or of random stimulus. */
#ifndef TWINWALK_RUN_LOCKSTEP_H
#define TWINWALK_RUN_LOCKSTEP_H

#include "dut/dut.h"
#include "report/results.h"

/* Lockstep, or the model alone when ops is NULL. *device may be another afterwards (a slice makes its own). unit: what
 * the progress counts. Gives the exit status. */
int run_lockstep(struct results *r, const struct dut_ops *ops, struct dut **device, const char *unit);

#endif
