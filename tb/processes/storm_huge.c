/* Pages of MAP_HUGETLB in the storm: anonymous, of a file and of a memory file, shared and private. See storm.h. */
#include <stdio.h>
#include <string.h>

#include "os/os.h"
#include "storm.h"

enum {
    MMAP = 9,
    MREMAP = 25,
    MADVISE = 28,
    DONTNEED = 4,
    REGIONS = STORM_OPEN_PAGES / STORM_HUGE,
    MAYMOVE_FIXED = 3,
    FILE_REGIONS = 4
};
enum { FIXED_PRIVATE = 0x12, FIXED_SHARED = 0x11, ANONYMOUS = 0x20, HUGETLB = 0x40000 };

static const uint64_t BYTES = STORM_HUGE * 4096ull;

static bool splits(struct storm *s, unsigned page)
{
    return page % STORM_HUGE && page < STORM_OPEN_PAGES && storm_pages(s)[page].huge;
}

bool storm_whole(struct storm *s, unsigned first, unsigned count)
{
    return !splits(s, first) && !splits(s, first + count);
}

bool storm_any_huge(struct storm *s, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++)
        if (storm_pages(s)[i].huge)
            return true;
    return false;
}

/* The file on disk or the one in memory: what has once been mapped so stays so, whatever the flags say. */
static void open_huge(struct storm *s, unsigned file)
{
    char name[32];
    snprintf(name, sizeof name, file ? "memfd:huge:%u" : "/storm/huge/%u", file);
    storm_event(s, TRACE_OPEN, STORM_HUGE_FD + file, file ? TRACE_OPEN_NO_FILE : 0, name);
}

void storm_huge_map(struct storm *s)
{
    static const uint8_t prots[] = {3, 3, 3, OS_READ, 0};
    const unsigned region = storm_below(s, REGIONS), count = 1 + storm_below(s, REGIONS - region);
    const unsigned first = region * STORM_HUGE, file = storm_below(s, 2);
    const bool shared = storm_below(s, 2), anonymous = !storm_below(s, 3);
    const uint64_t bytes = count * BYTES - (storm_below(s, 2) ? 0 : storm_below(s, (unsigned)BYTES)); /* rounded up */
    const uint64_t offset = anonymous ? 0 : storm_below(s, FILE_REGIONS) * BYTES;
    const struct storm_page page = {.what = anonymous ? (shared ? STORM_ANON_SHARED : STORM_PRIVATE)
                                            : shared  ? STORM_FILE_SHARED
                                                      : STORM_FILE_PRIVATE,
                                    .prot = prots[storm_below(s, sizeof prots)],
                                    .huge = true};
    if (!anonymous)
        open_huge(s, file);
    storm_memory_do(s, MMAP, storm_va(s, first), bytes, page.prot,
                    HUGETLB | (shared ? FIXED_SHARED : FIXED_PRIVATE) | (anonymous ? ANONYMOUS : 0),
                    anonymous ? UINT32_MAX : STORM_HUGE_FD + file, offset, storm_va(s, first));
    storm_fill(s, first, count * STORM_HUGE, page);
    for (unsigned n = storm_below(s, 6); n; n--)
        storm_touch(s, first + storm_below(s, count * STORM_HUGE), storm_below(s, 2) ? TRACE_STORE : TRACE_LOAD);
}

/* Private and shared mappings of one page of a file side by side, touched in turn: what the one writes the other sees
 * or not. */
void storm_huge_pair(struct storm *s)
{
    const unsigned file = storm_below(s, 2), shared = storm_below(s, 2);
    const uint64_t offset = storm_below(s, FILE_REGIONS) * BYTES;
    open_huge(s, file);
    for (unsigned region = 0; region < 2; region++) {
        const struct storm_page page = {.what = region == shared ? STORM_FILE_SHARED : STORM_FILE_PRIVATE,
                                        .prot = 3,
                                        .huge = true};
        const uint64_t va = storm_va(s, region * STORM_HUGE);
        storm_memory_do(s, MMAP, va, BYTES, 3, HUGETLB | (region == shared ? FIXED_SHARED : FIXED_PRIVATE),
                        STORM_HUGE_FD + file, offset, va);
        storm_fill(s, region * STORM_HUGE, STORM_HUGE, page);
    }
    for (unsigned n = 2 + storm_below(s, 8); n; n--)
        storm_touch(s, storm_below(s, 2) * STORM_HUGE + storm_below(s, 3),
                    storm_below(s, 2) ? TRACE_STORE : TRACE_LOAD);
}

/* Whole pages go, however far into the next one the length reaches. */
void storm_huge_drop(struct storm *s)
{
    const unsigned first = storm_below(s, REGIONS) * STORM_HUGE, count = 1 + storm_below(s, 2 * STORM_HUGE);
    if (first + count > REGIONS * STORM_HUGE)
        return;
    for (unsigned i = first; i < first + count; i++)
        if (!storm_pages(s)[i].huge)
            return;
    storm_memory_do(s, MADVISE, storm_va(s, first), count * 4096ull, DONTNEED, 0, 0, 0, 0);
    storm_touch(s, first, TRACE_LOAD);
}

/* One page to another place; both lengths are rounded up, so anything up to a whole page is one. */
void storm_huge_move(struct storm *s, unsigned page)
{
    const unsigned from = page & ~(STORM_HUGE - 1u), to = storm_below(s, REGIONS) * STORM_HUGE;
    struct storm_page *p = storm_pages(s);
    if (from == to)
        return;
    const struct storm_page moved = p[from];
    storm_memory_do(s, MREMAP, storm_va(s, from), 1 + storm_below(s, (unsigned)BYTES),
                    1 + storm_below(s, (unsigned)BYTES), MAYMOVE_FIXED, storm_va(s, to), 0, storm_va(s, to));
    memset(&p[from], 0, STORM_HUGE * sizeof *p);
    storm_fill(s, to, STORM_HUGE, moved);
}
