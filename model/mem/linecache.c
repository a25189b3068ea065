/* LRU by the time of each line's last use. Of lines with the same low bits, more than choose the set, it is noted where
 * the last one was found: there it mostly is again, and nothing is searched. */
#include "linecache.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_PER_KIB = 1024 >> 6, GUESSES = 16 }; /* GUESSES: of each set */

bool linecache_init(struct linecache *cache, unsigned kib, unsigned ways)
{
    uint64_t lines = (uint64_t)kib * LINES_PER_KIB;
    *cache = (struct linecache){0};
    if (!ways || ways > LINECACHE_WAYS || !lines || lines % ways || lines > UINT32_MAX)
        return false;
    uint64_t sets = lines / ways;
    if (sets & (sets - 1))
        return false;
    cache->tags = calloc(lines, sizeof *cache->tags);
    cache->used = calloc(lines, sizeof *cache->used);
    cache->guess = calloc(sets * GUESSES, sizeof *cache->guess);
    cache->mask = sets - 1;
    cache->guesses = sets * GUESSES - 1;
    cache->ways = ways;
    return cache->tags && cache->used && cache->guess;
}

void linecache_drop(struct linecache *cache)
{
    free(cache->tags);
    free(cache->used);
    free(cache->guess);
    *cache = (struct linecache){0};
}

/* The way that holds `want`, or `ways`. All ways at once: an early way out costs more in mispredicted branches. */
static inline unsigned find(const uint64_t *tags, unsigned ways, uint64_t want)
{
    unsigned found = ways;
    for (unsigned way = 0; way < ways; way++)
        found = tags[way] == want ? way : found;
    return found;
}

static unsigned oldest(const uint64_t *used, unsigned ways)
{
    unsigned way = 0;
    for (unsigned i = 1; i < ways; i++)
        if (used[i] < used[way])
            way = i;
    return way;
}

bool linecache_search(struct linecache *cache, uint64_t line)
{
    const uint64_t set = line & cache->mask;
    uint64_t *tags = &cache->tags[set * cache->ways], *used = &cache->used[set * cache->ways];
    unsigned way = cache->ways == 8 ? find(tags, 8, line + 1) : find(tags, cache->ways, line + 1);
    const bool hit = way < cache->ways;
    if (!hit)
        way = oldest(used, cache->ways);
    tags[way] = line + 1;
    used[way] = ++cache->clock;
    cache->guess[line & cache->guesses] = (uint32_t)(set * cache->ways + way);
    return hit;
}
