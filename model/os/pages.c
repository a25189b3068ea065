/* What stands behind a leaf: a frame with a record, the page of zeros, or a swap slot; and how it comes and goes. */
#include "kernel.h"

static uint64_t page_size(unsigned level)
{
    return (uint64_t)1 << x86_level_shift(level);
}

bool page_is_zero(const struct os *os, uint64_t pa)
{
    return pa == os->zero_page || (os->huge_zero_page && pa - os->huge_zero_page < page_size(2));
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

struct frame *page_frame(const struct os *os, const struct pt_leaf *leaf)
{
    uint64_t pa = leaf->entry & ENTRY_FRAME;
    return is_swap_entry(leaf->entry) || page_is_zero(os, pa) ? NULL : records_find(os->records, pa);
}

bool page_notes_writes(const struct os *os, const struct vma *vma)
{
    return vma->flags & OS_SHARED && !(vma->flags & OS_HUGETLB) && vma->file && !os->file[vma->file].shmem;
}

bool page_is_borrowed(const struct os *os, const struct vma *vma, const struct pt_leaf *leaf)
{
    if (vma->flags & OS_SHARED)
        return page_notes_writes(os, vma) && !(leaf->entry & ENTRY_D);
    const struct frame *frame = page_frame(os, leaf);
    return !frame || frame->cached || frame->maps > 1 || frame->slot;
}

struct frame *page_take(struct os *os, unsigned level, enum frame_kind kind)
{
    static const enum frame_list list[FRAME_KINDS] =
        {[FRAME_ANON] = LIST_INACTIVE_ANON, [FRAME_SHMEM] = LIST_INACTIVE_ANON, [FRAME_FILE] = LIST_INACTIVE_FILE};
    uint64_t pages = page_size(level) >> PAGE_SHIFT;
    if (os->config.reclaim && level > 1 && frames_left(os->frames) < pages + os->min_free)
        return NULL; /* a large page is not worth reclaiming for */
    uint64_t pa = frames_take(os->frames, level);
    if (!pa)
        return NULL;
    struct frame *frame = records_make(os->records, pa);
    if (!frame) {
        frames_give(os->frames, pa, level);
        return NULL;
    }
    *frame = (struct frame){.pa = pa, .kind = kind, .level = level};
    os->counts.data_frames += pages;
    if (os->config.reclaim && list[kind] != LIST_NONE)
        lru_add(&os->lru, frame, list[kind]);
    return frame;
}

void page_give(struct os *os, struct frame *frame)
{
    lru_remove(&os->lru, frame);
    if (frame->slot)
        os->swap.slot[frame->slot].frame = 0;
    os->counts.data_frames -= page_size(frame->level) >> PAGE_SHIFT;
    frames_give(os->frames, frame->pa, frame->level);
    frame->kind = FRAME_NONE;
}

bool page_mapped(struct os *os, struct os_mm *mm, uint64_t va, struct frame *frame)
{
    if (!frame_mapped(frame, mm, va & ~(page_size(frame->level) - 1)))
        return os_out_of_memory(os);
    mm->rss[frame->kind] += frame_pages(frame);
    mm_peaks(mm);
    return true;
}

/* An anonymous frame goes with its last mapping. A file's stays in the page cache, if that is kept or nothing is behind
 * it. */
void page_unmapped(struct os *os, struct os_mm *mm, uint64_t va, struct frame *frame)
{
    if (frame->maps) {
        frame_unmapped(frame, mm, va & ~(page_size(frame->level) - 1));
        mm->rss[frame->kind] -= frame_pages(frame);
    }
    if (frame->maps)
        return;
    if (!frame->cached) {
        page_give(os, frame);
    } else if (!os->config.reclaim && !file_keeps_pages(os, frame->file)) {
        if (frame->dirty)
            file_write(os, frame);
        file_page_gone(os, frame);
    }
}

void page_let_go(struct os *os, struct os_mm *mm, const struct pt_leaf *leaf)
{
    if (is_swap_entry(leaf->entry)) {
        mm->swap--;
        swap_let_go(os, swap_slot_of(leaf->entry));
        return;
    }
    struct frame *frame = page_frame(os, leaf);
    if (!frame)
        return;
    if (leaf->entry & ENTRY_D)
        frame->dirty = true;
    page_unmapped(os, mm, leaf->va, frame);
}

/* One of 512 parts: the same frame in all but its place. */
static bool split_part(struct os *os, const struct frame *whole, unsigned i)
{
    uint64_t size = page_size(whole->level - 1);
    struct frame *part = records_make(os->records, whole->pa + i * size);
    if (!part)
        return false;
    *part = (struct frame){.pa = whole->pa + i * size,
                           .kind = whole->kind,
                           .level = whole->level - 1,
                           .dirty = whole->dirty,
                           .referenced = whole->referenced,
                           .lazy = whole->lazy};
    for (const struct mapping *m = &whole->map; m; m = m->next)
        if (!frame_mapped(part, m->mm, m->va + i * size))
            return false;
    if (whole->list != LIST_NONE)
        lru_add_old(&os->lru, part, whole->list);
    return true;
}

static bool split_record(struct os *os, struct frame *frame)
{
    enum frame_list list = frame->list;
    for (unsigned i = 1; i < TABLE_WORDS; i++)
        if (!split_part(os, frame, i))
            return false;
    lru_remove(&os->lru, frame);
    frame->level--;
    if (list != LIST_NONE)
        lru_add_old(&os->lru, frame, list);
    return true;
}

bool page_split(struct os *os, struct os_mm *mm, const struct pt_leaf *leaf, struct flush *flush)
{
    struct frame *frame = page_frame(os, leaf);
    os->events.splits++;
    if (!frame)
        return pt_split(&mm->pt, leaf, flush) || os_out_of_memory(os);
    if (frame->kind == FRAME_HUGETLB)
        return os_fail(os, "0x%llx lies inside a page of MAP_HUGETLB, which cannot be split",
                       (unsigned long long)leaf->va);
    if (frames_left(os->frames) < frame->maps)
        return os_out_of_memory(os);
    for (struct mapping *m = &frame->map; m; m = m->next) {
        struct pt_leaf at;
        pt_find(&m->mm->pt, m->va, &at);
        if (!pt_split(&m->mm->pt, &at, m->mm == mm ? flush : &m->mm->owed))
            return os_out_of_memory(os);
    }
    frames_split(os->frames, frame->pa, frame->level);
    return split_record(os, frame) || os_out_of_memory(os);
}

bool page_isolate(struct os *os, struct os_mm *mm, uint64_t va, struct flush *flush)
{
    struct pt_leaf leaf;
    while (pt_find(&mm->pt, va, &leaf) && leaf.va != va)
        if (!page_split(os, mm, &leaf, flush))
            return false;
    tlb_flush_owed(os);
    return true;
}
