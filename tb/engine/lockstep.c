/* The lockstep engine: see lockstep.h. */
#include "lockstep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "culprit.h"
#include "dut/waves.h"
#include "pincmp.h"
#include "statecmp.h"
#include "statenames.h"

#pragma weak dut_rtl_expect

enum { ATTENTION_EVERY = 8192 };

static bool within(uint64_t cycle, uint64_t from, uint64_t to)
{
    return cycle >= from && cycle <= to;
}

bool lockstep_equal(struct lockstep *l)
{
    const uint64_t cycle = l->driver->cycle;
    struct state_diff diff;
    if (!l->dut || state_same(l->ref, l->ops, l->dut, cycle, &diff)) {
        l->state_good = cycle;
        return true;
    }
    if (l->finding.kind == FINDING_NONE) {
        state_finding(&diff, cycle, &l->finding);
        culprit_of_state(l->driver, l->ref, &diff, &l->finding);
    }
    return false;
}

/* How a device that follows fares; false: the run is over. all: of everything until now. */
static bool fares(struct lockstep *l, bool all)
{
    const char *why = "";
    if (!l->follows)
        return true;
    const enum dut_fares how = l->ops->fares(l->dut, all, &l->parted_after, &why);
    l->parted = how == DUT_PARTED;
    l->lost = how == DUT_LOST ? why : NULL;
    return how == DUT_EQUAL;
}

static void compare_state(struct lockstep *l)
{
    if (!fares(l, true))
        return;
    l->state_compared++;
    l->dense_compared += within(l->driver->cycle, l->dense_from, l->dense_to);
    lockstep_equal(l);
}

static void pins_differ(struct lockstep *l)
{
    int port;
    unsigned id;
    if (l->finding.kind != FINDING_NONE)
        return;
    pins_explain(&l->expected, &l->actual, l->driver->cycle, &l->finding, &port, &id);
    if (port < 0 && strncmp(l->finding.field, "mem_req", 7) == 0)
        culprit_of_memory(l->driver, l->ref, l->expected.mem_req_tag, &l->finding);
    else
        l->driver->locate(l->driver, port, id, &l->finding);
}

static void switch_waves(struct lockstep *l)
{
    const uint64_t cycle = l->driver->cycle;
    if (!l->waves || !l->dut)
        return;
    if (!l->waves_on && cycle >= l->waves_from && cycle <= l->waves_to && !l->waves_failed) {
        l->waves_begun = true;
        l->waves_on = l->ops->waves_start && l->ops->waves_start(l->dut, l->waves);
        l->waves_failed = !l->waves_on;
    } else if (l->waves_on && cycle > l->waves_to) {
        l->ops->waves_stop(l->dut);
        l->waves_on = false;
    }
}

