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
    STORM_BUSY_RECENT = 10,
    STORM_FILES = 6,
    STORM_FILE_PAGES = 400,
    STORM_FIRST_FD = 10,
    STORM_MEMORY_FD = 40, /* of memory files, opened again and again by their names */
    STORM_MEMORY_FILES = 3,
    STORM_MEMORY_PAGES = 20,
    STORM_HUGE_FD = 50,
    STORM_HUGE = 512, /* pages of 4 KiB in a large one */
    STORM_SEGMENTS = 3,
    STORM_SEGMENT_PAGES = 24,
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
    bool huge;          /* of MAP_HUGETLB */
    uint8_t advice; /* bits: DONTFORK 1, WIPEONFORK 2, HUGEPAGE 4, NOHUGEPAGE 8; 16: has been writable (VM_ACCOUNT) */
    uint32_t call;  /* the call that made the mapping */
};

struct storm_process {
    int task, thread;              /* numbers; -1: none */
    bool giant;                    /* it has the mapping of 32 TiB */
    uint16_t recent[STORM_RECENT]; /* pages that it has touched, to be touched again */
    struct storm_page page[STORM_PAGES];
};

struct storm {
    bool (*put)(void *to, const struct trace_rec *rec, const struct trace_extra *extra); /* where the records go */
    void *to;
    uint64_t random, records, wanted;
    struct storm_process process[STORM_PROCESSES];
    bool used[256];  /* task numbers */
    unsigned now;    /* the process that runs */
    unsigned thread; /* the task of it */
    bool large;      /* more mappings that have room for large pages */
    bool wide;       /* addresses that need 57 bits */
    bool huge;       /* mappings of MAP_HUGETLB, too */
    unsigned busy;   /* steps in 100 that are memory calls, of any process, without sweeps; 0: as programs are */
    unsigned near;   /* so many in 256 memory calls nearly succeed: their arguments are wrong, and so they fail */
    uint32_t calls, segments, programs;
    struct {
        uint32_t id; /* 0: none yet */
        unsigned pages;
    } segment[STORM_SEGMENTS]; /* those that have not been removed */
    bool failed;               /* a record could not be put */
};

int storm_command(int argc, char **argv);

/* From the first process to the end of the last: about s->wanted records, by the seed in s->random, to s->put. s is
 * zero but for what was chosen. */
void storm_make(struct storm *s);
/* The same without the ends of the processes. */
void storm_make_part(struct storm *s);

/* ---- between the files of the storm ---- */
unsigned storm_below(struct storm *s, unsigned bound);
uint64_t storm_va(const struct storm *s, unsigned page);
void storm_put(struct storm *s, const struct trace_rec *rec, const struct trace_extra *extra);
void storm_call(struct storm *s, uint64_t number, const uint64_t arg[6], uint64_t result);
/* One access to the page, if it may be made. */
void storm_touch(struct storm *s, unsigned page, uint8_t kind);
void storm_memory_do(struct storm *s, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                     uint64_t a5, uint64_t result);
/* storm_memory.c: one call that changes mappings. */
void storm_memory_call(struct storm *s);
struct storm_page *storm_pages(struct storm *s);
/* Where a mapping of so many pages may begin; in a busy storm near a few places, so that much meets. */
unsigned storm_place(struct storm *s, unsigned count);
/* These pages have become one mapping. */
void storm_fill(struct storm *s, unsigned first, unsigned count, struct storm_page page);
/* storm_shared.c: segments and memory files, which stay when nobody maps them. */
void storm_segment(struct storm *s);
void storm_memory_file(struct storm *s);
/* storm_huge.c: pages of MAP_HUGETLB. */
void storm_huge_map(struct storm *s);
void storm_huge_pair(struct storm *s);
void storm_huge_drop(struct storm *s);
void storm_huge_move(struct storm *s, unsigned page);
/* Whether no page of MAP_HUGETLB lies across an end of the range; whether one lies in it. */
bool storm_whole(struct storm *s, unsigned first, unsigned count);
bool storm_any_huge(struct storm *s, unsigned first, unsigned count);
/* storm_near.c: a call that Linux refuses, and close to one that it would not. It fails, or, when `granted`, the trace
 * says that it succeeded, which no trace may. False: none was made. */
bool storm_near_miss(struct storm *s, bool granted);
/* A call on the mapping of 32 TiB. */
void storm_giant(struct storm *s);
/* storm_tasks.c */
void storm_event(struct storm *s, enum trace_task_event what, unsigned number, unsigned flags, const char *name);
void storm_begin(struct storm *s);
void storm_task_event(struct storm *s);
void storm_end(struct storm *s);

#endif
