/* Traces that a preset cannot run: they need a feature that its processor does not have, or must not have, or physical
 * addresses of another width.
 *
 * That is no mismatch, and no damage: the run ends with one line and an exit status of its own, so that whoever runs
 * many traces on many presets can count it as skipped. What a trace needs is known from its header (57-bit addresses),
 * or seen when a result of the trace has no explanation on this processor, and has one on a processor that differs from
 * it in one thing. */
#ifndef TWINWALK_UNFIT_H
#define TWINWALK_UNFIT_H

#include "world.h"

/* Ends the run: the preset lacks `what` ("1-GByte pages (arch.page_1g = false)"). */
void unfit(struct world *w, uint64_t record, const char *what);

/* The operation under way raised #GP(0), and the trace says it did not, or the other way round. True, with the run
 * ended, if that is for a feature's sake. */
bool unfit_control(struct world *w, const struct oracle_regs *before);

/* The trace's result of an access has no explanation. The same. */
bool unfit_access(struct world *w, const struct slot *s);

#endif
