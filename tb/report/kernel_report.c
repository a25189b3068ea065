/* The OS model's numbers: see kernel_report.h. */
#include "kernel_report.h"

#include <inttypes.h>

#include "base/about.h"
#include "rows.h"

static const char *const ends[] = {"runs", "exited", "killed"};

/* ---- prints while processes end ---- */

static void headline(FILE *out, const struct kernelside *k, const struct kernel_process *p)
{
    (void)k;
    fprintf(out, "==== process %u, task %u, %s: ", p->number, p->task, p->name);
    if (p->end)
        fprintf(out, "%s at record %" PRIu64 " ====\n", p->end == END_KILLED ? "killed for memory" : "exits",
                p->record);
    else
        fprintf(out, "at the end of the trace ====\n");
}

/* A task of the process that lives. */
static unsigned living(const struct kernelside *k, const struct kernel_process *p)
{
    struct os_status s;
    for (unsigned task = os_next_task(k->os, 0); task; task = os_next_task(k->os, task))
        if (os_status(k->os, task, &s) && s.process == p->number)
            return task;
    return 0;
}

static void print_process(const struct kernel_prints *p, const struct kernelside *k,
                          const struct kernel_process *process)
{
    const unsigned task = living(k, process);
    if (p->smaps) {
        headline(p->smaps, k, process);
        os_print_smaps(k->os, task, p->smaps);
    }
    if (p->rollup) {
        headline(p->rollup, k, process);
        os_print_smaps_rollup(k->os, task, p->rollup);
    }
}

static void ending(void *context, const struct kernelside *k, const struct kernel_process *process)
{
    const struct kernel_prints *p = context;
    print_process(p, k, process);
    if (p->top) {
        headline(p->top, k, process);
        os_print_top(k->os, p->top);
    }
}

/* Prints that go to one file share it, as they share standard output. */
static FILE *open_one(struct kernel_prints *p, const char *option, const char *path)
{
    for (unsigned i = 0; i < p->files; i++)
        if (whole_same(p->out[i].path, path))
            return p->out[i].file;
    return outfile_open(&p->out[p->files], option, path) ? p->out[p->files++].file : NULL;
}

bool kernel_prints_open(struct kernel_prints *p, const struct kernel_setup *o, struct kernelside *k)
{
    const struct {
        const char *option, *path;
        FILE **file;
    } all[] = {{"faults", o->faults, &p->faults},
               {"smaps", o->smaps, &p->smaps},
               {"rollup", o->rollup, &p->rollup},
               {"top", o->top, &p->top}};
    *p = (struct kernel_prints){0};
    for (size_t i = 0; k->os && i < sizeof all / sizeof *all; i++)
        if (all[i].path && !(*all[i].file = open_one(p, all[i].option, all[i].path))) {
            while (p->files)
                outfile_drop(&p->out[--p->files]);
            return false;
        }
    if (p->files) {
        k->ending = ending;
        k->ending_context = p;
        k->faults = p->faults;
    }
    return true;
}

bool kernel_prints_close(struct kernel_prints *p, const struct kernelside *k)
{
    bool good = true;
    for (size_t i = 0; p->files && i < k->processes; i++)
        if (!k->process[i].end)
            print_process(p, k, &k->process[i]);
    if (p->top) {
        fprintf(p->top, "==== at the end of the trace ====\n");
        os_print_top(k->os, p->top);
        if (*os_oom_report(k->os))
            fprintf(p->top, "%s\n", os_oom_report(k->os));
    }
    for (unsigned i = 0; i < p->files; i++)
        good &= outfile_keep(&p->out[i]);
    *p = (struct kernel_prints){0};
    return good;
}

/* ---- the table ---- */

static void sums(const struct kernelside *k, uint64_t *rss, uint64_t *pss, uint64_t *swap)
{
    *rss = *pss = *swap = 0;
    for (size_t i = 0; i < k->processes; i++)
        if (!k->process[i].end) {
            *rss += k->process[i].rss;
            *pss += k->process[i].pss;
            *swap += k->process[i].swap;
        }
}

static void pressure_rows(FILE *out, const struct os_events *e, const struct os_memory *m)
{
    if (m->swap_slots || e->swap_outs)
        report_row(out, "swap", "%15s pages in, %s out; %s of %s in use at the end", report_number(e->swap_ins),
                   report_number(e->swap_outs), report_number(m->swap_used), report_number(m->swap_slots));
    if (e->write_backs || e->dropped_clean || e->file_reads)
        report_row(out, "file pages", "%15s read, %s written back, %s dropped clean", report_number(e->file_reads),
                   report_number(e->write_backs), report_number(e->dropped_clean));
    if (e->scanned)
        report_row(out, "reclaim", "%15s frames looked at, %s won, %s found in use", report_number(e->scanned),
                   report_number(e->reclaimed), report_number(e->activated));
    if (e->lazy_freed || e->splits || e->collapses)
        report_row(out, "  large and lazy", "%15s pages freed lazily, %s large pages split, %s made",
                   report_number(e->lazy_freed), report_number(e->splits), report_number(e->collapses));
}

