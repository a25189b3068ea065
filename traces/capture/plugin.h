/* What the parts of the plugin share: the state of this process, and how its threads put records. */
#ifndef TWINWALK_CAPTURE_PLUGIN_H
#define TWINWALK_CAPTURE_PLUGIN_H

#include "channel.h"

#include "qemu_plugin_api.h"

enum { MAX_CPUS = 1 << 15 }; /* QEMU numbers its CPUs, one a thread, as it likes */

/* One thread. The first line is what the hot path needs. */
struct cpu {
    struct chunk *chunk; /* never NULL: no_chunk when it has none */
    uint64_t rep_va;     /* the repeated instruction fetched last, 0: none */
    int task;            /* -1: no thread */
    bool holds;          /* holds process.calls */
    int new_task;        /* made by the call under way: 0: none, else the number + 1 */
    unsigned new_cpu;
    struct trace_syscall call; /* between entry and return */
    struct trace_task file;    /* of mmap's descriptor, if file.name[0] */
    uint64_t huge;             /* flags of mmap that say what pages that file consists of; 0: small ones */
    uint64_t clear_va;         /* the kernel clears the four bytes there when the thread ends; 0: none */
} __attribute__((aligned(64)));

struct process {
    struct channel *ch;
    struct cpu cpu[MAX_CPUS];
    struct chunk *no_chunk;
    unsigned top; /* no CPU beyond has been used */
    unsigned threads;
    pid_t pid;
    bool started;   /* the layout is written */
    bool first;     /* it is the trace's first program: no EXEC before the layout */
    uint32_t ended; /* what its threads still do does not count */
    uint32_t calls; /* one thread at a time changes mappings or forks: 0 free, 1 taken, 2 somebody waits */
};

extern struct process process;
extern _Thread_local struct cpu *here; /* the calling thread; NULL before its first system call */

/* ---- Records (records.c) ---- */

/* The chunk for the next record of c, with room for a group of CHUNK_SPARE slots. */
struct chunk *chunk_with_room(struct cpu *c);
/* An access of any length; the kernel's own have flags. */
void put_bytes(struct cpu *c, enum trace_kind kind, unsigned flags, uint64_t va, uint64_t bytes);
void put_extra(struct cpu *c, enum trace_kind kind, const struct trace_extra *x);
void put_task(struct cpu *c, enum trace_task_event event, unsigned number, unsigned flags, const char *name);
/* The same on behalf of a task that has no thread here. */
void put_task_for(unsigned task, enum trace_task_event event);
/* Hands over what c has done so far; last: it puts nothing more. */
void hand_over(struct cpu *c, bool last);
/* Hands over what every thread of the process has done so far. stop: they are stopped meanwhile, so that no access is
 * done but not yet put. */
void hand_over_all(bool stop);
/* Hands over what c has done so far; whatever any thread of the process does from now on does not count. */
void hand_over_and_end(struct cpu *c);
/* Ends the recording and the process: one line. */
void give_up(const char *why) __attribute__((noreturn));

/* ---- System calls (calls.c), processes and threads (tasks.c, exec.c) ---- */

void calls_take(struct cpu *c);
void calls_give(struct cpu *c);

void on_vcpu_init(qemu_plugin_id_t id, unsigned vcpu);
void on_vcpu_exit(qemu_plugin_id_t id, unsigned vcpu);
void on_exit_of_program(qemu_plugin_id_t id, void *user);
void on_syscall(qemu_plugin_id_t id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8);
void on_syscall_return(qemu_plugin_id_t id, unsigned cpu, int64_t number, int64_t result);

void tasks_init(void);
void before_clone(struct cpu *c, const uint64_t arg[6]);
void after_clone(struct cpu *c, const uint64_t arg[6], int64_t result);
bool is_fork(uint64_t number, const uint64_t arg[6]);

/* Replaces the process, or returns for QEMU to do what it will. */
void follow_exec(struct cpu *c, uint64_t number, const uint64_t arg[6]);

/* What the kernel read and wrote for the program in this call (kernel.c). */
void put_kernel_accesses(struct cpu *c, const struct trace_syscall *call);
/* What it reads before anything can be lost: strings that execve takes. */
bool may_block(const struct trace_syscall *call);
/* Copies guest memory; the bytes that could be read. */
size_t peek(void *to, uint64_t va, size_t bytes);
/* The length of the guest's string with its end, 0: it cannot be read. */
size_t peek_string(uint64_t va, size_t most);

/* ---- Names of files (names.c) ---- */

/* Fills name[64] from a path: of a long one its end. */
void name_of_path(char name[64], const char *path);
/* The file behind an open descriptor; no_file: nothing lasting is behind it. False: there is none. */
bool name_of_descriptor(int fd, char name[64], bool *no_file);
/* MAP_HUGETLB with the size of its pages, for a file of hugetlbfs; 0: no such file. */
uint64_t huge_pages_of_descriptor(int fd);

/* Writes MAP records of all that is mapped. NULL, or what is wrong (static). */
const char *layout_put(struct cpu *c);

#endif
