/* What a run asked of its MMU: see events.h. */
#include "events.h"

#include <stdlib.h>
#include <string.h>

#include "random/random.h"

enum { AFTER = 200 }; /* records: a whole window, and more */

static struct event *next(struct events *e)
{
    struct event *event = &e->ring[e->seen++ % EVENTS_MOST];
    event->regs = *e->regs;
    return event;
}

static void note_access(struct events *e, const struct pins_req *req)
{
    const struct oracle_access access = {req->va, req->acc, req->user, req->imp, req->ac, req->ss};
    struct oracle_result result;
    struct event *event = next(e);
    oracle_translate(e->physmem, IMAGE_HW, e->cpu, e->regs, &access, &result);
    event->control = false;
    event->req = *req;
    event->steps = result.steps;
    memcpy(event->step, result.step, sizeof event->step);
}

static void note_cycle(struct events *e, const struct pins_in *in, const struct pins_out *out)
{
    for (unsigned ports = in->req_valid & out->req_ready; ports; ports &= ports - 1)
        note_access(e, &in->req[__builtin_ctz(ports)]);
    if (in->ctl_valid && out->ctl_ready) {
        struct event *event = next(e);
        event->control = true;
        event->op = in->ctl_op;
        event->data = in->ctl_data;
        event->desc = in->ctl_desc;
    }
}

void events_cycle(void *context, const struct pins_out *out)
{
    struct events *e = context;
    if (e->until != UINT64_MAX && e->driver->done > e->until + AFTER)
        e->driver->stop = true;
    note_cycle(e, &e->driver->in, out);
}

void events_rig(void *context, const struct rig *rig)
{
    struct events *e = context;
    e->physmem = rig->pm;
    e->regs = &rig->regs;
    e->cpu = &rig->cpu;
    note_cycle(e, &rig->in, &rig->out);
}

bool events_new(struct events *e)
{
    *e = (struct events){.ring = malloc(EVENTS_MOST * sizeof *e->ring), .until = UINT64_MAX};
    return e->ring;
}

bool events_listen(struct events *e, struct session *s)
{
    if (!events_new(e))
        return false;
    e->driver = s->lockstep.driver;
    if (s->world) {
        e->physmem = s->world->physmem;
        e->regs = &s->world->regs;
        e->cpu = &s->world->cpu;
    } else {
        random_memory(s->random, &e->physmem, &e->regs, &e->cpu);
    }
    s->lockstep.watch = events_cycle;
    s->lockstep.watcher = e;
    return true;
}

void events_free(struct events *e)
{
    free(e->ring);
    e->ring = NULL;
}

const struct event *events_last(const struct events *e, uint64_t n)
{
    return &e->ring[(e->seen - 1 - n) % EVENTS_MOST];
}
