/* An open-addressing hash with linear probing, at most 3/4 full, and without tombstones: a removal shifts its run back. */
#include "pagecache.h"

#include <stdlib.h>

#include "mem/prng.h"

enum { FIRST_BITS = 6 };

struct page {
    uint64_t file, index;
    uint64_t frame;      /* physical address */
    uint64_t holders;    /* page-table entries that point here; 0: the slot is empty */
};

struct pagecache {
    struct page *slots;  /* mask + 1 of them, a power of two */
    uint64_t mask;
    uint64_t used;
};

struct pagecache *pagecache_new(void)
{
    struct pagecache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return NULL;
    cache->mask = ((uint64_t)1 << FIRST_BITS) - 1;
    cache->slots = calloc(cache->mask + 1, sizeof *cache->slots);
    if (!cache->slots) {
        free(cache);
        return NULL;
    }
    return cache;
}

void pagecache_free(struct pagecache *cache)
{
    if (!cache)
        return;
    free(cache->slots);
    free(cache);
}

static uint64_t home(const struct pagecache *cache, uint64_t file, uint64_t index)
{
    return prng_mix(index + prng_mix(file)) & cache->mask;
}

/* The slot of the page, or the empty one where it would go. */
static struct page *slot_of(const struct pagecache *cache, uint64_t file, uint64_t index)
{
    uint64_t i = home(cache, file, index);
    while (cache->slots[i].holders && (cache->slots[i].file != file || cache->slots[i].index != index))
        i = (i + 1) & cache->mask;
    return &cache->slots[i];
}

static bool grow(struct pagecache *cache)
{
    struct pagecache bigger = {.mask = cache->mask * 2 + 1, .used = cache->used};
    bigger.slots = calloc(bigger.mask + 1, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (uint64_t i = 0; i <= cache->mask; i++)
        if (cache->slots[i].holders)
            *slot_of(&bigger, cache->slots[i].file, cache->slots[i].index) = cache->slots[i];
    free(cache->slots);
    *cache = bigger;
    return true;
}

uint64_t pagecache_find(const struct pagecache *cache, uint64_t file, uint64_t index)
{
    const struct page *page = slot_of(cache, file, index);
    return page->holders ? page->frame : 0;
}

bool pagecache_hold(struct pagecache *cache, uint64_t file, uint64_t index, uint64_t frame)
{
    struct page *page = slot_of(cache, file, index);
    if (!page->holders) {
        if ((cache->used + 1) * 4 > (cache->mask + 1) * 3) {
            if (!grow(cache))
                return false;
            page = slot_of(cache, file, index);
        }
        *page = (struct page){.file = file, .index = index, .frame = frame};
        cache->used++;
    }
    page->holders++;
    return true;
}

bool pagecache_drop(struct pagecache *cache, uint64_t file, uint64_t index)
{
    struct page *page = slot_of(cache, file, index);
    if (--page->holders)
        return false;
    cache->used--;
    uint64_t gap = (uint64_t)(page - cache->slots);
    for (uint64_t i = (gap + 1) & cache->mask; cache->slots[i].holders; i = (i + 1) & cache->mask) {
        uint64_t h = home(cache, cache->slots[i].file, cache->slots[i].index);
        if (((i - h) & cache->mask) >= ((i - gap) & cache->mask)) {
            cache->slots[gap] = cache->slots[i];
            gap = i;
        }
    }
    cache->slots[gap].holders = 0;
    return true;
}
