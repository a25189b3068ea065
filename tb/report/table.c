/* The table at the end of a run. The JSON twin is json.c. */
#include <inttypes.h>
#include <stdio.h>

#include "base/exits.h"
#include "engine/statecmp.h"
#include "results.h"
#include "rows.h"
#include "traces/format/plain.h"

static void what_was_compared(FILE *out, const struct results *r)
{
    const struct world_counts *w = &r->world;
    if (r->random) {
        report_row(out, "requests compared", "%15s", report_number(r->random->answers));
    } else {
        report_row(out, "accesses compared", "%15s  (%s fetches, %s loads, %s stores)", report_number(w->accesses),
                   report_number(w->by_acc[ACC_EXECUTE]), report_number(w->by_acc[ACC_READ]),
                   report_number(w->by_acc[ACC_WRITE]));
        report_row(out, "records replayed", "%15s%s%s", report_number(r->records),
                   r->record_total == UINT64_MAX ? "" : "  of ",
                   r->record_total == UINT64_MAX ? "" : report_number(r->record_total));
    }
    report_row(out, "mismatches", "%15s", r->verdict == VERDICT_MISMATCH ? "1" : "0");
    if (r->cycles_dut && !r->cycles_ref)
        report_row(out, "cycles", "%15s %s", report_number(r->cycles_dut), r->dut);
    else if (r->cycles_dut)
        report_row(out, "cycles", "%15s model  %15s %s", report_number(r->cycles_ref), report_number(r->cycles_dut),
                   r->dut);
    else
        report_row(out, "cycles", "%15s", report_number(r->cycles_ref));
    if (r->skipped)
        report_row(out, "  of them waiting", "%15s", report_number(r->skipped));
    report_row(out, "oracle checks", "%15s", report_number(r->random ? r->random->oracle_checks : w->oracle_checks));
    if (w->table_types)
        report_row(out, "  memory types of tables", "%15s", report_number(w->table_types));
    report_own(out, r);
    if (r->state_compared)
        report_row(out, "states compared", "%15s  of %s words each", report_number(r->state_compared),
                   report_number(2 * (uint64_t)state_elements()));
    if (r->events_compared)
        report_row(out, "requests compared", "%15s  memory requests, in order", report_number(r->events_compared));
}

static void hit_rates(FILE *out, const struct mmu_counts *m)
{
    const uint64_t psc = m->psc_hit[2] + m->psc_hit[3] + m->psc_hit[4] + m->psc_hit[5];
    report_hits(out, "ITLB hits", m->l1_hit[0], m->l1_hit[0] + m->l1_miss[0]);
    report_hits(out, "DTLB hits", m->l1_hit[1], m->l1_hit[1] + m->l1_miss[1]);
    report_hits(out, "merged misses", m->merged, m->l1_miss[0] + m->l1_miss[1]);
    report_hits(out, "STLB hits", m->stlb_hit, m->stlb_hit + m->stlb_miss);
    report_hits(out, "PSC hits", psc, psc + m->psc_hit[0]);
    for (unsigned level = 2; level <= 5; level++) {
        static const char *const names[] = {"  PDE", "  PDPTE", "  PML4E", "  PML5E"};
        if (m->psc_hit[level])
            report_hits(out, names[level - 2], m->psc_hit[level], psc + m->psc_hit[0]);
    }
}

