/* The operating system with many processes: what os.h offers beyond one. All of it needs os_config.processes.
 *
 * One task at a time is current: os_map, os_syscall and os_fault are its. A task is a thread; the tasks of a group
 * share one process number (the leader's), and tasks made with OS_CLONE_VM share an address space. os_new starts
 * task 1. Task numbers are the caller's, because a trace gives them. Every function that returns false has set
 * os_error; operations queued by all of them must be carried out (os_control) before the program goes on.
 *
 * When memory runs out, any call may kill any process. Is it the current one, then os_fault gives OS_OOM and the others
 * false, os_current is 0, and os_oom_report says why; the caller goes on with another task. */
#ifndef TWINWALK_OS_PROCESS_H
#define TWINWALK_OS_PROCESS_H

#include <stdio.h>

#include "os.h"

enum os_clone_flags { OS_CLONE_VM = 1, OS_CLONE_FILES = 2, OS_CLONE_THREAD = 4, OS_CLONE_VFORK = 8 };

/* Makes task `child` out of `parent`. Without OS_CLONE_VM the address space is copied on write. With OS_CLONE_VFORK the
 * parent cannot run until the child has executed a program or exited. */
bool os_clone(struct os *os, unsigned parent, unsigned child, unsigned flags);
bool os_fork(struct os *os, unsigned parent, unsigned child);
bool os_vfork(struct os *os, unsigned parent, unsigned child);
bool os_thread(struct os *os, unsigned parent, unsigned child);

/* The task's group gets a new, empty address space (os_map and os_layout fill it); its other threads end. */
bool os_exec(struct os *os, unsigned task, const char *name);

/* One task ends; os_exit_group: all of its process. With the last user of an address space all of that is freed. When
 * the current task ends no task is current, and the kernel's own empty page table is loaded. */
bool os_exit(struct os *os, unsigned task);
bool os_exit_group(struct os *os, unsigned task);

/* Context switch. A change of address space loads CR3, without a flush where the PCID's translations are known to be
 * good. */
bool os_switch(struct os *os, unsigned task);

/* The current task; 0: none. */
unsigned os_current(const struct os *os);

/* Lets a kernel that was started for one process have more from now on; os_config.processes is then true. False: no
 * memory for it. */
bool os_allow_processes(struct os *os);

/* Gives a task a name, as the first program has none; cut to 63 bytes. */
bool os_name(struct os *os, unsigned task, const char *name);

/* oom_score_adj, -1000 … 1000; -1000: never killed. Inherited by fork. */
bool os_oom_adjust(struct os *os, unsigned task, int adjust);

/* A file mapping of the current task by file name: the same name is the same file for every process. page_offset in
 * pages. */
bool os_map_file(struct os *os, uint64_t start, uint64_t end, unsigned prot, unsigned flags, const char *file,
                 uint64_t page_offset);
/* An open by name gave the current task this descriptor. */
bool os_open_file(struct os *os, int64_t fd, const char *file);
/* The same for memory without a disk behind it (a memfd, a file of a tmpfs, /dev/zero): the same name is the same
 * memory for every process, and stays as it is when nobody maps it. /dev/zero's, whose names do not return, goes. */
bool os_open_memory(struct os *os, int64_t fd, const char *name);

/* Where Linux would place `bytes` (mmap without a hint): the highest free place below the stack's limit, aligned to
 * 2^shift. 0: none. */
uint64_t os_find_room(const struct os *os, uint64_t bytes, unsigned shift);

/* The layout that Linux gives to a static-pie or dynamic x86-64 program, without randomization. Sizes in bytes, 0:
 * absent. */
struct os_image {
    const char *program; /* file name */
    bool pie;
    uint64_t text, rodata, data, bss; /* of the program */
    const char *interpreter;          /* NULL: none */
    uint64_t interpreter_text, interpreter_data;
};
bool os_layout(struct os *os, const struct os_image *image);

/* khugepaged: looks at up to `regions` 2-MiB regions of all processes and makes large pages of those it can; how many
 * it made. */
unsigned os_collapse(struct os *os, unsigned regions);

/* kswapd and the flusher: writes back up to `pages` dirty file pages; reclaims until `free_frames` are free. What was
 * done. */
uint64_t os_write_back(struct os *os, uint64_t pages);
uint64_t os_reclaim(struct os *os, uint64_t free_frames);

