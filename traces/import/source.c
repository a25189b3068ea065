/* See source.h. */
#define _GNU_SOURCE
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool source_wrong(struct source *s, const char *format, ...)
{
    va_list args;
    if (s->error[0])
        return false;
    int n = snprintf(s->error, sizeof s->error, "%s: offset %" PRIu64 ": ", s->path,
                     s->in_offset - (s->in_end - s->in_at));
    va_start(args, format);
    vsnprintf(s->error + n, sizeof s->error - (size_t)n, format, args);
    va_end(args);
    return false;
}

bool source_input(struct source *s)
{
    if (s->in_at < s->in_end)
        return true;
    s->in_at = s->in_end = 0;
    size_t n = fread(s->in, 1, SOURCE_INPUT, s->file);
    if (!n && ferror(s->file))
        return source_wrong(s, "cannot read: %s", strerror(errno));
    s->in_end = n;
    s->in_offset += n;
    return n > 0;
}

/* Takes the next piece of at most len bytes; its length, 0 at the end. */
static size_t piece(struct source *s, uint64_t len, const uint8_t **from)
{
    if (!source_input(s))
        return 0;
    size_t n = s->in_end - s->in_at;
    n = n < len ? n : (size_t)len;
    *from = s->in + s->in_at;
    s->in_at += n;
    return n;
}

bool source_bytes(struct source *s, uint8_t *to, size_t len, const char *what)
{
    const uint8_t *from;
    for (size_t n; len; to += n, len -= n) {
        if (!(n = piece(s, len, &from)))
            return source_wrong(s, "torn: the file ends in %s", what);
        memcpy(to, from, n);
    }
    return true;
}

bool source_skip(struct source *s, uint64_t len, const char *what)
{
    const uint8_t *from;
    for (size_t n; len; len -= n)
        if (!(n = piece(s, len, &from)))
            return source_wrong(s, "torn: the file ends in %s", what);
    return true;
}

/* ---- No packing at all ---- */

static bool plain_start(struct source *s)
{
    (void)s;
    return true;
}

static size_t plain_unpack(struct source *s, uint8_t *out, size_t room)
{
    const uint8_t *from;
    size_t n = piece(s, room, &from);
    if (n)
        memcpy(out, from, n);
    return n;
}

static void plain_stop(struct source *s)
{
    (void)s;
}

const struct packing packing_plain = {"plain", plain_start, plain_unpack, plain_stop};

/* ---- The source ---- */

static const struct packing *told_by(const uint8_t *p, size_t n)
{
    static const struct {
        const char *magic;
        size_t len;
        const struct packing *packing;
    } known[] = {
        {"\x1f\x8b", 2, &packing_gzip},
        {"\xfd"
         "7zXZ",
         6, &packing_xz}, /* its sixth byte is zero */
        {"\x28\xb5\x2f\xfd", 4, &packing_zstd},
        {"PK\3\4", 4, &packing_zip},
        {"PK\5\6", 4, &packing_zip},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (n >= known[i].len && !memcmp(p, known[i].magic, known[i].len))
            return known[i].packing;
    return &packing_plain;
}

bool source_start(struct source *s, FILE *file, const char *path)
{
    memset(s, 0, sizeof *s);
    snprintf(s->path, sizeof s->path, "%s", path);
    s->file = file;
    s->packing = &packing_plain;
    s->in = malloc(SOURCE_INPUT);
    s->out = malloc(SOURCE_BUFFER);
    if (!s->in || !s->out)
        return source_wrong(s, "out of memory");
    if (!source_input(s))
        return source_wrong(s, "is empty: no trace");
    s->packing = told_by(s->in, s->in_end);
    return s->packing->start(s);
}

bool source_open(struct source *s, const char *path)
{
    bool standard = !strcmp(path, "-");
    FILE *file = standard ? stdin : fopen(path, "rbe");
    if (file)
        return source_start(s, file, standard ? "standard input" : path);
    memset(s, 0, sizeof *s);
    snprintf(s->error, sizeof s->error, "%.500s: cannot open: %s", path, strerror(errno));
    return false;
}

void source_close(struct source *s)
{
    if (s->packing)
        s->packing->stop(s);
    if (s->file && s->file != stdin)
        fclose(s->file);
    free(s->in);
    free(s->out);
    memset(s, 0, sizeof *s);
}

size_t source_peek(struct source *s, const uint8_t **p, size_t want)
{
    if (s->end - s->at < want && s->at) {
        memmove(s->out, s->out + s->at, s->end - s->at);
        s->end -= s->at;
        s->at = 0;
    }
    while (s->end - s->at < want && s->end < SOURCE_BUFFER && !s->ended && !s->error[0]) {
        size_t n = s->packing->unpack(s, s->out + s->end, SOURCE_BUFFER - s->end);
        s->end += n;
        s->ended = n == 0;
    }
    *p = s->out + s->at;
    return s->end - s->at < want ? s->end - s->at : want;
}

void source_take(struct source *s, size_t count)
{
    s->at += count;
    s->offset += count;
}
