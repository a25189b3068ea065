/* Runs: see run.h. Every one ends in the same table, whatever stopped it. */
#define _GNU_SOURCE
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "base/interrupt.h"
#include "base/outfile.h"
#include "base/pipe.h"
#include "dut/dut_list.h"
#include "dut/model.h"
#include "processes/serial.h"
#include "random/random.h"
#include "reduce/reduce.h"
#include "replay/decoupled.h"
#include "report/bundle.h"
#include "report/explain.h"
#include "report/page.h"
#include "report/results.h"
#include "report/waveform.h"
#include "traces/format/plain.h"
#include "verdict.h"

static int complain(enum exit_status status, const char *what)
{
    fprintf(stderr, "twinwalk: %s\n", plain(what));
    return status;
}

/* The trace is read twice at these levels. */
static bool decoupled(const struct setup *o)
{
    return o->trace && o->check <= CHECK_EVENTS;
}

static struct dut *create_dut(const struct setup *o, const struct dut_ops **ops)
{
    const char *error = "";
    *ops = o->dut ? dut_find(o->dut) : dut_number(0);
    if (!*ops) {
        complain(STATUS_USAGE, "no device under test is built in");
        return NULL;
    }
    struct dut *dut = (*ops)->create(&error);
    if (!dut)
        fprintf(stderr, "twinwalk: --dut=%s: %s\n", (*ops)->name, error);
    return dut;
}

/* What goes with slices of a trace, and what not. */
static bool slices_possible(const struct setup *o, const struct dut_ops *ops, const struct dut_about *about)
{
    const char *option = o->slice_of ? "--slice" : "--jobs", *what = NULL;
    const struct kernel_setup *k = &o->kernel;
    if (o->jobs < 2 && !o->slice_of)
        return true;
    if (decoupled(o))
        what = "needs both twins on one clock: use --check=cycle or state";
    else if (pipe_reads_once(o->trace))
        what = "reads the trace from several places, and a pipe can be read only once";
    else if (o->waves)
        what = "writes no waveform: use --waves without it";
    else if (o->speed)
        what = "does not go with --speed, which measures one process";
    else if (k->smaps || k->rollup || k->top || k->faults)
        what =
            "does not go with --smaps, --rollup, --top and --faults, which print in the order of the trace: the model "
            "alone prints the same (`twinwalk model`)";
    if (what)
        fprintf(stderr, "twinwalk: %s %s\n", option, what);
    else if (!ops->restore || about->fixed)
        fprintf(stderr, "twinwalk: %s: %s cannot be put into a state%s%s\n", option, ops->name,
                about->fixed ? ": " : "", about->fixed ? about->fixed : "");
    return !what && ops->restore && !about->fixed;
}

/* Refuses what the DUT cannot do, before anything runs. */
static bool possible(const struct setup *o, const struct dut_ops *ops)
{
    if (decoupled(o) && pipe_reads_once(o->trace)) {
        fprintf(stderr,
                "twinwalk: %s: --check=%s reads the trace once for each twin, and a pipe can be read only once: use "
                "--check=cycle or state\n",
                plain(o->trace), check_name(o->check));
        return false;
    }
    const struct kernel_setup *k = &o->kernel;
    if (ops->follow && pipe_reads_once(o->trace)) {
        fprintf(stderr,
                "twinwalk: %s: a board's difference is placed by a second run, and a pipe can be read only once\n",
                plain(o->trace));
        return false;
    }
    if (ops->follow && (k->smaps || k->rollup || k->top || k->faults)) {
        fprintf(stderr, "twinwalk: --smaps, --rollup, --top and --faults do not go with a board: the model alone "
                        "prints the same (`twinwalk model`)\n");
        return false;
    }
    if (o->speed && pipe_reads_once(o->trace)) {
        fprintf(stderr,
                "twinwalk: %s: --speed reads the trace again for the DUT alone, and a pipe can be read only once\n",
                plain(o->trace));
        return false;
    }
    if (o->speed && !o->trace) {
        fprintf(stderr, "twinwalk: --speed replays a trace through the DUT alone, and random stimulus is none\n");
        return false;
    }
    if (o->check == CHECK_STATE && !ops->has_state) {
        fprintf(stderr, "twinwalk: --check=state: %s has no readable state; use --check=cycle\n", ops->name);
        return false;
    }
    if (o->dense && !ops->has_state) {
        fprintf(stderr, "twinwalk: --from and --to compare all state, and %s has no readable state\n", ops->name);
        return false;
    }
    if (o->dense && o->check <= CHECK_EVENTS) {
        fprintf(stderr, "twinwalk: --from and --to need both twins on one clock: use --check=cycle or state\n");
        return false;
    }
    if (o->waves && !ops->waves_start) {
        fprintf(stderr, "twinwalk: --waves=%s: %s writes no waveforms\n", plain(o->waves), ops->name);
        return false;
    }
    if (o->waves && (o->check == CHECK_ARCH || o->check == CHECK_EVENTS)) {
        fprintf(stderr, "twinwalk: --waves needs both twins on one clock: use --check=cycle or state\n");
        return false;
    }
    if (o->kernel.config.reclaim && o->trace && (o->check == CHECK_ARCH || o->check == CHECK_EVENTS)) {
        fprintf(stderr, "twinwalk: --pressure and --swap need both twins on one clock: which pages the kernel takes "
                        "depends on when the hardware "
                        "sets their A and D bits; use --check=cycle or state\n");
        return false;
    }
    return true;
}

