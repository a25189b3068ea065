/* The recorder's own page walk, to check QEMU's answers and to know the page's size. By the SDM, 5.4, 5.5, 5.6, 5.7;
 * without what QEMU's TCG does not have: PCID, PKS, CET, LAM. */
#ifndef TWINWALK_SYSTEM_WALK_H
#define TWINWALK_SYSTEM_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct walk_registers {
    uint64_t cr0, cr3, cr4, efer;
    uint32_t pkru;
};

enum walk_kind { WALK_OK, WALK_FAULT, WALK_NOT_CANONICAL };

struct walked {
    uint64_t pa;  /* WALK_OK */
    uint16_t err; /* WALK_FAULT */
    uint8_t kind; /* enum walk_kind */
    uint8_t size; /* WALK_OK: 0 4 KiB, 1 2 MiB, 2 1 GiB */
};

/* Gives the 8 bytes of an entry. */
typedef uint64_t walk_reader(uint64_t pa);

/* access: enum trace_kind of a fetch, load or store; mode: TRACE_SUPERVISOR, TRACE_IMPLICIT, TRACE_AC. */
struct walked walk(const struct walk_registers *regs, walk_reader *read, uint64_t va, unsigned access, unsigned mode);

/* The table or page that an entry points to. */
uint64_t walk_target(uint64_t entry);
/* Does this entry of a table of that level (1 … 5) lead to another table? */
bool walk_links(uint64_t entry, unsigned level);
unsigned walk_root_level(const struct walk_registers *regs);

#endif
