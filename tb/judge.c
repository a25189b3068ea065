/* Judges results: the oracle, and what the trace itself says must come out. */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>

struct outcome {
    uint64_t pa;
    uint16_t err;
    uint8_t kind, size, pat;
};

static void outcome_text(const struct outcome *o, char *text, size_t size)
{
    static const char *const sizes[] = {"4K", "2M", "1G", "?"};
    switch (o->kind) {
    case KIND_OK:
        snprintf(text, size, "OK pa=0x%" PRIx64 " size=%s pat=%u", o->pa, sizes[o->size & 3], o->pat);
        break;
    case KIND_PF:
        snprintf(text, size, "#PF error code 0x%x%s%s%s%s%s", o->err, o->err & PF_P ? " P" : "", o->err & PF_W ? " W" : "",
                 o->err & PF_U ? " U" : "", o->err & PF_RSVD ? " RSVD" : "", o->err & PF_I ? " I" : "");
        break;
    default:
        snprintf(text, size, "%s", o->kind == KIND_GP ? "#GP" : "MEMERR");
    }
}

static bool complain(struct world *w, enum finding_kind kind, const struct slot *s, const struct outcome *expected,
                     const struct outcome *actual)
{
    char a[160], b[160];
    outcome_text(expected, a, sizeof a);
    outcome_text(actual, b, sizeof b);
    world_finding(w, kind, s, "result", a, b);
    return false;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->kind == b->kind && (a->kind != KIND_OK || (a->pa == b->pa && a->size == b->size && a->pat == b->pat)) &&
           (a->kind != KIND_PF || a->err == b->err);
}

static bool meets_expectation(struct world *w, const struct slot *s, const struct outcome *actual)
{
    const struct trace_expect *e = &w->expect[s - w->slot];
    w->counts.expectations++;
    const bool good = e->kind == actual->kind && (e->kind != KIND_PF || e->err == actual->err) &&
                      (e->kind != KIND_OK || !e->has_pa || (e->pa == actual->pa && e->size == actual->size));
    if (good)
        return true;
    const struct outcome expected = {.pa = e->pa, .err = e->err, .kind = e->kind, .size = e->size, .pat = actual->pat};
    return complain(w, FINDING_EXPECT, s, &expected, actual);
}

static void remember(struct world *w, const struct slot *s, const struct oracle_result *result)
{
    const uint64_t key = memo_key(s->va, s->acc, s->mode);
    *memo_slot(&w->memo, key) = (struct memo_entry){key, w->stamp, result->pa & ~UINT64_C(0xfff), result->size, result->pat};
}

/* What the oracle says of an access now. */
static void ask(const struct world *w, const struct slot *s, struct oracle_result *result)
{
    const struct oracle_access access = {
        .va = s->va,
        .acc = s->acc,
        .user = !(s->mode & TRACE_SUPERVISOR),
        .imp = (s->mode & TRACE_IMPLICIT) != 0,
        .ac = (s->mode & TRACE_AC) != 0,
        .ss = (s->mode & TRACE_SHADOW_STACK) != 0,
    };
    oracle_translate(w->physmem, IMAGE_ORACLE, &w->cpu, &w->regs, &access, result);
}

/* SDM 5.10.4.3: an entry that was relaxed without an invalidation may give one page fault that memory no longer justifies,
 * and only one, since the fault itself invalidates. Under policy.fault_rewalk never. */
static bool may_be_spurious(const struct slot *s, const struct outcome *actual, const struct oracle_result *says)
{
    return !CFG_POLICY_FAULT_REWALK && actual->kind == KIND_PF && says->kind == KIND_OK && s->spurious == 0 &&
           (actual->err & (PF_P | PF_RSVD)) == PF_P;
}

bool judge_slow(struct world *w, struct slot *s)
{
    const struct outcome actual = {s->answer.pa, s->answer.err, s->answer.kind, s->answer.size, s->answer.pat};
    const bool retried = actual.kind == KIND_PF && w->os;
    if (actual.kind == KIND_MEMERR) {
        w->phase = PHASE_FAULT;
        return false;
    }
    if (w->judged) {
        struct oracle_result says;
        ask(w, s, &says);
        const struct outcome expected = {says.pa, says.err, says.kind, says.size, says.pat};
        if (same(&expected, &actual)) {
            oracle_commit(w->physmem, &says, true);
            if (says.kind == KIND_OK)
                remember(w, s, &says);
            w->counts.oracle_checks++;
        } else if (w->stale) {
            w->counts.unjudged++;
        } else if (w->os && may_be_spurious(s, &actual, &says)) {
            s->spurious++;
        } else {
            return complain(w, FINDING_ORACLE, s, &expected, &actual);
        }
    }
    if (retried) {
        w->phase = PHASE_FAULT;
        return false;
    }
    if (s->expected && !meets_expectation(w, s, &actual))
        return false;
    if (actual.kind == KIND_GP && w->os) {
        world_fail(w, "record %" PRIu64 ": linear address 0x%" PRIx64 " is not canonical", s->record, s->va);
        w->phase = PHASE_END;
        return false;
    }
    w->counts.gp += actual.kind == KIND_GP;
    w->counts.pf += actual.kind == KIND_PF;
    return true;
}
