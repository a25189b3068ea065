/* The oracle's side of a judge case: see expect.h. */
#include "expect.h"

#include <inttypes.h>
#include <string.h>

#include "arch/x86.h"

static bool write_entries(struct physmem *pm, const struct judge_case *c, bool erase)
{
    for (unsigned level = c->root; level >= c->leaf; level--)
        if (!physmem_write(pm, c->entry[level].pa, erase ? 0 : c->entry[level].value))
            return false;
    return true;
}

/* The level of the entry at pa: not the step's own when one table serves two levels. */
static unsigned level_of(const struct judge_case *c, uint64_t pa)
{
    for (unsigned level = c->root; level >= c->leaf; level--)
        if (c->entry[level].pa == pa)
            return level;
    return 0;
}

bool case_expect(struct physmem *pm, const struct judge_case *c, const struct case_sabotage *sabotage,
                 struct case_expected *out)
{
    *out = (struct case_expected){0};
    if (!write_entries(pm, c, false))
        return false;
    for (unsigned n = 0; n < c->accesses; n++) {
        struct oracle_cpu cpu = c->cpu;
        struct oracle_regs regs = c->regs;
        struct oracle_access access = c->access[n];
        if (sabotage && sabotage->input)
            sabotage->input(&cpu, &regs, &access);
        oracle_translate(pm, IMAGE_ORACLE, &cpu, &regs, &access, &out->result[n]);
        if (sabotage && sabotage->output)
            sabotage->output(c, &access, &out->result[n]);
        oracle_commit(pm, &out->result[n], false);
        for (unsigned i = 0; i < out->result[n].steps; i++) {
            const struct oracle_step *step = &out->result[n].step[i];
            const unsigned level = level_of(c, step->pa);
            out->must[level] |= (step->must_a ? ENTRY_A : 0) | (step->must_d ? ENTRY_D : 0);
            out->may[level] |= step->may_a ? ENTRY_A : 0;
        }
    }
    for (unsigned level = c->root; level >= c->leaf; level--)
        out->may[level] &= ~out->must[level];
    return write_entries(pm, c, true);
}

static unsigned effective(unsigned mt)
{
    return mt == MT_UC_MINUS ? MT_UC : mt;
}

/* Memory types, of a judge that tells them: of the page, and of each table that was read. */
static bool types_differ(const struct case_context *x, unsigned n, struct case_difference *d)
{
    const struct oracle_result *e = &x->expected->result[n];
    *d = (struct case_difference){.what = DIFFERS_TYPE,
                                  .index = n,
                                  .expected = e->kind == KIND_OK ? effective(e->mt) : 0,
                                  .seen = x->seen->access[n].mt};
    if (d->expected != d->seen)
        return true;
    if (!x->seen->access[n].tables)
        return false;
    uint64_t expected = (uint64_t)e->steps << 32, seen = (uint64_t)x->seen->access[n].tables << 32;
    for (unsigned i = 0; i < e->steps; i++)
        expected |= (uint64_t)effective(e->step[i].mt) << 4 * i;
    for (unsigned i = 0; i < x->seen->access[n].tables; i++)
        seen |= (uint64_t)x->seen->access[n].table_mt[i] << 4 * i;
    *d = (struct case_difference){.what = DIFFERS_TABLE_TYPE, .index = n, .expected = expected, .seen = seen};
    return expected != seen;
}

static bool access_differs(const struct case_context *x, unsigned n, struct case_difference *d)
{
    const struct oracle_result *e = &x->expected->result[n];
    *d = (struct case_difference){.what = DIFFERS_KIND,
                                  .index = n,
                                  .expected = e->kind,
                                  .seen = x->seen->access[n].kind};
    if (d->expected != d->seen)
        return true;
    *d = (struct case_difference){.what = DIFFERS_ERROR_CODE,
                                  .index = n,
                                  .expected = e->err,
                                  .seen = x->seen->access[n].err};
    if (d->expected != d->seen)
        return true;
    *d = (struct case_difference){.what = DIFFERS_ADDRESS,
                                  .index = n,
                                  .expected = e->addr,
                                  .seen = x->seen->access[n].addr};
    return d->expected != d->seen || (x->seen->types && types_differ(x, n, d));
}

unsigned case_compare(const struct case_context *x, struct case_difference differences[CASE_DIFFERENCES])
{
    unsigned found = 0;
    for (unsigned n = 0; n < x->c->accesses; n++)
        found += access_differs(x, n, &differences[found]);
    for (unsigned level = x->c->root; level >= x->c->leaf; level--) {
        const uint64_t expected = (x->c->entry[level].value | x->expected->must[level]) & ~x->expected->may[level];
        const uint64_t seen = x->seen->entry[level] & ~x->expected->may[level];
        if (expected != seen)
            differences[found++] =
                (struct case_difference){.what = DIFFERS_ENTRY, .index = level, .expected = expected, .seen = seen};
    }
    return found;
}

void case_print_difference(FILE *out, const struct case_context *x, const struct case_difference *d)
{
    static const char *const kind[] = {"no fault", "#GP", "#PF"}, *const field[] = {"kind", "error code", "address",
                                                                                    "memory type",
                                                                                    "memory types of the tables"};
    if (d->what == DIFFERS_ENTRY) {
        fprintf(out, "  entry of level %u at the end: oracle %016" PRIx64 ", judge %016" PRIx64 "\n", d->index,
                d->expected, d->seen);
        return;
    }
    const char *detail = x->seen->access[d->index].detail;
    fprintf(out, "  access %u, %s: ", d->index, field[d->what]);
    if (d->what == DIFFERS_KIND)
        fprintf(out, "oracle %s, judge %s%s%s", kind[d->expected], d->seen <= KIND_PF ? kind[d->seen] : "neither",
                detail ? ": " : "", detail ? detail : "");
    else
        fprintf(out, "oracle %" PRIx64 ", judge %" PRIx64, d->expected, d->seen);
    fprintf(out, " (%s)\n", x->expected->result[d->index].reason);
}
