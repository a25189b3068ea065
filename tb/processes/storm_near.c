/* Calls of the storm that Linux refuses, each close to one that it would not: unaligned, empty, too long, overlapping,
 * where nothing is; and legal ones that are enormous. See storm.h. */
#include "os/os.h"
#include "storm.h"

enum {
    MMAP = 9,
    MPROTECT = 10,
    MUNMAP = 11,
    MREMAP = 25,
    MADVISE = 28,
    SHMAT = 30,
    SHMDT = 67,
    FAULT = -14,
    INVALID = -22
};
enum { PRIVATE = 2, FIXED = 0x10, ANONYMOUS = 0x20, HUGETLB = 0x40000, NORESERVE = 0x4000 };
enum { MAYMOVE = 1, DONTUNMAP = 4 };

static const uint64_t TOP = UINT64_C(0x7ffffffff000), GIANT_BASE = UINT64_C(0x100000000000),
                      GIANT_BYTES = UINT64_C(1) << 45;

struct call {
    uint64_t number, arg[6], result;
};

/* A page of a kind, or one behind it where there is none; STORM_OPEN_PAGES: none. */
static unsigned find(struct storm *s, bool mapped, bool huge)
{
    const unsigned start = storm_below(s, STORM_OPEN_PAGES);
    for (unsigned i = 0; i < STORM_OPEN_PAGES; i++) {
        const unsigned page = (start + i) % STORM_OPEN_PAGES;
        const struct storm_page *p = &storm_pages(s)[page];
        if ((p->what != STORM_NOTHING) == mapped && p->huge == huge)
            return page;
    }
    return STORM_OPEN_PAGES;
}

/* Whatever is mapped or not. */
static bool anywhere(struct storm *s, struct call *c)
{
    const uint64_t va = storm_va(s, storm_below(s, STORM_OPEN_PAGES)), odd = 1 + storm_below(s, 4095);
    const uint64_t length = 4096ull << storm_below(s, 8);
    switch (storm_below(s, 10)) {
    case 0:
        *c = (struct call){MUNMAP, {va + odd, length}, 0};
        return true;
    case 1:
        *c = (struct call){MUNMAP, {va, 0}, 0};
        return true;
    case 2:
        *c = (struct call){MUNMAP, {TOP - 4096, 8192 + odd}, 0};
        return true;
    case 3:
        *c = (struct call){MMAP, {va, 0, 3, PRIVATE | ANONYMOUS | FIXED, UINT32_MAX}, va};
        return true;
    case 4:
        *c = (struct call){MMAP, {va + odd, length, 3, PRIVATE | ANONYMOUS | FIXED, UINT32_MAX}, va + odd};
        return true;
    case 5:
        *c = (struct call){MMAP, {TOP - 4096, 8192, 3, PRIVATE | ANONYMOUS | FIXED, UINT32_MAX}, TOP - 4096};
        return true;
    case 6:
        *c = (struct call){MMAP, {va, length, 3, PRIVATE | FIXED, STORM_FIRST_FD, odd}, va};
        return true;
    case 7:
        *c = (struct call){MPROTECT, {va + odd, length, 1}, 0};
        return true;
    case 8:
        *c = (struct call){MADVISE, {va + odd, length, 4}, 0};
        return true;
    default:
        *c = (struct call){MMAP, {va, UINT64_MAX - storm_below(s, 4096), 3, PRIVATE | ANONYMOUS, UINT32_MAX}, va};
        return true;
    }
}

/* On a page that is mapped in small pages. */
static bool on_small(struct storm *s, struct call *c)
{
    const unsigned page = find(s, true, false), gap = find(s, false, false);
    const uint64_t va = storm_va(s, page), hole = storm_va(s, gap), odd = 1 + storm_below(s, 4095);
    if (page == STORM_OPEN_PAGES || gap == STORM_OPEN_PAGES)
        return false;
    const bool private = storm_pages(s)[page].what == STORM_PRIVATE || storm_pages(s)[page].what == STORM_FILE_PRIVATE;
    switch (storm_below(s, 9)) {
    case 0:
        *c = (struct call){MPROTECT, {hole, 4096, 1}, 0};
        return true;
    case 1:
        *c = (struct call){MREMAP, {va + odd, 4096, 4096, 3, hole}, hole};
        return true;
    case 2:
        *c = (struct call){MREMAP, {hole, 4096, 4096, 3, va}, va};
        return true;
    case 3:
        *c = (struct call){MREMAP, {va, 4096, 0, 3, hole}, hole};
        return true;
    case 4:
        *c = (struct call){MREMAP, {va, 4096, 4096, 3, hole + odd}, hole + odd};
        return true;
    case 5:
        *c = (struct call){MREMAP, {va, 0, 4096, 3, hole}, hole};
        return private;
    case 6:
        *c = (struct call){MREMAP, {va, 4096, 4096, 0, 0}, hole};
        return true;
    case 7:
        *c = (struct call){MREMAP, {va, 4096, 8192, MAYMOVE | DONTUNMAP, 0}, hole};
        return true;
    default:
        *c = (struct call){MREMAP, {va, 8192, 4096, 3, va + 4096}, va + 4096};
        return true;
    }
}

