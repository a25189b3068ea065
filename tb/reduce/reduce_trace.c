/* Reduction to a trace: with tables of its own, or where that does not fail so, for the OS model as it was.
 *
 *     events before the failure ─► the last 16, 64, 256 … of them as a trace ─► fails in the same way?
 *                                        │ yes
 *                                        ▼
 *                     ddmin over its lines ─► simpler memory, one access at a time ─► ddmin again ─► reduced.txt
 *
 * A trace that has its own tables already is cut down as it is; and so is one for the OS model when no other way is
 * left: the failure may be the OS model's, or that of accesses that no walk of their own tables can stand for (those
 * behind a page fault, which are made again). */
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
#include "expect.h"
#include "reduction.h"
#include "script.h"

enum { SCRIPT_MOST = 20000, PROGRAM_MOST = 60000, BEHIND = 200 /* records: a window */, FIRST_WINDOW = 16 };

struct by_trace {
    struct reduction *r;
    struct script script;
    bool *keep;
    bool sound;        /* what is found must be green on the cycle model, which all of it is */
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
           trial_fails(&t->r->trial, t->scratch) && (!t->sound || trial_is_sound(&t->r->trial, t->scratch));
}

/* All of the script: does it fail at all? What parts first of the state may not be what was seen to differ: it is
 * compared seldom, and if that is not it, in every cycle. */
static bool begin(struct by_trace *t)
{
    if (!script_have_access(&t->script))
        return false;
    struct setup *o = &t->r->trial.setup;
    const uint64_t seldom = o->state_every;
    t->sound = false;
    free(t->keep);
    t->keep = malloc(t->script.count ? t->script.count : 1);
    if (t->keep)
        memset(t->keep, true, t->script.count);
    bool found = t->keep && fails(t, t->keep);
    if (!found && t->keep && o->check == CHECK_STATE) {
        o->state_every = 1;
        found = fails(t, t->keep);
    }
    if (!found)
        o->state_every = seldom;
    t->sound = found && trial_is_sound(&t->r->trial, t->scratch);
    return found;
}