static void from_world(struct results *r, struct world *w)
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
static int finish(struct results *r, const struct dut_ops *ops, struct dut *dut)
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
static void alone(struct results *r, const struct dut_ops *ops, struct dut *dut)
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
    const double start = results_cpu_seconds();
    lane_start(&lane);
    while (!interrupt_count && lane_advance(&lane, 1 << 16)) {
    }
    verdict_judge(r, &lane.finding, w->d.ended, interrupt_count != 0);
    if (r->verdict == VERDICT_EQUAL) {
        r->alone_seconds = results_cpu_seconds() - start;
        r->alone_cycles = w->d.cycle;
    }
    world_free(w);
}

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
        complain((enum exit_status)slices.status, slices.error);
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
static int run_lockstep(struct results *r, const struct dut_ops *ops, struct dut **device, const char *unit)
{
    const struct setup *o = r->setup;
    static struct session s;
    struct progress progress;
    if (!session_open(&s, o, ops, *device))
        return complain((enum exit_status)s.status, s.error);
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
    const double start = results_cpu_seconds();
    int elsewhere;
    if (!run_cut_or_whole(r, &s, device, &progress, &elsewhere)) {
        progress_end(&progress);
        session_close(&s);
        return elsewhere;
    }
    struct dut *dut = *device;
    if (l->parted && !look_closer(r, &s, ops, dut)) {
        progress_end(&progress);
        return complain((enum exit_status)s.status, s.error);
    }
    at_the_end(r, &s);
    r->seconds = r->slices ? r->slices->model_seconds + r->slices->lockstep_seconds : results_cpu_seconds() - start;
    progress_end(&progress);
    r->cycles_ref = l->driver->cycle;
    r->cycles_dut = ops ? l->driver->cycle : 0;
    r->skipped = l->skipped;
    r->state_compared = l->state_compared;
    r->walks = l->walks;
    r->exercised = l->exercised;
    r->mmu = *mmu_counts(s.ref);
    if (s.world) {
        from_world(r, s.world);
    } else {
        r->random = random_counts(s.random);
        r->table_bytes = random_table_bytes(s.random);
    }
    verdict_judge(r, &l->finding, l->ended, l->interrupted);
    verdict_complete(r, l);
    if (ops && o->speed && s.world && r->verdict == VERDICT_EQUAL)
        alone(r, ops, dut);
    bool printed = !s.world || kernel_prints_close(&prints, &s.world->kernel);
    const uint64_t marker = l->finding.kind != FINDING_NONE ? l->finding.cycle : l->marker;
    const int status = finish(r, ops, dut);
    if (o->waves && !waveform_keep(&waveform, l->waves_begun, marker) && l->waves_begun)
        printed = false;
    session_close(&s);
    return printed ? status : exits_both(status, STATUS_OUTPUT);
}

/* Both twins on one clock, at a level that does not ask for one. */
struct in_step {
    struct driver *driver;
    const struct dut_ops *ops;
    struct dut *dut;
    bool count, counts; /* the device is to count its events; and does */
    struct dut_counts counted;
    struct handshake handshake;
    uint64_t requests; /* of memory */
};

static void on_step(void *context, const struct pins_out *out)
{
    struct in_step *s = context;
    struct driver *d = s->driver;
    if (s->count && !s->counts)
        s->ops->counts(s->dut, &s->counted);
    s->counts = s->count;
    s->requests += d->mem_accepted;
    handshake_cycle(&s->handshake, out, &d->in, d->mem_accepted, d->cycle, &d->finding);
    d->ended |= d->finding.kind != FINDING_NONE;
}

