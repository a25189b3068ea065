/* One array of cached translations: sets × ways of tag and data words, with the replacement state of its sets.
 *
 * Everything a cycle does to an array is decided from the state at its start and written at its end. So there is no
 * "fill" here but a plan (tlb_plan_fill, which chooses the way) and its carrying out (tlb_write), and invalidations
 * come between the two.
 *
 * A fully associative array of many ways is not searched way by way. Each page hashes to a bucket, a set of the ways
 * whose pages hash there; a lookup tries only those. It finds what a full search would find, including the lowest way.
 */
#ifndef TWINWALK_CYCLE_TLB_ARRAY_H
#define TWINWALK_CYCLE_TLB_ARRAY_H

#include "entry.h"
#include "repl.h"

enum { TLB_WIDE_WAYS = 16, TLB_BUCKETS = 256, TLB_WAYS_MAX = 128 };

struct way_set {
    uint64_t w[2]; /* bit n: way n is a member */
};

struct tlb_array {
    uint64_t *tag;          /* [set × ways + way] */
    uint64_t *data;         /* likewise; 0 while invalid */
    struct repl *repl;      /* [set] */
    struct plru_path *path; /* [way], used by plru */
    struct way_set *bucket; /* [TLB_BUCKETS] if ways > TLB_WIDE_WAYS, else NULL */
    unsigned valid;         /* valid entries */
    unsigned held[4];       /* of them, by size (level-2 in the PSC): a lookup skips sizes that have none */
    struct geometry g;
};

/* A fill that has been decided. */
struct tlb_plan {
    struct tlb_array *array; /* NULL: no fill */
    unsigned at;             /* set × ways + way */
    unsigned set;
    struct cached entry;
    struct repl repl; /* of the set, after the touch */
};

/* Allocates the array's words, all zero. Returns false when memory is short. An absent array (no ways) needs none. */
bool tlb_new(struct tlb_array *a, struct geometry g);
void tlb_free(struct tlb_array *a);

/* Everything invalid, replacement state initial (section 14). */
void tlb_reset(struct tlb_array *a);
void tlb_reset_set(struct tlb_array *a, unsigned set);

/* Chooses the way of a fill from the present state (section 4 "Fill"); nothing is changed until tlb_write. */
struct tlb_plan tlb_plan_fill(struct tlb_array *a, unsigned set, struct cached entry);
void tlb_write(const struct tlb_plan *plan);

/* What a control operation invalidates (section 13); the first two are of one address. */
enum invalidation { INV_NONE, INV_ADDRESS, INV_TARGET, INV_NONGLOBAL, INV_CONTEXT, INV_ALL_NONGLOBAL, INV_ALL };

static inline bool is_of_address(enum invalidation what)
{
    return what == INV_ADDRESS || what == INV_TARGET;
}

/* Invalidates in one set. They leave the replacement state alone (section 5).
 * tlb_drop_page: INV_ADDRESS or INV_TARGET of the page whose non-global tag is `want`; tlb_drop_set: the others. */
void tlb_drop_page(struct tlb_array *a, unsigned set, enum invalidation what, uint64_t want);
void tlb_drop_set(struct tlb_array *a, unsigned set, enum invalidation what, unsigned pcid);

/* The set of va for pages of `size`. */
static inline unsigned tlb_set(struct geometry g, unsigned size, uint64_t va)
{
    return va >> (12 + 9 * size) & (g.sets - 1);
}

/* The replacement state of `set` after a use of `way`; `lru` is a->g.lru, a constant where the caller has one. */
static inline struct repl tlb_touched(const struct tlb_array *a, bool lru, unsigned set, unsigned way)
{
    return lru ? lru_touch(a->repl[set], a->g.ways, way) : plru_touch(a->repl[set], &a->path[way]);
}

/* The bucket of a page: its number and size, not its PCID, since a global entry is found with any. */
static inline unsigned tlb_bucket(uint64_t tag)
{
    return ((tag & ~(TAG_PCID | TAG_GLOBAL)) * 0x9e3779b97f4a7c15ull) >> 56;
}

/* The lowest way of `set` that matches `want`, as set × ways + way; -1 if none does. */
static inline int tlb_find(const struct tlb_array *a, struct geometry g, unsigned set, uint64_t want)
{
    if (g.ways > TLB_WIDE_WAYS) {
        const struct way_set *bucket = &a->bucket[tlb_bucket(want)];
        for (unsigned half = 0; half <= (g.ways - 1) / 64; half++)
            for (uint64_t left = bucket->w[half]; left; left &= left - 1) {
                const int way = 64 * (int)half + __builtin_ctzll(left);
                if (tag_matches(a->tag[way], want))
                    return way;
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
