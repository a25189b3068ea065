/* Traces with their own tables, in memory: see script.h. */
#include "script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86.h"
#include "base/outfile.h"

enum { FIRST_ROOM = 256 };

void script_free(struct script *s)
{
    free(s->line);
    *s = (struct script){0};
}

static struct line *add(struct script *s)
{
    if (s->count == s->room) {
        const size_t room = s->room ? 2 * s->room : FIRST_ROOM;
        struct line *line = realloc(s->line, room * sizeof *line);
        if (!line)
            return NULL;
        s->line = line;
        s->room = room;
    }
    s->line[s->count] = (struct line){0};
    return &s->line[s->count++];
}

static bool add_record(struct script *s, const struct trace_reader *reader, const struct trace_rec *rec)
{
    struct line *line = add(s);
    const struct trace_extra *extra = trace_extra(reader, rec);
    if (!line)
        return false;
    line->rec = *rec;
    if (extra)
        line->extra = *extra;
    return true;
}

/* Up to `most` records of a trace of this sort. Gives how it ended: 1 there are more, 0 at its end, -1 not good. */
static int read_most(struct script *s, const char *path, bool os, size_t most)
{
    const char *error = "";
    const struct trace_rec *recs;
    size_t count;
    int got = 1;
    struct trace_reader *reader = trace_open(path, &error);
    *s = (struct script){.os = os};
    if (!reader)
        return -1;
    const struct trace_info *info = trace_get_info(reader);
    s->linear_bits = info->linear_bits;
    memcpy(s->program, info->program, sizeof s->program);
    if (info->own_tables == os)
        got = -1;
    while (got == 1 && s->count < most && (got = trace_next(reader, &recs, &count)) == 1)
        for (size_t i = 0; got == 1 && i < count && s->count < most; i++)
            got = add_record(s, reader, &recs[i]) ? 1 : -1;
    trace_close(reader);
    return got;
}

bool script_read(struct script *s, const char *path, size_t most)
{
    const bool good = read_most(s, path, false, most + 1) == 0;
    if (!good)
        script_free(s);
    return good;
}

bool script_read_program(struct script *s, const char *path, size_t count)
{
    const bool good = read_most(s, path, true, count) >= 0;
    if (!good)
        script_free(s);
    return good;
}

/* ---- from events --------------------------------------------------------------------------------------------------
 */

/* What the script has left in memory, entry by entry: open addressing, at most half full. */
struct image {
    struct image_entry {
        uint64_t pa, value; /* pa 0 is kept as 1: no entry is there */
        uint64_t read;      /* the event whose walk has read it last */
    } *slot;
    size_t size, used;
};