static void from_step(struct results *r, const struct session *s, const struct in_step *step)
{
    r->cycles_ref = r->cycles_dut = s->lockstep.driver->cycle;
    r->mmu = *mmu_counts(s->ref);
    r->events_compared = r->setup->check == CHECK_EVENTS ? step->requests : 0;
    r->own_clock = r->setup->check == CHECK_ARCH;
    if (step->counts)
        step->ops->counts(step->dut, &r->counts);
    for (unsigned i = 0; i < DUT_COUNTERS; i++)
        r->counts.count[i] -= step->counted.count[i];
    from_world(r, s->world);
}

/* What the levels without a common clock ask for follows from equal outputs in every cycle: as long as they are equal,
 * one world serves both, and the trace is read once. False: they are not, or there is something to say; nothing was
 * said yet, and each twin has to run at its own pace. */
static bool run_in_step(struct results *r, const struct dut_ops *ops, struct dut *dut, int *status)
{
    const struct setup *o = r->setup;
    const struct kernel_setup *k = &o->kernel;
    static struct session s;
    struct progress progress;
    if (k->smaps || k->rollup || k->top || k->faults || !session_open(&s, o, ops, dut))
        return false;
    struct lockstep *l = &s.lockstep;
    struct in_step step = {.driver = l->driver,
                           .ops = ops,
                           .dut = dut,
                           .count = o->check == CHECK_ARCH && ops->counts,
                           .handshake = {.patience = o->hang_after}};
    progress_start(&progress, "records");
    l->progress = &progress;
    l->interruptible = true;
    l->follow_to = UINT64_MAX;
    l->watch = on_step;
    l->watcher = &step;
    const double start = results_cpu_seconds();
    lockstep_run(l);
    const bool same = l->ended && !s.world->broken && world_compare_memory(s.world);
    r->seconds = results_cpu_seconds() - start;
    progress_end(&progress);
    if (same) {
        from_step(r, &s, &step);
        verdict_judge(r, &l->finding, l->ended, l->interrupted);
        verdict_complete(r, NULL);
        if (o->speed && r->verdict == VERDICT_EQUAL)
            alone(r, ops, dut);
        *status = finish(r, ops, dut);
    }
    session_close(&s);
    return same;
}

static int run_decoupled(struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    const struct setup *o = r->setup;
    const char *why = "";
    char error[512] = "";
    struct progress progress;
    int status = STATUS_HOST;
    struct world *a = session_world(o, true, error, sizeof error, &status);
    struct world *b = a ? session_world(o, true, error, sizeof error, &status) : NULL;
    struct dut *model = b ? dut_model.create(&why) : NULL;
    struct kernel_prints prints = {0};
    if (model && !kernel_prints_open(&prints, &o->kernel, &b->kernel)) {
        status = STATUS_OUTPUT;
    } else if (!model) {
        complain((enum exit_status)status, *why ? why : error);
    } else {
        struct decoupled d = {
            .ref = session_lane(o, &a->d, &dut_model, model),
            .dut = session_lane(o, &b->d, ops, dut),
            .ref_world = a,
            .dut_world = b,
            .events = o->check == CHECK_EVENTS,
            .progress = &progress,
        };
        progress_start(&progress, "records");
        const double start = results_cpu_seconds();
        const bool ran = decoupled_run(&d);
        if (d.ended && !b->broken && !world_compare_memory(b)) {
            d.finding = b->d.finding;
            d.ended = false;
        }
        r->seconds = results_cpu_seconds() - start;
        progress_end(&progress);
        r->cycles_ref = a->d.cycle;
        r->cycles_dut = b->d.cycle;
        r->mmu = *mmu_counts(dut_model_mmu(model));
        r->events_compared = d.events ? d.requests : 0;
        r->own_clock = !d.events;
        r->counts = lane_counts(&d.dut);
        from_world(r, b);
        verdict_judge(r, &d.finding, d.ended, d.interrupted);
        verdict_complete(r, NULL);
        if (o->speed && r->verdict == VERDICT_EQUAL)
            alone(r, ops, dut);
        const bool printed = kernel_prints_close(&prints, &b->kernel);
        status = ran ? finish(r, ops, dut) : complain(STATUS_HOST, "not enough memory for the comparison");
        if (!printed)
            status = exits_both(status, STATUS_OUTPUT);
    }
    if (model)
        dut_model.destroy(model);
    world_free(a);
    world_free(b);
    return status;
}

