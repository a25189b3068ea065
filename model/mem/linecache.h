/* The tags of one set-associative, true-LRU cache over physical 64-byte lines: says hit or miss, holds no data. */
#ifndef TWINWALK_LINECACHE_H
#define TWINWALK_LINECACHE_H

#include <stdbool.h>
#include <stdint.h>

struct linecache {
    uint64_t *tags;  /* set × ways; a line's number + 1, 0: nothing */
    uint64_t *used;  /* likewise: when the line was last looked for, by the clock below */
    uint32_t *guess; /* [low bits of a line's number]: where among these the last such line is, or was */
    uint64_t clock;
    uint64_t mask, guesses; /* sets - 1; guesses - 1 */
    unsigned ways;
};

enum { LINECACHE_WAYS = 256 }; /* at most */

/* kib, ways >= 1, with a power of two of sets and at most LINECACHE_WAYS ways; false when not so or when memory is
 * short. */
bool linecache_init(struct linecache *cache, unsigned kib, unsigned ways);
void linecache_drop(struct linecache *cache);

/* The same as the next, of a line that is not where it was guessed. */
bool linecache_search(struct linecache *cache, uint64_t line);

/* Looks for the line around pa. Hit or miss, it is the set's most recently used afterwards; a miss pushes the least
 * recently used out. */
static inline bool linecache_access(struct linecache *cache, uint64_t pa)
{
    const uint64_t line = pa >> 6;
    const uint32_t guess = cache->guess[line & cache->guesses];
    if (cache->tags[guess] != line + 1)
        return linecache_search(cache, line);
    cache->used[guess] = ++cache->clock;
    return true;
}

/* Likewise of many lines, until one is not where it was guessed: how many come before it. */
static inline unsigned linecache_run(struct linecache *cache, const uint64_t *pa, unsigned count)
{
    const struct linecache c = *cache; /* what is stored below is no part of it, which the compiler would not know */
    uint64_t clock = c.clock;
    unsigned n = 0;
    for (; n < count; n++) {
        const uint64_t line = pa[n] >> 6;
        const uint32_t guess = c.guess[line & c.guesses];
        if (c.tags[guess] != line + 1)
            break;
        c.used[guess] = ++clock;
    }
    cache->clock = clock;
    return n;
}

#endif
