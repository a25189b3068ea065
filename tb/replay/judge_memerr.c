/* Judges answers that say MEMERR: memory must have failed the walk, by the order of a `memerr` record of the trace.
 *
 * The oracle reads memory at its own time and so does not know which request failed; the memory port does. An answer is
 * right if since its access was accepted an entry of the access' walk was answered with an error. Then the access has
 * no translation, as the result of a trace with its own tables; nothing but A bits above the entry may have changed. */
#include "judge.h"
#include "stale/stale.h"

enum { LINE = 63, ENTRY_A = 0x20 };

void world_note_error(struct world *w, uint64_t pa)
{
    w->erred[w->erred_count++ % WORLD_ERRED] = (struct erred){pa & ~(uint64_t)LINE, w->d.cycle};
}

/* Where software has changed tables without invalidation the walk may have gone by former ones. */
static bool is_of_its_walk(const struct world *w, const struct oracle_result *says, uint64_t line)
{
    bool found = w->stale && stale_kept(w->stale);
    for (unsigned i = 0; i < says->steps; i++)
        found |= (says->step[i].pa & ~(uint64_t)LINE) == line;
    return found;
}

static bool memory_has_failed(const struct world *w, const struct slot *s, const struct oracle_result *says)
{
    for (unsigned i = 0; i < WORLD_ERRED && i < w->erred_count; i++)
        if (w->erred[i].cycle >= s->accepted && is_of_its_walk(w, says, w->erred[i].line))
            return true;
    return false;
}

/* The oracle's image follows what hardware has set on the way (SDM 3A 5.8). */
static void follow_flags(struct world *w, const struct oracle_result *says)
{
    for (unsigned i = 0; i + 1 < says->steps; i++) {
        const uint64_t pa = says->step[i].pa, set = physmem_read(w->physmem, IMAGE_HW, pa) & ENTRY_A;
        physmem_write_image(w->physmem, IMAGE_ORACLE, pa, physmem_read(w->physmem, IMAGE_ORACLE, pa) | set);
    }
}

bool judge_memory_error(struct world *w, const struct slot *s)
{
    const struct outcome actual = judge_answered(&s->answer);
    const struct oracle_access access = judge_access(s);
    struct oracle_result says;
    if (w->judged) {
        oracle_translate(w->physmem, IMAGE_ORACLE, &w->cpu, &w->regs, &access, &says);
        const struct outcome otherwise = judge_demanded(&says);
        if (!memory_has_failed(w, s, &says))
            return judge_complain(w, FINDING_ORACLE, s, &otherwise, &actual);
        follow_flags(w, &says);
        w->counts.oracle_checks++;
    }
    if (s->expected) {
        const struct outcome expected = judge_expected(w, s, &actual);
        if (!judge_same(&expected, &actual))
            return judge_complain(w, FINDING_EXPECT, s, &expected, &actual);
        w->counts.expectations++;
        w->counts.stale.compared++;
        w->counts.stale.equal++;
    }
    w->counts.memory_errors++;
    return true;
}
