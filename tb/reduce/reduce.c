/* Reduction: from a run that fails to a case that a person can read, and that fails in the same way: in the same
 * comparator, and in the same field but for numbers.
 *
 *     run that fails ─► a trace (reduce_trace.c)
 *                       when no trace fails so, and lockstep saw it ─► stimulus at the pins (reduce_pins.c)
 *                       when there is no other way, and it is for the OS model ─► records of the trace itself */
#define _GNU_SOURCE
#include "reduce.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/shell.h"
#include "dut/model.h"
#include "pins/recorder.h"
#include "reduction.h"
#include "traces/format/plain.h"

enum { ENOUGH = 12 /* records that a person reads gladly */ };

bool reduction_more(void *context)
{
    const struct reduction *r = context;
    return wall_seconds() < r->until && interrupt_count == 0;
}

bool reduction_more_search(const struct reduction *r)
{
    return wall_seconds() < r->trace_until && interrupt_count == 0;
}

/* Not what was judged, which needs to be known what a trace wants: what lockstep itself sees. */
static bool seen_at_the_pins(const struct finding *f)
{
    return f->kind == FINDING_PIN || f->kind == FINDING_STATE || f->kind == FINDING_PROTOCOL ||
           f->kind == FINDING_HANG || f->kind == FINDING_DESIGN || f->kind == FINDING_FINISH;
}

/* Stimulus at the pins, where that is shorter than what there is. */
static void try_pins(struct reduction *r, struct reduced *reduced)
{
    struct reduced by_pins = {0};
    by_pins.found = reduce_pins(r, &by_pins);
    if (!by_pins.found && reduced->found)
        return;
    if (!reduced->found || by_pins.records < reduced->records) {
        if (reduced->found)
            unlink(reduced->path);
        *reduced = by_pins;
    } else {
        unlink(by_pins.path);
    }
}

static void search(struct reduction *r, double start, double budget, struct reduced *reduced)
{
    const struct setup *o = r->setup;
    const bool pins = o->check >= CHECK_CYCLE && seen_at_the_pins(&r->trial.wanted);
    r->until = start + budget;
    r->trace_until = start + (pins ? budget / 2 : budget);
    reduced->found = reduce_trace(r, reduced);
    if (pins && (!reduced->found || reduced->records > ENOUGH))
        try_pins(r, reduced);
    if (!reduced->found)
        reduced->found = reduce_program(r, reduced);
    if (!reduced->found && !*reduced->why)
        snprintf(reduced->why, sizeof reduced->why, "%s",
                 interrupt_count              ? "interrupted"
                 : wall_seconds() >= r->until ? "no shorter case was found in the time given"
                 : !pins ? "neither a trace made from its end nor a part of it fails in the same way"
                         : "neither a trace nor the same stimulus at the pins fails in the same way");
    reduced->tries = r->tries;
    reduced->seconds = wall_seconds() - start;
}

void reduce(const struct setup *setup, const struct dut_ops *ops, struct dut *dut, const struct finding *finding,
            const char *folder, const char *head, double budget, struct reduced *reduced)
{
    struct reduction r = {.setup = setup, .folder = folder, .head = head ? head : ""};
    memset(reduced, 0, sizeof *reduced);
    trial_begin(&r.trial, setup, ops, dut, finding);
    search(&r, wall_seconds(), budget, reduced);
}

/* ---- of a rig -----------------------------------------------------------------------------------------------------
 */

struct onlooker {
    struct events *events;
    struct recorder *recorder;
    bool bad;
};

static void look(void *watcher, const struct rig *rig)
{
    struct onlooker *o = watcher;
    events_rig(o->events, rig);
    if (!o->recorder && !o->bad)
        o->bad = !(o->recorder = recorder_new(rig->pm));
    if (o->recorder)
        recorder_cycle(o->recorder, rig->cycle, &rig->in, &rig->out);
}

static bool see(const struct rig_run *run, struct rig_seen *seen)
{
    struct onlooker o = {.events = &seen->events};
    const struct rig_eye eye = {.watch = look, .watcher = &o};
    const bool good = events_new(&seen->events) && run->again(run->context, &eye);
    return (!o.recorder || recorder_finish(o.recorder, &seen->taped.stimulus)) && good && !o.bad;
}

void reduce_rig(const struct rig_run *run, const char *folder, const char *head, double budget, struct reduced *reduced)
{
    const double start = wall_seconds();
    const struct dut_ops *ops = run->ops ? run->ops : &dut_model;
    const char *error = "it can be made only once in a process";
    struct setup setup;
    struct rig_seen seen = {.taped = {.regs = {.pat = UINT64_C(0x0007040600070406)}, .whole = true}};
    struct finding wanted = *run->finding;
    memset(reduced, 0, sizeof *reduced);
    setup_defaults(&setup);
    setup.memory.model = MEMPORT_FIXED;
    setup.memory.fixed_latency = run->latency;
    setup.memory_name = "fixed";
    setup.check = run->paced ? CHECK_ARCH : wanted.kind == FINDING_STATE ? CHECK_STATE : CHECK_CYCLE;
    setup.state_every = run->state_every ? run->state_every : 1;
    setup.program = shell_program();
    setup.dut = run->device;
    if (wanted.kind == FINDING_HANG)
        snprintf(wanted.field, sizeof wanted.field, "progress"); /* as lockstep has it */
    struct reduction r = {.setup = &setup, .folder = folder, .head = head ? head : "", .rig = &seen};
    struct dut *dut = NULL;
    if (ops->alone || !(dut = ops->create(&error))) {
        snprintf(reduced->why, sizeof reduced->why, "the device cannot be run again: %s", error);
    } else if (!see(run, &seen)) {
        snprintf(reduced->why, sizeof reduced->why, "the run does not end so when it is made again");
    } else {
        trial_begin(&r.trial, &setup, ops, dut, &wanted);
        r.trial.loosely = wanted.kind == FINDING_ORACLE; /* fields have other names there */
        search(&r, start, budget, reduced);
    }
    if (dut)
        ops->destroy(dut);
    events_free(&seen.events);
    taped_free(&seen.taped);
}

/* ---- for people ---------------------------------------------------------------------------------------------------
 */

char *reduce_head(const struct finding *f, const char *dut, const char *rerun)
{
    char *head;
    const int length = asprintf(&head, "# %s %s: expected %s, actual %s (DUT %s, preset %s)\n# Reduced from: %s\n",
                                finding_name(f->kind), f->field, f->expected, f->actual, dut, CFG_NAME, rerun);
    return length < 0 ? NULL : head;
}

void reduce_tell(FILE *out, const struct reduced *r)
{
    if (r->found)
        fprintf(out, "    reduced   to %zu records and %zu entries: %s (%" PRIu64 " tries, %.1f s)\n", r->records,
                r->lines - r->records, plain(r->path), r->tries, r->seconds);
    else
        fprintf(out, "    reduced   not: %s (%" PRIu64 " tries, %.1f s)\n", r->why, r->tries, r->seconds);
}
