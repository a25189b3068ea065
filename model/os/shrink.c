/* Takes one frame away from everybody (Linux: shrink_folio_list, try_to_unmap). */
#include "kernel.h"

/* All entries that point to the frame get this one instead; a swap entry is then held as often. */
static void unmap_everywhere(struct os *os, struct frame *frame, uint64_t entry)
{
    while (frame->map.mm) {
        struct mapping m = frame->map;
        struct pt_leaf leaf;
        pt_find(&m.mm->pt, m.va, &leaf);
        if (leaf.entry & ENTRY_D)
            frame->dirty = true;
        physmem_write(os->pm, leaf.pa, entry);
        if (leaf.entry & ENTRY_P)
            flush_add(&m.mm->owed, leaf.va, PAGE_SHIFT);
        if (is_swap_entry(entry)) {
            swap_hold(&os->swap, swap_slot_of(entry));
            m.mm->swap++;
        }
        frame_unmapped(frame, m.mm, m.va);
        m.mm->rss[frame->kind] -= frame_pages(frame);
    }
}

static void swap_out(struct os *os, struct frame *frame, uint32_t slot)
{
    os_tell(os, (struct os_move){.kind = OS_MOVE_SWAP_OUT, .from = frame->pa, .to = slot, .bytes = PAGE_BYTES});
    os->events.swap_outs++;
}

/* MADV_FREE: when the program has not written since, the page is dropped and reads as zeros from now on. Else it is a
 * page like others. */
static bool drop_lazy(struct os *os, struct frame *frame)
{
    frame_harvest(os, frame);
    if (frame->dirty) {
        frame->lazy = false;
        lru_add(&os->lru, frame, LIST_ACTIVE_ANON);
        return false;
    }
    unmap_everywhere(os, frame, 0);
    page_give(os, frame);
    os->events.lazy_freed++;
    return true;
}

static bool swap_anonymous(struct os *os, struct frame *frame)
{
    uint32_t slot = frame->slot ? frame->slot : swap_take(&os->swap);
    if (!slot)
        return false;
    bool written = frame->slot;
    unmap_everywhere(os, frame, swap_entry(slot));
    if (!written)
        swap_out(os, frame, slot);
    page_give(os, frame);
    return true;
}

/* Its page-cache entry remembers the slot; processes fault their mappings in again. */
static bool swap_shared(struct os *os, struct frame *frame)
{
    uint32_t slot = swap_take(&os->swap);
    if (!slot)
        return false;
    unmap_everywhere(os, frame, 0);
    swap_hold(&os->swap, slot);
    pagecache_put(os->cache, frame->file, frame->index, cache_of_slot(slot));
    swap_out(os, frame, slot);
    page_give(os, frame);
    return true;
}

static bool drop_file(struct os *os, struct frame *frame)
{
    unmap_everywhere(os, frame, 0);
    if (frame->dirty)
        frame_clean(os, frame);
    else
        os->events.dropped_clean++;
    file_page_gone(os, frame);
    return true;
}

static bool split_anonymous(struct os *os, struct frame *frame)
{
    while (frame->level > 1) {
        struct pt_leaf leaf;
        struct os_mm *mm = frame->map.mm;
        pt_find(&mm->pt, frame->map.va, &leaf);
        if (!page_split(os, mm, &leaf, &mm->owed))
            return false;
    }
    return true;
}

bool frame_reclaim(struct os *os, struct frame *frame)
{
    switch (frame->kind) {
    case FRAME_ANON:
        if (!split_anonymous(os, frame))
            return false;
        return frame->lazy ? drop_lazy(os, frame) : swap_anonymous(os, frame);
    case FRAME_SHMEM:
        return swap_shared(os, frame);
    case FRAME_FILE:
        return drop_file(os, frame);
    default:
        return false;
    }
}
