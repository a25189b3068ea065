/* Hits without the clock: for who runs the model alone, and sees that a cycle can bring nothing but hits.
 *
 * While mmu_undisturbed() says so, every port takes its request, and one that finds its page by mmu_hit() is answered
 * in the next cycle. If all requests of a cycle do, mmu_step() would do nothing but touch the sets of those pages, in
 * the order of the ports and each from the state at the start of the cycle, and count the hits. So may who asks: then
 * the cycle has taken place, and the outputs of the next are these answers, and otherwise as they were. */
#ifndef TWINWALK_CYCLE_HITS_H
#define TWINWALK_CYCLE_HITS_H

#include "l1tlb.h"
#include "stlb.h"

/* No miss is outstanding, and no control operation: all that can happen is in the L1s. */
static inline bool mmu_nothing_outstanding(const struct mmu *m)
{
    return m->q.in[FREE] == QUEUE_ALL && pipe_empty(&m->pipe) && m->walkers.in[W_IDLE] == WALKERS_ALL;
}

static inline bool mmu_undisturbed(const struct mmu *m)
{
    return m->ctl.state == C_IDLE && mmu_nothing_outstanding(m);
}

/* The answer of the L1 of `side` (0: fetches) to this access (rights.h), by memo. NULL: it has to be looked for, or LAM
 * masks some bit of the address. */
static inline struct hit_memo *mmu_hit(struct mmu *m, unsigned side, uint64_t va, unsigned access)
{
    uint64_t masked = va;
    if (CFG_ARCH_LAM && side && (!lam_mask(&masked, &m->regs) || masked != va))
        return NULL;
    return l1tlb_memo(side ? &m->dtlb : &m->itlb, m->regs.pcid, va, access);
}

/* The state of its set, `repl` until now, after a touch. */
static inline struct repl mmu_hit_touched(struct repl repl, const struct hit_memo *memo, unsigned side)
{
    return l1tlb_memo_touched(repl, memo, side ? DTLB_0.lru : ITLB_0.lru);
}

/* Counts them, of either side. */
static inline void mmu_count_hits(struct mmu *m, const uint64_t hits[2])
{
    m->counts.l1_hit[0] += hits[0];
    m->counts.l1_hit[1] += hits[1];
}

#endif
