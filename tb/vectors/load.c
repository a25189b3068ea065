/* Takes a trace apart into its directed cases, one at a time, and refuses what cannot be one: see vectors.h. */
#include "vectors.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mem/memerr.h"
#include "traces/format/plain.h"

enum { PADDR_MOST = 52 };

struct vector_source {
    char path[512];
    struct trace_reader *reader;
    const struct trace_rec *rec; /* the next record of the run at hand */
    size_t left;                 /* records from there to its end */
    uint64_t record;             /* its number */
    int ended;                   /* 0 not yet, 1 at the end, -1 damaged */
    struct vector_step *step;
    size_t room;
    char error[768];
};

static _Thread_local char open_error[1200];

static int fail_at(struct vector_source *s, uint64_t line, uint64_t record, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "FILE:LINE: …" or, without a line, "FILE: record N: …"; gives -1. */
static int fail_at(struct vector_source *s, uint64_t line, uint64_t record, const char *format, ...)
{
    va_list args;
    int n = line ? snprintf(s->error, sizeof s->error, "%s:%" PRIu64 ": ", s->path, line)
                 : snprintf(s->error, sizeof s->error, "%s: record %" PRIu64 ": ", s->path, record);
    va_start(args, format);
    vsnprintf(s->error + n, sizeof s->error - (size_t)n, format, args);
    va_end(args);
    plain_in_place(s->error, sizeof s->error);
    s->ended = -1;
    return -1;
}

/* The same of the record at hand. */
#define fail(s, ...) fail_at(s, (s)->left ? trace_line((s)->reader, (s)->rec) : 0, (s)->record, __VA_ARGS__)

struct vector_source *vector_open(const char *path, const char **error)
{
    struct vector_source *s = calloc(1, sizeof *s);
    *error = "out of memory";
    if (!s)
        return NULL;
    snprintf(s->path, sizeof s->path, "%s", strcmp(path, "-") ? path : "standard input");
    s->reader = trace_open(path, error);
    if (s->reader && !trace_get_info(s->reader)->own_tables) {
        snprintf(open_error, sizeof open_error,
                 "%s: directed cases bring their own page tables: the header must say \"tables own\"", s->path);
        *error = open_error;
    } else if (s->reader) {
        return s;
    }
    vector_close(s);
    return NULL;
}

void vector_close(struct vector_source *s)
{
    if (!s)
        return;
    if (s->reader)
        trace_close(s->reader);
    free(s->step);
    free(s);
}

/* Makes s->rec the next record. 1; 0 at the end; -1. */
static int have_record(struct vector_source *s)
{
    if (s->left)
        return 1;
    if (s->ended)
        return s->ended < 0 ? -1 : 0;
    const int got = trace_next(s->reader, &s->rec, &s->left);
    if (got < 0)
        snprintf(s->error, sizeof s->error, "%s", trace_error(s->reader));
    s->ended = got > 0 ? 0 : got < 0 ? -1 : 1;
    return got;
}

/* What a case cannot hold; 0, or -1. */
static int refuse(struct vector_source *s, const struct trace_extra *extra)
{
    switch (s->rec->kind) {
    case TRACE_MAP:
    case TRACE_SYSCALL:
        return fail(s, "a directed case has no operating system: mappings and system calls do not belong here");
    case TRACE_POKE:
    case TRACE_ENTRY:
    case TRACE_MEMERR: {
        const uint64_t pa = s->rec->kind == TRACE_POKE        ? extra->poke.pa
                            : s->rec->kind == TRACE_ENTRY     ? extra->entry.pa
                            : extra->memerr.what == MEMERR_AT ? extra->memerr.value
                                                              : 0;
        return pa >> PADDR_MOST ? fail(s, "physical address 0x%" PRIx64 " has more than %d bits", pa, PADDR_MOST) : 0;
    }
    default:
        return 0;
    }
}

static int add_step(struct vector_source *s, struct vector *v)
{
    const struct trace_extra *extra = trace_extra(s->reader, s->rec);
    if (refuse(s, extra))
        return -1;
    if (v->steps == s->room) {
        const size_t room = s->room ? 2 * s->room : 64;
        struct vector_step *more = realloc(s->step, room * sizeof *more);
        if (!more)
            return fail(s, "out of memory for a case of %zu records", v->steps);
        s->step = more;
        s->room = room;
    }
    struct vector_step *step = &s->step[v->steps++];
    step->rec = *s->rec;
    if (extra)
        step->extra = *extra;
    step->record = s->record;
    step->line = trace_line(s->reader, s->rec);
    s->rec++;
    s->left--;
    s->record++;
    return 0;
}

bool vector_says_anything(const struct vector *v)
{
    for (size_t i = 0; i < v->steps; i++)
        if ((v->step[i].rec.flags & TRACE_EXPECT) || v->step[i].rec.kind == TRACE_ENTRY)
            return true;
    return false;
}

int vector_next(struct vector_source *s, struct vector *v, const char **error)
{
    *error = s->error;
    *v = (struct vector){.file = s->path};
    int got = have_record(s);
    if (got <= 0)
        return got;
    if (s->rec->kind != TRACE_CASE)
        return fail(s, "a record before the first case: a file of directed cases begins with one (case NAME)");
    do
        if (add_step(s, v))
            return -1;
    while ((got = have_record(s)) > 0 && s->rec->kind != TRACE_CASE);
    if (got < 0)
        return -1; /* the case at hand is not whole */
    v->step = s->step;
    if (!vector_says_anything(v))
        return fail_at(s, s->step->line, s->step->record,
                       "the case %s says nowhere what is right (-> behind a record, or an entry), so nothing would be "
                       "compared",
                       vector_case(v)->name);
    return 1;
}
