/* Out of memory: somebody must go (Linux: mm/oom_kill.c). Badness is what killing gives back: resident pages, swap
 * entries and page tables, shifted by oom_score_adj thousandths of all memory. */
#include <inttypes.h>
#include <stdio.h>

#include "kernel.h"

static uint64_t total_pages(const struct os *os)
{
    return (os->config.ram_bytes >> PAGE_SHIFT) + os->swap.slots;
}

static int64_t badness(const struct os *os, const struct os_task *task)
{
    const struct os_mm *mm = task->mm;
    int64_t points = (int64_t)(mm_rss(mm) + mm->swap + mm->pt.own);
    return points + (int64_t)task->oom_adjust * (int64_t)(total_pages(os) / 1000);
}

static bool may_die(const struct os *os, const struct os_task *task, const struct os_mm *spare)
{
    return task_is_first(os, task) && task->mm != spare && task->oom_adjust > -1000;
}

static void report(struct os *os, const struct os_task *victim, int64_t points, unsigned candidates)
{
    const struct os_mm *mm = victim->mm;
    snprintf(os->oom_report, sizeof os->oom_report,
             "Out of memory: Killed process %u (%s) total-vm:%" PRIu64 "kB, anon-rss:%" PRIu64 "kB, file-rss:%" PRIu64
             "kB, shmem-rss:%" PRIu64 "kB, swap:%" PRIu64 "kB, pgtables:%" PRIu64
             "kB oom_score_adj:%d: highest badness (%" PRId64 " pages) of %u candidates; %" PRIu64 " of %" PRIu64
             " frames are free, %" PRIu64
             " are needed, %u of %u swap slots are in use, and nothing more can be reclaimed",
             victim->group, victim->name, mm->vmas.bytes >> 10, mm->rss[FRAME_ANON] << 2, mm->rss[FRAME_FILE] << 2,
             mm->rss[FRAME_SHMEM] << 2, mm->swap << 2, mm->pt.own << 2, victim->oom_adjust, points, candidates,
             frames_left(os->frames), os->config.ram_bytes >> PAGE_SHIFT, os->min_free, os->swap.used, os->swap.slots);
}

bool oom_kill(struct os *os, const struct os_mm *spare)
{
    const struct os_task *victim = NULL;
    int64_t worst = 0;
    unsigned candidates = 0;
    for (const struct os_task *task = os->tasks; task; task = task->next) {
        if (!may_die(os, task, spare))
            continue;
        candidates++;
        int64_t points = badness(os, task);
        if (victim && points <= worst)
            continue;
        victim = task;
        worst = points;
    }
    if (!victim)
        return os_out_of_memory(os);
    report(os, victim, worst, candidates);
    os->events.oom_kills++;
    /* whoever shares the memory goes too, or nothing would be freed */
    const struct os_mm *mm = victim->mm;
    for (const struct os_task *task = os->tasks; os->dying && task; task = task->next)
        if (task->mm == mm && task_is_first(os, task))
            os->dying(os->dying_context, task->group);
    os_exit_group(os, victim->number);
    for (struct os_task *task = os->tasks; task;) {
        struct os_task *next = task->next;
        if (task->mm == mm)
            os_exit(os, task->number);
        task = next;
    }
    return os_fail(os, "%s", os->oom_report) || true;
}

const char *os_oom_report(const struct os *os)
{
    return os->oom_report;
}
