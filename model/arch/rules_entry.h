/* The walk: which table, which entry, what is reserved in it, what it maps, and the memory types (SDM 3A 5.5, 5.9). */
#ifndef TWINWALK_RULES_ENTRY_H
#define TWINWALK_RULES_ENTRY_H

#include "oracle.h"
#include "x86.h"

/* 5.5: "if CR4.LA57 = 1, 5-level paging is used; otherwise 4-level paging". */
static inline unsigned root_level(const struct oracle_regs *regs)
{
    return regs->cr4 & CR4_LA57 ? 5 : 4;
}

/* 5.1.4: bits above the physical-address width M. */
static inline uint64_t beyond_width(const struct oracle_cpu *cpu)
{
    return ~(((uint64_t)1 << cpu->paddr_bits) - 1);
}

/* Table 5-13 (CR3): bits M-1:12 locate the root table; what bits 11:0 mean depends on CR4.PCIDE, and they are never
 * address. */
static inline uint64_t root_table(const struct oracle_cpu *cpu, const struct oracle_regs *regs)
{
    return regs->cr3 & ENTRY_FRAME & ~beyond_width(cpu);
}

/* 5.10.1: "if CR4.PCIDE = 1 the current PCID is CR3[11:0]; otherwise 000H". */
static inline unsigned current_pcid(const struct oracle_regs *regs)
{
    return regs->cr4 & CR4_PCIDE ? (unsigned)(regs->cr3 & CR3_PCID) : 0;
}

/* 5.5.4: a PTE maps a 4-KByte page; a PDE with PS = 1 a 2-MByte page; a PDPTE with PS = 1 a 1-GByte page. (PS above
 * that, or in a PDPTE without 1-GByte pages, is reserved and never gets here.) CR4.PSE has no part in it. */
static inline bool is_leaf(unsigned level, uint64_t entry)
{
    return level == 1 || (level <= 3 && entry & ENTRY_PS);
}

/* Tables 5-14 … 5-20: "PS: must be 0" in a PML5E and a PML4E, and in a PDPTE without 1-GByte pages (CPUID
 * 80000001H:EDX[26]). */
static inline bool page_size_is_reserved(const struct oracle_cpu *cpu, unsigned level)
{
    return level >= 4 || (level == 3 && !cpu->page_1g);
}

/* Tables 5-16 and 5-18: bits 20:13 of a PDE that maps a 2-MByte page and bits 29:13 of a PDPTE that maps a 1-GByte page
 * are reserved. */
static inline uint64_t reserved_in_large_leaf(unsigned level)
{
    return ENTRY_FRAME & (((uint64_t)1 << x86_level_shift(level)) - 1) & ~ENTRY_PAT_LARGE;
}

/* "Reserved (must be 0)" in an entry with P = 1; in one with P = 0 every other bit is ignored. Gives the reserved bits
 * that are set. */
static inline uint64_t reserved_bits(const struct oracle_cpu *cpu, const struct oracle_regs *regs, unsigned level,
                                     uint64_t entry)
{
    uint64_t reserved = ENTRY_FRAME & beyond_width(cpu); /* bits 51:M */
    if (!(regs->efer & EFER_NXE))
        reserved |= ENTRY_XD; /* "if IA32_EFER.NXE = 0, reserved", in every entry, leaf or not */
    if (page_size_is_reserved(cpu, level))
        reserved |= ENTRY_PS;
    else if (level >= 2 && entry & ENTRY_PS)
        reserved |= reserved_in_large_leaf(level);
    if (cpu->amd && level >= 4)
        reserved |= ENTRY_BIT8; /* APM 5.3.3, 5.3.4: MBZ in PML4E and PML5E */
    return entry & reserved;
}

/* 5.5.4: the page's physical address: frame bits of the leaf above the offset bits of the linear address. */
static inline uint64_t page_address(unsigned level, uint64_t leaf, uint64_t va)
{
    uint64_t offset = ((uint64_t)1 << x86_level_shift(level)) - 1;
    return (leaf & ENTRY_FRAME & ~offset) | (va & offset);
}

/* 5.9.2: "PAT entry selected by 4*PAT + 2*PCD + PWT"; of the leaf, PAT is bit 7 of a PTE, bit 12 of a larger leaf. */
static inline uint8_t pat_index(unsigned level, uint64_t leaf)
{
    bool pat = leaf & (level == 1 ? ENTRY_PAT_4K : ENTRY_PAT_LARGE);
    return (uint8_t)(pat << 2 | !!(leaf & ENTRY_PCD) << 1 | !!(leaf & ENTRY_PWT));
}

/* 5.9.2: "for an access to the entry in a paging structure whose address is in another entry: 2*PCD + PWT of that
 * entry". */
static inline uint8_t table_pat_index(uint64_t entry)
{
    return (uint8_t)(!!(entry & ENTRY_PCD) << 1 | !!(entry & ENTRY_PWT));
}

/* 5.9.2: "… whose address is in CR3: 2*PCD + PWT from CR3"; 2.5: with CR4.PCIDE = 1 bits 4:3 belong to the PCID and PCD
 * and PWT count as 0. */
static inline uint8_t root_pat_index(const struct oracle_regs *regs)
{
    return regs->cr4 & CR4_PCIDE ? 0
                                 : table_pat_index(regs->cr3); /* CR3 and entries have them in the same bits 4 and 3 */
}

/* 13.12.3: byte i of IA32_PAT. UC with CR0.CD = 1 is a choice (docs/microarchitecture.md 18). What the MTRRs say of the
 * physical address comes on top. */
static inline uint8_t memory_type(const struct oracle_regs *regs, unsigned index)
{
    return regs->cr0 & CR0_CD ? MT_UC : regs->pat >> 8 * index & 7;
}

#endif
