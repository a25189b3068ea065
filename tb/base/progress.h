/* The progress line: on a terminal, about five times a second, with rate and time left. Silent in a pipe. */
#ifndef TWINWALK_PROGRESS_H
#define TWINWALK_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *unit;     /* what is counted: "records", "requests" */
    bool terminal, shown; /* stderr is one; a line stands there */
    double started, last; /* seconds, monotonic */
};

void progress_start(struct progress *progress, const char *unit);

/* Cheap enough for every few thousand cycles. total UINT64_MAX: unknown. */
void progress_show(struct progress *progress, uint64_t done, uint64_t total, uint64_t cycle);

/* The same for what has no cycles to count: a line in words of its own. Cheap enough for every thing that takes
 * microseconds. */
void progress_say(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Wipes the line; another may follow. */
void progress_end(struct progress *progress);

#endif
