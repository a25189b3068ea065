/* What `twinwalk memory` prints: see memory_replay.h. */
#include <inttypes.h>
#include <stdio.h>

#include "base/about.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "memory_replay.h"
#include "mmu_cfg.h"
#include "report/rows.h"
#include "traces/format/plain.h"

static json_t *json(const struct memory *m, double seconds)
{
    json_t *root = about_json(CFG_NAME);
    const struct {
        const char *key;
        uint64_t value;
    } all[] = {{"records", m->records},
               {"accesses", m->accesses},
               {"fetches", m->by_kind[TRACE_FETCH]},
               {"loads", m->by_kind[TRACE_LOAD]},
               {"stores", m->by_kind[TRACE_STORE]},
               {"faults", m->faults},
               {"walks", m->walks},
               {"syscalls", m->syscalls},
               {"control_ops", m->control_ops},
               {"checks", m->checks}};
    json_object_set_new(root, "command", json_string("memory"));
    json_object_set_new(root, "trace", about_text(m->setup->trace));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        json_object_set_new(root, all[i].key, json_integer((json_int_t)all[i].value));
    json_object_set_new(root, "cpu_seconds", json_real(seconds));
    if (m->kernel.os)
        json_object_set_new(root, "kernel", kernel_report_json(&m->kernel));
    if (m->error[0])
        json_object_set_new(root, "error", about_text(m->error));
    return root;
}

bool memory_write_json(const struct memory *m, double seconds)
{
    struct outfile out;
    return outfile_open(&out, "json", m->setup->json) && about_write(json(m, seconds), JSON_INDENT(2), &out);
}

static const char *ending(int status)
{
    switch (status) {
    case STATUS_MISMATCH:
        return "DIFFERENT: ";
    case STATUS_INPUT:
        return "BAD INPUT: ";
    case STATUS_UNFIT:
    case STATUS_USAGE:
        return "CANNOT RUN: ";
    case STATUS_HOST:
        return "THE HOST FAILED: ";
    default:
        return "INCOMPLETE: ";
    }
}

void memory_ending(FILE *out, const struct memory *m, bool good)
{
    fprintf(out, "\n  %s%s\n",
            m->error[0]       ? ending(m->status)
            : good            ? "Replayed."
            : interrupt_count ? "INTERRUPTED."
                              : "INCOMPLETE.",
            m->error);
    fflush(out);
}

void memory_report(const struct memory *m, double seconds, bool good)
{
    FILE *out = outfile_table(m->setup->json);
    fprintf(out, "twinwalk memory: %s\n", plain(m->setup->trace));
    report_row(out, "accesses", "%15s  (%s fetches, %s loads, %s stores)", report_number(m->accesses),
               report_number(m->by_kind[TRACE_FETCH]), report_number(m->by_kind[TRACE_LOAD]),
               report_number(m->by_kind[TRACE_STORE]));
    report_row(out, "records", "%15s  (%s system calls)", report_number(m->records), report_number(m->syscalls));
    if (m->kernel.os) {
        const struct os_counts *c = os_counts(m->kernel.os);
        report_row(out, "page faults", "%15s  (%s minor, %s copy-on-write, %s spurious)", report_number(m->faults),
                   report_number(c->minor_faults), report_number(c->cow_faults), report_number(c->spurious_faults));
        report_row(out, "frames", "%15s data, %s page tables", report_number(c->data_frames),
                   report_number(c->table_frames));
        kernel_report_rows(out, &m->kernel);
        if (m->checks)
            report_row(out, "whole checks", "%15s of everything that the OS model believes", report_number(m->checks));
        report_row(out, "speed", "%12.2f s CPU, %.2f M accesses/s", seconds,
                   seconds > 0 ? (double)m->accesses / seconds / 1e6 : 0.0);
        kernel_report_processes(out, &m->kernel);
    }
    memory_ending(out, m, good);
}
