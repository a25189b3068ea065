/* The trace library: reads and writes Twinwalk's trace format (docs/trace-format.md) in constant memory.
 *
 * A trace is a sequence of records: the program's accesses in program order, and between them what changes its address
 * space. Accesses are 16 bytes in memory; rarer records carry an extra part. */
#ifndef TWINWALK_TRACE_H
#define TWINWALK_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Threads, which are tasks, are numbered 0 … TRACE_THREADS - 1. */
enum { TRACE_THREADS = 16384 };

enum trace_kind {
    TRACE_FETCH = 0,   /* va, size = instruction length in bytes */
    TRACE_LOAD = 1,    /* va, size in bytes */
    TRACE_STORE = 2,   /* va, size in bytes; a read-modify-write is a store (SDM 5.7: it counts as a write) */
    TRACE_MAP = 3,     /* extra.map: a mapping of the initial layout */
    TRACE_SYSCALL = 4, /* extra.syscall */
    TRACE_CONTROL = 5, /* extra.control: a control operation (traces with their own page tables) */
    TRACE_POKE = 6,    /* extra.poke: software writes a page-table entry (such traces) */
    TRACE_CASE =
        7, /* extra.vector: a directed case begins: registers, memory and caches are as after reset (such traces) */
    TRACE_ENTRY = 8, /* extra.entry: what eight bytes of memory must hold after the accesses so far (such traces) */
    TRACE_TASK = 9,  /* extra.task: a task begins, executes a program, opens a file, or ends (traces for an OS model) */
    TRACE_MEMERR = 10, /* extra.memerr: memory that fails from here on (traces with their own page tables) */
    TRACE_KINDS = 11,  /* how many there are */
};

enum trace_flag {
    TRACE_SUPERVISOR = 1, /* CPL < 3; otherwise the access is made in user mode */
    TRACE_IMPLICIT = 2,
    TRACE_AC = 4,
    TRACE_SHADOW_STACK =
        8, /* a store with it and without TRACE_SUPERVISOR is WRUSS as well as any write at CPL 3 (SDM 5.6.1) */
    TRACE_EXPECT =
        16, /* extra.expect holds the result that the access must have; TRACE_CONTROL: extra.control.gp does */
};

/* What a TRACE_CASE may need of the CPU, or need it not to have. */
enum trace_feature {
    TRACE_LA57 = 1,
    TRACE_PCID = 2,
    TRACE_PAGE_1G = 4,
    TRACE_PKU = 8,
    TRACE_PKS = 16,
    TRACE_CET = 32,
    TRACE_LAM = 64,
    TRACE_AMD = 128, /* AMD's rules where the manuals differ; a case that has it in `lacks` is one of Intel's */
};

/* prot, flags as in model/os/os.h; offset: where in the file `name` it begins, a multiple of 4096, 0 without OS_FILE.
 */
struct trace_map {
    uint64_t start, end, offset;
    uint32_t prot, flags;
    char name[64];
};
enum trace_task_event { TRACE_CLONE, TRACE_EXEC, TRACE_EXIT, TRACE_EXIT_GROUP, TRACE_OPEN, TRACE_TASK_EVENTS };
enum trace_task_flag {
    TRACE_CLONE_VM = 1,
    TRACE_CLONE_FILES = 2,
    TRACE_CLONE_THREAD = 4,
    TRACE_CLONE_VFORK = 8,  /* as enum os_clone_flags */
    TRACE_OPEN_NO_FILE = 1, /* TRACE_OPEN: nothing lasting is behind the descriptor (a memfd, /dev/zero) */
};
struct trace_task {
    uint32_t
        number; /* TRACE_CLONE: the new task, below TRACE_THREADS; TRACE_OPEN: the descriptor, below 2^31; else 0 */
    uint8_t event, flags; /* enum trace_task_event, trace_task_flag */
    char name[64];        /* TRACE_EXEC, TRACE_OPEN: the file, 1 … 63 bytes; else "" */
};
struct trace_syscall {
    uint64_t number, arg[6];
    int64_t result;
};
struct trace_control {
    uint64_t data, desc;
    uint8_t op;
    bool gp;
}; /* op as pins_ctl_op; desc: INVPCID only, else 0; gp: with TRACE_EXPECT, must it fault? */
struct trace_poke {
    uint64_t pa, value;
};
struct trace_expect {
    uint64_t pa, cr2;
    uint16_t err, err_open;       /* err_open: bits of the error code that may be anything; they are 0 in err */
    uint8_t kind, size, mt;       /* as pins_kind, pins_page_size, pins_memory_type */
    bool has_pa, has_mt, has_cr2; /* pa and size count too; mt does (both of an OK); cr2 does (of a page fault) */
};
struct trace_case {
    char name[64];        /* 1 … 63 visible ASCII characters, the first not '#' */
    uint8_t needs, lacks; /* enum trace_feature; disjoint */
    uint8_t paddr_bits;   /* MAXPHYADDR that the case needs, 36 … 52; 0: any */
    bool paddr_least;     /* … or more */
};
struct trace_entry {
    uint64_t pa, value, mask;
}; /* the bits of mask must be those of value */
struct trace_memerr {
    uint64_t value; /* MEMERR_AT: a physical address; MEMERR_READ: from 1; else 0 */
    uint8_t what;   /* as enum memerr_what in model/mem/memerr.h */
};

