/* `twinwalk model --serial`: plain counts. One access at a time, each counted once: hits and misses of the TLBs,
 * without a clock, a miss queue or a walker. What the pages are, the OS model or the trace's own tables say; the replay
 * is that of `twinwalk memory` (memory.c). docs/counts.md tells what is counted, and compares it with another
 * simulator. */
#ifndef TWINWALK_SERIAL_H
#define TWINWALK_SERIAL_H

#include "memory_replay.h"

/* Replays options->trace and prints the counts. Returns the exit status. */
int serial_run(const struct setup *setup);

/* ---- Between the files of the replay ---- */

/* What a walk finds of a page that may be accessed, A and D being set. */
struct serial_leaf {
    bool global, dirty;
};
struct serial_leaf serial_leaf(const struct memory *m, const struct oracle_access *access);

/* Counts an access of the trace that the oracle has allowed, to a page of `size`. */
void serial_count(struct memory *m, const struct trace_rec *rec, unsigned size);

/* Replays a trace with its own tables: faults are results. False with m->error. */
bool serial_own(struct memory *m);

/* As memory_report and memory_write_json. */
void serial_report(const struct memory *m, double seconds, bool good);
bool serial_write_json(const struct memory *m, double seconds);

#endif
