/* The gathered range may hold more than was changed (the gap between two pages): more invalidation is always allowed,
 * and Linux's mmu_gather does the same. */
#include "flush.h"

void flush_add(struct flush *flush, uint64_t va, unsigned shift)
{
    uint64_t size = (uint64_t)1 << shift;
    uint64_t start = va & ~(size - 1), end = start + size;
    if (!flush->shift) {
        *flush = (struct flush){.start = start, .end = end, .shift = shift};
        return;
    }
    if (start < flush->start)
        flush->start = start;
    if (end > flush->end)
        flush->end = end;
    if (shift < flush->shift)
        flush->shift = shift;
}
