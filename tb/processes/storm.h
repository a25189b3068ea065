/* `twinwalk storm`: makes a trace of many processes that fork, execute programs, share and change memory, and end, at
 * random: for a replay with little memory. The trace is legal by docs/trace-format.md whatever the kernel does with it;
 * nothing in it depends on who is killed. */
#ifndef TWINWALK_STORM_H
#define TWINWALK_STORM_H

#include <stdbool.h>
#include <stdint.h>

#include "traces/format/trace.h"

enum {
    STORM_PROCESSES = 12,
    STORM_RECENT = 48,
    STORM_FILES = 6,
    STORM_FILE_PAGES = 400,
    STORM_FIRST_FD = 10,
    /* The pages of a process: where mappings come and go; the heap; the stack; the program's text and data. */
    STORM_OPEN_PAGES = 1600,
    STORM_HEAP_PAGES = 128,
    STORM_STACK_PAGES = 48,
    STORM_PROGRAM_PAGES = 24,
    STORM_HEAP = STORM_OPEN_PAGES,
    STORM_STACK = STORM_HEAP + STORM_HEAP_PAGES,
    STORM_PROGRAM = STORM_STACK + STORM_STACK_PAGES,
    STORM_PAGES = STORM_PROGRAM + STORM_PROGRAM_PAGES,
};

enum storm_what {
    STORM_NOTHING,
    STORM_PRIVATE,
    STORM_FILE_PRIVATE,
    STORM_FILE_SHARED,
    STORM_ANON_SHARED,
    STORM_SEGMENT
};

struct storm_page {
    uint8_t what, prot; /* enum storm_what; OS_READ … */
    uint8_t advice; /* bits: DONTFORK 1, WIPEONFORK 2, HUGEPAGE 4, NOHUGEPAGE 8; 16: has been writable (VM_ACCOUNT) */
    uint32_t call;  /* the call that made the mapping */
};

struct storm_process {
    int task, thread;              /* numbers; -1: none */
    uint16_t recent[STORM_RECENT]; /* pages that it has touched, to be touched again */
    struct storm_page page[STORM_PAGES];
};

struct storm {
    struct trace_writer *out;
    uint64_t random, records, wanted;
    struct storm_process process[STORM_PROCESSES];
    bool used[256];  /* task numbers */
    unsigned now;    /* the process that runs */
    unsigned thread; /* the task of it */
    bool large;      /* more mappings that have room for large pages */
    bool wide;       /* addresses that need 57 bits */
    uint32_t calls, segments, programs;
    bool failed; /* the file cannot be written */
};

int storm_command(int argc, char **argv);

/* ---- between the files of the storm ---- */
unsigned storm_below(struct storm *s, unsigned bound);
uint64_t storm_va(const struct storm *s, unsigned page);
void storm_put(struct storm *s, const struct trace_rec *rec, const struct trace_extra *extra);
void storm_call(struct storm *s, uint64_t number, const uint64_t arg[6], uint64_t result);
/* One access to the page, if it may be made. */
void storm_touch(struct storm *s, unsigned page, uint8_t kind);
/* storm_memory.c: one call that changes mappings. */
void storm_memory_call(struct storm *s);
/* storm_tasks.c */
void storm_begin(struct storm *s);
void storm_task_event(struct storm *s);
void storm_end(struct storm *s);

#endif
