/* Runs a mismatch again to see it from near: see bundle_rerun.h. */
#include "bundle_rerun.h"

#include "bundle_live.h"

#include <stdio.h>
#include <stdlib.h>

#include "waveform.h"

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

bool bundle_rerun(const struct results *r, const struct dut_ops *ops, struct dut *dut, const char *folder)
{
    const uint64_t cycle = r->finding.cycle;
    const struct finding first = narrow(r, ops, dut);
    struct session *s = calloc(1, sizeof *s);
    struct setup o = *r->setup;
    struct waveform waveform = {0};
    char fst[600];
    bool good = s != NULL;
    snprintf(fst, sizeof fst, "%s/waves.fst", folder);
    o.waves = NULL;
    o.waves_from = cycle > BUNDLE_BEFORE ? cycle - BUNDLE_BEFORE : 0;
    o.waves_to = cycle + BUNDLE_AFTER;
    /* First without going on: walk and state as they were in the cycle of the finding. Then with waves, a little
     * further. */
    if (s && session_open(s, &o, ops, dut)) {
        lockstep_run(&s->lockstep);
        good = bundle_walk(folder, s->lockstep.driver, &r->finding);
        good = bundle_state(folder, &s->lockstep, &first, &r->finding) && good;
        good = bundle_offered(folder, s->lockstep.driver) && good;
        session_close(s);
    }
    struct strip strip;
    if (s && session_open(s, &o, ops, dut)) {
        const bool waves = ops->waves_start && waveform_open(&waveform, fst);
        s->lockstep.waves = waves ? waveform.part : NULL;
        s->lockstep.run_to = cycle + BUNDLE_AFTER;
        s->lockstep.go_on = true;
        strip_listen(&strip, &s->lockstep, cycle);
        lockstep_run(&s->lockstep);
        if (waves)
            good = waveform_keep(&waveform, s->lockstep.waves_begun, cycle) && good;
        good = bundle_strip(folder, &strip) && good;
        session_close(s);
    }
    free(s);
    return good;
}

bool bundle_rerun_alone(const struct results *r, const struct dut_ops *ops, struct dut *dut, const char *folder)
{
    const uint64_t cycle = r->finding.cycle;
    char fst[600];
    struct waveform waveform = {0};
    struct session *s = calloc(1, sizeof *s);
    if (!s || !session_open(s, r->setup, NULL, NULL)) {
        free(s);
        return false;
    }
    struct driver *d = s->lockstep.driver;
    snprintf(fst, sizeof fst, "%s/waves.fst", folder);
    bool good = !ops->waves_start || waveform_open(&waveform, fst);
    struct lane lane = {.driver = d, .ops = ops, .dut = dut, .skip = false, .hang_after = UINT64_MAX};
    bool waves = false, on = true;
    lane_start(&lane);
    while (on && d->cycle < cycle + BUNDLE_AFTER) {
        if (waveform.part && !waves && d->cycle + BUNDLE_BEFORE >= cycle)
            waves = ops->waves_start(dut, waveform.part);
        on = lane_advance(&lane, 1);
    }
    if (waves)
        ops->waves_stop(dut);
    if (waveform.part)
        good = waveform_keep(&waveform, waves, cycle) && good;
    good = bundle_walk(folder, d, &r->finding) && good;
    good = bundle_offered(folder, d) && good;
    good = bundle_state_alone(folder, &lane) && good;
    session_close(s);
    free(s);
    return good;
}
