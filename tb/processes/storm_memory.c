/* Memory system calls of the storm, all of which succeed. See storm.h. */
#include <string.h>

#include "os/os.h"
#include "storm.h"

enum { MMAP = 9, MPROTECT = 10, MUNMAP = 11, BRK = 12, MREMAP = 25, MADVISE = 28 };
enum { FIXED_PRIVATE = 0x12, FIXED_SHARED = 0x11, ANONYMOUS = 0x20, POPULATE = 0x8000, WAS_WRITABLE = 16 };

static const uint64_t FAR = UINT64_C(1) << 44; /* of a file: 16 TiB */

struct storm_page *storm_pages(struct storm *s)
{
    return s->process[s->now].page;
}

/* Linux rounds a length up to pages. */
static uint64_t length_of(struct storm *s, unsigned pages)
{
    return pages * 4096ull - (storm_below(s, 4) ? 0 : storm_below(s, 4096));
}

unsigned storm_place(struct storm *s, unsigned count)
{
    static const uint16_t near[] = {0, 500, 512, 1000, 1024, 1500};
    const unsigned most = STORM_OPEN_PAGES - count;
    if (!s->busy)
        return storm_below(s, most + 1);
    const unsigned place = near[storm_below(s, 6)] + storm_below(s, 16);
    return place < most ? place : most;
}

static void pick_range(struct storm *s, unsigned *first, unsigned *count)
{
    *count = 1 + storm_below(s, storm_below(s, 6) ? 24 : 600);
    if (s->large && !storm_below(s, 4))
        *count = 512 + storm_below(s, 600);
    *first = storm_place(s, *count);
    if (*count > 512 && storm_below(s, 2))
        *first &= ~511u;
}

void storm_fill(struct storm *s, unsigned first, unsigned count, struct storm_page page)
{
    page.call = ++s->calls;
    page.advice |= page.prot & OS_WRITE ? WAS_WRITABLE : 0;
    for (unsigned i = first; i < first + count; i++)
        storm_pages(s)[i] = page;
    if (s->busy && count)
        for (unsigned n = 0; n < 3; n++)
            s->process[s->now].recent[storm_below(s, STORM_BUSY_RECENT)] = (uint16_t)(first + storm_below(s, count));
}

static void mmap_some(struct storm *s)
{
    static const uint8_t prots[] = {OS_READ, 3, 3, 3, 3, OS_READ | OS_EXEC, 7, 0};
    unsigned first, count;
    const unsigned kind = storm_below(s, 8);
    struct storm_page page = {.prot = prots[storm_below(s, 8)]};
    pick_range(s, &first, &count);
    const uint64_t va = storm_va(s, first);
    page.what = (uint8_t)(kind < 5    ? STORM_PRIVATE
                          : kind == 5 ? STORM_ANON_SHARED
                          : kind == 6 ? STORM_FILE_PRIVATE
                                      : STORM_FILE_SHARED);
    if (page.what != STORM_PRIVATE && count > STORM_FILE_PAGES)
        count = STORM_FILE_PAGES;
    if (!storm_whole(s, first, count))
        return;
    if (page.what == STORM_PRIVATE)
        storm_memory_do(s, MMAP, va, length_of(s, count), page.prot,
                        FIXED_PRIVATE | ANONYMOUS | (storm_below(s, 8) ? 0 : POPULATE), UINT32_MAX, 0, va);
    else if (page.what == STORM_ANON_SHARED)
        storm_memory_do(s, MMAP, va, length_of(s, count), page.prot, FIXED_SHARED | ANONYMOUS, UINT32_MAX, 0, va);
    else
        storm_memory_do(s, MMAP, va, length_of(s, count), page.prot,
                        page.what == STORM_FILE_SHARED ? FIXED_SHARED : FIXED_PRIVATE,
                        STORM_FIRST_FD + storm_below(s, STORM_FILES),
                        storm_below(s, STORM_FILE_PAGES - count + 1) * 4096ull | (storm_below(s, 8) ? 0 : FAR), va);
    storm_fill(s, first, count, page);
}

static void munmap_some(struct storm *s)
{
    unsigned first, count;
    pick_range(s, &first, &count);
    unsigned some = first;
    while (some < first + count && !storm_pages(s)[some].what)
        some++;
    if (some == first + count || !storm_whole(s, first, count))
        return;
    storm_memory_do(s, MUNMAP, storm_va(s, first), length_of(s, count), 0, 0, 0, 0, 0);
    memset(&storm_pages(s)[first], 0, count * sizeof *storm_pages(s));
}

/* A stretch of what is mapped, from a random page on; 0: none there. */
static unsigned mapped_from(struct storm *s, unsigned *first)
{
    const unsigned most = 1 + storm_below(s, storm_below(s, 4) ? 24 : 600);
    unsigned count = 0;
    *first = storm_below(s, STORM_OPEN_PAGES);
    for (unsigned tries = 0; s->busy && tries < 8 && !storm_pages(s)[*first].what; tries++)
        *first = storm_place(s, 1);
    while (count < most && *first + count < STORM_OPEN_PAGES && storm_pages(s)[*first + count].what)
        count++;
    return count;
}

static void mprotect_some(struct storm *s)
{
    static const uint8_t prots[] = {OS_READ, 3, 3, OS_READ | OS_EXEC, 7, 0};
    unsigned first;
    const unsigned count = mapped_from(s, &first), prot = prots[storm_below(s, 6)];
    if (!count || !storm_whole(s, first, count))
        return;
    storm_memory_do(s, MPROTECT, storm_va(s, first), length_of(s, count), prot, 0, 0, 0, 0);
    for (unsigned i = first; i < first + count; i++) {
        storm_pages(s)[i].prot = (uint8_t)prot;
        storm_pages(s)[i].advice |= prot & OS_WRITE ? WAS_WRITABLE : 0;
    }
}

