/* Judges the results of a trace that brings its own page tables, such as a whole system's.
 *
 * Three say what an access gives: the MMU, the oracle's fresh walk, and the trace, which has it from the MMU of the
 * machine that was recorded. Where the first differs from the second, or the third from the second, software has
 * changed entries and not invalidated yet, and the books of what may be stale (stale.h) must know how the result came
 * about; anything else ends the run.
 *
 * A page fault by a stale entry, where the recorded machine had none: a processor would take it, its kernel would find
 * nothing to mend and return. So the access is made again; the fault has dropped what was stale, and a second one would
 * have no explanation. */
#include "judge.h"

#include <inttypes.h>
#include <stdio.h>

#include "arch/rules_address.h"
#include "stale/stale.h"
#include "unfit.h"

enum {
    AGAIN_MOST = 2
}; /* a walk that was in flight at the first fault may have brought back what it dropped; no other was at the second */

static bool out_of_memory(struct world *w)
{
    world_fail(w, STATUS_HOST, "record %" PRIu64 ": the host has no memory left for the books of what may be stale",
               w->d.done);
    w->phase = PHASE_END;
    return false;
}

/* A page fault has dropped what translates its address (SDM 3A 5.10.4.1). Of ours that is certain only where nothing
 * else was in flight: the walk of another access may have begun before, and end afterwards with what it had read. */
static bool faulted(struct world *w, const struct slot *s, enum stale_who who)
{
    if (who == STALE_OURS && !s->alone)
        return true;
    const struct oracle_access access = judge_access(s);
    uint64_t va;
    return linear_address(&w->regs, &access, &va) || stale_fault(w->stale, w->d.cycle, who, &w->regs, va) ||
           out_of_memory(w);
}

static bool equals(const void *context, const struct oracle_result *result)
{
    const struct outcome outcome = judge_demanded(result);
    return judge_same(context, &outcome);
}

struct expectation {
    const struct world *w;
    const struct slot *s;
};

static bool meets(const void *context, const struct oracle_result *result)
{
    const struct expectation *e = context;
    const struct outcome outcome = judge_demanded(result), expected = judge_expected(e->w, e->s, &outcome);
    return judge_same(&expected, &outcome);
}

static bool complain_of_flags(struct world *w, const struct slot *s, const struct oracle_step *step, uint64_t missing)
{
    char field[96];
    snprintf(field, sizeof field, "%s of the entry at 0x%" PRIx64 " after the access", missing & ENTRY_D ? "D" : "A",
             step->pa);
    world_finding(w, FINDING_ORACLE, s, field, "1", "0");
    return false;
}

/* Hardware may have set A and D below former tables. */
static void follow(struct world *w, const struct slot *s)
{
    const struct oracle_access access = judge_access(s);
    stale_follow(w->stale, &w->regs, &access);
    w->counts.stale.used = true;
}

/* A stale entry gives the same result by chance: then the present tables were not used. */
static bool same_by_chance(struct world *w, const struct slot *s, const struct oracle_result *says)
{
    const struct oracle_access access = judge_access(s);
    const struct outcome outcome = judge_demanded(says);
    const struct stale_question question = {equals, &outcome};
    const enum stale_how how = stale_explains(w->stale, STALE_OURS, CFG_POLICY_FAULT_REWALK, &w->regs, &access,
                                              s->accepted, &question);
    if (how != STALE_NOT)
        follow(w, s);
    return how != STALE_NOT;
}

/* What the access had to set in memory is set there, or a cached entry had it set already. The oracle's image follows
 * what hardware did of that. */
static bool flags_are_set(struct world *w, const struct slot *s, const struct oracle_result *says)
{
    const bool shared = judge_shared_global(w, s, says);
    const struct oracle_access access = judge_access(s);
    bool owed = false;
    uint64_t va;
    if (linear_address(&w->regs, &access, &va))
        return true;
    w->counts.shared_global += shared;
    for (unsigned i = 0; i < says->steps; i++) {
        const struct oracle_step *step = &says->step[i];
        const uint64_t must = (step->must_a ? ENTRY_A : 0) | (step->must_d ? ENTRY_D : 0),
                       may = must | (step->may_a ? ENTRY_A : 0);
        const uint64_t hardware = physmem_read(w->physmem, IMAGE_HW, step->pa), missing = must & ~hardware;
        if (missing && !shared && !stale_owes_nothing(w->stale, &w->regs, va, s->accepted, says, i, missing) &&
            !same_by_chance(w, s, says))
            return complain_of_flags(w, s, step, missing);
        owed |= missing != 0;
        if (may & hardware) /* read again: one entry may serve two levels */
            physmem_write_image(w->physmem, IMAGE_ORACLE, step->pa,
                                physmem_read(w->physmem, IMAGE_ORACLE, step->pa) | (may & hardware));
    }
    w->counts.stale.flags += owed && !shared;
    if (says->kind == KIND_OK && !owed)
        judge_remember(w, s, says);
    return true;
}

