/* The architectural oracle: what the Intel SDM says of one access, with no cache and no clock.
 *
 * It walks the page tables afresh every time, in one image of physical memory, and says where the access goes or why it
 * faults, and which A and D bits must then be set. It knows nothing of model/cycle and nothing of rtl. */
#ifndef TWINWALK_ORACLE_H
#define TWINWALK_ORACLE_H

#include <stdio.h>

#include "mem/physmem.h"
#include "pins.h"

/* The CPU as it was built. */
struct oracle_cpu {
    unsigned paddr_bits; /* MAXPHYADDR, 36 … 52 */
    bool page_1g, la57, pcid, pku, pks, cet, lam;
    bool amd; /* AMD's rules where the manuals differ: bit 8 of PML4E and PML5E is reserved, EFER.TCE exists */
};

/* The registers, as full architectural values. After reset pat is 0007040600070406H, the others are what software makes
 * them. */
struct oracle_regs {
    uint64_t cr0, cr3, cr4, efer, pat;
    uint32_t pkru, pkrs;
};

struct oracle_access {
    uint64_t va;
    uint8_t acc; /* enum pins_access */
    bool user, imp, ac, ss;
};

/* One entry the walk read. */
struct oracle_step {
    uint64_t pa, value;  /* address of the entry, and its contents as read */
    uint8_t level;       /* 5 … 1 */
    uint8_t mt;          /* memory type of the table that it is read from (SDM 3A 5.9.2) */
    bool must_a, must_d; /* the access sets A (D) here: it is 0 in value, and must be 1 afterwards */
    bool may_a;          /* A is 0 in value, and the access faults further down: A may be set here or not (SDM 5.8) */
};

struct oracle_result {
    uint8_t kind;  /* enum pins_kind, never KIND_MEMERR */
    uint16_t err;  /* page-fault error code, 0 unless KIND_PF */
    uint64_t addr; /* KIND_OK: physical address; KIND_PF: linear address for CR2, masked by LAM; else 0 */
    uint8_t size;  /* enum pins_page_size; 0 unless KIND_OK, like pat and mt */
    uint8_t pat;   /* PAT index of the leaf */
    uint8_t mt;    /* enum pins_memory_type by IA32_PAT and CR0.CD; MTRRs are not the MMU's */
    uint8_t steps; /* entries read: 0 … 5 */
    struct oracle_step step[5];
    const char *reason; /* the SDM rule that decided, for people; never NULL */
};

/* Judges one access. Total: every input has a result. Changes nothing. */
void oracle_translate(const struct physmem *pm, enum physmem_image image, const struct oracle_cpu *cpu,
                      const struct oracle_regs *regs, const struct oracle_access *access, struct oracle_result *result);

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
