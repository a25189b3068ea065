/* Memory system calls of the storm, all of which succeed. See storm.h. */
#include <string.h>

#include "os/os.h"
#include "storm.h"

enum { MMAP = 9, MPROTECT = 10, MUNMAP = 11, BRK = 12, MREMAP = 25, MADVISE = 28, SHMAT = 30, SHMDT = 67 };
enum { FIXED_PRIVATE = 0x12, FIXED_SHARED = 0x11, ANONYMOUS = 0x20, POPULATE = 0x8000, WAS_WRITABLE = 16 };

static void call(struct storm *s, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                 uint64_t a5, uint64_t result)
{
    const uint64_t arg[6] = {a0, a1, a2, a3, a4, a5};
    storm_call(s, number, arg, result);
}

static struct storm_page *pages(struct storm *s)
{
    return s->process[s->now].page;
}

static void pick_range(struct storm *s, unsigned *first, unsigned *count)
{
    *count = 1 + storm_below(s, storm_below(s, 6) ? 24 : 600);
    if (s->large && !storm_below(s, 4))
        *count = 512 + storm_below(s, 600);
    *first = storm_below(s, STORM_OPEN_PAGES - *count + 1);
    if (*count > 512 && storm_below(s, 2))
        *first &= ~511u;
}

static void fill(struct storm *s, unsigned first, unsigned count, struct storm_page page)
{
    page.call = ++s->calls;
    page.advice |= page.prot & OS_WRITE ? WAS_WRITABLE : 0;
    for (unsigned i = first; i < first + count; i++)
        pages(s)[i] = page;
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
    if (page.what == STORM_PRIVATE)
        call(s, MMAP, va, count * 4096ull, page.prot, FIXED_PRIVATE | ANONYMOUS | (storm_below(s, 8) ? 0 : POPULATE),
             UINT32_MAX, 0, va);
    else if (page.what == STORM_ANON_SHARED)
        call(s, MMAP, va, count * 4096ull, page.prot, FIXED_SHARED | ANONYMOUS, UINT32_MAX, 0, va);
    else
        call(s, MMAP, va, count * 4096ull, page.prot, page.what == STORM_FILE_SHARED ? FIXED_SHARED : FIXED_PRIVATE,
             STORM_FIRST_FD + storm_below(s, STORM_FILES), storm_below(s, STORM_FILE_PAGES - count + 1) * 4096ull, va);
    fill(s, first, count, page);
}

static void munmap_some(struct storm *s)
{
    unsigned first, count;
    pick_range(s, &first, &count);
    unsigned some = first;
    while (some < first + count && !pages(s)[some].what)
        some++;
    if (some == first + count)
        return;
    call(s, MUNMAP, storm_va(s, first), count * 4096ull, 0, 0, 0, 0, 0);
    memset(&pages(s)[first], 0, count * sizeof *pages(s));
}

/* A stretch of what is mapped, from a random page on; 0: none there. */
static unsigned mapped_from(struct storm *s, unsigned *first)
{
    const unsigned most = 1 + storm_below(s, storm_below(s, 4) ? 24 : 600);
    unsigned count = 0;
    *first = storm_below(s, STORM_OPEN_PAGES);
    while (count < most && *first + count < STORM_OPEN_PAGES && pages(s)[*first + count].what)
        count++;
    return count;
}

