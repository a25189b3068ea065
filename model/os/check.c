/* Everything the kernel believes about memory, held against the page tables themselves. */
#include <inttypes.h>
#include <stdlib.h>

#include "kernel.h"

struct audit {
    struct os *os;
    const struct os_mm *mm;
    const struct vma *vma;
    uint32_t *users;  /* [slot]: found in entries and in the page cache */
    uint64_t *cached; /* [file]: pages found in the page cache */
    uint64_t rss[FRAME_KINDS], swap, leaves;
    uint64_t maps, frames, on_lists;
};

static bool wrong(struct audit *audit, const struct pt_leaf *leaf, const char *what)
{
    return os_fail(audit->os, "address space %" PRIu64 ", entry 0x%" PRIx64 " for 0x%" PRIx64 ": %s",
                   audit->mm->context, leaf->entry, leaf->va, what);
}

static bool check_frame(struct audit *audit, const struct pt_leaf *leaf, const struct frame *frame)
{
    audit->maps++;
    audit->rss[frame->kind] += frame_pages(frame);
    if (frame->kind == FRAME_NONE)
        return wrong(audit, leaf, "points to a free frame");
    if (frame->level != leaf->level || frame->pa != (leaf->entry & ENTRY_FRAME))
        return wrong(audit, leaf, "points into a frame of another size");
    if (frame_place(frame, audit->mm, leaf->va) == UINT32_MAX)
        return wrong(audit, leaf, "is not in the reverse map");
    bool borrowed = frame->cached || frame->maps > 1 || frame->slot;
    if (leaf->entry & ENTRY_RW && borrowed && !(audit->vma->flags & OS_SHARED))
        return wrong(audit, leaf, "lets a private mapping write what others have too");
    if (frame->cached && (frame->file != audit->vma->file || frame->index != page_index(audit->vma, leaf->va)))
        return wrong(audit, leaf, "maps another page of the file");
    return true;
}

static bool check_leaf(void *context, const struct pt_leaf *leaf)
{
    struct audit *audit = context;
    audit->leaves++;
    if (is_swap_entry(leaf->entry)) {
        uint32_t slot = swap_slot_of(leaf->entry);
        audit->swap++;
        if (leaf->level != 1 || !slot || slot > audit->os->swap.slots)
            return wrong(audit, leaf, "names a swap slot that does not exist");
        audit->users[slot]++;
        return true;
    }
    const struct frame *frame = page_frame(audit->os, leaf);
    if (!frame && !page_is_zero(audit->os, leaf->entry & ENTRY_FRAME))
        return wrong(audit, leaf, "points to a frame without a record");
    if (!frame && leaf->entry & ENTRY_RW)
        return wrong(audit, leaf, "lets the page of zeros be written");
    return !frame || check_frame(audit, leaf, frame);
}

static bool count_leaf(void *context, const struct pt_leaf *leaf)
{
    (void)leaf;
    ++*(uint64_t *)context;
    return true;
}

static bool check_mm(struct audit *audit, struct os_mm *mm)
{
    uint64_t all = 0;
    audit->mm = mm;
    audit->swap = audit->leaves = 0;
    for (unsigned kind = 0; kind < FRAME_KINDS; kind++)
        audit->rss[kind] = 0;
    for (size_t i = 0; i < mm->vmas.count; i++) {
        audit->vma = &mm->vmas.at[i];
        if (!pt_visit(&mm->pt, audit->vma->start, audit->vma->end, check_leaf, audit))
            return false;
    }
    pt_visit(&mm->pt, 0, audit->os->user_end, count_leaf, &all);
    if (all != audit->leaves)
        return os_fail(audit->os,
                       "address space %" PRIu64 " has %" PRIu64 " entries, %" PRIu64 " of them inside mappings",
                       mm->context, all, audit->leaves);
    if (audit->swap != mm->swap)
        return os_fail(audit->os, "address space %" PRIu64 ": %" PRIu64 " swap entries, %" PRIu64 " counted",
                       mm->context, audit->swap, mm->swap);
    for (unsigned kind = 0; kind < FRAME_KINDS; kind++)
        if (audit->rss[kind] != mm->rss[kind])
            return os_fail(audit->os,
                           "address space %" PRIu64 ": %" PRIu64 " resident pages of kind %u, %" PRIu64 " counted",
                           mm->context, audit->rss[kind], kind, mm->rss[kind]);
    return true;
}

