/* What a judge of the bench found wrong: one difference, with everything needed to place it.
 *
 * Every comparator (pins, state words, oracle, expectation, memory images, hang watch) ends in one of these, and the
 * run stops at the first: what comes after a divergence is noise. */
#ifndef TWINWALK_FINDING_H
#define TWINWALK_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dut/dut.h"

enum finding_kind {
    FINDING_NONE,
    FINDING_PIN,      /* an output of the DUT differs from the reference's */
    FINDING_STATE,    /* a state word differs */
    FINDING_EVENT,    /* decoupled runs differ in an access or in a memory request */
    FINDING_ORACLE,   /* a result is not what the SDM says */
    FINDING_EXPECT,   /* a result is not what the trace says */
    FINDING_CONTENTS, /* an access was led to a page with the contents of another one */
    FINDING_MEMORY,   /* the page tables in memory differ at the end */
    FINDING_PROTOCOL, /* an answer to nothing, or a request that no memory could take */
    FINDING_HANG,     /* nothing moves any more */
    FINDING_DESIGN,   /* the design itself says that something is wrong: an assertion, $fatal, $error, $stop */
    FINDING_FINISH,   /* the design ends the simulation */
};

struct finding {
    enum finding_kind kind;
    char field[96];     /* what differed, by name */
    char expected[160]; /* as text: numbers where there is one number */
    char actual[160];
    uint64_t cycle;         /* in which it was seen */
    uint64_t access;        /* number of the access it concerns, counted from 0; UINT64_MAX: none */
    uint64_t record;        /* its record in the trace; UINT64_MAX: none */
    uint64_t va;            /* its linear address, when there is one */
    uint8_t acc;            /* enum pins_access of it */
    bool user, imp, ac, ss; /* as in struct pins_req */
};

/* What a device says of itself (dut_ops.says; NULL or quiet: nothing), in the cycle in which it was noticed. */
void finding_says(struct finding *finding, const struct dut_event *event, uint64_t cycle);

/* One word for a kind, for reports and folder names. */
const char *finding_name(enum finding_kind kind);

/* Fills in the difference, keeping what an earlier call found: the first finding stands. */
void finding_set(struct finding *finding, enum finding_kind kind, uint64_t cycle, const char *field,
                 const char *expected, const char *actual);

/* The same for two numbers, printed in hexadecimal. */
void finding_numbers(struct finding *finding, enum finding_kind kind, uint64_t cycle, const char *field,
                     uint64_t expected, uint64_t actual);

/* "user store", "implicit supervisor load", "supervisor load with AC", "user shadow-stack store". */
void finding_access(const struct finding *finding, char *text, size_t size);

#endif
