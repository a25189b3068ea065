/* A present page that may not be written yet, and a page that is in swap (Linux: do_wp_page, do_huge_pmd_wp_page,
 * do_swap_page). */
#include "kernel.h"

/* The one mapping of an anonymous frame that nobody else has or has swapped out. */
static bool is_alone(const struct frame *frame)
{
    return frame && !frame->cached && frame->maps == 1 && !frame->slot;
}

/* Granting a right needs no invalidation: the fault itself has dropped the old translation (SDM 3A 5.10.4.1, 5.10.4.3).
 */
static enum os_outcome reuse(struct os *os, const struct pt_leaf *leaf)
{
    os->events.reuse_faults++;
    return physmem_modify(os->pm, leaf->pa, 0, ENTRY_RW) ? OS_RETRY : fault_out_of_memory(os);
}

/* The first write to a clean page of a file in a shared mapping (Linux: wp_page_shared). */
enum os_outcome fault_note_write(struct os *os, const struct pt_leaf *leaf)
{
    return reuse(os, leaf);
}

static enum os_outcome split_first(struct os *os, uint64_t va, struct pt_leaf *leaf)
{
    struct flush flush = {0};
    while (leaf->level > 1) {
        if (!page_split(os, os->mm, leaf, &flush))
            return OS_OOM;
        pt_find(&os->mm->pt, va, leaf);
    }
    tlb_flush(os, os->mm, &flush);
    tlb_flush_owed(os);
    return OS_RETRY;
}

/* A frame of the process's own, with the contents of the old one. */
static enum os_outcome replace(struct os *os, const struct vma *vma, const struct pt_leaf *leaf, struct frame *old,
                               struct frame *frame)
{
    uint64_t bytes = frame_pages(frame) << PAGE_SHIFT;
    os_tell(os, (struct os_move){.kind = old ? OS_MOVE_COPY : OS_MOVE_ZERO,
                                 .from = old ? old->pa : 0,
                                 .to = frame->pa,
                                 .bytes = bytes});
    os->events.cycles += (old ? os->config.costs.copy : os->config.costs.zero) * frame_pages(frame);
    if (!page_mapped(os, os->mm, leaf->va, frame))
        return OS_OOM;
    if (!physmem_write(os->pm, leaf->pa, frame->pa | page_bits(vma, true) | (leaf->level > 1 ? ENTRY_PS : 0)))
        return fault_out_of_memory(os);
    page_let_go(os, os->mm, leaf);
    struct flush flush = {0};
    flush_add(&flush, leaf->va, x86_level_shift(leaf->level));
    tlb_flush(os, os->mm, &flush); /* Linux: ptep_clear_flush */
    os->counts.cow_faults++;
    os->events.cow_copies += old != NULL;
    return OS_RETRY;
}

/* A private page gets a frame of its own. A 2-MiB page of zeros is replaced whole, or split when no 2-MiB frame is
 * left; a large page shared after fork is split and only 4 KiB are copied, as in Linux; MAP_HUGETLB cannot be split. */
enum os_outcome fault_copy(struct os *os, const struct vma *vma, uint64_t va, struct pt_leaf *leaf)
{
    struct frame *old = page_frame(os, leaf);
    if (is_alone(old))
        return reuse(os, leaf);
    bool hugetlb = old && old->kind == FRAME_HUGETLB;
    struct frame *frame = old && leaf->level > 1 && !hugetlb
                              ? NULL
                              : page_take(os, leaf->level, hugetlb ? FRAME_HUGETLB : FRAME_ANON);
    if (!frame && leaf->level > 1 && !hugetlb) {
        if (split_first(os, va, leaf) != OS_RETRY)
            return OS_OOM;
        old = page_frame(os, leaf);
        frame = page_take(os, 1, FRAME_ANON);
    }
    return frame ? replace(os, vma, leaf, old, frame) : fault_out_of_memory(os);
}

/* The frame with the slot's contents: that of the swap cache, or a new one that is read into. */
static struct frame *frame_of_slot(struct os *os, uint32_t slot)
{
    if (os->swap.slot[slot].frame)
        return records_find(os->records, os->swap.slot[slot].frame);
    struct frame *frame = page_take(os, 1, FRAME_ANON);
    if (!frame)
        return NULL;
    os_tell(os, (struct os_move){.kind = OS_MOVE_SWAP_IN, .from = slot, .to = frame->pa, .bytes = PAGE_BYTES});
    os->events.swap_ins++;
    os->events.cycles += os->config.costs.io;
    os->major = true;
    return frame;
}

/* While others have the slot in their entries, frame and slot stay together (Linux: the swap cache) and nobody may
 * write. */
enum os_outcome fault_swap_in(struct os *os, const struct vma *vma, uint64_t va, struct pt_leaf *leaf, bool write)
{
    uint32_t slot = swap_slot_of(leaf->entry);
    struct frame *frame = frame_of_slot(os, slot);
    if (!frame || !page_mapped(os, os->mm, leaf->va, frame))
        return fault_out_of_memory(os);
    os->mm->swap--;
    os->swap.slot[slot].frame = frame->pa;
    frame->slot = slot;
    swap_let_go(os, slot);
    frame->dirty = true; /* once the slot is gone, the frame is the only copy */
    if (!physmem_write(os->pm, leaf->pa, frame->pa | page_bits(vma, is_alone(frame))))
        return fault_out_of_memory(os);
    if (!write || is_alone(frame))
        return OS_RETRY;
    pt_find(&os->mm->pt, va, leaf);
    return fault_copy(os, vma, va, leaf);
}