static bool check_record(void *context, struct frame *frame)
{
    struct audit *audit = context;
    struct os *os = audit->os;
    audit->frames += frame_pages(frame);
    audit->maps -= frame->maps;
    audit->on_lists += frame->list != LIST_NONE ? frame_pages(frame) : 0;
    if (!frame->maps && !frame->cached)
        return os_fail(os, "frame 0x%" PRIx64 " is taken, but nobody has it", frame->pa);
    uint64_t value = frame->cached ? pagecache_find(os->cache, frame->file, frame->index) : 0;
    if (frame->cached && value != frame->pa)
        return os_fail(os, "frame 0x%" PRIx64 " is not where the page cache has its page", frame->pa);
    if (frame->slot && (!os->swap.slot[frame->slot].users || os->swap.slot[frame->slot].frame != frame->pa))
        return os_fail(os, "frame 0x%" PRIx64 " and swap slot %u do not belong together", frame->pa, frame->slot);
    if (os->config.reclaim && (frame->list == LIST_NONE) != (frame->kind == FRAME_HUGETLB))
        return os_fail(os, "frame 0x%" PRIx64 " of kind %u is on list %u", frame->pa, frame->kind, frame->list);
    return true;
}

static void check_cached(void *context, uint64_t file, uint64_t index, uint64_t value)
{
    struct audit *audit = context;
    uint32_t slot = slot_of_cache(value);
    (void)index;
    audit->cached[file]++;
    if (slot && slot <= audit->os->swap.slots)
        audit->users[slot]++;
}

static bool check_files(struct audit *audit)
{
    const struct os *os = audit->os;
    pagecache_visit(os->cache, check_cached, audit);
    for (uint64_t file = 1; file <= os->last_file; file++)
        if (audit->cached[file] != os->file[file].cached)
            return os_fail(audit->os, "file %" PRIu64 " has %" PRIu64 " pages in the cache, %" PRIu64 " counted", file,
                           audit->cached[file], os->file[file].cached);
    return true;
}

static bool check_swap(struct audit *audit)
{
    struct os *os = audit->os;
    uint32_t used = 0;
    for (uint32_t slot = 1; slot <= os->swap.slots; slot++) {
        used += os->swap.slot[slot].users != 0;
        if (audit->users[slot] != os->swap.slot[slot].users)
            return os_fail(os, "swap slot %u has %u users, %u counted", slot, audit->users[slot],
                           os->swap.slot[slot].users);
    }
    return used == os->swap.used || os_fail(os, "%u swap slots are in use, %u counted", used, os->swap.used);
}

static bool check_sums(struct audit *audit)
{
    struct os *os = audit->os;
    uint64_t own = 0, lists = 0;
    for (const struct os_mm *mm = os->mms; mm; mm = mm->next)
        own += mm->pt.own;
    for (unsigned list = 0; list < LISTS; list++)
        lists += os->lru.pages[list];
    if (audit->maps)
        return os_fail(os, "the reverse map has %" PRId64 " entries too many", -(int64_t)audit->maps);
    if (lists != audit->on_lists)
        return os_fail(os, "%" PRIu64 " pages are on lists, %" PRIu64 " counted", audit->on_lists, lists);
    if (own != os->counts.table_frames || audit->frames != os->counts.data_frames)
        return os_fail(os,
                       "%" PRIu64 " tables and %" PRIu64 " data frames are in use, %" PRIu64 " and %" PRIu64 " counted",
                       own, audit->frames, os->counts.table_frames, os->counts.data_frames);
    struct os_memory m;
    os_memory(os, &m);
    if (m.installed != m.free + m.tables + m.mapped + m.cached + m.hugetlb + m.reserved)
        return os_fail(os, "of %" PRIu64 " frames %" PRIu64 " are accounted for", m.installed,
                       m.free + m.tables + m.mapped + m.cached + m.hugetlb + m.reserved);
    return true;
}

bool os_check(struct os *os)
{
    struct audit audit = {.os = os,
                          .users = calloc((size_t)os->swap.slots + 1, sizeof *audit.users),
                          .cached = calloc(os->last_file + 1, sizeof *audit.cached)};
    bool good = (audit.users && audit.cached) || os_fail(os, "the host is short of memory");
    for (struct os_mm *mm = os->mms; good && mm; mm = mm->next)
        good = check_mm(&audit, mm);
    good = good && records_visit(os->records, check_record, &audit) && check_files(&audit) && check_swap(&audit) &&
           check_sums(&audit);
    free(audit.users);
    free(audit.cached);
    return good;
}
