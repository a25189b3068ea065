/* Runs: see run.h. Every one ends in the same table, whatever stopped it. */
#define _GNU_SOURCE
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "base/outfile.h"
#include "base/pipe.h"
#include "dut/dut_list.h"
#include "processes/serial.h"
#include "reduce/reduce.h"
#include "report/explain.h"
#include "report/page.h"
#include "report/results.h"
#include "run_apart.h"
#include "run_end.h"
#include "run_lockstep.h"
#include "run_refused.h"
#include "traces/format/plain.h"

static struct dut *create_dut(const struct setup *o, const struct dut_ops **ops)
{
    const char *error = "";
    *ops = o->dut ? dut_find(o->dut) : dut_number(0);
    if (!*ops) {
        run_complain(STATUS_USAGE, "no device under test is built in");
        return NULL;
    }
    struct dut *dut = (*ops)->create(&error);
    if (!dut)
        fprintf(stderr, "twinwalk: --dut=%s: %s\n", (*ops)->name, error);
    return dut;
}

/* Behind everything else that there is to say: the failure, cut down. */
static void reduce_finding(const struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    const struct finding *f = &r->finding;
    struct reduced reduced;
    FILE *out = outfile_table(r->setup->json);
    if (f->kind == FINDING_NONE || !*r->bundle || r->setup->reduce <= 0 || interrupt_count ||
        pipe_reads_once(r->setup->trace))
        return;
    char *head = reduce_head(f, r->dut, r->setup->rerun);
    fprintf(stderr, "twinwalk: reducing, for at most %.0f s (Ctrl-C ends it) …\n", r->setup->reduce);
    reduce(r->setup, ops, dut, f, r->bundle, head, r->setup->reduce, &reduced);
    free(head);
    reduce_tell(out, &reduced);
}

static int run_one(struct results *r, const struct dut_ops *ops, struct dut **dut)
{
    int status;
    if (run_is_apart(r->setup))
        return run_in_step(r, ops, *dut, &status) ? status : run_decoupled(r, ops, *dut);
    if (!r->setup->trace && r->setup->check == CHECK_ARCH)
        return run_random_alone(r, ops, *dut);
    if (r->setup->jobs > 1) { /* a device may have threads, which no fork takes along: each process makes its own */
        ops->destroy(*dut);
        *dut = NULL;
    }
    return run_lockstep(r, ops, dut, r->setup->trace ? "records" : "requests");
}

static int run(const struct setup *asked, const char *command)
{
    const struct dut_ops *ops;
    struct dut *dut = create_dut(asked, &ops);
    if (!dut)
        return ops ? STATUS_HOST : STATUS_USAGE;
    struct setup chosen = *asked;
    const struct setup *o = &chosen;
    if (!ops->squashes && chosen.squash < 0)
        chosen.squash = 0;
    struct results r = {.setup = o, .command = command, .dut = ops->name, .started = wall_seconds()};
    int status = STATUS_USAGE;
    if (ops->about)
        ops->about(dut, &r.about);
    interrupt_install();
    if (run_possible(o, ops) && run_slices_possible(o, ops, &r.about))
        status = run_one(&r, ops, &dut);
    reduce_finding(&r, ops, dut);
    if (*r.bundle && page_write(r.bundle))
        fprintf(outfile_table(o->json), "    page      %s/report.html\n", plain(r.bundle));
    if (*r.bundle)
        explain_folder(outfile_table(o->json), r.bundle);
    if (dut)
        ops->destroy(dut);
    return status;
}

int run_cosim(const struct setup *o)
{
    return run(o, "cosim");
}

int run_random(const struct setup *o)
{
    if (o->check == CHECK_EVENTS)
        return run_complain(STATUS_USAGE,
                            "random stimulus has no common order of events: use --check=arch, cycle or state");
    return run(o, "random");
}

int run_model(const struct setup *o)
{
    if (o->serial.on)
        return serial_run(o);
    struct results r = {.setup = o, .command = "model"};
    struct dut *none = NULL;
    interrupt_install();
    return run_lockstep(&r, NULL, &none, "records");
}
