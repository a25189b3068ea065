/* The text of Pin's example tool pinatrace, and what people have made of it:
 *
 *     0x7f12: R 0x7ffd1c           ip: R or W address              the original; "#eof" ends it
 *     0x7f12: W 0x7ffd1c 8 0x1f    … size, value                   size decimal or 0x…
 *     R 0x7ffd1c 8                 no ip
 *     139722 R 140726              decimal numbers (all of them, or those without 0x are hexadecimal)
 *     0x7f12: R 0x7ffd1c; TID: 3   a thread; also TID 3, tid=3, at the start or the end
 *     0x7f12, W, 0x7ffd1c, 8       commas
 *
 * An ip is a fetch, of one byte since its length is not known, unless the thread's line before had the same: two
 * accesses of one instruction. */
#include "import.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { WORDS = 8, SIZE_MOST = 65536 };

struct word {
    const char *p;
    size_t len;
};

/* Cuts a line into words; false when there are too many. */
static bool split(const char *line, struct word *word, unsigned *count)
{
    *count = 0;
    for (const char *p = line; *p;) {
        size_t len = strcspn(p, " \t,:;=");
        if (len) {
            if (*count == WORDS)
                return false;
            word[(*count)++] = (struct word){p, len};
        }
        p += len + (p[len] != 0);
    }
    return true;
}

static bool is(struct word w, const char *text)
{
    return w.len == strlen(text) && !strncasecmp(w.p, text, w.len);
}

/* Which access the word names: an enum trace_kind, or -1. */
static int kind_of(struct word w)
{
    if (is(w, "R") || is(w, "L") || is(w, "read") || is(w, "load"))
        return TRACE_LOAD;
    if (is(w, "W") || is(w, "S") || is(w, "write") || is(w, "store"))
        return TRACE_STORE;
    return is(w, "I") || is(w, "F") || is(w, "fetch") ? TRACE_FETCH : -1;
}

static bool number(struct word w, int base, uint64_t *value)
{
    const char *p = w.p;
    if (is(w, "(nil)")) {
        *value = 0;
        return true;
    }
    if (w.len > 2 && p[0] == '0' && (p[1] | 32) == 'x') {
        p += 2;
        base = 16;
    }
    return import_digits(&p, base, value) && p == w.p + w.len;
}

struct line {
    bool has_ip, has_thread;
    unsigned kind;
    uint64_t ip, va, size, thread;
};

/* Takes "tid N" out of the words. False: N is no number. */
static bool take_thread(struct word *word, unsigned *count, struct line *l)
{
    for (unsigned i = 0; i + 1 < *count; i++) {
        if (!is(word[i], "TID") && !is(word[i], "thread"))
            continue;
        if (!number(word[i + 1], 10, &l->thread))
            return false;
        l->has_thread = true;
        *count -= 2;
        memmove(word + i, word + i + 2, (*count - i) * sizeof *word);
        return true;
    }
    return true;
}

/* NULL, or what is wrong. */
static const char *parse(const char *text, int base, struct line *l)
{
    struct word word[WORDS];
    unsigned count, at = 0;
    int kind;
    *l = (struct line){.size = 1};
    if (!split(text, word, &count))
        return "too many words";
    if (!take_thread(word, &count, l))
        return "a thread's number is missing";
    if (count && kind_of(word[0]) < 0) {
        if (!number(word[at++], base, &l->ip))
            return "neither a number nor R or W at its start";
        l->has_ip = true;
    }
    if (at == count || (kind = kind_of(word[at++])) < 0)
        return "no R or W where it should be";
    l->kind = (unsigned)kind;
    if (at == count || !number(word[at++], base, &l->va))
        return "no address where it should be";
    if (at < count && !number(word[at++], 10, &l->size))
        return "the size is no number";
    if (!l->size || l->size > SIZE_MOST)
        return "the size is not 1 to 65536";
    at += at < count; /* the value */
    return at < count ? "more words than ip, R or W, address, size and value" : NULL;
}

static bool nothing(const char *line)
{
    line += strspn(line, " \t");
    return !*line || *line == '#' || !strncmp(line, "RTN:", 4); /* tools derived from pinatrace name the routine so */
}

/* A line of lackey's could be one of these with a decimal address; it is one only for those who give the base. */
static bool looks_like(const uint8_t *p, size_t n, const struct import_options *options)
{
    char line[512];
    size_t at = 0;
    struct line l;
    while (import_first_line(p, n, &at, line, sizeof line))
        if (!nothing(line))
            return (options->base || !import_is_lackey(line)) && !parse(line, 16, &l);
    return false;
}

/* Numbers without 0x: decimal, unless a hexadecimal digit shows among the first of them. */
static int guess_base(const uint8_t *p, size_t n)
{
    char line[512];
    size_t at = 0;
    struct line l;
    while (import_first_line(p, n, &at, line, sizeof line))
        if (!nothing(line) && parse(line, 10, &l) && !parse(line, 16, &l))
            return 16;
    return 10;
}

static bool one_line(struct import *im, const struct line *l)
{
    int thread = import_thread_of(im, l->has_thread ? l->thread : 0);
    if (thread < 0)
        return false;
    struct import_thread *t = &im->thread[thread];
    uint64_t ip = l->kind == TRACE_FETCH ? l->va : l->ip;
    if (l->has_ip || l->kind == TRACE_FETCH) {
        if (l->kind == TRACE_FETCH || !t->has_ip || t->last_ip != ip) {
            im->counts.instructions++;
            if (!import_access(im, TRACE_FETCH, ip, l->kind == TRACE_FETCH ? l->size : 1, (unsigned)thread))
                return false;
        }
        t->has_ip = true;
        t->last_ip = ip;
    }
    if (l->kind == TRACE_FETCH)
        return true;
    if (l->kind == TRACE_LOAD)
        im->counts.loads++;
    else
        im->counts.stores++;
    return import_access(im, l->kind, l->va, l->size, (unsigned)thread);
}

static bool read_all(struct import *im)
{
    char *text;
    int got, base = im->options->base;
    if (!base) {
        const uint8_t *p;
        size_t n = source_peek(im->source, &p, 16 << 10);
        base = guess_base(p, n);
    }
    while ((got = import_line(im, &text)) > 0) {
        struct line l, hex;
        if (nothing(text)) {
            im->counts.others++;
            continue;
        }
        const char *wrong = parse(text, base, &l);
        if (wrong)
            return import_wrong(im, "%s: \"%.60s\"%s", wrong, text,
                                base == 10 && !parse(text, 16, &hex)
                                    ? "; the lines before it were taken for decimal numbers: give --base=16"
                                    : "");
        if (!one_line(im, &l))
            return false;
    }
    return got == 0;
}

const struct format format_pin = {"pin", "Pin pinatrace", true, looks_like, NULL, read_all};
