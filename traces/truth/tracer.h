/* Runs a command natively under ptrace and writes its log (log.h). */
#ifndef TWINWALK_TRUTH_TRACER_H
#define TWINWALK_TRUTH_TRACER_H

#include <stdbool.h>
#include <stdio.h>

struct run {
    char **argv, **environment;
    const char *program; /* the file of argv[0] */
    const char *out;     /* the program's standard output; its standard input is /dev/null */
    bool light;          /* stop at exec and exit only: no calls, no faults; tells whether looking closer disturbs */
    bool no_vdso;        /* the program is not told of the vDSO, as under QEMU, which has none */
    FILE *log;
};

/* Returns the program's wait status, or -1 after one line on standard error. */
int tracer_run(const struct run *run);

#endif
