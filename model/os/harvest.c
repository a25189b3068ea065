/* What the hardware has noted in the entries of a frame, by the reverse map. A and D are read from what the processor
 * sees, the HW image; they are cleared in both.
 *
 *     A   cleared without invalidation, as Linux does on x86 (ptep_clear_flush_young): a translation that stays cached
 *         only makes the
 *         page look older than it is. With os_config.flush_on_age it is followed by one, as on other machines.
 *     D   cleared with invalidation before the page is written out (page_mkclean): a cached translation with D = 1
 *         would let the program
 *         write without a trace (SDM 3A 5.8). R/W goes with it: the next write is a fault again. */
#include "kernel.h"

static bool is_executable(const struct os_mm *mm, uint64_t va)
{
    const struct vma *vma = vma_find(&mm->vmas, va);
    return vma && vma->prot & OS_EXEC;
}

struct use frame_harvest(struct os *os, struct frame *frame)
{
    struct use use = {0};
    for (const struct mapping *m = &frame->map; m && m->mm; m = m->next) {
        struct pt_leaf leaf;
        pt_find(&m->mm->pt, m->va, &leaf);
        if (leaf.entry & ENTRY_D)
            frame->dirty = true;
        if (!(leaf.entry & ENTRY_A))
            continue;
        use.entries++;
        use.executable |= is_executable(m->mm, m->va);
        physmem_modify(os->pm, leaf.pa, ENTRY_A, 0);
        if (os->config.flush_on_age && leaf.entry & ENTRY_P)
            flush_add(&m->mm->owed, leaf.va, x86_level_shift(leaf.level));
        os->aged |= !os->config.flush_on_age;
    }
    return use;
}

/* The entries first, then the translations, then the contents: nothing written in between can be missed. */
void frame_clean(struct os *os, struct frame *frame)
{
    for (const struct mapping *m = &frame->map; m && m->mm; m = m->next) {
        struct pt_leaf leaf;
        pt_find(&m->mm->pt, m->va, &leaf);
        if (!(leaf.entry & ENTRY_D))
            continue;
        frame->dirty = true;
        physmem_modify(os->pm, leaf.pa, ENTRY_D | ENTRY_RW, 0);
        if (leaf.entry & ENTRY_P)
            flush_add(&m->mm->owed, leaf.va, x86_level_shift(leaf.level));
    }
    tlb_flush_owed(os);
    if (!frame->dirty)
        return;
    file_write(os, frame);
    os->events.write_backs++;
}
