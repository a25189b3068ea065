/* A lane: one driver and one MMU at their own pace. The DUT alone, or one side of a decoupled comparison. */
#ifndef TWINWALK_LANE_H
#define TWINWALK_LANE_H

#include "driver.h"
#include "dut/dut.h"
#include "handshake.h"

struct lane {
    struct driver *driver;
    const struct dut_ops *ops;
    struct dut *dut;
    bool skip;
    uint64_t hang_after;
    bool rules; /* hold the MMU to those of handshake.h */
    bool count; /* let it count its events */
    void (*watch)(void *context,
                  const struct pins_out *out); /* after each drive(), with what it was shown; NULL: none */
    void *watcher;                             /* its context */
    struct pins_out out;                       /* of the present cycle */
    const struct dut_event *says;              /* what the design says of itself; NULL: nothing, ever */
    uint64_t skipped;                          /* cycles that were jumped over */
    struct handshake handshake;
    struct dut_counts counted; /* at the start */
    struct finding finding;
};

/* Resets the MMU; the driver must be new. */
void lane_start(struct lane *lane);

/* Runs at most so many steps. False when the driver has ended or something was found (lane->finding: a hang, or what
 * the driver found). */
bool lane_advance(struct lane *lane, unsigned steps);

/* What it counted since the start. Nothing is offered without `count`, or by a device that has no counters. */
struct dut_counts lane_counts(const struct lane *lane);

#endif
