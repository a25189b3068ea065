/* Puts a run together: see session.h. */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include "random/random.h"

struct world *session_world(const struct setup *o, bool judged, char *error, size_t size, int *status)
{
    const struct world_setup setup = {
        .trace = o->trace,
        .memory = o->memory,
        .kernel = setup_os(o),
        .signatures = o->kernel.signatures,
        .lose_move = o->kernel.lose_move,
        .limit = o->limit,
        .window = o->window,
        .judged = judged,
    };
    struct world *w = world_new(&setup, error, size, status);
    if (!w || w->os || w->broken || !o->kernel.asked)
        return w;
    snprintf(error, size, "--%s is for the OS model, and %s brings its own page tables", o->kernel.asked, o->trace);
    *status = STATUS_USAGE;
    world_free(w);
    return NULL;
}

bool session_open(struct session *s, const struct setup *o, const struct dut_ops *ops, struct dut *dut)
{
    memset(s, 0, sizeof *s);
    s->setup = o;
    s->status = STATUS_HOST;
    struct driver *driver;
    if (o->trace) {
        s->world = session_world(o, true, s->error, sizeof s->error, &s->status);
        driver = s->world ? &s->world->d : NULL;
    } else {
        const struct random_setup setup = {.memory = o->memory,
                                           .seed = o->seed,
                                           .requests = o->requests,
                                           .cycles = o->cycles,
                                           .squash = o->squash};
        s->random = random_new(&setup, s->error, sizeof s->error);
        driver = s->random ? random_driver(s->random) : NULL;
    }
    s->ref = driver ? mmu_new() : NULL;
    if (driver && !s->ref)
        snprintf(s->error, sizeof s->error, "not enough memory for the cycle model");
    if (s->random && s->ref)
        random_watch(s->random, s->ref);
    if (!s->ref) {
        session_close(s);
        return false;
    }
    s->lockstep = (struct lockstep){
        .driver = driver,
        .ref = s->ref,
        .ops = ops,
        .dut = dut,
        .skip = o->skip,
        .state_every = ops && ops->has_state && o->check == CHECK_STATE ? o->state_every : 0,
        .dense_from = o->dense ? o->from : 1,
        .dense_to = o->dense ? o->to : 0,
        .follow_to = o->follow_to,
        .hang_after = o->hang_after,
        .run_to = UINT64_MAX,
        .waves = o->waves,
        .waves_from = o->waves_from,
        .waves_to = o->waves_to,
    };
    return true;
}

void session_close(struct session *s)
{
    world_free(s->world);
    random_free(s->random);
    if (s->ref)
        mmu_free(s->ref);
    s->world = NULL;
    s->random = NULL;
    s->ref = NULL;
}

struct lane session_lane(const struct setup *o, struct driver *driver, const struct dut_ops *ops, struct dut *dut)
{
    return (struct lane){.driver = driver,
                         .ops = ops,
                         .dut = dut,
                         .skip = o->skip,
                         .hang_after = o->hang_after,
                         .rules = true,
                         .count = o->check == CHECK_ARCH};
}
