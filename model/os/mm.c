/* Address spaces: made empty, and taken apart when their last task has left. */
#include <stdlib.h>

#include "kernel.h"

struct os_mm *mm_new(struct os *os)
{
    struct os_mm *mm = calloc(1, sizeof *mm);
    if (!mm || !pt_init(&mm->pt, os->pm, os->frames, os->config.la57 ? 5 : 4, &os->counts.table_frames)) {
        free(mm);
        return NULL;
    }
    mm->context = ++os->last_context;
    mm->users = 1;
    mm->next = os->mms;
    os->mms = mm;
    return mm;
}

uint64_t mm_rss(const struct os_mm *mm)
{
    return mm->rss[FRAME_ANON] + mm->rss[FRAME_FILE] + mm->rss[FRAME_SHMEM];
}

void mm_peaks(struct os_mm *mm)
{
    uint64_t rss = mm_rss(mm);
    if (rss > mm->rss_peak)
        mm->rss_peak = rss;
    if (mm->vmas.bytes > mm->vsz_peak)
        mm->vsz_peak = mm->vmas.bytes;
}

static void unlink_mm(struct os *os, struct os_mm *mm)
{
    struct os_mm **at = &os->mms;
    while (*at != mm)
        at = &(*at)->next;
    *at = mm->next;
}

/* Nothing is invalidated: the kernel's own root is loaded first, and a PCID that comes to another address space is
 * flushed then, because the number of this one is never used again. */
void mm_leave(struct os *os, struct os_mm *mm)
{
    if (--mm->users)
        return;
    if (os->loaded == mm)
        tlb_load(os, os->idle);
    struct flush none = {0};
    for (size_t i = 0; i < mm->vmas.count; i++)
        space_zap(os, mm, mm->vmas.at[i].start, mm->vmas.at[i].end, &none);
    pt_drop(&mm->pt);
    unlink_mm(os, mm);
    for (size_t i = 0; i < mm->vmas.count; i++)
        file_forget_if_unused(os, mm->vmas.at[i].file);
    vma_drop(&mm->vmas);
    free(mm);
}
