/* The first-level TLBs, one for the fetch ports and one for the data ports (docs/microarchitecture.md section 7). */
#ifndef TWINWALK_CYCLE_L1TLB_H
#define TWINWALK_CYCLE_L1TLB_H

#include "mmu_state.h"

/* What a memo is found by. */
static inline uint64_t l1tlb_memo_key(uint64_t va, unsigned pcid)
{
    return (va & ~0xfffull) | pcid;
}

/* The memo of the page of va that answers this access (rights.h), NULL: there is none. va as masked by LAM. */
static inline struct hit_memo *l1tlb_memo(struct l1tlb *l1, unsigned pcid, uint64_t va, unsigned access)
{
    const unsigned n = (va >> 12) % MEMOS;
    struct hit_memo *memo = &l1->memo[n];
    return l1->key[n] == l1tlb_memo_key(va, pcid) && has_access(memo->good, access) ? memo : NULL;
}

/* The state of a set of an L1, and writing it: the nodes of 64 ways are in one word. */
#define L1_MANY_WAYS                                                                                     \
    (CFG_ITLB_A0_WAYS > 64 || CFG_ITLB_A1_WAYS > 64 || CFG_ITLB_A2_WAYS > 64 || CFG_DTLB_A0_WAYS > 64 || \
     CFG_DTLB_A1_WAYS > 64 || CFG_DTLB_A2_WAYS > 64)

static inline struct repl l1tlb_repl(const struct repl *set)
{
    return (struct repl){{set->w[0], L1_MANY_WAYS ? set->w[1] : 0}};
}

static inline void l1tlb_put_repl(struct repl *set, struct repl repl)
{
    set->w[0] = repl.w[0];
    if (L1_MANY_WAYS)
        set->w[1] = repl.w[1];
}

/* The state of its set, `repl` until now, after a touch; lru is that of its array. */
static inline struct repl l1tlb_memo_touched(struct repl repl, const struct hit_memo *memo, bool lru)
{
    return lru ? lru_touch(repl, memo->ways, memo->way) : plru_touch(repl, memo->path);
}

/* Looks up every accepted request (bit p: port p). Answers of hits and of #GP go to *out; touches and misses to *e. */
void l1tlb_lookup(struct mmu *m, const struct pins_in *in, uint8_t accepted, struct pins_out *out, struct edge *e);

/* Plans the fill of the L1 of `port`; none if that L1 does not hold the size. */
struct tlb_plan l1tlb_plan_fill(struct mmu *m, unsigned port, struct cached entry, uint64_t va);

/* Invalidates in both L1s (section 13). */
void l1tlb_invalidate(struct mmu *m, enum invalidation what, uint64_t va, unsigned pcid);

/* Drops the short cuts past the search (struct hit_memo): registers that judge a hit change, or arrays other than by
 * the above. */
void l1tlb_forget(struct mmu *m);

#endif
