/* Reduction to a trace with tables of its own.
 *
 *     events before the failure ─► the last 16, 64, 256 … of them as a trace ─► fails in the same way?
 *                                        │ yes
 *                                        ▼
 *                     ddmin over its lines ─► simpler memory, one access at a time ─► ddmin again ─► reduced.txt
 *
 * A trace that has its own tables already is cut down as it is. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shell.h"
#include "ddmin.h"
#include "engine/lane.h"
#include "events.h"
#include "reduction.h"
#include "script.h"

enum { SCRIPT_MOST = 20000, FIRST_WINDOW = 16 };

struct by_trace {
    struct reduction *r;
    struct script script;
    bool *keep;
    char scratch[600]; /* the candidate under trial */
};

static bool more(void *context)
{
    const struct by_trace *t = context;
    return reduction_more(t->r);
}

static bool fails(void *context, const bool *keep)
{
    struct by_trace *t = context;
    t->r->tries++;
    return script_records(&t->script, keep) && script_write(&t->script, keep, t->scratch, NULL) &&
           trial_fails(&t->r->trial, t->scratch);
}

/* All of the script: does it fail at all? */
static bool begin(struct by_trace *t)
{
    free(t->keep);
    t->keep = malloc(t->script.count ? t->script.count : 1);
    if (t->keep)
        memset(t->keep, true, t->script.count);
    return t->keep && fails(t, t->keep);
}

/* The device alone at its own pace: random stimulus depends on when answers come. */
static void run_alone(const struct reduction *r, struct session *s, struct events *events)
{
    struct lane lane = {.driver = s->lockstep.driver,
                        .ops = r->trial.ops,
                        .dut = r->trial.dut,
                        .skip = r->setup->skip,
                        .hang_after = r->setup->hang_after,
                        .watch = events_cycle,
                        .watcher = events};
    lane_start(&lane);
    while (lane_advance(&lane, 1 << 12)) {
    }
}

/* What was asked for before the failure. Where the twins have no common clock the model tells, which has seen the same
 * accesses. */
static bool collect(const struct reduction *r, struct events *events)
{
    const bool apart = r->setup->check <= CHECK_EVENTS;
    struct session *s = calloc(1, sizeof *s);
    bool good = false;
    if (s && session_open(s, r->setup, apart ? NULL : r->trial.ops, apart ? NULL : r->trial.dut)) {
        s->lockstep.waves = NULL;
        good = events_listen(events, s);
        if (apart && r->setup->trace)
            events->until = r->trial.wanted.record != UINT64_MAX ? r->trial.wanted.record : r->trial.wanted.access;
        if (good && apart && !r->setup->trace)
            run_alone(r, s, events);
        else if (good)
            lockstep_run(&s->lockstep);
        session_close(s);
    }
    free(s);
    return good;
}

/* Ever longer pieces of the end of the run, until one fails in the same way. */
static bool from_events(struct by_trace *t)
{
    struct events events = {0};
    const bool good = collect(t->r, &events);
    const uint64_t most = events.seen < EVENTS_MOST ? events.seen : EVENTS_MOST;
    bool found = false;
    for (uint64_t window = FIRST_WINDOW; good && !found && most && more(t); window *= 4) {
        const uint64_t n = window < most ? window : most;
        script_free(&t->script);
        found = script_of_events(&t->script, &events, n) && begin(t);
        if (n == most)
            break;
    }
    events_free(&events);
    return found;
}

/* A smaller case of everything that is no line: memory that always takes the same time, accesses one by one. */
static void simplify(struct by_trace *t)
{
    struct setup *o = &t->r->trial.setup;
    const struct setup before = *o;
    o->memory.model = MEMPORT_FIXED;
    o->memory_name = "fixed";
    if (!fails(t, t->keep))
        *o = before;
    const struct setup then = *o;
    o->window = 1;
    if (!fails(t, t->keep))
        *o = then;
}

static bool write_result(const struct by_trace *t, struct reduced *reduced)
{
    const struct setup *o = &t->r->trial.setup;
    char *text, *path, *device, memory[64], window[32] = "", state[48] = "";
    snprintf(reduced->path, sizeof reduced->path, "%s/reduced.txt", t->r->folder);
    if (o->memory.model == MEMPORT_FIXED)
        snprintf(memory, sizeof memory, " --latency=%u", o->memory.fixed_latency);
    else
        snprintf(memory, sizeof memory, " --memory=%s", o->memory_name);
    if (o->window != t->r->setup->window || o->window == 1)
        snprintf(window, sizeof window, " --window=%u", o->window);
    if (o->check == CHECK_STATE)
        snprintf(state, sizeof state, " --state-every=%" PRIu64, o->state_every);
    path = shell_word(reduced->path);
    device = shell_word(o->dut ? o->dut : t->r->trial.ops->name);
    if (!path || !device ||
        asprintf(&text, "%s# Run it: %s cosim --dut=%s --check=%s%s%s%s --seed=%" PRIu64 " %s\n", t->r->head,
                 o->program, device, check_name(o->check), memory, window, state, o->seed, path) < 0)
        text = NULL;
    const bool written = text && script_write(&t->script, t->keep, reduced->path, text);
    free(path);
    free(device);
    free(text);
    return written;
}

/* The trace as it is, where it has tables of its own. */
static bool whole(struct by_trace *t)
{
    const char *trace = t->r->setup->trace;
    return trace && script_read(&t->script, trace, SCRIPT_MOST) && begin(t);
}

bool reduce_trace(struct reduction *r, struct reduced *reduced)
{
    struct by_trace t = {.r = r};
    snprintf(t.scratch, sizeof t.scratch, "%s/.reduce-%d.txt", r->folder, (int)getpid());
    bool found = whole(&t) || from_events(&t);
    if (!found && r->trial.wanted.kind == FINDING_EVENT) {
        r->trial.loosely = true;
        found = from_events(&t);
    }
    if (found) {
        ddmin(t.keep, t.script.count, fails, more, &t);
        if (more(&t)) {
            simplify(&t);
            ddmin(t.keep, t.script.count, fails, more, &t);
        }
        reduced->records = script_records(&t.script, t.keep);
        for (size_t i = 0; i < t.script.count; i++)
            reduced->lines += t.keep[i];
        found = write_result(&t, reduced);
        if (!found)
            snprintf(reduced->why, sizeof reduced->why, "%s cannot be written: %s", reduced->path, strerror(errno));
    }
    unlink(t.scratch);
    script_free(&t.script);
    free(t.keep);
    return found;
}
