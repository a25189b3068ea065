/* The text form, one line at a time: words in, a record out (docs/trace-format.md section 8). */
#include "format.h"
#include "text_names.h"
#include "text_words.h"

#include "mem/memerr.h"
#include "os/os.h"
#include "pins.h"

#include <string.h>

/* ---- Records ---- */

static bool get_expectation(struct text_cursor *c, struct trace_rec *rec, struct trace_expect *e)
{
    uint64_t v;
    struct word w = word_next(c);
    const struct name *result = word_lookup(text_results, w);
    if (!result)
        return text_expected(c, "a result: ok, gp, pf or memerr", w);
    rec->flags |= TRACE_EXPECT;
    e->kind = (uint8_t)result->value;
    if (e->kind == KIND_PF) {
        if (!text_number(c, "the page-fault error code", 0xffff, false, &v))
            return false;
        e->err = (uint16_t)v;
    }
    struct word what;
    if (e->kind == KIND_PF && text_key(c, "mask=", &w, &what)) {
        if (!word_number(what, false, &v) || v > 0xffff)
            return text_expected(c, "mask= and the bits of the error code that count", w);
        e->err_open = (uint16_t)~v;
        e->err &= (uint16_t)v;
    }
    if (e->kind == KIND_OK && text_key(c, "pa=", &w, &what)) {
        e->has_pa = true;
        if (!word_number(what, false, &e->pa))
            return text_expected(c, "pa= and a physical address", w);
        w = word_next(c);
        const struct name *size = word_lookup(text_page_sizes, w);
        if (!size)
            return text_expected(c, "a page size: 4k, 2m or 1g", w);
        e->size = (uint8_t)size->value;
    }
    if (e->kind == KIND_OK && text_key(c, "mt=", &w, &what)) {
        const struct name *mt = word_lookup(text_memory_types, what);
        if (!mt)
            return text_expected(c, "mt= and a memory type: uc, wc, wt, wp, wb or uc-", w);
        e->has_mt = true;
        e->mt = (uint8_t)mt->value;
    }
    if (e->kind == KIND_PF && text_key(c, "cr2=", &w, &what)) {
        e->has_cr2 = true;
        if (!word_number(what, false, &e->cr2))
            return text_expected(c, "cr2= and a linear address", w);
    }
    return text_line_end(c);
}

static bool get_access(struct text_cursor *c, struct trace_rec *rec, struct trace_expect *e)
{
    uint64_t size;
    if (!text_number(c, "a linear address", UINT64_MAX, false, &rec->va) ||
        !text_number(c, "a size of 1 to 64 bytes", 64, false, &size))
        return false;
    rec->size = (uint8_t)size;
    for (;;) {
        bool thread;
        if (!text_thread(c, rec, &thread))
            return false;
        if (thread)
            continue;
        struct word w = word_next(c);
        if (!w.len)
            return true;
        if (word_is(w, "->"))
            return get_expectation(c, rec, e);
        const struct name *flag = word_lookup(text_access_flags, w);
        if (!flag)
            return text_expected(c, "sup, imp, ac, ss, thread=N or -> and a result", w);
        rec->flags |= (uint8_t)flag->value;
    }
}

/* Words of this table, as long as they come. */
static uint32_t get_flags(struct text_cursor *c, const struct name *flags)
{
    const struct name *flag;
    uint32_t all = 0;
    while ((flag = word_lookup(flags, word_peek(c)))) {
        word_next(c);
        all |= (uint32_t)flag->value;
    }
    return all;
}

