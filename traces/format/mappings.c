/* See mappings.h. The list is a sorted array: programs have hundreds of mappings, and change them rarely. */
#include "mappings.h"

#include "os/os.h"

#include <stdlib.h>
#include <string.h>

enum {
    SYS_MMAP = 9,
    SYS_MPROTECT = 10,
    SYS_MUNMAP = 11,
    SYS_BRK = 12,
    SYS_MREMAP = 25,
    SYS_MADVISE = 28,
    SYS_SHMAT = 30,
    SYS_SHMDT = 67,
    SYS_PKEY_MPROTECT = 329
};
enum {
    LINUX_SHARED = 1,
    LINUX_ANONYMOUS = 0x20,
    LINUX_HUGETLB = 0x40000,
    LINUX_HUGE_SHIFT = 26,
    LINUX_HUGE_1GB = 30,
    LINUX_GROWSDOWN = 0x100,
    LINUX_DONTUNMAP = 4,
    LINUX_DONTFORK = 10,
    LINUX_DOFORK = 11,
    LINUX_SHM_RDONLY = 0x1000,
    LINUX_SHM_EXEC = 0x8000
};
/* Flags of ours: attached by shmat; not for children (madvise); MAP_HUGETLB. */
enum { SEGMENT = 1 << 16, NOT_FORKED = 1 << 17, HUGE = 1 << 18, GIANT = 1 << 19 };

static const uint64_t stack_limit = UINT64_C(8) << 20; /* Linux' default RLIMIT_STACK */

static uint64_t page_up(uint64_t v)
{
    return (v + 0xfff) & ~UINT64_C(0xfff);
}

/* Lengths of mappings of MAP_HUGETLB are rounded up to their pages. */
static uint64_t large_up(uint64_t v, uint32_t flags)
{
    const uint64_t size = flags & GIANT ? UINT64_C(1) << 30 : flags & HUGE ? UINT64_C(2) << 20 : 0x1000;
    return (v + size - 1) & ~(size - 1);
}

void mappings_free(struct mappings *list)
{
    free(list->map);
    *list = (struct mappings){0};
}

bool mappings_fork(struct mappings *copy, const struct mappings *list)
{
    *copy = *list;
    copy->room = list->count;
    copy->count = 0;
    copy->last = 0;
    copy->map = malloc((list->count ? list->count : 1) * sizeof *list->map);
    if (!copy->map) {
        *copy = (struct mappings){0};
        return false;
    }
    for (size_t i = 0; i < list->count; i++)
        if (!(list->map[i].flags & NOT_FORKED))
            copy->map[copy->count++] = list->map[i];
    return true;
}

/* The first mapping that ends beyond va. */
static size_t at_or_after(const struct mappings *list, uint64_t va)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (list->map[mid].end <= va)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool insert(struct mappings *list, size_t at, struct mapping v)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        struct mapping *more = realloc(list->map, room * sizeof *more);
        if (!more)
            return false;
        list->map = more;
        list->room = room;
    }
    memmove(&list->map[at + 1], &list->map[at], (list->count - at) * sizeof v);
    list->map[at] = v;
    list->count++;
    return true;
}

/* Makes `va` a border between mappings. */
static bool split(struct mappings *list, uint64_t va)
{
    size_t i = at_or_after(list, va);
    if (i == list->count || list->map[i].start >= va)
        return true;
    struct mapping upper = list->map[i];
    upper.start = va;
    if (!insert(list, i + 1, upper))
        return false;
    list->map[i].end = va;
    return true;
}

static bool unmap(struct mappings *list, uint64_t start, uint64_t end)
{
    if (start >= end)
        return true;
    if (!split(list, start) || !split(list, end))
        return false;
    size_t from = at_or_after(list, start), to = from;
    while (to < list->count && list->map[to].start < end)
        to++;
    if (from == to)
        return true;
    memmove(&list->map[from], &list->map[to], (list->count - to) * sizeof *list->map);
    list->count -= to - from;
    list->last = 0;
    return true;
}

static bool map(struct mappings *list, struct mapping v)
{
    return v.start >= v.end || (unmap(list, v.start, v.end) && insert(list, at_or_after(list, v.start), v));
}

bool mappings_initial(struct mappings *list, const struct trace_map *m)
{
    size_t i = at_or_after(list, m->start);
    if (i < list->count && list->map[i].start < m->end)
        return false;
    if (m->flags & OS_HEAP)
        list->brk = m->end;
    return insert(list, i, (struct mapping){m->start, m->end, m->prot, m->flags, 0});
}

static const char *follow_brk(struct mappings *list, uint64_t now)
{
    uint64_t before = page_up(list->brk), after = page_up(now);
    bool known = list->brk;
    list->brk = now;
    if (!known) /* the first call only tells where the break is */
        return NULL;
    bool ok = after >= before ? map(list, (struct mapping){before, after, OS_READ | OS_WRITE, OS_HEAP, 0})
                              : unmap(list, after, before);
    return ok ? NULL : "out of memory";
}

