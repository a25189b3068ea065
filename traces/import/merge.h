/* Several traces as the threads of one. */
#ifndef TWINWALK_IMPORT_MERGE_H
#define TWINWALK_IMPORT_MERGE_H

#include "format/trace.h"

enum { MERGE_MOST = 64 };

struct merge_input {
    const char *path;
    struct trace_reader *reader;
    const struct trace_rec *recs; /* the run at hand */
    size_t count, at;
    uint64_t record;       /* number of recs[at] */
    unsigned threads;      /* 1 + its largest thread number */
    unsigned first_thread; /* in the merged trace */
    bool fetches;          /* it has some, so instructions are counted; else accesses */
    bool ended;
    uint64_t taken; /* accesses so far */
};

struct merge {
    struct merge_input input[MERGE_MOST];
    unsigned inputs;
    uint64_t quantum; /* instructions of one trace before the next one's turn; accesses, of traces without fetches */
    struct trace_info info;
    char error[1400];
};

/* Opens input[0 … inputs), whose paths are set, and reads each once to learn its threads. False: m->error. Close it in
 * any case. */
bool merge_open(struct merge *m);
/* Gives every record of the merged trace to put(); false: it stopped, or m->error says what is wrong. */
bool merge_run(struct merge *m, bool (*put)(void *to, const struct trace_rec *rec, const struct trace_extra *extra),
               void *to);
void merge_close(struct merge *m);

#endif
