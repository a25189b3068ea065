/* Which tasks a trace has at each place, and what each has mapped: follows TASK, MAP and SYSCALL records
 * (docs/trace-format.md sections 1 and 9). `trace check` asks it about every access. */
#ifndef TWINWALK_TRACE_TASKS_H
#define TWINWALK_TRACE_TASKS_H

#include "mappings.h"

/* An address space. */
struct space {
    struct mappings maps;
    unsigned users; /* tasks */
    bool counted;   /* by tasks_mappings() */
};

struct task {
    struct space *space; /* NULL: there is no such task */
    unsigned process;    /* tasks with the same number end together */
    bool laying_out;     /* nothing but MAP records since its program was executed */
};

enum { TASKS_TOGETHER = 128 }; /* numbers whose tasks are allocated at once, when the first of them comes */

struct tasks {
    struct task *group[TRACE_THREADS / TASKS_TOGETHER]; /* NULL: none of its numbers has come yet */
    unsigned numbers;                                   /* 1 + the largest number of a task ever */
    unsigned processes;                                 /* ever */
    bool many;                                          /* a CLONE was seen: from then on every task needs one */
    bool no_memory;                                     /* the host's ran out */
};

/* Task 0 with nothing mapped. False: out of memory, and nothing is to be freed. */
bool tasks_init(struct tasks *t);
void tasks_free(struct tasks *t);

/* The task of a record; one that appears without a CLONE is a thread of the first process, as long as there was no
 * CLONE at all. NULL: tasks_none() says why. */
struct task *tasks_of(struct tasks *t, unsigned number);
const char *tasks_none(const struct tasks *t);

/* Each gives NULL, or what is wrong with it. */
const char *tasks_event(struct tasks *t, unsigned number, const struct trace_task *event);
const char *tasks_map(struct tasks *t, unsigned number, const struct trace_map *map);
const char *tasks_syscall(struct tasks *t, unsigned number, const struct trace_syscall *call);

/* How many mappings there are in all address spaces. */
uint64_t tasks_mappings(struct tasks *t);

#endif
