/* Files of profiles: see records.h. */
#include "records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/outfile.h"

static const char MAGIC[] = "twinwalk-profile 1\n";
enum { CHUNK = 1 << 17, DESCRIPTION = 1 << 14 };

struct records_writer {
    struct outfile out;
    ZSTD_CStream *stream;
    size_t used;
    char in[CHUNK], packed[CHUNK];
};

static bool compress(struct records_writer *w, ZSTD_EndDirective end)
{
    ZSTD_inBuffer in = {w->in, w->used, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {w->packed, sizeof w->packed, 0};
        left = ZSTD_compressStream2(w->stream, &out, &in, end);
        if (ZSTD_isError(left)) {
            errno = ENOMEM;
            return false;
        }
        if (fwrite(w->packed, 1, out.pos, w->out.file) != out.pos)
            return false;
    } while (end == ZSTD_e_end ? left != 0 : in.pos < in.size);
    w->used = 0;
    return true;
}

static bool put(struct records_writer *w, char kind, const void *data, size_t size)
{
    if (w->used + 1 + size > sizeof w->in && !compress(w, ZSTD_e_continue))
        return false;
    w->in[w->used++] = kind;
    memcpy(w->in + w->used, data, size);
    w->used += size;
    return true;
}

struct records_writer *records_create(const char *path, const char *description)
{
    struct records_writer *w = calloc(1, sizeof *w);
    if (!w)
        return outfile_complain("records", path, "out of memory"), NULL;
    w->stream = ZSTD_createCStream();
    if (!w->stream)
        outfile_complain("records", path, "out of memory");
    else if (outfile_open(&w->out, "records", path) && fprintf(w->out.file, "%s%s\n", MAGIC, description) > 0)
        return w;
    records_close(w, NULL);
    return NULL;
}

bool records_access(struct records_writer *w, const struct record_access *access)
{
    return put(w, RECORD_ACCESS, access, sizeof *access);
}

bool records_mark(struct records_writer *w, const struct record_mark *mark)
{
    return put(w, RECORD_MARK, mark, sizeof *mark);
}

bool records_close(struct records_writer *w, const struct record_end *end)
{
    bool good = w->out.file && end && put(w, RECORD_END, end, sizeof *end) && compress(w, ZSTD_e_end);
    if (good)
        good = outfile_keep(&w->out);
    else if (w->out.file && ferror(w->out.file))
        outfile_keep(&w->out); /* which says why */
    outfile_drop(&w->out);
    ZSTD_freeCStream(w->stream);
    free(w);
    return good;
}

struct records_reader {
    FILE *file;
    ZSTD_DStream *stream;
    ZSTD_inBuffer source;
    size_t at, used;
    char in[CHUNK], out[CHUNK], description[DESCRIPTION];
};

struct records_reader *records_open(const char *path, const char **description, char *error, size_t size)
{
    struct records_reader *r = calloc(1, sizeof *r);
    char magic[sizeof MAGIC] = "";
    if (r)
        r->stream = ZSTD_createDStream();
    if (!r || !r->stream) {
        snprintf(error, size, "%s: not enough memory", path);
    } else if (!(r->file = fopen(path, "rb"))) {
        snprintf(error, size, "%s: %s", path, strerror(errno));
    } else if (!fgets(magic, sizeof magic, r->file) || strcmp(magic, MAGIC) != 0 ||
               !fgets(r->description, sizeof r->description, r->file) || !strchr(r->description, '\n')) {
        snprintf(error, size, "%s: not a profile; `twinwalk profile --records=FILE` makes one", path);
    } else {
        r->source.src = r->in;
        *description = r->description;
        return r;
    }
    records_release(r);
    return NULL;
}

/* Copies the next bytes of the stream; false at its end. */
static bool take(struct records_reader *r, void *to, size_t size)
{
    while (size) {
        if (r->at == r->used) {
            if (r->source.pos == r->source.size) {
                r->source.size = fread(r->in, 1, sizeof r->in, r->file);
                r->source.pos = 0;
                if (r->source.size == 0)
                    return false;
            }
            ZSTD_outBuffer out = {r->out, sizeof r->out, 0};
            if (ZSTD_isError(ZSTD_decompressStream(r->stream, &out, &r->source)))
                return false;
            r->at = 0;
            r->used = out.pos;
            continue;
        }
        const size_t now = size < r->used - r->at ? size : r->used - r->at;
        memcpy(to, r->out + r->at, now);
        to = (char *)to + now;
        r->at += now;
        size -= now;
    }
    return true;
}

enum record_kind records_next(struct records_reader *r, union record *record)
{
    char kind;
    size_t size = 0;
    if (!take(r, &kind, 1))
        return RECORD_TORN;
    if (kind == RECORD_ACCESS)
        size = sizeof record->access;
    else if (kind == RECORD_MARK)
        size = sizeof record->mark;
    else if (kind == RECORD_END)
        size = sizeof record->end;
    return size && take(r, record, size) ? (enum record_kind)kind : RECORD_TORN;
}

void records_release(struct records_reader *r)
{
    if (!r)
        return;
    if (r->file)
        fclose(r->file);
    ZSTD_freeDStream(r->stream);
    free(r);
}
