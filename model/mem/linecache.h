/* The tags of one set-associative, true-LRU cache over physical 64-byte lines: says hit or miss, holds no data. */
#ifndef TWINWALK_LINECACHE_H
#define TWINWALK_LINECACHE_H

#include <stdbool.h>
#include <stdint.h>

struct linecache {
    uint64_t *tags; /* set × ways, each set from most to least recently used; a line's number + 1, 0: nothing */
    uint64_t mask;  /* sets - 1 */
    unsigned ways;
};

/* kib, ways >= 1, with a power of two of sets; false when not so or when memory is short. */
bool linecache_init(struct linecache *cache, unsigned kib, unsigned ways);
void linecache_drop(struct linecache *cache);

/* Looks for the line around pa. Hit or miss, it is the set's most recently used afterwards; a miss pushes the least
 * recently used out. */
bool linecache_access(struct linecache *cache, uint64_t pa);

#endif
