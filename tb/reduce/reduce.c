/* Reduction: from a run that fails to a case that a person can read, and that fails in the same way: in the same
 * comparator, and in the same field but for numbers.
 *
 *     run that fails ─► a trace (reduce_trace.c)
 *                       when no trace fails so, and the stimulus was random ─► stimulus at the pins (reduce_pins.c) */
#include "reduce.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/interrupt.h"
#include "reduction.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool reduction_more(void *context)
{
    const struct reduction *r = context;
    return now() < r->until && interrupt_count == 0;
}

void reduce(const struct setup *setup, const struct dut_ops *ops, struct dut *dut, const struct finding *finding,
            const char *folder, const char *head, double budget, struct reduced *reduced)
{
    const double start = now();
    struct reduction r = {.setup = setup, .folder = folder, .head = head ? head : "", .until = start + budget};
    memset(reduced, 0, sizeof *reduced);
    trial_begin(&r.trial, setup, ops, dut, finding);
    reduced->found = reduce_trace(&r, reduced) ||
                     (!setup->trace && setup->check >= CHECK_CYCLE && reduce_pins(&r, reduced));
    if (!reduced->found && !*reduced->why)
        snprintf(reduced->why, sizeof reduced->why, "%s",
                 interrupt_count    ? "interrupted"
                 : now() >= r.until ? "no shorter case was found in the time given"
                 : setup->trace     ? "no trace made from its end fails in the same way"
                                    : "neither a trace nor the same stimulus at the pins fails in the same way");
    reduced->tries = r.tries;
    reduced->seconds = now() - start;
}
