/* The memory system calls, by their results: the trace says what Linux did, this file does the same to mappings and
 * page tables.
 *
 * A call that failed (result -4095 … -1) changed nothing. A result that Linux could not have given in the state at hand
 * is refused with a message: the trace and the simulated kernel have parted, and everything after would be wrong. */
#include <inttypes.h>
#include <stdio.h>

#include "kernel.h"
#include "linux_abi.h"

static uint64_t page_up(uint64_t bytes)
{
    return (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

static void finish(struct os *os, const struct flush *flush)
{
    tlb_flush(os, os->mm, flush);
}

bool user_range(struct os *os, const char *call, uint64_t start, uint64_t bytes, uint64_t *end)
{
    *end = start + page_up(bytes);
    if (start % PAGE_BYTES)
        return os_fail(os, "%s succeeded at 0x%" PRIx64 ", which is not page aligned", call, start);
    if (!bytes || page_up(bytes) < bytes)
        return os_fail(os, "%s succeeded at 0x%" PRIx64 " with an impossible length of 0x%" PRIx64, call, start, bytes);
    if (start >= os->user_end || page_up(bytes) > os->user_end - start)
        return os_fail(os,
                       "%s succeeded at 0x%" PRIx64 ", length 0x%" PRIx64
                       ", which reaches beyond user space (0x%" PRIx64 ")%s",
                       call, start, bytes, os->user_end,
                       os->config.la57 ? "" : "; a 57-bit trace needs 5-level paging");
    return true;
}

static bool unmap(struct os *os, uint64_t start, uint64_t end)
{
    struct flush flush = {0};
    bool done = space_unmap(os, os->mm, start, end, &flush);
    finish(os, &flush);
    return done;
}

/* Frees the place for a new mapping: only MAP_FIXED and MREMAP_FIXED may replace something. */
static bool make_room(struct os *os, const char *call, uint64_t start, uint64_t end, bool fixed)
{
    if (!vma_overlaps(&os->mm->vmas, start, end))
        return true;
    if (fixed || os->config.implicit_map)
        return unmap(os, start, end);
    char other[DESCRIBE_ROOM];
    os_describe(&os->mm->vmas.at[vma_first(&os->mm->vmas, start)], other, sizeof other);
    return os_fail(os, "%s gave 0x%" PRIx64 "-0x%" PRIx64 " without being told to replace %s", call, start, end, other);
}

static unsigned prot_of(uint64_t linux_prot)
{
    return (linux_prot & LX_PROT_READ ? OS_READ : 0) | (linux_prot & LX_PROT_WRITE ? OS_WRITE : 0) |
           (linux_prot & LX_PROT_EXEC ? OS_EXEC : 0);
}

/* A mapping of large pages consists of such. */
static bool fits_large(struct os *os, struct vma *vma)
{
    uint64_t size = (uint64_t)1 << x86_level_shift(vma->flags & OS_HUGETLB_1G ? 3 : 2);
    if (!(vma->flags & OS_HUGETLB))
        return true;
    if (vma->flags & OS_HUGETLB_1G && !os->config.page_1g)
        return os_fail(os, "mmap with MAP_HUGETLB succeeded for 1-GiB pages, which this processor does not have");
    vma->end = (vma->end + size - 1) & ~(size - 1); /* Linux rounds the length up */
    return vma->start % size == 0 ||
           os_fail(os, "mmap with MAP_HUGETLB succeeded at 0x%" PRIx64 ", which is not aligned to its pages",
                   vma->start);
}

static bool sys_mmap(struct os *os, const uint64_t arg[6], uint64_t start)
{
    uint64_t end, flags = arg[3];
    if (!user_range(os, "mmap", start, arg[1], &end))
        return false;
    struct vma vma = {.start = start, .end = end, .prot = prot_of(arg[2])};
    if ((flags & LX_MAP_TYPE) == LX_MAP_SHARED || (flags & LX_MAP_TYPE) == LX_MAP_SHARED_VALIDATE)
        vma.flags |= OS_SHARED;
    if (flags & LX_MAP_GROWSDOWN)
        vma.flags |= OS_GROWSDOWN;
    if (flags & LX_MAP_HUGETLB && os->config.processes)
        vma.flags |= OS_HUGETLB |
                     ((flags >> LX_MAP_HUGE_SHIFT & LX_MAP_HUGE_MASK) == LX_MAP_HUGE_1GB ? OS_HUGETLB_1G : 0);
    if (!fits_large(os, &vma) || !make_room(os, "mmap", start, vma.end, flags & LX_MAP_FIXED))
        return false;
    if (!(flags & LX_MAP_ANONYMOUS)) {
        if (arg[5] % PAGE_BYTES)
            return os_fail(os, "mmap succeeded with a file offset of 0x%" PRIx64 ", which is not page aligned", arg[5]);
        int fd = (int)(uint32_t)arg[4];
        vma.flags |= OS_FILE;
        vma.file = files_of(os, fd);
        vma.page_offset = arg[5] >> PAGE_SHIFT;
        snprintf(vma.name, sizeof vma.name, "(file, fd %d)", fd);
        if (!vma.file)
            return false;
    } else if (vma.flags & OS_SHARED && !(vma.file = file_new(os, true))) {
        return os_out_of_memory(os);
    }
    if (!space_map(os, os->mm, &vma))
        return false;
    if (flags & LX_MAP_POPULATE && os->config.processes)
        fault_in(os, start, end, !(vma.flags & OS_SHARED)); /* as far as memory goes (Linux: mm_populate) */
    return os->task;
}

static bool sys_munmap(struct os *os, const uint64_t arg[6])
{
    uint64_t end;
    return user_range(os, "munmap", arg[0], arg[1], &end) && unmap(os, arg[0], end);
}

static bool sys_mprotect(struct os *os, const uint64_t arg[6])
{
    uint64_t start = arg[0], end;
    if (!arg[1])
        return true;
    if (!user_range(os, "mprotect", start, arg[1], &end))
        return false;
    if (!vma_covers(&os->mm->vmas, start, end) && !os->config.implicit_map)
        return os_fail(os, "mprotect succeeded on 0x%" PRIx64 "-0x%" PRIx64 ", which is not mapped throughout", start,
                       end);
    const struct vma *first = vma_find(&os->mm->vmas, start);
    if (arg[2] & LX_PROT_GROWSDOWN && first)
        start = first->start;
    struct flush flush = {0};
    bool done = space_protect(os, os->mm, start, end, prot_of(arg[2]), &flush);
    finish(os, &flush);
    return done;
}

static bool grow_heap(struct os *os, uint64_t from, uint64_t to)
{
    struct vma heap = {.start = from, .end = to, .prot = OS_READ | OS_WRITE, .flags = OS_HEAP, .name = "[heap]"};
    return make_room(os, "brk", from, to, false) && space_map(os, os->mm, &heap);
}

/* The result is the break after the call, whatever was asked for. The first one tells where the heap begins. */
static bool sys_brk(struct os *os, uint64_t result)
{
    struct os_mm *mm = os->mm;
    if (result > os->user_end)
        return os_fail(os, "brk gave 0x%" PRIx64 ", which is beyond user space (0x%" PRIx64 ")", result, os->user_end);
    if (!mm->brk_start) {
        mm->brk_start = mm->brk = result;
        return true;
    }
    if (result < mm->brk_start)
        return os_fail(os, "brk gave 0x%" PRIx64 ", which is below the start of the heap at 0x%" PRIx64, result,
                       mm->brk_start);
    uint64_t old = page_up(mm->brk), new = page_up(result);
    bool done = new > old ? grow_heap(os, old, new) : new < old ? unmap(os, new, old) : true;
    if (done)
        mm->brk = result;
    return done;
}

/* The part of a mapping from va on, put at [start, end). */
static struct vma relocated(const struct vma *vma, uint64_t va, uint64_t start, uint64_t end)
{
    struct vma moved = *vma;
    moved.page_offset += (va - vma->start) >> PAGE_SHIFT;
    moved.start = start;
    moved.end = end;
    return moved;
}

static bool mremap_in_place(struct os *os, const struct vma *vma, uint64_t start, uint64_t old_end, uint64_t new_end)
{
    if (new_end <= old_end)
        return new_end == old_end || unmap(os, new_end, old_end);
    if (vma->end != old_end || vma_overlaps(&os->mm->vmas, old_end, new_end))
        return os_fail(os,
                       "mremap grew 0x%" PRIx64 "-0x%" PRIx64 " in place to 0x%" PRIx64
                       ", where something else is mapped",
                       start, old_end, new_end);
    struct vma more = relocated(vma, old_end, old_end, new_end);
    return space_map(os, os->mm, &more);
}

static bool mremap_move(struct os *os, const struct vma *vma, uint64_t old, uint64_t old_end, uint64_t new,
                        uint64_t new_end, uint64_t flags)
{
    if (!(flags & LX_MREMAP_MAYMOVE))
        return os_fail(os, "mremap moved 0x%" PRIx64 " to 0x%" PRIx64 " without MREMAP_MAYMOVE", old, new);
    if (old < new_end && new < old_end)
        return os_fail(os, "mremap moved 0x%" PRIx64 "-0x%" PRIx64 " to 0x%" PRIx64 ", which overlaps it", old, old_end,
                       new);
    struct vma moved = relocated(vma, old, new, new_end); /* a copy: *vma moves in memory below */
    uint64_t size = old_end - old < new_end - new ? old_end - old : new_end - new;
    if (!memory_balance(os, os->mm->pt.own, os->mm) || /* as many tables again at most, before anything is changed */
        !make_room(os, "mremap", new, new_end, flags & LX_MREMAP_FIXED) || !space_map(os, os->mm, &moved))
        return false;
    struct flush flush = {0};
    bool done = space_move(os, os->mm, old, size, new, &flush);
    if (done && old_end > old && !(flags & LX_MREMAP_DONTUNMAP))
        done = space_unmap(os, os->mm, old, old_end, &flush);
    finish(os, &flush);
    return done;
}

static bool sys_mremap(struct os *os, const uint64_t arg[6], uint64_t new)
{
    uint64_t old = arg[0], old_end = old + page_up(arg[1]), new_end;
    const struct vma *vma = vma_find(&os->mm->vmas, old);
    if (old % PAGE_BYTES || !vma || page_up(arg[1]) > vma->end - old)
        return os_fail(os, "mremap succeeded on 0x%" PRIx64 ", length 0x%" PRIx64 ", which is not inside one mapping",
                       old, arg[1]);
    if (old == old_end && !(vma->flags & OS_SHARED))
        return os_fail(os, "mremap succeeded on 0x%" PRIx64 " with length 0, but the mapping is not shared", old);
    if (!user_range(os, "mremap", new, arg[2], &new_end))
        return false;
    return new == old ? mremap_in_place(os, vma, old, old_end, new_end)
                      : mremap_move(os, vma, old, old_end, new, new_end, arg[3]);
}

bool os_syscall(struct os *os, uint64_t number, const uint64_t arg[6], int64_t result)
{
    bool failed = result < 0 && result >= -4095;
    if (failed)
        return true;
    if (!os->task)
        return os_fail(os, "system call %" PRIu64 ": no task is current", number);
    if (!memory_balance(os, 0, NULL))
        return false;
    switch (number) {
    case LX_MMAP:
        return sys_mmap(os, arg, (uint64_t)result);
    case LX_MUNMAP:
        return sys_munmap(os, arg);
    case LX_MPROTECT:
    case LX_PKEY_MPROTECT:
        return sys_mprotect(os, arg);
    case LX_BRK:
        return sys_brk(os, (uint64_t)result);
    case LX_MREMAP:
        return sys_mremap(os, arg, (uint64_t)result);
    case LX_MADVISE:
        return sys_madvise(os, arg);
    case LX_OPEN:
    case LX_CREAT:
    case LX_OPENAT:
    case LX_OPENAT2:
        return files_open(os, result, false);
    case LX_MEMFD_CREATE:
        return files_open(os, result, true);
    case LX_DUP:
    case LX_DUP2:
    case LX_DUP3:
        return files_dup(os, (int)(uint32_t)arg[0], result);
    case LX_CLOSE:
        files_close(os, (int)(uint32_t)arg[0]);
        return true;
    default:
        return !os->config.processes || sys_process(os, number, arg, result);
    }
}
