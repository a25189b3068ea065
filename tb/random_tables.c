/* Page tables for random stimulus.
 *
 * Four roots. Below each, the same slots of the PML4: slot 0 leads all roots to the same tables, in which pages may be global;
 * slot 1 does so without global pages; slots 2 and 511 are each root's own; slot 3 is a large field of 4-KByte pages that is never
 * edited, there to make the big TLBs overflow. Below a slot are pages of every size, and entries with every defect an entry can have.
 * No entry serves two linear addresses of one root (but in the field), so an INVLPG for its address is what the manual asks for. */
#include <inttypes.h>
#include <stdio.h>

#include "random_parts.h"

enum {
    SLOT_GLOBAL = 0, SLOT_SHARED = 1, SLOT_OWN = 2, SLOT_FIELD = 3, SLOT_HIGH = 511, SLOT57 = 5,
    PDPTES = 3,   /* entries used of a PDPT; the first is a 1-GByte page most of the time */
    PDES = 5,     /* of a page directory; the first two may be 2-MByte pages */
    PTES = 8,     /* of a page table */
    FIELD_TABLES = 16, /* page tables of the field, so many times 512 pages */
    ENTRY_BYTES = 8,
};

static uint64_t new_frame(struct random *r)
{
    const uint64_t frames = UINT64_C(1) << (CFG_ARCH_PADDR_BITS - 12);
    return (++r->frames * UINT64_C(0x9e3779b1) % frames) << 12; /* an odd stride: all different, all over memory */
}

static uint64_t random_frame(struct random *r, unsigned level)
{
    return prng_next(&r->prng) & E_FRAME & ~((UINT64_C(1) << (12 + 9 * (level - 1))) - 1);
}

static bool can_be_leaf(unsigned level)
{
    return level == 1 || level == 2 || (level == 3 && CFG_ARCH_PAGE_1G);
}

/* Sets a bit that must be 0 at this level, if there is one (SDM 3A 5.5.4). */
static uint64_t spoil(struct random *r, uint64_t entry, unsigned level)
{
    if (CFG_ARCH_PADDR_BITS < 52 && chance(r, 50))
        return entry | UINT64_C(1) << (CFG_ARCH_PADDR_BITS + prng_below(&r->prng, 52 - CFG_ARCH_PADDR_BITS));
    if (level == 4 || (level == 3 && !CFG_ARCH_PAGE_1G))
        return entry | E_PS;
    if (level > 1 && (entry & E_PS))
        return entry | UINT64_C(1) << (13 + prng_below(&r->prng, level == 2 ? 8 : 17));
    return entry | (CFG_ARCH_PADDR_BITS < 52 ? UINT64_C(1) << 51 : 0);
}

static uint64_t random_leaf(struct random *r, unsigned level, bool globals)
{
    uint64_t entry = random_frame(r, level) | (level > 1 ? E_PS : 0);
    entry |= prng_next(&r->prng) & (UINT64_C(0x7ff) << 52 | 7 << 9 | 3 << 3); /* ignored bits, key, PCD and PWT */
    entry |= (chance(r, 92) ? E_P : 0) | (chance(r, 75) ? E_W : 0) | (chance(r, 85) ? E_U : 0) | (chance(r, 10) ? E_XD : 0);
    entry |= (chance(r, 50) ? E_A : 0) | (chance(r, 40) ? E_D : 0) | (globals && chance(r, 50) ? E_G : 0);
    if (chance(r, 30))
        entry |= level == 1 ? E_PS : E_PAT_LARGE; /* PAT */
    return chance(r, 3) ? spoil(r, entry, level) : entry;
}

static uint64_t random_pointer(struct random *r, uint64_t table, unsigned level)
{
    uint64_t entry = table | (prng_next(&r->prng) & (UINT64_C(0x7ff) << 52 | 7 << 9 | 3 << 3 | E_D | E_G)); /* all ignored here */
    entry |= (chance(r, 97) ? E_P : 0) | (chance(r, 92) ? E_W : 0) | (chance(r, 92) ? E_U : 0) | (chance(r, 3) ? E_XD : 0);
    entry |= chance(r, 50) ? E_A : 0;
    return chance(r, 1) ? spoil(r, entry, level) : entry;
}

static uint64_t sign_extend(uint64_t va)
{
    return (uint64_t)((int64_t)(va << 16) >> 16);
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
    unsigned hash = (unsigned)(prng_mix(place->pa) >> (64 - INDEX_BITS));
    while (r->index[hash])
        hash = (hash + 1) & ((1 << INDEX_BITS) - 1);
    r->place[r->places] = *place;
    r->index[hash] = (uint16_t)++r->places;
}

static const struct place *find_place(const struct random *r, uint64_t pa)
{
    unsigned hash = (unsigned)(prng_mix(pa) >> (64 - INDEX_BITS));
    for (; r->index[hash]; hash = (hash + 1) & ((1 << INDEX_BITS) - 1))
        if (r->place[r->index[hash] - 1].pa == pa)
            return &r->place[r->index[hash] - 1];
    return NULL;
}

