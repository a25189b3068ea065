/* Constrained-random stimulus at the pins: see random.c. */
#ifndef TWINWALK_RANDOM_H
#define TWINWALK_RANDOM_H

#include <stdio.h>

#include "driver.h"
#include "options.h"

struct random;

/* What the stimulus did and met. */
struct random_counts {
    uint64_t requests, accepted, answers;  /* offered, accepted, answered */
    uint64_t by_kind[4];                   /* answers by enum pins_kind */
    uint64_t by_source[4];                 /* answers by enum pins_source */
    uint64_t oracle_checks;                /* answers judged */
    uint64_t unjudged;                     /* answers with more allowed results than are kept */
    uint64_t several;                      /* answers for which more than one result was allowed */
    uint64_t stale;                        /* answers that were right only by an entry software had changed and not yet invalidated */
    uint64_t spurious;                     /* page faults that a relaxed entry excuses */
    uint64_t edits, edits_by[8];           /* page-table entries changed, by what was done to them */
    uint64_t control_ops[5];               /* by enum pins_ctl_op */
    uint64_t control_in_flight;            /* control operations begun while requests were in flight */
};

/* NULL with error[] filled in. */
struct random *random_new(const struct options *options, char *error, size_t size);
void random_free(struct random *random);

struct driver *random_driver(struct random *random);
size_t random_table_bytes(const struct random *random); /* host memory for page tables, both images */
const struct random_counts *random_counts(const struct random *random);

/* Both images of memory must be equal at the end, apart from A and D bits where the manual leaves a choice. */
bool random_compare_memory(struct random *random);

#endif
