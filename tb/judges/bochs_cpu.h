/* Bochs' processor without its machine: registers are set, an access or a control operation is made, and what came of
 * it is told. No BIOS, no devices, no instruction is fetched; memory is the caller's.
 *
 * There is one processor. It is C++ within (bochs_cpu.cc), C to the outside. */
#ifndef TWINWALK_BOCHS_CPU_H
#define TWINWALK_BOCHS_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/oracle_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Words of 8 bytes at pa (8-aligned). Everything that Bochs does to memory goes through these two. */
struct bochs_memory {
    uint64_t (*read)(void *memory, uint64_t pa);
    void (*write)(void *memory, uint64_t pa, uint64_t value);
    void *memory;
};

enum { BOCHS_OTHER = 255, BOCHS_TABLES = 8 };

/* What came of an access. */
struct bochs_outcome {
    uint8_t kind;                   /* enum pins_kind; BOCHS_OTHER: another exception, its vector in err */
    uint16_t err;                   /* KIND_PF: its error code */
    uint64_t addr;                  /* KIND_OK: physical address; KIND_PF: CR2; else 0 */
    uint8_t mt;                     /* KIND_OK: enum pins_memory_type */
    uint8_t tables;                 /* entries that the walk read, at most BOCHS_TABLES are kept; 0: the TLB had it */
    uint8_t table_mt[BOCHS_TABLES]; /* the memory type by which each was read */
    const char *panic;              /* NULL, or what Bochs thinks that it should never be asked for (and then does) */
};

/* Makes the processor. Once. */
void bochs_start(const struct bochs_memory *memory);

/* A processor of this make with these registers and an empty TLB. CET is as cpu has it, SMEP, SMAP and NX are there. */
void bochs_set(const struct oracle_cpu *cpu, const struct oracle_regs *regs);

/* One access of 8 bytes (a fetch: of one). ss counts with cpu.cet and CR4.CET only, as the oracle has it. */
void bochs_access(const struct oracle_access *access, struct bochs_outcome *out);

/* One control operation (enum pins_ctl_op), at CPL 0. False: it raised #GP(0). */
bool bochs_control(uint8_t op, uint64_t data, uint64_t desc);

/* The registers as they are. */
void bochs_get(struct oracle_regs *regs);

/* The version that was built. */
const char *bochs_version(void);

#ifdef __cplusplus
}
#endif

#endif