/* On a page of MAP_HUGETLB. */
static bool on_huge(struct storm *s, struct call *c)
{
    const unsigned page = find(s, true, true);
    if (page == STORM_OPEN_PAGES)
        return false;
    const unsigned whole = page & ~(STORM_HUGE - 1u), within = 1 + storm_below(s, STORM_HUGE - 1);
    const uint64_t va = storm_va(s, whole), inside = storm_va(s, whole + within), size = STORM_HUGE * 4096ull;
    const uint64_t away = GIANT_BASE - size; /* nothing is there */
    switch (storm_below(s, 10)) {
    case 0:
        *c = (struct call){MUNMAP, {va, within * 4096ull}, 0};
        return true;
    case 1:
        *c = (struct call){MUNMAP, {inside, 4096}, 0};
        return true;
    case 2:
        *c = (struct call){MPROTECT, {inside, 4096, 1}, 0};
        return true;
    case 3:
        *c = (struct call){MADVISE, {inside, size, 4}, 0};
        return true;
    case 4:
        *c = (struct call){MREMAP, {va, size, size + 1 + storm_below(s, (unsigned)size), MAYMOVE, 0}, away - size};
        return true;
    case 5:
        *c = (struct call){MREMAP, {va, size, size, 3, away + within * 4096ull}, away + within * 4096ull};
        return true;
    case 6:
        *c = (struct call){MREMAP, {inside, 4096, 4096, 3, away}, away};
        return true;
    case 7:
        *c = (struct call){MREMAP, {va, size, size, MAYMOVE | DONTUNMAP, 0}, away};
        return true;
    case 8:
        *c = (struct call){MREMAP, {va, 0, 4096, 3, away}, away};
        return true;
    default:
        *c = (struct call){MMAP, {inside, 4096, 3, PRIVATE | ANONYMOUS | FIXED, UINT32_MAX}, inside};
        return true;
    }
}

/* Mappings of MAP_HUGETLB that cannot be made, and segments. */
static bool others(struct storm *s, struct call *c)
{
    const uint64_t within = (1 + storm_below(s, STORM_HUGE - 1)) * 4096ull, odd = 1 + storm_below(s, 4095);
    const uint64_t away = GIANT_BASE - STORM_HUGE * 8192ull;
    const unsigned page = find(s, true, false);
    const uint64_t va = storm_va(s, page == STORM_OPEN_PAGES ? STORM_PROGRAM : page);
    switch (storm_below(s, 6)) {
    case 0:
        *c = (struct call){MMAP,
                           {away + within, 4096, 3, PRIVATE | ANONYMOUS | FIXED | HUGETLB, UINT32_MAX},
                           away + within};
        return true;
    case 1:
        *c = (struct call){MMAP,
                           {TOP + 4096 - STORM_HUGE * 4096ull, odd, 3, PRIVATE | ANONYMOUS | HUGETLB, UINT32_MAX},
                           TOP + 4096 - STORM_HUGE * 4096ull};
        return !s->wide;
    case 2:
        *c = (struct call){MMAP, {away, 4096, 3, PRIVATE | FIXED | HUGETLB, STORM_HUGE_FD + 2, within}, away};
        return true;
    case 3:
        *c = (struct call){SHMAT, {999, va, 0, 4096}, va};
        return true;
    case 4:
        *c = (struct call){SHMAT, {999, away + odd, 0, 4096}, away + odd};
        return true;
    default:
        *c = (struct call){SHMDT, {va + odd}, 0};
        return true;
    }
}

bool storm_near_miss(struct storm *s, bool granted)
{
    static bool (*const kinds[])(struct storm *, struct call *) = {anywhere, on_small, on_huge, others};
    struct call c;
    if (s->wide || !kinds[storm_below(s, 4)](s, &c))
        return false;
    storm_call(s, c.number, c.arg, granted ? c.result : (uint64_t)(int64_t)(storm_below(s, 4) ? INVALID : FAULT));
    return true;
}

void storm_giant(struct storm *s)
{
    bool *there = &s->process[s->now].giant;
    const uint64_t part = (uint64_t)storm_below(s, 1 << 20) << 20, half = GIANT_BYTES / 2;
    if (s->wide)
        return;
    if (!*there || !storm_below(s, 4)) {
        storm_memory_do(s, MMAP, GIANT_BASE, GIANT_BYTES, storm_below(s, 2), PRIVATE | ANONYMOUS | FIXED | NORESERVE,
                        UINT32_MAX, 0, GIANT_BASE);
        *there = true;
    } else if (storm_below(s, 2)) {
        static const uint8_t advices[] = {4, 8, 14, 15, 20, 25};
        storm_memory_do(s, MADVISE, GIANT_BASE + part, half, advices[storm_below(s, sizeof advices)], 0, 0, 0, 0);
    } else if (storm_below(s, 2)) {
        storm_memory_do(s, MPROTECT, GIANT_BASE + part, half, storm_below(s, 4), 0, 0, 0, 0);
    } else {
        storm_memory_do(s, MUNMAP, GIANT_BASE, GIANT_BYTES, 0, 0, 0, 0, 0);
        *there = false;
    }
}