static void hang(struct lockstep *l, const char *how)
{
    char text[128];
    snprintf(text, sizeof text, "none since cycle %" PRIu64 "%s", l->driver->progress, how);
    finding_set(&l->finding, FINDING_HANG, l->driver->cycle, "progress", "an access completed", text);
    culprit_of_hang(l->driver, l->ref, l->dut ? l->ops : NULL, l->dut, &l->finding);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* State is to be compared in this cycle. */
static bool state_due(const struct lockstep *l)
{
    const uint64_t cycle = l->driver->cycle;
    return l->ops && ((l->state_every && cycle >= l->state_due) || within(cycle, l->dense_from, l->dense_to));
}

/* … and can be. */
static bool state_readable(const struct lockstep *l)
{
    return !l->ops->state_waits || l->expected.waiting;
}

/* The cycle in which attend() must look again. */
static uint64_t next_attention(const struct lockstep *l)
{
    const uint64_t cycle = l->driver->cycle;
    uint64_t next = cycle + ATTENTION_EVERY;
    if (l->ops && l->state_every)
        next = earlier(next, l->state_due > cycle ? l->state_due : cycle + 1);
    if (l->ops && cycle <= l->dense_to)
        next = earlier(next, cycle < l->dense_from ? l->dense_from : cycle + 1);
    if (l->waves && cycle < l->waves_from)
        next = earlier(next, l->waves_from);
    if (l->waves && cycle <= l->waves_to && l->waves_to != UINT64_MAX)
        next = earlier(next, l->waves_to + 1);
    if (l->run_to != UINT64_MAX)
        next = earlier(next, l->run_to + 1);
    return next;
}

/* What is done between cycles now and then. False ends the run. */
static bool attend(struct lockstep *l)
{
    struct driver *d = l->driver;
    switch_waves(l);
    if (!fares(l, false))
        return false;
    if (state_due(l) && state_readable(l)) {
        compare_state(l);
        l->state_due = d->cycle + l->state_every;
    }
    if (l->progress)
        progress_show(l->progress, d->done, d->total, d->cycle);
    if (l->interruptible && interrupt_count) {
        l->interrupted = d->stop = true;
        if (interrupt_count > 1)
            return false;
    }
    if (d->cycle - d->progress > l->hang_after)
        hang(l, "");
    l->attention = next_attention(l);
    return d->cycle <= l->run_to && !l->parted && !l->lost && (l->go_on || l->finding.kind == FINDING_NONE);
}

/* Jumps over cycles in which all wait for memory; true if it did, or if they will wait for ever. No further than to a
 * cycle from which on somebody wants to look: a window that is asked for is not jumped over. */
static bool skip_idle(struct lockstep *l)
{
    const uint64_t cycle = l->driver->cycle;
    uint64_t idle = l->driver->idle(l->driver);
    if (l->ops && idle != UINT64_MAX && within(cycle, l->dense_from, l->dense_to))
        return false;
    if (l->ops && idle != UINT64_MAX && l->dense_from <= l->dense_to && cycle < l->dense_from)
        idle = earlier(idle, l->dense_from - cycle);
    if (l->waves && idle != UINT64_MAX && cycle < l->waves_from)
        idle = earlier(idle, l->waves_from - cycle);
    if (idle == 0)
        return false;
    if (idle == UINT64_MAX) {
        hang(l, ", and everything waits with nothing outstanding");
        return true;
    }
    l->driver->cycle += idle;
    l->skipped += idle;
    if (l->follows)
        l->ops->follow(l->dut, &l->driver->in, &l->expected, idle);
    else if (l->dut && l->ops->skip)
        l->ops->skip(l->dut, idle);
    return true;
}

static void mark_walk(struct lockstep *l)
{
    for (unsigned valid = l->expected.resp_valid; valid; valid &= valid - 1)
        if (l->expected.resp[__builtin_ctz(valid)].src == SRC_WALK &&
            l->expected.resp[__builtin_ctz(valid)].kind == KIND_OK)
            l->marker = l->driver->cycle;
}

/* The design has said something of itself. */
static void said(struct lockstep *l)
{
    if (l->finding.kind != FINDING_NONE)
        return;
    finding_says(&l->finding, l->says, l->driver->cycle);
    l->driver->locate(l->driver, -1, 0, &l->finding);
}

static bool speaks(const struct lockstep *l)
{
    return l->says && l->says->kind != DUT_QUIET;
}

static bool word(const void *ref, unsigned sel, unsigned idx, uint64_t w[2])
{
    return mmu_state(ref, sel, idx, w);
}

bool lockstep_join(struct lockstep *l, struct dut *dut)
{
    const struct dut_state state = {.word = word, .context = l->ref, .out = &l->expected, .cycle = l->driver->cycle};
    if (!l->ops->restore || !l->ops->restore(dut, &state, &l->actual))
        return false;
    l->dut = dut;
    l->says = l->ops->says ? l->ops->says(dut) : NULL;
    if (!pins_same(&l->expected, &l->actual))
        pins_differ(l);
    return lockstep_equal(l) && l->finding.kind == FINDING_NONE;
}

/* Whether to go on where a slice may end. What control has latched, the state words do not tell: so only while it is
 * idle. */
static bool cut(struct lockstep *l)
{
    uint64_t w[2] = {0, 0};
    mmu_state(l->ref, SEL_REGISTERS, 1, w);
    return (w[0] & 7) != 0 || l->cut(l);
}

/* From this cycle on the device is stepped: its outputs are compared here. Before it all is known to have been equal.
 */
static bool catch_up(struct lockstep *l)
{
    if (!l->follows)
        return true;
    if (!fares(l, true))
        return false;
    l->ops->outputs(l->dut, &l->actual);
    l->follows = false;
    return true;
}

/* What is left to compare at the end. */
static void last_cycle(struct lockstep *l)
{
    if (!l->follows || l->parted || l->lost || !catch_up(l))
        return;
    if (l->driver->ended && !pins_same(&l->expected, &l->actual))
        pins_differ(l);
}

/* One clock of both. */
static void step(struct lockstep *l)
{
    const struct pins_in *in = &l->driver->in;
    if (l->follows)
        l->ops->follow(l->dut, in, &l->expected, 1);
    mmu_step(l->ref, in, &l->expected);
    if (l->dut && !l->follows)
        l->ops->step(l->dut, in, &l->actual);
    l->driver->cycle++;
}

/* The waveform has what the outputs are to be. */
static bool shows(const struct lockstep *l)
{
    return l->waves_on && dut_rtl_expect;
}

static void chosen(void *context, const struct pins_out *now)
{
    struct lockstep *l = context;
    if (shows(l))
        dut_rtl_expect(l->dut, now);
    if (l->watch && !l->watch_hits)
        l->watch(l->watcher, now);
    if (l->follows && !l->driver->ended)
        l->ops->follow(l->dut, &l->driver->in, now, 1);
}

static bool stepped(void *context, const struct pins_in *in, const struct pins_out *next)
{
    struct lockstep *l = context;
    l->ops->step(l->dut, in, &l->actual);
    return pins_same(next, &l->actual) && !speaks(l);
}

/* Cycles that the driver knows beforehand. False: there is none now. */
static bool stretch(struct lockstep *l)
{
    struct driver *d = l->driver;
    const bool steps = l->dut && !l->follows;
    const bool each = l->follows || shows(l) || (l->watch && !l->watch_hits); /* somebody sees each cycle */
    const struct follower follower = {each ? chosen : NULL, steps ? stepped : NULL, l};
    struct pins_out first;
    if (l->watch_hits)
        first = l->expected;
    d->done_most = l->cut_at;
    const uint64_t before = d->cycle, until = l->follows ? earlier(l->attention, l->follow_to) : l->attention;
    d->stretch(d, l->ref, &l->expected, until, &l->exercised, each || steps ? &follower : NULL);
    if (l->watch_hits && d->cycle != before)
        l->watch_hits(l->watcher, &first);
    return d->cycle != before || d->ended;
}

static void reset(struct lockstep *l)
{
    if (!l->cut)
        l->cut_at = UINT64_MAX;
    mmu_reset(l->ref, &l->expected);
    if (l->dut) {
        l->ops->reset(l->dut, &l->actual);
        l->says = l->ops->says ? l->ops->says(l->dut) : NULL;
        l->follows = l->ops->follow && l->follow_to;
    }
}

void lockstep_run(struct lockstep *l)
{
    struct driver *d = l->driver;
    reset(l);
    while (!d->ended) {
        if (d->cycle >= l->follow_to && !catch_up(l))
            break;
        if (shows(l)) /* before a mismatch ends the run, so that its cycle is in the waveform */
            dut_rtl_expect(l->dut, &l->expected);
        if (speaks(l)) {
            said(l);
            if (!l->go_on)
                break;
        }
        if (l->dut && !l->follows && !pins_same(&l->expected, &l->actual)) {
            pins_differ(l);
            if (!l->go_on)
                break;
        }
        if (d->done >= l->cut_at && !cut(l))
            break;
        if (d->cycle >= l->attention && !attend(l))
            break;
        if (!l->marker && l->expected.resp_valid)
            mark_walk(l);
        if (d->stretch && l->expected.resp_valid && stretch(l))
            continue;
        d->drive(d, &l->expected);
        if (l->watch)
            l->watch(l->watcher, &l->expected);
        if (d->ended)
            break;
        if (l->skip && l->expected.waiting && skip_idle(l)) {
            if (l->finding.kind == FINDING_HANG)
                break;
            continue;
        }
        if (exercised_worth(&l->expected, &d->in))
            exercised_note(&l->exercised, &l->expected, &d->in, d->mem_accepted);
        if (d->mem_accepted)
            walks_note(&l->walks, l->ref, l->expected.mem_req_tag, l->expected.mem_req_cas);
        step(l);
    }
    last_cycle(l);
    if (d->ended && l->finding.kind == FINDING_NONE && l->ops && l->state_every && !l->parted && !l->lost &&
        state_readable(l))
        compare_state(l);
    if (speaks(l))
        said(l);
    if (l->finding.kind == FINDING_NONE && d->finding.kind != FINDING_NONE)
        l->finding = d->finding;
    l->ended = d->ended && l->finding.kind == FINDING_NONE && !l->parted && !l->lost;
    if (l->waves_on)
        l->ops->waves_stop(l->dut);
    l->waves_on = false;
    walks_end(&l->walks, mmu_counts(l->ref)->walks);
}