static struct image_entry *image_at(struct image *m, uint64_t pa, bool *known)
{
    const uint64_t key = pa | 1;
    if (2 * m->used >= m->size) {
        struct image bigger = {.size = m->size ? 2 * m->size : 1024};
        bigger.slot = calloc(bigger.size, sizeof *bigger.slot);
        if (!bigger.slot)
            return NULL;
        for (size_t i = 0; i < m->size; i++)
            if (m->slot[i].pa) {
                bool was;
                struct image_entry *entry = image_at(&bigger, m->slot[i].pa & ~UINT64_C(1), &was);
                entry->value = m->slot[i].value;
                entry->read = m->slot[i].read;
            }
        free(m->slot);
        *m = bigger;
    }
    size_t at = (key >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (m->size - 1);
    while (m->slot[at].pa && m->slot[at].pa != key)
        at = (at + 1) & (m->size - 1);
    *known = m->slot[at].pa != 0;
    if (!*known) {
        m->slot[at].pa = key;
        m->used++;
    }
    return &m->slot[at];
}

static bool add_control(struct script *s, uint8_t op, uint64_t data, uint64_t desc)
{
    struct line *line = add(s);
    if (!line)
        return false;
    line->rec.kind = TRACE_CONTROL;
    line->extra.control = (struct trace_control){.op = op, .data = data, .desc = trace_is_invpcid(op) ? desc : 0};
    return true;
}

unsigned registers_set(const struct oracle_regs *r, struct trace_control op[REGISTERS])
{
    unsigned n = 0;
    op[n++] = (struct trace_control){.op = CTL_MOV_CR0, .data = r->cr0 | CR0_PG | CR0_PE};
    op[n++] = (struct trace_control){.op = CTL_WRMSR_EFER, .data = r->efer | EFER_LME | EFER_LMA};
    op[n++] = (struct trace_control){.op = CTL_MOV_CR4, .data = r->cr4 | CR4_PAE};
    op[n++] = (struct trace_control){.op = CTL_MOV_CR3, .data = r->cr3};
    if (r->pat != UINT64_C(0x0007040600070406))
        op[n++] = (struct trace_control){.op = CTL_WRMSR_PAT, .data = r->pat};
    if (r->pkru)
        op[n++] = (struct trace_control){.op = CTL_WRPKRU, .data = r->pkru};
    if (r->pkrs)
        op[n++] = (struct trace_control){.op = CTL_WRMSR_PKRS, .data = r->pkrs};
    return n;
}

static bool add_registers(struct script *s, const struct oracle_regs *r)
{
    struct trace_control op[REGISTERS];
    const unsigned n = registers_set(r, op);
    for (unsigned i = 0; i < n; i++)
        if (!add_control(s, op[i].op, op[i].data, 0))
            return false;
    return true;
}

static bool add_poke(struct script *s, uint64_t pa, uint64_t value)
{
    struct line *line = add(s);
    if (line) {
        line->rec.kind = TRACE_POKE;
        line->extra.poke = (struct trace_poke){pa, value};
    }
    return line;
}

/* Pokes between the events, in the order of the events before which they stand. */
struct pokes {
    struct {
        uint64_t before; /* the event's number, counted from the oldest */
        uint64_t pa, value;
    } *poke;
    size_t count, room;
};

static bool note_poke(struct pokes *p, uint64_t before, uint64_t pa, uint64_t value)
{
    if (p->count == p->room) {
        const size_t room = p->room ? 2 * p->room : FIRST_ROOM;
        void *poke = realloc(p->poke, room * sizeof *p->poke);
        if (!poke)
            return false;
        p->poke = poke;
        p->room = room;
    }
    size_t at = p->count++;
    for (; at > 0 && p->poke[at - 1].before > before; at--)
        p->poke[at] = p->poke[at - 1];
    p->poke[at].before = before;
    p->poke[at].pa = pa;
    p->poke[at].value = value;
    return true;
}

/* What the walk of an access, the event `now`, reads and the script has not left so. An entry was changed at some time
 * after the last walk that read it, and is so in the script at once: then what invalidates it stands behind the change.
 * What the script has not touched yet is poked before everything else, where it stops no stream of accesses. */
static bool note_pokes(struct pokes *p, struct image *m, const struct event *e, uint64_t now)
{
    enum { FLAGS = ENTRY_A | ENTRY_D };
    for (unsigned i = 0; i < e->steps; i++) {
        const struct oracle_step *step = &e->step[i];
        bool known;
        struct image_entry *entry = image_at(m, step->pa, &known);
        if (!entry)
            return false;
        if (!known || ((entry->value ^ step->value) & ~(uint64_t)FLAGS) || (entry->value & ~step->value & FLAGS)) {
            if (!note_poke(p, known ? entry->read + 1 : 0, step->pa, step->value))
                return false;
            entry->value = step->value;
        }
        entry->read = now;
        entry->value |= (step->must_a ? ENTRY_A : 0) | (step->must_d ? ENTRY_D : 0);
    }
    return true;
}

static bool add_access(struct script *s, const struct pins_req *req)
{
    static const uint8_t kinds[] = {[ACC_READ] = TRACE_LOAD, [ACC_WRITE] = TRACE_STORE, [ACC_EXECUTE] = TRACE_FETCH};
    struct line *line = add(s);
    if (!line)
        return false;
    line->rec.kind = kinds[req->acc % 3];
    line->rec.va = req->va;
    line->rec.size = 1;
    line->rec.flags = (uint8_t)((req->user ? 0 : TRACE_SUPERVISOR) | (req->imp ? TRACE_IMPLICIT : 0) |
                                (req->ac ? TRACE_AC : 0) | (req->ss ? TRACE_SHADOW_STACK : 0));
    return true;
}

static bool add_event(struct script *s, const struct event *e)
{
    if (e->control)
        return e->op >= CTL_OPS || add_control(s, e->op, e->data, e->desc);
    return add_access(s, &e->req);
}

bool script_of_events(struct script *s, const struct events *events, uint64_t n)
{
    struct image image = {0};
    struct pokes pokes = {0};
    size_t poked = 0;
    *s = (struct script){.linear_bits = CFG_ARCH_LA57 ? 57 : 48};
    bool good = true;
    for (uint64_t i = 0; good && i < n; i++)
        good = note_pokes(&pokes, &image, events_last(events, n - 1 - i), i);
    for (uint64_t i = 0; good && i < n; i++) {
        for (; good && poked < pokes.count && pokes.poke[poked].before == i; poked++)
            good = add_poke(s, pokes.poke[poked].pa, pokes.poke[poked].value);
        const struct event *e = events_last(events, n - 1 - i);
        good = good && (i > 0 || add_registers(s, &e->regs)) && add_event(s, e);
    }
    free(pokes.poke);
    free(image.slot);
    if (!good)
        script_free(s);
    return good;
}

bool script_have_access(struct script *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (line_is_access(&s->line[i]))
            return true;
    return add_access(s, &(struct pins_req){.acc = ACC_READ, .user = true});
}

/* ---- writing ------------------------------------------------------------------------------------------------------
 */

size_t script_records(const struct script *s, const bool *keep)
{
    size_t records = 0;
    for (size_t i = 0; i < s->count; i++)
        records += (!keep || keep[i]) && s->line[i].rec.kind != TRACE_POKE;
    return records;
}

/* Puts the comment lines between the first line of a trace and the rest. */
static bool put_head(const char *path, const char *head)
{
    char text[4096];
    struct outfile out = {0};
    FILE *file = fopen(path, "r");
    bool good = file && fgets(text, sizeof text, file) && outfile_open(&out, "", path);
    if (good)
        fprintf(out.file, "%s%s", text, head);
    for (size_t got; good && (got = fread(text, 1, sizeof text, file)) > 0;)
        fwrite(text, 1, got, out.file);
    good = good && !ferror(file);
    if (good)
        good = outfile_keep(&out);
    else
        outfile_drop(&out);
    if (file)
        fclose(file);
    return good;
}

bool script_write(const struct script *s, const bool *keep, const char *path, const char *head)
{
    struct trace_info info = {.linear_bits = s->linear_bits,
                              .own_tables = !s->os,
                              .records = UINT64_MAX,
                              .accesses = UINT64_MAX};
    memcpy(info.program, s->program, sizeof info.program);
    const char *error = "";
    struct trace_writer *writer = trace_create(path, &info, true, &error);
    bool good = writer != NULL;
    for (size_t i = 0; good && i < s->count; i++)
        if (!keep || keep[i])
            good = trace_put(writer, &s->line[i].rec, &s->line[i].extra);
    if (writer)
        good = trace_finish(writer, &error) && good;
    return good && (!head || put_head(path, head));
}
