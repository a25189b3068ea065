/* What MAP, OPEN and system calls mean to contents, by the Linux manual pages. See shadow.h. */
#include "shadow.h"

#include <stdlib.h>
#include <string.h>

#include "os/os.h"

enum linux_number {
    SYS_OPEN = 2,
    SYS_CLOSE = 3,
    SYS_MMAP = 9,
    SYS_MUNMAP = 11,
    SYS_BRK = 12,
    SYS_MREMAP = 25,
    SYS_MADVISE = 28,
    SYS_SHMAT = 30,
    SYS_SHMCTL = 31,
    SYS_DUP = 32,
    SYS_DUP2 = 33,
    SYS_SHMDT = 67,
    SYS_CREAT = 85,
    SYS_OPENAT = 257,
    SYS_DUP3 = 292,
    SYS_MEMFD_CREATE = 319,
    SYS_OPENAT2 = 437,
};
enum { SHARED = 1, ANONYMOUS = 0x20, HUGETLB = 0x40000, MOST_DESCRIPTORS = 1 << 20 };
enum { POPULATE = 0x8000, HUGE_SHIFT = 26, HUGE_1GB = 30, WRITE = 2, NO_MEMORY = -12 };
enum { POPULATE_READ = 22, POPULATE_WRITE = 23 };
enum { DONTNEED = 4, OFFER = 8, DONTFORK = 10, DOFORK = 11, WIPEONFORK = 18, KEEPONFORK = 19, DONTNEED_LOCKED = 24 };

static const uint64_t LARGE = UINT64_C(2) << 20, GIANT = UINT64_C(1) << 30;

/* ---- descriptors ---- */

static void describe(struct shadow *s, unsigned task, int64_t fd, uint64_t object)
{
    struct shadow_files *files = s->task[task].files;
    if (fd < 0 || fd >= MOST_DESCRIPTORS)
        return;
    if ((size_t)fd >= files->count) {
        const size_t count = (size_t)fd * 2 + 16;
        uint64_t *grown = realloc(files->object, count * sizeof *grown);
        if (!grown) {
            s->short_of_memory = true;
            return;
        }
        memset(grown + files->count, 0, (count - files->count) * sizeof *grown);
        files->object = grown;
        files->count = count;
    }
    files->object[fd] = object;
}

/* One that the trace has not told of is a file that nothing else is known of. */
static uint64_t behind(struct shadow *s, unsigned task, int64_t fd)
{
    const struct shadow_files *files = s->task[task].files;
    if (fd >= 0 && (size_t)fd < files->count && files->object[fd])
        return files->object[fd];
    const uint64_t object = shadow_object(s, NULL, false);
    describe(s, task, fd, object);
    return object;
}

void shadow_open(struct shadow *s, unsigned task, const struct trace_task *open)
{
    describe(s, task, open->number, shadow_object(s, open->name, open->flags & TRACE_OPEN_NO_FILE));
}

/* ---- mappings ---- */

void shadow_map(struct shadow *s, unsigned task, const struct trace_map *m)
{
    struct shadow_area area = {.start = m->start,
                               .end = m->end,
                               .shared = m->flags & OS_SHARED,
                               .unit = 4096,
                               .page = s->named ? m->offset >> 12 : 0};
    if (m->flags & OS_FILE)
        area.object = shadow_object(s, s->named && m->name[0] ? m->name : NULL, false);
    else if (area.shared)
        area.object = shadow_object(s, NULL, true);
    if (area.object)
        s->object[area.object].unit = 4096;
    shadow_put(s, s->task[task].space, area);
    if (m->flags & OS_HEAP)
        s->task[task].space->brk = m->end;
}

/* The object behind the descriptor, and the size of its pages, which a named one keeps whatever the flags say. */
static void map_descriptor(struct shadow *s, unsigned task, int64_t fd, struct shadow_area *area)
{
    area->object = behind(s, task, fd);
    const struct shadow_object *object = &s->object[area->object];
    if (object->unit && object->unit != area->unit && object->name) {
        area->unit = object->unit;
    } else if (object->unit && object->unit != area->unit) { /* another file has got this number, untold */
        area->object = shadow_object(s, NULL, false);
        describe(s, task, fd, area->object);
    }
    s->object[area->object].unit = area->unit;
}

static void touch_all(struct shadow *s, struct shadow_space *space, uint64_t start, uint64_t end, bool write)
{
    for (size_t i = 0; i < space->areas; i++) {
        const struct shadow_area *area = &space->area[i];
        const uint64_t from = area->start > start ? area->start : start, to = area->end < end ? area->end : end;
        if (area->unit > 4096)
            for (uint64_t va = from; va < to; va += area->unit)
                shadow_touch_large(s, space, area, va, write);
    }
}

