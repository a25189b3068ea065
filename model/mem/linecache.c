/* Each set is kept in order of use, so LRU is a move to the front: the common hit, in the first way, moves nothing. */
#include "linecache.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_SHIFT = 6, LINES_PER_KIB = 1024 >> LINE_SHIFT };

bool linecache_init(struct linecache *cache, unsigned kib, unsigned ways)
{
    uint64_t lines = (uint64_t)kib * LINES_PER_KIB;
    *cache = (struct linecache){0};
    if (!ways || !lines || lines % ways)
        return false;
    uint64_t sets = lines / ways;
    if (sets & (sets - 1))
        return false;
    cache->tags = calloc(lines, sizeof *cache->tags);
    cache->mask = sets - 1;
    cache->ways = ways;
    return cache->tags != NULL;
}

void linecache_drop(struct linecache *cache)
{
    free(cache->tags);
    cache->tags = NULL;
}

bool linecache_access(struct linecache *cache, uint64_t pa)
{
    uint64_t line = pa >> LINE_SHIFT;
    uint64_t *set = &cache->tags[(line & cache->mask) * cache->ways];
    unsigned way = 0;
    while (way < cache->ways - 1 && set[way] != line + 1)
        way++;
    bool hit = set[way] == line + 1;
    memmove(set + 1, set, way * sizeof *set);
    set[0] = line + 1;
    return hit;
}
