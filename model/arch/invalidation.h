/* What an operation must invalidate, by the manual alone: the architectural side of docs/microarchitecture.md
 * section 13.
 *
 * The manual says what must go and lets everything else go too ("may"). So this judges an MMU that drops too little;
 * that it does not drop too much is the business of the microarchitecture and of the cycle comparison. */
#ifndef TWINWALK_INVALIDATION_H
#define TWINWALK_INVALIDATION_H

#include "oracle.h"

/* A cached translation (paging_structure = false), or a paging-structure-cache entry. */
struct cached {
    bool paging_structure;
    bool global;   /* TLB only: filled with leaf.G = 1 and CR4.PGE = 1 */
    uint16_t pcid; /* current PCID at the fill */
    uint8_t level; /* TLB: level of the leaf, 1 … 3; else level of the entry, 2 … 5 */
    uint64_t va;   /* any address that it translates */
};

/* Must `entry` be gone when the operation is done? `before` are the registers before the operation. An operation that
 * raises #GP(0) must drop nothing. If so *rule (may be NULL) says by which clause of the SDM or APM, else NULL. */
bool invalidation_must_drop(const struct oracle_cpu *cpu, const struct oracle_regs *before, uint8_t op, uint64_t data,
                            uint64_t desc, const struct cached *entry, const char **rule);

/* The same for a page fault at va under these registers (SDM 3A 5.10.4.1). */
bool invalidation_fault_must_drop(const struct oracle_regs *regs, uint64_t va, const struct cached *entry,
                                  const char **rule);

#endif
