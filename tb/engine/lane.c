/* One MMU at its own pace: see lane.h. */
#include "lane.h"

#include <inttypes.h>
#include <stdio.h>

#include "culprit.h"

static void hang(struct lane *lane)
{
    char text[64];
    snprintf(text, sizeof text, "none since cycle %" PRIu64, lane->driver->progress);
    finding_set(&lane->finding, FINDING_HANG, lane->driver->cycle, "progress", "an access completed", text);
    culprit_of_hang(lane->driver, NULL, lane->ops, lane->dut, &lane->finding);
}

void lane_start(struct lane *lane)
{
    lane->ops->reset(lane->dut, &lane->out);
    lane->says = lane->ops->says ? lane->ops->says(lane->dut) : NULL;
    lane->handshake = (struct handshake){.patience = lane->hang_after};
    lane->count &= lane->ops->counts != NULL;
    if (lane->count)
        lane->ops->counts(lane->dut, &lane->counted);
}

struct dut_counts lane_counts(const struct lane *lane)
{
    struct dut_counts counts = {0};
    if (lane->count)
        lane->ops->counts(lane->dut, &counts);
    for (unsigned i = 0; i < DUT_COUNTERS; i++)
        counts.count[i] -= lane->counted.count[i];
    return counts;
}

/* Jumps over cycles in which all wait for memory. */
static bool skip_idle(struct lane *lane)
{
    const uint64_t idle = lane->driver->idle(lane->driver);
    if (idle == 0)
        return false;
    if (idle == UINT64_MAX) {
        hang(lane);
        return true;
    }
    lane->driver->cycle += idle;
    lane->skipped += idle;
    if (lane->ops->skip)
        lane->ops->skip(lane->dut, idle);
    return true;
}

bool lane_advance(struct lane *lane, unsigned steps)
{
    struct driver *d = lane->driver;
    while (steps && lane->finding.kind == FINDING_NONE) {
        if (lane->says && lane->says->kind != DUT_QUIET) {
            finding_says(&lane->finding, lane->says, d->cycle);
            d->locate(d, -1, 0, &lane->finding);
            break;
        }
        d->drive(d, &lane->out);
        if (lane->watch)
            lane->watch(lane->watcher, &lane->out);
        if (lane->rules) {
            handshake_cycle(&lane->handshake, &lane->out, &d->in, d->mem_accepted, d->cycle, &d->finding);
            d->ended |= d->finding.kind != FINDING_NONE;
        }
        if (d->ended) {
            if (d->finding.kind != FINDING_NONE)
                lane->finding = d->finding;
            return false;
        }
        if (lane->skip && lane->out.waiting && skip_idle(lane)) { /* not a step: it may go on so for ever */
            if (d->cycle - d->progress > lane->hang_after)
                hang(lane);
            continue;
        }
        lane->ops->step(lane->dut, &d->in, &lane->out);
        d->cycle++;
        steps--;
    }
    if (d->cycle - d->progress > lane->hang_after)
        hang(lane);
    return lane->finding.kind == FINDING_NONE;
}
