/* The events of a device that ran at its own pace, by its own counters (dut.h): in the table and as JSON. The model's
 * are not its. */
#include <jansson.h>

#include "results.h"
#include "rows.h"

static bool offers(const struct dut_counts *c, enum dut_counter counter)
{
    return c->offered >> counter & 1;
}

static void not_offered(FILE *out, const char *name)
{
    report_row(out, name, "%15s", "not offered by this device");
}

/* Hits among hits and the others. */
static void rate(FILE *out, const char *name, const struct dut_counts *c, enum dut_counter hits,
                 enum dut_counter others)
{
    if (offers(c, hits) && offers(c, others))
        report_hits(out, name, c->count[hits], c->count[hits] + c->count[others]);
    else if (offers(c, hits))
        report_row(out, name, "%15s", report_number(c->count[hits]));
    else
        not_offered(out, name);
}

static void merged(FILE *out, const struct dut_counts *c)
{
    if (offers(c, DUT_MERGED) && offers(c, DUT_ITLB_MISSES) && offers(c, DUT_DTLB_MISSES))
        report_hits(out, "merged misses", c->count[DUT_MERGED], c->count[DUT_ITLB_MISSES] + c->count[DUT_DTLB_MISSES]);
    else
        not_offered(out, "merged misses");
}

static void paging_structures(FILE *out, const struct dut_counts *c)
{
    static const char *const names[] = {"  PDE", "  PDPTE", "  PML4E", "  PML5E"};
    uint64_t hits = 0;
    if (!offers(c, DUT_PSC_NONE)) {
        not_offered(out, "PSC hits");
        return;
    }
    for (unsigned i = 0; i < 4; i++)
        hits += c->count[DUT_PSC_PDE + i];
    report_hits(out, "PSC hits", hits, hits + c->count[DUT_PSC_NONE]);
    for (unsigned i = 0; i < 4; i++)
        if (c->count[DUT_PSC_PDE + i])
            report_hits(out, names[i], c->count[DUT_PSC_PDE + i], hits + c->count[DUT_PSC_NONE]);
}

static void memory(FILE *out, const struct dut_counts *c)
{
    char shared[64] = "", failed[64] = "";
    if (!offers(c, DUT_READS) || !offers(c, DUT_UPDATES)) {
        not_offered(out, "  memory accesses");
        return;
    }
    if (offers(c, DUT_SHARED))
        snprintf(shared, sizeof shared, "%s shared, ", report_number(c->count[DUT_SHARED]));
    if (offers(c, DUT_UPDATES_FAILED))
        snprintf(failed, sizeof failed, " (%s found the entry changed)", report_number(c->count[DUT_UPDATES_FAILED]));
    report_row(out, "  memory accesses", "%15s reads, %s%s A/D updates%s", report_number(c->count[DUT_READS]), shared,
               report_number(c->count[DUT_UPDATES]), failed);
}

void report_device(FILE *out, const struct results *r)
{
    const struct dut_counts *c = &r->counts;
    rate(out, "ITLB hits", c, DUT_ITLB_HITS, DUT_ITLB_MISSES);
    rate(out, "DTLB hits", c, DUT_DTLB_HITS, DUT_DTLB_MISSES);
    merged(out, c);
    rate(out, "STLB hits", c, DUT_STLB_HITS, DUT_STLB_MISSES);
    paging_structures(out, c);
    if (offers(c, DUT_WALKS))
        report_row(out, "walks", "%15s%s%s", report_number(c->count[DUT_WALKS]),
                   c->count[DUT_RESTARTS] ? "  restarted before a fault: " : "",
                   c->count[DUT_RESTARTS] ? report_number(c->count[DUT_RESTARTS]) : "");
    else
        not_offered(out, "walks");
    memory(out, c);
    report_latency(out, r->latency);
}

json_t *report_device_json(const struct results *r)
{
    static const char *const keys[DUT_COUNTERS] = {
        [DUT_ITLB_HITS] = "itlb_hit",    [DUT_ITLB_MISSES] = "itlb_miss",
        [DUT_DTLB_HITS] = "dtlb_hit",    [DUT_DTLB_MISSES] = "dtlb_miss",
        [DUT_MERGED] = "merged",         [DUT_STLB_HITS] = "stlb_hit",
        [DUT_STLB_MISSES] = "stlb_miss", [DUT_PSC_NONE] = "psc_none",
        [DUT_PSC_PDE] = "psc_pde",       [DUT_PSC_PDPTE] = "psc_pdpte",
        [DUT_PSC_PML4E] = "psc_pml4e",   [DUT_PSC_PML5E] = "psc_pml5e",
        [DUT_WALKS] = "walks",           [DUT_RESTARTS] = "walk_restarts",
        [DUT_READS] = "reads",           [DUT_SHARED] = "line_merges",
        [DUT_UPDATES] = "cas",           [DUT_UPDATES_FAILED] = "cas_failed",
    };
    json_t *object = json_object();
    for (unsigned i = 0; i < DUT_COUNTERS; i++)
        json_object_set_new(object, keys[i],
                            offers(&r->counts, (enum dut_counter)i) ? json_integer((json_int_t)r->counts.count[i])
                                                                    : json_null());
    return object;
}
