/* A replay by `twinwalk memory`, for its two files. */
#ifndef TWINWALK_MEMORY_REPLAY_H
#define TWINWALK_MEMORY_REPLAY_H

#include "arch/oracle.h"
#include "kernel/memo.h"
#include "report/kernel_report.h"
#include "session/setup.h"

struct memory {
    struct kernelside kernel;
    struct trace_reader *trace;
    struct physmem *pm;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    struct memo memo;
    uint64_t stamp; /* dates the memo */
    const struct setup *setup;
    uint64_t records, accesses, by_kind[3];
    uint64_t faults, walks, control_ops, syscalls, checks;
    char error[1200];
    int status; /* enum exit_status: of what kind the error is */
};

/* The table on standard output. good: everything was replayed, and all checks held. */
void memory_report(const struct memory *m, double seconds, bool good);
/* False with a message on stderr. */
bool memory_write_json(const struct memory *m, double seconds);

#endif
