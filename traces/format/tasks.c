/* See tasks.h. */
#include "tasks.h"

#include <stdlib.h>
#include <string.h>

static const char out_of_memory[] = "out of memory";

const char *tasks_none(const struct tasks *t)
{
    return t->no_memory ? out_of_memory : "it is of a task that does not exist here";
}

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

/* A task whose number has come, or is below such a one; NULL: there never was one near it. */
static struct task *at(const struct tasks *t, unsigned number)
{
    struct task *group = t->group[number / TASKS_TOGETHER];
    return group ? &group[number % TASKS_TOGETHER] : NULL;
}

/* The same, if it lives. */
static struct task *living(const struct tasks *t, unsigned number)
{
    struct task *task = at(t, number);
    return task && task->space ? task : NULL;
}

/* The place of a task that is about to be. NULL: out of memory. */
static struct task *place_of(struct tasks *t, unsigned number)
{
    struct task **group = &t->group[number / TASKS_TOGETHER];
    if (!*group && !(*group = calloc(TASKS_TOGETHER, sizeof **group))) {
        t->no_memory = true;
        return NULL;
    }
    if (number >= t->numbers)
        t->numbers = number + 1;
    return at(t, number);
}

bool tasks_init(struct tasks *t)
{
    memset(t, 0, sizeof *t);
    struct task *first = place_of(t, 0);
    if (!first)
        return false;
    *first = (struct task){.space = space_new(), .laying_out = true};
    t->processes = 1;
    if (!first->space)
        tasks_free(t);
    return first->space != NULL;
}

void tasks_free(struct tasks *t)
{
    for (unsigned i = 0; i < t->numbers; i++)
        if (living(t, i))
            space_leave(at(t, i)->space);
    for (unsigned i = 0; i < sizeof t->group / sizeof *t->group; i++)
        free(t->group[i]);
}

struct task *tasks_of(struct tasks *t, unsigned number)
{
    struct task *task = place_of(t, number);
    const struct task *first = at(t, 0);
    if (task && !task->space && !t->many && first->space) {
        *task = (struct task){.space = first->space, .process = first->process};
        task->space->users++;
    }
    return task && task->space ? task : NULL;
}

static void end_task(struct task *task)
{
    space_leave(task->space);
    task->space = NULL;
}

/* Ends the tasks of a process, but for `survivor`. */
static void end_process(struct tasks *t, unsigned process, const struct task *survivor)
{
    for (unsigned i = 0; i < t->numbers; i++) {
        struct task *task = living(t, i);
        if (task && task->process == process && task != survivor)
            end_task(task);
    }
}

static const char *clone_task(struct tasks *t, const struct task *parent, const struct trace_task *event)
{
    struct task *child = place_of(t, event->number);
    if (!child)
        return out_of_memory;
    t->many = true;
    if (child->space)
        return "a task is made whose number is that of a living one";
    struct space *space = event->flags & TRACE_CLONE_VM ? parent->space : space_new();
    if (!space || (space != parent->space && !mappings_fork(&space->maps, &parent->space->maps)))
        return out_of_memory;
    space->users += space == parent->space;
    *child = (struct task){.space = space,
                           .process = event->flags & TRACE_CLONE_THREAD ? parent->process : t->processes++};
    return NULL;
}

static const char *execute(struct tasks *t, struct task *task)
{
    struct space *space = space_new();
    if (!space)
        return out_of_memory;
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
        return tasks_none(t);
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
        return tasks_none(t);
    if (!task->laying_out)
        return "a program's layout must come before its accesses and system calls";
    return mappings_initial(&task->space->maps, map) ? NULL : "it overlaps another mapping of the layout";
}

const char *tasks_syscall(struct tasks *t, unsigned number, const struct trace_syscall *call)
{
    struct task *task = tasks_of(t, number);
    if (!task)
        return tasks_none(t);
    task->laying_out = false;
    return mappings_follow(&task->space->maps, call);
}

uint64_t tasks_mappings(struct tasks *t)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < t->numbers; i++)
        if (living(t, i))
            at(t, i)->space->counted = false;
    for (unsigned i = 0; i < t->numbers; i++) {
        const struct task *task = living(t, i);
        if (task && !task->space->counted)
            count += task->space->maps.count;
        if (task)
            task->space->counted = true;
    }
    return count;
}
