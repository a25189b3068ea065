/* See source.h. */
#define _GNU_SOURCE
#include "source.h"
#include "format/plain.h"

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
    int n = snprintf(s->error, sizeof s->error, "%s: offset %" PRIu64 "%s%s: ", s->path,
                     s->in_offset - (s->in_end - s->in_at), s->below ? " of what was in its " : "",
                     s->below ? s->below->packing->name : "");
    va_start(args, format);
    vsnprintf(s->error + n, sizeof s->error - (size_t)n, format, args);
    va_end(args);
    plain_in_place(s->error, sizeof s->error);
    return false;
}

static bool input_from_below(struct source *s)
{
    const uint8_t *p;
    s->in_end = source_peek(s->below, &p, SOURCE_INPUT);
    memcpy(s->in, p, s->in_end);
    source_take(s->below, s->in_end);
    s->in_offset += s->in_end;
    if (!s->in_end && s->below->error[0] && !s->error[0])
        snprintf(s->error, sizeof s->error, "%s", s->below->error);
    return s->in_end > 0;
}

bool source_input(struct source *s)
{
    if (s->in_at < s->in_end)
        return true;
    s->in_at = s->in_end = 0;
    if (s->below)
        return input_from_below(s);
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

/* A header of tar's has the sum of its bytes in it, with blanks in place of the sum. */
static bool is_tar(const uint8_t *p, size_t n)
{
    enum { BLOCK = 512, SUM_AT = 148, SUM = 8 };
    unsigned long sum = 0, said = 0;
    if (n < BLOCK || !p[0])
        return false;
    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM ? ' ' : p[i];
    for (size_t i = SUM_AT; i < SUM_AT + SUM && p[i]; i++)
        if (p[i] >= '0' && p[i] <= '7')
            said = 8 * said + p[i] - '0';
        else if (p[i] != ' ')
            return false;
    return said == sum;
}

/* How the bytes are packed; *stranger: the name of a packer that is not understood, or NULL. */
static const struct packing *told_by(const uint8_t *p, size_t n, const char **stranger)
{
    static const struct {
        const char *magic;
        size_t len;
        const struct packing *packing;
        const char *name; /* if it is not understood */
    } known[] = {
        {"\x1f\x8b\x08", 3, &packing_gzip, NULL},
        {"\xfd"
         "7zXZ",
         6, &packing_xz, NULL}, /* its sixth byte is zero */
        {"\x28\xb5\x2f\xfd", 4, &packing_zstd, NULL},
        {"BZh", 3, &packing_bzip2, NULL},
        {"\x04\x22\x4d\x18", 4, &packing_lz4, NULL},
        {"\xff\x06\0\0sNaPpY", 10, &packing_snappy, NULL},
        {"PK\3\4", 4, &packing_zip, NULL},
        {"PK\5\6", 4, &packing_zip, NULL},
        {"7z\xbc\xaf\x27\x1c", 6, NULL, "7-Zip"},
        {"Rar!\x1a\x07", 6, NULL, "RAR"},
        {"LZIP", 4, NULL, "lzip"},
        {"\x89LZO\0\r\n\x1a\n", 9, NULL, "lzop"},
        {"\x5d\0\0", 3, NULL, "lzma (the format before xz)"},
        {"\x1f\x9d", 2, NULL, "compress"},
        {"\x02\x21\x4c\x18", 4, NULL, "lz4 -l (the format before its frames)"},
        {"!<arch>\n", 8, NULL, "ar"},
        {"070701", 6, NULL, "cpio"},
    };
    *stranger = NULL;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (n < known[i].len || memcmp(p, known[i].magic, known[i].len))
            continue;
        *stranger = known[i].name;
        return known[i].packing ? known[i].packing : &packing_plain;
    }
    return is_tar(p, n) ? &packing_tar : &packing_plain;
}

static bool buffers(struct source *s)
{
    s->in = malloc(SOURCE_INPUT);
    s->out = malloc(SOURCE_BUFFER + 1); /* a last line's end has room */
    return (s->in && s->out) || source_wrong(s, "out of memory");
}

static bool start_packing(struct source *s, const uint8_t *p, size_t n)
{
    const char *stranger;
    const struct packing *packing = told_by(p, n, &stranger);
    if (stranger)
        return source_wrong(s, "is packed by %s, which is not understood here: unpack it first", stranger);
    s->packing = packing;
    return packing->start(s);
}

/* What came out is packed as well: *s becomes the source of what is in that. */
static bool go_deeper(struct source *s)
{
    struct source *below = malloc(sizeof *below);
    if (!below)
        return source_wrong(s, "out of memory");
    *below = *s;
    memset(s, 0, sizeof *s);
    memcpy(s->path, below->path, sizeof s->path);
    s->below = below;
    s->packing = &packing_plain;
    if (!buffers(s))
        return false;
    source_input(s);
    return !s->error[0] && start_packing(s, s->in, s->in_end);
}

bool source_start(struct source *s, FILE *file, const char *path)
{
    enum { LOOK = 512 };
    const uint8_t *p;
    const char *stranger;
    memset(s, 0, sizeof *s);
    snprintf(s->path, sizeof s->path, "%s", path);
    s->file = file;
    s->packing = &packing_plain;
    if (!buffers(s))
        return false;
    if (!source_input(s))
        return source_wrong(s, "is empty: no trace");
    if (!start_packing(s, s->in, s->in_end))
        return false;
    for (unsigned depth = 1; s->packing != &packing_plain; depth++) {
        const size_t n = source_peek(s, &p, LOOK);
        if (told_by(p, n, &stranger) == &packing_plain && !stranger)
            break;
        if (depth == SOURCE_DEPTH)
            return source_wrong(s, "is packed more than %d times over", SOURCE_DEPTH);
        if (!go_deeper(s))
            return false;
    }
    return true;
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

bool source_packed(const struct source *s)
{
    return s->packing != &packing_plain || s->below;
}

const char *source_packings(const struct source *s)
{
    static char text[128];
    size_t len = 0;
    text[0] = 0;
    for (; s && len < sizeof text; s = s->below) /* from the inside out, as in .tar.xz */
        if (s->packing && s->packing != &packing_plain)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", len ? ", " : "", s->packing->name);
    return text;
}

void source_close(struct source *s)
{
    if (s->packing)
        s->packing->stop(s);
    if (s->below)
        source_close(s->below);
    free(s->below);
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
