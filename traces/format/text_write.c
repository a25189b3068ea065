/* The text form, writing: one line a record (docs/trace-format.md section 8). Each record has exactly one spelling
 * here, so text that went through the binary form and back is the same bytes. */
#include "format.h"
#include "text_names.h"

#include "mem/memerr.h"
#include "os/os.h"
#include "pins.h"
#include "plain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

struct line {
    char *start, *p;
};

__attribute__((format(printf, 2, 3))) static void say(struct line *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    l->p += vsnprintf(l->p, (size_t)(l->start + TEXT_LINE - l->p), format,
                      args); /* lines are bounded far below TEXT_LINE */
    va_end(args);
}

/* A string to the end of the line: control characters, bytes that are no UTF-8, '#', '\' and blanks at either end as
 * \xHH. hide_first: the first byte too. */
static void say_string(struct line *l, const char *s, bool hide_first)
{
    const size_t len = strlen(s);
    for (size_t i = 0; i < len;) {
        const bool edge = s[i] == ' ' && (i == 0 || i == len - 1);
        const unsigned bytes = plain_character(s + i);
        if (!bytes || s[i] == '#' || s[i] == '\\' || edge || (hide_first && i == 0)) {
            say(l, "\\x%02x", (unsigned char)s[i++]);
        } else {
            memcpy(l->p, s + i, bytes);
            l->p += bytes;
            i += bytes;
        }
    }
}

size_t text_put_header(char line[TEXT_LINE], const struct trace_info *info)
{
    struct line l = {line, line};
    say(&l, "twinwalk-trace %d\nbits %d\ntables %s\n", TRACE_VERSION, info->linear_bits,
        info->own_tables ? "own" : "os");
    if (info->program[0]) {
        say(&l, "program ");
        say_string(&l, info->program, false);
        say(&l, "\n");
    }
    if (info->recorder[0]) {
        say(&l, "recorder ");
        say_string(&l, info->recorder, false);
        say(&l, "\n");
    }
    return (size_t)(l.p - line);
}

static void say_flags(struct line *l, const struct name *flags, uint64_t value)
{
    for (const struct name *n = flags; n->word; n++)
        if (value & n->value)
            say(l, " %s", n->word);
}

static void say_access(struct line *l, const struct trace_rec *rec, const struct trace_extra *x)
{
    say(l, "%c 0x%" PRIx64 " %d", "FLS"[rec->kind], rec -> va, rec -> size);
    say_flags(l, text_access_flags, rec->flags);
    if (rec->thread)
        say(l, " thread=%d", rec->thread);
    if (!(rec->flags & TRACE_EXPECT))
        return;
    say(l, " -> %s", name_of(text_results, x->expect.kind));
    if (x->expect.kind == KIND_PF)
        say(l, " 0x%x", x->expect.err);
    if (x->expect.err_open)
        say(l, " mask=0x%x", (uint16_t)~x->expect.err_open);
    if (x->expect.has_pa)
        say(l, " pa=0x%" PRIx64 " %s", x->expect.pa, name_of(text_page_sizes, x->expect.size));
    if (x->expect.has_mt)
        say(l, " mt=%s", name_of(text_memory_types, x->expect.mt));
    if (x->expect.has_cr2)
        say(l, " cr2=0x%" PRIx64, x->expect.cr2);
}

/* Would the reader take the first word of a name for something else, one of these flags or what may stand behind them?
 */
static bool looks_like_a_flag(const struct name *flags, const char *name)
{
    size_t len = strcspn(name, " ");
    for (const struct name *n = flags; n->word; n++)
        if (strlen(n->word) == len && !strncmp(n->word, name, len))
            return true;
    return !strncmp(name, "thread=", 7) || !strncmp(name, "offset=", 7);
}

/* The end of a line: thread and name, either of which may be missing. flags: those that may stand before. */
static void say_thread_and_name(struct line *l, const struct trace_rec *rec, const struct name *flags, const char *name)
{
    if (rec->thread)
        say(l, " thread=%d", rec->thread);
    if (name[0]) {
        say(l, " ");
        say_string(l, name, looks_like_a_flag(flags, name));
    }
}

static void say_map(struct line *l, const struct trace_rec *rec, const struct trace_map *m)
{
    say(l, "map 0x%" PRIx64 " 0x%" PRIx64 " %c%c%c%c", m->start, m->end, m->prot & OS_READ ? 'r' : '-',
        m->prot & OS_WRITE ? 'w' : '-', m->prot & OS_EXEC ? 'x' : '-', m->flags & OS_SHARED ? 's' : 'p');
    say_flags(l, text_map_flags, m->flags);
    if (m->offset)
        say(l, " offset=0x%" PRIx64, m->offset);
    say_thread_and_name(l, rec, text_map_flags, m->name);
}

