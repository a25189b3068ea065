/* What MAP, OPEN and system calls mean to contents, by the Linux manual pages. See shadow.h. */
#include "shadow.h"

#include <stdio.h>
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
    SYS_DUP = 32,
    SYS_DUP2 = 33,
    SYS_SHMDT = 67,
    SYS_CREAT = 85,
    SYS_OPENAT = 257,
    SYS_DUP3 = 292,
    SYS_MEMFD_CREATE = 319,
    SYS_OPENAT2 = 437,
};
enum { SHARED = 1, ANONYMOUS = 0x20, HUGETLB = 0x40000, DONTUNMAP = 4, MOST_DESCRIPTORS = 1 << 20 };
enum { DONTNEED = 4, OFFER = 8, DONTFORK = 10, DOFORK = 11, WIPEONFORK = 18, KEEPONFORK = 19, DONTNEED_LOCKED = 24 };

static const uint64_t LARGE = UINT64_C(2) << 20;

static uint64_t up(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) & ~(unit - 1);
}

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
    const bool zeros = open->flags & TRACE_OPEN_NO_FILE;
    describe(s, task, open->number, shadow_object(s, zeros ? NULL : open->name, zeros));
}

/* ---- mappings ---- */

void shadow_map(struct shadow *s, unsigned task, const struct trace_map *m)
{
    struct shadow_area area = {.start = m->start,
                               .end = m->end,
                               .shared = m->flags & OS_SHARED,
                               .page = s->named ? m->offset >> 12 : 0};
    if (m->flags & OS_FILE)
        area.object = shadow_object(s, s->named && m->name[0] ? m->name : NULL, false);
    else if (area.shared)
        area.object = shadow_object(s, NULL, true);
    shadow_put(s, s->task[task].space, area);
    if (m->flags & OS_HEAP)
        s->task[task].space->brk = m->end;
}

static void follow_mmap(struct shadow *s, unsigned task, const struct trace_syscall *c)
{
    const uint64_t start = (uint64_t)c->result, type = c->arg[3] & 15;
    struct shadow_area area = {.start = start, .end = start + up(c->arg[1], c->arg[3] & HUGETLB ? LARGE : 4096)};
    area.shared = type == SHARED || type == 3;
    if (!(c->arg[3] & ANONYMOUS)) {
        area.object = behind(s, task, (int)(uint32_t)c->arg[4]);
        area.page = c->arg[5] >> 12;
    } else if (area.shared) {
        area.object = shadow_object(s, NULL, true);
    }
    shadow_put(s, s->task[task].space, area);
}

static void follow_brk(struct shadow *s, struct shadow_space *space, uint64_t now)
{
    const uint64_t before = up(space->brk, 4096), after = up(now, 4096);
    if (space->brk && after > before)
        shadow_put(s, space, (struct shadow_area){.start = before, .end = after});
    else if (space->brk && after < before)
        shadow_unmap(s, space, after, before);
    space->brk = now;
}

/* What was written goes along; what is cut off is lost. */
static void follow_mremap(struct shadow *s, struct shadow_space *space, const struct trace_syscall *c)
{
    const uint64_t from = c->arg[0], old = up(c->arg[1], 4096), to = (uint64_t)c->result, new = up(c->arg[2], 4096);
    const struct shadow_area *at = shadow_area_at(space, from);
    if (!at)
        return;
    struct shadow_area area = *at;
    area.page += (from - area.start) >> 12;
    area.start = to;
    area.end = to + new;
    if (to == from) { /* in place: only what is added or lost changes */
        if (new > old) {
            area.page += old >> 12;
            area.start += old;
            shadow_put(s, space, area);
        } else if (new < old) {
            shadow_unmap(s, space, from + new, from + old);
        }
        return;
    }
    const uint64_t moved = old < new ? old : new;
    shadow_put(s, space, area);
    for (uint64_t i = 0; i < moved; i += 4096) {
        struct cell *cell = cells_find(&space->own, (from + i) >> 12);
        if (!cell)
            continue;
        const struct cell written = *cell;
        cell->state = CELL_GONE;
        cell = cells_make(&space->own, (to + i) >> 12);
        if (!cell) {
            s->short_of_memory = true;
            return;
        }
        cell->value = written.value;
        cell->offered = written.offered;
    }
    if (old && !(c->arg[3] & DONTUNMAP))
        shadow_unmap(s, space, from, from + old);
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
        if (!area->object)
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

static void follow_madvise(struct shadow *s, struct shadow_space *space, uint64_t start, uint64_t end, uint64_t advice)
{
    shadow_cut(s, space, start);
    shadow_cut(s, space, end);
    for (size_t i = 0; i < space->areas; i++)
        if (space->area[i].start >= start && space->area[i].end <= end)
            advise(&space->area[i], space, advice);
}

static void follow_shmat(struct shadow *s, struct shadow_space *space, const struct trace_syscall *c)
{
    char name[64];
    snprintf(name, sizeof name, "/SYSV%llx", (unsigned long long)c->arg[0]);
    shadow_put(s, space,
               (struct shadow_area){.start = (uint64_t)c->result,
                                    .end = (uint64_t)c->result + up(c->arg[3], 4096),
                                    .object = shadow_object(s, name, true),
                                    .shared = true});
}

/* All that is left of the segment behind this address. */
static void follow_shmdt(struct shadow *s, struct shadow_space *space, uint64_t start)
{
    const struct shadow_area *area = shadow_area_at(space, start);
    const uint64_t object = area ? area->object : 0;
    for (uint64_t at = start; area && area->object == object && area->start == at; area = shadow_area_at(space, at)) {
        const uint64_t end = area->end;
        shadow_unmap(s, space, at, end);
        at = end;
    }
}

void shadow_syscall(struct shadow *s, unsigned task, const struct trace_syscall *c)
{
    struct shadow_space *space = s->task[task].space;
    if (!space || (c->result < 0 && c->result >= -4095))
        return;
    switch (c->number) {
    case SYS_MMAP:
        follow_mmap(s, task, c);
        break;
    case SYS_MUNMAP:
        shadow_unmap(s, space, c->arg[0], c->arg[0] + up(c->arg[1], 4096));
        break;
    case SYS_BRK:
        follow_brk(s, space, (uint64_t)c->result);
        break;
    case SYS_MREMAP:
        follow_mremap(s, space, c);
        break;
    case SYS_MADVISE:
        follow_madvise(s, space, c->arg[0], c->arg[0] + up(c->arg[1], 4096), c->arg[2]);
        break;
    case SYS_SHMAT:
        follow_shmat(s, space, c);
        break;
    case SYS_SHMDT:
        follow_shmdt(s, space, c->arg[0]);
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
