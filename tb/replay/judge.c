/* Judges results: the oracle, and what the trace itself says must come out. Traces with their own tables: judge_own.c.
 */
#include "judge.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/statenames.h"

static void outcome_text(const struct outcome *o, char *text, size_t size)
{
    static const char *const sizes[] = {"4K", "2M", "1G", "?"};
    switch (o->kind) {
    case KIND_OK:
        snprintf(text, size, "OK pa=0x%" PRIx64 " size=%s pat=%u mt=%s", o->addr, sizes[o->size & 3], o->pat,
                 memory_type_name(o->mt));
        break;
    case KIND_PF:
        snprintf(text, size, "#PF error code 0x%x%s%s%s%s%s%s%s, CR2 0x%" PRIx64, o->err, o->err & PF_P ? " P" : "",
                 o->err & PF_W ? " W" : "", o->err & PF_U ? " U" : "", o->err & PF_RSVD ? " RSVD" : "",
                 o->err & PF_I ? " I" : "", o->err & PF_PK ? " PK" : "", o->err & PF_SS ? " SS" : "", o->addr);
        break;
    default:
        snprintf(text, size, "%s", o->kind == KIND_GP ? "#GP" : "MEMERR");
    }
}

bool judge_complain(struct world *w, enum finding_kind kind, const struct slot *s, const struct outcome *expected,
                    const struct outcome *actual)
{
    char a[160], b[160];
    outcome_text(expected, a, sizeof a);
    outcome_text(actual, b, sizeof b);
    world_finding(w, kind, s, "result", a, b);
    return false;
}

struct outcome judge_expected(const struct world *w, const struct slot *s, const struct outcome *otherwise)
{
    const struct trace_expect *e = &w->expect[s - w->slot];
    struct outcome expected = *otherwise;
    expected.kind = e->kind;
    expected.err = e->err | (otherwise->err & e->err_open);
    if (e->kind == KIND_OK && e->has_pa) {
        expected.addr = e->pa;
        expected.size = e->size;
    }
    if (e->kind == KIND_OK && e->has_mt)
        expected.mt = e->mt;
    if (e->kind == KIND_PF && e->has_cr2)
        expected.addr = e->cr2;
    return expected;
}

void judge_remember(struct world *w, const struct slot *s, const struct oracle_result *says)
{
    const uint64_t key = memo_key(s->va, s->acc, s->mode);
    *memo_slot(&w->memo, key) = (struct memo_entry){key,        w->stamp,  says->addr & ~UINT64_C(0xfff),
                                                    says->size, says->pat, says->mt};
}

struct oracle_access judge_access(const struct slot *s)
{
    return (struct oracle_access){
        .va = s->va,
        .acc = s->acc,
        .user = !(s->mode & TRACE_SUPERVISOR),
        .imp = (s->mode & TRACE_IMPLICIT) != 0,
        .ac = (s->mode & TRACE_AC) != 0,
        .ss = (s->mode & TRACE_SHADOW_STACK) != 0,
    };
}

/* SDM 5.10.4.3: an entry that was relaxed without an invalidation may give one page fault that memory no longer
 * justifies, and only one, since the fault itself invalidates. Under policy.fault_rewalk never. */
static bool may_be_spurious(const struct slot *s, const struct outcome *actual, const struct oracle_result *says)
{
    return !CFG_POLICY_FAULT_REWALK && actual->kind == KIND_PF && says->kind == KIND_OK && s->spurious == 0 &&
           (actual->err & (PF_P | PF_RSVD)) == PF_P;
}

/* Hardware then reads none of the tables of this address space, and leaves their A and D bits alone (SDM 5.10.2.4: a
 * global translation serves all of them). */
bool judge_shared_global(const struct world *w, const struct slot *s, const struct oracle_result *says)
{
    enum { ENTRY_G = 1 << 8, CR4_PGE = 1 << 7 };
    bool owed = false;
    if (!w->switched || says->kind != KIND_OK || s->answer.src == SRC_WALK || !(w->regs.cr4 & CR4_PGE) ||
        !(says->step[says->steps - 1].value & ENTRY_G))
        return false;
    for (unsigned i = 0; i < says->steps; i++)
        owed |= says->step[i].must_a || says->step[i].must_d;
    return owed;
}

/* A request for one of the entries that this access's walk read was made with the memory type of its table. */
static bool right_table_type(struct world *w, const struct slot *s, const struct oracle_step *step, bool cas)
{
    const unsigned seen = table_types_seen(&w->table_types, w->stamp, step->pa, cas), wrong = seen & ~(1u << step->mt);
    char field[96];
    w->counts.table_types += seen != 0;
    if (!wrong || (!w->os && wrong != seen)) /* a trace's own tables may be reached in several ways */
        return true;
    snprintf(field, sizeof field, "memory type of the %s of the entry at 0x%" PRIx64, cas ? "update" : "read",
             step->pa);
    world_finding(w, FINDING_ORACLE, s, field, memory_type_name(step->mt),
                  memory_type_name((unsigned)__builtin_ctz(wrong)));
    return false;
}

bool judge_table_types(struct world *w, const struct slot *s, const struct oracle_result *says)
{
    bool right = true;
    for (unsigned i = 0; s->answer.src == SRC_WALK && i < says->steps && right; i++)
        right = right_table_type(w, s, &says->step[i], false) && right_table_type(w, s, &says->step[i], true);
    return right;
}

/* The oracle has said the same: its A and D bits follow, and it is not asked again for this page. */
static bool agree(struct world *w, const struct slot *s, const struct oracle_result *says)
{
    w->counts.oracle_checks++;
    if (!judge_table_types(w, s, says))
        return false;
    if (judge_shared_global(w, s, says)) {
        w->counts.shared_global++;
        return true;
    }
    oracle_commit(w->physmem, says, true);
    if (says->kind == KIND_OK)
        judge_remember(w, s, says);
    return true;
}

/* Of a program under the OS model: faults are taken, and the access is made again. */
static bool judge_program(struct world *w, struct slot *s)
{
    const struct outcome actual = judge_answered(&s->answer);
    if (w->judged) {
        const struct oracle_access access = judge_access(s);
        struct oracle_result says;
        oracle_translate(w->physmem, IMAGE_ORACLE, &w->cpu, &w->regs, &access, &says);
        const struct outcome expected = judge_demanded(&says);
        if (judge_same(&expected, &actual)) {
            if (!agree(w, s, &says))
                return false;
        } else if (may_be_spurious(s, &actual, &says)) {
            s->spurious++;
        } else {
            return judge_complain(w, FINDING_ORACLE, s, &expected, &actual);
        }
    }
    if (actual.kind == KIND_PF) {
        w->phase = PHASE_FAULT;
        return false;
    }
    if (s->expected) {
        const struct outcome expected = judge_expected(w, s, &actual);
        w->counts.expectations++;
        if (!judge_same(&expected, &actual))
            return judge_complain(w, FINDING_EXPECT, s, &expected, &actual);
    }
    if (actual.kind == KIND_GP) {
        world_fail(w, STATUS_INPUT, "record %" PRIu64 ": linear address 0x%" PRIx64 " is not canonical", s->record,
                   s->va);
        w->phase = PHASE_END;
        return false;
    }
    return true;
}

bool judge_slow(struct world *w, struct slot *s)
{
    if (s->answer.kind == KIND_MEMERR)
        return judge_memory_error(w, s);
    return w->os ? judge_program(w, s) : judge_own(w, s);
}
