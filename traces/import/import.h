/* Foreign traces in, Twinwalk's records out (docs/trace-format.md section 12). One file a format; all of them stream.
 */
#ifndef TWINWALK_IMPORT_H
#define TWINWALK_IMPORT_H

#include "format/trace.h"
#include "source.h"

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
    uint8_t lam;          /* data addresses have tags as Linear Address Masking takes them: 48, 57, or 0: none */
    unsigned fold;        /* at most so many threads, 1 … TRACE_THREADS; 0: as many as a trace has room for */
};

/* What was read, in the source's own terms, and what became of it. */
struct import_counts {
    uint64_t units;                   /* records, or lines, of the source */
    uint64_t instructions;            /* fetched */
    uint64_t loads, stores, modifies; /* modifies: a load and a store in one line; counted in neither of these */
    uint64_t kernel;                  /* instructions among them that the kernel has executed */
    uint64_t not_fetched;             /* further rounds of a repeated instruction */
    uint64_t prefetches, others, unknown, empty; /* left out: by kind, not understood, of no bytes */
    uint64_t dropped;                            /* not canonical (options.drop) */
    uint64_t tagged;                             /* data accesses whose tag was taken away (options.lam) */
    uint64_t crossings;                          /* accesses that became more than one record */
    uint64_t records;                            /* written */
    uint64_t threads;                            /* of the source */
    uint64_t folded;                             /* … that took the number of a living one */
};

struct import_thread {
    bool used, exited;
    uint16_t next; /* 1 + the number of another thread in its bucket */
    uint64_t id;   /* in the source */
    uint64_t seen; /* the unit in which it was last asked for */
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
    uint64_t others;                /* units that were not of the source at hand: messages count from there */
    uint8_t flags;                  /* enum trace_flag of the accesses from now on */
    bool unended;                   /* the line at hand is the last one, without its end */
    const char *unit;               /* what the source consists of: "record" or "line" */
    bool full;                      /* --limit is reached, or the receiver wants no more */
    char error[SOURCE_ERROR + 512]; /* empty: none */
    bool one_process;               /* `process` is the one that the trace is of */
    uint64_t process;
    unsigned full_below; /* the numbers of threads below are given out */
    unsigned ever_below; /* those that ever were are below */
    uint16_t bucket[TRACE_THREADS];
    struct import_thread thread[TRACE_THREADS];
};

struct format {
    const char *name, *what;
    bool text;
    /* Is this how such a file begins? Asked also of a format that the options name. */
    bool (*looks_like)(const uint8_t *p, size_t n, const struct import_options *options);
    /* Reads to the end. What it says of itself goes to recorder and program, from the first bytes, before that. */
    void (*describe)(const uint8_t *p, size_t n, struct trace_info *info);
    bool (*read)(struct import *im);
};
extern const struct format format_champsim, format_cloudsuite, format_drmemtrace, format_lackey, format_pin;
extern const struct format *const import_formats[]; /* ends with NULL */

/* The format that the options name, or that the source looks like; NULL: error[] says why. */
const struct format *import_format(struct source *source, const struct import_options *options, char *error,
                                   size_t size);
void import_describe(struct source *source, const struct format *format, const struct import_options *options,
                     struct trace_info *info);

/* Reads the source to its end, its damage, or --limit. False: im->error says what, where (file, and record or line). */
bool import_run(struct import *im, const struct format *format);
/* What import_run() does when all is read; read: whether the reader was content. For readers of several sources. */
bool import_end(struct import *im, bool read);

/* ---- For the formats ---- */

/* An access of any length. False: stop (im->error, or im->full). */
bool import_access(struct import *im, unsigned kind, uint64_t va, uint64_t bytes, unsigned thread);
/* What is wrong with the unit at hand (counts.units is its number); gives false. */
bool import_wrong(struct import *im, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The number of a thread of the source, which begins unless it lives. -1: too many (im->error). */
int import_thread_of(struct import *im, uint64_t id);
/* A thread ends; the next one of this id is another. */
void import_thread_ends(struct import *im, uint64_t id);

/* The first bytes of a text, line by line, without blanks and tabs at the ends of lines: the line that begins at *at
 * goes to line[room], and *at behind it. False at their end. */
bool import_first_line(const uint8_t *p, size_t n, size_t *at, char *line, size_t room);
/* Is this a line of lackey's, as it or a hand writes it? "I  ADDRESS,SIZE", hexadecimal without 0x, and decimal. */
bool import_is_lackey(const char *line);

/* A line without its end, and without blanks and tabs before that; it is ended by a zero byte. The next call makes it
 * invalid. 1; 0 at the end; -1 (im->error).
 */
int import_line(struct import *im, char **line);
/* Hexadecimal or decimal digits at *p, at least one; moves *p behind them. False: none, or more than 64 bits. */
bool import_digits(const char **p, int base, uint64_t *value);

#endif