static bool agree(struct world *w, const struct slot *s, const struct oracle_result *says)
{
    w->counts.oracle_checks++;
    if (!judge_table_types(w, s, says) || !flags_are_set(w, s, says))
        return false;
    if (s->answer.src != SRC_L1 && stale_leads_astray(w->stale, &w->regs, says))
        follow(w, s);
    return true;
}

/* Our result is not that of the fresh walk. */
static bool ours_is_stale(struct world *w, const struct slot *s, const struct outcome *expected,
                          const struct outcome *actual)
{
    const struct oracle_access access = judge_access(s);
    const struct stale_question question = {equals, actual};
    const enum stale_how how = stale_explains(w->stale, STALE_OURS, CFG_POLICY_FAULT_REWALK, &w->regs, &access,
                                              s->accepted, &question);
    if (how == STALE_NOT)
        return judge_complain(w, FINDING_ORACLE, s, expected, actual);
    w->counts.oracle_checks++;
    w->counts.stale.ours[actual->kind == KIND_PF][how == STALE_PSC]++;
    follow(w, s);
    return true;
}

/* The trace's result is neither ours nor that of the fresh walk. */
static bool theirs_is_stale(struct world *w, const struct slot *s, const struct outcome *expected,
                            const struct outcome *actual)
{
    const struct oracle_access access = judge_access(s);
    const struct expectation expectation = {w, s};
    const struct stale_question question = {meets, &expectation};
    const enum stale_how how = stale_explains(w->stale, STALE_THEIRS, false, &w->regs, &access, 0, &question);
    if (how == STALE_NOT)
        return unfit_access(w, s) ? false : judge_complain(w, FINDING_EXPECT, s, expected, actual);
    w->counts.stale.theirs[expected->kind == KIND_PF][how == STALE_PSC]++;
    return true;
}

bool judge_own(struct world *w, struct slot *s)
{
    const struct outcome actual = judge_answered(&s->answer);
    const struct oracle_access access = judge_access(s);
    struct oracle_result says = {0};
    struct outcome fresh = actual;
    if (w->judged) {
        oracle_translate(w->physmem, IMAGE_ORACLE, &w->cpu, &w->regs, &access, &says);
        fresh = judge_demanded(&says);
        if (judge_same(&fresh, &actual) ? !agree(w, s, &says) : !ours_is_stale(w, s, &fresh, &actual))
            return false;
    }
    const struct outcome expected = s->expected ? judge_expected(w, s, &actual) : actual;
    const bool equal = judge_same(&expected, &actual);
    if (actual.kind == KIND_PF && w->judged && !faulted(w, s, STALE_OURS))
        return false;
    if (!equal && actual.kind == KIND_PF && !judge_same(&fresh, &actual)) {
        if (s->spurious++ == AGAIN_MOST)
            return judge_complain(w, FINDING_ORACLE, s, &fresh, &actual);
        w->counts.stale.again++;
        w->phase = PHASE_FAULT;
        return false;
    }
    if (s->expected) {
        const struct outcome of_fresh = judge_expected(w, s, &fresh);
        const bool fresh_is_theirs = !judge_same(&fresh, &actual) && judge_same(&of_fresh, &fresh);
        if (!equal && !fresh_is_theirs && !theirs_is_stale(w, s, &expected, &actual))
            return false;
        w->counts.stale.ours_alone += !equal && fresh_is_theirs;
        w->counts.expectations++;
        w->counts.stale.compared++;
        w->counts.stale.equal += equal;
    }
    if (expected.kind == KIND_PF && w->judged && !faulted(w, s, STALE_THEIRS))
        return false;
    w->counts.gp += actual.kind == KIND_GP;
    w->counts.pf += actual.kind == KIND_PF;
    return true;
}
