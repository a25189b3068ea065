/* The paging-structure caches: non-leaf entries by the part of the address that leads to them
 * (docs/microarchitecture.md section 10, SDM 3A 5.10.3). */
#ifndef TWINWALK_CYCLE_PSC_H
#define TWINWALK_CYCLE_PSC_H

#include "mmu_state.h"

struct psc_hit {
    unsigned level; /* of the cached entry, 2 … 5; 0: no match */
    uint64_t data;  /* its data word: the next table, its memory type and the rights down to it */
};

/* The lowest-level entry that matches (va, current PCID); its touch goes to *e. */
struct psc_hit psc_lookup(struct mmu *m, uint64_t va, struct edge *e);

/* Plans the fill of a level-`level` entry; none if no array holds the level. */
struct tlb_plan psc_plan_fill(struct mmu *m, unsigned level, struct cached entry);

/* What a page fault at va drops (section 9), and what a control operation does (section 13). */
void psc_drop_address(struct mmu *m, uint64_t va, unsigned pcid);
void psc_invalidate(struct mmu *m, enum invalidation what, uint64_t va, unsigned pcid);

#endif
