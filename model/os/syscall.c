/* The memory system calls, by their results: the trace says what Linux did, this file does the same to mappings and
 * page tables.
 *
 * A call that failed (result -4095 … -1) changed nothing, but for mprotect and madvise that have met a page that is not
 * mapped (ENOMEM): they did what they could. A result that Linux could not have given in the state at hand
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

bool large_end(struct os *os, const char *call, uint64_t start, uint64_t *end, uint64_t size)
{
    *end = start + ((*end - start + size - 1) & ~(size - 1));
    return *end <= os->user_end ||
           os_fail(os, "%s succeeded at 0x%" PRIx64 ", whose large pages would reach beyond user space (0x%" PRIx64 ")",
                   call, start, os->user_end);
}

bool unmap_range(struct os *os, uint64_t start, uint64_t end)
{
    struct flush flush = {0};
    bool done = space_unmap(os, os->mm, start, end, &flush);
    finish(os, &flush);
    return done;
}

bool clear_place(struct os *os, const char *call, uint64_t start, uint64_t end, bool fixed)
{
    if (!vma_overlaps(&os->mm->vmas, start, end))
        return true;
    if (fixed || os->config.implicit_map)
        return unmap_range(os, start, end);
    char other[DESCRIBE_ROOM];
    os_describe(&os->mm->vmas.at[vma_first(&os->mm->vmas, start)], other, sizeof other);
    return os_fail(os, "%s gave 0x%" PRIx64 "-0x%" PRIx64 " without being told to replace %s", call, start, end, other);
}

static unsigned prot_of(uint64_t linux_prot)
{
    return (linux_prot & LX_PROT_READ ? OS_READ : 0) | (linux_prot & LX_PROT_WRITE ? OS_WRITE : 0) |
           (linux_prot & LX_PROT_EXEC ? OS_EXEC : 0);
}

/* What kind of pages the flags ask for, and the file has (Linux: the file's own, whatever the flags say). False: there
 * is no such mapping. */
static bool choose_pages(struct os *os, const uint64_t arg[6], struct vma *vma)
{
    const bool huge = arg[3] & LX_MAP_HUGETLB && os->config.processes;
    const bool giant = huge && (arg[3] >> LX_MAP_HUGE_SHIFT & LX_MAP_HUGE_MASK) == LX_MAP_HUGE_1GB;
    unsigned level = giant ? 3 : huge ? 2 : 1;
    if (arg[3] & LX_MAP_ANONYMOUS) {
        if (vma->flags & OS_SHARED && !(vma->file = file_new(os, true)))
            return os_out_of_memory(os);
        if (vma->file)
            os->file[vma->file].level = (uint8_t)level;
    } else {
        int fd = (int)(uint32_t)arg[4];
        vma->flags |= OS_FILE;
        vma->page_offset = arg[5] >> PAGE_SHIFT;
        snprintf(vma->name, sizeof vma->name, "(file, fd %d)", fd);
        if (!(vma->file = files_of_size(os, fd, level)))
            return os_out_of_memory(os);
        if (level > 1 && os->file[vma->file].level == 1)
            return os_fail(os, "mmap with MAP_HUGETLB succeeded for %s, which has been mapped in pages of 4 KiB",
                           os->file[vma->file].name);
        level = os->file[vma->file].level;
    }
    vma->flags |= level == 3 ? OS_HUGETLB | OS_HUGETLB_1G : level == 2 ? OS_HUGETLB : 0;
    return !(vma->flags & OS_HUGETLB_1G) || os->config.page_1g ||
           os_fail(os, "mmap with MAP_HUGETLB succeeded for 1-GiB pages, which this processor does not have");
}

/* A mapping of large pages consists of such: Linux rounds the length up, and nothing else. */
static bool fits_large(struct os *os, struct vma *vma)
{
    uint64_t size = vma_unit(vma);
    if (size == PAGE_BYTES)
        return true;
    if (vma->start % size)
        return os_fail(os, "mmap of pages of MAP_HUGETLB succeeded at 0x%" PRIx64 ", which is not aligned to them",
                       vma->start);
    if (vma->page_offset % (size >> PAGE_SHIFT))
        return os_fail(os,
                       "mmap of pages of MAP_HUGETLB succeeded with a file offset of 0x%" PRIx64
                       ", which is not aligned to them",
                       vma->page_offset << PAGE_SHIFT);
    return large_end(os, "mmap", vma->start, &vma->end, size);
}

static bool sys_mmap(struct os *os, const uint64_t arg[6], uint64_t start)
{
    uint64_t end, flags = arg[3];
    if (!user_range(os, "mmap", start, arg[1], &end))
        return false;
    if (!(flags & LX_MAP_ANONYMOUS) && arg[5] % PAGE_BYTES)
        return os_fail(os, "mmap succeeded with a file offset of 0x%" PRIx64 ", which is not page aligned", arg[5]);
    struct vma vma = {.start = start, .end = end, .prot = prot_of(arg[2])};
    if ((flags & LX_MAP_TYPE) == LX_MAP_SHARED || (flags & LX_MAP_TYPE) == LX_MAP_SHARED_VALIDATE)
        vma.flags |= OS_SHARED;
    if (flags & LX_MAP_GROWSDOWN)
        vma.flags |= OS_GROWSDOWN;
    if (!choose_pages(os, arg, &vma) || !fits_large(os, &vma) ||
        !clear_place(os, "mmap", start, vma.end, flags & LX_MAP_FIXED) || !space_map(os, os->mm, &vma))
        return false;
    /* as far as memory goes (Linux: mm_populate); large pages were reserved, and must be there */
    const bool populated = !(flags & LX_MAP_POPULATE) || !os->config.processes ||
                           fault_in(os, start, end, !(vma.flags & OS_SHARED));
    return os->task && (populated || !(vma.flags & OS_HUGETLB));
}

static bool sys_munmap(struct os *os, const uint64_t arg[6])
{
    uint64_t end;
    return user_range(os, "munmap", arg[0], arg[1], &end) && unmap_range(os, arg[0], end);
}

/* The end of what is mapped without a gap from start on, at most end. */
static uint64_t mapped_until(const struct os *os, uint64_t start, uint64_t end)
{
    const struct vma *vma;
    while (start < end && (vma = vma_find(&os->mm->vmas, start)))
        start = vma->end;
    return start < end ? start : end;
}

/* missed: it has met a page that is not mapped, and done what lies before it. */
static bool sys_mprotect(struct os *os, const uint64_t arg[6], bool missed)
{
    uint64_t start = arg[0], end;
    if (!arg[1])
        return true;
    if (!user_range(os, "mprotect", start, arg[1], &end))
        return missed;
    if (missed)
        end = mapped_until(os, start, end);
    if (start == end)
        return true;
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
    return clear_place(os, "brk", from, to, false) && space_map(os, os->mm, &heap);
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
    bool done = new > old ? grow_heap(os, old, new) : new < old ? unmap_range(os, new, old) : true;
    if (done)
        mm->brk = result;
    return done;
}

bool os_syscall(struct os *os, uint64_t number, const uint64_t arg[6], int64_t result)
{
    bool failed = result < 0 && result >= -4095;
    bool missed = result == -LX_ENOMEM && (number == LX_MPROTECT || number == LX_PKEY_MPROTECT || number == LX_MADVISE);
    if (failed && !missed)
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
        return sys_mprotect(os, arg, missed);
    case LX_BRK:
        return sys_brk(os, (uint64_t)result);
    case LX_MREMAP:
        return sys_mremap(os, arg, (uint64_t)result);
    case LX_MADVISE:
        return sys_madvise(os, arg, missed);
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
