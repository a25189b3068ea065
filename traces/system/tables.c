#include "tables.h"

#include "machine.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS = 5, ROOTS = 32, WORDS = 512, ENTRY_A = 1 << 5, ENTRY_D = 1 << 6, PTI_USER = 4096 };

struct page {
    uint64_t *copy;            /* of its words; NULL: it never was live */
    uint32_t refs[LEVELS + 1]; /* entries (or as a root: 1) that lead to it as a table of this level */
};

static struct {
    struct page *page;
    uint64_t pages;
    void (*poke)(uint64_t pa, uint64_t value);
    struct {
        uint64_t pa, used;
        unsigned level;
    } root[ROOTS]; /* level 0: free */
    uint64_t current, clock;
    struct tables_counts counts;
} tables;

bool tables_open(uint64_t memory_bytes, void (*poke)(uint64_t pa, uint64_t value))
{
    tables.pages = memory_bytes >> 12;
    tables.page = calloc(tables.pages, sizeof *tables.page);
    tables.poke = poke;
    tables.current = UINT64_MAX;
    return tables.page != NULL;
}

const struct tables_counts *tables_get_counts(void)
{
    return &tables.counts;
}

static struct page *page_of(uint64_t pa)
{
    return pa >> 12 < tables.pages ? &tables.page[pa >> 12] : NULL;
}

static bool is_live(const struct page *page)
{
    for (unsigned level = 1; level <= LEVELS; level++)
        if (page->refs[level])
            return true;
    return false;
}

uint64_t tables_word(uint64_t pa)
{
    const struct page *page = page_of(pa);
    return page && page->copy ? page->copy[pa >> 3 & (WORDS - 1)] : 0;
}

static void give(struct page *page, uint64_t pa, uint64_t value)
{
    page->copy[pa >> 3 & (WORDS - 1)] = value;
    tables.counts.pokes++;
    tables.poke(pa, value);
}

static void unlink_table(uint64_t pa, unsigned level)
{
    struct page *page = page_of(pa);
    if (!page || --page->refs[level])
        return;
    for (unsigned i = 0; i < WORDS; i++)
        if (walk_links(page->copy[i], level))
            unlink_table(walk_target(page->copy[i]), level - 1);
}

/* A first look at the page: its words as they are. What the replay's own walks may have changed since the last time is
 * given again. */
static void look(struct page *page, uint64_t pa)
{
    tables.counts.tables++;
    if (!page->copy && !(page->copy = calloc(WORDS, sizeof *page->copy)))
        abort();
    for (unsigned i = 0; i < WORDS; i++) {
        uint64_t value = machine_word(pa + 8 * i);
        if (value || page->copy[i])
            give(page, pa + 8 * i, value);
    }
}

static void link_table(uint64_t pa, unsigned level)
{
    struct page *page = page_of(pa);
    if (!page)
        return;
    if (!is_live(page))
        look(page, pa);
    if (page->refs[level]++)
        return;
    for (unsigned i = 0; i < WORDS; i++)
        if (walk_links(page->copy[i], level))
            link_table(walk_target(page->copy[i]), level - 1);
}

void tables_root(uint64_t cr3, unsigned level)
{
    uint64_t pa = walk_target(cr3);
    unsigned oldest = 0;
    tables.current = pa;
    for (unsigned i = 0; i < ROOTS; i++) {
        if (tables.root[i].level == level && tables.root[i].pa == pa) {
            tables.root[i].used = ++tables.clock;
            return;
        }
        if (tables.root[i].used < tables.root[oldest].used)
            oldest = i;
    }
    if (tables.root[oldest].level)
        unlink_table(tables.root[oldest].pa, tables.root[oldest].level);
    tables.root[oldest].pa = pa;
    tables.root[oldest].level = level;
    tables.root[oldest].used = ++tables.clock;
    tables.counts.roots++;
    link_table(pa, level);
}

/* A root that is not in use, nor belongs to the one that is (with page-table isolation there are two, side by side),
 * gets a new link: the page is most likely no root any more. */
static bool forget_root(uint64_t pa)
{
    if (pa == tables.current || pa == (tables.current ^ PTI_USER))
        return false;
    for (unsigned i = 0; i < ROOTS; i++)
        if (tables.root[i].level && tables.root[i].pa == pa) {
            unlink_table(pa, tables.root[i].level);
            tables.root[i].level = 0;
            tables.root[i].used = 0;
            return true;
        }
    return false;
}

static void store_word(struct page *page, uint64_t pa)
{
    const uint64_t old = tables_word(pa), new = machine_word(pa);
    tables.counts.ages_cleared += (new & 1) && !(new &ENTRY_A) && !((old ^ new) & ~(uint64_t)(ENTRY_A | ENTRY_D));
    for (unsigned level = 4; level <= LEVELS; level++)
        if (page->refs[level] && walk_links(new, level) && walk_target(new) != walk_target(old) &&
            forget_root(pa & ~UINT64_C(0xfff)))
            break;
    for (unsigned level = 2; level <= LEVELS; level++)
        if (page->refs[level] && walk_links(new, level))
            link_table(walk_target(new), level - 1);
    if (!is_live(page))
        return;
    give(page, pa, new);
    for (unsigned level = 2; level <= LEVELS; level++)
        if (page->refs[level] && walk_links(old, level))
            unlink_table(walk_target(old), level - 1);
}

bool tables_store(uint64_t pa, unsigned bytes)
{
    struct page *page = page_of(pa);
    if (!page || !page->copy || !is_live(page))
        return false;
    for (uint64_t word = pa & ~UINT64_C(7); word < pa + bytes; word += 8)
        if (is_live(page))
            store_word(page, word);
    return true;
}

uint64_t tables_differ(void)
{
    uint64_t differ = 0;
    for (uint64_t p = 0; p < tables.pages; p++) {
        const struct page *page = &tables.page[p];
        for (unsigned i = 0; page->copy && i < WORDS && is_live(page); i++)
            differ += ((page->copy[i] ^ machine_word(p << 12 | i << 3)) & ~(uint64_t)(ENTRY_A | ENTRY_D)) != 0;
    }
    return differ;
}
