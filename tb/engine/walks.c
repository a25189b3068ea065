/* Memory accesses per walk: see walks.h. State words as in docs/microarchitecture.md section 17. */
#include "walks.h"

enum { SEL_MISS_QUEUE = 6, SEL_WALKERS = 7 };

static void close_walk(struct walks *walks, unsigned tag)
{
    const unsigned n = walks->open[tag].requests;
    if (n)
        walks->bin[n < WALKS_BINS ? n : WALKS_BINS - 1]++;
    walks->open[tag].requests = 0;
}

void walks_note(struct walks *walks, const struct mmu *ref, unsigned tag, bool cas)
{
    uint64_t walker[2], entry[2];
    if (tag >= WALKS_TAGS || !mmu_state(ref, SEL_WALKERS, 2 * tag, walker) || (walker[0] >> 3 & 1))
        return; /* a killed walk asks only because it may not take its offer back */
    const unsigned number = walker[0] >> 11 & 63, level = walker[0] >> 4 & 7, from_psc = walker[0] >> 7 & 1;
    if (!mmu_state(ref, SEL_MISS_QUEUE, number, entry))
        return;
    const uint64_t owner = (entry[0] & 0xfff0) | (uint64_t)number << 16;
    const bool same = walks->open[tag].requests && walks->open[tag].owner == owner && walks->open[tag].va == entry[1];
    /* A read on the level of the last one or above begins another walk, unless it restarts from the root before a
     * fault. */
    const bool again = !cas && level >= walks->open[tag].level && (from_psc || walks->open[tag].level == level);
    if (!same || again)
        close_walk(walks, tag);
    walks->open[tag].owner = owner;
    walks->open[tag].va = entry[1];
    walks->open[tag].level = level;
    walks->open[tag].requests++;
}

void walks_end(struct walks *walks, uint64_t all)
{
    uint64_t counted = 0;
    for (unsigned tag = 0; tag < WALKS_TAGS; tag++)
        close_walk(walks, tag);
    for (unsigned n = 1; n < WALKS_BINS; n++)
        counted += walks->bin[n];
    walks->bin[0] = all > counted ? all - counted : 0;
}
