/* Memory accesses per walk: for every page size and depth of the tables,
 *
 *     none        the walk caches are emptied before each access: every walk begins at the root
 *     random      pages at random in 128 GiB; of 1 GByte in 4 TiB, which no TLB holds
 *     sequential  page after page: the next one is nearly always in the same table */
#include "headline/part.h"

enum { WARM = 2000, MEASURED = 4000 };

static const unsigned range_log[] = {37, 37, 42}; /* bytes, by page size */

static const char *const patterns[] = {"none", "random", "sequential"};
enum { NONE, RANDOM, SEQUENTIAL, PATTERNS };

static bool drive(struct ground *g, unsigned pattern, uint64_t from, uint64_t count)
{
    const uint64_t pages = UINT64_C(1) << (range_log[g->size] - 12 - 9 * g->size);
    for (uint64_t n = from; n < from + count; n++) {
        if (pattern == NONE && !ground_forget_walks(g))
            return false;
        if (!ground_load(g, pattern == SEQUENTIAL ? ground_page(g, n, UINT64_MAX) : ground_somewhere(g, pages)))
            return false;
    }
    return true;
}

static json_t *row(struct headline *h, unsigned size, unsigned levels, unsigned pattern)
{
    static const char *const sizes[] = {"4k", "2m", "1g"};
    const uint64_t warm = headline_count(h, WARM), count = headline_count(h, MEASURED);
    struct ground *g = ground_new(h->dut, size, levels);
    json_t *o = NULL;
    if (drive(g, pattern, 0, warm)) {
        ground_count(g);
        drive(g, pattern, warm, count);
        uint64_t reads = 0;
        json_t *bins = json_array();
        for (unsigned n = 0; n < GROUND_READS; n++) {
            reads += n * g->tally->reads[n];
            json_array_append_new(bins, json_integer((json_int_t)g->tally->reads[n]));
        }
        const struct histogram *walks = &g->tally->latency[SRC_WALK];
        o = json_pack("{s:s,s:i,s:s,s:I,s:I,s:I,s:f,s:o,s:o}", "size", sizes[size], "levels", (int)levels,
                      "walk_caches", patterns[pattern], "range", (json_int_t)(UINT64_C(1) << range_log[size]),
                      "accesses", (json_int_t)g->tally->accesses, "walks", (json_int_t)walks->count, "reads_per_walk",
                      walks->count ? (double)reads / (double)walks->count : 0.0, "by_reads", bins, "latency",
                      ground_histogram(walks, false));
    }
    headline_close(h, g);
    return o;
}

json_t *headline_walks(struct headline *h)
{
    json_t *rows = json_array();
    for (unsigned levels = 4; levels <= 4 + (unsigned)CFG_ARCH_LA57; levels++)
        for (unsigned size = 0; size <= 1 + (unsigned)CFG_ARCH_PAGE_1G; size++)
            for (unsigned pattern = 0; pattern < PATTERNS && !headline_stopped(h); pattern++)
                json_array_append_new(rows, row(h, size, levels, pattern));
    return rows;
}
