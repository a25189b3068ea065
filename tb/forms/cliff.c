/* The TLB cliff: pages touched one after another, round and round, one access at a time.
 *
 *     N pages          ≤ L1            ≤ STLB                 beyond
 *     latency          1               1+S                    S+3+n(L+1), n reads
 *
 * Sequential pages fill the sets evenly, so capacities are met exactly. Capacity of an L1: the largest N of which,
 * after one round, every access takes 1 cycle. Capacity of the STLB: the largest N of which, after one round by loads,
 * every page is found there by a fetch (the L1s in between are emptied of it by construction: the ITLB has never seen
 * it). With N+1 pages at least one is missing, whatever the replacement. */
#include "form.h"

#include <math.h>

enum { L = 3, S = STLB_EXTRA };

/* What one measured round looked like. */
struct round {
    double accesses, latency; /* number, and sum of latencies */
    double src[4];            /* answers by source */
    double slow;              /* hits that did not take exactly 1 or 1+S */
    double walk_off;          /* largest |latency - (S+3+n(L+1))| of a walk */
};

static void add(struct round *round, const struct answer *answer)
{
    const double latency = (double)answer->latency;
    const double off = fabs(latency - (S + 3 + (double)answer->reads * (L + 1)));
    round->accesses++;
    round->latency += latency;
    round->src[answer->resp.src]++;
    round->slow += (answer->resp.src == SRC_L1 && latency != 1) || (answer->resp.src == SRC_STLB && latency != 1 + S);
    if (answer->resp.src == SRC_WALK && off > round->walk_off)
        round->walk_off = off;
}

static void sweep(struct stand *r, unsigned size, uint8_t acc, uint64_t pages, struct round round[SIDES])
{
    round[SIDE_MODEL] = round[SIDE_DUT] = (struct round){0};
    for (uint64_t i = 0; i < pages; i++) {
        if (!stand_access(r, (struct access){.va = form_tables_va(size, i), .acc = acc}))
            return;
        for (unsigned s = 0; s < r->sides; s++)
            add(&round[s], &r->side[s].answer);
    }
}

/* Whether N pages fit, on each side. */
typedef void fits(struct stand *r, unsigned size, uint8_t acc, uint64_t pages, bool fit[SIDES]);

static void fits_l1(struct stand *r, unsigned size, uint8_t acc, uint64_t pages, bool fit[SIDES])
{
    struct round round[SIDES];
    stand_flush(r);
    sweep(r, size, acc, pages, round);
    sweep(r, size, acc, pages, round);
    for (unsigned s = 0; s < r->sides; s++)
        fit[s] = round[s].latency == (double)pages;
}

static void fits_stlb(struct stand *r, unsigned size, uint8_t acc, uint64_t pages, bool fit[SIDES])
{
    struct round round[SIDES];
    stand_flush(r);
    sweep(r, size, ACC_READ, pages, round);
    sweep(r, size, acc, pages, round);
    for (unsigned s = 0; s < r->sides; s++)
        fit[s] = round[s].src[SRC_STLB] == (double)pages && round[s].slow == 0;
}

/* The largest N that fits, 0 when 1 does not: the expected one is tried first, and if it is not that, it is sought. */
static double capacity(struct stand *r, fits *fits, unsigned size, uint8_t acc, unsigned expected, unsigned side)
{
    bool low_fits[SIDES] = {true, true}, high_fits[SIDES];
    uint64_t low = expected, high = (uint64_t)expected + 1;
    if (expected)
        fits(r, size, acc, expected, low_fits);
    fits(r, size, acc, high, high_fits);
    if (!low_fits[side]) {
        high = low;
        low = 0;
    } else if (high_fits[side]) {
        for (low = high; low < 16384 && high_fits[side] && !r->finding.kind; fits(r, size, acc, high, high_fits)) {
            low = high;
            high *= 2;
        }
    }
    while (high - low > 1 && !r->finding.kind) {
        const uint64_t middle = (low + high) / 2;
        fits(r, size, acc, middle, high_fits);
        *(high_fits[side] ? &low : &high) = middle;
    }
    return (double)low;
}

static struct pair capacities(struct stand *r, fits *fits, unsigned size, uint8_t acc, unsigned expected)
{
    struct pair found = {0};
    for (unsigned s = 0; s < r->sides; s++)
        found.v[s] = capacity(r, fits, size, acc, expected, s);
    return found;
}

