/* The command line that the directed benches share: forms, sweep, matrix, headline. Each says which of the options it
 * has; spelling, messages and meaning are the same in all. */
#ifndef TWINWALK_BENCH_H
#define TWINWALK_BENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "dut/dut.h"

/* Options besides --dut, --only and --json, which all have. */
enum bench_option {
    BENCH_QUICK = 1,   /* --quick */
    BENCH_SHARE = 2,   /* --share=I/N */
    BENCH_STATE = 4,   /* --state-every=CYCLES */
    BENCH_CHECK = 8,   /* --check=LEVEL */
    BENCH_REDUCE = 16, /* --reduce=SECONDS, --out=FOLDER, --waves=FILE */
};

struct bench {
    const char *self, *doc;          /* set by the caller: "twinwalk forms"; what the verb does */
    unsigned options;                /* likewise: enum bench_option */
    const char *(*part)(unsigned n); /* likewise: the name of the nth part, NULL beyond the last */
    const struct dut_ops *dut;       /* NULL: the model alone */
    const char *only;                /* only parts whose name contains it; NULL: all */
    const char *json;                /* NULL: none */
    bool quick;                      /* fewer accesses */
    bool paced;                      /* --check=arch: the device is alone, with a clock of its own */
    const char *device;              /* as the command line names it; NULL: none */
    bool check_asked;                /* --check is given; else a device may ask for its own level */
    const char *level;               /* which is this; NULL: none */
    bool state_asked;                /* --state-every is given */
    uint64_t share, shares;          /* every combination whose number is share modulo shares */
    uint64_t state_every;            /* cycles between two comparisons of all state, 0: none; default: the caller's */
    double reduce;                   /* seconds in which failures may be cut down; 0: they are not */
    const char *folder;              /* under which folders of failures are made */
    const char *waves;               /* FST of the last cycles before a difference; NULL: none */
    FILE *out;                       /* where the table goes: not where the JSON goes; NULL: nothing is told */
};

/* Parses. What cannot be is a usage error: a part that no name contains, state of a device that shows none. From then
 * on a signal ends the program at once, with the rows that stand there. */
void bench_arguments(struct bench *b, int argc, char **argv);

/* Whether --only lets it through. */
bool bench_wants(const struct bench *b, const char *part);

/* The name of the device, NULL: none. */
const char *bench_dut(const struct bench *b);

/* Who judges whom, for the head of a table: "model and rtl", or "rtl alone". */
const char *bench_who(const struct bench *b);

/* Behind a difference: the line that writes waves of it, if none are written anyway and the device can. */
void bench_offer_waves(const struct bench *b);

/* Ends the verb: good says whether everything was equal, compared how much was. Takes root, the results (NULL: there
 * are none), and writes them where --json says. Gives the exit status; what was compared when nothing was is named
 * `what`. */
int bench_end(const struct bench *b, json_t *root, bool good, uint64_t compared, const char *what);

#endif
