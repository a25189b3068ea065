/* See ground.h. */
#include "headline/ground.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86.h"
#include "base/exits.h"
#include "mem/prng.h"

enum { TABLE_FRAMES_LOG = 18, PRESENT = 0x67, LARGE = 0x80, ENTRY_BITS = 9 }; /* P, R/W, U/S, A, D; PS */

#define FIRST UINT64_C(0x100000000000) /* where the pages begin */
#define APART UINT64_C(0x600000000000) /* in no use */

static void die(const char *what)
{
    fprintf(stderr, "twinwalk headline: %s\n", what);
    exit(STATUS_HOST);
}

static unsigned shift_of(unsigned size)
{
    return 12 + ENTRY_BITS * size;
}

/* A bijection of 0 … 2^bits - 1. */
static uint64_t scatter(uint64_t n, unsigned bits)
{
    return (n * UINT64_C(0x9e3779b97f4a7c15) ^ UINT64_C(0x5bd1e995)) & ((UINT64_C(1) << bits) - 1);
}

/* The nth table, from 1 on. */
static uint64_t table_address(uint64_t n)
{
    if (n >> TABLE_FRAMES_LOG)
        die("a footprint needs more page tables than there is room for");
    return scatter(n, TABLE_FRAMES_LOG) << 12;
}

/* Data are in the upper half of physical memory. */
static uint64_t data_address(const struct ground *g, uint64_t va)
{
    const unsigned shift = shift_of(g->size), half = CFG_ARCH_PADDR_BITS - 1;
    return UINT64_C(1) << half | scatter(va >> shift, half - shift) << shift;
}

static void map(struct ground *g, uint64_t va)
{
    uint64_t table = g->r->regs.cr3;
    unsigned level = g->levels;
    for (; level > g->size + 1u; level--) {
        const uint64_t at = table + 8 * (va >> (3 + ENTRY_BITS * level) & 511);
        uint64_t entry = physmem_read(g->r->pm, IMAGE_HW, at);
        if (!entry) {
            entry = table_address(++g->tables) | PRESENT;
            if (!physmem_write(g->r->pm, at, entry))
                die("not enough memory for page tables");
        }
        table = entry & ~UINT64_C(0xfff);
    }
    const uint64_t at = table + 8 * (va >> (3 + ENTRY_BITS * level) & 511);
    if (!physmem_read(g->r->pm, IMAGE_HW, at) &&
        !physmem_write(g->r->pm, at, data_address(g, va) | PRESENT | (g->size ? LARGE : 0)))
        die("not enough memory for page tables");
}

struct ground *ground_new(const struct dut_ops *dut, unsigned size, unsigned levels)
{
    struct memport_config memory;
    struct ground *g = calloc(1, sizeof *g);
    struct tally *tally = calloc(1, sizeof *tally);
    if (!g || !tally)
        die("not enough memory");
    memport_preset(&memory);
    memory.model = MEMPORT_CACHE;
    *g = (struct ground){.r = rig_new(dut, 1, 0),
                         .size = size,
                         .levels = levels,
                         .tables = 1,
                         .random = 1,
                         .tally = tally};
    g->r->skip = true;
    if (!rig_memory(g->r, &memory))
        die("not enough memory");
    const struct oracle_regs to = {.cr0 = CR0_PG | CR0_PE | CR0_WP,
                                   .cr3 = table_address(1),
                                   .cr4 = CR4_PAE | (levels == 5 ? CR4_LA57 : 0),
                                   .efer = EFER_LME | EFER_LMA,
                                   .pat = g->r->regs.pat};
    rig_registers(g->r, &to);
    return g;
}

void ground_free(struct ground *g)
{
    rig_free(g->r);
    free(g->tally);
    free(g);
}

void ground_count(struct ground *g)
{
    memset(g->tally, 0, sizeof *g->tally);
}

bool ground_load(struct ground *g, uint64_t va)
{
    const struct oracle_access access = {.va = va, .acc = ACC_READ, .user = true};
    struct pins_resp answer;
    map(g, va);
    if (!rig_access(g->r, &access, &answer) || !rig_check(g->r, &access, &answer, NULL))
        return false;
    g->checked++;
    memport_touch(g->r->mp, answer.addr);
    g->tally->accesses++;
    histogram_add(&g->tally->latency[answer.src], g->r->latency);
    if (answer.src == SRC_WALK)
        g->tally->reads[g->r->reads < GROUND_READS ? g->r->reads : GROUND_READS - 1]++;
    return true;
}

bool ground_forget_walks(struct ground *g)
{
    return rig_control(g->r, CTL_INVLPG, APART, 0);
}

uint64_t ground_page(const struct ground *g, uint64_t n, uint64_t pages)
{
    const unsigned shift = shift_of(g->size);
    /* Within a page some line, so that data do not all meet in one set of the caches. */
    return FIRST + (n % pages << shift) + (prng_mix(n) << 6 & ((UINT64_C(1) << shift) - 1));
}

uint64_t ground_somewhere(struct ground *g, uint64_t pages)
{
    const unsigned shift = shift_of(g->size);
    const uint64_t n = prng_below(&g->random, pages);
    return FIRST + (n << shift) + (prng_next(&g->random) << 6 & ((UINT64_C(1) << shift) - 1));
}

json_t *ground_histogram(const struct histogram *h, bool bins)
{
    json_t *o = json_pack("{s:I}", "count", (json_int_t)h->count);
    if (!h->count)
        return o;
    json_object_set_new(o, "p50", json_integer((json_int_t)histogram_percentile(h, 0.5)));
    json_object_set_new(o, "p90", json_integer((json_int_t)histogram_percentile(h, 0.9)));
    json_object_set_new(o, "p99", json_integer((json_int_t)histogram_percentile(h, 0.99)));
    json_object_set_new(o, "max", json_integer((json_int_t)h->max));
    json_object_set_new(o, "mean", json_real((double)h->sum / (double)h->count));
    if (bins) {
        json_t *list = json_array();
        for (unsigned i = 0; i < HISTOGRAM_BINS; i++)
            if (h->bin[i])
                json_array_append_new(list, json_pack("[i,I]", (int)i, (json_int_t)h->bin[i]));
        json_object_set_new(o, "bins", list);
    }
    return o;
}
