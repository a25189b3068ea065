/* What memory a process uses, by looking at every entry (Linux: fs/proc/task_mmu.c), and where all memory is. */
#include "usage.h"

struct count {
    const struct os *os;
    const struct os_mm *mm;
    const struct vma *vma;
    struct os_usage *usage;
};

/* A frame's size over its mappings, in units of 2^-12 byte. What the division leaves over goes to the first mappings of
 * the frame, a unit each, so that the shares add up to the frame. */
static uint64_t share_of(const struct frame *frame, uint32_t place)
{
    uint64_t whole = frame_pages(frame) << PAGE_SHIFT << PSS_SHIFT;
    return whole / frame->maps + (place < whole % frame->maps);
}

static void count_hugetlb(struct os_usage *usage, const struct frame *frame)
{
    *(frame->maps > 1 ? &usage->shared_hugetlb : &usage->private_hugetlb) += frame_pages(frame) << PAGE_SHIFT;
}

static void count_frame(const struct count *count, const struct pt_leaf *leaf, const struct frame *frame)
{
    struct os_usage *usage = count->usage;
    uint64_t bytes = frame_pages(frame) << PAGE_SHIFT;
    uint64_t share = share_of(frame, frame->maps > 1 ? frame_place(frame, count->mm, leaf->va) : 0);
    bool dirty = frame->dirty || leaf->entry & ENTRY_D;
    usage->rss += bytes;
    usage->pss += share;
    *(frame->kind == FRAME_ANON   ? &usage->pss_anon
      : frame->kind == FRAME_FILE ? &usage->pss_file
                                  : &usage->pss_shmem) += share;
    if (dirty)
        usage->pss_dirty += share;
    if (frame->kind == FRAME_ANON)
        usage->anonymous += bytes;
    if (frame->kind == FRAME_ANON && frame->level > 1)
        usage->anon_huge += bytes;
    if (frame->lazy && !dirty)
        usage->lazy_free += bytes;
    if (leaf->entry & ENTRY_A || frame->referenced)
        usage->referenced += bytes;
    if (frame->maps > 1)
        *(dirty ? &usage->shared_dirty : &usage->shared_clean) += bytes;
    else
        *(dirty ? &usage->private_dirty : &usage->private_clean) += bytes;
}

static bool count_leaf(void *context, const struct pt_leaf *leaf)
{
    const struct count *count = context;
    if (is_swap_entry(leaf->entry)) {
        count->usage->swap += PAGE_BYTES;
        count->usage->swap_pss += (PAGE_BYTES << PSS_SHIFT) / count->os->swap.slot[swap_slot_of(leaf->entry)].users;
        return true;
    }
    const struct frame *frame = page_frame(count->os, leaf);
    if (frame && frame->kind == FRAME_HUGETLB)
        count_hugetlb(count->usage, frame);
    else if (frame)
        count_frame(count, leaf, frame);
    return true;
}

static void count_swapped(void *context, uint64_t file, uint64_t index, uint64_t value)
{
    const struct count *count = context;
    const struct vma *vma = count->vma;
    if (file == vma->file && slot_of_cache(value) && index >= vma->page_offset &&
        index - vma->page_offset < (vma->end - vma->start) >> PAGE_SHIFT)
        count->usage->swap += PAGE_BYTES;
}

/* Pages of shared memory that are in swap stand in the page cache, not in entries (Linux: shmem_swap_usage). */
static void count_shared_swap(const struct os *os, const struct vma *vma, struct count *count)
{
    if (vma->file && os->file[vma->file].shmem && os->swap.used)
        pagecache_visit(os->cache, count_swapped, count);
}

void usage_of_mapping(const struct os *os, const struct os_mm *mm, const struct vma *vma, struct os_usage *usage)
{
    struct count count = {.os = os, .mm = mm, .vma = vma, .usage = usage};
    struct pagetable pt = mm->pt;
    usage->size += vma->end - vma->start;
    pt_visit(&pt, vma->start, vma->end, count_leaf, &count);
    count_shared_swap(os, vma, &count);
}

bool os_usage(const struct os *os, unsigned number, struct os_usage *usage)
{
    const struct os_task *task = task_find(os, number);
    *usage = (struct os_usage){0};
    for (size_t i = 0; task && i < task->mm->vmas.count; i++)
        usage_of_mapping(os, task->mm, &task->mm->vmas.at[i], usage);
    return task;
}

static bool count_record(void *context, struct frame *frame)
{
    struct os_memory *memory = context;
    *(frame->kind == FRAME_HUGETLB ? &memory->hugetlb
      : frame->maps                ? &memory->mapped
                                   : &memory->cached) += frame_pages(frame);
    if (frame->kind == FRAME_HUGETLB && !frame->maps)
        memory->hugetlb_cached += frame_pages(frame);
    return true;
}

static void count_cached_slot(void *context, uint64_t file, uint64_t index, uint64_t value)
{
    (void)file, (void)index;
    ((struct os_memory *)context)->swap_cached += slot_of_cache(value) != 0;
}

void os_memory(const struct os *os, struct os_memory *memory)
{
    *memory = (struct os_memory){.installed = os->config.ram_bytes >> PAGE_SHIFT,
                                 .free = frames_left(os->frames),
                                 .tables = os->counts.table_frames,
                                 .reserved = 2 + (os->huge_zero_page ? TABLE_WORDS : 0),
                                 .swap_slots = os->swap.slots,
                                 .swap_used = os->swap.used};
    records_visit(os->records, count_record, memory);
    pagecache_visit(os->cache, count_cached_slot, memory);
}

static void add_group(const struct os *os, const struct os_task *task, struct os_status *status)
{
    for (const struct os_task *other = os->tasks; other; other = other->next) {
        if (other->group != task->group)
            continue;
        status->threads++;
        status->minor_faults += other->minor;
        status->major_faults += other->major;
    }
}

bool os_status(const struct os *os, unsigned number, struct os_status *status)
{
    const struct os_task *task = task_find(os, number);
    *status = (struct os_status){0};
    if (!task)
        return false;
    const struct os_mm *mm = task->mm;
    *status = (struct os_status){.task = number,
                                 .process = task->group,
                                 .parent = task->parent,
                                 .name = task->name,
                                 .oom_adjust = task->oom_adjust,
                                 .vsz = mm->vmas.bytes,
                                 .rss = mm_rss(mm) << PAGE_SHIFT,
                                 .rss_anon = mm->rss[FRAME_ANON] << PAGE_SHIFT,
                                 .rss_file = mm->rss[FRAME_FILE] << PAGE_SHIFT,
                                 .rss_shmem = mm->rss[FRAME_SHMEM] << PAGE_SHIFT,
                                 .swap = mm->swap << PAGE_SHIFT,
                                 .tables = mm->pt.own << PAGE_SHIFT,
                                 .vsz_peak = mm->vsz_peak,
                                 .rss_peak = mm->rss_peak << PAGE_SHIFT};
    add_group(os, task, status);
    return true;
}

unsigned os_next_task(const struct os *os, unsigned after)
{
    const struct os_task *task = os->tasks;
    while (task && task->number <= after)
        task = task->next;
    return task ? task->number : 0;
}
