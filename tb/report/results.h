/* Everything a run has to say for itself, gathered for the table and the JSON. */
#ifndef TWINWALK_RESULTS_H
#define TWINWALK_RESULTS_H

#include "kernel_report.h"
#include "random/random.h"
#include "session/session.h"
#include "session/setup.h"
#include "session/slices.h"

enum verdict {
    VERDICT_EQUAL, /* everything asked for was compared, and was equal */
    VERDICT_MISMATCH,
    VERDICT_HANG,
    VERDICT_INTERRUPTED,
    VERDICT_BAD_INPUT,  /* the trace is damaged or impossible; what came before was compared */
    VERDICT_UNFIT,      /* the trace needs what the preset does not have */
    VERDICT_INCOMPLETE, /* nothing, or less than was asked for, was compared */
    VERDICT_HOST,       /* the host failed */
};

struct results {
    const struct setup *setup;
    const char *command;    /* "cosim", "model", "random" */
    const char *dut;        /* its name; NULL: none */
    struct dut_about about; /* how it is simulated; all zero: nothing to tell */
    enum verdict verdict;
    char error[512];        /* of BAD_INPUT, UNFIT, INCOMPLETE and HOST: one line */
    struct finding finding; /* of VERDICT_MISMATCH and VERDICT_HANG */
    char bundle[540];       /* folder written for it; empty: none */

    struct world_counts world; /* of the replay; zero for random stimulus */
    uint64_t records, record_total;
    bool has_os;
    struct os_counts os;
    const struct kernelside *kernel;    /* NULL: no OS */
    const struct random_counts *random; /* NULL for a trace */
    struct mmu_counts mmu;              /* of the model */
    bool own_clock;                     /* the device ran at its own pace: the model's events are not its own … */
    struct dut_counts counts;           /* … which are these, as far as it offers them */
    struct walks walks;
    struct exercised exercised;      /* of a lockstep run */
    const struct histogram *latency; /* of walks; NULL: not measured */
    uint64_t cycles_ref, cycles_dut; /* 0: did not run */
    uint64_t skipped;
    uint64_t state_compared;
    uint64_t events_compared;           /* memory requests compared without a clock */
    size_t table_bytes;                 /* host memory for page tables, both images */
    double started;                     /* of wall_seconds() */
    double seconds;                     /* CPU time of the run */
    const struct slices_counts *slices; /* NULL: the run was not cut up */
    double alone_seconds;               /* CPU time of the DUT alone; 0: not measured */
    uint64_t alone_cycles;
};

/* The verdict in one line, for jobs of several runs. */
void report_brief(FILE *out, const struct results *results);

/* Prints the table for people. */
void report_table(FILE *out, const struct results *results);

/* Says where the folder of the finding is, below the table. */
void report_folder(FILE *out, const struct results *results);

/* Writes the same as JSON. False with a message on stderr when the file cannot be written. */
bool report_json(const char *path, const struct results *results);

/* The events of a device that ran at its own pace: its own counters, or that it offers none. */
void report_device(FILE *out, const struct results *results);
struct json_t *report_device_json(const struct results *results);

/* Of a trace with its own tables: what its expectations came to, and what was stale. */
void report_own(FILE *out, const struct results *results);
struct json_t *report_own_json(const struct results *results);

/* The exit status that the verdict deserves. */
int report_status(const struct results *results);

#endif