static struct pair mean_latency(const struct round round[SIDES])
{
    struct pair mean = {0};
    for (unsigned s = 0; s < SIDES; s++)
        mean.v[s] = round[s].accesses ? round[s].latency / round[s].accesses : 0;
    return mean;
}

static void steady(struct stand *r, unsigned size, uint8_t acc, uint64_t pages, struct round round[SIDES])
{
    stand_flush(r);
    for (unsigned i = 0; i < 3; i++)
        sweep(r, size, acc, pages, round);
}

static void l1(const struct forms *f, struct stand *r, const struct preset_structure *l1, unsigned size, uint8_t acc)
{
    const unsigned entries = preset_room(l1, size).entries;
    struct round round[SIDES];
    sheet_row(f->sheet, r, entries, EXACT, capacities(r, fits_l1, size, acc, entries), "%s pages, %s: capacity",
              preset_size_name[size], l1->name);
    if (!entries)
        return;
    steady(r, size, acc, entries, round);
    sheet_row(f->sheet, r, 1, EXACT, mean_latency(round), "%s pages, %s: mean latency of %u pages",
              preset_size_name[size], l1->name, entries);
}

/* The plateau, where it is flat by construction: so many pages that each has left the DTLB when its turn comes, and all
 * are in the STLB. */
static void plateau(const struct forms *f, struct stand *r, unsigned size)
{
    const struct preset_room l1 = preset_room(&preset_dtlb, size), stlb = preset_room(&preset_stlb, size);
    const unsigned begin = l1.entries ? l1.sets * preset_overflow(&preset_dtlb, l1.ways) : 1;
    struct round round[SIDES];
    if (begin > stlb.run) {
        sheet_left_out(f->sheet, "%s pages, 1+S in a data sweep: the DTLB (%u) leaves nothing to the STLB (%u) alone",
                       preset_size_name[size], l1.entries, stlb.run);
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        const unsigned pages = i == 0 ? begin : stlb.run;
        if (i == 1 && begin == stlb.run)
            return;
        steady(r, size, ACC_READ, pages, round);
        sheet_row(f->sheet, r, 1 + S, EXACT, mean_latency(round), "%s pages: mean latency of %u pages, 1+S",
                  preset_size_name[size], pages);
    }
}

/* So many pages that each has left the STLB, too. */
static void beyond(const struct forms *f, struct stand *r, unsigned size)
{
    const struct preset_room l1 = preset_room(&preset_dtlb, size), stlb = preset_room(&preset_stlb, size);
    const unsigned l1_gone = l1.sets * preset_overflow(&preset_dtlb, l1.ways);
    const unsigned stlb_gone = stlb.sets * preset_overflow(&preset_stlb, stlb.ways);
    const unsigned pages = l1_gone > stlb_gone ? l1_gone : stlb_gone;
    struct round round[SIDES];
    steady(r, size, ACC_READ, pages, round);
    sheet_row(
        f->sheet, r, 100, EXACT,
        (struct pair){{100 * round[SIDE_MODEL].src[SRC_WALK] / pages, 100 * round[SIDE_DUT].src[SRC_WALK] / pages}},
        "%s pages: walks in %% of a sweep of %u pages", preset_size_name[size], pages);
    sheet_row(f->sheet, r, 0, EXACT, (struct pair){{round[SIDE_MODEL].walk_off, round[SIDE_DUT].walk_off}},
              "%s pages: furthest that one of these walks is from S+3+n(L+1)", preset_size_name[size]);
}

void form_cliff(const struct forms *f)
{
    for (unsigned size = SIZE_4K; size <= SIZE_1G; size++) {
        if (size == SIZE_1G && !CFG_ARCH_PAGE_1G)
            continue;
        struct stand *r = stand_new(f->dut, L, false);
        const unsigned stlb = preset_room(&preset_stlb, size).run;
        l1(f, r, &preset_dtlb, size, ACC_READ);
        l1(f, r, &preset_itlb, size, ACC_EXECUTE);
        sheet_row(f->sheet, r, stlb, EXACT, capacities(r, fits_stlb, size, ACC_EXECUTE, stlb),
                  "%s pages, STLB: capacity", preset_size_name[size]);
        plateau(f, r, size);
        beyond(f, r, size);
        sheet_end_stand(f->sheet, r);
    }
}
