/* What the OS model has to say after a replay, and of every process when it ends: for the table, for the JSON, and in
 * the forms of /proc/PID/smaps and top. */
#ifndef TWINWALK_KERNEL_REPORT_H
#define TWINWALK_KERNEL_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "base/outfile.h"
#include "kernel/kernelside.h"
#include "session/setup.h"

/* Prints that are made while processes end; all zero: none. */
struct kernel_prints {
    FILE *smaps, *rollup, *top, *faults;
    struct outfile out[4]; /* where they go; several may go to one */
    unsigned files;
};

/* Opens what the options ask for, and listens to the ends of processes. False with a message on stderr. */
bool kernel_prints_open(struct kernel_prints *p, const struct kernel_setup *o, struct kernelside *k);
/* Prints those that are still there, and who was killed last, and closes. False with a message on stderr when a file is
 * incomplete. */
bool kernel_prints_close(struct kernel_prints *p, const struct kernelside *k);

/* Rows of the table: faults by kind, memory, swap, processes. Call kernelside_look before. */
void kernel_report_rows(FILE *out, const struct kernelside *k);

/* One line per process, those that have ended too. */
void kernel_report_processes(FILE *out, const struct kernelside *k);

/* The same numbers for programs. Call kernelside_look before. */
json_t *kernel_report_json(const struct kernelside *k);

#endif
