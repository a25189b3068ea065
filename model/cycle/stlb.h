/* The second-level TLB and its pipeline of lookups, page-fault invalidations and fills (docs/microarchitecture.md
 * section 9). */
#ifndef TWINWALK_CYCLE_STLB_H
#define TWINWALK_CYCLE_STLB_H

#include "mmu_state.h"

static inline bool pipe_empty(const struct pipeline *p)
{
    return (p->lookup | p->finv | p->fill) == 0;
}

/* Section 8 "Issue": the token that enters stage 1, if any. Decided from the miss queue as it is at the call. */
void stlb_issue(struct mmu *m);

/* What the token in stage k does. */
void stlb_act(struct mmu *m, struct edge *e);

/* Section 11 "Grant": a FILL may enter stage R in the next cycle. */
bool stlb_can_fill(const struct pipeline *p);
void stlb_enter_fill(struct pipeline *p, struct cached entry);

/* The clock edge: every token moves on by one stage; and the edge that begins a control operation: all tokens are lost.
 */
void stlb_shift(struct pipeline *p);
void stlb_flush(struct pipeline *p);

/* Drops the tokens of these miss-queue entries, after the shift. */
void stlb_squash(struct pipeline *p, uint64_t entries);

/* Step `step` of a control operation's sweep, 0 … stlb_sweep_steps()-1 (section 13). */
unsigned stlb_sweep_steps(enum invalidation what);
void stlb_sweep(struct mmu *m, unsigned step);

#endif
