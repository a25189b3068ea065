/* Runs a mismatch again to see it from near: see bundle_rerun.h. */
#include "bundle_rerun.h"

#include <stdio.h>
#include <stdlib.h>

#include "savefile.h"

#pragma weak savefile_write

enum { NARROWING_CHECKS = 256 };

/* Runs up to cycle `to`, comparing all state every `every` cycles from `from` on (0: never). What it finds first is in
 * *found; returns the last cycle in which all state was still equal. */
static uint64_t search(const struct results *r, const struct dut_ops *ops, struct dut *dut, uint64_t every,
                       uint64_t dense_from, uint64_t to, struct finding *found)
{
    struct session *s = calloc(1, sizeof *s);
    struct setup o = *r->setup;
    uint64_t good = 0;
    o.waves = NULL;
    if (s && session_open(s, &o, ops, dut)) {
        s->lockstep.state_every = every;
        s->lockstep.dense_from = dense_from;
        s->lockstep.dense_to = to;
        s->lockstep.run_to = to;
        lockstep_run(&s->lockstep);
        *found = s->lockstep.finding;
        good = s->lockstep.state_good;
        session_close(s);
    }
    free(s);
    return good;
}

/* Finds the cycle in which the first state element diverges: compares all state now and then, and ever more densely. */
static struct finding narrow(const struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    struct finding found = {.kind = FINDING_NONE};
    uint64_t good = 0, bad = r->finding.cycle;
    if (!ops->has_state || (r->finding.kind != FINDING_PIN && r->finding.kind != FINDING_STATE))
        return found;
    for (unsigned round = 0; round < 2 && bad - good > 2 * NARROWING_CHECKS; round++) {
        good = search(r, ops, dut, (bad - good) / NARROWING_CHECKS + 1, bad + 1, bad, &found);
        if (found.kind == FINDING_STATE)
            bad = found.cycle;
    }
    search(r, ops, dut, 0, good, bad, &found);
    return found;
}

static void paths(const struct results *r, char *fst, char *gtkw, size_t size)
{
    snprintf(fst, size, "%s/waves.fst", r->bundle);
    snprintf(gtkw, size, "%s/waves.gtkw", r->bundle);
}

static void savefile(const char *fst, const char *gtkw, uint64_t marker)
{
    const char *error = "";
    if (savefile_write && !savefile_write(fst, gtkw, marker, &error))
        fprintf(stderr, "twinwalk: %s: %s\n", gtkw, error);
}

void bundle_rerun(struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    const uint64_t cycle = r->finding.cycle;
    const struct finding first = narrow(r, ops, dut);
    struct session *s = calloc(1, sizeof *s);
    struct setup o = *r->setup;
    char fst[320], gtkw[320];
    paths(r, fst, gtkw, sizeof fst);
    o.waves = ops->waves_start ? fst : NULL;
    o.waves_from = cycle > BUNDLE_BEFORE ? cycle - BUNDLE_BEFORE : 0;
    o.waves_to = cycle + BUNDLE_AFTER;
    /* First without going on: walk and state as they were in the cycle of the finding. Then with waves, a little
     * further. */
    if (s && session_open(s, &o, ops, dut)) {
        s->lockstep.waves = NULL;
        lockstep_run(&s->lockstep);
        bundle_walk(r->bundle, s->lockstep.driver, &r->finding);
        bundle_state(r->bundle, &s->lockstep, &first);
        session_close(s);
    }
    if (s && o.waves && session_open(s, &o, ops, dut)) {
        s->lockstep.run_to = cycle + BUNDLE_AFTER;
        s->lockstep.go_on = true;
        lockstep_run(&s->lockstep);
        if (!s->lockstep.waves_failed)
            savefile(fst, gtkw, cycle);
        session_close(s);
    }
    free(s);
}

void bundle_rerun_alone(struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    const uint64_t cycle = r->finding.cycle;
    char error[512], fst[320], gtkw[320];
    int status;
    struct world *w = session_world(r->setup, true, error, sizeof error, &status);
    if (!w)
        return;
    paths(r, fst, gtkw, sizeof fst);
    struct lane lane = {.driver = &w->d, .ops = ops, .dut = dut, .skip = false, .hang_after = UINT64_MAX};
    bool waves = false, on = true;
    lane_start(&lane);
    while (on && w->d.cycle < cycle + BUNDLE_AFTER) {
        if (ops->waves_start && !waves && w->d.cycle + BUNDLE_BEFORE >= cycle)
            waves = ops->waves_start(dut, fst);
        on = lane_advance(&lane, 1);
    }
    if (waves) {
        ops->waves_stop(dut);
        savefile(fst, gtkw, cycle);
    }
    bundle_walk(r->bundle, &w->d, &r->finding);
    bundle_state_alone(r->bundle, &lane);
    world_free(w);
}
