/* Tasks: made by clone, given a new program by exec, ended by exit; which of them is current (Linux: kernel/fork.c,
 * fs/exec.c, kernel/exit.c). */
#include <stdio.h>
#include <stdlib.h>

#include "kernel.h"

struct os_task *task_find(const struct os *os, unsigned number)
{
    for (struct os_task *task = os->tasks; task && task->number <= number; task = task->next)
        if (task->number == number)
            return task;
    return NULL;
}

bool task_is_first(const struct os *os, const struct os_task *task)
{
    const struct os_task *first = os->tasks;
    while (first->group != task->group)
        first = first->next;
    return first == task;
}

bool os_shares_memory(const struct os *os, unsigned number, unsigned other)
{
    const struct os_task *a = task_find(os, number), *b = task_find(os, other);
    return a && b && a->mm == b->mm;
}

bool os_name(struct os *os, unsigned number, const char *name)
{
    struct os_task *task = task_find(os, number);
    if (task)
        snprintf(task->name, sizeof task->name, "%s", name);
    return task;
}

static struct os_task *must_find(struct os *os, const char *call, unsigned number)
{
    struct os_task *task = os->config.processes ? task_find(os, number) : NULL;
    if (!task)
        os_fail(os,
                os->config.processes ? "%s: there is no task %u"
                                     : "%s of task %u: this kernel was started for one process",
                call, number);
    return task;
}

static void insert(struct os *os, struct os_task *task)
{
    struct os_task **at = &os->tasks;
    while (*at && (*at)->number < task->number)
        at = &(*at)->next;
    task->next = *at;
    *at = task;
}

static bool share_files(struct os_task *child, struct os_task *parent, bool share)
{
    child->files = share ? parent->files : files_copy(parent->files);
    if (share)
        parent->files->users++;
    return child->files;
}

static bool share_space(struct os *os, struct os_task *child, struct os_task *parent, bool share)
{
    if (share) {
        child->mm = parent->mm;
        child->mm->users++;
        return true;
    }
    if (!memory_balance(os, parent->mm->pt.own, parent->mm))
        return false;
    child->mm = mm_new(os);
    return child->mm ? space_fork(os, parent->mm, child->mm) : os_out_of_memory(os);
}

/* The faults of a thread stay those of its process (Linux: __exit_signal). */
static void bequeath(const struct os *os, const struct os_task *task)
{
    for (struct os_task *other = os->tasks; other; other = other->next) {
        if (other == task || other->group != task->group)
            continue;
        other->minor += task->minor;
        other->major += task->major;
        return;
    }
}

static void drop_task(struct os *os, struct os_task *task)
{
    if (task->mm)
        mm_leave(os, task->mm);
    files_leave(task->files);
    free(task);
}

bool os_clone(struct os *os, unsigned parent_number, unsigned number, unsigned flags)
{
    struct os_task *parent = must_find(os, "clone", parent_number);
    if (!parent)
        return false;
    if (!number || task_find(os, number))
        return os_fail(os, "clone of task %u: the number %u is in use or 0", parent_number, number);
    if (flags & OS_CLONE_THREAD && !(flags & OS_CLONE_VM))
        return os_fail(os, "clone of task %u: a thread must share its process's memory", parent_number);
    struct os_task *child = calloc(1, sizeof *child);
    if (!child)
        return os_out_of_memory(os);
    bool thread = flags & OS_CLONE_THREAD;
    child->number = number;
    child->group = thread ? parent->group : number;
    child->parent = thread ? parent->parent : parent->group;
    child->oom_adjust = parent->oom_adjust;
    snprintf(child->name, sizeof child->name, "%s", parent->name);
    if (!share_files(child, parent, flags & (OS_CLONE_FILES | OS_CLONE_THREAD)) ||
        !share_space(os, child, parent, flags & OS_CLONE_VM)) {
        drop_task(os, child);
        return false;
    }
    if (flags & OS_CLONE_VFORK)
        parent->waits_for = number;
    insert(os, child);
    os->events.forks += !thread;
    return true;
}

bool os_fork(struct os *os, unsigned parent, unsigned child)
{
    return os_clone(os, parent, child, 0);
}

bool os_vfork(struct os *os, unsigned parent, unsigned child)
{
    return os_clone(os, parent, child, OS_CLONE_VM | OS_CLONE_VFORK);
}