static bool get_map(struct text_cursor *c, struct trace_rec *rec, struct trace_map *m)
{
    struct word offset;
    bool thread;
    if (!text_number(c, "the start of a mapping", UINT64_MAX, false, &m->start) ||
        !text_number(c, "the end of a mapping", UINT64_MAX, false, &m->end))
        return false;
    struct word w = word_next(c);
    static const char set[] = "rwx";
    if (w.len != 4 || (w.p[3] != 'p' && w.p[3] != 's'))
        return text_expected(c, "rights such as r-xp (private) or rw-s (shared)", w);
    for (unsigned i = 0; i < 3; i++) {
        if (w.p[i] != set[i] && w.p[i] != '-')
            return text_expected(c, "rights such as r-xp (private) or rw-s (shared)", w);
        if (w.p[i] != '-')
            m->prot |= (uint32_t[]){OS_READ, OS_WRITE, OS_EXEC}[i];
    }
    m->flags = (w.p[3] == 's' ? OS_SHARED : 0) | get_flags(c, text_map_flags);
    if (text_key(c, "offset=", &w, &offset) && !word_number(offset, false, &m->offset))
        return text_expected(c, "offset= and a number", w);
    return text_thread(c, rec, &thread) && text_rest(c, m->name, sizeof m->name, "the name");
}

static bool get_task(struct text_cursor *c, struct word verb, struct trace_rec *rec, struct trace_task *t)
{
    uint64_t number;
    bool thread;
    t->event = (uint8_t)word_lookup(text_tasks, verb)->value;
    if (t->event == TRACE_CLONE || t->event == TRACE_OPEN) {
        if (!text_number(c, t->event == TRACE_CLONE ? "the new task's number" : "a descriptor", INT32_MAX, false,
                         &number))
            return false;
        t->number = (uint32_t)number;
        t->flags = (uint8_t)get_flags(c, t->event == TRACE_CLONE ? text_clone_flags : text_open_flags);
    }
    if (t->event != TRACE_EXEC && t->event != TRACE_OPEN)
        return text_thread_and_end(c, rec);
    return text_thread(c, rec, &thread) && text_rest(c, t->name, sizeof t->name, "the file's name");
}

static bool get_syscall(struct text_cursor *c, struct trace_rec *rec, struct trace_syscall *s)
{
    struct word w = word_next(c);
    const struct name *name = word_lookup(text_syscalls, w);
    if (name)
        s->number = name->value;
    else if (!word_number(w, false, &s->number))
        return text_expected(c, "a system call: its x86-64 number, or a name such as mmap", w);
    for (int i = 0;; i++) {
        w = word_next(c);
        if (word_is(w, "="))
            break;
        if (i == 6 || !word_number(w, true, &s->arg[i]))
            return text_expected(
                c, i == 6 ? "= and the result after six arguments" : "an argument, or = and the result", w);
    }
    uint64_t result;
    if (!text_number(c, "the result", UINT64_MAX, true, &result))
        return false;
    s->result = (int64_t)result;
    return text_thread_and_end(c, rec);
}

static bool get_control(struct text_cursor *c, struct word verb, struct trace_rec *rec, struct trace_control *ctl)
{
    char phrase[20];
    const struct name *op = word_lookup(text_controls, verb);
    if (!op) {
        struct word w = word_next(c);
        snprintf(phrase, sizeof phrase, "%.*s %.*s", (int)verb.len, verb.p, w.len > 8 ? 8 : (int)w.len, w.p);
        op = word_lookup(text_controls, (struct word){phrase, strlen(phrase)});
        if (!op)
            return text_expected(c,
                                 word_is(verb, "mov")     ? "cr0, cr3 or cr4"
                                 : word_is(verb, "wrmsr") ? "efer, pat or pkrs"
                                                          : "a type of INVPCID, 0 to 3",
                                 w);
    }
    ctl->op = (uint8_t)op->value;
    bool invpcid = trace_is_invpcid(ctl->op), thread;
    if (invpcid && !text_number(c, "the descriptor (the PCID)", UINT64_MAX, false, &ctl->desc))
        return false;
    if (!text_number(c, invpcid || ctl->op == CTL_INVLPG ? "a linear address" : "a value", UINT64_MAX, false,
                     &ctl->data) ||
        !text_thread(c, rec, &thread))
        return false;
    struct word w = word_next(c);
    if (!w.len)
        return true;
    if (!word_is(w, "->"))
        return text_expected(c, "-> and a result, or the end of the line", w);
    w = word_next(c);
    ctl->gp = word_is(w, "gp");
    rec->flags = TRACE_EXPECT;
    return ctl->gp || word_is(w, "ok") ? text_line_end(c) : text_expected(c, "a result: ok or gp", w);
}

