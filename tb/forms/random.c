/* Reads per walk of uniform random 4k pages in a footprint.
 *
 * A cache of E entries that always takes what it missed holds, once full, E of the R regions that the footprint has at
 * its level, and the next region is any of them with equal chance: h = min(1, E/R), whatever the replacement. A walk
 * that finds the PDE reads 1 entry, the PDPTE 2, and so on:
 *
 *     reads = 1 + (1-h2)(1 + (1-h3)(1 + (1-h4)(1 + (1-h5))))
 *
 * Where an array holds several levels, as in zen4, they compete. As long as the footprint lies in one entry of each
 * higher level, the entry above is looked up, and so touched, just before each fill of the level in question: it stays.
 * What lies further above is not used any more. Under LRU it goes in time; under tree-PLRU it stays too: these entries
 * were filled first, into the lowest ways, and the touch sends every victim to the other half of the tree. Nothing
 * closed is known beyond that: footprints in which two levels with several regions each share an array are left out. */
#include "form.h"

#include <math.h>

#include "mem/prng.h"

enum { L = 1, WALKS = 50000 };

/* Regions of a level in so many pages. */
static uint64_t regions(uint64_t pages, unsigned level)
{
    const uint64_t reach = UINT64_C(1) << 9 * (level - 1);
    return (pages + reach - 1) / reach;
}

/* Entries of several regions of one level and of several of another are in each other's way in one array. */
static bool compete(uint64_t pages, unsigned levels)
{
    for (unsigned level = 2; level <= levels; level++)
        for (unsigned above = level + 1; above <= levels; above++)
            if (preset_psc_share(level, above) && regions(pages, above) > 1)
                return true;
    return false;
}

static double hit_rate(uint64_t pages, unsigned level, unsigned levels)
{
    const unsigned entries = preset_room(&preset_psc, level - 2).entries;
    return entries ? fmin(1, (double)(entries - preset_psc_taken(level, levels)) / (double)regions(pages, level)) : 0;
}

static double formula(uint64_t pages, unsigned levels)
{
    double reads = 1;
    for (unsigned level = levels; level >= 2; level--)
        reads = 1 + (1 - hit_rate(pages, level, levels)) * reads;
    return reads;
}

/* Sums over the walks of one side. */
struct sums {
    double walks, reads, squares;
};

static double mean(const struct sums *s)
{
    return s->walks ? s->reads / s->walks : 0;
}

static double standard_error(const struct sums *s)
{
    return s->walks ? sqrt((s->squares / s->walks - mean(s) * mean(s)) / s->walks) : 0;
}

static void run(struct stand *r, uint64_t pages, unsigned walks, uint64_t *seed, struct sums sums[SIDES])
{
    while (sums[SIDE_MODEL].walks < walks) {
        if (!stand_access(r, (struct access){.va = form_tables_va(SIZE_4K, prng_below(seed, pages))}))
            return;
        for (unsigned s = 0; s < r->sides; s++) {
            const struct answer *a = &r->side[s].answer;
            if (a->resp.src != SRC_WALK)
                continue;
            sums[s].walks++;
            sums[s].reads += (double)a->reads;
            sums[s].squares += (double)(a->reads * a->reads);
        }
    }
}

static void footprint(const struct forms *f, struct stand *r, unsigned shift, unsigned levels)
{
    const uint64_t pages = UINT64_C(1) << (shift - 12);
    if (compete(pages, levels)) {
        sheet_left_out(f->sheet, "%u levels, %u MiB: regions of two levels compete for one walk cache", levels,
                       1u << (shift - 20));
        return;
    }
    const double expected = formula(pages, levels);
    struct sums warm[SIDES] = {{0}}, sums[SIDES] = {{0}};
    uint64_t seed = shift;
    stand_flush(r);
    run(r, pages, WALKS / 4, &seed, warm);
    run(r, pages, WALKS, &seed, sums);
    const double error = standard_error(&sums[SIDE_MODEL]);
    sheet_row(f->sheet, r, expected, 0.005 * expected, (struct pair){{mean(&sums[SIDE_MODEL]), mean(&sums[SIDE_DUT])}},
              "%u levels, %5u MiB: reads per walk (standard error %.5f, %.1f in the tolerance)", levels,
              1u << (shift - 20), error, fmin(999, 0.005 * expected / error));
}

static void all_footprints(const struct forms *f, unsigned levels)
{
    struct stand *r = stand_new(f->dut, L, false);
    if (levels == 5)
        stand_five_levels(r);
    for (unsigned shift = 26; shift <= 36; shift += f->quick ? 5 : 2)
        footprint(f, r, shift, levels);
    sheet_end_stand(f->sheet, r);
}

void form_random(const struct forms *f)
{
    all_footprints(f, 4);
    if (CFG_ARCH_LA57)
        all_footprints(f, 5);
}
