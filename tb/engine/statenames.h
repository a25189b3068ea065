/* Names for the state words of docs/microarchitecture.md section 17, for people. */
#ifndef TWINWALK_STATENAMES_H
#define TWINWALK_STATENAMES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum state_sel {
    SEL_REGISTERS = 0,
    SEL_ITLB = 1,
    SEL_DTLB = 2,
    SEL_STLB = 3,
    SEL_PSC = 4,
    SEL_REPLACEMENT = 5,
    SEL_MISS_QUEUE = 6,
    SEL_WALKERS = 7,
    SEL_PIPELINE = 8,
    SEL_FILL = 9,
};

/* A field in which two values of a word differ, with what it is in both. */
struct state_difference {
    char name[96], expected[32], actual[32];
};

/* The field in which the lowest bit lies that differs between the two values. */
void state_field(unsigned sel, unsigned idx, unsigned word, uint64_t expected, uint64_t actual,
                 struct state_difference *difference);

/* Prints the fields of a word: those that differ between the two values, or, when the values are equal, those that are
 * not 0. */
void state_print_fields(FILE *out, unsigned sel, unsigned idx, unsigned word, uint64_t expected, uint64_t actual);

/* An operation of enum pins_ctl_op; a type of enum pins_memory_type. */
const char *control_name(unsigned op);
const char *memory_type_name(unsigned mt);

#endif
