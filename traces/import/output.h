/* Writing a trace for a verb of `twinwalk trace`: not onto its own source, and not half of it. */
#ifndef TWINWALK_TRACE_OUTPUT_H
#define TWINWALK_TRACE_OUTPUT_H

#include "format/trace.h"

struct output {
    const char *self; /* for messages */
    const char *path;
    struct trace_writer *writer;
};

/* Opens o->writer and starts to catch signals. `from`: the file being read. level: zstd's, 0 the default. Gives
 * STATUS_EQUAL (0), or the status of a failure, which it has said. */
int output_create(struct output *o, const char *from, const struct trace_info *info, bool text, int level);
bool output_put(struct output *o, const struct trace_rec *rec, const struct trace_extra *extra); /* false: said why */

/* A signal that should end the program: its number, else 0. Whoever writes asks now and then. */
int output_stopped(void);

/* Ends the file. One that is not whole (status != 0, a full disk, a signal) does not get its name: what stood there
 * before still does. Gives the exit status. */
int output_finish(struct output *o, int status);

#endif
