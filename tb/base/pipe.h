/* Traces that can be read only once: standard input, and whatever else is no file, such as a named pipe. Replaying
 * needs no more; what would read a trace again says so and does without. */
#ifndef TWINWALK_PIPE_H
#define TWINWALK_PIPE_H

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static inline bool pipe_reads_once(const char *trace)
{
    struct stat status;
    return trace && (strcmp(trace, "-") == 0 || (stat(trace, &status) == 0 && !S_ISREG(status.st_mode)));
}

#endif
