/* The kernel's side of a replay: what the records of a trace mean to the OS model. Shared by everything that replays a
 * trace for one: the bench (world.h) and `twinwalk memory` (memory.h).
 *
 * A task of the trace is a thread number; the OS model has numbers of its own, which are never in use twice (thread +
 * 1, or that and a multiple of KERNEL_REUSE). One processor runs all tasks, so before a record of another thread the
 * kernel switches to its task. A task that the kernel had to kill, or could not make, is *lost*: the records that it
 * still has in the trace are counted and skipped, and its children are lost with it.
 *
 * Traces with TASK records or offsets of mappings know their files by name. Older ones do not: there each file mapping
 * is a file of its own, and a thread that appears without a CLONE is one of the first process. */
#ifndef TWINWALK_KERNELSIDE_H
#define TWINWALK_KERNELSIDE_H

#include "os/os_process.h"
#include "shadow.h"
#include "traces/format/trace.h"

enum { KERNEL_THREADS = TRACE_THREADS, KERNEL_NOBODY = TRACE_THREADS, KERNEL_REUSE = 256 };

enum kernel_life { LIFE_UNKNOWN, LIFE_ALIVE, LIFE_ENDED, LIFE_LOST };
enum kernel_end { END_NONE, END_EXIT, END_KILLED };

/* A process as it was when it ended, or as it is. Sizes in bytes, pss in units of 2^-12 byte. */
struct kernel_process {
    char name[64];   /* the program's file, or what the trace says was recorded */
    unsigned task;   /* its first task's number in the trace */
    unsigned number; /* in the OS model, as its messages and prints say */
    enum kernel_end end;
    uint64_t record; /* at which it ended */
    uint64_t vsz, rss, pss, swap, tables;
    uint64_t vsz_peak; /* of the present program */
    uint64_t rss_peak; /* of all the programs that it has executed (Linux: ru_maxrss) */
    uint64_t minor_faults, major_faults;
};

struct kernel_counts {
    uint64_t skipped; /* records of lost tasks, accesses and others */
    uint64_t lost;    /* tasks that were killed or could not be made */
    uint64_t turns;   /* context switches that the trace asked for */
};

struct kernelside {
    struct os *os;   /* NULL: the trace has its own tables */
    unsigned thread; /* whose records the processor carries out now; KERNEL_NOBODY: nobody's */
    uint64_t record; /* the caller keeps it: number of the record in work, for messages */
    bool named;      /* file mappings are known by name and offset */
    bool cloned;     /* the trace makes its tasks: none appears by itself */
    bool losses;     /* some task is lost */
    bool deaths;     /* the kernel has killed somebody since that was last looked at */
    bool kills;      /* the kernel may kill when memory is short */
    unsigned ghosts; /* processes that never were, so far */
    struct {
        unsigned number, process; /* in the OS model; place in process[] */
        uint8_t life;             /* enum kernel_life */
        bool bare;                /* it has executed a program whose mappings have not come yet */
    } task[KERNEL_THREADS];
    unsigned numbers; /* 1 + the largest number of a task so far: the rest of task[] is unused */
    struct kernel_process *process;
    size_t processes;
    struct kernel_counts counts;
    struct contents contents; /* of frames; in use when `keeps` */
    struct shadow shadow;     /* … and what they must be */
    bool keeps;
    void (*ending)(void *context, const struct kernelside *k,
                   const struct kernel_process *process); /* called while it is still whole */
    void *ending_context;
    FILE *faults; /* a line for every page fault is written there; NULL: nowhere */
    char error[1024];
};

/* Boots the OS model for a trace whose first records are given, in physical memory pm. *config says what the user
 * chose; the rest is filled in here. False with one line in error[]. */
struct kernel_boot {
    struct physmem *pm;
    const struct trace_reader *trace;
    const struct trace_rec *rec; /* the first run of records */
    size_t records;
    unsigned paddr_bits; /* of the processor, as the next three */
    bool la57, pcid, page_1g;
    const struct os_config *config;
    bool signatures;    /* keep contents, for kernelside_reaches */
    uint64_t lose_move; /* contents.h */
};
bool kernelside_boot(struct kernelside *k, const struct kernel_boot *boot, char *error, size_t size);
void kernelside_free(struct kernelside *k);

/* Before a record: is it its task's turn? */
enum kernel_turn {
    TURN_RUN,      /* yes */
    TURN_SWITCHED, /* it is now: carry out what the kernel owes (os_control), then ask again */
    TURN_SKIP,     /* the task is lost: kernelside_skip instead */
    TURN_BAD,      /* error says why it cannot be */
};
enum kernel_turn kernelside_turn(struct kernelside *k, const struct trace_rec *rec);

/* Whether the record belongs to a lost task. */
static inline bool kernelside_is_lost(const struct kernelside *k, const struct trace_rec *rec)
{
    return k->losses && k->task[rec->thread].life == LIFE_LOST;
}

/* Passes over a record of a lost task. extra: NULL for accesses. */
void kernelside_skip(struct kernelside *k, const struct trace_rec *rec, const struct trace_extra *extra);

/* Carries out MAP, SYSCALL or TASK, whose turn it is. False: the trace and the kernel have parted, or memory is short:
 * error says so. */
bool kernelside_do(struct kernelside *k, const struct trace_rec *rec, const struct trace_extra *extra);

/* A page fault of the current task, in program order. */
enum kernel_mend {
    MEND_RETRY, /* mended: carry out what is owed, then do the access again */
    MEND_LOST,  /* the task is gone: drop its accesses, carry out what is owed, and go on with the next record */
    MEND_BAD,   /* error says why */
};
enum kernel_mend kernelside_fault(struct kernelside *k, uint64_t va, uint8_t acc, uint16_t error_code);

/* An access of the running task to va has been led to physical address pa. False: the frame there does not hold what
 * the task's page must hold; *found and *expected are then the two signatures (contents.h). Always true without
 * signatures. A store changes the page. */
bool kernelside_reaches(struct kernelside *k, uint64_t va, bool store, uint64_t pa, uint64_t *found,
                        uint64_t *expected);

/* Checks everything that the OS model believes, that the PSS of all processes add up to the memory mapped, and, when no
 * task is left, that no frame and no swap slot is. Slow. False: error says what is wrong. */
bool kernelside_audit(struct kernelside *k);

/* Brings process[] of those that live up to date. */
void kernelside_look(struct kernelside *k);

/* ---- between the files of the kernel's side ---- */
/* Sets error to "record N: …"; false. */
bool kernel_bad(struct kernelside *k, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A file's name without its folders. */
const char *kernel_file_of(const char *path);
bool kernel_new_process(struct kernelside *k, unsigned task, const char *name);
void kernel_look_at(struct kernelside *k, struct kernel_process *p);
void kernel_process_ends(struct kernelside *k, struct kernel_process *p, enum kernel_end how);
/* A task of this number is there now, if it was not. */
void kernel_meets(struct kernelside *k, unsigned task);
/* The task leaves the living. */
void kernel_leave(struct kernelside *k, unsigned task, enum kernel_life life);
void kernel_lose(struct kernelside *k, unsigned task);
/* A child without a process in the kernel; those that it makes are told apart by numbers that no process has. */
void kernel_never_born(struct kernelside *k, unsigned parent, const struct trace_task *t);
/* All tasks of the process but this one have ended. */
void kernel_others_end(struct kernelside *k, unsigned keep);
/* Makes a thread that the trace has not told of. */
bool kernel_thread_appears(struct kernelside *k, unsigned thread);
bool kernel_task_event(struct kernelside *k, unsigned task, const struct trace_task *t);

#endif
