/* Page tables for random stimulus, as they begin.
 *
 * Four roots. Below each, the same slots of the PML4: slot 0 leads all roots to the same tables, in which pages may be
 * global; slot 1 does so without global pages; slots 2 and 511 are each root's own; slot 3 is a large field of 4-KByte
 * pages that is never edited, there to make the big TLBs overflow. Below a slot are pages of every size, and entries
 * with every defect an entry can have. No entry serves two linear addresses of one root (but in the field), so an
 * INVLPG for its address is what the manual asks for. */
#include <inttypes.h>

#include "parts.h"

enum {
    SLOT_GLOBAL = 0,
    SLOT_SHARED = 1,
    SLOT_OWN = 2,
    SLOT_FIELD = 3,
    SLOT_HIGH = 511,
    SLOT57 = 5,
    PDPTES = 3,        /* entries used of a PDPT; the first is a 1-GByte page most of the time */
    PDES = 5,          /* of a page directory; the first two may be 2-MByte pages */
    PTES = 8,          /* of a page table */
    FIELD_TABLES = 16, /* page tables of the field, so many times 512 pages */
    ENTRY_BYTES = 8,
};

#define E_RIGHTS (ENTRY_P | ENTRY_RW | ENTRY_US)

static uint64_t new_frame(struct random *r)
{
    const uint64_t frames = UINT64_C(1) << (CFG_ARCH_PADDR_BITS - 12);
    return (++r->frames * UINT64_C(0x9e3779b1) % frames) << 12; /* an odd stride: all different, all over memory */
}

static uint64_t random_frame(struct random *r, unsigned level)
{
    return prng_next(&r->prng) & E_FRAME & ~((UINT64_C(1) << x86_level_shift(level)) - 1);
}

static bool can_be_leaf(unsigned level)
{
    return level == 1 || level == 2 || (level == 3 && CFG_ARCH_PAGE_1G);
}

/* SDM 3A 5.5.4: what is reserved at this level, one of it at random; a level may have nothing. */
uint64_t tables_spoil(struct random *r, uint64_t entry, unsigned level)
{
    const bool large = level > 1 && can_be_leaf(level) && (entry & ENTRY_PS);
    switch (below(r, 4)) {
    case 0:
        if (CFG_ARCH_PADDR_BITS < 52)
            return entry | UINT64_C(1) << (CFG_ARCH_PADDR_BITS +
                                           below(r, 52 - CFG_ARCH_PADDR_BITS + !(CFG_ARCH_PADDR_BITS < 52)));
        break;
    case 1:
        if (CFG_ARCH_AMD && level >= ROOT_LEVEL)
            return entry | ENTRY_G; /* bit 8 */
        break;
    case 2:
        if (level > 1 && !can_be_leaf(level))
            return entry | ENTRY_PS;
        break;
    default:
        break;
    }
    if (large) /* bits 20:13 or 29:13 */
        return entry | UINT64_C(1) << (13 + below(r, level == 2 ? 8 : 17));
    return entry | ENTRY_XD; /* reserved while EFER.NXE = 0 */
}

uint64_t tables_leaf(struct random *r, unsigned level, bool globals)
{
    const uint64_t bits = prng_next(&r->prng);
    uint64_t entry = random_frame(r, level) | (level > 1 ? ENTRY_PS : 0);
    entry |= bits & (UINT64_C(0x7ff) << 52 | 7 << 9 | ENTRY_PWT | ENTRY_PCD); /* ignored bits, key, PCD and PWT */
    entry |= (chance(r, 92) ? ENTRY_P : 0) | (chance(r, 75) ? ENTRY_RW : 0) | (chance(r, 75) ? ENTRY_US : 0) |
             (chance(r, 10) ? ENTRY_XD : 0);
    entry |= (bits & 1 ? ENTRY_A : 0) | (bits & 2 ? ENTRY_D : 0) | (globals && (bits & 4) ? ENTRY_G : 0);
    if (chance(r, 50)) /* the key 0 of most software */
        entry &= ~((uint64_t)ENTRY_KEY_MASK << ENTRY_KEY_SHIFT);
    if (!(bits & 0x1800000))
        entry |= level == 1 ? ENTRY_PAT_4K : ENTRY_PAT_LARGE;
    return chance(r, 3) ? tables_spoil(r, entry, level) : entry;
}

uint64_t tables_pointer(struct random *r, uint64_t table, unsigned level)
{
    const uint64_t bits = prng_next(&r->prng);
    uint64_t entry = table | (bits & (UINT64_C(0x7ff) << 52 | 7 << 9 | ENTRY_PWT | ENTRY_PCD | ENTRY_D |
                                      ENTRY_G)); /* all but PWT and PCD ignored */
    if (CFG_ARCH_AMD && level >= ROOT_LEVEL)
        entry &= ~ENTRY_G;
    entry |= (chance(r, 97) ? ENTRY_P : 0) | (chance(r, 92) ? ENTRY_RW : 0) | (chance(r, 88) ? ENTRY_US : 0) |
             (chance(r, 3) ? ENTRY_XD : 0);
    entry |= bits & 1 ? ENTRY_A : 0;
    return chance(r, 1) ? tables_spoil(r, entry, level) : entry;
}

