/* `twinwalk trace check`: is this trace whole, and can it be replayed? */
#ifndef TWINWALK_TRACE_CHECK_H
#define TWINWALK_TRACE_CHECK_H

#include "trace.h"

struct check_counts {
    uint64_t records, kind[TRACE_KINDS], expectations, tasks,
        mapped_ranges; /* mapped_ranges: of all tasks, at the end; tasks: made */
    bool no_layout;    /* it does not begin with a mapping: pages are mapped when they are touched first */
};

/* Why a record of this kind has no place in a trace with, or without, its own tables; NULL: it may have one. */
const char *check_place(bool own_tables, enum trace_kind kind);

/* Reads the trace to its end. False: error[size] says what is wrong, with the record's number. A trace without its own
 * tables must be replayable: its layout comes first and does not overlap, system calls agree with what is mapped, and
 * every access lies in a mapping of its task's that allows it; one without a layout (an imported one) has only
 * canonical addresses. One with own tables has no MAP, SYSCALL and TASK records. */
bool check_trace(struct trace_reader *reader, struct check_counts *counts, char *error, size_t size);

#endif
