/* Pages that were never touched, or have been dropped: demand-zero and page-cache faults (Linux: do_anonymous_page,
 * do_read_fault, do_cow_fault, do_shared_fault, hugetlb_no_page). */
#include "kernel.h"

enum os_outcome fault_out_of_memory(struct os *os)
{
    os_out_of_memory(os);
    return OS_OOM;
}

static bool wants_large(const struct os *os, const struct vma *vma)
{
    if (vma->file || os->config.pages == OS_PAGES_4K || vma->flags & OS_NO_HUGE)
        return false;
    return os->config.pages != OS_PAGES_THP || !os->config.thp_madvise || vma->flags & OS_HUGE;
}

/* Highest level at which the policy wants a page here and the mapping covers all of it; empty: the highest level
 * without a table. */
static unsigned best_level(const struct os *os, const struct vma *vma, uint64_t va, unsigned empty)
{
    if (!wants_large(os, vma))
        return 1;
    unsigned level = os->config.pages == OS_PAGES_1G && os->config.page_1g ? 3 : 2;
    for (; level > 1; level--) {
        uint64_t size = (uint64_t)1 << x86_level_shift(level);
        uint64_t start = va & ~(size - 1);
        if (level <= empty && start >= vma->start && vma->end - start >= size && vma->end > start)
            return level;
    }
    return 1;
}

static uint64_t leaf_entry(uint64_t pa, unsigned level, uint64_t bits)
{
    return pa | bits | (level > 1 ? ENTRY_PS : 0);
}

/* Writes a leaf for va. When there is no frame for the tables, the page's own frame is given up again. */
static enum os_outcome install(struct os *os, uint64_t va, struct frame *frame, uint64_t bits)
{
    if (!page_mapped(os, os->mm, va, frame))
        return OS_OOM;
    if (!pt_set(&os->mm->pt, va, frame->level, leaf_entry(frame->pa, frame->level, bits))) {
        page_unmapped(os, os->mm, va, frame);
        return fault_out_of_memory(os);
    }
    os->counts.minor_faults++;
    return OS_RETRY;
}

static enum os_outcome install_zeros(struct os *os, uint64_t va, uint64_t pa, unsigned level, uint64_t bits)
{
    if (!pt_set(&os->mm->pt, va, level, leaf_entry(pa, level, bits)))
        return fault_out_of_memory(os);
    os->counts.minor_faults++;
    return OS_RETRY;
}

/* THP reads share one 2-MiB frame of zeros, as Linux does (use_zero_page). 0 when there is none. */
static uint64_t huge_zero_page(struct os *os)
{
    bool short_of = os->config.reclaim && frames_left(os->frames) < TABLE_WORDS + os->min_free;
    if (os->huge_zero_page || short_of)
        return os->huge_zero_page;
    os->huge_zero_page = frames_take(os->frames, 2);
    if (os->huge_zero_page)
        os_tell(os, (struct os_move){.kind = OS_MOVE_ZERO,
                                     .to = os->huge_zero_page,
                                     .bytes = (uint64_t)TABLE_WORDS << PAGE_SHIFT});
    return os->huge_zero_page;
}

static enum os_outcome install_fresh(struct os *os, const struct vma *vma, uint64_t va, struct frame *frame)
{
    os_tell(os, (struct os_move){.kind = OS_MOVE_ZERO, .to = frame->pa, .bytes = frame_pages(frame) << PAGE_SHIFT});
    os->events.cycles += os->config.costs.zero * frame_pages(frame);
    os->events.huge_faults += frame->level > 1;
    return install(os, va, frame, page_bits(vma, true));
}

static enum os_outcome populate_anonymous(struct os *os, const struct vma *vma, uint64_t va, bool write, unsigned empty)
{
    unsigned level = best_level(os, vma, va, empty);
    if (!write && level == 2 && os->config.pages == OS_PAGES_THP && huge_zero_page(os))
        return install_zeros(os, va, os->huge_zero_page, 2, page_bits(vma, false));
    for (; level > 1; level--) { /* without a large frame a smaller one does */
        struct frame *frame = page_take(os, level, FRAME_ANON);
        if (frame)
            return install_fresh(os, vma, va, frame);
    }
    if (!write)
        return install_zeros(os, va, os->zero_page, 1, page_bits(vma, false));
    struct frame *frame = page_take(os, 1, FRAME_ANON);
    return frame ? install_fresh(os, vma, va, frame) : fault_out_of_memory(os);
}

static unsigned hugetlb_level(const struct vma *vma)
{
    return vma->flags & OS_HUGETLB_1G ? 3 : 2;
}

/* What a page of a private mapping's own holds at first: the page cache's page, or what the file has there. */
static struct os_move own_contents(const struct os *os, const struct vma *vma, uint64_t va, const struct frame *from,
                                   const struct frame *frame)
{
    const bool read = vma->file && !os->file[vma->file].shmem;
    return (struct os_move){.kind = from   ? OS_MOVE_COPY
                                    : read ? OS_MOVE_FILE_IN
                                           : OS_MOVE_ZERO,
                            .from = from ? from->pa : 0,
                            .to = frame->pa,
                            .bytes = frame_pages(frame) << PAGE_SHIFT,
                            .file = vma->file,
                            .page = page_index(vma, va)};
}

