/* The text form, one line at a time: words in, a record out (docs/trace-format.md section 8). */
#include "format.h"
#include "text_names.h"

#include "os/os.h"
#include "pins.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct word {
    const char *p;
    size_t len;
};

/* ---- Words ---- */

static bool expected(struct text_cursor *c, const char *what, struct word found)
{
    if (found.len)
        snprintf(c->error, sizeof c->error, "expected %s, found \"%.*s\"", what, found.len > 40 ? 40 : (int)found.len, found.p);
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

static struct word peek(struct text_cursor *c)
{
    skip_blanks(c);
    return (struct word){c->p, strcspn(c->p, " \t\r")};
}

static struct word next(struct text_cursor *c)
{
    struct word w = peek(c);
    c->p += w.len;
    return w;
}

static bool is(struct word w, const char *text)
{
    return strlen(text) == w.len && !memcmp(w.p, text, w.len);
}

static bool starts(struct word w, const char *text)
{
    return w.len >= strlen(text) && !memcmp(w.p, text, strlen(text));
}

static const struct name *lookup(const struct name *names, struct word w)
{
    for (; names->word; names++)
        if (is(w, names->word))
            return names;
    return NULL;
}

/* A whole number, decimal or 0x…, negative if asked; false without a message when it is none. */
static bool to_number(struct word w, bool negative_too, uint64_t *value)
{
    bool minus = negative_too && w.len && *w.p == '-';
    if (minus)
        w.p++, w.len--;
    unsigned base = starts(w, "0x") ? 16 : 10;
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

static bool number(struct text_cursor *c, const char *what, uint64_t limit, bool negative_too, uint64_t *value)
{
    struct word w = next(c);
    return (to_number(w, negative_too, value) && *value <= limit) || expected(c, what, w);
}

static bool line_end(struct text_cursor *c)
{
    struct word w = next(c);
    return !w.len || expected(c, "the end of the line", w);
}

/* The rest of the line, blanks at its end cut off and \xHH resolved, to out[size]. */
static bool rest(struct text_cursor *c, char *out, size_t size, const char *what)
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
                return expected(c, "\\xHH (two hexadecimal digits) for a byte", (struct word){p - 1, (size_t)(end - p + 1)});
            char digits[] = {'0', 'x', p[1], p[2]};
            to_number((struct word){digits, 4}, false, &v);
            ch = (int)v;
            if (!ch)
                return expected(c, "a byte other than \\x00", (struct word){p - 1, 4});
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
static bool maybe_thread(struct text_cursor *c, struct trace_rec *rec, bool *found)
{
    struct word w = peek(c);
    uint64_t v;
    *found = starts(w, "thread=");
    if (!*found)
        return true;
    next(c);
    if (!to_number((struct word){w.p + 7, w.len - 7}, false, &v) || v > 255)
        return expected(c, "thread=0 to thread=255", w);
    rec->thread = (uint8_t)v;
    return true;
}

static bool thread_and_end(struct text_cursor *c, struct trace_rec *rec)
{
    bool found;
    return maybe_thread(c, rec, &found) && line_end(c);
}

/* ---- Records ---- */

static bool get_expectation(struct text_cursor *c, struct trace_rec *rec, struct trace_expect *e)
{
    uint64_t v;
    struct word w = next(c);
    const struct name *result = lookup(text_results, w);
    if (!result)
        return expected(c, "a result: ok, gp, pf or memerr", w);
    rec->flags |= TRACE_EXPECT;
    e->kind = (uint8_t)result->value;
    if (e->kind == KIND_PF) {
        if (!number(c, "the page-fault error code", 0xffff, false, &v))
            return false;
        e->err = (uint16_t)v;
    }
    w = peek(c);
    if (e->kind == KIND_OK && starts(w, "pa=")) {
        next(c);
        e->has_pa = true;
        if (!to_number((struct word){w.p + 3, w.len - 3}, false, &e->pa))
            return expected(c, "pa= and a physical address", w);
        w = next(c);
        const struct name *size = lookup(text_page_sizes, w);
        if (!size)
            return expected(c, "a page size: 4k, 2m or 1g", w);
        e->size = (uint8_t)size->value;
    }
    return line_end(c);
}

static bool get_access(struct text_cursor *c, struct trace_rec *rec, struct trace_expect *e)
{
    uint64_t size;
    if (!number(c, "a linear address", UINT64_MAX, false, &rec->va) || !number(c, "a size of 1 to 64 bytes", 64, false, &size))
        return false;
    rec->size = (uint8_t)size;
    for (;;) {
        bool thread;
        if (!maybe_thread(c, rec, &thread))
            return false;
        if (thread)
            continue;
        struct word w = next(c);
        if (!w.len)
            return true;
        if (is(w, "->"))
            return get_expectation(c, rec, e);
        const struct name *flag = lookup(text_access_flags, w);
        if (!flag)
            return expected(c, "sup, imp, ac, ss, thread=N or -> and a result", w);
        rec->flags |= (uint8_t)flag->value;
    }
}

static bool get_map(struct text_cursor *c, struct trace_rec *rec, struct trace_map *m)
{
    if (!number(c, "the start of a mapping", UINT64_MAX, false, &m->start) || !number(c, "the end of a mapping", UINT64_MAX, false, &m->end))
        return false;
    struct word w = next(c);
    static const char set[] = "rwx";
    if (w.len != 4 || (w.p[3] != 'p' && w.p[3] != 's'))
        return expected(c, "rights such as r-xp (private) or rw-s (shared)", w);
    for (unsigned i = 0; i < 3; i++) {
        if (w.p[i] != set[i] && w.p[i] != '-')
            return expected(c, "rights such as r-xp (private) or rw-s (shared)", w);
        if (w.p[i] != '-')
            m->prot |= (uint32_t[]){OS_READ, OS_WRITE, OS_EXEC}[i];
    }
    m->flags = w.p[3] == 's' ? OS_SHARED : 0;
    for (;;) {
        bool thread;
        const struct name *flag = lookup(text_map_flags, peek(c));
        if (flag) {
            next(c);
            m->flags |= (uint32_t)flag->value;
            continue;
        }
        if (!maybe_thread(c, rec, &thread))
            return false;
        if (!thread)
            return rest(c, m->name, sizeof m->name, "the name");
    }
}

static bool get_syscall(struct text_cursor *c, struct trace_rec *rec, struct trace_syscall *s)
{
    struct word w = next(c);
    const struct name *name = lookup(text_syscalls, w);
    if (name)
        s->number = name->value;
    else if (!to_number(w, false, &s->number))
        return expected(c, "a system call: its x86-64 number, or a name such as mmap", w);
    for (int i = 0;; i++) {
        w = next(c);
        if (is(w, "="))
            break;
        if (i == 6 || !to_number(w, true, &s->arg[i]))
            return expected(c, i == 6 ? "= and the result after six arguments" : "an argument, or = and the result", w);
    }
    uint64_t result;
    if (!number(c, "the result", UINT64_MAX, true, &result))
        return false;
    s->result = (int64_t)result;
    return thread_and_end(c, rec);
}

static bool get_control(struct text_cursor *c, struct word verb, struct trace_rec *rec, struct trace_control *ctl)
{
    char phrase[16];
    if (is(verb, "invlpg")) {
        ctl->op = CTL_INVLPG;
    } else {
        struct word w = next(c);
        snprintf(phrase, sizeof phrase, "%.*s %.*s", (int)verb.len, verb.p, w.len > 8 ? 8 : (int)w.len, w.p);
        const struct name *op = lookup(text_controls, (struct word){phrase, strlen(phrase)});
        if (!op)
            return expected(c, is(verb, "mov") ? "cr0, cr3 or cr4" : "efer", w);
        ctl->op = (uint8_t)op->value;
    }
    return number(c, is(verb, "invlpg") ? "a linear address" : "a value", UINT64_MAX, false, &ctl->data) && thread_and_end(c, rec);
}

static bool get_poke(struct text_cursor *c, struct trace_rec *rec, struct trace_poke *poke)
{
    return number(c, "a physical address", UINT64_MAX, false, &poke->pa) && number(c, "the value of the entry", UINT64_MAX, false, &poke->value) &&
           thread_and_end(c, rec);
}

/* ---- Lines ---- */

static bool get_header(struct text_cursor *c, struct word w, struct trace_info *info, bool *known)
{
    uint64_t v;
    *known = true;
    if (is(w, "program"))
        return rest(c, info->program, sizeof info->program, "the program");
    if (is(w, "recorder"))
        return rest(c, info->recorder, sizeof info->recorder, "the recorder");
    if (is(w, "bits")) {
        w = next(c);
        if (!to_number(w, false, &v) || (v != 48 && v != 57))
            return expected(c, "an address width of 48 or 57 bits", w);
        info->linear_bits = (uint8_t)v;
        return line_end(c);
    }
    if (is(w, "tables")) {
        w = next(c);
        if (!is(w, "own") && !is(w, "os"))
            return expected(c, "own (the trace brings its page tables) or os (an OS model makes them)", w);
        info->own_tables = is(w, "own");
        return line_end(c);
    }
    *known = false;
    return true;
}

enum text_line text_get_line(struct text_cursor *c, bool first, bool header_open, struct trace_info *info, struct trace_rec *rec,
                             struct trace_extra *x)
{
    static const struct name kinds[] = {
        {"F", TRACE_FETCH}, {"L", TRACE_LOAD}, {"S", TRACE_STORE}, {"map", TRACE_MAP}, {"syscall", TRACE_SYSCALL},
        {"mov", TRACE_CONTROL}, {"wrmsr", TRACE_CONTROL}, {"invlpg", TRACE_CONTROL}, {"poke", TRACE_POKE}, {NULL, 0},
    };
    uint64_t version;
    struct word w = next(c);
    c->error[0] = 0;
    if (!w.len)
        return TEXT_NOTHING;
    if (first) {
        if (!is(w, "twinwalk-trace"))
            return expected(c, "\"twinwalk-trace 1\" as the first line of a trace in text form", w), TEXT_ERROR;
        return number(c, "version 1", 1, false, &version) && line_end(c) ? TEXT_HEADER : TEXT_ERROR;
    }
    if (header_open) {
        bool known;
        if (!get_header(c, w, info, &known))
            return TEXT_ERROR;
        if (known)
            return TEXT_HEADER;
    }
    const struct name *kind = lookup(kinds, w);
    if (!kind) {
        expected(c, header_open ? "a header line (bits, tables, program, recorder) or a record (F, L, S, map, syscall, mov, wrmsr, invlpg, poke)"
                                : "a record: F, L, S, map, syscall, mov, wrmsr, invlpg or poke", w);
        return TEXT_ERROR;
    }
    memset(rec, 0, sizeof *rec);
    memset(x, 0, sizeof *x);
    rec->kind = (uint8_t)kind->value;
    bool ok = rec->kind == TRACE_MAP       ? get_map(c, rec, &x->map)
              : rec->kind == TRACE_SYSCALL ? get_syscall(c, rec, &x->syscall)
              : rec->kind == TRACE_CONTROL ? get_control(c, w, rec, &x->control)
              : rec->kind == TRACE_POKE    ? get_poke(c, rec, &x->poke)
                                           : get_access(c, rec, &x->expect);
    if (!ok)
        return TEXT_ERROR;
    const char *wrong = trace_invalid(rec, x);
    if (wrong) {
        snprintf(c->error, sizeof c->error, "%s", wrong);
        return TEXT_ERROR;
    }
    return TEXT_RECORD;
}
