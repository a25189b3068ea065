/* Bits of paging-structure entries and control registers, by the names of the Intel SDM (volume 3A, 2.5 and 5.5.4).
 *
 * Architecture only: what a bit does is said where it is used. */
#ifndef TWINWALK_X86_H
#define TWINWALK_X86_H

#include <stdint.h>

/* Paging-structure entries, all levels unless said otherwise (SDM 3A tables 5-15 … 5-20). */
#define ENTRY_P ((uint64_t)1 << 0)
#define ENTRY_RW ((uint64_t)1 << 1)
#define ENTRY_US ((uint64_t)1 << 2)
#define ENTRY_PWT ((uint64_t)1 << 3)
#define ENTRY_PCD ((uint64_t)1 << 4)
#define ENTRY_A ((uint64_t)1 << 5)
#define ENTRY_D ((uint64_t)1 << 6)          /* leaf */
#define ENTRY_PS ((uint64_t)1 << 7)         /* levels 2 … 5 */
#define ENTRY_PAT_4K ((uint64_t)1 << 7)     /* leaf of level 1 */
#define ENTRY_G ((uint64_t)1 << 8)          /* leaf */
#define ENTRY_BIT8 ((uint64_t)1 << 8)       /* levels 4 and 5: ignored by Intel, reserved by AMD */
#define ENTRY_PAT_LARGE ((uint64_t)1 << 12) /* leaf of level 2 or 3 */
#define ENTRY_FRAME 0x000ffffffffff000u     /* bits 51:12 */
#define ENTRY_XD ((uint64_t)1 << 63)

enum { ENTRY_KEY_SHIFT = 59, ENTRY_KEY_MASK = 15 }; /* leaf: protection key */

#define CR0_PE ((uint64_t)1 << 0)
#define CR0_MP ((uint64_t)1 << 1)
#define CR0_ET ((uint64_t)1 << 4)
#define CR0_NE ((uint64_t)1 << 5)
#define CR0_WP ((uint64_t)1 << 16)
#define CR0_AM ((uint64_t)1 << 18)
#define CR0_CD ((uint64_t)1 << 30)
#define CR0_PG ((uint64_t)1 << 31)

#define CR3_PCID 0xfffu            /* with CR4.PCIDE = 1 */
#define CR3_PWT ((uint64_t)1 << 3) /* with CR4.PCIDE = 0 */
#define CR3_PCD ((uint64_t)1 << 4) /* with CR4.PCIDE = 0 */
#define CR3_LAM_U57 ((uint64_t)1 << 61)
#define CR3_LAM_U48 ((uint64_t)1 << 62)
#define CR3_NO_FLUSH ((uint64_t)1 << 63) /* of the MOV's source operand; never stored */

#define CR4_PSE ((uint64_t)1 << 4)
#define CR4_PAE ((uint64_t)1 << 5)
#define CR4_PGE ((uint64_t)1 << 7)
#define CR4_LA57 ((uint64_t)1 << 12)
#define CR4_PCIDE ((uint64_t)1 << 17)
#define CR4_SMEP ((uint64_t)1 << 20)
#define CR4_SMAP ((uint64_t)1 << 21)
#define CR4_PKE ((uint64_t)1 << 22)
#define CR4_CET ((uint64_t)1 << 23)
#define CR4_PKS ((uint64_t)1 << 24)
#define CR4_LASS ((uint64_t)1 << 27)
#define CR4_LAM_SUP ((uint64_t)1 << 28)

#define EFER_SCE ((uint64_t)1 << 0)
#define EFER_LME ((uint64_t)1 << 8)
#define EFER_LMA ((uint64_t)1 << 10)
#define EFER_NXE ((uint64_t)1 << 11)
#define EFER_TCE ((uint64_t)1 << 15)  /* AMD: translation cache extension */
#define EFER_UAIE ((uint64_t)1 << 20) /* AMD: upper address ignore */

#define PAT_RESET 0x0007040600070406u /* IA32_PAT after reset: WB WT UC- UC, twice */

enum { PKEY_AD = 1, PKEY_WD = 2 }; /* the two bits of a key in PKRU and IA32_PKRS, key i at bit 2i */

enum { PAGE_SHIFT = 12, INDEX_BITS = 9, TABLE_WORDS = 512 };

/* Bits of linear address below the number of the page (or region) that an entry of level 1 … 5 covers: 12, 21, 30,
 * 39, 48. */
static inline unsigned x86_level_shift(unsigned level)
{
    return PAGE_SHIFT + INDEX_BITS * (level - 1);
}

/* Physical address of the entry for va at this level, in the table at base (SDM 3A 5.5.4). */
static inline uint64_t x86_entry_address(uint64_t base, uint64_t va, unsigned level)
{
    return base | (va >> x86_level_shift(level) & (TABLE_WORDS - 1)) * 8;
}

/* Linear addresses of this width (48 or 57) have all bits from width-1 up equal (SDM 3A 4.5 "Canonicality"). */
static inline int x86_is_canonical(uint64_t va, unsigned width)
{
    uint64_t top = va >> (width - 1);
    return top == 0 || top == UINT64_MAX >> (width - 1);
}

#endif
