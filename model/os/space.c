/* Operations on ranges of the address space, each in the kernel's order: make the boundaries, change mappings and
 * entries, free what became empty; what must be invalidated is gathered in *flush for the caller to queue. */
#include "kernel.h"

struct zap {
    struct os *os;
    struct os_mm *mm;
    const struct vma *vma;
    struct flush *flush;
};

static bool zap_leaf(void *context, const struct pt_leaf *leaf)
{
    struct zap *zap = context;
    if (!physmem_write(zap->os->pm, leaf->pa, 0))
        return false;
    page_let_go(zap->os, zap->mm, leaf);
    if (leaf->entry & ENTRY_P)
        flush_add(zap->flush, leaf->va, x86_level_shift(leaf->level));
    return true;
}

/* Leaves must not lie across the edges of the range. */
static bool isolate(struct os *os, struct os_mm *mm, uint64_t start, uint64_t end, struct flush *flush)
{
    return page_isolate(os, mm, start, flush) && page_isolate(os, mm, end, flush);
}

bool space_zap(struct os *os, struct os_mm *mm, uint64_t start, uint64_t end, struct flush *flush)
{
    const struct vma_list *vmas = &mm->vmas;
    if (!isolate(os, mm, start, end, flush))
        return false;
    for (size_t i = vma_first(vmas, start); i < vmas->count && vmas->at[i].start < end; i++) {
        const struct vma *vma = &vmas->at[i];
        struct zap zap = {.os = os, .mm = mm, .vma = vma, .flush = flush};
        if (!pt_visit(&mm->pt, vma->start > start ? vma->start : start, vma->end < end ? vma->end : end, zap_leaf,
                      &zap))
            return os_out_of_memory(os);
    }
    return true;
}

/* A page of MAP_HUGETLB stays whole (Linux: EINVAL). */
static bool may_cut(struct os *os, const struct os_mm *mm, uint64_t va)
{
    const struct vma *vma = vma_find(&mm->vmas, va);
    if (!vma || !(vma->flags & OS_HUGETLB) ||
        va % ((uint64_t)1 << x86_level_shift(vma->flags & OS_HUGETLB_1G ? 3 : 2)) == 0)
        return true;
    return os_fail(os, "0x%llx lies inside a page of MAP_HUGETLB, which cannot be split", (unsigned long long)va);
}

static bool cut(struct os *os, struct os_mm *mm, uint64_t start, uint64_t end)
{
    return may_cut(os, mm, start) && may_cut(os, mm, end) &&
           ((vma_cut(&mm->vmas, start) && vma_cut(&mm->vmas, end)) || os_out_of_memory(os));
}

bool space_unmap(struct os *os, struct os_mm *mm, uint64_t start, uint64_t end, struct flush *flush)
{
    if (!cut(os, mm, start, end) || !space_zap(os, mm, start, end, flush))
        return false;
    for (size_t i = vma_first(&mm->vmas, start); i < mm->vmas.count && mm->vmas.at[i].start < end;) {
        struct vma gone = mm->vmas.at[i];
        vma_erase(&mm->vmas, gone.start, gone.end);
        file_forget_if_unused(os, gone.file);
    }
    pt_prune(&mm->pt, start, end, flush);
    return true;
}

/* Removing a right, or making an executable page non-executable, must reach the TLBs; granting one need not (SDM
 * 3A 5.10.4.3). */
static bool tightens(uint64_t old, uint64_t new)
{
    return old & ENTRY_P && ((old & ~new &(ENTRY_P | ENTRY_RW)) || (new & ~old &ENTRY_XD));
}

static bool protect_leaf(void *context, const struct pt_leaf *leaf)
{
    static const uint64_t RIGHTS = ENTRY_P | ENTRY_RW | ENTRY_US | ENTRY_XD;
    struct zap *protect = context;
    if (is_swap_entry(leaf->entry))
        return true;
    uint64_t bits = page_bits(protect->vma, !page_is_borrowed(protect->os, protect->vma, leaf));
    if ((leaf->entry & RIGHTS) == bits)
        return true;
    if (tightens(leaf->entry, bits))
        flush_add(protect->flush, leaf->va, x86_level_shift(leaf->level));
    return physmem_modify(protect->os->pm, leaf->pa, RIGHTS, bits);
}

