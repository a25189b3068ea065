/* The near end of the reorder window: takes accesses from the trace, in program order. */
#include "world.h"

#include "base/input.h"

/* Fetches the next run of records; false at the end of the trace or at its damage. */
static bool refill(struct world *w)
{
    const int got = trace_next(w->trace, &w->rec, &w->rec_left);
    w->run = w->rec;
    if (got == 1)
        return true;
    if (got < 0)
        world_fail(w, input_status(w->trace), "%s", trace_error(w->trace));
    w->rec_left = 0;
    w->exhausted = true;
    return false;
}

/* Records of tasks that are gone. False at the end of the trace or at its damage. */
static bool pass_over_lost(struct world *w)
{
    while (kernelside_is_lost(&w->kernel, w->rec)) {
        kernelside_skip(&w->kernel, w->rec, trace_extra(w->trace, w->rec));
        w->rec++;
        w->rec_left--;
        w->d.done++;
        if (w->rec_left == 0 && !refill(w))
            return false;
    }
    return true;
}

void window_fill(struct world *w)
{
    const struct trace_rec *rec = w->rec++;
    const unsigned id = (unsigned)(w->tail++ & w->mask);
    struct slot *s = &w->slot[id];
    s->va = rec->va;
    s->record = w->d.done++;
    s->state = SLOT_IDLE;
    s->acc = (uint8_t)recorded_access(rec->kind);
    s->mode = rec->flags & RECORDED_MODE;
    s->expected = rec->flags & TRACE_EXPECT;
    s->spurious = 0;
    if (s->expected)
        w->expect[id] = trace_extra(w->trace, rec)->expect;
    w->loaded++;
    w->rec_left--;
}

bool window_load(struct world *w)
{
    if (w->tail - w->head >= w->window || w->barrier || w->exhausted)
        return false;
    if (w->d.stop || w->loaded >= w->limit) {
        w->exhausted = true;
        return false;
    }
    if ((w->rec_left == 0 && !refill(w)) || (w->kernel.losses && !pass_over_lost(w)))
        return false;
    const struct trace_rec *rec = w->rec;
    if (rec->kind > TRACE_STORE || (w->os && rec->thread != w->kernel.thread)) {
        w->barrier = true;
        return false;
    }
    window_fill(w);
    return true;
}