/* Fills one table and everything below it. */
static bool fill_table(struct random *r, uint64_t table, unsigned level, uint64_t va, int root, bool globals)
{
    static const unsigned used[] = {0, PTES, PDES, PDPTES};
    const uint64_t span = UINT64_C(1) << (12 + 9 * (level - 1));
    for (unsigned i = 0; i < used[level]; i++) {
        const unsigned entry = i + 1 == used[level] ? 511 : i;
        struct place place = {.pa = table + ENTRY_BYTES * entry, .va = sign_extend(va + entry * span), .root = (int8_t)root,
                              .level = (uint8_t)level, .globals = globals};
        const bool large = level > 1 && can_be_leaf(level) && i < level - 1;
        uint64_t value;
        if (level > 1) {
            place.table = new_frame(r);
            if (!fill_table(r, place.table, level - 1, va + entry * span, root, globals))
                return false;
            value = large ? random_leaf(r, level, globals) : random_pointer(r, place.table, level);
            if (large)
                add_page(r, place.va, span);
        } else {
            value = random_leaf(r, level, globals);
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
    const uint64_t directory = new_frame(r), rights = E_P | E_W | E_U;
    if (!physmem_write(r->physmem, pdpt, directory | rights))
        return false;
    for (unsigned t = 0; t < FIELD_TABLES; t++) {
        const uint64_t table = new_frame(r);
        if (!physmem_write(r->physmem, directory + ENTRY_BYTES * t, table | rights))
            return false;
        for (unsigned i = 0; i < 512; i++)
            if (!physmem_write(r->physmem, table + ENTRY_BYTES * i, random_frame(r, 1) | rights))
                return false;
    }
    return true;
}

bool tables_build(struct random *r)
{
    const uint64_t rights = E_P | E_W | E_U, slot_span = UINT64_C(1) << 39;
    const uint64_t global = new_frame(r), shared = new_frame(r), field = new_frame(r);
    if (!fill_table(r, global, 3, SLOT_GLOBAL * slot_span, SHARED, true) ||
        !fill_table(r, shared, 3, SLOT_SHARED * slot_span, SHARED, false) || !fill_field(r, field))
        return false;
    for (int root = 0; root < ROOTS; root++) {
        static const unsigned own[] = {SLOT_OWN, SLOT_HIGH};
        const uint64_t pml4 = r->pml4[root] = new_frame(r), pml5 = r->pml5[root] = new_frame(r);
        bool good = physmem_write(r->physmem, pml4 + ENTRY_BYTES * SLOT_GLOBAL, global | rights) &&
                    physmem_write(r->physmem, pml4 + ENTRY_BYTES * SLOT_SHARED, shared | rights) &&
                    physmem_write(r->physmem, pml4 + ENTRY_BYTES * SLOT_FIELD, field | rights) &&
                    physmem_write(r->physmem, pml5, pml4 | rights) && physmem_write(r->physmem, pml5 + ENTRY_BYTES * 511, pml4 | rights);
        for (unsigned i = 0; good && i < 2; i++) {
            const uint64_t va = own[i] * slot_span, table = new_frame(r);
            const struct place place = {.pa = pml4 + ENTRY_BYTES * own[i], .va = sign_extend(va), .table = table,
                                        .root = (int8_t)root, .level = 4};
            good = fill_table(r, table, 3, va, root, false) && physmem_write(r->physmem, place.pa, random_pointer(r, table, 4));
            add_place(r, &place);
        }
        /* With 5 levels one more PML4, in the middle of the address space. */
        const uint64_t table = new_frame(r), extra = new_frame(r), base = (uint64_t)SLOT57 << 48;
        if (!good || !physmem_write(r->physmem, pml5 + ENTRY_BYTES * SLOT57, extra | rights) ||
            !physmem_write(r->physmem, extra, table | rights))
            return false;
        for (unsigned i = 0; i < PTES; i++) /* one page directory pointer table of 1-GByte pages, or none that exist */
            if (!physmem_write(r->physmem, table + ENTRY_BYTES * i, CFG_ARCH_PAGE_1G ? random_leaf(r, 3, false) & ~E_G : 0))
                return false;
        for (unsigned i = 0; CFG_ARCH_LA57 && i < 2; i++)
            add_page(r, base, UINT64_C(8) << 30);
    }
    return true;
}

uint64_t tables_cr3(const struct random *r, int root)
{
    return r->regs.cr4 & R_LA57 ? r->pml5[root] : r->pml4[root];
}

uint64_t tables_va(struct random *r)
{
    const uint64_t kind = prng_below(&r->prng, 100);
    if (kind < 10) /* the field */
        return ((uint64_t)SLOT_FIELD << 39) + prng_below(&r->prng, FIELD_TABLES * UINT64_C(512) << 12);
    if (kind < 11) /* anywhere, mostly not canonical or not mapped */
        return prng_next(&r->prng) >> prng_below(&r->prng, 40);
    const unsigned hot = (unsigned)prng_below(&r->prng, r->hot_count);
    const unsigned n = kind < 90 ? (r->hot_first + hot) % r->pages : (unsigned)prng_below(&r->prng, r->pages);
    return r->page[n].va + prng_below(&r->prng, r->page[n].size);
}

/* Half of the edits go where a request is under way: its walk shows the entries on its path. */
static const struct place *choose_place(struct random *r)
{
    if (r->outstanding && chance(r, 50)) {
        const unsigned n = r->flying[prng_below(&r->prng, r->outstanding)];
        struct oracle_result walk;
        oracle_translate(r->physmem, IMAGE_HW, &r->cpu, &r->regs, &r->flight[n / IDS][n % IDS].access, &walk);
        if (walk.steps) {
            const struct place *place = find_place(r, walk.step[prng_below(&r->prng, walk.steps)].pa);
            if (place)
                return place;
        }
    }
    return &r->place[prng_below(&r->prng, r->places)];
}

static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || (level < 4 && (entry & E_PS));
}

static uint64_t changed(struct random *r, const struct place *p, uint64_t old, enum edit *edit)
{
    const bool leaf = is_leaf(old, p->level);
    *edit = (enum edit)prng_below(&r->prng, 8);
    if (!(old & E_P) && chance(r, 70))
        *edit = EDIT_MAP;
    switch (*edit) {
    case EDIT_MAP:
        if (!(old & E_P))
            return old | E_P;
        break;
    case EDIT_UNMAP:
        return old & ~E_P;
    case EDIT_RESTRICT:
        return chance(r, 33) ? old | E_XD : old & ~(chance(r, 50) ? E_W : E_U);
    case EDIT_RELAX:
        return chance(r, 33) ? old & ~E_XD : old | (chance(r, 50) ? E_W : E_U);
    case EDIT_RESIZE:
        if (p->table && can_be_leaf(p->level) && p->level > 1)
            return leaf ? random_pointer(r, p->table, p->level) : random_leaf(r, p->level, p->globals);
        break;
    case EDIT_MOVE:
        if (leaf)
            return (old & ~(E_FRAME & ~((UINT64_C(1) << (12 + 9 * (p->level - 1))) - 1))) | random_frame(r, p->level);
        break;
    case EDIT_CLEAR_AD:
        return old & ~(chance(r, 50) ? E_A | (leaf ? E_D : 0) : leaf ? E_D : E_A);
    case EDIT_RESERVED:
        if (chance(r, 20))
            return spoil(r, old, p->level);
        break;
    }
    /* Something fresh, so that the tables do not wear out. */
    *edit = EDIT_MAP;
    return leaf || !p->table ? random_leaf(r, p->level, p->globals) : random_pointer(r, p->table, p->level);
}

/* PCIDs under which the old value may be cached, other than the present one, must be flushed when they are next loaded. */
static void mark_stale(struct random *r, const struct place *p)
{
    for (int pcid = 0; pcid < PCIDS; pcid++)
        if (r->bound[pcid] >= 0 && (p->root == SHARED || p->root == r->bound[pcid]))
            r->stale[pcid] = true;
}

bool tables_within(struct random *r, uint64_t pa, uint64_t hw)
{
    const uint64_t oracle = physmem_read(r->physmem, IMAGE_ORACLE, pa);
    if (((hw ^ oracle) & ~(E_A | E_D)) == 0 && (hw & ~oracle) == 0)
        return true;
    char field[64];
    snprintf(field, sizeof field, "page-table entry at 0x%" PRIx64, pa);
    finding_numbers(&r->d.finding, FINDING_MEMORY, r->d.cycle, field, oracle, hw);
    r->d.ended = true;
    return false;
}

void tables_edit(struct random *r)
{
    const struct place *p = choose_place(r);
    enum edit edit;
    const uint64_t old = physmem_read(r->physmem, IMAGE_HW, p->pa);
    if (!tables_within(r, p->pa, old))
        return; /* an edit would cover up what the hardware has done */
    const uint64_t value = changed(r, p, old, &edit);
    if (value == old)
        return;
    physmem_write(r->physmem, p->pa, value);
    r->counts.edits++;
    r->counts.edits_by[edit]++;
    r->changes++;
    if (old & E_P) { /* nothing is ever cached from an entry with P = 0 */
        const unsigned present_pcid = r->regs.cr4 & R_PCIDE ? (unsigned)(r->regs.cr3 & 0xfff) : 0;
        const bool was_stale = r->stale[present_pcid];
        mark_stale(r, p);
        r->stale[present_pcid] = was_stale;
        if (p->root == SHARED || p->root == r->root)
            r->pending = (struct pending){
                .active = true,
                .place = *p,
                .old = old,
                .whole = !is_leaf(old, p->level) || (is_leaf(value, p->level) != is_leaf(old, p->level)),
            };
        r->settle_at = r->d.cycle + (chance(r, 50) ? 0 : prng_below(&r->prng, 400));
    }
    check_all(r);
}
