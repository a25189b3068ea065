/* The registers that the MMU keeps (docs/microarchitecture.md section 3), and what they make of a linear address. */
#ifndef TWINWALK_CYCLE_REGISTERS_H
#define TWINWALK_CYCLE_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "entry.h"
#include "pins.h"

struct registers {
    uint64_t cr3;        /* base in bits M-1:12, bits 11:0, LAM_U57 and LAM_U48, all where CR3 has them */
    uint64_t pat;        /* IA32_PAT: the memory type of PAT index i in bits 8i+2:8i */
    uint32_t pkru, pkrs; /* bit 2i: AD, bit 2i+1: WD of key i */
    bool wp, cd;         /* CR0 */
    bool pse, pge, la57, pcide, smep, smap, pke, cet, pks, lam_sup; /* CR4 */
    bool nxe, tce;                                                  /* EFER */

    /* Functions of the above, made anew by registers_derive when those are written: */
    unsigned pcid;     /* the current PCID */
    unsigned root_pat; /* PAT index of the root table */
    uint8_t mt[8];     /* memory type of every PAT index */
    uint8_t lam[2];    /* by VA[63]: the highest bit that LAM leaves alone, m of section 6; 0: no masking */
};

#define CR3_PCID BITS(11, 0)
#define CR3_LAM_U57 BITS(61, 61)
#define CR3_LAM_U48 BITS(62, 62)

#define PAT_AT_RESET 0x0007040600070406ull

static inline void registers_derive(struct registers *r)
{
    /* SDM 3A 5.10.1: with PCIDE = 0 the current PCID is 000H. */
    r->pcid = r->pcide ? r->cr3 & CR3_PCID : 0;
    /* SDM 3A 5.9.2: the root table has PCD and PWT of CR3, which are PCID bits (and count as 0) while PCIDE = 1. */
    r->root_pat = r->pcide ? 0 : r->cr3 >> 3 & 3;
    /* SDM 3A 5.9.2; docs/microarchitecture.md 18: CR0.CD = 1 makes every access uncached. */
    for (unsigned i = 0; i < 8; i++)
        r->mt[i] = r->cd ? MT_UC : r->pat >> 8 * i & 7;
    /* SDM 3A 4.4: user pointers (VA[63] = 0) by CR3, U57 before U48; supervisor pointers by CR4, as wide as the paging
     * mode. */
    r->lam[0] = r->cr3 & CR3_LAM_U57 ? 56 : r->cr3 & CR3_LAM_U48 ? 47 : 0;
    r->lam[1] = !r->lam_sup ? 0 : r->la57 ? 56 : 47;
}

/* SDM 3A "Linear-Address Pre-Processing": the bits from 47 (56 with LA57) up are all equal. */
static inline bool is_canonical(uint64_t va, bool la57)
{
    if (CFG_ARCH_LA57 && la57)
        return (va + BITS(56, 56)) >> 57 == 0;
    return (va + BITS(47, 47)) >> 48 == 0;
}

/* Section 6, "Linear-address masking": puts copies of VA[63] into the bits that LAM ignores. False: not canonical,
 * because VA[m] differs from VA[63] (SDM 3A 4.4). Not for fetches and implicit accesses. */
static inline bool lam_mask(uint64_t *va, const struct registers *r)
{
    const unsigned m = r->lam[*va >> 63];
    if (m == 0)
        return true;
    const uint64_t masked = (uint64_t)((int64_t)(*va << (63 - m)) >> (63 - m));
    if ((masked ^ *va) >> 63)
        return false;
    *va = masked;
    return true;
}

#endif
