/* The log of a native run, in memory: for every task what it did, in its own order. */
#ifndef TWINWALK_TRUTH_NATIVE_H
#define TWINWALK_TRUTH_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct native_map {
    uint64_t start, end, offset;
    char rights[5];
    char *name; /* "" for none */
};

struct native_exec {
    char *file;
    uint64_t sp;
    uint64_t brk; /* where its heap begins; 0: it has none */
    struct native_map *map;
    size_t maps;
    size_t calls; /* of the task, before it */
};

struct native_call {
    uint64_t number, arg[6];
    int64_t result;
};

struct native_task {
    unsigned parent, flags;
    struct native_exec *exec;
    struct native_call *call;
    size_t execs, calls;
};

struct native {
    struct native_task *task;
    size_t tasks;
};

/* Returns NULL, or one line that says what is wrong (static storage). */
const char *native_read(struct native *native, const char *path);
void native_drop(struct native *native);

#endif
