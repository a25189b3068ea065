/* Cycles of one access with nothing else under way: section 16, row by row.
 *
 * S is stlb.latency, L the latency of memory, n the reads and u the A/D updates of the walk. */
#include "form.h"

#include <stdio.h>

enum { L = 7, S = STLB_EXTRA };

static double walk(unsigned n, unsigned u)
{
    return S + 3 + (n + u) * (L + 1);
}

/* An access to a 4k page that was just used by data. */
static double again(void)
{
    return preset_room(&preset_dtlb, SIZE_4K).entries ? 1 : 1 + S;
}

static void row(const struct forms *f, struct stand *r, double formula, struct access access, const char *name)
{
    stand_access(r, access);
    sheet_row(f->sheet, r, formula, EXACT, STAND_PAIR(r, answer.latency), "%s", name);
}

static void hits(const struct forms *f, struct stand *r)
{
    const struct access load = {.va = TABLES_PRIVATE};
    row(f, r, walk(4, 0), load, "cold walk: S+3+4(L+1)");
    row(f, r, again(), load, again() == 1 ? "L1 hit" : "no L1 for 4k pages, STLB hit: 1+S");
    row(f, r, 1 + S, (struct access){.va = TABLES_PRIVATE, .acc = ACC_EXECUTE}, "STLB hit: 1+S");
    row(f, r, 1, (struct access){.va = UINT64_C(1) << 47, .kind = KIND_GP}, "not canonical, 4 levels");
}

/* Walks that start from each of the cached levels, where the preset caches it. */
static void cached_starts(const struct forms *f, struct stand *r)
{
    static const char *const name[3] = {"walk from a cached PDE: S+3+(L+1)", "walk from a cached PDPTE: S+3+2(L+1)",
                                        "walk from a cached PML4E: S+3+3(L+1)"};
    for (unsigned i = 0; i < 3; i++) {
        if (!preset_room(&preset_psc, i).entries) {
            sheet_left_out(f->sheet, "%s: the preset does not cache this level", name[i]);
            continue;
        }
        stand_flush(r);
        stand_access(r, (struct access){.va = 0});
        row(f, r, walk(i + 1, 0), (struct access){.va = UINT64_C(1) << (12 + 9 * i)}, name[i]);
    }
}

/* A clear in the lowest u entries of the path; reads and updates alternate. */
static void accessed(const struct forms *f, struct stand *r)
{
    for (unsigned u = 1; u <= 4; u++) {
        char name[64];
        for (unsigned level = 1; level <= u; level++)
            form_tables_edit(r->pm, form_tables_private(level, TABLES_PRIVATE), ENTRY_A, 0);
        stand_flush(r);
        snprintf(name, sizeof name, "cold walk, A clear in %u entries: S+3+(4+%u)(L+1)", u, u);
        row(f, r, walk(4, u), (struct access){.va = TABLES_PRIVATE}, name);
        sheet_row(f->sheet, r, u, EXACT, STAND_PAIR(r, answer.cas), "compare-and-swaps of that walk");
    }
}

static void dirty(const struct forms *f, struct stand *r)
{
    const struct access load = {.va = TABLES_PRIVATE}, store = {.va = TABLES_PRIVATE, .acc = ACC_WRITE};
    const uint64_t leaf = form_tables_private(1, TABLES_PRIVATE);
    form_tables_edit(r->pm, leaf, ENTRY_D, 0);
    stand_flush(r);
    row(f, r, walk(4, 1), store, "cold write, D clear: S+3+(4+1)(L+1)");
    form_tables_edit(r->pm, leaf, ENTRY_A | ENTRY_D, 0);
    stand_flush(r);
    row(f, r, walk(4, 1), store, "cold write, A and D clear, one update: S+3+(4+1)(L+1)");
    row(f, r, again(), store, "write after it: a hit");
    if (!preset_room(&preset_psc, 0).entries)
        return;
    form_tables_edit(r->pm, leaf, ENTRY_D, 0);
    stand_flush(r);
    stand_access(r, load);
    row(f, r, walk(1, 1), store, "write to a page cached with D = 0, PDE cached: S+3+(1+1)(L+1)");
}

static void five_levels(const struct forms *f, struct stand *r)
{
    stand_five_levels(r);
    row(f, r, walk(5, 0), (struct access){.va = TABLES_PRIVATE}, "cold walk, 5 levels: S+3+5(L+1)");
    row(f, r, 1, (struct access){.va = UINT64_C(1) << 56, .kind = KIND_GP}, "not canonical, 5 levels");
    if (!preset_room(&preset_psc, 3).entries)
        return;
    row(f, r, walk(4, 0), (struct access){.va = 0}, "walk from a cached PML5E, 5 levels: S+3+4(L+1)");
}

static void memory_error(const struct forms *f)
{
    struct stand *r = stand_new(f->dut, L, true);
    row(f, r, walk(1, 0), (struct access){.va = 0, .kind = KIND_MEMERR}, "memory error at the first read: S+3+(L+1)");
    sheet_end_stand(f->sheet, r);
}

void form_costs(const struct forms *f)
{
    struct stand *r = stand_new(f->dut, L, false);
    hits(f, r);
    cached_starts(f, r);
    accessed(f, r);
    dirty(f, r);
    if (CFG_ARCH_LA57)
        five_levels(f, r);
    sheet_end_stand(f->sheet, r);
    memory_error(f);
}
