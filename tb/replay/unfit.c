/* Traces that a preset cannot run: see unfit.h. */
#include "unfit.h"

#include <inttypes.h>
#include <stddef.h>

#include "judge.h"

enum { WIDEST = 52 };

/* What a processor may lack. */
static const struct {
    size_t offset; /* of the bool in struct oracle_cpu; that of paddr_bits is the width */
    const char *what;
} features[] = {
    {offsetof(struct oracle_cpu, la57), "57-bit linear addresses (arch.la57 = false)"},
    {offsetof(struct oracle_cpu, pcid), "process-context identifiers (arch.pcid = false)"},
    {offsetof(struct oracle_cpu, page_1g), "1-GByte pages (arch.page_1g = false)"},
    {offsetof(struct oracle_cpu, pku), "protection keys for user pages (arch.pku = false)"},
    {offsetof(struct oracle_cpu, pks), "protection keys for supervisor pages (arch.pks = false)"},
    {offsetof(struct oracle_cpu, cet), "shadow stacks (arch.cet = false)"},
    {offsetof(struct oracle_cpu, lam), "linear-address masking (arch.lam = false)"},
    {offsetof(struct oracle_cpu, paddr_bits), "wider physical addresses (arch.paddr_bits)"},
};

enum { FEATURES = sizeof features / sizeof *features };

/* Gives the processor a feature, or takes it away; false when it was so already. */
static bool give(struct oracle_cpu *cpu, unsigned feature, bool present, unsigned paddr_bits)
{
    if (features[feature].offset == offsetof(struct oracle_cpu, paddr_bits)) {
        const unsigned before = cpu->paddr_bits;
        cpu->paddr_bits = present ? WIDEST : paddr_bits;
        return before != cpu->paddr_bits;
    }
    bool *has = (bool *)((char *)cpu + features[feature].offset);
    const bool before = *has;
    *has = present;
    return before != present;
}

void unfit(struct world *w, uint64_t record, const char *what)
{
    world_fail(w, "record %" PRIu64 ": the trace needs %s, which preset %s does not have", record, what, CFG_NAME);
    w->unfit = true;
    w->phase = PHASE_END;
}

/* A processor with everything would not refuse it, but with everything except one feature that is lacking it would. */
bool unfit_control(struct world *w, const struct oracle_regs *before)
{
    struct oracle_cpu all = w->cpu;
    struct oracle_regs regs = *before;
    for (unsigned i = 0; i < FEATURES; i++)
        give(&all, i, true, 0);
    if (!oracle_control(&regs, &all, w->op.op, w->op.data, w->op.desc))
        return false;
    for (unsigned i = 0; i < FEATURES; i++) {
        struct oracle_cpu cpu = all, own = w->cpu;
        regs = *before;
        if (!give(&own, i, true, 0))
            continue;
        give(&cpu, i, false, w->cpu.paddr_bits);
        if (!oracle_control(&regs, &cpu, w->op.op, w->op.data, w->op.desc)) {
            unfit(w, w->d.done - 1, features[i].what);
            return true;
        }
    }
    return false;
}

bool unfit_access(struct world *w, const struct slot *s)
{
    const struct oracle_access access = judge_access(s);
    for (unsigned i = 0; s->expected && i < FEATURES; i++) {
        struct oracle_cpu cpu = w->cpu;
        struct oracle_result r;
        if (!give(&cpu, i, true, 0))
            continue;
        oracle_translate(w->physmem, IMAGE_ORACLE, &cpu, &w->regs, &access, &r);
        const struct outcome outcome = judge_demanded(&r), expected = judge_expected(w, s, &outcome);
        if (judge_same(&expected, &outcome)) {
            unfit(w, s->record, features[i].what);
            return true;
        }
    }
    return false;
}
