/* Cycles of a translation, one at a time, with the memory hierarchy of the preset behind the walkers: an L1 hit, an
 * STLB hit, and misses at random 4-KByte pages of arrays of several lengths, with walk caches and then with none of
 * their entries left. */
#include "forms/preset.h"
#include "headline/part.h"

enum {
    MEASURED = 30000,
    HITS = 5000,
    LINE = 64,
    ENTRIES_A_LINE = 8,
    WARM_LEAST = 20000,
    LLC_LINES = CFG_MEMORY_LLC_KIB * 1024 / LINE,
};

static bool drive(struct ground *g, uint64_t pages, uint64_t count, bool forget)
{
    for (uint64_t n = 0; n < count; n++)
        if ((forget && !ground_forget_walks(g)) || !ground_load(g, ground_somewhere(g, pages)))
            return false;
    return true;
}

static void add(json_t *list, const struct ground *g, uint8_t src, const char *what, uint64_t pages, bool walk_caches)
{
    json_t *row = ground_histogram(&g->tally->latency[src], true);
    json_object_set_new(row, "what", json_string(what));
    json_object_set_new(row, "bytes", json_integer((json_int_t)(pages << 12)));
    json_object_set_new(row, "walk_caches", json_boolean(walk_caches));
    json_array_append_new(list, row);
}

static void hits(struct headline *h, json_t *list, const char *what, uint64_t pages, uint8_t src)
{
    struct ground *g = ground_new(h->dut, SIZE_4K, 4);
    bool good = true;
    for (uint64_t n = 0; n < pages && good; n++)
        good = ground_load(g, ground_page(g, n, pages));
    ground_count(g);
    if (good && drive(g, pages, headline_count(h, HITS), false))
        add(list, g, src, what, pages, true);
    headline_close(h, g);
}

/* The caches are full of data and page tables as they come when each line of the lowest tables has been met, or when so
 * many accesses were made as the last level has lines: each brings in two. */
static void misses(struct headline *h, json_t *list, uint64_t pages)
{
    const uint64_t met = 4 * pages / ENTRIES_A_LINE, full = met < LLC_LINES ? met : LLC_LINES;
    struct ground *g = ground_new(h->dut, SIZE_4K, 4);
    bool good = drive(g, pages, headline_count(h, full > WARM_LEAST ? full : WARM_LEAST), false);
    for (unsigned forget = 0; forget < 2 && good; forget++) {
        ground_count(g);
        good = drive(g, pages, headline_count(h, MEASURED), forget);
        if (good)
            add(list, g, SRC_WALK, "miss", pages, !forget);
    }
    headline_close(h, g);
}

json_t *headline_latency(struct headline *h)
{
    static const unsigned pages_log[] = {14, 18, 20, 22}; /* 64 MiB, 1, 4, 16 GiB */
    json_t *list = json_array();
    hits(h, list, "L1 hit", 1, SRC_L1);
    hits(h, list, "STLB hit", (preset_room(&preset_stlb, SIZE_4K).entries + 1) / 2, SRC_STLB);
    for (unsigned i = 0; i < sizeof pages_log / sizeof *pages_log && !headline_stopped(h); i++)
        misses(h, list, UINT64_C(1) << pages_log[i]);
    return list;
}