void kernel_report_rows(FILE *out, const struct kernelside *k)
{
    const struct os_events *e = os_events(k->os);
    struct os_memory m;
    uint64_t rss, pss, swap;
    os_memory(k->os, &m);
    sums(k, &rss, &pss, &swap);
    if (e->major_faults || e->reuse_faults || e->huge_faults || e->swap_ins)
        report_row(out, "  of other kinds", "%15s waited for a device, %s found the page theirs alone, %s huge",
                   report_number(e->major_faults), report_number(e->reuse_faults), report_number(e->huge_faults));
    pressure_rows(out, e, &m);
    if (e->forks || e->execs || e->exits)
        report_row(out, "processes", "%15s  (%s programs executed, %s ends)", report_number(k->processes),
                   report_number(e->execs), report_number(e->exits));
    if (k->counts.turns || e->switches)
        report_row(out, "context switches", "%15s  (%s loads of CR3 kept translations, %s dropped them)",
                   report_number(k->counts.turns), report_number(e->kept), report_number(e->flushed));
    if (e->oom_kills || k->counts.lost)
        report_row(out, "killed for memory", "%15s processes; %s tasks lost, %s records of theirs skipped",
                   report_number(e->oom_kills), report_number(k->counts.lost), report_number(k->counts.skipped));
    if (*os_oom_report(k->os))
        report_row(out, "  the last one", "%s", os_oom_report(k->os));
    if (e->forgotten)
        report_row(out, "forgotten flushes", "%15s of %s", report_number(e->forgotten), report_number(e->flushes));
    report_row(out, "resident memory", "%15s KiB RSS, %s KiB PSS, %s KiB swapped out", report_number(rss >> 10),
               report_number(pss >> 22), report_number(swap >> 10));
    report_row(out, "kernel's work", "%15s cycles, by its costs", report_number(e->cycles));
}

void kernel_report_processes(FILE *out, const struct kernelside *k)
{
    fprintf(out, "  %5s %5s %-8s %10s %10s %10s %10s %10s %9s %9s  %s\n", "PID", "task", "end", "VSZ KiB", "RSS KiB",
            "PSS KiB", "swap KiB", "peak KiB", "minor", "major", "program");
    for (size_t i = 0; i < k->processes; i++) {
        const struct kernel_process *p = &k->process[i];
        fprintf(out,
                "  %5u %5u %-8s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %9" PRIu64
                " %9" PRIu64 "  %s\n",
                p->number, p->task, ends[p->end], p->vsz >> 10, p->rss >> 10, p->pss >> 22, p->swap >> 10,
                p->rss_peak >> 10, p->minor_faults, p->major_faults, p->name);
    }
}

/* ---- JSON ---- */

static void put(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *process_json(const struct kernel_process *p)
{
    json_t *o = json_object();
    json_object_set_new(o, "name", about_text(p->name));
    put(o, "task", p->task);
    put(o, "pid", p->number);
    json_object_set_new(o, "end", json_string(ends[p->end]));
    if (p->end)
        put(o, "record", p->record);
    put(o, "vsz", p->vsz);
    put(o, "rss", p->rss);
    json_object_set_new(o, "pss", json_real((double)p->pss / 4096));
    put(o, "swap", p->swap);
    put(o, "tables", p->tables);
    put(o, "vsz_peak", p->vsz_peak);
    put(o, "rss_peak", p->rss_peak);
    put(o, "minor_faults", p->minor_faults);
    put(o, "major_faults", p->major_faults);
    return o;
}

static json_t *events_json(const struct os_counts *c, const struct os_events *e)
{
    const struct {
        const char *key;
        uint64_t value;
    } all[] = {
        {"minor_faults", c->minor_faults},
        {"cow_faults", c->cow_faults},
        {"spurious_faults", c->spurious_faults},
        {"major_faults", e->major_faults},
        {"reuse_faults", e->reuse_faults},
        {"huge_faults", e->huge_faults},
        {"cow_copies", e->cow_copies},
        {"swap_ins", e->swap_ins},
        {"swap_outs", e->swap_outs},
        {"file_reads", e->file_reads},
        {"write_backs", e->write_backs},
        {"dropped_clean", e->dropped_clean},
        {"lazy_freed", e->lazy_freed},
        {"scanned", e->scanned},
        {"reclaimed", e->reclaimed},
        {"activated", e->activated},
        {"deactivated", e->deactivated},
        {"rotated", e->rotated},
        {"splits", e->splits},
        {"collapses", e->collapses},
        {"oom_kills", e->oom_kills},
        {"cr3_loads", e->switches},
        {"cr3_loads_kept", e->kept},
        {"cr3_loads_flushed", e->flushed},
        {"flushes", e->flushes},
        {"flushes_forgotten", e->forgotten},
        {"around", e->around},
        {"forks", e->forks},
        {"execs", e->execs},
        {"exits", e->exits},
        {"cycles", e->cycles},
    };
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        put(o, all[i].key, all[i].value);
    return o;
}

static json_t *memory_json(const struct kernelside *k)
{
    json_t *o = json_object();
    struct os_memory m;
    uint64_t rss, pss, swap;
    os_memory(k->os, &m);
    sums(k, &rss, &pss, &swap);
    put(o, "installed_pages", m.installed);
    put(o, "free_pages", m.free);
    put(o, "table_pages", m.tables);
    put(o, "mapped_pages", m.mapped);
    put(o, "cached_pages", m.cached);
    put(o, "hugetlb_pages", m.hugetlb);
    put(o, "swap_pages", m.swap_slots);
    put(o, "swap_pages_used", m.swap_used);
    put(o, "rss_sum", rss);
    json_object_set_new(o, "pss_sum", json_real((double)pss / 4096));
    return o;
}

json_t *kernel_report_json(const struct kernelside *k)
{
    json_t *o = json_object(), *processes = json_array();
    json_object_set_new(o, "events", events_json(os_counts(k->os), os_events(k->os)));
    json_object_set_new(o, "memory", memory_json(k));
    put(o, "context_switches", k->counts.turns);
    put(o, "tasks_lost", k->counts.lost);
    put(o, "records_skipped", k->counts.skipped);
    json_object_set_new(o, "oom_report", about_text(os_oom_report(k->os)));
    for (size_t i = 0; i < k->processes; i++)
        json_array_append_new(processes, process_json(&k->process[i]));
    json_object_set_new(o, "processes", processes);
    return o;
}
