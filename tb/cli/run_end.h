/* How a run ends, whichever it was: the world's counts, the table, the folder, the exit status; and the device alone
 * for
 * --speed, which is asked for at the end of a run that was equal. */
#ifndef TWINWALK_RUN_END_H
#define TWINWALK_RUN_END_H

#include "base/exits.h"
#include "dut/dut.h"
#include "replay/world.h"
#include "report/results.h"

/* Says one line on stderr; gives the status. */
int run_complain(enum exit_status status, const char *what);

/* Takes the world's counts, and why it could not go on, if it could not. */
void run_from_world(struct results *r, struct world *w);

/* The finding first, on the terminal; then what may go wrong. ops and dut: NULL for the model alone. Gives the exit
 * status of the run. */
int run_finish(struct results *r, const struct dut_ops *ops, struct dut *dut);

/* The DUT alone, for --speed. That it comes to its end belongs to what was asked for: *r has the verdict. */
void run_alone(struct results *r, const struct dut_ops *ops, struct dut *dut);

#endif
