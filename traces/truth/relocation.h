/* What the files of the relocation share (relocate.h). */
#ifndef TWINWALK_TRUTH_RELOCATION_H
#define TWINWALK_TRUTH_RELOCATION_H

#include "format/trace.h"
#include "native.h"
#include "space.h"

static const uint64_t PAGE = 4096;

struct task {
    bool alive, layout; /* layout: its MAP records are coming */
    unsigned native;    /* number in the log */
    size_t exec, call;  /* of the native task, done so far */
    unsigned child;     /* native number of the child born last */
    struct space *space;
};

struct relocation {
    struct native native;
    struct trace_reader *reader;
    struct trace_writer *writer;
    struct task task[TRACE_THREADS];
    uint64_t record, written;
    uint64_t dropped; /* kernel accesses to what the native process does not have */
    bool held;        /* a load that may turn out to be half of a read-modify-write */
    struct trace_rec load;
    char error[512];
};

static inline uint64_t page_up(uint64_t bytes)
{
    return (bytes + PAGE - 1) & ~(PAGE - 1);
}

/* relocate.c: false, with a line in r->error. */
bool moved_fail(struct relocation *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes a record; an access, cut where a page ends: what lay in one page may lie in two now. */
bool moved_put(struct relocation *r, const struct trace_rec *rec, const struct trace_extra *extra);
bool moved_access(struct relocation *r, const struct trace_rec *rec, size_t bytes);

/* relocate_layout.c: a program's first mappings. */
bool begin_layout(struct relocation *r, struct task *task, uint16_t thread);
bool take_map(struct relocation *r, uint16_t thread, const struct trace_map *map);
/* Behind the last MAP record. */
bool end_layout(struct relocation *r, struct task *task, uint16_t thread);

/* relocate_calls.c */
bool take_syscall(struct relocation *r, const struct trace_rec *rec, const struct trace_syscall *call);

#endif
