/* Mismatch folders: see bundle.h. */
#include "bundle.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/interrupt.h"
#include "base/pipe.h"
#include "bundle_rerun.h"
#include "engine/pincmp.h"

enum { CONTEXT_RECORDS = 100 };

static FILE *create(const struct results *r, const char *name)
{
    char path[320];
    snprintf(path, sizeof path, "%s/%s", r->bundle, name);
    FILE *file = fopen(path, "w");
    if (!file)
        fprintf(stderr, "twinwalk: %s: %s\n", path, strerror(errno));
    return file;
}

/* Makes the folder; its name says what, where and when, so that two findings of two runs do not share one by chance. */
static bool make_folder(struct results *r)
{
    const struct finding *f = &r->finding;
    if (mkdir(r->setup->out, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "twinwalk: %s: %s\n", r->setup->out, strerror(errno));
        return false;
    }
    snprintf(r->bundle, sizeof r->bundle, "%s/mismatch-%s-%s-%s-cycle-%" PRIu64, r->setup->out, r->dut, CFG_NAME,
             finding_name(f->kind), f->cycle);
    if (mkdir(r->bundle, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "twinwalk: %s: %s\n", r->bundle, strerror(errno));
        *r->bundle = 0;
        return false;
    }
    return true;
}

static void write_report(const struct results *r)
{
    const struct finding *f = &r->finding;
    FILE *out = create(r, "report.txt");
    char access[64];
    if (!out)
        return;
    finding_access(f, access, sizeof access);
    fprintf(out, "kind      %s\nfield     %s\nexpected  %s\nactual    %s\ncycle     %" PRIu64 "\n",
            finding_name(f->kind), f->field, f->expected, f->actual, f->cycle);
    if (f->access != UINT64_MAX)
        fprintf(out, "access    %" PRIu64 ": %s at 0x%" PRIx64 "\nrecord    %" PRIu64 "\n", f->access, access, f->va,
                f->record);
    fprintf(out, "preset    %s\nDUT       %s\ncheck     %s\ntrace     %s\nseed      %" PRIu64 "\n", CFG_NAME, r->dut,
            check_name(r->setup->check), r->setup->trace ? r->setup->trace : "(random stimulus)", r->setup->seed);
    fclose(out);
}

static void write_rerun(const struct results *r)
{
    FILE *out = create(r, "rerun.txt");
    if (!out)
        return;
    const uint64_t cycle = r->finding.cycle;
    fprintf(out, "%s", r->setup->rerun);
    if (r->setup->check >= CHECK_CYCLE && !r->setup->waves)
        fprintf(out, " --waves=%s/rerun.fst --waves-from=%" PRIu64 " --waves-to=%" PRIu64, r->bundle,
                cycle > BUNDLE_BEFORE ? cycle - BUNDLE_BEFORE : 0, cycle + BUNDLE_AFTER);
    fputc('\n', out);
    fclose(out);
}

static void print_record(FILE *out, uint64_t number, const struct trace_rec *rec, uint64_t marked)
{
    static const char *const kinds[] = {"fetch",   "load", "store", "map",   "syscall",
                                        "control", "poke", "case",  "entry", "task"};
    fprintf(out, "%c %10" PRIu64 "  %-8s", number == marked ? '>' : ' ', number,
            rec->kind < TRACE_KINDS ? kinds[rec->kind] : "?");
    if (rec->kind <= TRACE_STORE)
        fprintf(out, " 0x%016" PRIx64 " %2u%s%s%s%s", rec->va, rec->size,
                rec->flags & TRACE_SUPERVISOR ? " supervisor" : "", rec->flags & TRACE_IMPLICIT ? " implicit" : "",
                rec->flags & TRACE_AC ? " AC" : "", rec->flags & TRACE_SHADOW_STACK ? " shadow-stack" : "");
    fputc('\n', out);
}

/* The records before the access, and a few after it. */
static void write_trace(const struct results *r)
{
    const uint64_t marked = r->finding.record != UINT64_MAX ? r->finding.record : r->records;
    const uint64_t first = marked > CONTEXT_RECORDS ? marked - CONTEXT_RECORDS : 0;
    const char *error = "";
    const struct trace_rec *recs;
    size_t count;
    if (!r->setup->trace)
        return;
    struct trace_reader *reader = trace_open(r->setup->trace, &error);
    FILE *out = reader ? create(r, "trace.txt") : NULL;
    for (uint64_t number = 0; out && number <= marked + 8 && trace_next(reader, &recs, &count) == 1;)
        for (size_t i = 0; i < count && number <= marked + 8; i++, number++)
            if (number >= first)
                print_record(out, number, &recs[i], marked);
    if (out)
        fclose(out);
    if (reader)
        trace_close(reader);
}

static FILE *create_in(const char *folder, const char *name)
{
    char path[320];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "w");
}

void bundle_walk(const char *folder, const struct driver *d, const struct finding *f)
{
    FILE *out = f->access == UINT64_MAX || !d->explain ? NULL : create_in(folder, "walk.txt");
    if (!out)
        return;
    fprintf(out, "The walk of this access in memory as it was when the difference was seen:\n\n");
    d->explain(d, f, out);
    fclose(out);
}

void bundle_state(const char *folder, const struct lockstep *l, const struct finding *first)
{
    FILE *out = create_in(folder, "state.txt");
    if (!out)
        return;
    if (first->kind == FINDING_STATE)
        fprintf(out, "First element to diverge, in cycle %" PRIu64 ":\n  %s\n      expected %s\n      actual   %s\n\n",
                first->cycle, first->field, first->expected, first->actual);
    fprintf(out, "The DUT's pins in cycle %" PRIu64 ":\n", l->driver->cycle);
    pins_print(out, &l->actual, &l->driver->in);
    fprintf(out, "The reference's:\n");
    pins_print(out, &l->expected, &l->driver->in);
    fprintf(out, "\n");
    if (l->ops->has_state) {
        fprintf(out, "Everything that differs in cycle %" PRIu64 ":\n", l->driver->cycle);
        if (!state_print_differences(out, l->ref, l->ops, l->dut, l->driver->cycle))
            fprintf(out, "nothing\n");
        fprintf(out, "\nThe DUT's contexts in that cycle:\n");
        state_print_active(out, NULL, l->ops, l->dut);
    }
    fprintf(out, "\nThe reference's contexts in cycle %" PRIu64 ":\n", l->driver->cycle);
    state_print_active(out, l->ref, NULL, NULL);
    fclose(out);
}

void bundle_state_alone(const char *folder, const struct lane *lane)
{
    FILE *out = create_in(folder, "state.txt");
    if (!out)
        return;
    fprintf(out, "The DUT's pins in cycle %" PRIu64 ":\n", lane->driver->cycle);
    pins_print(out, &lane->out, &lane->driver->in);
    if (lane->ops->has_state) {
        fprintf(out, "\nIts contexts:\n");
        state_print_active(out, NULL, lane->ops, lane->dut);
    }
    fclose(out);
}

void bundle_write(struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    if (!make_folder(r))
        return;
    write_report(r);
    if (pipe_reads_once(r->setup->trace)) {
        fprintf(stderr,
                "twinwalk: %s: the trace came through a pipe and cannot be read again: the folder has the report "
                "alone; replay it from a "
                "file to get the records, the state and the walk around the mismatch\n",
                r->bundle);
        return;
    }
    write_rerun(r);
    write_trace(r);
    if (r->setup->check >= CHECK_CYCLE && interrupt_count == 0)
        bundle_rerun(r, ops, dut);
    else if (interrupt_count == 0)
        bundle_rerun_alone(r, ops, dut);
}
