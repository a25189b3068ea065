/* Stack distances: see stacks.h. */
#include "stacks.h"

#include <stdlib.h>
#include <string.h>

/* An entry is its tag word, and D above it; a hole has no valid bit. */
static const uint64_t DIRTY = UINT64_C(1) << 63, HOLE = 0;

struct config {
    unsigned ways;
    uint64_t *entry;  /* [set × ways + distance] */
    uint16_t *length; /* [set]: entries and holes */
    uint16_t *holes;  /* [set]: of them, holes */
    uint64_t *at;     /* [distance]: accesses found there */
};

struct stacks {
    struct config config[STACKS_SETS];
    uint64_t accesses, again;
};

unsigned stacks_ways(unsigned sets)
{
    return sets == 1 ? STACKS_FULLY : STACKS_WAYS;
}

struct stacks *stacks_new(void)
{
    struct stacks *s = calloc(1, sizeof *s);
    bool good = s != NULL;
    for (unsigned n = 0; good && n < STACKS_SETS; n++) {
        struct config *c = &s->config[n];
        c->ways = stacks_ways(1u << n);
        c->entry = calloc((size_t)c->ways << n, sizeof *c->entry);
        c->length = calloc((size_t)1 << n, sizeof *c->length);
        c->holes = calloc((size_t)1 << n, sizeof *c->holes);
        c->at = calloc(c->ways, sizeof *c->at);
        good = c->entry && c->length && c->holes && c->at;
    }
    if (!good)
        stacks_free(s);
    return good ? s : NULL;
}

void stacks_free(struct stacks *s)
{
    for (unsigned n = 0; s && n < STACKS_SETS; n++) {
        free(s->config[n].entry);
        free(s->config[n].length);
        free(s->config[n].holes);
        free(s->config[n].at);
    }
    free(s);
}

static unsigned set_of(uint64_t va, unsigned size, unsigned sets)
{
    return va >> (12 + 9 * size) & (sets - 1);
}

static unsigned find(const uint64_t *entry, unsigned length, uint64_t want)
{
    unsigned at = 0;
    while (at < length && !tag_matches(entry[at] & ~DIRTY, want))
        at++;
    return at;
}

/* Puts an entry on top: it was found at `at`, or nowhere (at = length). */
static void put(struct config *c, unsigned set, unsigned at, uint64_t value)
{
    uint64_t *entry = c->entry + (size_t)set * c->ways;
    const unsigned length = c->length[set];
    unsigned down = at < c->ways ? at : c->ways - 1; /* places that move */
    if (c->holes[set]) {
        unsigned hole = 0;
        while (hole < at && entry[hole] != HOLE)
            hole++;
        if (hole < at) { /* it is closed; where the entry was, there is one now */
            down = hole;
            if (at < length)
                entry[at] = HOLE;
            else
                c->holes[set]--;
        }
    }
    if (at == length && down == at)
        c->length[set]++;
    memmove(entry + 1, entry, down * sizeof *entry);
    entry[0] = value;
}

void stacks_access(struct stacks *s, uint64_t want, uint64_t va, bool write,
                   struct stacks_entry (*entry)(const void *context), const void *context)
{
    struct stacks_entry fresh;
    bool known = false;
    s->accesses++;
    for (unsigned n = 0; n < STACKS_SETS; n++) {
        struct config *c = &s->config[n];
        const unsigned set = set_of(va, tag_size(want), 1u << n), length = c->length[set];
        const unsigned at = find(c->entry + (size_t)set * c->ways, length, want);
        uint64_t value = at < length ? c->entry[(size_t)set * c->ways + at] : HOLE;
        if (at < length && (!write || value & DIRTY)) {
            c->at[at]++;
        } else {
            if (!known)
                fresh = entry(context);
            known = true;
            value = fresh.tag | (fresh.dirty ? DIRTY : 0);
        }
        put(c, set, at, value);
    }
}

void stacks_again(struct stacks *s)
{
    s->again++;
}

void stacks_miss(struct stacks *s)
{
    s->accesses++;
}

static void drop(struct config *c, unsigned set, unsigned at)
{
    c->entry[(size_t)set * c->ways + at] = HOLE;
    c->holes[set]++;
}

static void empty(struct config *c, unsigned sets)
{
    memset(c->length, 0, sets * sizeof *c->length);
    memset(c->holes, 0, sets * sizeof *c->holes);
}

static void drop_page(struct config *c, unsigned sets, enum invalidation what, uint64_t va, unsigned pcid)
{
    for (unsigned size = SIZE_4K; size <= SIZE_1G; size++) {
        const unsigned set = set_of(va, size, sets);
        const uint64_t want = tlb_tag(size, pcid, va), *entry = c->entry + (size_t)set * c->ways;
        for (unsigned at = 0; at < c->length[set]; at++) {
            const uint64_t tag = entry[at] & ~DIRTY;
            if (what == INV_TARGET ? tag == want : tag_matches(tag, want))
                drop(c, set, at);
        }
    }
}

void stacks_invalidate(struct stacks *s, enum invalidation what, uint64_t va, unsigned pcid)
{
    for (unsigned n = 0; n < STACKS_SETS; n++) {
        struct config *c = &s->config[n];
        if (is_of_address(what))
            drop_page(c, 1u << n, what, va, pcid);
        else if (what == INV_ALL)
            empty(c, 1u << n);
        for (unsigned set = 0; !is_of_address(what) && set < 1u << n; set++)
            for (unsigned at = 0; at < c->length[set]; at++) {
                const uint64_t tag = c->entry[(size_t)set * c->ways + at] & ~DIRTY;
                if (tag & TAG_VALID && tlb_goes(tag, what, pcid))
                    drop(c, set, at);
            }
    }
}

uint64_t stacks_accesses(const struct stacks *s)
{
    return s->accesses + s->again;
}

uint64_t stacks_misses(const struct stacks *s, unsigned sets, unsigned ways)
{
    const struct config *c = &s->config[__builtin_ctz(sets)];
    uint64_t misses = s->accesses;
    for (unsigned at = 0; at < ways; at++)
        misses -= c->at[at];
    return misses;
}
