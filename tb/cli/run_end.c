/* How runs end: see run_end.h. */
#define _GNU_SOURCE
#include "run_end.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/outfile.h"
#include "replay/world.h"
#include "report/bundle.h"
#include "session/session.h"
#include "traces/format/plain.h"
#include "verdict.h"

int run_complain(enum exit_status status, const char *what)
{
    fprintf(stderr, "twinwalk: %s\n", plain(what));
    return status;
}

void run_from_world(struct results *r, struct world *w)
{
    r->world = w->counts;
    r->records = w->d.done;
    r->record_total = w->d.total;
    r->has_os = w->os != NULL;
    if (w->os) {
        r->os = *os_counts(w->os);
        r->kernel = &w->kernel;
        kernelside_look(&w->kernel);
    }
    r->latency = &w->walk_latency;
    r->table_bytes = physmem_bytes(w->physmem);
    verdict_of_world(r, w);
}

/* The finding first, on the terminal; then what may go wrong. */
int run_finish(struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    FILE *out = outfile_table(r->setup->json);
    if (r->verdict == VERDICT_UNFIT)
        fprintf(stderr, "twinwalk: %s: cannot run on this preset: %s\n", plain(r->setup->trace), r->error);
    if (r->setup->brief)
        report_brief(out, r);
    else if (r->verdict != VERDICT_UNFIT || r->world.accesses)
        report_table(out, r);
    if (ops && r->finding.kind != FINDING_NONE) {
        bundle_write(r, ops, dut);
        report_folder(out, r);
    }
    if (r->setup->json && !report_json(r->setup->json, r))
        return exits_both(report_status(r), STATUS_OUTPUT);
    return report_status(r);
}

/* The DUT alone, for --speed. That it comes to its end belongs to what was asked for. */
void run_alone(struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    int status;
    struct world *w = session_world(r->setup, false, r->error, sizeof r->error, &status);
    if (!w) {
        r->verdict = VERDICT_HOST;
        return;
    }
    struct lane lane = {.driver = &w->d,
                        .ops = ops,
                        .dut = dut,
                        .skip = r->setup->skip,
                        .hang_after = r->setup->hang_after};
    const double start = cpu_seconds();
    lane_start(&lane);
    while (!interrupt_count && lane_advance(&lane, 1 << 16)) {
    }
    verdict_judge(r, &lane.finding, w->d.ended, interrupt_count != 0);
    if (r->verdict == VERDICT_EQUAL) {
        r->alone_seconds = cpu_seconds() - start;
        r->alone_cycles = w->d.cycle;
    }
    world_free(w);
}
