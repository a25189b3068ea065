/* Tasks of the storm: the first process, forks, threads, programs, ends. See storm.h. */
#include <stdio.h>
#include <string.h>

#include "os/os.h"
#include "storm.h"

enum { TEXT_PAGES = 16, BRK = 12 };

void storm_event(struct storm *s, enum trace_task_event what, unsigned number, unsigned flags, const char *name)
{
    struct trace_extra extra = {.task = {.number = number, .event = (uint8_t)what, .flags = (uint8_t)flags}};
    const struct trace_rec rec = {.kind = TRACE_TASK, .thread = (uint8_t)s->thread};
    snprintf(extra.task.name, sizeof extra.task.name, "%s", name);
    storm_put(s, &rec, &extra);
}

static void map(struct storm *s, unsigned first, unsigned count, uint64_t offset, unsigned prot, unsigned flags,
                const char *name)
{
    struct trace_extra extra = {.map = {.start = storm_va(s, first),
                                        .end = storm_va(s, first) + count * 4096ull,
                                        .offset = offset,
                                        .prot = prot,
                                        .flags = flags}};
    const struct trace_rec rec = {.kind = TRACE_MAP, .thread = (uint8_t)s->thread};
    snprintf(extra.map.name, sizeof extra.map.name, "%s", name);
    storm_put(s, &rec, &extra);
}

/* The layout of a program, and where its break is. */
static void lay_out(struct storm *s, const char *program)
{
    struct storm_page *p = s->process[s->now].page;
    const uint64_t nothing[6] = {0};
    memset(p, 0, sizeof s->process[s->now].page);
    s->process[s->now].giant = false;
    map(s, STORM_PROGRAM, TEXT_PAGES, 0, OS_READ | OS_EXEC, OS_FILE, program);
    map(s, STORM_PROGRAM + TEXT_PAGES, STORM_PROGRAM_PAGES - TEXT_PAGES, (TEXT_PAGES - 1) * 4096, OS_READ | OS_WRITE,
        OS_FILE, program);
    map(s, STORM_STACK + 3, 4, 0, OS_READ | OS_WRITE, OS_STACK | OS_GROWSDOWN, "[stack]");
    storm_call(s, BRK, nothing, storm_va(s, STORM_HEAP));
    for (unsigned i = STORM_PROGRAM; i < STORM_PAGES; i++)
        p[i] = (struct storm_page){.what = STORM_FILE_PRIVATE,
                                   .prot = i < STORM_PROGRAM + TEXT_PAGES ? OS_READ | OS_EXEC : OS_READ | OS_WRITE};
    for (unsigned i = STORM_STACK; i < STORM_PROGRAM; i++) /* what is not mapped yet, an access maps */
        p[i] = (struct storm_page){.what = STORM_PRIVATE, .prot = OS_READ | OS_WRITE};
}

static void open_files(struct storm *s)
{
    for (unsigned i = 0; i < STORM_FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "/storm/file%u", i);
        storm_event(s, TRACE_OPEN, STORM_FIRST_FD + i, i == STORM_FILES - 1 ? TRACE_OPEN_NO_FILE : 0, name);
    }
}

void storm_begin(struct storm *s)
{
    for (unsigned i = 0; i < STORM_PROCESSES; i++)
        s->process[i].task = s->process[i].thread = -1;
    s->process[0].task = 0;
    s->used[0] = true;
    lay_out(s, "/storm/first");
    open_files(s);
}

/* A number that no task has, which is often one that a task had. */
static unsigned new_number(struct storm *s)
{
    unsigned number = storm_below(s, 3) ? 0 : storm_below(s, 200);
    while (s->used[number])
        number = (number + 1) % 256;
    s->used[number] = true;
    return number;
}

static void run(struct storm *s, unsigned i)
{
    s->now = i;
    s->thread = (unsigned)(s->process[i].thread >= 0 && storm_below(s, 2) ? s->process[i].thread : s->process[i].task);
}

/* Any process goes on; the first one seldom, so that it stays small and is not the one to be killed. */
static void run_any(struct storm *s)
{
    for (unsigned tries = 0; tries < 40; tries++) {
        const unsigned i = storm_below(s, STORM_PROCESSES);
        if (s->process[i].task >= 0 && (i || !storm_below(s, 8))) {
            run(s, i);
            return;
        }
    }
    run(s, 0);
}

static int room(struct storm *s)
{
    const unsigned i = storm_below(s, STORM_PROCESSES);
    return s->process[i].task < 0 ? (int)i : -1;
}

