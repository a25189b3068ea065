/* The parts of the collector (collect.c). */
#ifndef TWINWALK_CAPTURE_COLLECT_H
#define TWINWALK_CAPTURE_COLLECT_H

#include "channel.h"

struct collect {
    struct channel *ch;
    struct trace_writer *writer; /* NULL once recording is over */
    const char *out;
    uint64_t skip, limit;    /* accesses still to leave out, and to record in all */
    uint64_t accesses, seen; /* recorded; and all */
    bool reached;            /* the limit */
    bool broken;             /* the file could not be written */
};

/* ---- Records into the file (drain.c) ---- */

/* Writes what is in the queue. False: there was nothing. */
bool drain(struct collect *c);
/* Writes what a process that is gone has left, and its end. */
void drain_dead(struct collect *c, pid_t pid);
/* No more records: the file gets its index. False: it is not complete; said why. */
bool finish(struct collect *c);

/* ---- Processes (watch.c) ---- */

/* Looks for processes that have ended without a word. */
void watch_processes(struct collect *c);
/* Sends all of them a signal. */
void signal_processes(struct collect *c, int signal);
/* None is left: ends those in the trace that have not said so. */
void end_processes(struct collect *c);

#endif
