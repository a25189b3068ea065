/* Reduction to stimulus at the pins: the whole run is written down to the cycle, which fails in the same way for
 * certain. The end of it that does so too (tail.h), or else all of it, is cut down by ddmin and pulled together in
 * time. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shell.h"
#include "ddmin.h"
#include "pins/play.h"
#include "pins/recorder.h"
#include "random/random.h"
#include "reduction.h"
#include "tail.h"

enum {
    FIRST_TAIL = 8,       /* requests and control operations */
    CYCLES_TAPED = 20000, /* before the failure */
    CYCLES_MOST = 5000000 /* of a run that is written down from its beginning */
};

struct by_pins {
    struct reduction *r;
    struct stimulus stimulus;
    bool *keep;
};

static bool more(void *context)
{
    const struct by_pins *p = context;
    return reduction_more(p->r);
}

/* Without one a run has compared nothing. */
static bool has_request(const struct by_pins *p, const bool *keep)
{
    for (size_t i = 0; i < p->stimulus.count; i++)
        if (keep[i] && p->stimulus.event[i].kind == STIMULUS_REQUEST)
            return true;
    return false;
}

static bool fails(void *context, const bool *keep)
{
    struct by_pins *p = context;
    const struct setup *o = &p->r->trial.setup;
    p->r->tries++;
    if (!has_request(p, keep))
        return false;
    struct play play = {.stimulus = &p->stimulus,
                        .keep = keep,
                        .ops = p->r->trial.ops,
                        .dut = trial_device(&p->r->trial),
                        .state_every = o->check == CHECK_STATE ? o->state_every : 0,
                        .hang_after = o->hang_after};
    const bool wanted = play_run(&play) && trial_is_wanted(&p->r->trial, &play.finding);
    trial_device_done(&p->r->trial, play.dut);
    return wanted;
}

/* The run of a session, written down from a cycle on. */
struct tape {
    struct session *s;
    uint64_t from;
    struct recorder *recorder;
    struct taped *taped;
    bool bad;
};

static void memory_of(const struct session *s, const struct physmem **memory, const struct oracle_regs **regs)
{
    const struct oracle_cpu *cpu;
    if (s->world) {
        *memory = s->world->physmem;
        *regs = &s->world->regs;
    } else {
        random_memory(s->random, memory, regs, &cpu);
    }
}

static void on_cycle(void *context, const struct pins_out *out)
{
    struct tape *t = context;
    const struct driver *driver = t->s->lockstep.driver;
    const struct physmem *memory;
    const struct oracle_regs *regs;
    if (driver->cycle < t->from || t->bad)
        return;
    if (!t->recorder) {
        memory_of(t->s, &memory, &regs);
        t->taped->regs = *regs;
        t->bad = !(t->recorder = recorder_new(memory));
    }
    if (t->recorder)
        recorder_cycle(t->recorder, driver->cycle, &driver->in, out);
}

static bool record(const struct by_pins *p, uint64_t from, struct taped *taped)
{
    struct session *s = calloc(1, sizeof *s);
    struct tape tape = {.s = s, .from = from, .taped = taped};
    *taped = (struct taped){.whole = from == 0};
    if (s && session_open(s, p->r->setup, p->r->trial.ops, p->r->trial.dut)) {
        s->lockstep.waves = NULL;
        s->lockstep.skip = false; /* the player steps through every cycle too */
        s->lockstep.watch = on_cycle;
        s->lockstep.watcher = &tape;
        lockstep_run(&s->lockstep);
        session_close(s);
    }
    free(s);
    return tape.recorder && recorder_finish(tape.recorder, &taped->stimulus);
}

/* All of the stimulus: does it fail in the same way? State is compared in every cycle, or, as what parts first may not
 * be what was seen to differ, as often as in the run. */
static bool begin(struct by_pins *p)
{
    struct setup *o = &p->r->trial.setup;
    free(p->keep);
    p->keep = p->stimulus.count ? malloc(p->stimulus.count) : NULL;
    if (p->keep)
        memset(p->keep, true, p->stimulus.count);
    o->state_every = 1;
    if (p->keep && fails(p, p->keep))
        return true;
    o->state_every = p->r->setup->state_every;
    return p->keep && o->check == CHECK_STATE && fails(p, p->keep);
}

