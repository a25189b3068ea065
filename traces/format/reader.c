/* The reader's front: opens a file, tells the binary from the text form by its first byte, and hands on. */
#define _GNU_SOURCE
#include "format.h"
#include "plain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static _Thread_local char open_error[1100];

bool reader_error(struct trace_reader *r, const char *format, ...)
{
    va_list args;
    int n = snprintf(r->error, sizeof r->error, "%s: ", r->path);
    va_start(args, format);
    vsnprintf(r->error + n, sizeof r->error - (size_t)n, format, args);
    va_end(args);
    plain_in_place(r->error, sizeof r->error);
    return false;
}

bool reader_no_memory(struct trace_reader *r)
{
    r->no_memory = true;
    return reader_error(r, "out of memory");
}

static _Thread_local bool open_no_memory;

bool trace_no_memory(const struct trace_reader *r)
{
    return r ? r->no_memory : open_no_memory;
}

static struct trace_reader *fail(struct trace_reader *r, const char **error)
{
    snprintf(open_error, sizeof open_error, "%s", r ? r->error : "out of memory");
    open_no_memory = !r || r->no_memory;
    if (error)
        *error = open_error;
    trace_close(r);
    return NULL;
}

struct trace_reader *trace_open(const char *path, const char **error)
{
    struct trace_reader *r = calloc(1, sizeof *r);
    if (!r)
        return fail(r, error);
    bool standard = !strcmp(path, "-");
    snprintf(r->path, sizeof r->path, "%s", standard ? "standard input" : path);
    r->file = standard ? stdin : fopen(path, "rbe");
    if (!r->file) {
        r->no_memory = errno == ENOMEM;
        reader_error(r, "cannot open: %s", strerror(errno));
        return fail(r, error);
    }
    struct stat st;
    if (fstat(fileno(r->file), &st)) {
        reader_error(r, "cannot be examined: %s", strerror(errno));
        return fail(r, error);
    }
    r->seekable = S_ISREG(st.st_mode);
    int first = getc(r->file);
    if (first == EOF) {
        if (ferror(r->file))
            reader_error(r, "cannot read: %s", strerror(errno));
        else
            reader_error(r, "is empty; a trace has at least a header");
        return fail(r, error);
    }
    ungetc(first, r->file);
    r->text = first != (uint8_t)TRACE_MAGIC[0];
    r->info.records = r->info.accesses = UINT64_MAX;
    return (r->text ? text_open(r) : binary_open(r)) ? r : fail(r, error);
}

void trace_close(struct trace_reader *r)
{
    if (!r)
        return;
    if (r->file && r->file != stdin)
        fclose(r->file);
    (r->text ? text_close : binary_close)(r);
    free(r);
}

const struct trace_info *trace_get_info(const struct trace_reader *r)
{
    return &r->info;
}

int trace_next(struct trace_reader *r, const struct trace_rec **recs, size_t *count)
{
    *count = 0;
    return (r->text ? text_next : binary_next)(r, recs, count);
}

const struct trace_extra *trace_extra(const struct trace_reader *r, const struct trace_rec *rec)
{
    if (!r->text)
        return block_extra(&r->decoder, rec);
    return has_extra(rec->kind, rec->flags) ? &r->decoder.extras[rec->extra] : NULL;
}

uint64_t trace_line(const struct trace_reader *r, const struct trace_rec *rec)
{
    return r->text ? r->lines[rec - r->decoder.recs] : 0;
}

bool trace_seek(struct trace_reader *r, uint64_t record)
{
    return (r->text ? text_seek : binary_seek)(r, record);
}

int64_t trace_place(const struct trace_reader *r)
{
    return (int64_t)lseek(fileno(r->file), 0, SEEK_CUR);
}

/* What is buffered of the file has been copied by the fork; only the descriptor is shared. */
bool trace_part(struct trace_reader *r, int64_t place)
{
    char again[64];
    const int shared = fileno(r->file);
    snprintf(again, sizeof again, "/proc/self/fd/%d", shared);
    const int own = open(again, O_RDONLY | O_CLOEXEC);
    const bool good = own >= 0 && lseek(own, (off_t)place, SEEK_SET) >= 0 && dup3(own, shared, O_CLOEXEC) >= 0;
    if (own >= 0)
        close(own);
    return good;
}

const char *trace_error(const struct trace_reader *r)
{
    return r->error;
}

struct trace_sizes trace_get_sizes(const struct trace_reader *r)
{
    return r->sizes;
}
