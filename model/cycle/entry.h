/* The words a translation is made of: the page-table entry in memory, and the tag and data word of a cached one.
 *
 * Tag and data have the layout of docs/microarchitecture.md section 4 at all times, so that reading out the state
 * (section 17) is a copy. Rights travel as bits: W, U, NX from bit 0, the order of the data word and of state word 7,
 * and above them S of a page. */
#ifndef TWINWALK_CYCLE_ENTRY_H
#define TWINWALK_CYCLE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "geometry.h"

#define BITS(high, low) ((~0ull >> (63 - (high))) & (~0ull << (low)))

/* A page-table entry (SDM 3A 5.5.4, tables 5-15 … 5-20). */
#define PTE_P BITS(0, 0)
#define PTE_W BITS(1, 1)
#define PTE_U BITS(2, 2)
#define PTE_A BITS(5, 5)
#define PTE_D BITS(6, 6)
#define PTE_PS BITS(7, 7)
#define PTE_G BITS(8, 8)
#define PTE_FRAME BITS(51, 12)
#define PTE_XD BITS(63, 63)

/* The tag word. */
#define TAG_VALID BITS(0, 0)
#define TAG_GLOBAL BITS(3, 3)
#define TAG_PCID BITS(15, 4)

/* The data word. */
#define DATA_FRAME BITS(39, 0)
#define DATA_D BITS(43, 43)
enum { DATA_RIGHTS_SHIFT = 40, DATA_PAT_SHIFT = 44, DATA_KEY_SHIFT = 47, DATA_S_SHIFT = 51 };

enum {
    RIGHT_W = 1,
    RIGHT_U = 2,
    RIGHT_NX = 4,
    RIGHT_S = 8, /* of a page: it is a shadow-stack page */
    RIGHTS_AT_ROOT = RIGHT_W | RIGHT_U,
};

struct cached {
    uint64_t tag;
    uint64_t data;
};

/* A non-global tag: `ignored` is how many low bits of VA[56:12] the entry does not compare. */
static inline uint64_t tag_of(unsigned size, unsigned ignored, unsigned pcid, uint64_t va)
{
    return TAG_VALID | (uint64_t)size << 1 | (uint64_t)pcid << 4 | (va << 4 & BITS(60, 16) & ~0ull << (16 + ignored));
}

/* The tag of the page of `size` that holds va. */
static inline uint64_t tlb_tag(unsigned size, unsigned pcid, uint64_t va)
{
    return tag_of(size, 9 * size, pcid, va);
}

/* The tag of the level-`level` (2 … 5) entry on the way to va. */
static inline uint64_t psc_tag(unsigned level, unsigned pcid, uint64_t va)
{
    return tag_of(level - 2, 9 * (level - 1), pcid, va);
}

/* Page size, or level-2 in the PSC. */
static inline unsigned tag_size(uint64_t tag)
{
    return tag >> 1 & 3;
}

/* Section 4, "matches": `want` is a non-global tag of the size looked for. An entry of another size does not match. */
static inline bool tag_matches(uint64_t tag, uint64_t want)
{
    const uint64_t difference = tag ^ want;
    return (difference == 0) | ((difference & ~TAG_PCID) == TAG_GLOBAL);
}

/* Section 4, "overlap", of two entries of a TLB, or of one level of the PSC: one lookup could match both. */
static inline bool tags_overlap(uint64_t a, uint64_t b)
{
    const unsigned larger = tag_size(a) > tag_size(b) ? tag_size(a) : tag_size(b);
    const uint64_t difference = a ^ b;
    return (a & b & TAG_VALID) && !(difference & BITS(60, 16) & ~0ull << (16 + 9 * larger)) &&
           (((a | b) & TAG_GLOBAL) || !(difference & TAG_PCID));
}

/* W, U, NX and S. */
static inline unsigned data_rights(uint64_t data)
{
    return (data >> DATA_RIGHTS_SHIFT & 7) | (data >> DATA_S_SHIFT & 1) << 3;
}

static inline uint64_t rights_to_data(unsigned rights)
{
    return (uint64_t)(rights & 7) << DATA_RIGHTS_SHIFT | (uint64_t)(rights >> 3 & 1) << DATA_S_SHIFT;
}

static inline unsigned data_key(uint64_t data)
{
    return data >> DATA_KEY_SHIFT & 15;
}

static inline unsigned data_pat(uint64_t data)
{
    return data >> DATA_PAT_SHIFT & 7;
}

