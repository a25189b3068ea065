/* One array of cached translations: sets × ways of tag and data words, with the replacement state of its sets.
 *
 * Everything a cycle does to an array is decided from the state at its start and written at its end. So there is no
 * "fill" here but a plan (tlb_plan_fill, which chooses the way) and its carrying out (tlb_write), and invalidations
 * come between the two.
 *
 * A set of many ways is not searched way by way. Each page hashes to a bucket, a set of the ways whose pages hash
 * there; a lookup tries only those. It finds what a full search would find: of one size at most one entry matches.
 *
 * LRU of many ways keeps the time of each way's last touch instead of its rank; the order is the same. */
#ifndef TWINWALK_CYCLE_TLB_ARRAY_H
#define TWINWALK_CYCLE_TLB_ARRAY_H

#include <stddef.h>

#include "entry.h"
#include "pins.h"
#include "repl.h"

enum { TLB_WIDE_WAYS = 16, TLB_BUCKETS = 256, TLB_PLRU_WAYS_MAX = 128 };

/* Words of a set of ways: bit n of word m is way 64m + n. */
static inline unsigned tlb_way_words(unsigned ways)
{
    return (ways + 63) / 64;
}

struct tlb_array {
    uint64_t *tag;          /* [set × ways + way] */
    uint64_t *data;         /* likewise; 0 while invalid */
    struct repl *repl;      /* [set] */
    struct plru_path *path; /* [way], used by plru */
    uint64_t *bucket;       /* [set][TLB_BUCKETS][tlb_way_words] if ways > TLB_WIDE_WAYS, else NULL */
    uint64_t *touched;      /* [set × ways + way] with lru and ways > TLB_WIDE_WAYS, else NULL: by the clock below */
    uint64_t touches;
    unsigned valid;   /* valid entries */
    unsigned held[4]; /* of them, by size (level-2 in the PSC): a lookup skips sizes that have none */
    struct geometry g;
};

/* A fill that has been decided. */
struct tlb_plan {
    struct tlb_array *array; /* NULL: no fill */
    unsigned at;             /* set × ways + way */
    unsigned displaced;      /* entries that the new one overlaps, by `across`; the lowest is at `at` */
    bool across;
    unsigned set;
    struct cached entry;
    struct repl repl; /* of the set, after the touch */
};

/* Allocates the array's words, all zero. Returns false when memory is short, or for tree-PLRU of more than
 * TLB_PLRU_WAYS_MAX ways. An absent array (no ways) needs none. */
bool tlb_new(struct tlb_array *a, struct geometry g);
void tlb_free(struct tlb_array *a);

/* Everything invalid, replacement state initial (section 14). */
void tlb_reset(struct tlb_array *a);
void tlb_reset_set(struct tlb_array *a, unsigned set);

/* Chooses the way of a fill from the present state (section 4 "Fill"); nothing is changed until tlb_write. The entry
 * displaces those that overlap it, `across`: also those of other sizes (L1), else those of its own (STLB, PSC). */
struct tlb_plan tlb_plan_fill(struct tlb_array *a, unsigned set, struct cached entry, bool across);
void tlb_write(const struct tlb_plan *plan);

/* What a control operation invalidates (section 13); the first two are of one address. */
enum invalidation { INV_NONE, INV_ADDRESS, INV_TARGET, INV_NONGLOBAL, INV_CONTEXT, INV_ALL_NONGLOBAL, INV_ALL };

static inline bool is_of_address(enum invalidation what)
{
    return what == INV_ADDRESS || what == INV_TARGET;
}

/* The rows of the table of section 13 that are of no address, for an entry that is valid. */
static inline bool tlb_goes(uint64_t tag, enum invalidation what, unsigned pcid)
{
    const bool global = tag & TAG_GLOBAL, same_pcid = (tag & TAG_PCID) == (uint64_t)pcid << 4;
    switch (what) {
    case INV_NONGLOBAL:
        return !global && same_pcid;
    case INV_CONTEXT:
        return global || same_pcid;
    case INV_ALL_NONGLOBAL:
        return !global;
    default:
        return what == INV_ALL;
    }
}

/* Invalidates in one set. They leave the replacement state alone (section 5).
 * tlb_drop_page: INV_ADDRESS or INV_TARGET of the page whose non-global tag is `want`; tlb_drop_set: the others. */
void tlb_drop_page(struct tlb_array *a, unsigned set, enum invalidation what, uint64_t want);
void tlb_drop_set(struct tlb_array *a, unsigned set, enum invalidation what, unsigned pcid);

/* Both of them, in all sets of the array; va as far as `what` is of an address. */
void tlb_invalidate(struct tlb_array *a, enum invalidation what, uint64_t va, unsigned pcid);

/* Section 4: whether array n, 0 or 1, of a structure has the page of `size` at va, of the sizes that it holds. When
 * both hold 4K, one bit of the address above the set index says which. */
static inline bool tlb_is_place(struct geometry a0, struct geometry a1, unsigned n, unsigned size, uint64_t va)
{
    return size != SIZE_4K || !(a0.holds & a1.holds & 1) || (va >> (12 + __builtin_ctz(a0.sets)) & 1) == n;
}

/* A use of a way, where no clock says that it takes place later. */
void tlb_touch(struct tlb_array *a, unsigned set, unsigned way);

/* The set of va for pages of `size`. */
static inline unsigned tlb_set(struct geometry g, unsigned size, uint64_t va)
{
    return va >> (12 + 9 * size) & (g.sets - 1);
}

/* The replacement state of `set` after a use of `way`; `lru` is a->g.lru, a constant where the caller has one. Not for
 * arrays that keep times of touches. */
static inline struct repl tlb_touched(const struct tlb_array *a, bool lru, unsigned set, unsigned way)
{
    return lru ? lru_touch(a->repl[set], a->g.ways, way) : plru_touch(a->repl[set], &a->path[way]);
}

/* The bucket of a page: its number and size, not its PCID, since a global entry is found with any. */
static inline unsigned tlb_bucket(uint64_t tag)
{
    return ((tag & ~(TAG_PCID | TAG_GLOBAL)) * 0x9e3779b97f4a7c15ull) >> 56;
}

/* The way of `set` that matches `want`, as set × ways + way; -1 if none does. More than one never does (section 4). */
static inline int tlb_find(const struct tlb_array *a, struct geometry g, unsigned set, uint64_t want)
{
    if (g.ways > TLB_WIDE_WAYS) {
        const unsigned words = tlb_way_words(g.ways), of_set = g.sets == 1 ? 0 : set;
        const uint64_t *bucket = a->bucket + ((size_t)of_set * TLB_BUCKETS + tlb_bucket(want)) * words;
        for (unsigned word = 0; word < words; word++)
            for (uint64_t left = bucket[word]; left; left &= left - 1) {
                const unsigned at = of_set * g.ways + 64 * word + (unsigned)__builtin_ctzll(left);
                if (tag_matches(a->tag[at], want))
                    return (int)at;
            }
        return -1;
    }
    const uint64_t *tag = a->tag + set * g.ways;
    uint32_t matches = 0; /* all ways at once: an early way out costs more in mispredicted branches than it saves */
    for (unsigned way = 0; way < g.ways; way++)
        matches |= (uint32_t)tag_matches(tag[way], want) << way;
    return matches ? (int)(set * g.ways) + __builtin_ctz(matches) : -1;
}

#endif
