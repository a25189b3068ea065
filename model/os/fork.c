/* Fork: the child gets the parent's mappings, and the same frames behind private memory until one of them writes
 * (Linux: dup_mmap, copy_page_range). */
#include "kernel.h"

struct copy {
    struct os *os;
    struct os_mm *from, *to;
    const struct vma *vma;
};

/* An entry of the child is old, and clean unless it says what only the parent's D bit said: that goes into the frame's
 * record, because a read-only entry with D = 1 would be a shadow stack (SDM 3A 5.6.1). */
static bool copy_frame(struct copy *copy, const struct pt_leaf *leaf, struct frame *frame)
{
    bool private = !(copy->vma->flags & OS_SHARED);
    uint64_t entry = leaf->entry & ~(ENTRY_A | ENTRY_D);
    if (private && !frame->cached) {
        entry &= ~ENTRY_RW;
        frame->dirty |= leaf->entry & ENTRY_D ? true : false;
        if (leaf->entry & ENTRY_RW && !physmem_modify(copy->os->pm, leaf->pa, ENTRY_RW | ENTRY_D, 0))
            return os_out_of_memory(copy->os);
    }
    if (!page_mapped(copy->os, copy->to, leaf->va, frame))
        return false;
    if (pt_set(&copy->to->pt, leaf->va, leaf->level, entry))
        return true;
    page_unmapped(copy->os, copy->to, leaf->va, frame);
    return os_out_of_memory(copy->os);
}

static bool copy_leaf(void *context, const struct pt_leaf *leaf)
{
    struct copy *copy = context;
    copy->os->events.cycles += copy->os->config.costs.copy_entry;
    struct frame *frame = page_frame(copy->os, leaf);
    if (frame)
        return copy_frame(copy, leaf, frame);
    if (!pt_set(&copy->to->pt, leaf->va, leaf->level,
                leaf->entry & (is_swap_entry(leaf->entry) ? ~(uint64_t)0 : ~(ENTRY_A | ENTRY_D))))
        return os_out_of_memory(copy->os);
    if (is_swap_entry(leaf->entry)) {
        swap_hold(&copy->os->swap, swap_slot_of(leaf->entry));
        copy->to->swap++;
    }
    return true;
}

/* Stops at the first page that a fault could not bring back. */
static bool is_refillable(void *context, const struct pt_leaf *leaf)
{
    const struct copy *copy = context;
    const struct frame *frame = page_frame(copy->os, leaf);
    return !is_swap_entry(leaf->entry) && (!frame || frame->cached);
}

bool space_fork(struct os *os, struct os_mm *from, struct os_mm *to)
{
    to->brk_start = from->brk_start;
    to->brk = from->brk;
    bool done = memory_balance(os, from->pt.own, from);
    for (size_t i = 0; done && i < from->vmas.count; i++) {
        struct vma *vma = &from->vmas.at[i];
        struct copy copy = {.os = os, .from = from, .to = to, .vma = vma};
        if (vma->flags & OS_DONT_FORK)
            continue;
        if (!vma_insert(&to->vmas, vma))
            done = os_out_of_memory(os);
        /* Linux, vma_needs_copy: where nothing private is, faults fill the child's tables */
        else if (!(vma->flags & OS_WIPE_ON_FORK) && !pt_visit(&from->pt, vma->start, vma->end, is_refillable, &copy))
            done = pt_visit(&from->pt, vma->start, vma->end, copy_leaf, &copy);
    }
    mm_peaks(to);
    tlb_flush_all(os, from);
    return done;
}