static void say_task(struct line *l, const struct trace_rec *rec, const struct trace_task *t)
{
    const struct name *flags = t->event == TRACE_CLONE ? text_clone_flags : text_open_flags;
    say(l, "%s", name_of(text_tasks, t->event));
    if (t->event == TRACE_CLONE || t->event == TRACE_OPEN)
        say(l, " %" PRIu32, t->number);
    say_flags(l, flags, t->flags);
    say_thread_and_name(l, rec, flags, t->name);
}

/* Values near 0 from below are error numbers and file descriptors: -1, -12 … */
static void say_value(struct line *l, uint64_t v)
{
    if (v >= (uint64_t)-4095)
        say(l, " -%" PRIu64, -v);
    else if (v < 10)
        say(l, " %" PRIu64, v);
    else
        say(l, " 0x%" PRIx64, v);
}

static void say_syscall(struct line *l, const struct trace_syscall *s)
{
    const char *name = name_of(text_syscalls, s->number);
    if (name)
        say(l, "syscall %s", name);
    else
        say(l, "syscall %" PRIu64, s->number);
    for (int i = 0; i < 6; i++)
        say_value(l, s->arg[i]);
    say(l, " =");
    say_value(l, (uint64_t)s->result);
}

static void say_control(struct line *l, const struct trace_rec *rec, const struct trace_control *c)
{
    say(l, "%s", name_of(text_controls, c->op));
    if (trace_is_invpcid(c->op))
        say(l, " 0x%" PRIx64, c->desc);
    say(l, " 0x%" PRIx64, c->data);
    if (rec->thread)
        say(l, " thread=%d", rec->thread);
    if (rec->flags & TRACE_EXPECT)
        say(l, " -> %s", name_of(text_results, c->gp ? KIND_GP : KIND_OK));
}

static void say_case(struct line *l, const struct trace_case *c)
{
    say(l, "case %s", c->name);
    say_flags(l, text_features, c->needs);
    for (const struct name *n = text_features; n->word; n++)
        if (c->lacks & n->value)
            say(l, n->value == TRACE_AMD ? " intel" : " no-%s", n->word);
    if (c->paddr_bits)
        say(l, " m%s%d", c->paddr_least ? ">=" : "=", c->paddr_bits);
}

static void say_entry(struct line *l, const struct trace_entry *e)
{
    say(l, "entry 0x%" PRIx64 " 0x%" PRIx64, e->pa, e->value);
    if (e->mask != UINT64_MAX)
        say(l, " mask=0x%" PRIx64, e->mask);
}

static void say_memerr(struct line *l, const struct trace_memerr *m)
{
    say(l, "memerr %s", name_of(text_memory_errors, m->what));
    if (m->what == MEMERR_AT)
        say(l, " 0x%" PRIx64, m->value);
    else if (m->what == MEMERR_READ)
        say(l, " %" PRIu64, m->value);
}

size_t text_put_record(char line[TEXT_LINE], const struct trace_rec *rec, const struct trace_extra *x)
{
    struct line l = {line, line};
    switch (rec->kind) {
    case TRACE_MAP:
        say_map(&l, rec, &x->map);
        break;
    case TRACE_TASK:
        say_task(&l, rec, &x->task);
        break;
    case TRACE_SYSCALL:
        say_syscall(&l, &x->syscall);
        break;
    case TRACE_CONTROL:
        say_control(&l, rec, &x->control);
        break;
    case TRACE_CASE:
        say_case(&l, &x->vector);
        break;
    case TRACE_ENTRY:
        say_entry(&l, &x->entry);
        break;
    case TRACE_MEMERR:
        say_memerr(&l, &x->memerr);
        break;
    case TRACE_POKE:
        say(&l, "poke 0x%" PRIx64 " 0x%" PRIx64, x->poke.pa, x->poke.value);
        break;
    default:
        say_access(&l, rec, x);
    }
    if (rec->thread && rec->kind > TRACE_MAP && rec->kind != TRACE_CONTROL &&
        rec->kind != TRACE_TASK) /* these have said it, before a result or name */
        say(&l, " thread=%d", rec->thread);
    say(&l, "\n");
    return (size_t)(l.p - line);
}