/* Bits of a linear address that lie inside its page. */
static inline uint64_t page_offset_mask(unsigned size)
{
    return (4096ull << 9 * size) - 1;
}

static inline uint64_t physical_address(uint64_t data, unsigned size, uint64_t va)
{
    return (data & DATA_FRAME) << 12 | (va & page_offset_mask(size));
}

/* The rights below a table, or of a page: those above it and the entry's own (SDM 3A 5.6.1). */
static inline unsigned rights_combine(unsigned rights, uint64_t pte)
{
    const unsigned own = (pte & PTE_W ? RIGHT_W : 0) | (pte & PTE_U ? RIGHT_U : 0);
    return (rights & (own | RIGHT_NX)) | (pte & PTE_XD ? RIGHT_NX : 0);
}

/* The rights of a page: those above it, its own, and RIGHT_S if it is a shadow-stack page, one whose leaf is read-only
 * and dirty below tables that are all writable (SDM 3A 5.6.1). */
static inline unsigned rights_of_page(unsigned above, uint64_t leaf)
{
    const bool shadow_stack = CFG_ARCH_CET && (above & RIGHT_W) && (leaf & (PTE_W | PTE_D)) == PTE_D;
    return rights_combine(above, leaf) | (shadow_stack ? RIGHT_S : 0);
}

/* The protection key of a leaf (SDM 3A 5.6.2); without protection keys 0. */
static inline unsigned pte_key(uint64_t leaf)
{
    return CFG_ARCH_PKU || CFG_ARCH_PKS ? leaf >> 59 & 15 : 0;
}

/* PCD and PWT of the table that a non-leaf entry points to, as a PAT index (SDM 3A 5.9.2). */
static inline unsigned pte_table_pat(uint64_t pte)
{
    return pte >> 3 & 3;
}

/* Section 6, "Leaf": the entry maps a page. Asked only of entries without reserved bits. */
static inline bool pte_is_leaf(uint64_t pte, unsigned level)
{
    return level == 1 || (level <= 3 && (pte & PTE_PS));
}

/* Section 6, "Reserved bits" (SDM 3A 5.5.4): a present entry at `level` (1 … 5) has one set. */
static inline bool pte_has_reserved(uint64_t pte, unsigned level, bool nxe)
{
    uint64_t reserved = nxe ? 0 : PTE_XD;
    if (CFG_ARCH_PADDR_BITS < 52)
        reserved |= BITS(51, CFG_ARCH_PADDR_BITS % 52);
    if (level >= 4 || (level == 3 && !CFG_ARCH_PAGE_1G))
        reserved |= PTE_PS;
    if (CFG_ARCH_AMD && level >= 4)
        reserved |= BITS(8, 8); /* APM vol 2, 5.3: must be zero in PML4E and PML5E; the SDM ignores it */
    if (level == 2 && (pte & PTE_PS))
        reserved |= BITS(20, 13);
    if (level == 3 && (pte & PTE_PS))
        reserved |= BITS(29, 13);
    return pte & reserved;
}

/* What the TLBs keep of a leaf at `level` (1 … 3); `rights` are those of the page. */
static inline struct cached leaf_to_cached(uint64_t pte, unsigned level, unsigned rights, uint64_t va, unsigned pcid,
                                           bool pge)
{
    const unsigned size = level - 1;
    const unsigned pat_bit = size == 0 ? 7 : 12;
    const uint64_t frame = (pte & PTE_FRAME & ~page_offset_mask(size)) >> 12;
    const uint64_t pat = (pte >> pat_bit & 1) << 2 | (pte >> 3 & 3);
    return (struct cached){
        .tag = tlb_tag(size, pcid, va) | (pge && (pte & PTE_G) ? TAG_GLOBAL : 0),
        .data = frame | rights_to_data(rights) | (pte & PTE_D ? DATA_D : 0) | pat << DATA_PAT_SHIFT |
                (uint64_t)pte_key(pte) << DATA_KEY_SHIFT,
    };
}

/* What the paging-structure caches keep of a non-leaf entry at `level` (2 … 5). */
static inline struct cached table_to_cached(uint64_t pte, unsigned level, unsigned rights, uint64_t va, unsigned pcid)
{
    return (struct cached){
        .tag = psc_tag(level, pcid, va),
        .data = (pte & PTE_FRAME) >> 12 | rights_to_data(rights) | (uint64_t)pte_table_pat(pte) << DATA_PAT_SHIFT,
    };
}

#endif
