/* Whose fault it is that a trace cannot be read on. */
#ifndef TWINWALK_INPUT_H
#define TWINWALK_INPUT_H

#include "exits.h"
#include "traces/format/trace.h"

/* The status for trace_error(reader), or, with NULL, for the error of the last trace_open. */
static inline int input_status(const struct trace_reader *reader)
{
    return trace_no_memory(reader) ? STATUS_HOST : STATUS_INPUT;
}

#endif