struct trace_extra {
    union {
        struct trace_map map;
        struct trace_syscall syscall;
        struct trace_control control;
        struct trace_poke poke;
        struct trace_expect expect;
        struct trace_case vector;
        struct trace_entry entry;
        struct trace_task task;
        struct trace_memerr memerr;
    };
};

struct trace_rec {
    uint64_t va;
    uint8_t kind;    /* enum trace_kind */
    uint8_t flags;   /* enum trace_flag */
    uint8_t size;    /* bytes, 1 … 64; larger accesses are split by the writer of the trace */
    uint16_t thread; /* below TRACE_THREADS, 0 in single-threaded traces */
    uint16_t extra;  /* index for trace_extra(), among those of its run; only for records that have one */
};

/* What the trace says of itself. */
struct trace_info {
    uint8_t linear_bits; /* 48 or 57: the address width that the trace needs */
    bool own_tables;     /* the trace brings its own page tables (POKE, CONTROL): no OS model, faults are results */
    uint64_t records, accesses; /* UINT64_MAX when the writer could not know (a pipe) */
    char program[256];          /* the command that was recorded */
    char recorder[128];         /* the tool and version that recorded it */
};

struct trace_reader;
struct trace_writer;

/* Opens a trace, binary or text (told by content). "-" is standard input. NULL on failure, with one line in *error that
 * says what is wrong, where, and how to mend it (static storage of the calling thread). */
struct trace_reader *trace_open(const char *path, const char **error);
void trace_close(struct trace_reader *reader);
const struct trace_info *trace_get_info(const struct trace_reader *reader);

/* Gives the next run of records: *recs points at *count of them (at least 1), valid until the next call. Returns 1; 0
 * at the end of a complete trace; -1 on an error (trace_error). Records before the damage are always given first. */
int trace_next(struct trace_reader *reader, const struct trace_rec **recs, size_t *count);

/* The extra part of a record of the current run; NULL when it has none. */
const struct trace_extra *trace_extra(const struct trace_reader *reader, const struct trace_rec *rec);

/* Goes to record number `record` (0 based; the number of records is the end itself, where trace_next gives 0). False
 * when it is beyond the end, damaged, or behind the position of a pipe (trace_error). The text form and pipes are read
 * through, forward. */
bool trace_seek(struct trace_reader *reader, uint64_t record);

/* For a process and a child forked from it that both go on reading a file: trace_place, called before the fork, tells
 * where in it the reader stands; trace_part gives the child a place of its own there. False: the file cannot be opened
 * again. Not for pipes. */
int64_t trace_place(const struct trace_reader *reader);
bool trace_part(struct trace_reader *reader, int64_t place);

/* File, offset, record and cause of the last error, in one line. */
const char *trace_error(const struct trace_reader *reader);
/* Whether it was the host that had no memory left, rather than the trace that is wrong. NULL: of the last trace_open.
 */
bool trace_no_memory(const struct trace_reader *reader);

/* Creates a trace, beside the file of that name until it is finished (whole.h); counts in *info are filled in at the
 * end. text: the text form. "-" is standard output. */
struct trace_writer *trace_create(const char *path, const struct trace_info *info, bool text, const char **error);
/* Appends a record; extra may be NULL for records without one. False on an error (trace_writer_error): a record that
 * trace_invalid() refuses (nothing is written; the writer lives on), or for example a full disk (every later call fails
 * too). */
bool trace_put(struct trace_writer *writer, const struct trace_rec *rec, const struct trace_extra *extra);
/* Finishes the file (index, counts), gives it its name and frees the writer; false on an error, with *error set: the
 * name then stands for what it stood for before. (A pipe, a device and standard output are written as they are.) */
bool trace_finish(struct trace_writer *writer, const char **error);
/* Frees the writer, and leaves nothing of its file. */
void trace_abandon(struct trace_writer *writer);
const char *trace_writer_error(const struct trace_writer *writer);

/* ---- Helpers around the contract above ---- */

/* What forbids this record in a trace (one line, static), or NULL. Accesses: 1 … 64 bytes within one 4 KiB page. The
 * rest: va, size and flags 0; mappings page aligned with a terminated name; a poke's pa a multiple of 8. extra may be
 * NULL where there is none. */
const char *trace_invalid(const struct trace_rec *rec, const struct trace_extra *extra);

/* Is this pins_ctl_op one of INVPCID, with a descriptor? */
bool trace_is_invpcid(uint8_t op);

/* The line that a record of the current run stands on; 0 in the binary form. */
uint64_t trace_line(const struct trace_reader *reader, const struct trace_rec *rec);

/* Cuts the first piece off an access of `bytes` > 0 at va: *size is its length (at most 64, up to the page's end, S8).
 * Returns the bytes left. */
size_t trace_split(uint64_t va, size_t bytes, uint8_t *size);
/* Appends an access of any length as the records that trace_split() makes of it. rec->size is ignored; no TRACE_EXPECT.
 */
bool trace_put_split(struct trace_writer *writer, const struct trace_rec *rec, size_t bytes);

/* Sets zstd's level, 1 (fast) … 19 (small); the default is 3. Any time; false when out of range. */
bool trace_set_level(struct trace_writer *writer, int level);

/* Of the blocks read since trace_open: their number, and their bytes encoded and compressed. All 0 for the text form.
 */
struct trace_sizes {
    uint64_t blocks, raw, packed;
};
struct trace_sizes trace_get_sizes(const struct trace_reader *reader);

#endif
