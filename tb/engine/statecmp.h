/* Compares all state of the reference and a DUT: docs/microarchitecture.md section 17, word by word. */
#ifndef TWINWALK_STATECMP_H
#define TWINWALK_STATECMP_H

#include <stdio.h>

#include "cycle/mmu.h"
#include "dut/dut.h"
#include "finding.h"

/* One element that differs. */
struct state_diff {
    unsigned sel, idx;
    uint64_t expected[2], actual[2];
};

/* True when every defined word is equal; else the first that differs, in the order of section 17. */
bool state_same(const struct mmu *ref, const struct dut_ops *ops, struct dut *dut, uint64_t cycle,
                struct state_diff *first);

/* Says it in words. */
void state_finding(const struct state_diff *diff, uint64_t cycle, struct finding *finding);

/* Prints every element that differs, field by field; returns how many. */
unsigned state_print_differences(FILE *out, const struct mmu *ref, const struct dut_ops *ops, struct dut *dut,
                                 uint64_t cycle);

/* Prints registers, pointers and every miss-queue entry and walker that is not idle. read: a DUT's state, or NULL for
 * the model's. */
void state_print_active(FILE *out, const struct mmu *ref, const struct dut_ops *ops, struct dut *dut);

/* Prints the sets of all arrays in which the address is looked up: valid entries and the state of replacement. */
void state_print_sets(FILE *out, const struct mmu *ref, uint64_t va, bool fetch);

/* The number of elements; the nth one's sel and idx. */
unsigned state_elements(void);
void state_element(unsigned n, unsigned *sel, unsigned *idx);

/* What an element is called. */
void state_name(unsigned sel, unsigned idx, char *text, size_t size);

#endif
