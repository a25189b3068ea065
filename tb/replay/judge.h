/* Between the files that judge results: judge.c (an OS model's tables), judge_own.c (a trace's own tables). */
#ifndef TWINWALK_JUDGE_H
#define TWINWALK_JUDGE_H

#include "world.h"

struct outcome {
    uint64_t addr; /* KIND_OK: physical address; KIND_PF: CR2 */
    uint16_t err;
    uint8_t kind, size, pat, mt;
};

static inline struct outcome judge_answered(const struct pins_resp *r)
{
    return (struct outcome){r->addr, r->err, r->kind, r->size, r->pat, r->mt};
}

static inline struct outcome judge_demanded(const struct oracle_result *r)
{
    return (struct outcome){r->addr, r->err, r->kind, r->size, r->pat, r->mt};
}

static inline bool judge_same(const struct outcome *a, const struct outcome *b)
{
    return a->kind == b->kind &&
           (a->kind != KIND_OK || (a->addr == b->addr && a->size == b->size && a->pat == b->pat && a->mt == b->mt)) &&
           (a->kind != KIND_PF || (a->err == b->err && a->addr == b->addr));
}

/* What the trace expects of a slot; of what it does not say, as `otherwise` has it. */
struct outcome judge_expected(const struct world *w, const struct slot *s, const struct outcome *otherwise);

/* Ends the run with a finding. Always false. */
bool judge_complain(struct world *w, enum finding_kind kind, const struct slot *s, const struct outcome *expected,
                    const struct outcome *actual);

struct oracle_access judge_access(const struct slot *s);
void judge_remember(struct world *w, const struct slot *s, const struct oracle_result *says);

/* An answer out of a TLB for a global page that another address space brought there. */
bool judge_shared_global(const struct world *w, const struct slot *s, const struct oracle_result *says);

/* The requests of its walk were made with the right memory types. */
bool judge_table_types(struct world *w, const struct slot *s, const struct oracle_result *says);

/* judge_own.c: everything but a memory error, of a trace with its own tables. False: the access is not committed now.
 */
bool judge_own(struct world *w, struct slot *s);

/* judge_memerr.c: a memory error, as a result. False: it is a finding. */
bool judge_memory_error(struct world *w, const struct slot *s);

#endif
