/* The architectural oracle: what the Intel SDM says of one access, with no cache and no clock.
 *
 * It walks the page tables afresh every time, in one image of physical memory, and says where the access goes or why it
 * faults, and which A and D bits must then be set. It knows nothing of model/cycle and nothing of rtl. */
#ifndef TWINWALK_ORACLE_H
#define TWINWALK_ORACLE_H

#include <stdio.h>

#include "mem/physmem.h"
#include "oracle_types.h"

/* Judges one access. Total: every input has a result. Changes nothing. */
void oracle_translate(const struct physmem *pm, enum physmem_image image, const struct oracle_cpu *cpu,
                      const struct oracle_regs *regs, const struct oracle_access *access, struct oracle_result *result);

/* 8 bytes of somebody's physical memory at pa (8-aligned, below 2^paddr_bits) into *value. False: it cannot be read. */
typedef bool oracle_read(void *memory, uint64_t pa, uint64_t *value);

/* The same, in memory of any making. Where it cannot be read the result is KIND_MEMERR; the step that failed is the
 * last one, with value 0. */
void oracle_translate_in(oracle_read *read, void *memory, const struct oracle_cpu *cpu, const struct oracle_regs *regs,
                         const struct oracle_access *access, struct oracle_result *result);

/* The A and D bits that the access must set in the entry of a step, and with early_a also A if it may be set. */
uint64_t oracle_sets(const struct oracle_step *step, bool early_a);

/* Sets in the ORACLE image the A and D bits that the access must set, and with early_a also those A bits that it may
 * set. */
void oracle_commit(struct physmem *pm, const struct oracle_result *result, bool early_a);

/* Applies a control operation (docs/microarchitecture.md section 13). False: it raised #GP(0) and nothing changed. desc
 * counts with INVPCID only. CR3 loses bit 63 of the source; everything else is kept as given. INVLPG, INVPCID and codes
 * from CTL_OPS on change nothing. */
bool oracle_control(struct oracle_regs *regs, const struct oracle_cpu *cpu, uint8_t op, uint64_t data, uint64_t desc);

/* Prints the walk entry by entry in the SDM's terms, with what decided. */
void oracle_explain(FILE *out, const struct oracle_regs *regs, const struct oracle_access *access,
                    const struct oracle_result *result);

#endif
