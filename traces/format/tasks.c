/* See tasks.h. */
#include "tasks.h"

#include <stdlib.h>
#include <string.h>

static struct space *space_new(void)
{
    struct space *s = calloc(1, sizeof *s);
    if (s)
        s->users = 1;
    return s;
}

static void space_leave(struct space *s)
{
    if (--s->users)
        return;
    mappings_free(&s->maps);
    free(s);
}

bool tasks_init(struct tasks *t)
{
    memset(t, 0, sizeof *t);
    t->task[0] = (struct task){.space = space_new(), .laying_out = true};
    t->numbers = t->processes = 1;
    return t->task[0].space != NULL;
}

void tasks_free(struct tasks *t)
{
    for (unsigned i = 0; i < t->numbers; i++)
        if (t->task[i].space)
            space_leave(t->task[i].space);
}

/* The place of a task that is about to be. */
static struct task *place_of(struct tasks *t, unsigned number)
{
    if (number >= t->numbers)
        t->numbers = number + 1;
    return &t->task[number];
}

struct task *tasks_of(struct tasks *t, unsigned number)
{
    struct task *task = place_of(t, number);
    if (!task->space && !t->many && t->task[0].space) {
        *task = (struct task){.space = t->task[0].space, .process = t->task[0].process};
        task->space->users++;
    }
    return task->space ? task : NULL;
}

static void end_task(struct task *task)
{
    space_leave(task->space);
    task->space = NULL;
}

/* Ends the tasks of a process, but for `survivor`. */
static void end_process(struct tasks *t, unsigned process, const struct task *survivor)
{
    for (unsigned i = 0; i < t->numbers; i++)
        if (t->task[i].space && t->task[i].process == process && &t->task[i] != survivor)
            end_task(&t->task[i]);
}

static const char *clone_task(struct tasks *t, const struct task *parent, const struct trace_task *event)
{
    struct task *child = place_of(t, event->number);
    t->many = true;
    if (child->space)
        return "a task is made whose number is that of a living one";
    struct space *space = event->flags & TRACE_CLONE_VM ? parent->space : space_new();
    if (!space || (space != parent->space && !mappings_fork(&space->maps, &parent->space->maps)))
        return "out of memory";
    space->users += space == parent->space;
    *child = (struct task){.space = space,
                           .process = event->flags & TRACE_CLONE_THREAD ? parent->process : t->processes++};
    return NULL;
}

static const char *execute(struct tasks *t, struct task *task)
{
    struct space *space = space_new();
    if (!space)
        return "out of memory";
    end_process(t, task->process, task);
    space_leave(task->space);
    task->space = space;
    task->laying_out = true;
    return NULL;
}

const char *tasks_event(struct tasks *t, unsigned number, const struct trace_task *event)
{
    struct task *task = tasks_of(t, number);
    if (!task)
        return "it is of a task that does not exist here";
    switch (event->event) {
    case TRACE_CLONE:
        return clone_task(t, task, event);
    case TRACE_EXEC:
        return execute(t, task);
    case TRACE_EXIT:
        end_task(task);
        t->many = true; /* a thread that has ended does not come back unasked */
        return NULL;
    case TRACE_EXIT_GROUP:
        end_process(t, task->process, NULL);
        t->many = true;
        return NULL;
    default:
        return NULL;
    }
}

const char *tasks_map(struct tasks *t, unsigned number, const struct trace_map *map)
{
    struct task *task = tasks_of(t, number);
    if (!task)
        return "it is of a task that does not exist here";
    if (!task->laying_out)
        return "a program's layout must come before its accesses and system calls";
    return mappings_initial(&task->space->maps, map) ? NULL : "it overlaps another mapping of the layout";
}

const char *tasks_syscall(struct tasks *t, unsigned number, const struct trace_syscall *call)
{
    struct task *task = tasks_of(t, number);
    if (!task)
        return "it is of a task that does not exist here";
    task->laying_out = false;
    return mappings_follow(&task->space->maps, call);
}

uint64_t tasks_mappings(struct tasks *t)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < t->numbers; i++)
        if (t->task[i].space)
            t->task[i].space->counted = false;
    for (unsigned i = 0; i < t->numbers; i++) {
        struct space *space = t->task[i].space;
        if (space && !space->counted)
            count += space->maps.count;
        if (space)
            space->counted = true;
    }
    return count;
}
