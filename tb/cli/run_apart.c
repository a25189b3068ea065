/* Runs at levels without a common clock: see run_apart.h. */
#define _GNU_SOURCE
#include "run_apart.h"

#include "base/clock.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "dut/model.h"
#include "random/random.h"
#include "replay/decoupled.h"
#include "run_end.h"
#include "session/session.h"
#include "verdict.h"

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

/* Hits break no rule: they are the model's, and the device's outputs are compared with these in each cycle. */
static void on_hits(void *context, const struct pins_out *first)
{
    struct in_step *s = context;
    handshake_hits(&s->handshake, first, &s->driver->in);
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
    run_from_world(r, s->world);
}

/* What the levels without a common clock ask for follows from equal outputs in every cycle: as long as they are equal,
 * one world serves both, and the trace is read once. False: they are not, or there is something to say; nothing was
 * said yet, and each twin has to run at its own pace. */
bool run_in_step(struct results *r, const struct dut_ops *ops, struct dut *dut, int *status)
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
    l->watch_hits = on_hits;
    l->watcher = &step;
    const double start = cpu_seconds();
    lockstep_run(l);
    const bool same = l->ended && !s.world->broken && world_compare_memory(s.world);
    r->seconds = cpu_seconds() - start;
    progress_end(&progress);
    if (same) {
        from_step(r, &s, &step);
        verdict_judge(r, &l->finding, l->ended, l->interrupted);
        verdict_complete(r, NULL);
        if (o->speed && r->verdict == VERDICT_EQUAL)
            run_alone(r, ops, dut);
        *status = run_finish(r, ops, dut);
    }
    session_close(&s);
    return same;
}

int run_decoupled(struct results *r, const struct dut_ops *ops, struct dut *dut)
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
        run_complain((enum exit_status)status, *why ? why : error);
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
        const double start = cpu_seconds();
        const bool ran = decoupled_run(&d);
        if (d.ended && !b->broken && !world_compare_memory(b)) {
            d.finding = b->d.finding;
            d.ended = false;
        }
        r->seconds = cpu_seconds() - start;
        progress_end(&progress);
        r->cycles_ref = a->d.cycle;
        r->cycles_dut = b->d.cycle;
        r->mmu = *mmu_counts(dut_model_mmu(model));
        r->events_compared = d.events ? d.requests : 0;
        r->own_clock = !d.events;
        r->counts = lane_counts(&d.dut);
        run_from_world(r, b);
        verdict_judge(r, &d.finding, d.ended, d.interrupted);
        verdict_complete(r, NULL);
        if (o->speed && r->verdict == VERDICT_EQUAL)
            run_alone(r, ops, dut);
        const bool printed = kernel_prints_close(&prints, &b->kernel);
        status = ran ? run_finish(r, ops, dut) : run_complain(STATUS_HOST, "not enough memory for the comparison");
        if (!printed)
            status = exits_both(status, STATUS_OUTPUT);
    }
    if (model)
        dut_model.destroy(model);
    world_free(a);
    world_free(b);
    return status;
}

/* A device at its own pace under random stimulus: its answers are judged by the oracle and the books of what may be
 * stale, its handshakes by their rules. */
int run_random_alone(struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    enum { BURST = 1 << 13 };
    static struct session s;
    struct progress progress;
    if (!session_open(&s, r->setup, NULL, NULL))
        return run_complain((enum exit_status)s.status, s.error);
    struct driver *d = s.lockstep.driver;
    struct lane lane = session_lane(r->setup, d, ops, dut);
    bool interrupted = false;
    random_watch(s.random, NULL);
    progress_start(&progress, "requests");
    const double start = cpu_seconds();
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
    r->seconds = cpu_seconds() - start;
    progress_end(&progress);
    r->cycles_dut = d->cycle;
    r->skipped = lane.skipped;
    r->random = random_counts(s.random);
    r->table_bytes = random_table_bytes(s.random);
    r->own_clock = true;
    r->counts = lane_counts(&lane);
    verdict_judge(r, &lane.finding, ended, interrupted);
    verdict_complete(r, NULL);
    const int status = run_finish(r, ops, dut);
    session_close(&s);
    return status;
}
