/* What the architectural oracle is asked and what it answers, in plain data: a processor, its registers, an access, and
 * the judgement with the walk that led to it. Part of the installed library (docs/library.md): a change here is a
 * change of its ABI. */
#ifndef TWINWALK_ORACLE_TYPES_H
#define TWINWALK_ORACLE_TYPES_H

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
    uint8_t kind;  /* enum pins_kind; KIND_MEMERR only from memory that can fail */
    uint16_t err;  /* page-fault error code, 0 unless KIND_PF */
    uint64_t addr; /* KIND_OK: physical address; KIND_PF: linear address for CR2, masked by LAM; else 0 */
    uint8_t size;  /* enum pins_page_size; 0 unless KIND_OK, like pat and mt */
    uint8_t pat;   /* PAT index of the leaf */
    uint8_t mt;    /* enum pins_memory_type by IA32_PAT and CR0.CD; MTRRs are not the MMU's */
    uint8_t steps; /* entries read: 0 … 5 */
    struct oracle_step step[5];
    const char *reason; /* the SDM rule that decided, for people; never NULL */
};

#endif
