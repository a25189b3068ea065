/* The text reader: lines of a file to runs of records, with the line's number in every message. */
#define _GNU_SOURCE
#include "format.h"
#include "plain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RUN = 1024 }; /* records of a run */

static bool line_error(struct trace_reader *r, const char *what)
{
    snprintf(r->error, sizeof r->error, "%s:%" PRIu64 ": %s", r->path, r->line, what);
    plain_in_place(r->error, sizeof r->error);
    r->lost = true;
    return false;
}

/* The next line, without its end, in r->buffer. 1; 0 at the end of the file; -1. */
static int read_line(struct trace_reader *r)
{
    size_t n = 0;
    int ch;
    r->line++;
    while ((ch = getc_unlocked(r->file)) != EOF && ch != '\n') {
        if (n == TEXT_LINE - 1)
            return line_error(r, "the line is longer than 4095 bytes; is this a trace?"), -1;
        if (!ch)
            return line_error(r, "the line holds a zero byte: neither text nor a binary trace"), -1;
        r->buffer[n++] = (char)ch;
    }
    r->buffer[n] = 0;
    if (ch == EOF && ferror(r->file))
        return line_error(r, strerror(errno)), -1;
    return ch != EOF || n;
}

/* Takes lines up to the next record, which goes to *rec and *x. 1; 0 at the end; -1. */
static int read_record(struct trace_reader *r, struct trace_rec *rec, struct trace_extra *x)
{
    for (;;) {
        int got = read_line(r);
        if (got <= 0) {
            if (!got && r->header == TEXT_NEEDS_FIRST)
                return line_error(r, "expected \"twinwalk-trace 1\" as the first line, found the end of the file"), -1;
            return got;
        }
        struct text_cursor c = {.p = r->buffer};
        struct trace_info scratch = r->info; /* a rewound file repeats its header: info stays as it was given */
        enum text_line kind = text_get_line(&c, r->header == TEXT_NEEDS_FIRST, r->header != TEXT_IN_RECORDS,
                                            r->opened ? &scratch : &r->info, rec, x);
        if (kind == TEXT_ERROR)
            return line_error(r, c.error), -1;
        if (kind == TEXT_HEADER)
            r->header = TEXT_IN_HEADER;
        if (kind == TEXT_RECORD) {
            r->header = TEXT_IN_RECORDS;
            return 1;
        }
    }
}

/* Reads up to RUN records into the decoder's arrays; damage behind the first of them waits for the next call. */
static int fill(struct trace_reader *r)
{
    r->block_records = 0;
    while (r->block_records < RUN) {
        struct trace_rec *rec = &r->decoder.recs[r->block_records];
        int got = read_record(r, rec, &r->decoder.extras[r->block_records]);
        if (got < 0)
            return r->block_records ? 1 : -1;
        if (!got) {
            r->ended = true;
            return r->block_records ? 1 : 0;
        }
        r->lines[r->block_records] = r->line;
        rec->extra = (uint16_t)r->block_records++;
        r->next_record++;
    }
    return 1;
}

bool text_open(struct trace_reader *r)
{
    r->buffer = malloc(TEXT_LINE);
    r->decoder.recs = malloc(sizeof *r->decoder.recs * RUN);
    r->decoder.extras = malloc(sizeof *r->decoder.extras * RUN);
    r->lines = malloc(sizeof *r->lines * RUN);
    if (!r->buffer || !r->decoder.recs || !r->decoder.extras || !r->lines)
        return reader_no_memory(r);
    r->info.linear_bits = 48;
    /* The header ends where the first record begins, so the first run is read now. */
    int got = fill(r);
    r->opened = true;
    r->held = r->block_records;
    return got > 0 || (got == 0 && !r->error[0]);
}

void text_close(struct trace_reader *r)
{
    free(r->buffer);
    free(r->lines);
    block_decoder_free(&r->decoder);
}

int text_next(struct trace_reader *r, const struct trace_rec **recs, size_t *count)
{
    if (!r->held) {
        if (r->error[0])
            return -1;
        int got = r->ended ? 0 : fill(r);
        if (got <= 0)
            return got;
        r->held = r->block_records;
    }
    *recs = r->decoder.recs + (r->block_records - r->held);
    *count = r->held;
    r->held = 0;
    return 1;
}

bool text_seek(struct trace_reader *r, uint64_t record)
{
    r->held = 0;
    if (!r->lost)
        r->error[0] = 0;
    if (record < r->next_record - r->block_records) {
        if (!r->seekable)
            return reader_error(r, "cannot go back to record %" PRIu64 ": the input is a pipe", record);
        rewind(r->file);
        r->line = r->next_record = r->block_records = 0;
        r->header = TEXT_NEEDS_FIRST;
        r->ended = r->lost = false;
        r->error[0] = 0;
    }
    while (!r->ended && !r->lost && record >= r->next_record)
        fill(r);
    if (record < r->next_record)
        r->held = (uint32_t)(r->next_record - record);
    else if (r->lost)
        return false; /* the damage is reported already */
    else if (record > r->next_record)
        return reader_error(r, "record %" PRIu64 " is beyond the end: the trace has %" PRIu64, record, r->next_record);
    return true;
}
