/* A replay by `twinwalk memory` or `twinwalk model --serial`, for the files of both. */
#ifndef TWINWALK_MEMORY_REPLAY_H
#define TWINWALK_MEMORY_REPLAY_H

#include "arch/oracle.h"
#include "kernel/memo.h"
#include "kernel/recorded.h"
#include "report/kernel_report.h"
#include "serial_tlbs.h"
#include "session/setup.h"

struct memory {
    bool serial, short_of_memory;
    struct kernelside kernel;
    struct trace_reader *trace;
    struct physmem *pm;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    struct memo memo;
    uint64_t stamp;           /* dates the memo */
    struct serial_tlbs *tlbs; /* NULL: nobody counts (`twinwalk memory`) */
    struct quick *quick;      /* NULL: they are counted one search after the other (`twinwalk model --serial`) */
    bool mending;             /* the control operations at hand are those of a page fault */
    uint64_t own_pf, own_gp;  /* faults that are results: the trace has its own tables */
    const struct setup *setup;
    uint64_t records, accesses, by_kind[3];
    uint64_t faults, walks, control_ops, syscalls, checks;
    char error[1200];
    int status; /* enum exit_status: of what kind the error is */
};

/* A replay of setup->trace, not begun; serial: with TLBs, which count. NULL: no memory. What else is wrong memory_go
 * says. */
struct memory *memory_new(const struct setup *setup, bool serial);
/* All of it, once, without a word. False: m->error and m->status say why; an interrupt leaves m->error empty. */
bool memory_go(struct memory *m);
void memory_free(struct memory *m);

/* The whole replay, from opening to the report; the exit status. serial: with TLBs, which count. */
int memory_replay(const struct setup *setup, bool serial);

/* Both give false, with m->error and m->status; _here: at the record at hand. */
bool memory_fail(struct memory *m, int status, const char *why);
bool memory_fail_here(struct memory *m, int status, const char *why);
/* The same, with what the reader says, which names the trace itself. */
bool memory_fail_reading(struct memory *m);

/* Counts an access that the oracle has allowed, to a page of `size`; key: that of its memo. */
void memory_count(struct memory *m, const struct trace_rec *rec, uint64_t key, unsigned size);

/* The access is made: sets A and D where the oracle wants them, and remembers its page. */
void memory_remember(struct memory *m, uint64_t key, const struct oracle_result *r);

/* The last line of a report: how it ended. */
void memory_ending(FILE *out, const struct memory *m, bool good);

/* The table on standard output. good: everything was replayed, and all checks held. */
void memory_report(const struct memory *m, double seconds, bool good);
/* False with a message on stderr. */
bool memory_write_json(const struct memory *m, double seconds);

#endif