static void follow_mmap(struct shadow *s, unsigned task, const struct trace_syscall *c)
{
    const uint64_t start = (uint64_t)c->result, type = c->arg[3] & 15, size = c->arg[3] >> HUGE_SHIFT & 63;
    struct shadow_area area = {.start = start, .shared = type == SHARED || type == 3};
    area.unit = !(c->arg[3] & HUGETLB) ? 4096 : size == HUGE_1GB ? GIANT : LARGE;
    if (!(c->arg[3] & ANONYMOUS)) {
        map_descriptor(s, task, (int)(uint32_t)c->arg[4], &area);
        area.page = c->arg[5] >> 12;
    } else if (area.shared) {
        area.object = shadow_object(s, NULL, true);
    }
    area.end = start + shadow_up(c->arg[1], area.unit);
    shadow_put(s, s->task[task].space, area);
    if (c->arg[3] & POPULATE && c->arg[2] & 7)
        touch_all(s, s->task[task].space, area.start, area.end, c->arg[2] & WRITE && !area.shared);
}

static void follow_brk(struct shadow *s, struct shadow_space *space, uint64_t now)
{
    const uint64_t before = shadow_up(space->brk, 4096), after = shadow_up(now, 4096);
    if (space->brk && after > before)
        shadow_put(s, space, (struct shadow_area){.start = before, .end = after, .unit = 4096});
    else if (space->brk && after < before)
        shadow_unmap(s, space, after, before);
    space->brk = now;
}

static void forget(struct cell *cell)
{
    cell->state = CELL_GONE;
}

static void offer(struct cell *cell)
{
    cell->offered = true;
}

static void advise(struct shadow_area *area, struct shadow_space *space, uint64_t advice)
{
    switch (advice) {
    case DONTNEED:
    case DONTNEED_LOCKED:
        if (!area->shared)
            shadow_visit(space, area->start, area->end, forget);
        break;
    case OFFER:
        if (!area->object && area->unit == 4096)
            shadow_visit(space, area->start, area->end, offer);
        break;
    case DONTFORK:
    case DOFORK:
        area->no_fork = advice == DONTFORK;
        break;
    case WIPEONFORK:
    case KEEPONFORK:
        area->wipe = advice == WIPEONFORK;
        break;
    default:
        break;
    }
}

/* Of large pages DONTNEED takes only those that the length reaches the end of. */
static void follow_madvise(struct shadow *s, struct shadow_space *space, uint64_t start, uint64_t end, uint64_t advice)
{
    if (advice == POPULATE_READ || advice == POPULATE_WRITE) {
        touch_all(s, space, start, end, advice == POPULATE_WRITE);
        return;
    }
    const struct shadow_area *last = end > start ? shadow_area_at(space, end - 1) : NULL;
    if (last && (advice == DONTNEED || advice == DONTNEED_LOCKED))
        end &= ~(last->unit - 1);
    if (end <= start)
        return;
    shadow_cut(s, space, start);
    shadow_cut(s, space, end);
    for (size_t i = 0; i < space->areas; i++)
        if (space->area[i].start >= start && space->area[i].end <= end)
            advise(&space->area[i], space, advice);
}

void shadow_syscall(struct shadow *s, unsigned task, const struct trace_syscall *c)
{
    struct shadow_space *space = s->task[task].space;
    const bool went_on = c->number == SYS_MADVISE && c->result == NO_MEMORY; /* over what is not mapped */
    if (!space || (c->result < 0 && c->result >= -4095 && !went_on))
        return;
    switch (c->number) {
    case SYS_MMAP:
        follow_mmap(s, task, c);
        break;
    case SYS_MUNMAP:
        shadow_unmap(s, space, c->arg[0], c->arg[0] + shadow_up(c->arg[1], 4096));
        break;
    case SYS_BRK:
        follow_brk(s, space, (uint64_t)c->result);
        break;
    case SYS_MREMAP:
        shadow_mremap(s, space, c);
        break;
    case SYS_MADVISE:
        follow_madvise(s, space, c->arg[0], c->arg[0] + shadow_up(c->arg[1], 4096), c->arg[2]);
        break;
    case SYS_SHMAT:
        shadow_attach(s, space, c);
        break;
    case SYS_SHMCTL:
        shadow_control_segment(s, c->arg[0], c->arg[1]);
        break;
    case SYS_SHMDT:
        shadow_detach(s, space, c->arg[0]);
        break;
    case SYS_OPEN:
    case SYS_CREAT:
    case SYS_OPENAT:
    case SYS_OPENAT2:
    case SYS_MEMFD_CREATE:
        describe(s, task, c->result, shadow_object(s, NULL, c->number == SYS_MEMFD_CREATE));
        break;
    case SYS_DUP:
    case SYS_DUP2:
    case SYS_DUP3:
        describe(s, task, c->result, behind(s, task, (int)(uint32_t)c->arg[0]));
        break;
    case SYS_CLOSE:
        if ((int64_t)c->arg[0] < (int64_t)s->task[task].files->count)
            describe(s, task, (int64_t)c->arg[0], 0);
        break;
    default:
        break;
    }
}
