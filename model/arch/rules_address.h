/* Linear-address pre-processing (SDM 3A chapter 4): what is done to an address before paging sees it. */
#ifndef TWINWALK_RULES_ADDRESS_H
#define TWINWALK_RULES_ADDRESS_H

#include "oracle.h"
#include "x86.h"

/* 5.1.1, 4.5: linear addresses have 57 bits while CR4.LA57 = 1, else 48. */
static inline unsigned linear_width(const struct oracle_regs *regs)
{
    return regs->cr4 & CR4_LA57 ? 57 : 48;
}

/* 4.5: bits 63:47 (63:56 with 57-bit addresses) must be identical, else #GP (#SS for the stack segment) before any
 * paging. */
static inline bool canonical(const struct oracle_regs *regs, uint64_t va)
{
    return x86_is_canonical(va, linear_width(regs));
}

/* 4.4 "Linear-Address Masking": the bit that must equal bit 63, and above which the address is masked; 0: nothing is
 * masked. It is bit 63 of the pointer that chooses between user and supervisor masking, never the CPL: "if bit 63 is 0
 * … CR3.LAM_U57 (bit 61) … masks bits 62:57; else CR3.LAM_U48 (bit 62) masks bits 62:48"; "if bit 63 is 1 and
 * CR4.LAM_SUP = 1, bits 62:48 are masked with 4-level paging, bits 62:57 with 5-level paging". */
static inline unsigned lam_bit(const struct oracle_regs *regs, uint64_t va)
{
    if (va >> 63)
        return regs->cr4 & CR4_LAM_SUP ? linear_width(regs) - 1 : 0;
    return regs->cr3 & CR3_LAM_U57 ? 56 : regs->cr3 & CR3_LAM_U48 ? 47 : 0;
}

/* 4.4: "LAM applies only to data accesses": not to fetches; nor to the implicit accesses to descriptor tables and the
 * TSS, whose bases were checked when they were loaded. */
static inline bool lam_applies(const struct oracle_access *access)
{
    return access->acc != ACC_EXECUTE && !access->imp;
}

/* 4.4: the masked bits become copies of bit 63. This is the address that everything after sees, CR2 too. Asked only
 * where bit m equals bit 63. */
static inline uint64_t lam_masked(uint64_t va, unsigned m)
{
    uint64_t below = ((uint64_t)1 << m) - 1;
    return va >> 63 ? va | ~below : va & below;
}

/* The linear address of an access. NULL: it is fit for paging; else the rule that makes it #GP. */
static inline const char *linear_address(const struct oracle_regs *regs, const struct oracle_access *access,
                                         uint64_t *va)
{
    *va = access->va;
    unsigned m = lam_applies(access) ? lam_bit(regs, access->va) : 0;
    if (m) {
        if ((access->va >> m & 1) != access->va >> 63)
            return "SDM 3A 4.4: with linear-address masking bit 63 must equal the highest bit that is not masked";
        *va = lam_masked(access->va, m);
    }
    return canonical(regs, *va) ? NULL : "SDM 3A 4.5: the address is not canonical";
}

#endif