static void walks(FILE *out, const struct results *r)
{
    const struct mmu_counts *m = &r->mmu;
    report_row(out, "walks", "%15s%s%s", report_number(m->walks),
               m->walk_restarts ? "  restarted before a fault: " : "",
               m->walk_restarts ? report_number(m->walk_restarts) : "");
    if (!m->walks)
        return;
    report_row(out, "  memory accesses", "%15s reads, %s shared, %s A/D updates (%s found the entry changed)",
               report_number(m->reads), report_number(m->line_merges), report_number(m->cas),
               report_number(m->cas_failed));
    uint64_t counted = 0, most = 1;
    for (unsigned n = 0; n < WALKS_BINS; n++)
        counted += r->walks.bin[n];
    for (unsigned n = 0; n < WALKS_BINS; n++)
        most = r->walks.bin[n] > most ? r->walks.bin[n] : most;
    if (!counted)
        return;
    report_row(out, "  accesses per walk", "%15.2f mean", (double)(m->reads + m->cas) / (double)m->walks);
    for (unsigned n = 0; n < WALKS_BINS; n++)
        if (r->walks.bin[n]) {
            char name[16];
            snprintf(name, sizeof name, "  %6u%s", n, n == WALKS_BINS - 1 ? "+" : "");
            report_row(out, name, "%6.2f %%  %15s  %.*s", report_share(r->walks.bin[n], counted),
                       report_number(r->walks.bin[n]), (int)(40 * r->walks.bin[n] / most),
                       "########################################");
        }
    report_latency(out, r->latency);
}

static void faults(FILE *out, const struct results *r)
{
    const struct world_counts *w = &r->world;
    if (r->has_os) {
        report_row(out, "page faults", "%15s  (%s minor, %s copy-on-write, %s spurious)",
                   report_number(w->faults_taken), report_number(r->os.minor_faults), report_number(r->os.cow_faults),
                   report_number(r->os.spurious_faults));
        report_row(out, "frames", "%15s data, %s page tables", report_number(r->os.data_frames),
                   report_number(r->os.table_frames));
        kernel_report_rows(out, r->kernel);
    } else if (!r->random) {
        report_row(out, "faults", "%15s #PF, %s #GP", report_number(w->pf), report_number(w->gp));
    }
    if (w->memory_errors)
        report_row(out, "memory errors", "%15s results", report_number(w->memory_errors));
    if (!r->random)
        report_row(out, "control operations", "%15s%s%s%s", report_number(r->mmu.control_ops),
                   w->control_gp ? ", " : "", w->control_gp ? report_number(w->control_gp) : "",
                   w->control_gp ? " raised #GP(0)" : "");
    if (w->shared_global)
        report_row(out, "shared global pages", "%15s answers that owed no A or D bits here",
                   report_number(w->shared_global));
    report_row(out, "page-table memory", "%12.2f MiB on the host, both images", (double)r->table_bytes / 1048576);
}

static void random_controls(FILE *out, const struct random_counts *c)
{
    uint64_t all = 0, gp = 0;
    for (unsigned op = 0; op < 16; op++) {
        all += c->control_ops[op];
        gp += c->control_gp[op];
    }
    report_row(out, "control operations", "%15s  (%s with requests in flight, %s raised #GP(0))", report_number(all),
               report_number(c->control_in_flight), report_number(gp));
    for (unsigned op = 0; op < 16; op++)
        if (c->control_ops[op]) {
            char name[32];
            snprintf(name, sizeof name, "  %s", random_op_name(op));
            report_row(out, name, "%15s  (%s raised #GP(0))", report_number(c->control_ops[op]),
                       report_number(c->control_gp[op]));
        }
}

/* How many of the corners were met, and, of a run that came to its end, which were not. */
static void random_corners(FILE *out, const struct random_counts *c, bool whole)
{
    unsigned met = 0, asked = 0;
    for (unsigned i = 0; i < CORNERS; i++) {
        met += c->corner[i] != 0;
        asked += random_corner_counts(c, i);
    }
    report_row(out, "corners met", "%15s  of %s%s", report_number(met), report_number(asked),
               c->states_seen ? "" : " (states of walkers and queue not asked)");
    for (unsigned i = 0; whole && i < CORNERS; i++)
        if (!c->corner[i] && random_corner_counts(c, i))
            report_row(out, "  not met", "%15s %s", "", random_corner_name(i));
}