/* Behind everything else that there is to say: the failure, cut down. */
static void reduce_finding(const struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    const struct finding *f = &r->finding;
    struct reduced reduced;
    FILE *out = outfile_table(r->setup->json);
    if (f->kind == FINDING_NONE || !*r->bundle || r->setup->reduce <= 0 || interrupt_count ||
        pipe_reads_once(r->setup->trace))
        return;
    char *head = reduce_head(f, r->dut, r->setup->rerun);
    fprintf(stderr, "twinwalk: reducing, for at most %.0f s (Ctrl-C ends it) …\n", r->setup->reduce);
    reduce(r->setup, ops, dut, f, r->bundle, head, r->setup->reduce, &reduced);
    free(head);
    reduce_tell(out, &reduced);
}

/* A device at its own pace under random stimulus: its answers are judged by the oracle and the books of what may be
 * stale, its handshakes by their rules. */
static int run_random_alone(struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    enum { BURST = 1 << 13 };
    static struct session s;
    struct progress progress;
    if (!session_open(&s, r->setup, NULL, NULL))
        return complain((enum exit_status)s.status, s.error);
    struct driver *d = s.lockstep.driver;
    struct lane lane = session_lane(r->setup, d, ops, dut);
    bool interrupted = false;
    random_watch(s.random, NULL);
    progress_start(&progress, "requests");
    const double start = results_cpu_seconds();
    lane_start(&lane);
    while (lane_advance(&lane, BURST)) {
        progress_show(&progress, d->done, d->total, d->cycle);
        interrupted = d->stop = interrupt_count > 0;
        if (interrupt_count > 1)
            break;
    }
    bool ended = d->ended && lane.finding.kind == FINDING_NONE;
    if (ended && !random_compare_memory(s.random)) {
        lane.finding = d->finding;
        ended = false;
    }
    r->seconds = results_cpu_seconds() - start;
    progress_end(&progress);
    r->cycles_dut = d->cycle;
    r->skipped = lane.skipped;
    r->random = random_counts(s.random);
    r->table_bytes = random_table_bytes(s.random);
    r->own_clock = true;
    r->counts = lane_counts(&lane);
    verdict_judge(r, &lane.finding, ended, interrupted);
    verdict_complete(r, NULL);
    const int status = finish(r, ops, dut);
    session_close(&s);
    return status;
}

static int run_one(struct results *r, const struct dut_ops *ops, struct dut **dut)
{
    int status;
    if (decoupled(r->setup))
        return run_in_step(r, ops, *dut, &status) ? status : run_decoupled(r, ops, *dut);
    if (!r->setup->trace && r->setup->check == CHECK_ARCH)
        return run_random_alone(r, ops, *dut);
    if (r->setup->jobs > 1) { /* a device may have threads, which no fork takes along: each process makes its own */
        ops->destroy(*dut);
        *dut = NULL;
    }
    return run_lockstep(r, ops, dut, r->setup->trace ? "records" : "requests");
}

static int run(const struct setup *o, const char *command)
{
    const struct dut_ops *ops;
    struct dut *dut = create_dut(o, &ops);
    if (!dut)
        return ops ? STATUS_HOST : STATUS_USAGE;
    struct results r = {.setup = o, .command = command, .dut = ops->name};
    int status = STATUS_USAGE;
    if (ops->about)
        ops->about(dut, &r.about);
    interrupt_install();
    if (possible(o, ops) && slices_possible(o, ops, &r.about))
        status = run_one(&r, ops, &dut);
    reduce_finding(&r, ops, dut);
    if (*r.bundle && page_write(r.bundle))
        fprintf(outfile_table(o->json), "    page      %s/report.html\n", plain(r.bundle));
    if (*r.bundle)
        explain_folder(outfile_table(o->json), r.bundle);
    if (dut)
        ops->destroy(dut);
    return status;
}

int run_cosim(const struct setup *o)
{
    return run(o, "cosim");
}

int run_random(const struct setup *o)
{
    if (o->check == CHECK_EVENTS)
        return complain(STATUS_USAGE,
                        "random stimulus has no common order of events: use --check=arch, cycle or state");
    return run(o, "random");
}

int run_model(const struct setup *o)
{
    if (o->serial.on)
        return serial_run(o);
    struct results r = {.setup = o, .command = "model"};
    struct dut *none = NULL;
    interrupt_install();
    return run_lockstep(&r, NULL, &none, "records");
}
