/* What a trace record may be. The writer, the binary reader and the text reader all ask here, so no path lets in what
 * another would refuse. */
#include "trace.h"

#include "mem/memerr.h"
#include "os/os.h"
#include "pins.h"

#include <string.h>

_Static_assert(sizeof(struct trace_rec) == 16, "records are held by the million");

enum { ACCESS_FLAGS = TRACE_SUPERVISOR | TRACE_IMPLICIT | TRACE_AC | TRACE_SHADOW_STACK | TRACE_EXPECT };
enum { MAP_PROT = OS_READ | OS_WRITE | OS_EXEC, MAP_FLAGS = OS_SHARED | OS_FILE | OS_STACK | OS_HEAP | OS_GROWSDOWN };

static const char *map_invalid(const struct trace_map *m)
{
    if (m->start & 0xfff || m->end & 0xfff)
        return "a mapping starts and ends on a multiple of 0x1000";
    if (m->start >= m->end)
        return "a mapping ends after its start";
    if (m->prot & ~(uint32_t)MAP_PROT)
        return "unknown protection bits";
    if (m->flags & ~(uint32_t)MAP_FLAGS)
        return "unknown mapping flags";
    if (m->offset & 0xfff || (m->offset && !(m->flags & OS_FILE)))
        return "the offset of a mapping is a multiple of 0x1000, and 0 without a file";
    if (!memchr(m->name, 0, sizeof m->name))
        return "the name of a mapping has at most 63 bytes";
    return NULL;
}

static const char *task_invalid(const struct trace_task *t)
{
    static const uint8_t flags[TRACE_TASK_EVENTS] = {[TRACE_CLONE] = TRACE_CLONE_VM | TRACE_CLONE_FILES |
                                                                     TRACE_CLONE_THREAD | TRACE_CLONE_VFORK,
                                                     [TRACE_OPEN] = TRACE_OPEN_NO_FILE};
    static const uint32_t limit[TRACE_TASK_EVENTS] = {[TRACE_CLONE] = TRACE_THREADS - 1, [TRACE_OPEN] = INT32_MAX};
    if (t->event >= TRACE_TASK_EVENTS)
        return "unknown event of a task";
    if (t->flags & ~flags[t->event])
        return "unknown flags of a task's event";
    if ((t->flags & TRACE_CLONE_THREAD) && !(t->flags & TRACE_CLONE_VM))
        return "a thread shares its process' address space: thread needs vm";
    if (t->number > limit[t->event])
        return t->event == TRACE_CLONE  ? "a task's number is 0 to 16383"
               : t->event == TRACE_OPEN ? "a descriptor is below 2^31"
                                        : "only clone and open have a number";
    if (!memchr(t->name, 0, sizeof t->name))
        return "a file's name has at most 63 bytes";
    if ((t->event == TRACE_EXEC || t->event == TRACE_OPEN) != (t->name[0] != 0))
        return t->name[0] ? "only exec and open have a file" : "exec and open have a file's name";
    return NULL;
}

static const char *expect_invalid(const struct trace_expect *e)
{
    if (e->kind > KIND_MEMERR)
        return "unknown kind of expected result";
    if ((e->err || e->err_open) && e->kind != KIND_PF)
        return "only an expected page fault has an error code";
    if (e->err & e->err_open)
        return "a bit of an error code that is left open is 0 in its value";
    if (e->has_pa && e->kind != KIND_OK)
        return "only an expected success has a physical address";
    if (!e->has_pa && (e->pa || e->size))
        return "an expectation without has_pa has no address and no page size";
    if (e->size > SIZE_1G)
        return "unknown page size";
    if (e->has_mt ? e->kind != KIND_OK : e->mt)
        return "only an expected success has a memory type";
    if (e->mt > MT_UC_MINUS || e->mt == 2 || e->mt == 3)
        return "unknown memory type";
    if (e->has_cr2 ? e->kind != KIND_PF : e->cr2)
        return "only an expected page fault has a CR2";
    return NULL;
}