bool os_thread(struct os *os, unsigned parent, unsigned child)
{
    return os_clone(os, parent, child, OS_CLONE_VM | OS_CLONE_FILES | OS_CLONE_THREAD);
}

/* A vfork parent goes on when its child has an address space of its own, or none. */
static void release_parent(struct os *os, unsigned child)
{
    for (struct os_task *task = os->tasks; task; task = task->next)
        if (task->waits_for == child)
            task->waits_for = 0;
}

/* Anonymous shared memory that only these descriptors kept alive goes. */
static void close_all(struct os *os, struct file_table *files)
{
    for (size_t fd = 0; files->users == 1 && fd < files->count; fd++) {
        uint64_t file = files->file[fd];
        files->file[fd] = 0;
        file_forget_if_unused(os, file);
    }
}

static void end_task(struct os *os, struct os_task *task)
{
    struct os_task **at = &os->tasks;
    release_parent(os, task->number);
    if (os->task == task) {
        os->task = NULL;
        os->mm = NULL;
        tlb_load(os, os->idle);
    }
    close_all(os, task->files);
    while (*at != task)
        at = &(*at)->next;
    *at = task->next;
    bequeath(os, task);
    drop_task(os, task);
}

/* The other tasks of the group, or all of it. */
static void end_group(struct os *os, unsigned group, const struct os_task *keep)
{
    for (struct os_task *task = os->tasks; task;) {
        struct os_task *next = task->next;
        if (task->group == group && task != keep)
            end_task(os, task);
        task = next;
    }
}

bool os_exit(struct os *os, unsigned number)
{
    struct os_task *task = must_find(os, "exit", number);
    if (!task)
        return false;
    os->events.exits++;
    end_task(os, task);
    return true;
}

bool os_exit_group(struct os *os, unsigned number)
{
    struct os_task *task = must_find(os, "exit", number);
    if (!task)
        return false;
    os->events.exits++;
    end_group(os, task->group, NULL);
    return true;
}

/* The thread that executes a program becomes the leader, with the leader's number (Linux: de_thread). */
static void renumber(struct os *os, struct os_task *task, unsigned number)
{
    struct os_task **at = &os->tasks;
    while (*at != task)
        at = &(*at)->next;
    *at = task->next;
    task->number = number;
    insert(os, task);
}

/* Descriptors stay open as far as the trace does not close them: which are close-on-exec it does not tell. */
bool os_exec(struct os *os, unsigned number, const char *name)
{
    struct os_task *task = must_find(os, "exec", number);
    if (!task || !memory_balance(os, 0, task->mm))
        return false;
    struct os_mm *mm = mm_new(os), *old = task->mm;
    if (!mm)
        return os_out_of_memory(os);
    if (task->files->users > 1) {
        struct file_table *files = files_copy(task->files);
        if (!files)
            return os_out_of_memory(os);
        files_leave(task->files);
        task->files = files;
    }
    end_group(os, task->group, task);
    if (task->number != task->group)
        renumber(os, task, task->group);
    task->mm = mm;
    snprintf(task->name, sizeof task->name, "%s", name);
    if (os->task == task) {
        os->mm = mm;
        tlb_load(os, mm);
    }
    mm_leave(os, old);
    release_parent(os, number);
    os->events.execs++;
    return true;
}

bool os_switch(struct os *os, unsigned number)
{
    struct os_task *task = must_find(os, "switch", number);
    if (!task)
        return false;
    if (task->waits_for)
        return os_fail(
            os, "task %u cannot run: it has lent its memory to task %u, which has neither executed a program nor ended",
            number, task->waits_for);
    if (task == os->task)
        return true;
    os->task = task;
    os->mm = task->mm;
    os->events.cycles += os->config.costs.change;
    tlb_load(os, task->mm);
    return true;
}

unsigned os_current(const struct os *os)
{
    return os->task ? os->task->number : 0;
}

bool os_oom_adjust(struct os *os, unsigned number, int adjust)
{
    struct os_task *task = must_find(os, "oom_score_adj", number);
    if (task)
        task->oom_adjust = adjust < -1000 ? -1000 : adjust > 1000 ? 1000 : adjust;
    return task;
}
