/* The table at the end of a run. The JSON twin is report_json.c. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "results.h"
#include "statecmp.h"

double results_cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* 1234567 → "1,234,567"; a few buffers in turn, so that one printf can take several. */
static const char *big(uint64_t n)
{
    static char buffers[8][32];
    static unsigned turn;
    char *text = buffers[turn++ % 8], digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
    char *to = text;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = 0;
    return text;
}

static void row(FILE *out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void row(FILE *out, const char *name, const char *format, ...)
{
    va_list arguments;
    fprintf(out, "  %-22s ", name);
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    fputc('\n', out);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void hit_row(FILE *out, const char *name, uint64_t hits, uint64_t lookups)
{
    if (lookups)
        row(out, name, "%6.2f %%  %15s of %s", share(hits, lookups), big(hits), big(lookups));
}

static void what_was_compared(FILE *out, const struct results *r)
{
    const struct world_counts *w = &r->world;
    if (r->random) {
        row(out, "requests compared", "%15s", big(r->random->answers));
    } else {
        row(out, "accesses compared", "%15s  (%s fetches, %s loads, %s stores)", big(w->accesses), big(w->by_acc[ACC_EXECUTE]),
            big(w->by_acc[ACC_READ]), big(w->by_acc[ACC_WRITE]));
        row(out, "records replayed", "%15s%s%s", big(r->records), r->record_total == UINT64_MAX ? "" : "  of ",
            r->record_total == UINT64_MAX ? "" : big(r->record_total));
    }
    row(out, "mismatches", "%15s", r->verdict == VERDICT_MISMATCH ? "1" : "0");
    if (r->cycles_dut)
        row(out, "cycles", "%15s model  %15s %s", big(r->cycles_ref), big(r->cycles_dut), r->dut);
    else
        row(out, "cycles", "%15s", big(r->cycles_ref));
    if (r->skipped)
        row(out, "  of them waiting", "%15s", big(r->skipped));
    row(out, "oracle checks", "%15s", big(r->random ? r->random->oracle_checks : w->oracle_checks));
    if (w->table_types)
        row(out, "  memory types of tables", "%15s", big(w->table_types));
    if (w->unjudged)
        row(out, "  unjudged, stale", "%15s", big(w->unjudged));
    if (w->expectations)
        row(out, "expectations checked", "%15s", big(w->expectations));
    if (r->state_compared)
        row(out, "states compared", "%15s  of %s words each", big(r->state_compared), big(2 * (uint64_t)state_elements()));
    if (r->events_compared)
        row(out, "requests compared", "%15s  memory requests, in order", big(r->events_compared));
}

static void hit_rates(FILE *out, const struct mmu_counts *m)
{
    const uint64_t psc = m->psc_hit[2] + m->psc_hit[3] + m->psc_hit[4] + m->psc_hit[5];
    hit_row(out, "ITLB hits", m->l1_hit[0], m->l1_hit[0] + m->l1_miss[0]);
    hit_row(out, "DTLB hits", m->l1_hit[1], m->l1_hit[1] + m->l1_miss[1]);
    hit_row(out, "merged misses", m->merged, m->l1_miss[0] + m->l1_miss[1]);
    hit_row(out, "STLB hits", m->stlb_hit, m->stlb_hit + m->stlb_miss);
    hit_row(out, "PSC hits", psc, psc + m->psc_hit[0]);
    for (unsigned level = 2; level <= 5; level++) {
        static const char *const names[] = {"  PDE", "  PDPTE", "  PML4E", "  PML5E"};
        if (m->psc_hit[level])
            hit_row(out, names[level - 2], m->psc_hit[level], psc + m->psc_hit[0]);
    }
}

static void walks(FILE *out, const struct results *r)
{
    const struct mmu_counts *m = &r->mmu;
    row(out, "walks", "%15s%s%s", big(m->walks), m->walk_restarts ? "  restarted before a fault: " : "",
        m->walk_restarts ? big(m->walk_restarts) : "");
    if (!m->walks)
        return;
    row(out, "  memory accesses", "%15s reads, %s shared lines, %s A/D updates (%s found the entry changed)", big(m->reads),
        big(m->line_merges), big(m->cas), big(m->cas_failed));
    uint64_t counted = 0, most = 1;
    for (unsigned n = 1; n < WALKS_BINS; n++)
        counted += r->walks.bin[n];
    for (unsigned n = 1; n < WALKS_BINS; n++)
        most = r->walks.bin[n] > most ? r->walks.bin[n] : most;
    if (!counted)
        return;
    row(out, "  accesses per walk", "%15.2f mean", (double)(m->reads + m->cas) / (double)m->walks);
    for (unsigned n = 1; n < WALKS_BINS; n++)
        if (r->walks.bin[n]) {
            char name[16];
            snprintf(name, sizeof name, "  %6u%s", n, n == WALKS_BINS - 1 ? "+" : "");
            row(out, name, "%6.2f %%  %15s  %.*s", share(r->walks.bin[n], counted), big(r->walks.bin[n]),
                (int)(40 * r->walks.bin[n] / most), "########################################");
        }
    if (r->latency && r->latency->count)
        row(out, "  latency, cycles", "p50 %s  p90 %s  p99 %s  max %s  mean %.1f", big(histogram_percentile(r->latency, 0.5)),
            big(histogram_percentile(r->latency, 0.9)), big(histogram_percentile(r->latency, 0.99)), big(r->latency->max),
            (double)r->latency->sum / (double)r->latency->count);
}

static void faults(FILE *out, const struct results *r)
{
    const struct world_counts *w = &r->world;
    if (r->has_os) {
        row(out, "page faults", "%15s  (%s minor, %s copy-on-write, %s spurious)", big(w->faults_taken), big(r->os.minor_faults),
            big(r->os.cow_faults), big(r->os.spurious_faults));
        row(out, "frames", "%15s data, %s page tables", big(r->os.data_frames), big(r->os.table_frames));
    } else if (!r->random) {
        row(out, "faults", "%15s #PF, %s #GP", big(w->pf), big(w->gp));
    }
    if (w->memory_errors)
        row(out, "memory errors", "%15s, tried again", big(w->memory_errors));
    if (!r->random)
        row(out, "control operations", "%15s%s%s%s", big(r->mmu.control_ops), w->control_gp ? ", " : "",
            w->control_gp ? big(w->control_gp) : "", w->control_gp ? " raised #GP(0)" : "");
    if (w->shared_global)
        row(out, "shared global pages", "%15s answers that owed no A or D bits here", big(w->shared_global));
    row(out, "page-table memory", "%12.2f MiB on the host, both images", (double)r->table_bytes / 1048576);
}

static void random_controls(FILE *out, const struct random_counts *c)
{
    uint64_t all = 0, gp = 0;
    for (unsigned op = 0; op < 16; op++) {
        all += c->control_ops[op];
        gp += c->control_gp[op];
    }
    row(out, "control operations", "%15s  (%s with requests in flight, %s raised #GP(0))", big(all), big(c->control_in_flight), big(gp));
    for (unsigned op = 0; op < 16; op++)
        if (c->control_ops[op]) {
            char name[32];
            snprintf(name, sizeof name, "  %s", random_op_name(op));
            row(out, name, "%15s  (%s raised #GP(0))", big(c->control_ops[op]), big(c->control_gp[op]));
        }
}

/* How many of the corners were met, and which were not. */
static void random_corners(FILE *out, const struct random_counts *c)
{
    unsigned met = 0;
    for (unsigned i = 0; i < CORNERS; i++)
        met += c->corner[i] != 0;
    row(out, "corners met", "%15s  of %s", big(met), big(CORNERS));
    for (unsigned i = 0; i < CORNERS; i++)
        if (!c->corner[i])
            row(out, "  not met", "%15s %s", "", random_corner_name(i));
}

static void random_rows(FILE *out, const struct random_counts *c)
{
    row(out, "answers", "%15s OK, %s #PF, %s #GP, %s memory errors", big(c->by_kind[KIND_OK]), big(c->by_kind[KIND_PF]),
        big(c->by_kind[KIND_GP]), big(c->by_kind[KIND_MEMERR]));
    row(out, "  by source", "%15s L1, %s STLB, %s walk, %s merged", big(c->by_source[SRC_L1]), big(c->by_source[SRC_STLB]),
        big(c->by_source[SRC_WALK]), big(c->by_source[SRC_MERGED]));
    row(out, "  several allowed", "%15s  (%s right by a stale entry, %s faults by a relaxed one)", big(c->several), big(c->stale),
        big(c->spurious));
    if (c->unjudged)
        row(out, "  unjudged", "%15s", big(c->unjudged));
    row(out, "entries edited", "%15s", big(c->edits));
    for (unsigned i = 0; i < RANDOM_EDITS; i++)
        if (c->edits_by[i]) {
            char name[32];
            snprintf(name, sizeof name, "  %s", random_edit_name(i));
            row(out, name, "%15s", big(c->edits_by[i]));
        }
    random_controls(out, c);
    random_corners(out, c);
}

static void speed(FILE *out, const struct results *r)
{
    const uint64_t translations = r->random ? r->random->answers : r->world.accesses;
    if (r->seconds <= 0)
        return;
    row(out, "speed", "%12.2f s CPU, %.2f M cycles/s, %.2f M translations/s", r->seconds, (double)r->cycles_ref / r->seconds / 1e6,
        (double)translations / r->seconds / 1e6);
    if (r->alone_seconds > 0)
        row(out, "  DUT alone", "%12.2f s CPU, %.2f M cycles/s; this run: %.2f of that", r->alone_seconds,
            (double)r->alone_cycles / r->alone_seconds / 1e6,
            (double)r->cycles_ref / r->seconds / ((double)r->alone_cycles / r->alone_seconds));
}

static void verdict(FILE *out, const struct results *r)
{
    const struct finding *f = &r->finding;
    switch (r->verdict) {
    case VERDICT_EQUAL:
        fprintf(out, "\n  %s\n", r->dut ? "Equal: everything asked for was compared." : "Everything agrees with the oracle.");
        break;
    case VERDICT_INTERRUPTED:
        fprintf(out, "\n  INTERRUPTED: the table covers what was compared until then.\n");
        break;
    case VERDICT_BAD_INPUT:
        fprintf(out, "\n  INCOMPLETE: %s\n", r->error);
        break;
    case VERDICT_MISMATCH:
    case VERDICT_HANG:
        fprintf(out, "\n  %s (%s) in cycle %" PRIu64, r->verdict == VERDICT_HANG ? "HANG" : "MISMATCH", finding_name(f->kind), f->cycle);
        if (f->access != UINT64_MAX)
            fprintf(out, ", access %" PRIu64 ", record %" PRIu64 ", linear address 0x%" PRIx64, f->access, f->record, f->va);
        fprintf(out, "\n    %s\n    expected  %s\n    actual    %s\n", f->field, f->expected, f->actual);
        if (*r->bundle)
            fprintf(out, "    see       %s/\n", r->bundle);
        break;
    }
}

void report_table(FILE *out, const struct results *r)
{
    const struct options *o = r->options;
    fprintf(out, "twinwalk %s: preset %s, %s%s%s", r->command, CFG_NAME, r->dut ? "DUT " : "", r->dut ? r->dut : "model alone",
            r->dut ? ", check " : "");
    fprintf(out, "%s, memory %s, seed %" PRIu64 "\n", r->dut ? check_name(o->check) : "", o->memory_name, o->seed);
    if (o->trace)
        fprintf(out, "  %s\n", o->trace);
    what_was_compared(out, r);
    hit_rates(out, &r->mmu);
    walks(out, r);
    faults(out, r);
    if (r->random)
        random_rows(out, r->random);
    speed(out, r);
    verdict(out, r);
    fflush(out);
}

int report_status(const struct results *r)
{
    enum { BY_SIGNAL = 130 };
    return r->verdict == VERDICT_EQUAL ? 0 : r->verdict == VERDICT_INTERRUPTED ? BY_SIGNAL : 1;
}
