/* See merge.h. The layouts come first, as they must (docs/trace-format.md section 9); then the traces take turns. */
#include "merge.h"

#include "format/mappings.h"
#include "format/plain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = TRACE_THREADS, LAYOUT_MOST = 65536 };

typedef bool put_function(void *to, const struct trace_rec *rec, const struct trace_extra *extra);

__attribute__((format(printf, 2, 3))) static bool wrong(struct merge *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(m->error, sizeof m->error, format, args);
    va_end(args);
    plain_in_place(m->error, sizeof m->error);
    return false;
}

/* Makes recs[at] the next record, or sets ended. */
static bool advance(struct merge *m, struct merge_input *in)
{
    if (in->at < in->count)
        return true;
    int got = trace_next(in->reader, &in->recs, &in->count);
    in->at = 0;
    in->ended = got == 0;
    return got >= 0 || wrong(m, "%s", trace_error(in->reader));
}

static bool learn(struct merge *m, struct merge_input *in)
{
    while (advance(m, in)) {
        if (in->ended)
            return true;
        for (; in->at < in->count; in->at++) {
            const struct trace_rec *rec = &in->recs[in->at];
            if (rec->kind == TRACE_TASK)
                return wrong(m,
                             "%s: it tells of tasks and their files (clone, exec, open …); merge makes one process of "
                             "traces that do not",
                             in->path);
            in->fetches |= rec->kind == TRACE_FETCH;
            in->threads = rec->thread >= in->threads ? rec->thread + 1U : in->threads;
        }
    }
    return false;
}

bool merge_open(struct merge *m)
{
    const char *error;
    unsigned threads = 0;
    m->info.linear_bits = 48;
    for (unsigned i = 0; i < m->inputs; i++) {
        struct merge_input *in = &m->input[i];
        if (!strcmp(in->path, "-"))
            return wrong(m, "merge reads each trace twice, so none can be standard input");
        if (!(in->reader = trace_open(in->path, &error)))
            return wrong(m, "%s", error);
        const struct trace_info *info = trace_get_info(in->reader);
        if (info->own_tables)
            return wrong(m, "%s: has its own page tables, so it is of a whole machine and not of a thread", in->path);
        if (!learn(m, in) || !trace_seek(in->reader, 0))
            return m->error[0] ? false : wrong(m, "%s", trace_error(in->reader));
        in->at = in->count = 0;
        in->ended = false;
        in->first_thread = threads;
        threads += in->threads;
        if (threads > THREADS)
            return wrong(m, "%s: its %u threads make %u in all, and a trace has room for %d", in->path, in->threads,
                         threads, THREADS);
        if (info->linear_bits > m->info.linear_bits)
            m->info.linear_bits = info->linear_bits;
        size_t len = strlen(m->info.program);
        snprintf(m->info.program + len, sizeof m->info.program - len, "%s%s", i ? " + " : "", info->program);
    }
    snprintf(m->info.recorder, sizeof m->info.recorder, "twinwalk trace merge");
    return true;
}

void merge_close(struct merge *m)
{
    for (unsigned i = 0; i < m->inputs; i++)
        trace_close(m->input[i].reader);
}

static bool give(struct merge_input *in, put_function *put, void *to)
{
    struct trace_rec rec = in->recs[in->at];
    const struct trace_extra *x = trace_extra(in->reader, &in->recs[in->at]);
    rec.thread = (uint16_t)(rec.thread + in->first_thread);
    in->at++;
    in->record++;
    return put(to, &rec, x);
}

/* ---- Layouts ---- */

struct layout {
    struct mappings list;
    struct trace_map *map; /* the same, whole */
    size_t count, shared;  /* shared: those of the traces before */
};

static bool same_map(const struct trace_map *a, const struct trace_map *b)
{
    return a->start == b->start && a->end == b->end && a->prot == b->prot && a->flags == b->flags &&
           !strcmp(a->name, b->name);
}

/* A mapping that two traces share counts once; two different ones at a place cannot be in one address space. */
static bool add_map(struct merge *m, struct layout *layout, struct merge_input *in, put_function *put, void *to)
{
    const struct trace_map *map = &trace_extra(in->reader, &in->recs[in->at])->map;
    if (layout->count == LAYOUT_MOST)
        return wrong(m, "%s: record %" PRIu64 ": more than %d mappings before the first access", in->path, in->record,
                     LAYOUT_MOST);
    if (!mappings_initial(&layout->list, map)) {
        for (size_t i = 0; i < layout->shared; i++) {
            if (same_map(&layout->map[i], map)) {
                in->at++;
                in->record++;
                return true;
            }
        }
        return wrong(m,
                     "%s: record %" PRIu64 ": maps 0x%" PRIx64 "-0x%" PRIx64
                     ", where something else is mapped already: threads share one address space, processes do not",
                     in->path, in->record, map->start, map->end);
    }
    layout->map[layout->count++] = *map;
    return give(in, put, to);
}

static bool put_layouts(struct merge *m, put_function *put, void *to)
{
    struct layout layout = {.map = malloc(sizeof *layout.map * LAYOUT_MOST)};
    unsigned with = 0;
    bool ok = layout.map || wrong(m, "out of memory");
    for (unsigned i = 0; ok && i < m->inputs; i++) {
        struct merge_input *in = &m->input[i];
        uint64_t before = in->record;
        layout.shared = layout.count;
        while ((ok = advance(m, in)) && !in->ended && in->recs[in->at].kind == TRACE_MAP &&
               (ok = add_map(m, &layout, in, put, to)))
            ;
        bool has = in->record > before;
        if (ok && i && has != (with == i))
            ok = wrong(m, "%s: has %s, other than %s; all must have one or none", in->path,
                       has ? "a layout" : "no layout", m->input[0].path);
        with += has;
    }
    free(layout.map);
    mappings_free(&layout.list);
    return ok;
}

/* ---- Turns ---- */

/* Up to quantum instructions, and what follows the last of them. */
static bool turn(struct merge *m, struct merge_input *in, put_function *put, void *to)
{
    uint64_t units = 0;
    for (; advance(m, in);) {
        if (in->ended)
            return true;
        const struct trace_rec *rec = &in->recs[in->at];
        if (rec->kind == TRACE_MAP)
            return wrong(m, "%s: record %" PRIu64 ": a mapping of the initial layout behind accesses or system calls",
                         in->path, in->record);
        units += in->fetches ? rec->kind == TRACE_FETCH : rec->kind <= TRACE_STORE;
        if (units > m->quantum)
            return true;
        in->taken += rec->kind <= TRACE_STORE;
        if (!give(in, put, to))
            return false;
    }
    return false;
}

bool merge_run(struct merge *m, put_function *put, void *to)
{
    if (!put_layouts(m, put, to))
        return false;
    for (unsigned left = m->inputs; left;) {
        left = 0;
        for (unsigned i = 0; i < m->inputs; i++) {
            struct merge_input *in = &m->input[i];
            if (!in->ended && !turn(m, in, put, to))
                return false;
            left += !in->ended;
        }
    }
    return true;
}