static const char *follow_mremap(struct mappings *list, uint64_t from, uint64_t from_len, uint64_t to, uint64_t to_len,
                                 uint64_t flags)
{
    size_t i = at_or_after(list, from);
    if (i == list->count || list->map[i].start > from)
        return "mremap of an address that is not mapped";
    struct mapping v = list->map[i];
    const uint64_t old = large_up(from_len, v.flags);
    v.origin = to - (from - v.origin);
    v.start = to;
    v.end = to + large_up(to_len, v.flags);
    if (from_len && !(flags & LINUX_DONTUNMAP) && !unmap(list, from, from + old))
        return "out of memory";
    return map(list, v) ? NULL : "out of memory";
}

static const char *follow_shmat(struct mappings *list, uint64_t start, uint64_t flags, uint64_t length)
{
    if (start & 0xfff || !length || length & 0xfff || start + length <= start)
        return "shmat's result and the segment's length, its fourth argument, are no range of pages";
    uint32_t prot = OS_READ | (flags & LINUX_SHM_RDONLY ? 0 : OS_WRITE) | (flags & LINUX_SHM_EXEC ? OS_EXEC : 0);
    return map(list, (struct mapping){start, start + length, prot, OS_SHARED | SEGMENT, start}) ? NULL
                                                                                                : "out of memory";
}

/* Every piece that munmap, mprotect and mremap have left of what would begin here. */
static const char *follow_shmdt(struct mappings *list, uint64_t start)
{
    bool some = false;
    for (size_t i = at_or_after(list, start); i < list->count;) {
        const struct mapping piece = list->map[i];
        if (!(piece.flags & SEGMENT) || piece.origin != start) {
            i++;
            continue;
        }
        if (!unmap(list, piece.start, piece.end))
            return "out of memory";
        some = true;
    }
    return some ? NULL : "shmdt of an address where nothing is attached";
}

const char *mappings_follow(struct mappings *list, const struct trace_syscall *s)
{
    uint64_t result = (uint64_t)s->result, start = s->arg[0], end = page_up(start + s->arg[1]);
    if (result >= (uint64_t)-4095)
        return NULL;
    bool ok = true;
    switch (s->number) {
    case SYS_MMAP: {
        if (result & 0xfff || !s->arg[1] || page_up(result + s->arg[1]) <= result)
            return "the result of mmap is no range of pages";
        uint32_t flags = (s->arg[3] & LINUX_SHARED ? OS_SHARED : 0) | (s->arg[3] & LINUX_ANONYMOUS ? 0 : OS_FILE) |
                         (s->arg[3] & LINUX_GROWSDOWN ? OS_GROWSDOWN : 0);
        if (s->arg[3] & LINUX_HUGETLB)
            flags |= (s->arg[3] >> LINUX_HUGE_SHIFT & 63) == LINUX_HUGE_1GB ? GIANT : HUGE;
        ok = map(list,
                 (struct mapping){result, result + large_up(s->arg[1], flags), (uint32_t)s->arg[2] & 7, flags, 0});
        break;
    }
    case SYS_SHMAT:
        return follow_shmat(list, result, s->arg[2], s->arg[3]);
    case SYS_SHMDT:
        return follow_shmdt(list, start);
    case SYS_MUNMAP: {
        size_t i = at_or_after(list, start);
        if (i == list->count || list->map[i].start >= end)
            return "munmap of a range in which nothing is mapped";
        ok = unmap(list, start, end);
        break;
    }
    case SYS_MPROTECT:
    case SYS_PKEY_MPROTECT:
        if (start >= end)
            break;
        if (!split(list, start) || !split(list, end))
            return "out of memory";
        for (size_t i = at_or_after(list, start); i < list->count && list->map[i].start < end; i++)
            list->map[i].prot = (uint32_t)s->arg[2] & 7;
        break;
    case SYS_MADVISE:
        if (start >= end || (s->arg[2] != LINUX_DONTFORK && s->arg[2] != LINUX_DOFORK))
            break;
        if (!split(list, start) || !split(list, end))
            return "out of memory";
        for (size_t i = at_or_after(list, start); i < list->count && list->map[i].start < end; i++)
            list->map[i].flags = s->arg[2] == LINUX_DONTFORK ? list->map[i].flags | NOT_FORKED
                                                             : list->map[i].flags & ~(uint32_t)NOT_FORKED;
        break;
    case SYS_BRK:
        return follow_brk(list, result);
    case SYS_MREMAP:
        return follow_mremap(list, start, s->arg[1], result, s->arg[2], s->arg[3]);
    }
    return ok ? NULL : "out of memory";
}

const struct mapping *mappings_find(struct mappings *list, uint64_t va)
{
    if (list->last < list->count) {
        const struct mapping *v = &list->map[list->last];
        if (v->start <= va && va < v->end)
            return v;
    }
    size_t i = at_or_after(list, va);
    if (i == list->count)
        return NULL;
    struct mapping *v = &list->map[i];
    if (va < v->start) {
        if (!(v->flags & OS_GROWSDOWN) || v->end - va > stack_limit)
            return NULL;
        v->start = va & ~UINT64_C(0xfff);
    }
    list->last = i;
    return v;
}
