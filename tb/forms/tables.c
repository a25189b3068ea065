/* See tables.h. */
#include "tables.h"

enum { ENTRIES = 512, PDPTS = 4, PDS = 16, PTS = 64, FIRST_2M = 192, FIRST_1G = 224, AFTER_1G = 248, PRIVATE = 255 };
enum { TABLE = ENTRY_P | ENTRY_W | ENTRY_U | ENTRY_A, PAGE = TABLE | ENTRY_D, LARGE = PAGE | ENTRY_PS };

#define FRAME UINT64_C(0x1000)
#define PDPT_4K (TABLES_PML5 + FRAME)
#define PD_4K (PDPT_4K + PDPTS * FRAME)
#define PT_4K (PD_4K + PDS * FRAME)
#define PDPT_2M (PT_4K + PTS * FRAME)
#define PD_2M (PDPT_2M + FRAME)
#define PDPT_1G (PD_2M + PDS * FRAME)
#define PRIVATE_PDPT (PDPT_1G + FRAME)
#define PRIVATE_PD (PRIVATE_PDPT + FRAME)
#define PRIVATE_PT (PRIVATE_PD + FRAME)

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static bool put(struct physmem *pm, uint64_t table, unsigned n, uint64_t entry)
{
    return physmem_write(pm, table + 8 * n, entry);
}

static uint64_t pml4e(unsigned n)
{
    if (n < FIRST_2M)
        return (PDPT_4K + n % PDPTS * FRAME) | TABLE;
    if (n < FIRST_1G)
        return PDPT_2M | TABLE;
    if (n < AFTER_1G)
        return PDPT_1G | TABLE;
    return n == PRIVATE ? PRIVATE_PDPT | TABLE : 0;
}

bool form_tables_build(struct physmem *pm)
{
    bool ok = put(pm, TABLES_PML5, 0, TABLES_PML4 | TABLE);
    for (unsigned n = 0; n < ENTRIES; n++) {
        ok = ok && put(pm, TABLES_PML4, n, pml4e(n));
        for (unsigned t = 0; t < PDPTS; t++)
            ok = ok && put(pm, PDPT_4K + t * FRAME, n, (PD_4K + n % PDS * FRAME) | TABLE);
        ok = ok && put(pm, PDPT_2M, n, (PD_2M + n % PDS * FRAME) | TABLE);
        ok = ok && put(pm, PDPT_1G, n, n % 32 * GIB | LARGE);
        for (unsigned t = 0; t < PDS; t++) {
            ok = ok && put(pm, PD_4K + t * FRAME, n, (PT_4K + n % PTS * FRAME) | TABLE);
            ok = ok && put(pm, PD_2M + t * FRAME, n, (t * GIB + n * 2 * MIB) | LARGE);
        }
        for (unsigned t = 0; t < PTS; t++)
            ok = ok && put(pm, PT_4K + t * FRAME, n, (t * 2 * MIB + n * FRAME) | PAGE);
        ok = ok && put(pm, PRIVATE_PT, n, n * FRAME | PAGE);
    }
    return ok && put(pm, PRIVATE_PDPT, 0, PRIVATE_PD | TABLE) && put(pm, PRIVATE_PD, 0, PRIVATE_PT | TABLE);
}

uint64_t form_tables_va(unsigned size, uint64_t n)
{
    static const uint64_t first[3] = {0, FIRST_2M, FIRST_1G};
    const unsigned shift = 12 + 9 * size;
    const uint64_t offset = n * UINT64_C(0x9e3779b97f4a7c15) >> 20 & ((UINT64_C(1) << shift) - 1);
    return (first[size] << 39) + (n << shift) + offset;
}

uint64_t form_tables_pa(uint64_t va)
{
    const uint64_t entry = va >> 39 & (ENTRIES - 1);
    if (entry < FIRST_2M)
        return va % (128 * MIB);
    if (entry < FIRST_1G)
        return va % (16 * GIB);
    return entry < AFTER_1G ? va % (32 * GIB) : va % (2 * MIB);
}

uint64_t form_tables_private(unsigned level, uint64_t va)
{
    static const uint64_t table[5] = {0, PRIVATE_PT, PRIVATE_PD, PRIVATE_PDPT, TABLES_PML4};
    return table[level] + 8 * (va >> (12 + 9 * (level - 1)) & (ENTRIES - 1));
}

void form_tables_edit(struct physmem *pm, uint64_t entry, uint64_t clear, uint64_t set)
{
    physmem_modify(pm, entry, clear, set);
}
