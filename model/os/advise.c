/* madvise (Linux: mm/madvise.c). Advice that changes no state here is accepted and ignored, and so is all but DONTNEED
 * in a kernel that was started for one process. */
#include "kernel.h"
#include "linux_abi.h"

struct advice {
    struct os *os;
    struct os_mm *mm;
    struct flush *flush;
};

/* Only what is this process's alone, and not in large pages that reach beyond the range: those were split. The entry
 * becomes old and clean, so that D says later whether the program has written again (Linux: madvise_free_pte_range). */
static bool free_leaf(void *context, const struct pt_leaf *leaf)
{
    struct advice *advice = context;
    struct os *os = advice->os;
    struct frame *frame = page_frame(os, leaf);
    if (is_swap_entry(leaf->entry)) { /* the slot goes at once */
        page_let_go(os, advice->mm, leaf);
        return physmem_write(os->pm, leaf->pa, 0) || os_out_of_memory(os);
    }
    if (!frame || frame->kind != FRAME_ANON || frame->maps > 1 || frame->slot)
        return true;
    frame->dirty = false;
    frame->lazy = true;
    frame->referenced = false;
    if (os->config.reclaim)
        lru_add(&os->lru, frame, LIST_INACTIVE_FILE);
    if (leaf->entry & ENTRY_P)
        flush_add(advice->flush, leaf->va, x86_level_shift(leaf->level));
    return physmem_modify(os->pm, leaf->pa, ENTRY_A | ENTRY_D, 0) || os_out_of_memory(os);
}

/* MADV_COLD: looks as if it had not been used for long. */
static bool cool_leaf(void *context, const struct pt_leaf *leaf)
{
    struct advice *advice = context;
    struct os *os = advice->os;
    struct frame *frame = page_frame(os, leaf);
    if (!frame || frame->list == LIST_NONE || frame->maps > 1)
        return true;
    frame_harvest(os, frame);
    frame->referenced = false;
    lru_add_old(&os->lru, frame, frame->kind == FRAME_FILE || frame->lazy ? LIST_INACTIVE_FILE : LIST_INACTIVE_ANON);
    return true;
}

/* MADV_PAGEOUT: out now. A large page is split first. */
static bool page_out_leaf(void *context, const struct pt_leaf *leaf)
{
    struct advice *advice = context;
    struct os *os = advice->os;
    struct frame *frame = page_frame(os, leaf);
    if (!frame || frame->list == LIST_NONE || frame->maps > 1)
        return true;
    if (leaf->level > 1)
        return page_split(os, advice->mm, leaf, advice->flush) &&
               pt_visit(&advice->mm->pt, leaf->va, leaf->va + ((uint64_t)1 << x86_level_shift(leaf->level)),
                        page_out_leaf, context);
    frame_harvest(os, frame);
    frame_reclaim(os, frame);
    return true;
}

/* Calls visit for every page of private memory (or all memory) in the range; boundaries are made first where pages are
 * changed. */
static bool for_pages(struct os *os, uint64_t start, uint64_t end,
                      bool (*visit)(void *context, const struct pt_leaf *leaf))
{
    struct flush flush = {0};
    struct advice advice = {.os = os, .mm = os->mm, .flush = &flush};
    const struct vma_list *vmas = &os->mm->vmas;
    bool done = page_isolate(os, os->mm, start, &flush) && page_isolate(os, os->mm, end, &flush);
    for (size_t i = vma_first(vmas, start); done && i < vmas->count && vmas->at[i].start < end; i++) {
        const struct vma *vma = &vmas->at[i];
        if (!(vma->flags & OS_HUGETLB) && !(visit == free_leaf && vma->file)) /* MADV_FREE is for anonymous memory */
            done = pt_visit(&os->mm->pt, vma->start > start ? vma->start : start, vma->end < end ? vma->end : end,
                            visit, &advice);
    }
    tlb_flush(os, os->mm, &flush);
    tlb_flush_owed(os);
    return done;
}

/* A page of MAP_HUGETLB goes whole or not at all: the length is rounded down to such (Linux since 6.1, so that nobody
 * loses what he did not name), the start is not rounded. */
