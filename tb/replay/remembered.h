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

/* The oracle has said so before, and the trace says nothing else. */
static inline bool is_known(const struct world *w, const struct slot *s, const struct pins_resp *answer)
{
    return as_remembered(w, s->va, s->acc, s->mode, answer) &&
           (!s->expected || as_expected(&w->expect[s - w->slot], answer));
}

/* Everything that is under way was taken in the last cycle and is answered in this one, as the oracle has said before;
 * and nobody else wants to know of it. */
static inline bool all_known(struct world *w, const struct pins_out *out)
{
    const unsigned count = w->in_flight;
    if (!w->judged || w->phase != PHASE_RUN || w->head + count != w->next || w->accepted != out->resp_valid ||
        count != (unsigned)__builtin_popcount(out->resp_valid) || w->kernel.keeps || w->tap)
        return false;
    for (unsigned i = 0; i < count; i++) {
        const struct slot *s = world_slot(w, w->head + i);
        const struct pins_resp *resp = &out->resp[s->port];
        if (s->state != SLOT_FLYING || resp->id != ((w->head + i) & w->mask) || !is_known(w, s, resp))
            return false;
    }
    return true;
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
