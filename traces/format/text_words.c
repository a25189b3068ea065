/* Words of a line of the text form: see text_words.h. */
#include "text_words.h"

#include <ctype.h>
#include <string.h>

bool text_expected(struct text_cursor *c, const char *what, struct word found)
{
    if (found.len)
        snprintf(c->error, sizeof c->error, "expected %s, found \"%.*s\"", what, found.len > 40 ? 40 : (int)found.len,
                 found.p);
    else
        snprintf(c->error, sizeof c->error, "expected %s, found the end of the line", what);
    return false;
}

static void skip_blanks(struct text_cursor *c)
{
    c->p += strspn(c->p, " \t\r");
    if (*c->p == '#') /* a comment; it starts a word, so a # inside a word is not one */
        c->p += strlen(c->p);
}

struct word word_peek(struct text_cursor *c)
{
    skip_blanks(c);
    return (struct word){c->p, strcspn(c->p, " \t\r")};
}

struct word word_next(struct text_cursor *c)
{
    struct word w = word_peek(c);
    c->p += w.len;
    return w;
}

bool word_is(struct word w, const char *text)
{
    return strlen(text) == w.len && !memcmp(w.p, text, w.len);
}

bool word_starts(struct word w, const char *text)
{
    return w.len >= strlen(text) && !memcmp(w.p, text, strlen(text));
}

const struct name *word_lookup(const struct name *names, struct word w)
{
    for (; names->word; names++)
        if (word_is(w, names->word))
            return names;
    return NULL;
}

/* A whole number, decimal or 0x…, negative if asked; false without a message when it is none. */
bool word_number(struct word w, bool negative_too, uint64_t *value)
{
    bool minus = negative_too && w.len && *w.p == '-';
    if (minus)
        w.p++, w.len--;
    unsigned base = word_starts(w, "0x") ? 16 : 10;
    if (base == 16)
        w.p += 2, w.len -= 2;
    if (!w.len)
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < w.len; i++) {
        int ch = tolower((unsigned char)w.p[i]);
        unsigned digit = isdigit(ch) ? (unsigned)(ch - '0') : ch >= 'a' && ch <= 'f' ? (unsigned)(ch - 'a' + 10) : 99;
        if (digit >= base || v > (UINT64_MAX - digit) / base)
            return false;
        v = v * base + digit;
    }
    if (minus && v > (uint64_t)INT64_MAX + 1)
        return false;
    *value = minus ? 0 - v : v;
    return true;
}

bool text_number(struct text_cursor *c, const char *what, uint64_t limit, bool negative_too, uint64_t *value)
{
    struct word w = word_next(c);
    return (word_number(w, negative_too, value) && *value <= limit) || text_expected(c, what, w);
}

bool text_line_end(struct text_cursor *c)
{
    struct word w = word_next(c);
    return !w.len || text_expected(c, "the end of the line", w);
}

/* The rest of the line, blanks at its end cut off and \xHH resolved, to out[size]. */
bool text_rest(struct text_cursor *c, char *out, size_t size, const char *what)
{
    skip_blanks(c);
    const char *end = c->p;
    while (*end && !(*end == '#' && (end[-1] == ' ' || end[-1] == '\t')))
        end++;
    while (end > c->p && strchr(" \t\r", end[-1]))
        end--;
    size_t n = 0;
    for (const char *p = c->p; p < end; n++) {
        int ch = (unsigned char)*p++;
        if (ch == '\\') {
            uint64_t v;
            if (end - p < 3 || *p != 'x' || !isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2]))
                return text_expected(c, "\\xHH (two hexadecimal digits) for a byte",
                                     (struct word){p - 1, (size_t)(end - p + 1)});
            char digits[] = {'0', 'x', p[1], p[2]};
            word_number((struct word){digits, 4}, false, &v);
            ch = (int)v;
            if (!ch)
                return text_expected(c, "a byte other than \\x00", (struct word){p - 1, 4});
            p += 3;
        }
        if (n + 1 >= size) {
            snprintf(c->error, sizeof c->error, "%s is longer than %zu bytes", what, size - 1);
            return false;
        }
        out[n] = (char)ch;
    }
    out[n] = 0;
    c->p += strlen(c->p);
    return true;
}

/* thread=N, if it comes next. */
bool text_thread(struct text_cursor *c, struct trace_rec *rec, bool *found)
{
    struct word w = word_peek(c);
    uint64_t v;
    *found = word_starts(w, "thread=");
    if (!*found)
        return true;
    word_next(c);
    if (!word_number((struct word){w.p + 7, w.len - 7}, false, &v) || v >= TRACE_THREADS)
        return text_expected(c, "thread=0 to thread=16383", w);
    rec->thread = (uint16_t)v;
    return true;
}

bool text_thread_and_end(struct text_cursor *c, struct trace_rec *rec)
{
    bool found;
    return text_thread(c, rec, &found) && text_line_end(c);
}

/* An optional KEY=…, if it comes next: *value is the part behind the sign. */
bool text_key(struct text_cursor *c, const char *key, struct word *whole, struct word *value)
{
    size_t len = strlen(key);
    *whole = word_peek(c);
    if (!word_starts(*whole, key))
        return false;
    word_next(c);
    *value = (struct word){whole->p + len, whole->len - len};
    return true;
}
