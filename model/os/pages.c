/* What stands behind a leaf: a frame of the process's own, a page-cache frame, or the zero page.
 *
 * Whose a frame is follows from the mapping and the page cache; no per-frame records are needed. */
#include "kernel.h"

static uint64_t page_size(unsigned level)
{
    return (uint64_t)1 << x86_level_shift(level);
}

static uint64_t file_page(const struct vma *vma, uint64_t va)
{
    return vma->page_offset + ((va - vma->start) >> PAGE_SHIFT);
}

static bool is_zero_page(const struct os *os, uint64_t frame)
{
    return frame == os->zero_page || (os->huge_zero_page && frame - os->huge_zero_page < page_size(2));
}

uint64_t page_bits(const struct vma *vma, bool writable)
{
    uint64_t bits = ENTRY_US;
    if (vma->prot)
        bits |= ENTRY_P;
    if (writable && vma->prot & OS_WRITE)
        bits |= ENTRY_RW;
    if (!(vma->prot & OS_EXEC))
        bits |= ENTRY_XD;
    return bits;
}

static bool in_page_cache(const struct os *os, const struct vma *vma, const struct pt_leaf *leaf)
{
    return vma->file && pagecache_find(os->cache, vma->file, file_page(vma, leaf->va)) == (leaf->entry & ENTRY_FRAME);
}

bool page_is_borrowed(const struct os *os, const struct vma *vma, const struct pt_leaf *leaf)
{
    if (vma->flags & OS_SHARED)
        return false;
    return is_zero_page(os, leaf->entry & ENTRY_FRAME) || in_page_cache(os, vma, leaf);
}

uint64_t page_take(struct os *os, unsigned level)
{
    uint64_t pa = frames_take(os->frames, level);
    if (pa)
        os->counts.data_frames += page_size(level) >> PAGE_SHIFT;
    return pa;
}

void page_give(struct os *os, uint64_t pa, unsigned level)
{
    frames_give(os->frames, pa, level);
    os->counts.data_frames -= page_size(level) >> PAGE_SHIFT;
}

void page_let_go(struct os *os, const struct vma *vma, const struct pt_leaf *leaf)
{
    uint64_t frame = leaf->entry & ENTRY_FRAME;
    if (is_zero_page(os, frame))
        return;
    if (in_page_cache(os, vma, leaf) && !pagecache_drop(os->cache, vma->file, file_page(vma, leaf->va)))
        return;
    page_give(os, frame, leaf->level);
}

uint64_t page_from_file(struct os *os, const struct vma *vma, uint64_t va)
{
    uint64_t index = file_page(vma, va);
    uint64_t cached = pagecache_find(os->cache, vma->file, index);
    uint64_t frame = cached ? cached : page_take(os, 1);
    if (!frame)
        return 0;
    if (!pagecache_hold(os->cache, vma->file, index, frame)) {
        if (!cached)
            page_give(os, frame, 1);
        return 0;
    }
    return frame;
}
