/* Mismatch folders: see bundle.h. */
#include "bundle.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/about.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "base/outfile.h"
#include "base/pipe.h"
#include "base/shell.h"
#include "bundle_rerun.h"
#include "folder.h"
#include "traces/format/plain.h"

enum { CONTEXT_RECORDS = 100, RERUN_SECONDS = 60, RERUN_TIMES = 30 /* of the run itself */ };

static bool write_report(const struct results *r, const struct dut_ops *ops, const char *folder)
{
    const struct finding *f = &r->finding;
    struct outfile file;
    char access[64];
    if (!folder_file(&file, folder, "report.txt"))
        return false;
    FILE *out = file.file;
    finding_access(f, access, sizeof access);
    fprintf(out, "kind      %s\nfield     %s\nexpected  %s\nactual    %s\ncycle     %" PRIu64 "\n",
            finding_name(f->kind), f->field, f->expected, f->actual, f->cycle);
    if (f->access != UINT64_MAX)
        fprintf(out, "access    %" PRIu64 ": %s at 0x%" PRIx64 "\nrecord    %" PRIu64 "\n", f->access, access, f->va,
                f->record);
    fprintf(out, "preset    %s\nDUT       %s\ncheck     %s\ntrace     %s\nseed      %" PRIu64 "\n", CFG_NAME, r->dut,
            check_name(r->setup->check), r->setup->trace ? plain(r->setup->trace) : "(random stimulus)",
            r->setup->seed);
    if (ops->follow)
        fprintf(out,
                "waves     none: a board has no probes. Pins and state here are the board's; --dut=rtl in the place of "
                "the board writes waves of the Verilated RTL, which are not the board's\n");
    fprintf(out, "program   twinwalk %s%s%s\n", about_version, *about_commit ? ", " : "", about_commit);
    return outfile_keep(&file);
}

/* The line for the plain bench beside that of SystemC (twinwalk-sc), which is verilated without waves. */
static bool other_bench(const char *rerun, char *line, size_t size)
{
    static const char ours[] = "twinwalk-sc ";
    const char *at = strstr(rerun, ours);
    if (!at || strstr(rerun, "--dut="))
        return false;
    snprintf(line, size, "%.*stwinwalk %s", (int)(at - rerun), rerun, at + sizeof ours - 1);
    return true;
}

/* With a waveform of the place, where the device writes any. */
static bool write_rerun(const struct results *r, const struct dut_ops *ops, const char *folder)
{
    struct outfile file;
    char other[4096];
    if (!folder_file(&file, folder, "rerun.txt"))
        return false;
    const uint64_t cycle = r->finding.cycle;
    fprintf(file.file, "%s", r->setup->rerun);
    char *where = shell_word(r->bundle);
    if (where && ops->waves_start && r->setup->check >= CHECK_CYCLE && !r->setup->waves)
        fprintf(file.file, " --waves=%s/rerun.fst --waves-from=%" PRIu64 " --waves-to=%" PRIu64, where,
                cycle > BUNDLE_BEFORE ? cycle - BUNDLE_BEFORE : 0, cycle + BUNDLE_AFTER);
    fputc('\n', file.file);
    if (where && !ops->waves_start && other_bench(r->setup->rerun, other, sizeof other))
        fprintf(file.file,
                "# Waves, of the same RTL without SystemC: %s --waves=%s/rerun.fst --waves-from=%" PRIu64
                " --waves-to=%" PRIu64 "\n",
                other, where, cycle > BUNDLE_BEFORE ? cycle - BUNDLE_BEFORE : 0, cycle + BUNDLE_AFTER);
    free(where);
    return outfile_keep(&file);
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
static bool write_trace(const struct results *r, const char *folder)
{
    const uint64_t marked = r->finding.record != UINT64_MAX ? r->finding.record : r->records;
    const uint64_t first = marked > CONTEXT_RECORDS ? marked - CONTEXT_RECORDS : 0;
    const char *error = "";
    const struct trace_rec *recs;
    struct outfile file;
    size_t count;
    if (!r->setup->trace)
        return true;
    struct trace_reader *reader = trace_open(r->setup->trace, &error);
    bool good = reader && folder_file(&file, folder, "trace.txt");
    for (uint64_t number = 0; good && number <= marked + 8 && trace_next(reader, &recs, &count) == 1;)
        for (size_t i = 0; i < count && number <= marked + 8; i++, number++)
            if (number >= first)
                print_record(file.file, number, &recs[i], marked);
    if (good)
        good = outfile_keep(&file);
    if (reader)
        trace_close(reader);
    return good;
}

/* How long running again may take. With a board the run's time passes elsewhere, and in slices it is that of several
 * processors: the longer of both counts. */
static double patience(const struct results *r)
{
    const double wall = wall_seconds() - r->started;
    return RERUN_SECONDS + RERUN_TIMES * (wall > r->seconds ? wall : r->seconds);
}

/* What is found by running again, in a process of its own: a device, a library or a full file system that ends it does
 * not take the finding along, and it is not waited for without end. */
static bool run_again(const struct results *r, const struct dut_ops *ops, struct dut *dut, const char *folder)
{
    char why[160] = "";
    fflush(NULL);
    const pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(STATUS_HOST);
        bool good = write_trace(r, folder);
        if (r->setup->check >= CHECK_CYCLE)
            good = bundle_rerun(r, ops, dut, folder) && good;
        else
            good = bundle_rerun_alone(r, ops, dut, folder) && good;
        fflush(stderr);
        _exit(good ? STATUS_EQUAL : STATUS_OUTPUT);
    }
    if (pid < 0)
        snprintf(why, sizeof why, "%s", strerror(errno));
    if (pid > 0 && child_wait(pid, patience(r), why, sizeof why))
        return true;
    fprintf(stderr, "twinwalk: %s: the folder is not complete: running again, to see walk, state and waves: %s\n",
            plain(r->bundle), why);
    return false;
}

/* What ran, in a few words: the trace, or the seed of what was random. */
static void name(const struct results *r, char *text, size_t size)
{
    const struct finding *f = &r->finding;
    char stem[64];
    if (r->setup->trace)
        folder_stem(r->setup->trace, stem, sizeof stem);
    else
        snprintf(stem, sizeof stem, "random-seed-%" PRIu64, r->setup->seed);
    snprintf(text, size, "mismatch-%s-%s-%s-%s-cycle-%" PRIu64, stem, r->dut, CFG_NAME, finding_name(f->kind),
             f->cycle);
}

bool bundle_write(struct results *r, const struct dut_ops *ops, struct dut *dut)
{
    struct folder folder;
    char text[256];
    name(r, text, sizeof text);
    if (!folder_make(&folder, r->setup->out, text))
        return false;
    snprintf(r->bundle, sizeof r->bundle, "%s", folder.name);
    bool good = write_report(r, ops, folder.part);
    if (pipe_reads_once(r->setup->trace)) {
        fprintf(stderr,
                "twinwalk: %s: the trace came through a pipe and cannot be read again: the folder has the report "
                "alone; replay it from a "
                "file to get the records, the state and the walk around the mismatch\n",
                r->bundle);
    } else {
        good = write_rerun(r, ops, folder.part) && good;
        if (interrupt_count == 0)
            good = run_again(r, ops, dut, folder.part) && good;
    }
    good = folder_keep(&folder) && good;
    snprintf(r->bundle, sizeof r->bundle, "%s", folder.name);
    return good;
}