static void note_account(struct vma *vma)
{
    if (vma->prot & OS_WRITE && !(vma->flags & (OS_SHARED | OS_HUGETLB)))
        vma->flags |= OS_ACCOUNT;
}

bool space_protect(struct os *os, struct os_mm *mm, uint64_t start, uint64_t end, unsigned prot, struct flush *flush)
{
    struct vma_list *vmas = &mm->vmas;
    if (!cut(os, mm, start, end) || !isolate(os, mm, start, end, flush))
        return false;
    for (size_t i = vma_first(vmas, start); i < vmas->count && vmas->at[i].start < end; i++) {
        vmas->at[i].prot = prot;
        note_account(&vmas->at[i]);
        struct zap protect = {.os = os, .mm = mm, .vma = &vmas->at[i], .flush = flush};
        if (!pt_visit(&mm->pt, vmas->at[i].start, vmas->at[i].end, protect_leaf, &protect))
            return os_out_of_memory(os);
    }
    vma_merge(vmas, start, end);
    return true;
}

struct move {
    struct os *os;
    struct os_mm *mm;
    uint64_t distance; /* new address - old address, modulo 2^64 */
    struct flush *flush;
};

static bool move_leaf(void *context, const struct pt_leaf *leaf)
{
    struct move *move = context;
    if (leaf->entry & ENTRY_P)
        flush_add(move->flush, leaf->va, x86_level_shift(leaf->level));
    struct frame *frame = page_frame(move->os, leaf);
    if (!pt_move(&move->mm->pt, leaf, leaf->va + move->distance))
        return os_out_of_memory(move->os);
    if (frame)
        frame_moved(frame, move->mm, leaf->va, leaf->va + move->distance);
    return true;
}

/* A large leaf can move whole only by a multiple of its size. */
static bool split_leaf(void *context, const struct pt_leaf *leaf)
{
    struct move *move = context;
    if ((move->distance & (((uint64_t)1 << x86_level_shift(leaf->level)) - 1)) == 0)
        return true;
    return page_split(move->os, move->mm, leaf, move->flush);
}

bool space_move(struct os *os, struct os_mm *mm, uint64_t start, uint64_t size, uint64_t new_start, struct flush *flush)
{
    struct pagetable *pt = &mm->pt;
    struct move move = {.os = os, .mm = mm, .distance = new_start - start, .flush = flush};
    if (!isolate(os, mm, start, start + size, flush))
        return false;
    for (unsigned level = 3; level > 1; level--) /* 1 GiB to 2 MiB, then 2 MiB to 4 KiB */
        if (!pt_visit(pt, start, start + size, split_leaf, &move))
            return false;
    tlb_flush_owed(os);
    return pt_visit(pt, start, start + size, move_leaf, &move);
}

bool space_map(struct os *os, struct os_mm *mm, const struct vma *new)
{
    struct vma vma = *new;
    note_account(&vma);
    if (!vma_insert(&mm->vmas, &vma))
        return os_out_of_memory(os);
    vma_merge(&mm->vmas, vma.start, vma.end);
    mm_peaks(mm);
    return true;
}

/* The marks decide about later faults only; but a page must not lie in two mappings. */
bool space_flag(struct os *os, struct os_mm *mm, uint64_t start, uint64_t end, unsigned set, unsigned clear)
{
    struct flush flush = {0};
    bool done = cut(os, mm, start, end) && isolate(os, mm, start, end, &flush);
    tlb_flush(os, mm, &flush);
    if (!done)
        return false;
    struct vma_list *vmas = &mm->vmas;
    for (size_t i = vma_first(vmas, start); i < vmas->count && vmas->at[i].start < end; i++)
        vmas->at[i].flags = (vmas->at[i].flags & ~clear) | set;
    vma_merge(vmas, start, end);
    return true;
}
