/* Reduction of random stimulus to stimulus at the pins: the whole run is written down to the cycle, which fails in the
 * same way for certain, and is then cut down by ddmin and pulled together in time. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shell.h"
#include "ddmin.h"
#include "pins/play.h"
#include "pins/recorder.h"
#include "random/random.h"
#include "reduction.h"

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

static bool fails(void *context, const bool *keep)
{
    struct by_pins *p = context;
    const struct setup *o = &p->r->trial.setup;
    struct play play = {.stimulus = &p->stimulus,
                        .keep = keep,
                        .ops = p->r->trial.ops,
                        .dut = trial_device(&p->r->trial),
                        .state_every = o->check == CHECK_STATE ? 1 : 0,
                        .hang_after = o->hang_after};
    p->r->tries++;
    const bool wanted = play_run(&play) && trial_is_wanted(&p->r->trial, &play.finding);
    trial_device_done(&p->r->trial, play.dut);
    return wanted;
}

static bool record(struct by_pins *p)
{
    struct session *s = calloc(1, sizeof *s);
    bool good = false;
    if (s && session_open(s, p->r->setup, p->r->trial.ops, p->r->trial.dut)) {
        const struct physmem *memory;
        const struct oracle_regs *regs;
        const struct oracle_cpu *cpu;
        random_memory(s->random, &memory, &regs, &cpu);
        struct recorder *recorder = recorder_listen(&s->lockstep, memory);
        s->lockstep.waves = NULL;
        s->lockstep.skip = false; /* the player steps through every cycle too */
        if (recorder) {
            lockstep_run(&s->lockstep);
            good = recorder_finish(recorder, &p->stimulus);
        }
        session_close(s);
    }
    free(s);
    p->keep = good && p->stimulus.count ? malloc(p->stimulus.count) : NULL;
    if (p->keep)
        memset(p->keep, true, p->stimulus.count);
    return p->keep;
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
    char *text, *path, *device;
    snprintf(reduced->path, sizeof reduced->path, "%s/reduced.pins", p->r->folder);
    path = shell_word(reduced->path);
    device = shell_word(o->dut ? o->dut : p->r->trial.ops->name);
    if (!path || !device ||
        asprintf(&text, "%s# Run it: %s pins --dut=%s%s %s\n", p->r->head, o->program, device,
                 o->check == CHECK_STATE ? " --state-every=1" : "", path) < 0)
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
    bool found = more(&p) && record(&p) && fails(&p, p.keep);
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
