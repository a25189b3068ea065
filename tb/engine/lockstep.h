/* The lockstep engine: one driver, the reference model and a DUT with the same pins in the same cycle.
 *
 *     outputs of t ─► compare ─► driver chooses the inputs of t ─► step both ─► outputs of t+1
 *
 * The driver follows the reference's outputs, which the comparison has just found equal to the DUT's. Without a DUT the
 * same engine runs the model alone; or it runs ahead: with `ops` and no `dut` everything is decided, counted and
 * skipped as if a device were there, and had been equal. A device that is put into the model's state (lockstep_join)
 * goes on from there as if it had been there from the beginning (docs/slices.md).
 *
 * A device that follows (dut.h) is told the inputs and the outputs that are expected, and runs behind: what it says of
 * them is asked now and then, and at the end. */
#ifndef TWINWALK_LOCKSTEP_H
#define TWINWALK_LOCKSTEP_H

#include "base/progress.h"
#include "cycle/mmu.h"
#include "driver.h"
#include "dut/dut.h"
#include "exercised.h"
#include "walks.h"

struct lockstep {
    /* Set by the caller; zero means none. */
    struct driver *driver;
    struct mmu *ref;
    const struct dut_ops *ops;     /* NULL: the model alone */
    struct dut *dut;               /* NULL, with ops: the model runs ahead of a device */
    bool skip;                     /* jump over cycles in which everything waits for memory */
    uint64_t state_every;          /* compare all state every so many cycles, and at the end; 0: never */
    uint64_t dense_from, dense_to; /* compare all state in each of these cycles; from > to: in none */
    uint64_t follow_to; /* a device that follows is only told of the cycles before this one; 0: it is stepped */
    uint64_t hang_after;
    const char *waves;             /* FST to write; NULL: none */
    uint64_t waves_from, waves_to; /* cycles */
    uint64_t run_to;               /* last cycle; UINT64_MAX: until the driver ends */
    bool go_on;                    /* a finding does not end the run */
    struct progress *progress;     /* NULL: none */
    bool interruptible;            /* Ctrl-C ends the run */
    void (*watch)(void *context,
                  const struct pins_out *out); /* after each drive(), with what it was shown; NULL: none */
    void (*watch_hits)(void *context,
                       const struct pins_out *first); /* in its place, after a stretch (driver.h): outputs
                                                         of its first cycle; the driver has the inputs of
                                                         its last. NULL: watch is called in each */
    void *watcher;                                    /* their context */
    uint64_t cut_at; /* where a slice may end: the first cycle in which so much is done and control is idle … */
    bool (*cut)(struct lockstep *l); /* … asks this whether to go on, and may set cut_at anew; NULL: nowhere */
    void *cutter;                    /* its context */

    /* The result. */
    struct finding finding;
    bool ended; /* the driver came to its end and everything was compared */
    bool interrupted;
    bool parted; /* a device that followed was not equal somewhere: run again, with follow_to = parted_after … */
    uint64_t parted_after;   /* … the last cycle before which all was equal */
    const char *lost;        /* the device is: why; NULL: it is not */
    bool waves_failed;       /* the DUT could not write the waveform */
    bool waves_begun;        /* the run came to waves_from */
    uint64_t skipped;        /* cycles that were jumped over */
    uint64_t state_good;     /* last cycle in which all state was equal */
    uint64_t state_compared; /* comparisons of all state */
    uint64_t dense_compared; /* of them, within dense_from … dense_to */
    uint64_t marker;         /* an interesting cycle: the first answer that took a walk; 0: none */
    struct walks walks;
    struct exercised exercised;

    /* Inside. */
    struct pins_out expected, actual;
    const struct dut_event *says; /* what the design says of itself; NULL: nothing, ever */
    uint64_t state_due;           /* cycle of the next comparison of all state */
    uint64_t attention;           /* cycle in which something besides stepping is to be done */
    bool waves_on;
    bool follows; /* the device is told of this cycle, and `actual` is not known */
};

/* Resets both and runs until the driver ends or something is found. */
void lockstep_run(struct lockstep *l);

/* For cut(): puts the device, which was never reset, into the model's state of this cycle, and compares all state and
 * the outputs. False with a finding, or when the device cannot be put there. */
bool lockstep_join(struct lockstep *l, struct dut *dut);

/* For cut(): whether all state is equal, with a finding if not. Counts as no comparison. */
bool lockstep_equal(struct lockstep *l);

#endif