/* One word behind the name of a case. */
static bool get_need(struct text_cursor *c, struct word w, struct trace_case *v)
{
    uint64_t m;
    bool absent = word_starts(w, "no-"), least = word_starts(w, "m>=");
    const struct name *feature = word_lookup(text_features, absent ? (struct word){w.p + 3, w.len - 3} : w);
    if (feature) {
        *(absent ? &v->lacks : &v->needs) |= (uint8_t)feature->value;
    } else if (word_is(w, "intel")) {
        v->lacks |= TRACE_AMD;
    } else {
        size_t skip = least ? 3 : 2;
        if (!(least || word_starts(w, "m=")) || !word_number((struct word){w.p + skip, w.len - skip}, false, &m) ||
            m < 36 || m > 52)
            return text_expected(
                c, "la57, pcid, 1g, pku, pks, cet, lam, amd, intel, no- and one of these, m=NN or m>=NN (36 to 52)", w);
        v->paddr_bits = (uint8_t)m;
        v->paddr_least = least;
    }
    return true;
}

static bool get_case(struct text_cursor *c, struct trace_rec *rec, struct trace_case *v)
{
    struct word w = word_next(c);
    if (!w.len || w.len >= sizeof v->name)
        return text_expected(c, "the name of the case, 1 to 63 characters", w);
    memcpy(v->name, w.p, w.len);
    for (;;) {
        bool thread;
        if (!text_thread(c, rec, &thread))
            return false;
        if (thread)
            return text_line_end(c);
        w = word_next(c);
        if (!w.len)
            return true;
        if (!get_need(c, w, v))
            return false;
    }
}

static bool get_entry(struct text_cursor *c, struct trace_rec *rec, struct trace_entry *e)
{
    struct word w, mask;
    if (!text_number(c, "a physical address", UINT64_MAX, false, &e->pa) ||
        !text_number(c, "the value that the entry must have", UINT64_MAX, false, &e->value))
        return false;
    e->mask = UINT64_MAX;
    if (text_key(c, "mask=", &w, &mask) && !word_number(mask, false, &e->mask))
        return text_expected(c, "mask= and a number", w);
    return text_thread_and_end(c, rec);
}

static bool get_poke(struct text_cursor *c, struct trace_rec *rec, struct trace_poke *poke)
{
    return text_number(c, "a physical address", UINT64_MAX, false, &poke->pa) &&
           text_number(c, "the value of the entry", UINT64_MAX, false, &poke->value) && text_thread_and_end(c, rec);
}

static bool get_memerr(struct text_cursor *c, struct trace_rec *rec, struct trace_memerr *m)
{
    struct word w = word_next(c);
    const struct name *what = word_lookup(text_memory_errors, w);
    if (!what)
        return text_expected(c, "at and a physical address, read and a count, or off", w);
    m->what = (uint8_t)what->value;
    if (m->what != MEMERR_OFF &&
        !text_number(c, m->what == MEMERR_AT ? "a physical address" : "which read from here fails, from 1", UINT64_MAX,
                     false, &m->value))
        return false;
    return text_thread_and_end(c, rec);
}

/* ---- Lines ---- */