/* Ever longer ends of the run, until one fails in the same way, and at last all of it. Takes it. */
static bool from_end(struct by_pins *p, struct taped *all)
{
    for (size_t n = FIRST_TAIL; more(p) && tail_of(all, n, &p->stimulus); n *= 4) {
        if (begin(p))
            return true;
        stimulus_free(&p->stimulus);
        if (n > all->stimulus.count)
            return false;
    }
    p->stimulus = all->stimulus;
    all->stimulus = (struct stimulus){0};
    return more(p) && begin(p);
}

/* The last cycles before the failure, and if that will not do, all. */
static bool from_session(struct by_pins *p)
{
    const uint64_t cycle = p->r->trial.wanted.cycle, from = cycle > CYCLES_TAPED ? cycle - CYCLES_TAPED : 0;
    struct taped taped;
    bool found = record(p, from, &taped) && from_end(p, &taped);
    taped_free(&taped);
    if (found || !from || cycle > CYCLES_MOST || !more(p))
        return found;
    stimulus_free(&p->stimulus);
    found = record(p, 0, &taped) && from_end(p, &taped);
    taped_free(&taped);
    return found;
}

/* The run of a rig, which was written down already. */
static bool from_rig(struct by_pins *p)
{
    struct taped taped = p->r->rig->taped;
    taped.stimulus = (struct stimulus){0};
    bool found = true;
    for (size_t i = 0; found && i < p->r->rig->taped.stimulus.count; i++)
        found = stimulus_add(&taped.stimulus, &p->r->rig->taped.stimulus.event[i]);
    found = found && from_end(p, &taped);
    taped_free(&taped);
    return found;
}

static void shift(struct by_pins *p, size_t from, int64_t by)
{
    for (size_t i = from; i < p->stimulus.count; i++)
        p->stimulus.event[i].cycle += (uint64_t)by;
}

/* Drops what was cut away, and takes out of the time between events what can go. */
static void pull_together(struct by_pins *p)
{
    struct stimulus *s = &p->stimulus;
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        if (p->keep[i])
            s->event[n++] = s->event[i];
    s->count = n;
    memset(p->keep, true, n);
    for (size_t i = 0; i < n; i++) {
        const uint64_t gap = s->event[i].cycle - (i ? s->event[i - 1].cycle : 0);
        for (uint64_t cut = gap; cut > 0 && more(p); cut /= 2) {
            shift(p, i, -(int64_t)cut);
            if (fails(p, p->keep))
                break;
            shift(p, i, (int64_t)cut);
        }
    }
}

static bool write_result(const struct by_pins *p, struct reduced *reduced)
{
    const struct setup *o = &p->r->trial.setup;
    char *text, *path, *device, state[48] = "";
    snprintf(reduced->path, sizeof reduced->path, "%s/reduced.pins", p->r->folder);
    if (o->check == CHECK_STATE)
        snprintf(state, sizeof state, " --state-every=%" PRIu64, o->state_every);
    path = shell_word(reduced->path);
    device = shell_word(o->dut ? o->dut : p->r->trial.ops->name);
    if (!path || !device ||
        asprintf(&text, "%s# Run it: %s pins --dut=%s%s %s\n", p->r->head, o->program, device, state, path) < 0)
        text = NULL;
    for (size_t i = 0; i < p->stimulus.count; i++) {
        const uint8_t kind = p->stimulus.event[i].kind;
        reduced->lines += p->keep[i];
        reduced->records += p->keep[i] && (kind == STIMULUS_REQUEST || kind == STIMULUS_CONTROL);
    }
    const bool written = text && stimulus_write(&p->stimulus, p->keep, reduced->path, text);
    free(path);
    free(device);
    free(text);
    return written;
}

bool reduce_pins(struct reduction *r, struct reduced *reduced)
{
    struct by_pins p = {.r = r};
    bool found = more(&p) && (r->rig ? from_rig(&p) : from_session(&p));
    if (found) {
        ddmin(p.keep, p.stimulus.count, fails, more, &p);
        pull_together(&p);
        ddmin(p.keep, p.stimulus.count, fails, more, &p);
        found = write_result(&p, reduced);
        if (!found)
            snprintf(reduced->why, sizeof reduced->why, "%s cannot be written: %s", reduced->path, strerror(errno));
    }
    stimulus_free(&p.stimulus);
    free(p.keep);
    return found;
}