/* MAP_HUGETLB. A shared mapping has the page cache's page. A private one has it too until it writes, if it is there; if
 * not, a page of its own, even for a read, and what others write into the file later it does not see. Its own page is
 * read-only until it is written (Linux: make_huge_pte). A mapping that has no room for the page gets none (Linux:
 * SIGBUS). */
static enum os_outcome populate_hugetlb(struct os *os, const struct vma *vma, uint64_t va, bool write)
{
    unsigned level = hugetlb_level(vma);
    uint64_t start = va & ~(((uint64_t)1 << x86_level_shift(level)) - 1);
    bool shared = vma->flags & OS_SHARED,
         cached = vma->file && pagecache_find(os->cache, vma->file, page_index(vma, start));
    struct frame *from = shared || cached ? page_from_file(os, vma, start, level) : NULL;
    struct frame *frame = shared || (from && !write) ? from : page_take(os, level, FRAME_HUGETLB);
    if (!frame) {
        os_fail(os, "no free page of %u MiB is left for MAP_HUGETLB at 0x%llx", level == 3 ? 1024 : 2,
                (unsigned long long)va);
        return OS_OOM;
    }
    if (frame == from)
        return install(os, start, frame, page_bits(vma, shared));
    os_tell(os, own_contents(os, vma, start, from, frame));
    os->events.cycles += (from ? os->config.costs.copy : os->config.costs.zero) * frame_pages(frame);
    os->events.huge_faults++;
    return install(os, start, frame, page_bits(vma, write));
}

/* A read fault maps the pages of the file around it too, those in memory: as many as fault_around from the aligned
 * address below on, or from where the mapping or the page table begins (Linux: do_fault_around). */
static void map_around(struct os *os, const struct vma *vma, uint64_t va)
{
    uint64_t window = (uint64_t)os->config.fault_around << PAGE_SHIFT, table = (uint64_t)1 << x86_level_shift(2);
    uint64_t start = va & ~(window - 1), end = (va & ~(table - 1)) + table;
    bool shmem = os->file[vma->file].shmem, writable = vma->flags & OS_SHARED && !page_notes_writes(os, vma);
    if (start < vma->start)
        start = vma->start;
    if (start + window < end)
        end = start + window;
    for (uint64_t at = start; os->config.fault_around > 1 && at < end && at < vma->end; at += PAGE_BYTES) {
        struct pt_leaf leaf;
        if (pt_find(&os->mm->pt, at, &leaf) || leaf.level > 1)
            continue;
        uint64_t value = pagecache_find(os->cache, vma->file, page_index(vma, at));
        if ((!value && (shmem || !os->config.warm_files)) || slot_of_cache(value))
            continue;
        if (!value && frames_left(os->frames) <= os->min_free)
            continue;
        struct frame *frame = page_from_file(os, vma, at, 1);
        if (!frame || !page_mapped(os, os->mm, at, frame))
            return;
        if (!pt_set(&os->mm->pt, at, 1, frame->pa | page_bits(vma, writable))) {
            page_unmapped(os, os->mm, at, frame);
            return;
        }
        os->events.around++;
    }
}

/* Writing to a private mapping: a copy at once. Without a kept page cache the file's page is only looked for. */
static enum os_outcome populate_copy(struct os *os, const struct vma *vma, uint64_t va)
{
    const uint64_t cached = pagecache_find(os->cache, vma->file, page_index(vma, va));
    struct frame *from = os->config.reclaim ? page_from_file(os, vma, va, 1)
                         : cached           ? records_find(os->records, cached)
                                            : NULL;
    struct frame *frame = from || !os->config.reclaim ? page_take(os, 1, FRAME_ANON) : NULL;
    if (!frame)
        return fault_out_of_memory(os);
    os_tell(os, own_contents(os, vma, va, from, frame));
    os->events.cycles += os->config.costs.copy;
    return install(os, va, frame, page_bits(vma, true));
}

static enum os_outcome populate_file(struct os *os, const struct vma *vma, uint64_t va, bool write)
{
    bool shared = vma->flags & OS_SHARED;
    if (write && !shared)
        return populate_copy(os, vma, va);
    struct frame *frame = page_from_file(os, vma, va, 1);
    if (!frame)
        return fault_out_of_memory(os);
    enum os_outcome outcome = install(os, va, frame, page_bits(vma, shared && (write || !page_notes_writes(os, vma))));
    if (outcome == OS_RETRY && !write)
        map_around(os, vma, va);
    return outcome;
}

enum os_outcome fault_populate(struct os *os, const struct vma *vma, uint64_t va, bool write, unsigned empty)
{
    if (vma->flags & OS_HUGETLB)
        return populate_hugetlb(os, vma, va, write);
    return vma->file ? populate_file(os, vma, va, write) : populate_anonymous(os, vma, va, write, empty);
}
