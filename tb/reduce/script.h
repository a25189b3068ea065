/* A trace in memory: what a reduction cuts down. */
#ifndef TWINWALK_SCRIPT_H
#define TWINWALK_SCRIPT_H

#include "events.h"
#include "traces/format/trace.h"

struct script {
    struct line {
        struct trace_rec rec;
        struct trace_extra extra;
    } *line;
    size_t count, room;
    uint8_t linear_bits;
    bool os;           /* it is for the OS model; else it has tables of its own */
    char program[256]; /* then: what was recorded */
};

static inline bool line_is_access(const struct line *line)
{
    return line->rec.kind <= TRACE_STORE;
}

enum { REGISTERS = 7 };

/* The control operations that bring registers from those after reset to these, with paging on, in an order in which
 * none raises #GP(0): CR0.WP before CR4.CET, CR4.PCIDE before a PCID in CR3. Gives how many. */
unsigned registers_set(const struct oracle_regs *regs, struct trace_control op[REGISTERS]);

void script_free(struct script *s);

/* Reads a trace, at most `most` records of it. False: it has no tables of its own, cannot be read, has more, or memory
 * is short. */
bool script_read(struct script *s, const char *path, size_t most);

/* Reads the first `count` records of a trace for the OS model. False: it is none, it cannot be read, or memory is
 * short.
 */
bool script_read_program(struct script *s, const char *path, size_t count);

/* The last n events of a run, with the registers as they were before them, and each entry poked where an access reads
 * it otherwise than the script has left it: behind the last access before that reads it too. False: memory is short. */
bool script_of_events(struct script *s, const struct events *events, uint64_t n);

/* Adds an access to a script that has none: without any a run has compared nothing. False: memory is short. */
bool script_have_access(struct script *s);

/* Writes the lines that `keep` has (NULL: all) as text, behind `head`, comment lines with their '#' and newlines (NULL:
 * none). False with errno. */
bool script_write(const struct script *s, const bool *keep, const char *path, const char *head);

/* Of the lines kept: accesses and control operations, for people. */
size_t script_records(const struct script *s, const bool *keep);

#endif
