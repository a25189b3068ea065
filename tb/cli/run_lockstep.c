/* Lockstep: see run_lockstep.h. */
#define _GNU_SOURCE
#include "run_lockstep.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/exits.h"
#include "base/progress.h"
#include "random/random.h"
#include "report/waveform.h"
#include "run_end.h"
#include "session/session.h"
#include "session/slices.h"
#include "traces/format/plain.h"
#include "verdict.h"

/* A difference of state at a boundary: what repeats it compares there too. */
static void look_at_boundary(struct results *r, const struct finding *finding)
{
    static struct setup near;
    char *rerun;
    near = *r->setup;
    near.dense = true;
    near.from = near.to = finding->cycle;
    if (asprintf(&rerun, "%s --from=%" PRIu64 " --to=%" PRIu64, near.rerun, near.from, near.to) >= 0)
        near.rerun = rerun; /* as long as the program */
    r->setup = &near;
}

/* Runs the lockstep of s, in slices or in one. False: it is all said, and *status is what it came to. */
static bool run_cut_or_whole(struct results *r, struct session *s, struct dut **dut, struct progress *progress,
                             int *status)
{
    static struct slices slices;
    const struct setup *o = r->setup;
    struct lockstep *l = &s->lockstep;
    if (!s->world || !l->ops || (o->jobs < 2 && !o->slice_of)) {
        lockstep_run(l);
        return true;
    }
    slices = (struct slices){.jobs = o->jobs,
                             .wanted = o->slices,
                             .number = o->slice,
                             .of = o->slice_of,
                             .lockstep = l,
                             .world = s->world,
                             .dut = *dut,
                             .progress = progress};
    *status = STATUS_USAGE;
    if ((o->slices || o->slice_of) && s->world->d.total == UINT64_MAX && o->limit == UINT64_MAX) {
        fprintf(stderr,
                "twinwalk: %s does not say how many records it has, so equal slices cannot be cut: use --limit, or a "
                "binary trace\n",
                plain(o->trace));
        return false;
    }
    enum slices_end end = SLICES_HERE;
    if (o->slice_of)
        slices_one(&slices);
    else
        end = slices_run(&slices);
    *status = slices.status;
    *dut = slices.dut;
    if (end == SLICES_FAILED)
        run_complain((enum exit_status)slices.status, slices.error);
    r->slices = &slices.counts;
    l->ended |= slices.whole && l->finding.kind == FINDING_NONE;
    if (slices.beyond && l->finding.kind == FINDING_NONE) {
        r->verdict = VERDICT_INCOMPLETE;
        snprintf(r->error, sizeof r->error, "--slice=%" PRIu64 "/%" PRIu64 ": the trace ended before that slice",
                 o->slice, o->slice_of);
    }
    if (slices.at_boundary && l->finding.kind != FINDING_NONE)
        look_at_boundary(r, &l->finding);
    return end == SLICES_HERE;
}

/* The device followed, and was not equal somewhere behind the cycle *l tells: once more, in a new session, and from
 * there on cycle by cycle. Every other run of this stimulus does so too. False: it cannot be run again. */
static bool look_closer(struct results *r, struct session *s, const struct dut_ops *ops, struct dut *dut)
{
    static struct setup near;
    const struct lockstep first = s->lockstep;
    near = *r->setup;
    near.follow_to = first.parted_after;
    r->setup = &near;
    session_close(s);
    if (!session_open(s, r->setup, ops, dut))
        return false;
    struct lockstep *l = &s->lockstep;
    l->waves = first.waves;
    l->progress = first.progress;
    l->interruptible = first.interruptible;
    lockstep_run(l);
    if (l->finding.kind == FINDING_NONE && !l->lost && (l->parted || l->ended))
        finding_set(&l->finding, FINDING_PIN, first.parted_after, "outputs of a later cycle",
                    "the model's, as when it was run again", "others, the first time: the board is not steady");
    return true;
}

/* What is seen when the lockstep is over: a lost device, tables in memory that differ. */
static void at_the_end(struct results *r, struct session *s)
{
    struct lockstep *l = &s->lockstep;
    if (l->lost) {
        r->verdict = VERDICT_HOST;
        snprintf(r->error, sizeof r->error, "%s", l->lost);
    }
    if (l->ended && l->driver->ended && s->world && !s->world->broken && !world_compare_memory(s->world)) {
        l->finding = s->world->d.finding;
        l->ended = false;
    } else if (l->ended && s->random && !random_compare_memory(s->random)) {
        l->finding = random_driver(s->random)->finding;
        l->ended = false;
    }
}

/* Lockstep, or the model alone when ops is NULL. */
int run_lockstep(struct results *r, const struct dut_ops *ops, struct dut **device, const char *unit)
{
    const struct setup *o = r->setup;
    static struct session s;
    struct progress progress;
    if (!session_open(&s, o, ops, *device))
        return run_complain((enum exit_status)s.status, s.error);
    struct lockstep *l = &s.lockstep;
    struct kernel_prints prints = {0};
    struct waveform waveform = {0};
    if ((o->waves && !waveform_open(&waveform, o->waves)) ||
        (s.world && !kernel_prints_open(&prints, &o->kernel, &s.world->kernel))) {
        session_close(&s);
        return STATUS_OUTPUT;
    }
    l->waves = waveform.part;
    progress_start(&progress, unit);
    l->progress = &progress;
    l->interruptible = true;
    l->follow_to = UINT64_MAX;
    const double start = cpu_seconds();
    int elsewhere;
    if (!run_cut_or_whole(r, &s, device, &progress, &elsewhere)) {
        progress_end(&progress);
        session_close(&s);
        return elsewhere;
    }
    struct dut *dut = *device;
    if (l->parted && !look_closer(r, &s, ops, dut)) {
        progress_end(&progress);
        return run_complain((enum exit_status)s.status, s.error);
    }
    at_the_end(r, &s);
    r->seconds = r->slices ? r->slices->model_seconds + r->slices->lockstep_seconds : cpu_seconds() - start;
    progress_end(&progress);
    r->cycles_ref = l->driver->cycle;
    r->cycles_dut = ops ? l->driver->cycle : 0;
    r->skipped = l->skipped;
    r->state_compared = l->state_compared;
    r->walks = l->walks;
    r->exercised = l->exercised;
    r->mmu = *mmu_counts(s.ref);
    if (s.world) {
        run_from_world(r, s.world);
    } else {
        r->random = random_counts(s.random);
        r->table_bytes = random_table_bytes(s.random);
    }
    verdict_judge(r, &l->finding, l->ended, l->interrupted);
    verdict_complete(r, l);
    if (ops && o->speed && s.world && r->verdict == VERDICT_EQUAL)
        run_alone(r, ops, dut);
    bool printed = !s.world || kernel_prints_close(&prints, &s.world->kernel);
    const uint64_t marker = l->finding.kind != FINDING_NONE ? l->finding.cycle : l->marker;
    const int status = run_finish(r, ops, dut);
    if (o->waves && !waveform_keep(&waveform, l->waves_begun, marker) && l->waves_begun)
        printed = false;
    session_close(&s);
    return printed ? status : exits_both(status, STATUS_OUTPUT);
}
