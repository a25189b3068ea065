/* Runs at the levels that ask for no common clock, arch and events: in step as long as the twins are equal, else each
 * at its own pace; and a device alone under random stimulus. */
#ifndef TWINWALK_RUN_APART_H
#define TWINWALK_RUN_APART_H

#include "dut/dut.h"
#include "report/results.h"

/* What these levels ask for follows from equal outputs in every cycle: as long as they are equal, one world serves
 * both, and the trace is read once. False: they are not, or there is something to say; nothing was said yet, and each
 * twin has to run at its own pace. True: *status is the run's exit status. */
bool run_in_step(struct results *r, const struct dut_ops *ops, struct dut *dut, int *status);

/* Each twin at its own pace, with a world of its own. Gives the exit status. */
int run_decoupled(struct results *r, const struct dut_ops *ops, struct dut *dut);

/* A device at its own pace under random stimulus. Gives the exit status. */
int run_random_alone(struct results *r, const struct dut_ops *ops, struct dut *dut);

#endif