/* The device alone at its own pace: random stimulus depends on when answers come. */
static void run_alone(const struct reduction *r, struct session *s, struct events *events)
{
    struct lane lane = session_lane(r->setup, s->lockstep.driver, r->trial.ops, r->trial.dut);
    lane.watch = events_cycle;
    lane.watcher = events;
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

/* It failed before anything was asked of it: any access will do. */
static bool nothing(struct script *s)
{
    script_free(s);
    s->linear_bits = CFG_ARCH_LA57 ? 57 : 48;
    return true;
}

/* Ever longer pieces of the end of the run, until one fails in the same way. */
static bool from_events(struct by_trace *t)
{
    struct events events = {0};
    const bool seen = t->r->rig, good = seen || collect(t->r, &events);
    if (seen)
        events = t->r->rig->events;
    const uint64_t most = events.seen < EVENTS_MOST ? events.seen : EVENTS_MOST;
    bool found = good && !most && nothing(&t->script) && begin(t);
    for (uint64_t window = FIRST_WINDOW; good && !found && most && reduction_more_search(t->r); window *= 4) {
        const uint64_t n = window < most ? window : most;
        script_free(&t->script);
        found = script_of_events(&t->script, &events, n) && begin(t);
        if (n == most)
            break;
    }
    if (!seen)
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

/* What is right, behind each access; where the case fails otherwise then, nothing. */
static void state_expectation(struct by_trace *t)
{
    if (t->r->trial.wanted.kind == FINDING_EXPECT || !t->sound || t->script.os)
        return; /* it is stated already, or not known */
    if (expect_answers(&t->script, t->keep) && !fails(t, t->keep))
        expect_nothing(&t->script);
}

/* The line of the run that failed, with another trace and what has been made simpler behind it. */
static char *rerun_with(const struct setup *o, const char *path, const char *more)
{
    char *line = NULL, *trace = shell_word(o->trace);
    const char *at = NULL;
    for (const char *next = trace ? strstr(o->rerun, trace) : NULL; next; next = strstr(next + 1, trace))
        at = next;
    if (at &&
        asprintf(&line, "%.*s%s%s%s --reduce=0", (int)(at - o->rerun), o->rerun, path, at + strlen(trace), more) < 0)
        line = NULL;
    free(trace);
    return line;
}

/* The line that runs the case. */
static char *run_line(const struct by_trace *t, const char *path)
{
    const struct setup *o = &t->r->trial.setup, *before = t->r->setup;
    char memory[64], window[32] = "", state[48] = "", options[160], *line;
    if (o->memory.model == MEMPORT_FIXED)
        snprintf(memory, sizeof memory, " --latency=%u", o->memory.fixed_latency);
    else
        snprintf(memory, sizeof memory, " --memory=%s", o->memory_name);
    if (o->window != before->window || o->window == 1)
        snprintf(window, sizeof window, " --window=%u", o->window);
    if (o->check == CHECK_STATE)
        snprintf(state, sizeof state, " --state-every=%" PRIu64, o->state_every);
    snprintf(options, sizeof options, "%s%s%s", memory, window, state);
    if (t->script.os)
        return rerun_with(o, path, options);
    char *device = shell_word(o->dut ? o->dut : t->r->trial.ops->name);
    if (!device || asprintf(&line, "%s cosim --dut=%s --check=%s%s --seed=%" PRIu64 " %s", o->program, device,
                            check_name(o->check), options, o->seed, path) < 0)
        line = NULL;
    free(device);
    return line;
}

static bool write_result(const struct by_trace *t, struct reduced *reduced)
{
    char *text = NULL;
    snprintf(reduced->path, sizeof reduced->path, "%s/reduced.txt", t->r->folder);
    char *path = shell_word(reduced->path), *run = path ? run_line(t, path) : NULL;
    if (run && asprintf(&text, "%s# Run it: %s\n", t->r->head, run) < 0)
        text = NULL;
    const bool written = text && script_write(&t->script, t->keep, reduced->path, text);
    free(path);
    free(run);
    free(text);
    return written;
}

/* The trace as it is, where it has tables of its own. */
static bool whole(struct by_trace *t)
{
    const char *trace = t->r->setup->trace;
    if (!trace || !script_read(&t->script, trace, SCRIPT_MOST))
        return false;
    if (t->r->trial.wanted.kind != FINDING_EXPECT)
        expect_nothing(&t->script); /* less of it may be right in another way */
    return begin(t);
}

/* The trace for the OS model as it is, up to the failure. */
static bool program(struct by_trace *t)
{
    const struct finding *f = &t->r->trial.wanted;
    const char *trace = t->r->setup->trace;
    const uint64_t last = f->record != UINT64_MAX ? f->record : PROGRAM_MOST;
    return trace && last <= PROGRAM_MOST && script_read_program(&t->script, trace, last + BEHIND) && begin(t);
}

static bool loosely(struct by_trace *t)
{
    t->r->trial.loosely = t->r->trial.wanted.kind == FINDING_EVENT;
    return t->r->trial.loosely && from_events(t);
}

/* Cuts down what fails, and writes it. */
static bool cut_down(struct by_trace *t, struct reduced *reduced)
{
    ddmin(t->keep, t->script.count, fails, more, t);
    if (more(t)) {
        simplify(t);
        ddmin(t->keep, t->script.count, fails, more, t);
    }
    state_expectation(t);
    reduced->records = script_records(&t->script, t->keep);
    for (size_t i = 0; i < t->script.count; i++)
        reduced->lines += t->keep[i];
    if (write_result(t, reduced))
        return true;
    snprintf(reduced->why, sizeof reduced->why, "%s cannot be written: %s", reduced->path, strerror(errno));
    return false;
}

static bool either(struct reduction *r, bool (*one)(struct by_trace *), bool (*other)(struct by_trace *),
                   struct reduced *reduced)
{
    struct by_trace t = {.r = r};
    snprintf(t.scratch, sizeof t.scratch, "%s/.reduce-%d.txt", r->folder, (int)getpid());
    const bool found = (one(&t) || other(&t)) && cut_down(&t, reduced);
    unlink(t.scratch);
    script_free(&t.script);
    free(t.keep);
    return found;
}

bool reduce_trace(struct reduction *r, struct reduced *reduced)
{
    return either(r, whole, from_events, reduced);
}

bool reduce_program(struct reduction *r, struct reduced *reduced)
{
    return either(r, program, loosely, reduced);
}
