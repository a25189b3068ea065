/* Traces that a preset cannot run: see unfit.h. */
#include "unfit.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "judge.h"

enum { NARROWEST = 36, WIDEST = 52 };

/* What a processor has or lacks. */
static const struct {
    size_t offset; /* of the bool in struct oracle_cpu */
    const char *what, *parameter;
} features[] = {
    {offsetof(struct oracle_cpu, la57), "57-bit linear addresses", "arch.la57"},
    {offsetof(struct oracle_cpu, pcid), "process-context identifiers", "arch.pcid"},
    {offsetof(struct oracle_cpu, page_1g), "1-GByte pages", "arch.page_1g"},
    {offsetof(struct oracle_cpu, pku), "protection keys for user pages", "arch.pku"},
    {offsetof(struct oracle_cpu, pks), "protection keys for supervisor pages", "arch.pks"},
    {offsetof(struct oracle_cpu, cet), "shadow stacks", "arch.cet"},
    {offsetof(struct oracle_cpu, lam), "linear-address masking", "arch.lam"},
    {offsetof(struct oracle_cpu, amd), "AMD's rules", "arch.amd"},
};

enum { FEATURES = sizeof features / sizeof *features };

static bool *feature(struct oracle_cpu *cpu, unsigned i)
{
    return (bool *)((char *)cpu + features[i].offset);
}

void unfit(struct world *w, uint64_t record, const char *what)
{
    world_fail(w, STATUS_UNFIT, "record %" PRIu64 ": the trace needs %s, which preset %s does not have", record, what,
               CFG_NAME);
    w->phase = PHASE_END;
}

static void unfit_feature(struct world *w, uint64_t record, bool unwanted, unsigned i)
{
    char what[96];
    snprintf(what, sizeof what, "%s%s (%s = %s)", unwanted ? "a processor without " : "", features[i].what,
             features[i].parameter, unwanted ? "true" : "false");
    unfit(w, record, what);
}

/* The result, as the trace has it, follows from the rules of this processor. */
typedef bool explains(const struct oracle_cpu *cpu, const void *context);

/* The width nearest to the preset's with which the result follows, and no other change. */
static bool other_width(struct world *w, uint64_t record, explains *follows, const void *context)
{
    const unsigned own = w->cpu.paddr_bits;
    for (unsigned by = 1; by <= WIDEST - NARROWEST; by++)
        for (unsigned wider = 0; wider < 2; wider++) {
            struct oracle_cpu cpu = w->cpu;
            cpu.paddr_bits = wider ? own + by : own - by;
            if (cpu.paddr_bits < NARROWEST || cpu.paddr_bits > WIDEST || !follows(&cpu, context))
                continue;
            world_fail(w, STATUS_UNFIT,
                       "record %" PRIu64 ": the trace needs %s physical addresses, of at %s %u bits, and preset %s has "
                       "%u (arch.paddr_bits)",
                       record, wider ? "wider" : "narrower", wider ? "least" : "most", cpu.paddr_bits, CFG_NAME, own);
            w->phase = PHASE_END;
            return true;
        }
    return false;
}

/* The preset's processor with one feature more, or one less, or with another width of addresses explains the result. */
static bool one_change(struct world *w, uint64_t record, explains *follows, const void *context)
{
    for (unsigned i = 0; i < FEATURES; i++) {
        struct oracle_cpu cpu = w->cpu;
        bool *has = feature(&cpu, i);
        *has = !*has;
        if (follows(&cpu, context)) {
            unfit_feature(w, record, !*has, i);
            return true;
        }
    }
    return other_width(w, record, follows, context);
}

struct operation {
    const struct world *w;
    const struct oracle_regs *before;
};

static bool ends_alike(const struct oracle_cpu *cpu, const void *context)
{
    const struct operation *o = context;
    struct oracle_regs regs = *o->before;
    return oracle_control(&regs, cpu, o->w->op.op, o->w->op.data, o->w->op.desc) == !o->w->op.gp;
}

/* Several features may be lacking at once: a processor with everything would not refuse the operation, but with
 * everything except one feature that is lacking it would. */
static bool lacks_one_of_several(struct world *w, const struct operation *o)
{
    struct oracle_cpu all = w->cpu;
    for (unsigned i = 0; i < FEATURES; i++)
        *feature(&all, i) = true;
    all.paddr_bits = WIDEST;
    if (o->w->op.gp || !ends_alike(&all, o))
        return false;
    for (unsigned i = 0; i < FEATURES; i++) {
        struct oracle_cpu cpu = all;
        *feature(&cpu, i) = false;
        if (*feature(&w->cpu, i) || ends_alike(&cpu, o))
            continue;
        unfit_feature(w, w->d.done - 1, false, i);
        return true;
    }
    return false;
}

bool unfit_control(struct world *w, const struct oracle_regs *before)
{
    const struct operation o = {w, before};
    return one_change(w, w->d.done - 1, ends_alike, &o) || lacks_one_of_several(w, &o);
}

struct result {
    const struct world *w;
    const struct slot *s;
};

static bool comes_out_alike(const struct oracle_cpu *cpu, const void *context)
{
    const struct result *r = context;
    const struct oracle_access access = judge_access(r->s);
    struct oracle_result says;
    oracle_translate(r->w->physmem, IMAGE_ORACLE, cpu, &r->w->regs, &access, &says);
    const struct outcome outcome = judge_demanded(&says), expected = judge_expected(r->w, r->s, &outcome);
    return judge_same(&expected, &outcome);
}

bool unfit_access(struct world *w, const struct slot *s)
{
    const struct result r = {w, s};
    return s->expected && one_change(w, s->record, comes_out_alike, &r);
}
