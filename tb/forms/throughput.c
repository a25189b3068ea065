/* Walks per cycle when every access misses and all ports are used whenever they are ready.
 *
 * A walker is busy for n(L+1) cycles of reads, one in FIN and one between its grant and its next first read: W walkers
 * make W/(n(L+1)+2) walks a cycle, as long as they are the narrowest place. They share the memory port, the grant and
 * the STLB pipeline; who has once waited for another is out of its way from then on, since all walks take the same
 * time, so after a while nobody waits.
 *
 * The pages come in an order in which no two walks within 64 accesses (24 for PML4Es) share a line of page-table
 * entries at any level that is read, and in which each page, and each entry that is to be read, has left every cache
 * when it comes again. So each walk reads exactly n entries, which is measured too. */
#include "form.h"
#include "stream.h"

enum { LATENCY = 100, WALKS_PER_WALKER = 1000, WALKERS = CFG_WALKERS_COUNT };

/* Bijection of 0 … 511 in which 64 consecutive numbers lie in different lines of 8. */
static uint64_t scatter(uint64_t n)
{
    return n % 64 * 8 + n / 64 % 8;
}

/* The same for the entries of the PML4 that map 4k pages; 24 lines. */
static uint64_t scatter_pml4e(uint64_t n)
{
    return n % (TABLES_PML4ES_4K / 8) * 8 + n / (TABLES_PML4ES_4K / 8) % 8;
}

/* How a stream walks: reads a walk, and, for n = 1, the regions of a PDE that are used. */
struct shape {
    unsigned reads, regions;
};

static uint64_t address(const void *context, uint64_t n)
{
    const struct shape *shape = context;
    const uint64_t other = n + n / 512; /* in step with n, but all combinations occur */
    const uint64_t pte = scatter(other + n / 32768);
    if (shape->reads == 1)
        return form_tables_va(SIZE_4K, n / 512 % shape->regions << 9 | scatter(n));
    if (shape->reads == 2)
        return form_tables_va(SIZE_4K, scatter(n) << 9 | pte);
    if (shape->reads == 3)
        return form_tables_va(SIZE_4K, scatter(n) << 18 | scatter(other) << 9 | pte);
    return form_tables_va(SIZE_4K, scatter_pml4e(n) << 27 | scatter(n) << 18 | scatter(other) << 9 | pte);
}

/* Brings the entries above those that are to be read into the walk caches. */
static void warm(struct stand *r, const struct shape *shape)
{
    for (unsigned i = 0; i < (shape->reads == 1 ? shape->regions : 1); i++)
        stand_access(r, (struct access){.va = form_tables_va(SIZE_4K, (uint64_t)i << 9)});
}

/* With n = 3 every walk touches the one PML4E. In a tree-PLRU array that sends all victims to the other half, and what
 * PDPTEs lie in its own half are found again: not every walk reads 3. */
static bool some_pdptes_stay(void)
{
    for (unsigned n = 0; n < 4; n++)
        if ((preset_psc.array[n].holds & 6) == 6)
            return !preset_psc.lru;
    return false;
}

/* n = 1 needs pages enough under the PDEs of one walk cache to push each other out of the STLB. */
static unsigned regions(void)
{
    const unsigned held = preset_room(&preset_psc, 0).entries, taken = preset_psc_taken(2, 4),
                   pdes = held > taken ? held - taken : 0;
    return pdes < 16 ? pdes : 16;
}

static bool pages_stay(void)
{
    const struct preset_room stlb = preset_room(&preset_stlb, SIZE_4K);
    return regions() * 512 / stlb.sets < preset_overflow(&preset_stlb, stlb.ways);
}

/* A walk of each walker may fall on the wrong side of either end of the measurement: that is the tolerance. */
static void walks(const struct forms *f, struct stand *r, unsigned reads)
{
    const struct shape shape = {reads, regions()};
    const struct stream stream = {address, &shape, 20 * CFG_MISS_QUEUE_ENTRIES, WALKS_PER_WALKER * WALKERS};
    const double busy = reads * (LATENCY + 1) + 2, document = WALKERS / busy;
    const double simple = (double)WALKERS / (reads * LATENCY);
    struct flow flow[SIDES];
    struct pair rate = {0}, reads_per_walk = {0};

    stand_flush(r);
    warm(r, &shape);
    if (!stream_run(r, &stream, flow))
        return;
    for (unsigned s = 0; s < r->sides; s++) {
        rate.v[s] = flow_rate(&flow[s]);
        reads_per_walk.v[s] = (double)flow[s].reads / (double)flow[s].walks;
    }
    sheet_row(f->sheet, r, reads, EXACT, reads_per_walk, "reads of each walk");
    sheet_row(f->sheet, r, document, 2 * document / WALKS_PER_WALKER, rate,
              "n = %u: walks per cycle, W/(n(L+1)+2), W = %u, L = %u", reads, WALKERS, LATENCY);
    sheet_row(f->sheet, r, simple, 0.04 * simple, rate, "n = %u: walks per cycle, min(W/(n L), ports)", reads);
}

/* The other bound, the ports: hits go through all of them in every cycle. */
static uint64_t one_page(const void *context, uint64_t n)
{
    (void)context;
    (void)n;
    return form_tables_va(SIZE_4K, 0);
}

static void hits(const struct forms *f, struct stand *r)
{
    const struct stream stream = {one_page, NULL, 100, 10000};
    struct flow flow[SIDES];
    struct pair rate = {0};
    if (!preset_room(&preset_itlb, SIZE_4K).entries || !preset_room(&preset_dtlb, SIZE_4K).entries) {
        sheet_left_out(f->sheet, "translations per cycle of L1 hits: an L1 holds no 4k pages");
        return;
    }
    stand_flush(r);
    stand_access(r, (struct access){.va = one_page(NULL, 0)});
    stand_access(r, (struct access){.va = one_page(NULL, 0), .acc = ACC_EXECUTE});
    if (!stream_run(r, &stream, flow))
        return;
    for (unsigned s = 0; s < r->sides; s++)
        rate.v[s] = flow_rate(&flow[s]);
    sheet_row(f->sheet, r, PORTS, EXACT, rate, "translations per cycle of L1 hits: the ports");
}

void form_throughput(const struct forms *f)
{
    struct stand *r = stand_new(f->dut, LATENCY, false);
    for (unsigned reads = 1; reads <= 4; reads++) {
        if (reads < 4 && preset_room(&preset_psc, reads - 1).entries <= preset_psc_taken(reads + 1, 4))
            sheet_left_out(f->sheet, "n = %u: the walk caches have no room for the entries above", reads);
        else if (reads == 1 && pages_stay())
            sheet_left_out(f->sheet, "n = 1: the STLB has room for all pages of %u regions", regions());
        else if (reads == 3 && some_pdptes_stay())
            sheet_left_out(f->sheet,
                           "n = 3: the PML4E keeps PDPTEs in its half of the array from replacement (tree-PLRU)");
        else
            walks(f, r, reads);
    }
    hits(f, r);
    sheet_end_stand(f->sheet, r);
}
