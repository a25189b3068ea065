/* Whose fault: the access that a finding about nothing in particular concerns.
 *
 * A state word names the miss-queue entry that it belongs to, and the entry the request; a hang concerns the request
 * that is stuck. Where neither is known it is the oldest access. */
#ifndef TWINWALK_CULPRIT_H
#define TWINWALK_CULPRIT_H

#include "cycle/mmu.h"
#include "driver.h"
#include "dut/dut.h"
#include "statecmp.h"

/* Completes a hang, or another finding without a place. ops, dut: whose miss queue is looked into; without them, or
 * where they have no readable state, ref's (NULL: nobody's). */
void culprit_of_hang(const struct driver *driver, const struct mmu *ref, const struct dut_ops *ops, struct dut *dut,
                     struct finding *finding);

/* Completes a difference of state. */
void culprit_of_state(const struct driver *driver, const struct mmu *ref, const struct state_diff *diff,
                      struct finding *finding);

/* Completes a difference in a request to memory: tag is that of the walker that makes it. */
void culprit_of_memory(const struct driver *driver, const struct mmu *ref, unsigned tag, struct finding *finding);

#endif
