/* Pages that mappings share through the page cache: of files, and of anonymous shared memory. */
#include "kernel.h"

uint64_t page_index(const struct vma *vma, uint64_t va)
{
    return vma->page_offset + ((va - vma->start) >> PAGE_SHIFT);
}

/* Says what the page's contents are, and what it took to get them. */
static void bring_in(struct os *os, struct frame *frame, uint32_t slot)
{
    uint64_t bytes = (uint64_t)1 << x86_level_shift(frame->level);
    if (slot) {
        os_tell(os, (struct os_move){.kind = OS_MOVE_SWAP_IN, .from = slot, .to = frame->pa, .bytes = bytes});
        swap_let_go(os, slot);
        os->events.swap_ins++;
        frame->dirty = true;
    } else if (os->file[frame->file].shmem) {
        os_tell(os, (struct os_move){.kind = OS_MOVE_ZERO, .to = frame->pa, .bytes = bytes});
        os->events.cycles += os->config.costs.zero * frame_pages(frame);
        return;
    } else {
        os_tell(os, (struct os_move){.kind = OS_MOVE_FILE_IN,
                                     .to = frame->pa,
                                     .bytes = bytes,
                                     .file = frame->file,
                                     .page = frame->index});
        if (os->config.warm_files)
            return;
        os->events.file_reads++;
    }
    os->major = true;
    os->events.cycles += os->config.costs.io;
}

struct frame *page_from_file(struct os *os, const struct vma *vma, uint64_t va, unsigned level)
{
    uint64_t index = page_index(vma, va);
    uint64_t value = pagecache_find(os->cache, vma->file, index);
    uint32_t slot = slot_of_cache(value);
    if (value && !slot)
        return records_find(os->records, value);
    enum frame_kind kind = level > 1 ? FRAME_HUGETLB : os->file[vma->file].shmem ? FRAME_SHMEM : FRAME_FILE;
    struct frame *frame = page_take(os, level, kind);
    if (!frame)
        return NULL;
    if (!pagecache_put(os->cache, vma->file, index, frame->pa)) {
        page_give(os, frame);
        return NULL;
    }
    frame->cached = true;
    os->file[vma->file].cached += !value;
    frame->file = vma->file;
    frame->index = index;
    bring_in(os, frame, slot);
    return frame;
}

void file_page_gone(struct os *os, struct frame *frame)
{
    pagecache_remove(os->cache, frame->file, frame->index);
    os->file[frame->file].cached--;
    page_give(os, frame);
}

void file_write(struct os *os, struct frame *frame)
{
    os_tell(os, (struct os_move){.kind = OS_MOVE_FILE_OUT,
                                 .from = frame->pa,
                                 .bytes = PAGE_BYTES,
                                 .file = frame->file,
                                 .page = frame->index});
    frame->dirty = false;
}

static bool is_open(const struct os *os, uint64_t file)
{
    for (const struct os_task *task = os->tasks; task; task = task->next)
        for (size_t fd = 0; fd < task->files->count; fd++)
            if (task->files->file[fd] == file)
                return true;
    return false;
}

bool file_is_mapped(const struct os *os, uint64_t file)
{
    for (const struct os_mm *mm = os->mms; mm; mm = mm->next)
        for (size_t i = 0; i < mm->vmas.count; i++)
            if (mm->vmas.at[i].file == file)
                return true;
    return false;
}

static void let_go(void *context, uint64_t index, uint64_t value)
{
    struct os *os = context;
    (void)index;
    if (slot_of_cache(value))
        swap_let_go(os, slot_of_cache(value));
    else
        page_give(os, records_find(os->records, value));
}

bool file_keeps_pages(const struct os *os, uint64_t file)
{
    return os->file[file].shmem || os->file[file].level > 1;
}

void file_forget_if_unused(struct os *os, uint64_t file)
{
    if (!file || !os->file[file].cached || !file_keeps_pages(os, file) || os->file[file].lasts || is_open(os, file) ||
        file_is_mapped(os, file))
        return;
    pagecache_remove_file(os->cache, file, let_go, os);
    os->file[file].cached = 0;
}
