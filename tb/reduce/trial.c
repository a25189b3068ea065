/* Trials: see trial.h. */
#include "trial.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dut/model.h"
#include "replay/decoupled.h"

enum {
    HANG_SOON = 5000, /* cycles without progress; the slowest memory access comes on top */
    STATE_SOON = 64,  /* cycles between two comparisons of all state */
};

void trial_begin(struct trial *t, const struct setup *setup, const struct dut_ops *ops, struct dut *dut,
                 const struct finding *wanted)
{
    *t = (struct trial){.setup = *setup, .ops = ops, .dut = dut, .wanted = *wanted};
    struct setup *o = &t->setup;
    const unsigned slowest[] = {o->memory.fixed_latency, o->memory.random_max, o->memory.dram_latency};
    o->waves = o->json = NULL;
    o->kernel.smaps = o->kernel.rollup = o->kernel.top = o->kernel.faults = NULL;
    o->limit = UINT64_MAX;
    o->follow_to = 0;
    if (o->hang_after > HANG_SOON + 64 * slowest[o->memory.model])
        o->hang_after = HANG_SOON + 64 * slowest[o->memory.model];
    if (o->check == CHECK_STATE && o->state_every > STATE_SOON)
        o->state_every = STATE_SOON; /* short traces end before the 4,096th cycle */
    if (!setup->trace)
        o->check = o->check == CHECK_EVENTS ? CHECK_CYCLE : o->check;
}

/* Behind the number that begins here: decimal, or 0x…. */
static const char *behind_number(const char *c)
{
    const bool hex = c[0] == '0' && c[1] == 'x';
    for (c += hex ? 2 : 0; hex ? isxdigit((unsigned char)*c) : isdigit((unsigned char)*c);)
        c++;
    return c;
}

/* Equal but for the numbers in them. */
static bool same_field(const char *a, const char *b)
{
    for (;;) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            a = behind_number(a);
            b = behind_number(b);
        }
        if (*a != *b)
            return false;
        if (!*a)
            return true;
        a++;
        b++;
    }
}

bool trial_is_wanted(const struct trial *t, const struct finding *f)
{
    return f->kind == t->wanted.kind && (t->loosely || same_field(f->field, t->wanted.field));
}

static bool lockstep_fails(struct trial *t)
{
    struct session *s = calloc(1, sizeof *s);
    struct finding found = {.kind = FINDING_NONE};
    if (s && session_open(s, &t->setup, t->ops, t->dut)) {
        lockstep_run(&s->lockstep);
        found = s->lockstep.finding;
        if (s->lockstep.ended && !s->world->broken && !world_compare_memory(s->world))
            found = s->world->d.finding;
        if (s->world->broken)
            found.kind = FINDING_NONE;
        session_close(s);
    }
    free(s);
    return trial_is_wanted(t, &found);
}

bool trial_is_sound(const struct trial *t, const char *trace)
{
    struct session *s = calloc(1, sizeof *s);
    struct setup setup = t->setup;
    bool sound = false;
    setup.trace = trace;
    setup.check = CHECK_CYCLE;
    if (s && session_open(s, &setup, NULL, NULL)) {
        lockstep_run(&s->lockstep);
        sound = s->lockstep.ended && s->lockstep.finding.kind == FINDING_NONE && !s->world->broken &&
                s->world->counts.accesses && world_compare_memory(s->world);
        session_close(s);
    }
    free(s);
    return sound;
}

static bool decoupled_fails(struct trial *t)
{
    char error[512];
    const char *why;
    int status;
    struct finding found = {.kind = FINDING_NONE};
    const struct setup *o = &t->setup;
    struct world *a = session_world(o, true, error, sizeof error, &status);
    struct world *b = a ? session_world(o, true, error, sizeof error, &status) : NULL;
    struct dut *model = b ? dut_model.create(&why) : NULL;
    if (model) {
        struct decoupled d = {
            .ref = session_lane(o, &a->d, &dut_model, model),
            .dut = session_lane(o, &b->d, t->ops, t->dut),
            .ref_world = a,
            .dut_world = b,
            .events = o->check == CHECK_EVENTS,
        };
        if (decoupled_run(&d)) {
            found = d.finding;
            if (d.ended && !b->broken && !world_compare_memory(b))
                found = b->d.finding;
            if (a->broken || b->broken)
                found.kind = FINDING_NONE;
        }
        dut_model.destroy(model);
    }
    world_free(a);
    world_free(b);
    return trial_is_wanted(t, &found);
}

struct dut *trial_device(const struct trial *t)
{
    const char *error;
    struct dut *fresh = t->ops->alone ? NULL : t->ops->create(&error);
    return fresh ? fresh : t->dut;
}

void trial_device_done(const struct trial *t, struct dut *dut)
{
    if (dut != t->dut)
        t->ops->destroy(dut);
}

bool trial_fails(struct trial *t, const char *trace)
{
    struct trial fresh = *t;
    fresh.setup.trace = trace;
    fresh.dut = trial_device(t);
    const bool fails = t->setup.check <= CHECK_EVENTS ? decoupled_fails(&fresh) : lockstep_fails(&fresh);
    trial_device_done(t, fresh.dut);
    return fails;
}
