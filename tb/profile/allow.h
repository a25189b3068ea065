/* A policy for `twinwalk compare`: by how much cycles may change. "cycles<=+2% update<=+0 read1>=-5%" */
#ifndef TWINWALK_ALLOW_H
#define TWINWALK_ALLOW_H

#include <jansson.h>
#include <stdio.h>

#include "difference.h"

enum { ALLOW_MOST = 16, ALLOW_CYCLES = LEDGER_ENTRIES };

struct allow {
    unsigned count;
    struct {
        unsigned what; /* enum ledger_entry; ALLOW_CYCLES: their sum */
        bool at_most;  /* head - base <= limit, else >= */
        bool percent;  /* of the base's */
        double limit;
        char text[48]; /* as it was given */
    } rule[ALLOW_MOST];
};

/* Adds the rules of text. False with what is wrong in error[]. */
bool allow_parse(struct allow *a, const char *text, char *error, size_t size);

/* Says of each rule whether it is kept; the texts of broken ones go into the array. True when all are kept. */
bool allow_judge(const struct allow *a, const struct difference *d, FILE *out, json_t *broken);

#endif
