/* Control operations: what serializes the MMU, writes its registers and invalidates (docs/microarchitecture.md section
 * 13).
 *
 *     cycle   t       t+1    t+2   t+3 … t+3+n   t+4+n    t+5+n
 *     state   IDLE    DRAIN  EXEC  SWEEP         DONE     IDLE */
#ifndef TWINWALK_CYCLE_CTL_H
#define TWINWALK_CYCLE_CTL_H

#include "mmu_state.h"

/* Reset: the sweep of the STLB begins. */
void ctl_reset(struct mmu *m);

/* An operation is accepted in this cycle; called after everything else of the cycle, on top of its result. */
void ctl_accept(struct mmu *m, unsigned op, uint64_t data, uint64_t desc);

/* A cycle outside IDLE. `quiet`: all walkers were IDLE at its start. */
void ctl_step(struct mmu *m, bool quiet);

#endif
