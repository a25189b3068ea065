/* What a run cannot do: see run_refused.h. */
#include "run_refused.h"

#include <stdio.h>

#include "base/pipe.h"
#include "traces/format/plain.h"

/* The trace is read twice at these levels. */
bool run_is_apart(const struct setup *o)
{
    return o->trace && o->check <= CHECK_EVENTS;
}

/* What goes with slices of a trace, and what not. */
bool run_slices_possible(const struct setup *o, const struct dut_ops *ops, const struct dut_about *about)
{
    const char *option = o->slice_of ? "--slice" : "--jobs", *what = NULL;
    const struct kernel_setup *k = &o->kernel;
    if (o->jobs < 2 && !o->slice_of)
        return true;
    if (run_is_apart(o))
        what = "needs both twins on one clock: use --check=cycle or state";
    else if (pipe_reads_once(o->trace))
        what = "reads the trace from several places, and a pipe can be read only once";
    else if (o->waves)
        what = "writes no waveform: use --waves without it";
    else if (o->speed)
        what = "does not go with --speed, which measures one process";
    else if (k->smaps || k->rollup || k->top || k->faults)
        what =
            "does not go with --smaps, --rollup, --top and --faults, which print in the order of the trace: the model "
            "alone prints the same (`twinwalk model`)";
    if (what)
        fprintf(stderr, "twinwalk: %s %s\n", option, what);
    else if (!ops->restore || about->fixed)
        fprintf(stderr, "twinwalk: %s: %s cannot be put into a state%s%s\n", option, ops->name,
                about->fixed ? ": " : "", about->fixed ? about->fixed : "");
    return !what && ops->restore && !about->fixed;
}

/* False, with the reason, when the DUT cannot do what random stimulus is to ask of it. */
static bool random_possible(const struct setup *o, const struct dut_ops *ops)
{
    if (o->speed)
        fprintf(stderr, "twinwalk: --speed replays a trace through the DUT alone, and random stimulus is none\n");
    else if (o->squash > 0 && !ops->squashes)
        fprintf(stderr, "twinwalk: --squash=%d: %s cannot drop a request: leave the option out\n", o->squash,
                ops->name);
    return !o->speed && (o->squash <= 0 || ops->squashes);
}

/* Refuses what the DUT cannot do, before anything runs. */
bool run_possible(const struct setup *o, const struct dut_ops *ops)
{
    if (run_is_apart(o) && pipe_reads_once(o->trace)) {
        fprintf(stderr,
                "twinwalk: %s: --check=%s reads the trace once for each twin, and a pipe can be read only once: use "
                "--check=cycle or state\n",
                plain(o->trace), check_name(o->check));
        return false;
    }
    const struct kernel_setup *k = &o->kernel;
    if (ops->follow && pipe_reads_once(o->trace)) {
        fprintf(stderr,
                "twinwalk: %s: a board's difference is placed by a second run, and a pipe can be read only once\n",
                plain(o->trace));
        return false;
    }
    if (ops->follow && (k->smaps || k->rollup || k->top || k->faults)) {
        fprintf(stderr, "twinwalk: --smaps, --rollup, --top and --faults do not go with a board: the model alone "
                        "prints the same (`twinwalk model`)\n");
        return false;
    }
    if (o->speed && pipe_reads_once(o->trace)) {
        fprintf(stderr,
                "twinwalk: %s: --speed reads the trace again for the DUT alone, and a pipe can be read only once\n",
                plain(o->trace));
        return false;
    }
    if (!o->trace && !random_possible(o, ops))
        return false;
    if (o->check == CHECK_STATE && !ops->has_state) {
        fprintf(stderr, "twinwalk: --check=state: %s has no readable state; use --check=cycle\n", ops->name);
        return false;
    }
    if (o->dense && !ops->has_state) {
        fprintf(stderr, "twinwalk: --from and --to compare all state, and %s has no readable state\n", ops->name);
        return false;
    }
    if (o->dense && o->check <= CHECK_EVENTS) {
        fprintf(stderr, "twinwalk: --from and --to need both twins on one clock: use --check=cycle or state\n");
        return false;
    }
    if (o->waves && !ops->waves_start) {
        fprintf(stderr, "twinwalk: --waves=%s: %s writes no waveforms\n", plain(o->waves), ops->name);
        return false;
    }
    if (o->waves && (o->check == CHECK_ARCH || o->check == CHECK_EVENTS)) {
        fprintf(stderr, "twinwalk: --waves needs both twins on one clock: use --check=cycle or state\n");
        return false;
    }
    if (o->kernel.config.reclaim && o->trace && (o->check == CHECK_ARCH || o->check == CHECK_EVENTS)) {
        fprintf(stderr, "twinwalk: --pressure and --swap need both twins on one clock: which pages the kernel takes "
                        "depends on when the hardware "
                        "sets their A and D bits; use --check=cycle or state\n");
        return false;
    }
    return true;
}
