/* An open-addressing hash with linear probing, at most 3/4 full, and without tombstones: a removal shifts its run back.
 */
#include "pagecache.h"

#include <stdlib.h>

#include "mem/prng.h"

enum { FIRST_BITS = 6 };

struct page {
    uint64_t file, index;
    uint64_t value; /* 0: the slot is empty */
};

struct pagecache {
    struct page *slots; /* mask + 1 of them, a power of two */
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
    while (cache->slots[i].value && (cache->slots[i].file != file || cache->slots[i].index != index))
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
        if (cache->slots[i].value)
            *slot_of(&bigger, cache->slots[i].file, cache->slots[i].index) = cache->slots[i];
    free(cache->slots);
    *cache = bigger;
    return true;
}

uint64_t pagecache_find(const struct pagecache *cache, uint64_t file, uint64_t index)
{
    return slot_of(cache, file, index)->value;
}

bool pagecache_put(struct pagecache *cache, uint64_t file, uint64_t index, uint64_t value)
{
    struct page *page = slot_of(cache, file, index);
    if (!page->value) {
        if ((cache->used + 1) * 4 > (cache->mask + 1) * 3) {
            if (!grow(cache))
                return false;
            page = slot_of(cache, file, index);
        }
        cache->used++;
    }
    *page = (struct page){.file = file, .index = index, .value = value};
    return true;
}

void pagecache_remove(struct pagecache *cache, uint64_t file, uint64_t index)
{
    uint64_t gap = (uint64_t)(slot_of(cache, file, index) - cache->slots);
    cache->used--;
    for (uint64_t i = (gap + 1) & cache->mask; cache->slots[i].value; i = (i + 1) & cache->mask) {
        uint64_t h = home(cache, cache->slots[i].file, cache->slots[i].index);
        if (((i - h) & cache->mask) >= ((i - gap) & cache->mask)) {
            cache->slots[gap] = cache->slots[i];
            gap = i;
        }
    }
    cache->slots[gap].value = 0;
}

/* A removal moves later pages to earlier places, so the place that was emptied is looked at again. */
void pagecache_remove_file(struct pagecache *cache, uint64_t file,
                           void (*gone)(void *context, uint64_t index, uint64_t value), void *context)
{
    for (uint64_t i = 0; i <= cache->mask;) {
        struct page page = cache->slots[i];
        if (!page.value || page.file != file) {
            i++;
            continue;
        }
        pagecache_remove(cache, page.file, page.index);
        gone(context, page.index, page.value);
    }
}

void pagecache_visit(const struct pagecache *cache,
                     void (*visit)(void *context, uint64_t file, uint64_t index, uint64_t value), void *context)
{
    for (uint64_t i = 0; i <= cache->mask; i++)
        if (cache->slots[i].value)
            visit(context, cache->slots[i].file, cache->slots[i].index, cache->slots[i].value);
}
