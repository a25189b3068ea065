/* The page cache: which frame holds which page of which file, and how many page-table entries point at it.
 *
 * A "file" is anything that pages are shared through, an anonymous shared mapping too. A page leaves the cache with its last entry
 * (reclaim at its most eager: contents are not simulated, so nothing is lost). */
#ifndef TWINWALK_PAGECACHE_H
#define TWINWALK_PAGECACHE_H

#include <stdbool.h>
#include <stdint.h>

struct pagecache;

struct pagecache *pagecache_new(void);
void pagecache_free(struct pagecache *cache);

/* The frame of page `index` of `file` (>= 1); 0 when it is not in the cache. */
uint64_t pagecache_find(const struct pagecache *cache, uint64_t file, uint64_t index);

/* One entry more points at the page: puts it in with this frame when it is new (else frame is the one found). False: no memory. */
bool pagecache_hold(struct pagecache *cache, uint64_t file, uint64_t index, uint64_t frame);

/* One entry less. True when it was the last: the page has left the cache and its frame is the caller's. The page must be there. */
bool pagecache_drop(struct pagecache *cache, uint64_t file, uint64_t index);

#endif
