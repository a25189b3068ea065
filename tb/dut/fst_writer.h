/* Writes a waveform as an FST file: what Verilator's trace asks of GTKWave's fstapi (tb/dut/fst_verilator.h), made for
 * signals that change nearly every cycle.
 *
 * An FST is a row of blocks (tb/report/fst.c reads them). Here, in this order: the header; blocks of values, each
 * for a stretch of time; the widths of the signals; their names. A block of values holds all signals at its begin,
 * then of each signal that changes the changes, packed, and its times. fstapi keeps the changes of all signals in one
 * list as they come and sorts them afterwards; here each signal has a row of its own that stands as it will stand in
 * the file (tb/dut/fst_changes.h), so that writing a block is packing it. Signals with equal rows are written once.
 *
 * Signals have the values 0 and 1 only (Verilator knows no others), or are reals. A file that cannot be written any
 * further is left as it is, unfinished, and tb/report finds it wanting. */
#ifndef TWINWALK_FST_WRITER_H
#define TWINWALK_FST_WRITER_H

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "fst_changes.h"

struct fst_writer {
    struct changes changes; /* what changes now is told to it (changes_number, changes_text), once a time at most */
    FILE *file;
    bool failed; /* nothing more is written */
    int unit;    /* a power of ten seconds */
    uint64_t scopes, names, tables, blocks;
    struct bytes of_names, of_widths, of_times, block;
    uint64_t first, now, begin; /* the first time of all, the present one, and that at which the block begins */
    uint32_t times;             /* of the block so far, the present one among them; 0: none was told yet */
    bool flush;                 /* the block ends with the present time */
    const char *clock;          /* name of a clock that falls by itself, or NULL; … */
    uint64_t high;              /* … how long it is high at each time told … */
    uint32_t falls;             /* … and which signal that is, 0: none yet */
};

/* The file that this thread opens next shows the first signal of this name as a clock: high at each time that is told,
 * low so long after it, which comes before the next one. That it is high is told at the first time, no more. */
void fst_writer_clock(const char *name, uint64_t high);
/* Whether such a file was opened since. Not by a Verilator with a writer of its own. */
bool fst_writer_has_clock(void);

/* A new file at `path`; NULL: it cannot be made. */
struct fst_writer *fst_writer_open(const char *path);
/* Writes what there is and ends the file. */
void fst_writer_close(struct fst_writer *w);

/* What a unit of time is: "1ps". */
void fst_writer_unit(struct fst_writer *w, const char *unit);

/* Names, before the first time is told. Kinds, directions and types of scopes are the format's own numbers. */
void fst_writer_scope(struct fst_writer *w, unsigned kind, const char *name);
void fst_writer_upscope(struct fst_writer *w);
/* A signal of so many bits, and its number from 1 on; with `alias` another name of that signal. */
uint32_t fst_writer_signal(struct fst_writer *w, unsigned kind, unsigned direction, uint32_t bits, const char *name,
                           uint32_t alias);
/* Names for values, of at least so many bits, and the number of that table; and the signal named next has them. */
uint32_t fst_writer_table(struct fst_writer *w, const char *name, uint32_t count, unsigned bits, const char **names,
                          const char **values);
void fst_writer_has_table(struct fst_writer *w, uint32_t table);

/* From now on it is this time, which is later than that told last. */
void fst_writer_time(struct fst_writer *w, uint64_t time);
/* The present block ends with the present time. */
void fst_writer_flush(struct fst_writer *w);

#ifdef __cplusplus
}
#endif

#endif
