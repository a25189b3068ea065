/* Making large pages of small ones: khugepaged and MADV_COLLAPSE (Linux: mm/khugepaged.c). Splitting is in pages.c. */
#include "kernel.h"

struct region {
    struct os *os;
    uint64_t va, small; /* small: frames of the process's own so far */
    bool fits;
};

static bool look_at(void *context, const struct pt_leaf *leaf)
{
    struct region *region = context;
    const struct frame *frame = page_frame(region->os, leaf);
    bool zeros = !frame && !is_swap_entry(leaf->entry);
    region->fits = leaf->level == 1 && leaf->entry & ENTRY_P &&
                   (zeros || (frame && frame->kind == FRAME_ANON && frame->maps == 1 && !frame->slot && !frame->lazy));
    region->small += frame != NULL;
    return region->fits;
}

/* At least one page of the process's own (Linux: max_ptes_none = 511), and nothing that is somebody else's too. */
static bool fits(struct os *os, const struct os_mm *mm, uint64_t va, const struct vma **vma)
{
    uint64_t size = (uint64_t)1 << x86_level_shift(2);
    *vma = vma_find(&mm->vmas, va);
    if (!*vma || (*vma)->start > va || (*vma)->end - va < size || (*vma)->file ||
        (*vma)->flags & (OS_NO_HUGE | OS_HUGETLB) || !(*vma)->prot)
        return false;
    if (os->config.thp_madvise && !((*vma)->flags & OS_HUGE))
        return false;
    struct region region = {.os = os, .va = va, .fits = true};
    struct pagetable pt = mm->pt;
    pt_visit(&pt, va, va + size, look_at, &region);
    return region.fits && region.small;
}

struct transfer {
    struct os *os;
    struct os_mm *mm;
    uint64_t va;
    struct frame *to;
};

/* The bits of the small pages are those of the mapping; whether they were dirty goes into the record. */
static bool take_over(void *context, const struct pt_leaf *leaf)
{
    struct transfer *t = context;
    struct frame *frame = page_frame(t->os, leaf);
    uint64_t to = t->to->pa + (leaf->va - t->va);
    if (frame) {
        os_tell(t->os, (struct os_move){.kind = OS_MOVE_COPY, .from = frame->pa, .to = to, .bytes = PAGE_BYTES});
        t->to->dirty |= frame->dirty || leaf->entry & ENTRY_D;
        page_let_go(t->os, t->mm, leaf);
    }
    return physmem_write(t->os->pm, leaf->pa, 0);
}

bool huge_collapse(struct os *os, struct os_mm *mm, uint64_t va)
{
    const struct vma *vma;
    if (!fits(os, mm, va, &vma))
        return false;
    struct frame *frame = page_take(os, 2, FRAME_ANON);
    if (!frame)
        return false;
    uint64_t size = (uint64_t)1 << x86_level_shift(2);
    if (!page_mapped(os, mm, va, frame)) {
        page_give(os, frame);
        return false;
    }
    struct transfer transfer = {.os = os, .mm = mm, .va = va, .to = frame};
    struct flush flush = {0};
    os_tell(os, (struct os_move){.kind = OS_MOVE_ZERO, .to = frame->pa, .bytes = size});
    bool done = pt_visit(&mm->pt, va, va + size, take_over, &transfer) &&
                pt_join(&mm->pt, va, frame->pa | page_bits(vma, true) | ENTRY_PS, &flush);
    tlb_flush(os, mm, &flush); /* Linux: pmdp_collapse_flush */
    os->events.collapses += done;
    os->events.cycles += os->config.costs.copy * TABLE_WORDS;
    return done || os_out_of_memory(os);
}

unsigned os_collapse(struct os *os, unsigned regions)
{
    uint64_t size = (uint64_t)1 << x86_level_shift(2);
    unsigned made = 0;
    for (struct os_mm *mm = os->mms; mm; mm = mm->next)
        for (size_t i = 0; i < mm->vmas.count; i++) {
            uint64_t start = (mm->vmas.at[i].start + size - 1) & ~(size - 1), end = mm->vmas.at[i].end;
            for (uint64_t va = start; va < end && end - va >= size && regions; va += size) {
                struct pt_leaf leaf;
                if (!pt_find(&mm->pt, va, &leaf) && leaf.level > 1) {
                    va = (leaf.va + ((uint64_t)1 << x86_level_shift(leaf.level))) -
                         size; /* nothing there: on to the next table */
                    continue;
                }
                if (leaf.level > 1)
                    continue;
                regions--;
                made += huge_collapse(os, mm, va);
            }
        }
    return made;
}
