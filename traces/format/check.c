/* See check.h. */
#include "check.h"

#include "os/os.h"
#include "tasks.h"

#include <inttypes.h>
#include <string.h>

static const char *const kind_name[] = {"fetch", "load", "store", "mapping", "system call", "control operation",
                                        "poke",  "case", "entry", "task",    "memory error"};

struct check {
    struct tasks tasks;
    struct check_counts *counts;
    bool own_tables;
    unsigned linear_bits;
    char *error;
    size_t size;
};

static bool wrong_record(struct check *c, const struct trace_rec *rec, const char *why)
{
    snprintf(c->error, c->size, "record %" PRIu64 " (%s): %s", c->counts->records, kind_name[rec->kind], why);
    return false;
}

static bool access_right(struct check *c, const struct trace_rec *rec)
{
    static const uint32_t needs[] = {OS_EXEC, OS_READ | OS_WRITE | OS_EXEC,
                                     OS_WRITE}; /* x86: every right includes reading */
    char why[160];
    if (c->counts->no_layout) {
        uint64_t top = rec->va >> (c->linear_bits - 1);
        if (!top || top == UINT64_MAX >> (c->linear_bits - 1))
            return true;
        snprintf(why, sizeof why, "0x%" PRIx64 " is not canonical with %u bits, so no page can be mapped there",
                 rec->va, c->linear_bits);
        return wrong_record(c, rec, why);
    }
    struct task *task = tasks_of(&c->tasks, rec->thread);
    if (!task)
        return wrong_record(c, rec, tasks_none(&c->tasks));
    task->laying_out = false;
    const struct mapping *v = mappings_find(&task->space->maps, rec->va);
    if (v && v->prot & needs[rec->kind])
        return true;
    if (!v)
        snprintf(why, sizeof why, "0x%" PRIx64 " is not mapped here, so an OS model could only kill the program",
                 rec->va);
    else
        snprintf(why, sizeof why, "0x%" PRIx64 " is mapped %c%c%c", rec->va, v->prot & OS_READ ? 'r' : '-',
                 v->prot & OS_WRITE ? 'w' : '-', v->prot & OS_EXEC ? 'x' : '-');
    return wrong_record(c, rec, why);
}

const char *check_place(bool own_tables, enum trace_kind kind)
{
    switch (kind) {
    case TRACE_MAP:
        return own_tables ? "a trace with its own tables has no OS and no layout" : NULL;
    case TRACE_TASK:
        return own_tables ? "a trace with its own tables has no OS and no tasks" : NULL;
    case TRACE_SYSCALL:
        return own_tables ? "a trace with its own tables has no OS" : NULL;
    case TRACE_CONTROL:
    case TRACE_POKE:
    case TRACE_CASE:
    case TRACE_ENTRY:
    case TRACE_MEMERR:
        return own_tables ? NULL : "only traces with their own tables (\"tables own\") have these";
    default:
        return NULL;
    }
}

static bool record_right(struct check *c, const struct trace_rec *rec, const struct trace_extra *x)
{
    const char *why = check_place(c->own_tables, rec->kind);
    if (why)
        return wrong_record(c, rec, why);
    switch (rec->kind) {
    case TRACE_MAP:
        why = c->counts->no_layout ? "a trace that does not begin with its layout has none"
                                   : tasks_map(&c->tasks, rec->thread, &x->map);
        break;
    case TRACE_TASK:
        why = tasks_event(&c->tasks, rec->thread, &x->task);
        c->counts->tasks += x->task.event == TRACE_CLONE;
        break;
    case TRACE_SYSCALL:
        if (!c->counts->no_layout)
            why = tasks_syscall(&c->tasks, rec->thread, &x->syscall);
        break;
    case TRACE_FETCH:
    case TRACE_LOAD:
    case TRACE_STORE:
        return c->own_tables || access_right(c, rec);
    default:
        break;
    }
    return !why || wrong_record(c, rec, why);
}

bool check_trace(struct trace_reader *reader, struct check_counts *counts, char *error, size_t size)
{
    struct check c = {.counts = counts,
                      .own_tables = trace_get_info(reader)->own_tables,
                      .linear_bits = trace_get_info(reader)->linear_bits,
                      .error = error,
                      .size = size};
    const struct trace_rec *recs;
    size_t count;
    int got = 0;
    bool ok = true;
    memset(counts, 0, sizeof *counts);
    if (!tasks_init(&c.tasks)) {
        snprintf(error, size, "out of memory");
        return false;
    }
    while (ok && (got = trace_next(reader, &recs, &count)) > 0) {
        if (!counts->records)
            counts->no_layout = !c.own_tables && recs[0].kind != TRACE_MAP;
        for (size_t i = 0; ok && i < count; i++) {
            ok = record_right(&c, &recs[i], trace_extra(reader, &recs[i]));
            if (!ok)
                break;
            counts->records++;
            counts->kind[recs[i].kind]++;
            counts->expectations += recs[i].flags & TRACE_EXPECT ? 1 : 0;
        }
    }
    if (ok && got < 0) {
        snprintf(error, size, "%s", trace_error(reader));
        ok = false;
    }
    counts->mapped_ranges = tasks_mappings(&c.tasks);
    tasks_free(&c.tasks);
    return ok;
}
