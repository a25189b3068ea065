/* How far the TLBs reach: loads at random in N pages that follow one another, N from 2 to four times the STLB, for each
 * page size. The hit rate falls in a step where the L1 ends, and over the cliff where the STLB does. */
#include "forms/preset.h"
#include "headline/part.h"

#include <math.h>

enum { STEPS_A_DOUBLING = 2, LEAST = 2000 };

static json_t *point(struct headline *h, unsigned size, uint64_t pages)
{
    struct ground *g = ground_new(h->dut, size, 4);
    const uint64_t count = headline_count(h, 2 * pages > LEAST ? 2 * pages : LEAST);
    json_t *o = NULL;
    bool good = true;
    for (uint64_t n = 0; n < pages && good; n++)
        good = ground_load(g, ground_page(g, n, pages));
    for (uint64_t n = 0; n < count && good; n++) {
        if (n == count / 2)
            ground_count(g);
        good = ground_load(g, ground_somewhere(g, pages));
    }
    if (good) {
        const struct tally *t = g->tally;
        uint64_t cycles = 0;
        for (unsigned src = 0; src < GROUND_SOURCES; src++)
            cycles += t->latency[src].sum;
        o = json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:f}", "size", preset_size_name[size], "pages", (json_int_t)pages,
                      "bytes", (json_int_t)(pages << (12 + 9 * size)), "accesses", (json_int_t)t->accesses, "l1",
                      (json_int_t)t->latency[SRC_L1].count, "stlb", (json_int_t)t->latency[SRC_STLB].count, "walks",
                      (json_int_t)t->latency[SRC_WALK].count, "cycles", (double)cycles / (double)t->accesses);
    }
    headline_close(h, g);
    return o;
}

json_t *headline_reach(struct headline *h)
{
    json_t *list = json_array();
    for (unsigned size = 0; size <= 1 + (unsigned)CFG_ARCH_PAGE_1G; size++) {
        const uint64_t most = 4 * (uint64_t)preset_room(&preset_stlb, size).entries;
        uint64_t last = 0;
        for (unsigned step = STEPS_A_DOUBLING; last < most && !headline_stopped(h); step++) {
            const uint64_t pages = (uint64_t)lround(exp2((double)step / STEPS_A_DOUBLING));
            if (pages == last)
                continue;
            json_array_append_new(list, point(h, size, pages));
            last = pages;
        }
    }
    return list;
}
