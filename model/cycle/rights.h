/* May this access use this translation? Section 6 of docs/microarchitecture.md, clause by clause. */
#ifndef TWINWALK_CYCLE_RIGHTS_H
#define TWINWALK_CYCLE_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "entry.h"
#include "pins.h"

/* The control registers the MMU keeps (section 3). */
struct registers {
    uint64_t cr3;  /* base in bits M-1:12, PCID in 11:0 */
    unsigned pcid; /* the current PCID: CR3[11:0] if pcide, else 0 */
    bool wp;       /* CR0.WP */
    bool pge;      /* CR4.PGE */
    bool la57;     /* CR4.LA57 */
    bool pcide;    /* CR4.PCIDE */
    bool nxe;      /* EFER.NXE */
};

/* SDM 3A "Linear-Address Pre-Processing": the bits from 47 (56 with LA57) up are all equal. */
static inline bool is_canonical(uint64_t va, bool la57)
{
    if (CFG_ARCH_LA57 && la57)
        return (va + BITS(56, 56)) >> 57 == 0;
    return (va + BITS(47, 47)) >> 48 == 0;
}

/* SDM 3A 5.6.1, against the rights of all levels (RIGHT_*). */
static inline bool rights_pass(unsigned rights, unsigned acc, bool user, const struct registers *r)
{
    const bool no_user = user & !(rights & RIGHT_U);
    const bool no_write = (acc == ACC_WRITE) & !(rights & RIGHT_W) & (user | r->wp);
    const bool no_execute = (acc == ACC_EXECUTE) & !!(rights & RIGHT_NX) & r->nxe;
    return !(no_user | no_write | no_execute);
}

/* Section 6, "Dirty": a write through a translation whose leaf had D = 0 must first set it (SDM 3A 5.8). */
static inline bool needs_dirty(uint64_t data, unsigned acc)
{
    return (acc == ACC_WRITE) & !(data & DATA_D);
}

/* The page-fault error code (SDM 3A 5.7); `found` holds PF_P and PF_RSVD as the walk saw them. */
static inline unsigned error_code(unsigned found, unsigned acc, bool user, const struct registers *r)
{
    return found | (acc == ACC_WRITE ? PF_W : 0) | (user ? PF_U : 0) | (acc == ACC_EXECUTE && r->nxe ? PF_I : 0);
}

#endif