static bool zap(struct os *os, uint64_t start, uint64_t end)
{
    struct flush flush = {0};
    const struct vma *first = vma_find(&os->mm->vmas, start), *last = vma_find(&os->mm->vmas, end - 1);
    if (first && start % vma_unit(first))
        return os_fail(os, "madvise succeeded at 0x%llx, which lies inside a page of MAP_HUGETLB",
                       (unsigned long long)start);
    if (last)
        end &= ~(vma_unit(last) - 1);
    if (end <= start)
        return true;
    bool done = space_zap(os, os->mm, start, end, &flush);
    tlb_flush(os, os->mm, &flush);
    return done;
}

static bool collapse(struct os *os, uint64_t start, uint64_t end)
{
    uint64_t size = (uint64_t)1 << x86_level_shift(2);
    for (uint64_t va = (start + size - 1) & ~(size - 1); va + size <= end; va += size) {
        struct pt_leaf leaf;
        if (!pt_find(&os->mm->pt, va, &leaf) && leaf.level > 1) /* nothing there: on to the next table */
            va = leaf.va + ((uint64_t)1 << x86_level_shift(leaf.level)) - size;
        else if (memory_balance(os, 0, os->mm))
            huge_collapse(os, os->mm, va);
    }
    return true;
}

/* MADV_POPULATE_*: like accesses. Large pages are there afterwards, or the call has failed. */
static bool populate(struct os *os, uint64_t start, uint64_t end, bool write)
{
    const struct vma_list *vmas = &os->mm->vmas;
    for (size_t i = vma_first(vmas, start); i < vmas->count && vmas->at[i].start < end; i++)
        if (vmas->at[i].flags & OS_HUGETLB && !(vmas->at[i].prot & (write ? OS_WRITE : OS_READ | OS_WRITE | OS_EXEC))) {
            char mapping[DESCRIBE_ROOM];
            os_describe(&vmas->at[i], mapping, sizeof mapping);
            return os_fail(os, "madvise populated pages that the program may not %s: %s", write ? "write" : "read",
                           mapping);
        }
    return fault_in(os, start, end, write);
}

static bool flag(struct os *os, uint64_t start, uint64_t end, unsigned set, unsigned clear)
{
    return space_flag(os, os->mm, start, end, set, clear);
}

static bool advise(struct os *os, uint64_t start, uint64_t end, uint64_t advice)
{
    switch (advice) {
    case LX_MADV_FREE:
        return for_pages(os, start, end, free_leaf);
    case LX_MADV_COLD:
        return for_pages(os, start, end, cool_leaf);
    case LX_MADV_PAGEOUT:
        return !os->config.reclaim || for_pages(os, start, end, page_out_leaf);
    case LX_MADV_HUGEPAGE:
        return flag(os, start, end, OS_HUGE, OS_NO_HUGE);
    case LX_MADV_NOHUGEPAGE:
        return flag(os, start, end, OS_NO_HUGE, OS_HUGE);
    case LX_MADV_DONTFORK:
        return flag(os, start, end, OS_DONT_FORK, 0);
    case LX_MADV_DOFORK:
        return flag(os, start, end, 0, OS_DONT_FORK);
    case LX_MADV_WIPEONFORK:
        return flag(os, start, end, OS_WIPE_ON_FORK, 0);
    case LX_MADV_KEEPONFORK:
        return flag(os, start, end, 0, OS_WIPE_ON_FORK);
    case LX_MADV_POPULATE_READ:
        return populate(os, start, end, false);
    case LX_MADV_POPULATE_WRITE:
        return populate(os, start, end, true);
    case LX_MADV_COLLAPSE:
        return collapse(os, start, end);
    default:
        return true;
    }
}

bool sys_madvise(struct os *os, const uint64_t arg[6], bool missed)
{
    bool drop = arg[2] == LX_MADV_DONTNEED || arg[2] == LX_MADV_DONTNEED_LOCKED;
    uint64_t end;
    if ((!drop && !os->config.processes) || !arg[1])
        return true;
    if (!user_range(os, "madvise", arg[0], arg[1], &end))
        return missed;
    return (drop ? zap(os, arg[0], end) : advise(os, arg[0], end, arg[2]));
}
