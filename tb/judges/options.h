/* The command line that the judges share. */
#ifndef TWINWALK_JUDGE_OPTIONS_H
#define TWINWALK_JUDGE_OPTIONS_H

#include <argp.h>
#include <stdint.h>

#include "expect.h"

struct judge_options {
    uint64_t cases, seed, from, show;
    unsigned paddr_bits; /* 0: not given */
    const struct case_sabotage *sabotage;
    const char *json; /* NULL: none */
};

/* To stand among the children of a judge's argp; its input is a struct judge_options. */
extern const struct argp judge_options_argp;

/* What is not said on the command line. */
extern const struct judge_options judge_options_default;

/* What a run came to: cases of those wanted were played, so many disagreed. Says so when it is less than was asked for.
 */
int judge_status(const struct judge_options *o, uint64_t played, uint64_t disagreements, int interrupted);

#endif
