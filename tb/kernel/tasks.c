/* The life of tasks in a replay: CLONE, EXEC, EXIT, OPEN. See kernelside.h. */
#include <stdio.h>

#include "kernelside.h"

/* A thread that nobody has made, in a trace that does not tell of tasks: one of the first process. */
bool kernel_thread_appears(struct kernelside *k, unsigned thread)
{
    if (k->cloned)
        return kernel_bad(k, "task %u is unknown: no CLONE before has made it", thread);
    if (k->task[0].life != LIFE_ALIVE)
        return kernel_bad(k, "task %u is unknown, and the first process, to which it would belong, has ended", thread);
    if (!os_allow_processes(k->os) || !os_thread(k->os, k->task[0].number, thread + 1))
        return kernel_bad(k, "thread %u cannot be made: %s", thread, os_error(k->os));
    kernel_meets(k, thread);
    k->task[thread].number = thread + 1;
    k->task[thread].process = k->task[0].process;
    k->task[thread].life = LIFE_ALIVE;
    if (k->keeps)
        shadow_clone(&k->shadow, 0, thread, TRACE_CLONE_VM | TRACE_CLONE_THREAD);
    return true;
}

/* One that the OS model does not use: numbers return in the trace, while a process may still be known by its first
 * task's. */
static unsigned free_number(const struct kernelside *k, unsigned thread)
{
    for (unsigned number = thread + 1;; number += KERNEL_REUSE) {
        bool used = false;
        for (unsigned i = 0; i < k->numbers && !used; i++)
            used = k->task[i].life == LIFE_ALIVE &&
                   (k->task[i].number == number || k->process[k->task[i].process].number == number);
        if (!used)
            return number;
    }
}

/* A child without a process in the kernel; those that it makes are told apart by numbers that no process has. */
void kernel_never_born(struct kernelside *k, unsigned parent, const struct trace_task *t)
{
    kernel_meets(k, t->number);
    k->task[t->number].process = t->flags & TRACE_CLONE_THREAD ? k->task[parent].process : UINT32_MAX - k->ghosts++;
    kernel_lose(k, t->number);
}

static bool born(struct kernelside *k, unsigned parent, const struct trace_task *t)
{
    const unsigned child = t->number, number = free_number(k, child);
    k->cloned = true;
    if (k->task[child].life == LIFE_ALIVE || k->task[child].life == LIFE_LOST)
        return kernel_bad(k, "CLONE of task %u: a task of this number exists and has not ended", child);
    if (!os_allow_processes(k->os))
        return kernel_bad(k, "%s", os_error(k->os));
    kernel_meets(k, child);
    k->task[child].number = number;
    k->task[child].bare = false;
    /* the parent of a vfork does not stop here: the recorder tells what ran */
    const unsigned flags = t->flags & (TRACE_CLONE_VM | TRACE_CLONE_FILES | TRACE_CLONE_THREAD);
    if (!os_clone(k->os, k->task[parent].number, number, flags)) {
        if (!k->kills)
            return kernel_bad(k, "CLONE of task %u: %s", child, os_error(k->os));
        kernel_never_born(k, parent, t); /* no memory for its tables (Linux: ENOMEM) */
        return true;
    }
    k->task[child].life = LIFE_ALIVE;
    k->task[child].process = k->task[parent].process;
    if (k->keeps)
        shadow_clone(&k->shadow, parent, child, flags);
    return flags & TRACE_CLONE_THREAD || kernel_new_process(k, child, k->process[k->task[parent].process].name);
}

void kernel_others_end(struct kernelside *k, unsigned keep)
{
    for (unsigned i = 0; i < k->numbers; i++)
        if (i != keep && k->task[i].process == k->task[keep].process &&
            (k->task[i].life == LIFE_ALIVE || k->task[i].life == LIFE_LOST))
            kernel_leave(k, i, LIFE_ENDED);
}

static bool executes(struct kernelside *k, unsigned task, const char *name)
{
    struct kernel_process *p = &k->process[k->task[task].process];
    if (!os_allow_processes(k->os))
        return kernel_bad(k, "%s", os_error(k->os));
    kernel_look_at(k, p);
    if (!os_exec(k->os, k->task[task].number, kernel_file_of(name)))
        return !os_current(k->os) || kernel_bad(k, "EXEC of %s: %s", name, os_error(k->os));
    kernel_others_end(k, task);
    if (k->keeps)
        shadow_exec(&k->shadow, task);
    k->task[task].number = p->number;
    k->task[task].bare = true;
    k->thread = KERNEL_NOBODY; /* the next record has to ask for its turn, and be a MAP */
    snprintf(p->name, sizeof p->name, "%s", name);
    return true;
}

static unsigned tasks_of(const struct kernelside *k, unsigned process)
{
    unsigned count = 0;
    for (unsigned i = 0; i < k->numbers; i++)
        count += k->task[i].life == LIFE_ALIVE && k->task[i].process == process;
    return count;
}

static bool ends(struct kernelside *k, unsigned task, bool group)
{
    struct kernel_process *p = &k->process[k->task[task].process];
    if (!os_allow_processes(k->os))
        return kernel_bad(k, "%s", os_error(k->os));
    if (group || tasks_of(k, k->task[task].process) == 1)
        kernel_process_ends(k, p, END_EXIT);
    if (!(group ? os_exit_group : os_exit)(k->os, k->task[task].number))
        return kernel_bad(k, "%s", os_error(k->os));
    if (group)
        kernel_others_end(k, task);
    kernel_leave(k, task, LIFE_ENDED);
    return true;
}

static bool opens(struct kernelside *k, const struct trace_task *t)
{
    const bool done = (t->flags & TRACE_OPEN_NO_FILE ? os_open_memory : os_open_file)(k->os, t->number, t->name);
    return done || !os_current(k->os) || kernel_bad(k, "OPEN of %s: %s", t->name, os_error(k->os));
}

bool kernel_task_event(struct kernelside *k, unsigned task, const struct trace_task *t)
{
    switch (t->event) {
    case TRACE_CLONE:
        return born(k, task, t);
    case TRACE_EXEC:
        return executes(k, task, t->name);
    case TRACE_EXIT:
    case TRACE_EXIT_GROUP:
        return ends(k, task, t->event == TRACE_EXIT_GROUP);
    case TRACE_OPEN:
        return opens(k, t);
    default:
        return kernel_bad(k, "unknown task event %u", t->event);
    }
}
