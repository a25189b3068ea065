/* Misses of LRU TLBs of many shapes in one pass: stack distances.
 *
 * The pages of a set, the last used first, are its stack. A TLB of w ways holds the first w of them, whatever w is; so
 * an access whose page lies at distance d hits with more than d ways, and one histogram of distances gives the misses
 * of all (Mattson, Gecsei, Slutz, Traiger: "Evaluation techniques for storage hierarchies", 1970). One stack for each
 * set of each number of sets.
 *
 * What is invalidated leaves a hole in its place: a TLB that reaches as far has a way free there. The next page that
 * is put on top closes the first hole above the place that it comes from, and leaves one there.
 *
 * A page of any size lies in one array, its set chosen by the lowest bits of its own page number, as in `64x4` of
 * options_serial.h. */
#ifndef TWINWALK_STACKS_H
#define TWINWALK_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "cycle/tlb_array.h"

enum {
    STACKS_SETS = 11,   /* numbers of sets: 1, 2, 4 … 1024 */
    STACKS_WAYS = 32,   /* distances kept, so that is the most ways … */
    STACKS_FULLY = 512, /* … but of one set, the fully associative TLB */
};

struct stacks;

/* Empty. NULL: memory is short. */
struct stacks *stacks_new(void);
void stacks_free(struct stacks *s);

/* The entry of a page as a walk gives it now: its tag word, and whether D is set. */
struct stacks_entry {
    uint64_t tag;
    bool dirty;
};

/* An access to the page whose non-global tag is `want` (tlb_tag); va, masked, is an address in it. A write that finds
 * an entry with D = 0 misses. entry(context) is asked where the page is not found. */
void stacks_access(struct stacks *s, uint64_t want, uint64_t va, bool write,
                   struct stacks_entry (*entry)(const void *context), const void *context);

/* An access like the last one, which hits whatever the shape. */
void stacks_again(struct stacks *s);

/* An access that has no page: it misses. */
void stacks_miss(struct stacks *s);

/* As tlb_invalidate. */
void stacks_invalidate(struct stacks *s, enum invalidation what, uint64_t va, unsigned pcid);

uint64_t stacks_accesses(const struct stacks *s);

/* Misses with so many sets, a power of two to 1024, and ways, 1 to stacks_ways(sets). */
uint64_t stacks_misses(const struct stacks *s, unsigned sets, unsigned ways);
unsigned stacks_ways(unsigned sets);

#endif