bool trace_is_invpcid(uint8_t op)
{
    return op >= CTL_INVPCID_ADDRESS && op <= CTL_INVPCID_ALL_NONGLOBAL;
}

static const char *control_invalid(const struct trace_rec *rec, const struct trace_control *c)
{
    if (c->op >= CTL_OPS)
        return "unknown control operation";
    if (c->desc && !trace_is_invpcid(c->op))
        return "only INVPCID has a descriptor";
    if (c->gp && !(rec->flags & TRACE_EXPECT))
        return "a control operation without an expectation has no result";
    return NULL;
}

static const char *case_invalid(const struct trace_case *c)
{
    const char *end = memchr(c->name, 0, sizeof c->name);
    if (!end || end == c->name)
        return "the name of a case has 1 to 63 bytes";
    for (const char *p = c->name; p < end; p++)
        if (*p <= ' ' || *p > '~' || c->name[0] == '#')
            return "the name of a case consists of visible ASCII characters, the first not #";
    if (c->needs & c->lacks)
        return "a case cannot need a feature and its absence";
    if (c->paddr_bits ? c->paddr_bits < 36 || c->paddr_bits > 52 : c->paddr_least)
        return "MAXPHYADDR is 36 to 52";
    return NULL;
}

static const char *memerr_invalid(const struct trace_memerr *m)
{
    if (m->what >= MEMERR_WHATS)
        return "unknown sort of memory error";
    if (m->what == MEMERR_OFF && m->value)
        return "the end of memory errors has no value";
    if (m->what == MEMERR_READ && !m->value)
        return "reads that fail are counted from 1";
    return NULL;
}

const char *trace_invalid(const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (rec->kind >= TRACE_KINDS)
        return "unknown record kind";
    if (rec->thread >= TRACE_THREADS)
        return "a thread's number is 0 to 16383";
    if (rec->kind <= TRACE_STORE) {
        if (rec->size < 1 || rec->size > 64)
            return "an access has 1 to 64 bytes";
        if (rec->flags & ~ACCESS_FLAGS)
            return "unknown access flags";
        if ((rec->va & 0xfff) + rec->size > 0x1000)
            return "an access crosses a 4 KiB page; make two of it (trace_put_split)";
        if (!(rec->flags & TRACE_EXPECT))
            return NULL;
    } else if (rec->va || rec->size || rec->flags & ~(rec->kind == TRACE_CONTROL ? TRACE_EXPECT : 0)) {
        return "only accesses have an address, a size and flags";
    }
    if (!extra)
        return "the extra part is missing";
    switch (rec->kind) {
    case TRACE_MAP:
        return map_invalid(&extra->map);
    case TRACE_CONTROL:
        return control_invalid(rec, &extra->control);
    case TRACE_POKE:
        return extra->poke.pa & 7 ? "a page-table entry lies on a multiple of 8" : NULL;
    case TRACE_CASE:
        return case_invalid(&extra->vector);
    case TRACE_ENTRY:
        return extra->entry.pa & 7 ? "a page-table entry lies on a multiple of 8" : NULL;
    case TRACE_SYSCALL:
        return NULL;
    case TRACE_TASK:
        return task_invalid(&extra->task);
    case TRACE_MEMERR:
        return memerr_invalid(&extra->memerr);
    default:
        return expect_invalid(&extra->expect);
    }
}

size_t trace_split(uint64_t va, size_t bytes, uint8_t *size)
{
    size_t page = 0x1000 - (va & 0xfff), piece = bytes < 64 ? bytes : 64;
    *size = (uint8_t)(piece < page ? piece : page);
    return bytes - *size;
}

bool trace_put_split(struct trace_writer *writer, const struct trace_rec *rec, size_t bytes)
{
    struct trace_rec r = *rec;
    if (!bytes) { /* let trace_put refuse it */
        r.size = 0;
        return trace_put(writer, &r, NULL);
    }
    while (bytes) {
        bytes = trace_split(r.va, bytes, &r.size);
        if (!trace_put(writer, &r, NULL))
            return false;
        r.va += r.size;
    }
    return true;
}