/* Addresses of the upper half of the 48-bit space become canonical. */
static uint64_t sign_extend(uint64_t va)
{
    return va >> 47 == 1 ? va | UINT64_MAX << 48 : va;
}

static void add_page(struct random *r, uint64_t va, uint64_t size)
{
    if (r->pages < PAGES_MOST) {
        r->page[r->pages].va = va;
        r->page[r->pages++].size = size;
    }
}

static void add_place(struct random *r, const struct place *place)
{
    if (r->places == ENTRIES_MOST)
        return;
    unsigned hash = (unsigned)(prng_mix(place->pa) >> (64 - PLACE_BITS));
    while (r->index[hash])
        hash = (hash + 1) & ((1 << PLACE_BITS) - 1);
    r->place[r->places] = *place;
    r->index[hash] = (uint16_t)++r->places;
}

const struct place *tables_place(const struct random *r, uint64_t pa)
{
    unsigned hash = (unsigned)(prng_mix(pa) >> (64 - PLACE_BITS));
    for (; r->index[hash]; hash = (hash + 1) & ((1 << PLACE_BITS) - 1))
        if (r->place[r->index[hash] - 1].pa == pa)
            return &r->place[r->index[hash] - 1];
    return NULL;
}

static bool put(struct random *r, uint64_t table, unsigned index, uint64_t value)
{
    return physmem_write(r->physmem, table + ENTRY_BYTES * index, value);
}

/* A pointer that is never edited and always lets through; its table's memory type is any. */
static uint64_t open_pointer(struct random *r, uint64_t table)
{
    return table | E_RIGHTS | (prng_next(&r->prng) & (ENTRY_PWT | ENTRY_PCD));
}

/* Fills one table and everything below it. */
static bool fill_table(struct random *r, uint64_t table, unsigned level, uint64_t va, int root, bool globals)
{
    static const unsigned used[] = {0, PTES, PDES, PDPTES};
    const uint64_t span = UINT64_C(1) << x86_level_shift(level);
    for (unsigned i = 0; i < used[level]; i++) {
        const unsigned entry = i + 1 == used[level] ? 511 : i;
        struct place place = {.pa = table + ENTRY_BYTES * entry,
                              .va = sign_extend(va + entry * span),
                              .root = (int8_t)root,
                              .level = (uint8_t)level,
                              .globals = globals};
        const bool large = level > 1 && can_be_leaf(level) && i < level - 1;
        uint64_t value;
        if (level > 1) {
            place.table = new_frame(r);
            if (!fill_table(r, place.table, level - 1, va + entry * span, root, globals))
                return false;
            value = large ? tables_leaf(r, level, globals) : tables_pointer(r, place.table, level);
            if (large)
                add_page(r, place.va, span);
        } else {
            value = tables_leaf(r, level, globals);
            add_page(r, place.va, span);
        }
        if (!physmem_write(r->physmem, place.pa, value))
            return false;
        add_place(r, &place);
    }
    return true;
}

/* A page directory whose first entries lead to page tables full of ordinary pages. */
static bool fill_field(struct random *r, uint64_t pdpt)
{
    const uint64_t directory = new_frame(r);
    bool good = put(r, pdpt, 0, open_pointer(r, directory));
    for (unsigned t = 0; t < FIELD_TABLES; t++) {
        const uint64_t table = new_frame(r);
        good = good && put(r, directory, t, open_pointer(r, table));
        for (unsigned i = 0; i < 512 && good; i++)
            good = put(r, table, i,
                       random_frame(r, 1) | E_RIGHTS | (prng_next(&r->prng) & (ENTRY_PWT | ENTRY_PCD | ENTRY_PAT_4K)));
    }
    return good;
}

