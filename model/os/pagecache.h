/* The page cache: which frame, or which swap slot, holds which page of which file.
 *
 * A "file" is anything that pages are shared through, an anonymous shared mapping too. */
#ifndef TWINWALK_PAGECACHE_H
#define TWINWALK_PAGECACHE_H

#include <stdbool.h>
#include <stdint.h>

struct pagecache;

struct pagecache *pagecache_new(void);
void pagecache_free(struct pagecache *cache);

/* Values: the address of a frame, or a slot number marked as such; 0: the page is not in the cache. */
static inline uint64_t cache_of_slot(uint32_t slot)
{
    return (uint64_t)slot << 1 | 1;
}

static inline uint32_t slot_of_cache(uint64_t value)
{
    return value & 1 ? (uint32_t)(value >> 1) : 0;
}

/* Page `index` of `file` (>= 1). */
uint64_t pagecache_find(const struct pagecache *cache, uint64_t file, uint64_t index);

/* Puts a page in, or gives it another value (not 0). False: no memory. */
bool pagecache_put(struct pagecache *cache, uint64_t file, uint64_t index, uint64_t value);

/* Takes a page out, which must be there. */
void pagecache_remove(struct pagecache *cache, uint64_t file, uint64_t index);

/* Takes every page of the file out; gone is told the index and value of each. */
void pagecache_remove_file(struct pagecache *cache, uint64_t file,
                           void (*gone)(void *context, uint64_t index, uint64_t value), void *context);

/* Tells visit the file, index and value of every page; nothing may be changed meanwhile. */
void pagecache_visit(const struct pagecache *cache,
                     void (*visit)(void *context, uint64_t file, uint64_t index, uint64_t value), void *context);

#endif
