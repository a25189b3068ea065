/* How a run ends: see exits.h. */
#include "exits.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int exits_both(int first, int second)
{
    if (first == STATUS_MISMATCH || second == STATUS_EQUAL)
        return first;
    return second == STATUS_MISMATCH || first == STATUS_EQUAL ? second : first;
}

static int late;

void exits_not_equal(void)
{
    late = STATUS_MISMATCH;
}

/* The last thing that a program does. A write that failed before has left no reason behind. */
static void close_output(int status, void *self)
{
    const int failed = ferror(stdout);
    int whole = STATUS_EQUAL;
    if (fclose(stdout) != 0 || failed) {
        fprintf(stderr, "%s: standard output cannot be written%s%s\n", (const char *)self, failed ? "" : ": ",
                failed ? "" : strerror(errno));
        whole = STATUS_OUTPUT;
    }
    const int now = exits_both(exits_both(status, late), whole);
    if (now != status)
        _exit(now);
}

void exits_begin(const char *self)
{
    argp_err_exit_status = STATUS_USAGE;
    on_exit(close_output, (void *)(unsigned long)self);
}