/* With 5 levels one more PML4, in the middle of the address space; below it 1-GByte pages, where they exist. */
static bool fill_57(struct random *r, uint64_t pml5, int root)
{
    const uint64_t pml4 = new_frame(r), pdpt = new_frame(r), base = (uint64_t)SLOT57 << 48;
    const struct place five = {.pa = pml5 + ENTRY_BYTES * SLOT57,
                               .va = base,
                               .table = pml4,
                               .root = (int8_t)root,
                               .level = 5};
    const struct place four = {.pa = pml4, .va = base, .table = pdpt, .root = (int8_t)root, .level = 4};
    bool good = physmem_write(r->physmem, five.pa, tables_pointer(r, pml4, 5)) &&
                physmem_write(r->physmem, four.pa, tables_pointer(r, pdpt, 4));
    add_place(r, &five);
    add_place(r, &four);
    for (unsigned i = 0; i < PTES && good; i++) {
        const uint64_t span = UINT64_C(1) << 30;
        const struct place page = {.pa = pdpt + ENTRY_BYTES * i,
                                   .va = base + i * span,
                                   .root = (int8_t)root,
                                   .level = 3};
        good = physmem_write(r->physmem, page.pa, CFG_ARCH_PAGE_1G ? tables_leaf(r, 3, false) & ~ENTRY_G : 0);
        if (CFG_ARCH_PAGE_1G)
            add_place(r, &page);
    }
    if (!CFG_ARCH_PAGE_1G) /* small pages instead */
        good = good && fill_table(r, pdpt, 3, base, root, false);
    for (unsigned i = 0; i < 2; i++)
        add_page(r, base, CFG_ARCH_PAGE_1G ? UINT64_C(8) << 30 : UINT64_C(1) << 21);
    return good;
}

static bool fill_root(struct random *r, int root, uint64_t global, uint64_t shared, uint64_t field)
{
    static const unsigned own[] = {SLOT_OWN, SLOT_HIGH};
    const uint64_t pml4 = r->pml4[root] = new_frame(r), pml5 = r->pml5[root] = new_frame(r);
    bool good = put(r, pml4, SLOT_GLOBAL, open_pointer(r, global)) &&
                put(r, pml4, SLOT_SHARED, open_pointer(r, shared)) &&
                put(r, pml4, SLOT_FIELD, open_pointer(r, field)) && put(r, pml5, 0, open_pointer(r, pml4)) &&
                put(r, pml5, 511, open_pointer(r, pml4));
    for (unsigned i = 0; good && i < 2; i++) {
        const uint64_t va = own[i] * (UINT64_C(1) << 39), table = new_frame(r);
        const struct place place = {.pa = pml4 + ENTRY_BYTES * own[i],
                                    .va = sign_extend(va),
                                    .table = table,
                                    .root = (int8_t)root,
                                    .level = 4};
        good = fill_table(r, table, 3, va, root, false) &&
               physmem_write(r->physmem, place.pa, tables_pointer(r, table, 4));
        add_place(r, &place);
    }
    return good && (!CFG_ARCH_LA57 || fill_57(r, pml5, root));
}

bool tables_build(struct random *r)
{
    const uint64_t slot_span = UINT64_C(1) << 39;
    const uint64_t global = new_frame(r), shared = new_frame(r), field = new_frame(r);
    bool good = fill_table(r, global, 3, SLOT_GLOBAL * slot_span, SHARED, true) &&
                fill_table(r, shared, 3, SLOT_SHARED * slot_span, SHARED, false) && fill_field(r, field);
    for (int root = 0; root < ROOTS && good; root++)
        good = fill_root(r, root, global, shared, field);
    return good;
}

uint64_t tables_cr3(const struct random *r, int root)
{
    return r->regs.cr4 & CR4_LA57 ? r->pml5[root] : r->pml4[root];
}

/* Anywhere, mostly not canonical or not mapped. With 57-bit addresses the first and the last entry of a PML5 lead to
 * the same PML4, whose entries must keep to one address each. */
static uint64_t anywhere(struct random *r)
{
    const uint64_t va = prng_next(&r->prng) >> below(r, 40);
    const unsigned five = va >> 48 & 511, four = va >> 39 & 511;
    const bool twice = (five == 0 && four == SLOT_HIGH) || (five == 511 && four <= SLOT_FIELD);
    return twice ? va ^ UINT64_C(1) << 46 : va;
}

uint64_t tables_va(struct random *r)
{
    const uint64_t kind = below(r, 100);
    if (kind < 10)
        return ((uint64_t)SLOT_FIELD << 39) + below(r, FIELD_TABLES * UINT64_C(512) << 12);
    if (kind < 11)
        return anywhere(r);
    const unsigned hot = (unsigned)below(r, r->mood.hot_count);
    const unsigned n = kind < 90 ? (r->mood.hot_first + hot) % r->pages : (unsigned)below(r, r->pages);
    return r->page[n].va + below(r, r->page[n].size);
}

bool tables_within(struct random *r, uint64_t pa, uint64_t hw)
{
    const uint64_t oracle = physmem_read(r->physmem, IMAGE_ORACLE, pa);
    if (((hw ^ oracle) & ~(ENTRY_A | ENTRY_D)) == 0 && (hw & ~oracle) == 0)
        return true;
    char field[64];
    snprintf(field, sizeof field, "page-table entry at 0x%" PRIx64, pa);
    finding_numbers(&r->d.finding, FINDING_MEMORY, r->d.cycle, field, oracle, hw);
    r->d.ended = true;
    return false;
}