/* ---- what happens to contents: frames have none here, so whoever keeps contents for them listens ---- */
enum os_move_kind { OS_MOVE_ZERO, OS_MOVE_COPY, OS_MOVE_SWAP_OUT, OS_MOVE_SWAP_IN, OS_MOVE_FILE_IN, OS_MOVE_FILE_OUT };
struct os_move {
    enum os_move_kind kind;
    uint64_t from, to; /* frames' addresses; SWAP_OUT: to, SWAP_IN: from is the number of the swap slot */
    uint64_t bytes;
    uint64_t file, page; /* FILE_IN, FILE_OUT */
};
void os_watch(struct os *os, void (*watcher)(void *context, const struct os_move *move), void *context);

/* ---- accounts ---- */
struct os_events {
    uint64_t major_faults, reuse_faults, cow_copies, huge_faults, swap_ins, swap_outs, file_reads, write_backs,
        dropped_clean;
    uint64_t lazy_freed, scanned, reclaimed, activated, deactivated, rotated, splits, collapses, oom_kills;
    uint64_t switches, kept, flushed; /* loads of CR3: translations kept, dropped */
    uint64_t flushes, forgotten;      /* invalidations asked for, and those that forget_flush left out */
    uint64_t around;                  /* pages mapped by fault_around */
    uint64_t cycles;                  /* everything that the kernel did, by os_config.costs */
    uint64_t forks, execs, exits;
};
const struct os_events *os_events(const struct os *os);

/* Frames of 4 KiB; installed = free + tables + mapped + cached + hugetlb + reserved. */
struct os_memory {
    uint64_t installed, free, tables;
    uint64_t mapped;         /* data frames that some entry points to: the sum of PSS over all address spaces */
    uint64_t hugetlb;        /* pages of MAP_HUGETLB, which Linux leaves out of RSS and PSS; … */
    uint64_t hugetlb_cached; /* … of them those of files that no entry points to */
    uint64_t cached;         /* page-cache frames that no entry points to */
    uint64_t reserved;       /* frame 0 and the pages of zeros */
    uint64_t swap_slots, swap_used;
    uint64_t swap_cached; /* slots that pages of shared memory are in, whoever maps them */
};
void os_memory(const struct os *os, struct os_memory *memory);

/* In bytes; pss in units of 2^-12 byte, as Linux (PSS_SHIFT). A frame's share is cut without loss: the first mappers of
 * a frame get what the division leaves over, so the sum over all processes is exact. */
struct os_usage {
    uint64_t size, rss, anonymous, pss, pss_anon, pss_file, pss_shmem, pss_dirty;
    uint64_t shared_clean, shared_dirty, private_clean, private_dirty, referenced, lazy_free;
    uint64_t anon_huge, shared_hugetlb, private_hugetlb, swap, swap_pss;
};
/* One task's address space as a whole; false: no such task. */
bool os_usage(const struct os *os, unsigned task, struct os_usage *usage);

struct os_status {
    unsigned task, process, parent;
    const char *name;
    uint64_t vsz, rss, rss_anon, rss_file, rss_shmem, swap, tables; /* bytes */
    uint64_t vsz_peak, rss_peak;
    uint64_t minor_faults, major_faults; /* of the process, threads together */
    unsigned threads;
    int oom_adjust;
};
bool os_status(const struct os *os, unsigned task, struct os_status *status);
/* The task after this number, in ascending order (0: the first); 0: none. */
unsigned os_next_task(const struct os *os, unsigned task);

/* In the form of /proc/PID/smaps and smaps_rollup, and one line per process as top prints. */
bool os_print_smaps(const struct os *os, unsigned task, FILE *out);
bool os_print_smaps_rollup(const struct os *os, unsigned task, FILE *out);
void os_print_top(const struct os *os, FILE *out);

/* Who was killed last and why, as Linux says it; "" when nobody was. */
const char *os_oom_report(const struct os *os);

/* Whether the kernel has cleared an Accessed bit without an invalidation. Never under os_config.flush_on_age. */
bool os_aged(const struct os *os);

/* Whether two tasks have one address space. */
bool os_shares_memory(const struct os *os, unsigned task, unsigned other);

/* Called for every process that is about to be killed for memory, by its first task's number, while it is still whole.
 * The callback may look at everything and change nothing. */
void os_watch_deaths(struct os *os, void (*dying)(void *context, unsigned process), void *context);

/* Cross-checks everything the kernel believes: owners of frames, reverse map against page tables, counts, swap slots,
 * lists. Slow; for tests. False: os_error says what is wrong. */
bool os_check(struct os *os);

#endif
