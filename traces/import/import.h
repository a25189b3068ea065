/* Foreign traces in, Twinwalk's records out (docs/trace-format.md section 12). One file a format; all of them stream.
 */
#ifndef TWINWALK_IMPORT_H
#define TWINWALK_IMPORT_H

#include "format/trace.h"
#include "source.h"

enum { IMPORT_THREADS = 256 };

struct import_options {
    const char *from;    /* name of the format; NULL: guessed */
    const char *program; /* NULL: what the file says of itself, else its name */
    uint8_t linear_bits; /* 48 or 57 */
    int base;            /* pin: of numbers without 0x; 10, 16, or 0: guessed */
    bool no_fetches;     /* leave fetches out */
    bool drop;           /* leave accesses out that are not canonical, instead of refusing them */
    bool one_process;    /* drmemtrace: of process `pid` only */
    uint64_t pid;
    uint64_t skip, limit; /* accesses of the source to leave out first, and then to take at most */
};

/* What was read, in the source's own terms, and what became of it. */
struct import_counts {
    uint64_t units;                   /* records, or lines, of the source */
    uint64_t instructions;            /* fetched */
    uint64_t loads, stores, modifies; /* modifies: a load and a store in one line; counted in neither of these */
    uint64_t not_fetched;             /* further rounds of a repeated instruction */
    uint64_t prefetches, others, unknown, empty; /* left out: by kind, not understood, of no bytes */
    uint64_t dropped;                            /* not canonical (options.drop) */
    uint64_t crossings;                          /* accesses that became more than one record */
    uint64_t records;                            /* written */
    unsigned threads;
};

struct import_thread {
    bool used, exited;
    uint64_t id; /* in the source */
    uint64_t process;
    bool has_process;
    uint64_t last_ip, next_ip; /* where its last instruction was, and ended */
    bool has_ip;
};

struct import {
    struct source *source;
    const struct import_options *options;
    bool (*put)(void *to, const struct trace_rec *rec); /* false: stop, the receiver knows why */
    void *to;
    struct import_counts counts;
    uint64_t accesses;              /* before --skip and --limit */
    const char *unit;               /* what the source consists of: "record" or "line" */
    bool full;                      /* --limit is reached, or the receiver wants no more */
    char error[SOURCE_ERROR + 512]; /* empty: none */
    struct import_thread thread[IMPORT_THREADS];
};

struct format {
    const char *name, *what;
    bool text;
    /* Is this how such a file begins? */
    bool (*looks_like)(const uint8_t *p, size_t n);
    /* Reads to the end. What it says of itself goes to recorder and program, from the first bytes, before that. */
    void (*describe)(const uint8_t *p, size_t n, struct trace_info *info);
    bool (*read)(struct import *im);
};
extern const struct format format_champsim, format_drmemtrace, format_lackey, format_pin;
extern const struct format *const import_formats[]; /* ends with NULL */

/* The format that the options name, or that the source looks like; NULL: error[] says why. */
const struct format *import_format(struct source *source, const struct import_options *options, char *error,
                                   size_t size);
void import_describe(struct source *source, const struct format *format, const struct import_options *options,
                     struct trace_info *info);

/* Reads the source to its end, its damage, or --limit. False: im->error says what, where (file, and record or line). */
bool import_run(struct import *im, const struct format *format);

/* ---- For the formats ---- */

/* An access of any length. False: stop (im->error, or im->full). */
bool import_access(struct import *im, unsigned kind, uint64_t va, uint64_t bytes, unsigned thread);
/* What is wrong with the unit at hand (counts.units is its number); gives false. */
bool import_wrong(struct import *im, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The number, 0 … 255, of a thread of the source: its own if that is small and free, else the first free one. -1: too
 * many (im->error). */
int import_thread_of(struct import *im, uint64_t id);

/* A line without its end; it is ended by a zero byte. The next call makes it invalid. 1; 0 at the end; -1 (im->error).
 */
int import_line(struct import *im, char **line);
/* Hexadecimal or decimal digits at *p, at least one; moves *p behind them. False: none, or more than 64 bits. */
bool import_digits(const char **p, int base, uint64_t *value);

#endif
