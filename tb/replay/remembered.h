/* Answers that the oracle is not asked for: it has said the same of the page before (kernel/memo.h). */
#ifndef TWINWALK_REMEMBERED_H
#define TWINWALK_REMEMBERED_H

#include "world.h"

/* A translation is what the trace says that it must be. */
static inline bool as_expected(const struct trace_expect *e, const struct pins_resp *answer)
{
    return e->kind == KIND_OK && (!e->has_pa || (e->pa == answer->addr && e->size == answer->size)) &&
           (!e->has_mt || e->mt == answer->mt);
}

/* The answer is the oracle's word for an access of these kinds to va. Who has walked is judged afresh: the requests of
 * its walk are. */
static inline bool as_remembered(const struct world *w, uint64_t va, unsigned acc, unsigned mode,
                                 const struct pins_resp *answer)
{
    const uint64_t key = memo_key(va, acc, mode);
    const struct memo_entry *m = &w->memo.entry[memo_index(key)];
    return answer->kind == KIND_OK && answer->src != SRC_WALK && m->key == key && m->stamp == w->stamp &&
           answer->addr == (m->frame | (va & 0xfff)) && answer->size == m->size && answer->pat == m->pat &&
           answer->mt == m->mt;
}

/* What is counted of such answers; expected: those of them that the trace tells too. */
static inline void count_remembered(struct world *w, uint64_t count, uint64_t expected)
{
    w->counts.oracle_checks += count;
    w->counts.expectations += expected;
    w->counts.stale.compared += expected;
    w->counts.stale.equal += expected;
}

#endif