static void execute(struct storm *s)
{
    char name[48];
    snprintf(name, sizeof name, "/storm/program%u", storm_below(s, 5));
    if (s->process[s->now].thread >= 0) { /* the other thread ends */
        const unsigned other = (unsigned)(s->process[s->now].task == (int)s->thread ? s->process[s->now].thread
                                                                                    : s->process[s->now].task);
        s->used[other] = false;
        s->process[s->now].task = (int)s->thread;
        s->process[s->now].thread = -1;
    }
    storm_event(s, TRACE_EXEC, 0, 0, name);
    lay_out(s, name);
}

static void fork_one(struct storm *s)
{
    const int i = room(s);
    if (i < 0)
        return;
    struct storm_process *parent = &s->process[s->now], *child = &s->process[i];
    const unsigned number = new_number(s);
    storm_event(s, TRACE_CLONE, number, 0, "");
    memcpy(child->page, parent->page, sizeof child->page);
    for (unsigned p = 0; p < STORM_PAGES; p++)
        if (child->page[p].advice & 1)
            child->page[p] = (struct storm_page){0};
    child->task = (int)number;
    child->thread = -1;
    child->giant = parent->giant;
    run(s, (unsigned)i);
    if (!storm_below(s, 5))
        execute(s);
}

/* The child borrows the memory, touches it, and executes a program or ends, before the parent goes on. */
static void vfork_one(struct storm *s)
{
    const int i = room(s);
    if (i < 0)
        return;
    const unsigned parent = s->now, parent_task = s->thread, number = new_number(s);
    storm_event(s, TRACE_CLONE, number, TRACE_CLONE_VM | TRACE_CLONE_VFORK, "");
    s->thread = number;
    for (unsigned n = storm_below(s, 20); n; n--)
        storm_touch(s, storm_below(s, STORM_PAGES), storm_below(s, 2) ? TRACE_LOAD : TRACE_STORE);
    if (storm_below(s, 2)) {
        storm_event(s, TRACE_EXIT_GROUP, 0, 0, "");
        s->used[number] = false;
        s->now = parent;
        s->thread = parent_task;
        return;
    }
    s->process[i].task = (int)number;
    s->process[i].thread = -1;
    s->now = (unsigned)i;
    execute(s);
}

static void thread_one(struct storm *s)
{
    struct storm_process *p = &s->process[s->now];
    if (p->thread >= 0)
        return;
    p->thread = (int)new_number(s);
    storm_event(s, TRACE_CLONE, (unsigned)p->thread, TRACE_CLONE_VM | TRACE_CLONE_FILES | TRACE_CLONE_THREAD, "");
}

/* A thread ends, or the process does: all at once, or one after the other. */
static void end_one(struct storm *s, unsigned i)
{
    struct storm_process *p = &s->process[i];
    s->now = i;
    if (p->thread >= 0 && storm_below(s, 2)) {
        const bool leader = storm_below(s, 2); /* the leader may end first */
        s->thread = (unsigned)(leader ? p->task : p->thread);
        storm_event(s, TRACE_EXIT, 0, 0, "");
        s->used[s->thread] = false;
        p->task = leader ? p->thread : p->task;
        p->thread = -1;
        if (storm_below(s, 2))
            return;
    }
    run(s, i);
    storm_event(s, p->thread >= 0 || storm_below(s, 2) ? TRACE_EXIT_GROUP : TRACE_EXIT, 0, 0, "");
    s->used[p->task] = false;
    if (p->thread >= 0)
        s->used[p->thread] = false;
    p->task = p->thread = -1;
}

void storm_task_event(struct storm *s)
{
    const unsigned k = storm_below(s, 16);
    if (k < 5) {
        run_any(s);
    } else if (k < 10) {
        if (s->now && !storm_below(s, 3))
            run(s, 0); /* many are children of the first process */
        fork_one(s);
    } else if (k < 11) {
        vfork_one(s);
    } else if (k < 12) {
        thread_one(s);
    } else if (k < 13) {
        if (s->now && storm_below(s, 2))
            execute(s);
    } else if (s->now && storm_below(s, 2)) {
        end_one(s, s->now);
        run_any(s);
    }
    const struct storm_process *p = &s->process[s->now]; /* its tasks may have changed */
    if ((int)s->thread != p->task && (int)s->thread != p->thread)
        run(s, s->now);
}

void storm_end(struct storm *s)
{
    for (unsigned i = STORM_PROCESSES; i--;)
        while (s->process[i].task >= 0)
            end_one(s, i);
}
