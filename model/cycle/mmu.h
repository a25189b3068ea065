/* The clocked reference model of the MMU: what docs/microarchitecture.md says, one clock at a time.
 *
 * Its geometry is compiled in from the preset (mmu_cfg.h, generated). It allocates once, in mmu_new, and never again.
 * It knows nothing of memory contents, operating systems or traces: everything comes and goes through its pins.
 *
 *     struct mmu *m = mmu_new();
 *     mmu_reset(m, &out);
 *     for (;;) { choose in from out; mmu_step(m, &in, &out); }
 */
#ifndef TWINWALK_MMU_H
#define TWINWALK_MMU_H

#include "pins.h"

struct mmu;

/* What happened inside since mmu_new; counted in accesses, walks or entries, never in cycles. */
struct mmu_counts {
    uint64_t l1_hit[2],
        l1_miss[2];  /* [0] ITLB, [1] DTLB; a write that finds D = 0 and a rights failure count as misses */
    uint64_t merged; /* misses that became followers of an outstanding one */
    uint64_t stlb_hit, stlb_miss;   /* lookups that completed a request, and all others */
    uint64_t psc_hit[6];            /* walks started from a cached entry of level 2 … 5; [0]: none, from the root */
    uint64_t walks, walk_restarts;  /* walks dispatched; walks begun again from the root before a fault */
    uint64_t reads, line_merges;    /* reads offered and accepted; reads that shared another walker's */
    uint64_t cas, cas_failed;       /* A/D updates accepted; those that found the entry changed */
    uint64_t faults, memory_errors; /* outcomes of requests */
    uint64_t control_ops;
    uint64_t squashed; /* requests that the core dropped */
};

/* Returns a model that needs mmu_reset, or NULL when memory is short. */
struct mmu *mmu_new(void);
void mmu_free(struct mmu *m);

/* Applies the reset of section 14 and gives the outputs of the first cycle after it. */
void mmu_reset(struct mmu *m, struct pins_out *out);

/* One clock: samples *in, which belongs to the cycle whose outputs were given last, and gives the outputs of the next.
 */
void mmu_step(struct mmu *m, const struct pins_in *in, struct pins_out *out);

/* The state words of section 17. Returns false when (sel, idx) names nothing; else w[0] = word0, w[1] = word1. */
bool mmu_state(const struct mmu *m, unsigned sel, unsigned idx, uint64_t w[2]);

const struct mmu_counts *mmu_counts(const struct mmu *m);

#endif