static void random_rows(FILE *out, const struct random_counts *c, bool whole)
{
    report_row(out, "answers", "%15s OK, %s #PF, %s #GP, %s memory errors", report_number(c->by_kind[KIND_OK]),
               report_number(c->by_kind[KIND_PF]), report_number(c->by_kind[KIND_GP]),
               report_number(c->by_kind[KIND_MEMERR]));
    report_row(out, "  by source", "%15s L1, %s STLB, %s walk, %s merged", report_number(c->by_source[SRC_L1]),
               report_number(c->by_source[SRC_STLB]), report_number(c->by_source[SRC_WALK]),
               report_number(c->by_source[SRC_MERGED]));
    report_row(out, "  several allowed", "%15s  (%s right by a stale entry, %s faults by a relaxed one)",
               report_number(c->several), report_number(c->stale), report_number(c->spurious));
    if (c->squashed)
        report_row(out, "requests dropped", "%15s in flight", report_number(c->squashed));
    if (c->unjudged)
        report_row(out, "  unjudged", "%15s", report_number(c->unjudged));
    report_row(out, "entries edited", "%15s", report_number(c->edits));
    for (unsigned i = 0; i < RANDOM_EDITS; i++)
        if (c->edits_by[i]) {
            char name[32];
            snprintf(name, sizeof name, "  %s", random_edit_name(i));
            report_row(out, name, "%15s", report_number(c->edits_by[i]));
        }
    random_controls(out, c);
    random_corners(out, c, whole);
}

static void speed(FILE *out, const struct results *r)
{
    const uint64_t translations = r->random ? r->random->answers : r->world.accesses;
    if (r->seconds <= 0)
        return;
    report_row(out, "speed", "%12.2f s CPU, %.2f M cycles/s, %.2f M translations/s", r->seconds,
               (double)(r->cycles_ref ? r->cycles_ref : r->cycles_dut) / r->seconds / 1e6,
               (double)translations / r->seconds / 1e6);
    if (r->alone_seconds > 0)
        report_row(out, "  DUT alone", "%12.2f s CPU, %.2f M cycles/s; this run: %.2f of that", r->alone_seconds,
                   (double)r->alone_cycles / r->alone_seconds / 1e6,
                   (double)r->cycles_ref / r->seconds / ((double)r->alone_cycles / r->alone_seconds));
}

static void slices(FILE *out, const struct slices_counts *s, bool equal)
{
    const double all = s->model_seconds + s->lockstep_seconds;
    if (!s->jobs) {
        char begins[24] = "reset", ends[24] = "the trace's end";
        if (s->number)
            snprintf(begins, sizeof begins, "%016" PRIx64, s->begins);
        if (s->number + 1 < s->slices)
            snprintf(ends, sizeof ends, "%016" PRIx64, s->ends);
        report_row(out, "slice", "%15s  (of %s, from 0: only cycles %s to %s were compared; all rows count from reset)",
                   report_number(s->number), report_number(s->slices), report_number(s->from), report_number(s->to));
        report_row(out, "  states", "begins in %s, ends in %s", begins, ends);
        return;
    }
    report_row(out, "slices", "%15s  (%u processes at a time; all state equal at %s boundaries)",
               report_number(s->slices), s->jobs, report_number(s->boundaries));
    report_row(out, "  model ahead", "%12.2f s CPU; lockstep %.2f s CPU; all in %.2f s", s->model_seconds,
               s->lockstep_seconds, s->wall_seconds);
    if (equal && s->wall_seconds > 0 && all > 0)
        report_row(out, "  speed-up", "%12.2f times one process; %u processors of its own: at most %.2f",
                   s->lockstep_seconds / s->wall_seconds, s->jobs,
                   s->lockstep_seconds / (all / s->jobs > s->model_seconds ? all / s->jobs : s->model_seconds));
}