static void remember(struct storm_page *page, unsigned advice)
{
    static const struct {
        uint8_t advice, clear, set;
    } kept[] = {{10, 0, 1}, {11, 1, 0}, {18, 0, 2}, {19, 2, 0}, {14, 8, 4}, {15, 4, 8}};
    for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++)
        if (kept[i].advice == advice)
            page->advice = (uint8_t)((page->advice & ~kept[i].clear) | kept[i].set);
}

/* What Linux takes for a range with pages of MAP_HUGETLB in it. */
static bool is_advice_for_huge(struct storm *s, unsigned first, unsigned count, unsigned advice)
{
    bool readable = true, writable = true;
    for (unsigned i = first; i < first + count; i++) {
        readable &= storm_pages(s)[i].prot != 0;
        writable &= (storm_pages(s)[i].prot & OS_WRITE) != 0;
    }
    if (advice == 4) /* the length is rounded down, the start is not */
        return first % STORM_HUGE == 0 || !storm_pages(s)[first].huge;
    return storm_whole(s, first, count) &&
           (advice == 10 || advice == 11 || (advice == 22 && readable) || (advice == 23 && writable));
}

static void madvise_some(struct storm *s)
{
    static const uint8_t advices[] = {4, 4, 8, 8, 8, 10, 11, 11, 14, 15, 18, 19, 19, 20, 21, 21, 22, 23, 25};
    unsigned first, count = mapped_from(s, &first), advice = advices[storm_below(s, sizeof advices)];
    if (s->large && storm_below(s, 2)) { /* to make a large page, its whole region must be mapped */
        advice = 25;
        first = storm_below(s, STORM_OPEN_PAGES / 512) * 512;
        for (count = 0; count < 512 && storm_pages(s)[first + count].what;)
            count++;
    }
    if (advice == 8 || advice == 18 ||
        advice == 23) /* anonymous memory only; populating by writes makes copies that nobody wrote */
        for (unsigned i = first; i < first + count; i++)
            if (storm_pages(s)[i].what != STORM_PRIVATE)
                return;
    if (!count || (storm_any_huge(s, first, count) && !is_advice_for_huge(s, first, count, advice)))
        return;
    storm_memory_do(s, MADVISE, storm_va(s, first), length_of(s, count), advice, 0, 0, 0, 0);
    for (unsigned i = first; i < first + count; i++)
        remember(&storm_pages(s)[i], advice);
}

static bool continues(const struct storm_page *a, const struct storm_page *b)
{
    return b->what == a->what && b->huge == a->huge && b->call == a->call && b->prot == a->prot &&
           b->advice == a->advice;
}

/* One mapping's stretch to a place that is free or replaced, sometimes shorter. */
static void mremap_some(struct storm *s)
{
    struct storm_page *p = storm_pages(s);
    unsigned first = storm_below(s, STORM_OPEN_PAGES);
    for (unsigned tries = 0; s->busy && tries < 8 && !p[first].what; tries++)
        first = storm_place(s, 1);
    const unsigned most = 1 + storm_below(s, storm_below(s, 2) ? 30 : 700);
    unsigned count = 0;
    if (p[first].what == STORM_NOTHING || p[first].what == STORM_SEGMENT)
        return;
    if (p[first].huge) {
        storm_huge_move(s, first);
        return;
    }
    while (count < most && first + count < STORM_OPEN_PAGES && continues(&p[first], &p[first + count]))
        count++;
    unsigned to = storm_place(s, count);
    const unsigned kept = storm_below(s, 4) ? count : 1 + storm_below(s, count);
    if (storm_below(s, 2))
        to = (to & ~511u) | (first & 511);
    if (to + count > STORM_OPEN_PAGES || (to < first + count && first < to + count) || !storm_whole(s, to, kept))
        return;
    const struct storm_page page = p[first];
    storm_memory_do(s, MREMAP, storm_va(s, first), count * 4096ull, kept * 4096ull, 3, storm_va(s, to), 0,
                    storm_va(s, to));
    memset(&p[first], 0, count * sizeof *p);
    storm_fill(s, to, kept, page);
}

/* The heap is a stack of pages. */
static void brk_some(struct storm *s)
{
    struct storm_page *p = &storm_pages(s)[STORM_HEAP];
    const unsigned size = storm_below(s, STORM_HEAP_PAGES);
    const struct storm_page page = {.what = STORM_PRIVATE, .prot = 3};
    storm_memory_do(s, BRK, storm_va(s, STORM_HEAP + size), 0, 0, 0, 0, 0, storm_va(s, STORM_HEAP + size));
    memset(p, 0, STORM_HEAP_PAGES * sizeof *p);
    storm_fill(s, STORM_HEAP, size, page);
}

static void huge_some(struct storm *s)
{
    const unsigned k = storm_below(s, 8);
    if (k < 5)
        storm_huge_map(s);
    else if (k < 6)
        storm_huge_pair(s);
    else
        storm_huge_drop(s);
}

void storm_memory_call(struct storm *s)
{
    const unsigned k = storm_below(s, 18);
    if (s->near && storm_below(s, 256) < s->near && storm_near_miss(s, false))
        return;
    if (s->huge && !storm_below(s, 4))
        huge_some(s);
    else if (k < 6)
        mmap_some(s);
    else if (k < 7)
        munmap_some(s);
    else if (k < 9)
        mprotect_some(s);
    else if (k < 12)
        madvise_some(s);
    else if (k < 14)
        mremap_some(s);
    else if (k < 15)
        brk_some(s);
    else if (k < 16)
        storm_segment(s);
    else if (k < 17)
        storm_memory_file(s);
    else
        storm_giant(s);
}
