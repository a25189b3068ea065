/* The SDM's rules on one access, one function each, with the clause quoted (volume 3A, chapter 5 "Paging"; in editions before 2024
 * the same sections are numbered 4.x).
 *
 * Pure functions of their arguments. The order in which they are asked is oracle.c's business. */
#ifndef TWINWALK_RULES_H
#define TWINWALK_RULES_H

#include "oracle.h"
#include "x86.h"

/* What the entries of a walk say together. */
struct rights {
    bool w, u, nx;
};

/* 5.5: "if CR4.LA57 = 1, 5-level paging is used; otherwise 4-level paging". */
static inline unsigned root_level(const struct oracle_regs *regs)
{
    return regs->cr4 & CR4_LA57 ? 5 : 4;
}

/* 4.1 (linear-address pre-processing): bits 63:47 (63:56 with 5-level paging) must be identical, else #GP before any paging. */
static inline bool canonical(const struct oracle_regs *regs, uint64_t va)
{
    return x86_is_canonical(va, regs->cr4 & CR4_LA57 ? 57 : 48);
}

/* Table 5-13 (CR3): bits M-1:12 locate the root table; what bits 11:0 mean depends on CR4.PCIDE, and they are never address. */
static inline uint64_t root_table(const struct oracle_cpu *cpu, const struct oracle_regs *regs)
{
    return regs->cr3 & ENTRY_FRAME & (((uint64_t)1 << cpu->paddr_bits) - 1);
}

/* 5.10.1: "if CR4.PCIDE = 1 the current PCID is CR3[11:0]; otherwise 000H". */
static inline unsigned current_pcid(const struct oracle_regs *regs)
{
    return regs->cr4 & CR4_PCIDE ? (unsigned)(regs->cr3 & CR3_PCID) : 0;
}

/* 5.5.4: a PTE maps a 4-KByte page; a PDE with PS = 1 a 2-MByte page; a PDPTE with PS = 1 a 1-GByte page. (PS above that, or in a PDPTE
 * without 1-GByte pages, is reserved and never gets here.) */
static inline bool is_leaf(unsigned level, uint64_t entry)
{
    return level == 1 || (level <= 3 && entry & ENTRY_PS);
}

/* Tables 5-15 … 5-20, "reserved (must be 0)" in an entry with P = 1. Gives the reserved bits that are set. */
static inline uint64_t reserved_bits(const struct oracle_cpu *cpu, const struct oracle_regs *regs, unsigned level, uint64_t entry)
{
    uint64_t reserved = ENTRY_FRAME & ~(((uint64_t)1 << cpu->paddr_bits) - 1); /* bits 51:M */
    if (!(regs->efer & EFER_NXE))
        reserved |= ENTRY_XD;                                   /* "if IA32_EFER.NXE = 0, reserved" */
    if (level >= 4 || (level == 3 && !cpu->page_1g))
        reserved |= ENTRY_PS;
    else if (level >= 2 && entry & ENTRY_PS)
        reserved |= ENTRY_FRAME & (((uint64_t)1 << x86_level_shift(level)) - 1) & ~ENTRY_PAT_LARGE; /* 20:13 or 29:13 */
    return entry & reserved;
}

/* 5.6.1: R/W and U/S must be 1 in every entry to grant, XD in any entry forbids. */
static inline struct rights combine(struct rights r, uint64_t entry)
{
    return (struct rights){.w = r.w && entry & ENTRY_RW, .u = r.u && entry & ENTRY_US, .nx = r.nx || entry & ENTRY_XD};
}

/* 5.6.1 "Determination of Access Rights". NULL: allowed; else the rule that is broken. */
static inline const char *denied(const struct oracle_regs *regs, const struct oracle_access *access, struct rights r)
{
    if (access->user && !r.u)
        return "SDM 3A 5.6.1: a user-mode access to a supervisor-mode address (U/S = 0 in some entry)";
    if (access->acc == ACC_WRITE && !r.w && access->user)
        return "SDM 3A 5.6.1: a user-mode write needs R/W = 1 in every entry";
    if (access->acc == ACC_WRITE && !r.w && regs->cr0 & CR0_WP)
        return "SDM 3A 5.6.1: with CR0.WP = 1 a supervisor-mode write needs R/W = 1 in every entry";
    if (access->acc == ACC_EXECUTE && r.nx && regs->efer & EFER_NXE)
        return "SDM 3A 5.6.1: an instruction fetch needs XD = 0 in every entry (EFER.NXE = 1)";
    return NULL;
}

/* 5.7, the error code without P and RSVD, which the walk knows. I/D: "the access was an instruction fetch and … IA32_EFER.NXE = 1". */
static inline uint16_t access_error(const struct oracle_regs *regs, const struct oracle_access *access)
{
    return (uint16_t)((access->acc == ACC_WRITE ? PF_W : 0) | (access->user ? PF_U : 0) |
                      (access->acc == ACC_EXECUTE && regs->efer & EFER_NXE ? PF_I : 0));
}

/* 5.5.4: the page's physical address: frame bits of the leaf above the offset bits of the linear address. */
static inline uint64_t page_address(unsigned level, uint64_t leaf, uint64_t va)
{
    uint64_t offset = ((uint64_t)1 << x86_level_shift(level)) - 1;
    return (leaf & ENTRY_FRAME & ~offset) | (va & offset);
}

/* 5.9.2: the PAT entry is 4*PAT + 2*PCD + PWT of the leaf; PAT is bit 7 of a PTE, bit 12 of a larger leaf. */
static inline uint8_t pat_index(unsigned level, uint64_t leaf)
{
    bool pat = leaf & (level == 1 ? ENTRY_PAT_4K : ENTRY_PAT_LARGE);
    return (uint8_t)(pat << 2 | !!(leaf & ENTRY_PCD) << 1 | !!(leaf & ENTRY_PWT));
}

#endif