static void verdict(FILE *out, const struct results *r)
{
    const struct finding *f = &r->finding;
    switch (r->verdict) {
    case VERDICT_EQUAL:
        fprintf(out, "\n  %s\n",
                r->dut ? "Equal: everything asked for was compared." : "Everything agrees with the oracle.");
        break;
    case VERDICT_INTERRUPTED:
        fprintf(out, "\n  INTERRUPTED: the table covers what was compared until then.\n");
        break;
    case VERDICT_UNFIT:
        fprintf(out, "\n  CANNOT RUN on this preset: %s\n", plain(r->error));
        break;
    case VERDICT_BAD_INPUT:
        fprintf(out, "\n  BAD INPUT: %s\n", plain(r->error));
        break;
    case VERDICT_INCOMPLETE:
        fprintf(out, "\n  INCOMPLETE: %s\n", plain(r->error));
        break;
    case VERDICT_HOST:
        fprintf(out, "\n  THE HOST FAILED: %s\n", plain(r->error));
        break;
    case VERDICT_MISMATCH:
    case VERDICT_HANG:
        fprintf(out, "\n  %s (%s) in cycle %" PRIu64, r->verdict == VERDICT_HANG ? "HANG" : "MISMATCH",
                finding_name(f->kind), f->cycle);
        if (f->access != UINT64_MAX)
            fprintf(out, ", access %" PRIu64 ", record %" PRIu64 ", linear address 0x%" PRIx64, f->access, f->record,
                    f->va);
        fprintf(out, "\n    %s\n    expected  %s\n    actual    %s\n", f->field, f->expected, f->actual);
        break;
    }
}

void report_table(FILE *out, const struct results *r)
{
    const struct setup *o = r->setup;
    fprintf(out, "twinwalk %s: preset %s, %s%s%s", r->command, CFG_NAME, r->dut ? "DUT " : "",
            r->dut ? r->dut : "model alone", r->dut ? ", check " : "");
    fprintf(out, "%s, memory %s, seed %" PRIu64 "\n", r->dut ? check_name(o->check) : "", o->memory_name, o->seed);
    if (r->about.simulator)
        fprintf(out, "  %s, %u evaluation%s a clock%s%s\n", r->about.simulator, r->about.evaluations,
                r->about.evaluations == 1 ? "" : "s", r->about.why ? ": " : "", r->about.why ? r->about.why : "");
    if (o->trace)
        fprintf(out, "  %s\n", plain(o->trace));
    what_was_compared(out, r);
    if (r->own_clock) {
        report_device(out, r);
    } else {
        hit_rates(out, &r->mmu);
        walks(out, r);
    }
    faults(out, r);
    if (r->random)
        random_rows(out, r->random, r->verdict == VERDICT_EQUAL);
    speed(out, r);
    if (r->slices)
        slices(out, r->slices, r->verdict == VERDICT_EQUAL);
    if (r->dut && o->check >= CHECK_CYCLE)
        exercised_print(out, &r->exercised);
    verdict(out, r);
    fflush(out);
}

void report_brief(FILE *out, const struct results *r)
{
    const uint64_t done = r->random ? r->random->answers : r->world.accesses;
    if (r->verdict == VERDICT_EQUAL)
        fprintf(out, "  also %s: %s %s, %s cycles: equal%s%s\n", r->command, report_number(done),
                r->random ? "requests" : "accesses", report_number(r->cycles_ref ? r->cycles_ref : r->cycles_dut),
                r->setup->trace ? ", " : "", r->setup->trace ? r->setup->trace : "");
    else
        verdict(out, r);
    fflush(out);
}

void report_folder(FILE *out, const struct results *r)
{
    if (*r->bundle)
        fprintf(out, "    see       %s/\n", plain(r->bundle));
    fflush(out);
}

int report_status(const struct results *r)
{
    static const int statuses[] = {
        [VERDICT_EQUAL] = STATUS_EQUAL,           [VERDICT_MISMATCH] = STATUS_MISMATCH,
        [VERDICT_HANG] = STATUS_MISMATCH,         [VERDICT_INTERRUPTED] = STATUS_INTERRUPTED,
        [VERDICT_BAD_INPUT] = STATUS_INPUT,       [VERDICT_UNFIT] = STATUS_UNFIT,
        [VERDICT_INCOMPLETE] = STATUS_INCOMPLETE, [VERDICT_HOST] = STATUS_HOST,
    };
    return statuses[r->verdict];
}
