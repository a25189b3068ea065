/* Operations on ranges of the address space, each in the kernel's order: make the boundaries, change mappings and entries, free what
 * became empty; what must be invalidated is gathered in *flush for the caller to queue. */
#include "kernel.h"

struct zap {
    struct os *os;
    const struct vma *vma;
    struct flush *flush;
};

static bool zap_leaf(void *context, const struct pt_leaf *leaf)
{
    struct zap *zap = context;
    if (!physmem_write(zap->os->pm, leaf->pa, 0))
        return false;
    page_let_go(zap->os, zap->vma, leaf);
    if (leaf->entry & ENTRY_P)
        flush_add(zap->flush, leaf->va, x86_level_shift(leaf->level));
    return true;
}

/* Leaves must not lie across the edges of the range. */
static bool isolate(struct os *os, uint64_t start, uint64_t end, struct flush *flush)
{
    struct pagetable *pt = &os->process.pt;
    return (pt_isolate(pt, start, flush) && pt_isolate(pt, end, flush)) || os_out_of_memory(os);
}

bool space_zap(struct os *os, uint64_t start, uint64_t end, struct flush *flush)
{
    const struct vma_list *vmas = &os->process.vmas;
    if (!isolate(os, start, end, flush))
        return false;
    for (size_t i = vma_first(vmas, start); i < vmas->count && vmas->at[i].start < end; i++) {
        const struct vma *vma = &vmas->at[i];
        struct zap zap = {.os = os, .vma = vma, .flush = flush};
        if (!pt_visit(&os->process.pt, vma->start > start ? vma->start : start, vma->end < end ? vma->end : end, zap_leaf, &zap))
            return os_out_of_memory(os);
    }
    return true;
}

static bool cut(struct os *os, uint64_t start, uint64_t end)
{
    return (vma_cut(&os->process.vmas, start) && vma_cut(&os->process.vmas, end)) || os_out_of_memory(os);
}

bool space_unmap(struct os *os, uint64_t start, uint64_t end, struct flush *flush)
{
    if (!cut(os, start, end) || !space_zap(os, start, end, flush))
        return false;
    vma_erase(&os->process.vmas, start, end);
    pt_prune(&os->process.pt, start, end, flush);
    return true;
}

/* Removing a right, or making an executable page non-executable, must reach the TLBs; granting one need not (SDM 3A 5.10.4.3). */
static bool tightens(uint64_t old, uint64_t new)
{
    return old & ENTRY_P && ((old & ~new & (ENTRY_P | ENTRY_RW)) || (new & ~old & ENTRY_XD));
}

static bool protect_leaf(void *context, const struct pt_leaf *leaf)
{
    static const uint64_t RIGHTS = ENTRY_P | ENTRY_RW | ENTRY_US | ENTRY_XD;
    struct zap *protect = context;
    uint64_t bits = page_bits(protect->vma, !page_is_borrowed(protect->os, protect->vma, leaf));
    if ((leaf->entry & RIGHTS) == bits)
        return true;
    if (tightens(leaf->entry, bits))
        flush_add(protect->flush, leaf->va, x86_level_shift(leaf->level));
    return physmem_modify(protect->os->pm, leaf->pa, RIGHTS, bits);
}

bool space_protect(struct os *os, uint64_t start, uint64_t end, unsigned prot, struct flush *flush)
{
    struct vma_list *vmas = &os->process.vmas;
    if (!cut(os, start, end) || !isolate(os, start, end, flush))
        return false;
    for (size_t i = vma_first(vmas, start); i < vmas->count && vmas->at[i].start < end; i++) {
        vmas->at[i].prot = prot;
        struct zap protect = {.os = os, .vma = &vmas->at[i], .flush = flush};
        if (!pt_visit(&os->process.pt, vmas->at[i].start, vmas->at[i].end, protect_leaf, &protect))
            return os_out_of_memory(os);
    }
    vma_merge(vmas, start, end);
    return true;
}

struct move {
    struct os *os;
    uint64_t distance;    /* new address - old address, modulo 2^64 */
    struct flush *flush;
};

static bool move_leaf(void *context, const struct pt_leaf *leaf)
{
    struct move *move = context;
    if (leaf->entry & ENTRY_P)
        flush_add(move->flush, leaf->va, x86_level_shift(leaf->level));
    return pt_move(&move->os->process.pt, leaf, leaf->va + move->distance);
}

/* A large leaf can move whole only by a multiple of its size. */
static bool split_leaf(void *context, const struct pt_leaf *leaf)
{
    struct move *move = context;
    if ((move->distance & (((uint64_t)1 << x86_level_shift(leaf->level)) - 1)) == 0)
        return true;
    return pt_split(&move->os->process.pt, leaf, move->flush);
}

bool space_move(struct os *os, uint64_t start, uint64_t size, uint64_t new_start, struct flush *flush)
{
    struct pagetable *pt = &os->process.pt;
    struct move move = {.os = os, .distance = new_start - start, .flush = flush};
    if (!isolate(os, start, start + size, flush))
        return false;
    for (unsigned level = 3; level > 1; level--) /* 1 GiB to 2 MiB, then 2 MiB to 4 KiB */
        if (!pt_visit(pt, start, start + size, split_leaf, &move))
            return os_out_of_memory(os);
    return pt_visit(pt, start, start + size, move_leaf, &move) || os_out_of_memory(os);
}

bool space_map(struct os *os, const struct vma *vma)
{
    if (!vma_insert(&os->process.vmas, vma))
        return os_out_of_memory(os);
    vma_merge(&os->process.vmas, vma->start, vma->end);
    return true;
}