static bool get_header(struct text_cursor *c, struct word w, struct trace_info *info, bool *known)
{
    uint64_t v;
    *known = true;
    if (word_is(w, "program"))
        return text_rest(c, info->program, sizeof info->program, "the program");
    if (word_is(w, "recorder"))
        return text_rest(c, info->recorder, sizeof info->recorder, "the recorder");
    if (word_is(w, "bits")) {
        w = word_next(c);
        if (!word_number(w, false, &v) || (v != 48 && v != 57))
            return text_expected(c, "an address width of 48 or 57 bits", w);
        info->linear_bits = (uint8_t)v;
        return text_line_end(c);
    }
    if (word_is(w, "tables")) {
        w = word_next(c);
        if (!word_is(w, "own") && !word_is(w, "os"))
            return text_expected(c, "own (the trace brings its page tables) or os (an OS model makes them)", w);
        info->own_tables = word_is(w, "own");
        return text_line_end(c);
    }
    *known = false;
    return true;
}

#define RECORD_WORDS                                                                                             \
    "F, L, S, map, syscall, mov, wrmsr, wrpkru, invlpg, invpcid, poke, case, entry, memerr, clone, exec, exit, " \
    "exit_group, open"

enum text_line text_get_line(struct text_cursor *c, bool first, bool header_open, struct trace_info *info,
                             struct trace_rec *rec, struct trace_extra *x)
{
    static const struct name kinds[] = {
        {"F", TRACE_FETCH},         {"L", TRACE_LOAD},          {"S", TRACE_STORE},       {"map", TRACE_MAP},
        {"syscall", TRACE_SYSCALL}, {"mov", TRACE_CONTROL},     {"wrmsr", TRACE_CONTROL}, {"invlpg", TRACE_CONTROL},
        {"invpcid", TRACE_CONTROL}, {"wrpkru", TRACE_CONTROL},  {"poke", TRACE_POKE},     {"case", TRACE_CASE},
        {"entry", TRACE_ENTRY},     {"memerr", TRACE_MEMERR},   {"clone", TRACE_TASK},    {"exec", TRACE_TASK},
        {"exit", TRACE_TASK},       {"exit_group", TRACE_TASK}, {"open", TRACE_TASK},     {NULL, 0},
    };
    uint64_t version;
    struct word w = word_next(c);
    c->error[0] = 0;
    if (!w.len)
        return TEXT_NOTHING;
    if (first) {
        if (!word_is(w, "twinwalk-trace"))
            return text_expected(c, "\"twinwalk-trace 1\" as the first line of a trace in text form", w), TEXT_ERROR;
        return text_number(c, "version 1", 1, false, &version) && text_line_end(c) ? TEXT_HEADER : TEXT_ERROR;
    }
    if (header_open) {
        bool known;
        if (!get_header(c, w, info, &known))
            return TEXT_ERROR;
        if (known)
            return TEXT_HEADER;
    }
    const struct name *kind = word_lookup(kinds, w);
    if (!kind) {
        text_expected(c,
                      header_open ? "a header line (bits, tables, program, recorder) or a record (" RECORD_WORDS ")"
                                  : "a record: " RECORD_WORDS,
                      w);
        return TEXT_ERROR;
    }
    memset(rec, 0, sizeof *rec);
    memset(x, 0, sizeof *x);
    rec->kind = (uint8_t)kind->value;
    bool ok = rec->kind == TRACE_MAP       ? get_map(c, rec, &x->map)
              : rec->kind == TRACE_SYSCALL ? get_syscall(c, rec, &x->syscall)
              : rec->kind == TRACE_CONTROL ? get_control(c, w, rec, &x->control)
              : rec->kind == TRACE_POKE    ? get_poke(c, rec, &x->poke)
              : rec->kind == TRACE_CASE    ? get_case(c, rec, &x->vector)
              : rec->kind == TRACE_ENTRY   ? get_entry(c, rec, &x->entry)
              : rec->kind == TRACE_TASK    ? get_task(c, w, rec, &x->task)
              : rec->kind == TRACE_MEMERR  ? get_memerr(c, rec, &x->memerr)
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