static void mprotect_some(struct storm *s)
{
    static const uint8_t prots[] = {OS_READ, 3, 3, OS_READ | OS_EXEC, 7, 0};
    unsigned first;
    const unsigned count = mapped_from(s, &first), prot = prots[storm_below(s, 6)];
    if (!count)
        return;
    call(s, MPROTECT, storm_va(s, first), count * 4096ull, prot, 0, 0, 0, 0);
    for (unsigned i = first; i < first + count; i++)
        pages(
            s)[i] = (struct storm_page){.what = pages(s)[i].what,
                                        .prot = (uint8_t)prot,
                                        .call = pages(s)[i].call,
                                        .advice = (uint8_t)(pages(s)[i].advice | (prot & OS_WRITE ? WAS_WRITABLE : 0))};
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

static void madvise_some(struct storm *s)
{
    static const uint8_t advices[] = {4, 4, 8, 8, 8, 10, 11, 11, 14, 15, 18, 19, 19, 20, 21, 21, 22, 23, 25};
    unsigned first, count = mapped_from(s, &first), advice = advices[storm_below(s, sizeof advices)];
    if (s->large && storm_below(s, 2)) { /* to make a large page, its whole region must be mapped */
        advice = 25;
        first = storm_below(s, STORM_OPEN_PAGES / 512) * 512;
        for (count = 0; count < 512 && pages(s)[first + count].what;)
            count++;
    }
    if (advice == 8 || advice == 18 ||
        advice == 23) /* anonymous memory only; populating by writes makes copies that nobody wrote */
        for (unsigned i = first; i < first + count; i++)
            if (pages(s)[i].what != STORM_PRIVATE)
                return;
    if (!count)
        return;
    call(s, MADVISE, storm_va(s, first), count * 4096ull, advice, 0, 0, 0, 0);
    for (unsigned i = first; i < first + count; i++)
        remember(&pages(s)[i], advice);
}

static bool continues(const struct storm_page *a, const struct storm_page *b)
{
    return b->what == a->what && b->call == a->call && b->prot == a->prot && b->advice == a->advice;
}

/* One mapping's stretch to a place that is free or replaced, sometimes shorter. */
static void mremap_some(struct storm *s)
{
    struct storm_page *p = pages(s);
    const unsigned first = storm_below(s, STORM_OPEN_PAGES), most = 1 + storm_below(s, storm_below(s, 2) ? 30 : 700);
    unsigned count = 0;
    if (p[first].what == STORM_NOTHING || p[first].what == STORM_SEGMENT)
        return;
    while (count < most && first + count < STORM_OPEN_PAGES && continues(&p[first], &p[first + count]))
        count++;
    unsigned to = storm_below(s, STORM_OPEN_PAGES - count + 1);
    const unsigned kept = storm_below(s, 4) ? count : 1 + storm_below(s, count);
    if (storm_below(s, 2))
        to = (to & ~511u) | (first & 511);
    if (to + count > STORM_OPEN_PAGES || (to < first + count && first < to + count))
        return;
    const struct storm_page page = p[first];
    call(s, MREMAP, storm_va(s, first), count * 4096ull, kept * 4096ull, 3, storm_va(s, to), 0, storm_va(s, to));
    memset(&p[first], 0, count * sizeof *p);
    fill(s, to, kept, page);
}

/* The heap is a stack of pages. */
static void brk_some(struct storm *s)
{
    struct storm_page *p = &pages(s)[STORM_HEAP];
    const unsigned size = storm_below(s, STORM_HEAP_PAGES);
    const struct storm_page page = {.what = STORM_PRIVATE, .prot = 3};
    call(s, BRK, storm_va(s, STORM_HEAP + size), 0, 0, 0, 0, 0, storm_va(s, STORM_HEAP + size));
    memset(p, 0, STORM_HEAP_PAGES * sizeof *p);
    fill(s, STORM_HEAP, size, page);
}

/* A System V segment comes, where nothing is, or goes, where it is whole. */
static void segment(struct storm *s)
{
    struct storm_page *p = pages(s);
    const unsigned count = 1 + storm_below(s, 60), first = storm_below(s, STORM_OPEN_PAGES - count + 1);
    const struct storm_page page = {.what = STORM_SEGMENT, .prot = 3};
    for (unsigned i = first; i < first + count; i++)
        if (p[i].what)
            return;
    call(s, SHMAT, ++s->segments, storm_va(s, first), 0, count * 4096ull, 0, 0, storm_va(s, first));
    fill(s, first, count, page);
    for (unsigned i = first; i < first + count; i++)
        storm_touch(s, i, TRACE_STORE);
    if (storm_below(s, 2))
        return;
    if (count > 2 && storm_below(s, 2)) /* in pieces, it is still one segment */
        call(s, MPROTECT, storm_va(s, first + 1), 4096, OS_READ, 0, 0, 0, 0);
    call(s, SHMDT, storm_va(s, first), 0, 0, 0, 0, 0, 0);
    memset(&p[first], 0, count * sizeof *p);
}

void storm_memory_call(struct storm *s)
{
    const unsigned k = storm_below(s, 16);
    if (k < 6)
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
    else
        segment(s);
}
