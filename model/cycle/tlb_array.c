#include "tlb_array.h"

#include <stdlib.h>
#include <string.h>

bool tlb_new(struct tlb_array *a, struct geometry g)
{
    memset(a, 0, sizeof *a);
    a->g = g;
    if (g.ways == 0)
        return true;
    if (!g.lru && g.ways > TLB_PLRU_WAYS_MAX)
        return false;
    const size_t entries = (size_t)g.sets * g.ways;
    a->tag = calloc(entries, sizeof *a->tag);
    a->data = calloc(entries, sizeof *a->data);
    a->repl = calloc(g.sets, sizeof *a->repl);
    a->path = calloc(g.ways, sizeof *a->path);
    if (g.ways > TLB_WIDE_WAYS)
        a->bucket = calloc((size_t)g.sets * TLB_BUCKETS * tlb_way_words(g.ways), sizeof *a->bucket);
    if (g.ways > TLB_WIDE_WAYS && g.lru)
        a->touched = calloc(entries, sizeof *a->touched);
    if (!a->tag || !a->data || !a->repl || !a->path || (g.ways > TLB_WIDE_WAYS && !a->bucket) ||
        (g.ways > TLB_WIDE_WAYS && g.lru && !a->touched))
        return false;
    for (unsigned way = 0; !g.lru && way < g.ways; way++)
        a->path[way] = plru_path(g.ways, way);
    return true;
}

void tlb_free(struct tlb_array *a)
{
    free(a->tag);
    free(a->data);
    free(a->repl);
    free(a->path);
    free(a->bucket);
    free(a->touched);
}

/* The bucket of a tag in the set of entry `at`, and in it the bit of that entry's way. */
static uint64_t *bucket_word(const struct tlb_array *a, uint64_t tag, unsigned at, uint64_t *bit)
{
    const unsigned set = at / a->g.ways, way = at % a->g.ways;
    *bit = 1ull << way % 64;
    return a->bucket + ((size_t)set * TLB_BUCKETS + tlb_bucket(tag)) * tlb_way_words(a->g.ways) + way / 64;
}

/* Both keep `held` and the buckets in step with the tags. */
static void put(struct tlb_array *a, unsigned at, struct cached entry)
{
    uint64_t bit;
    a->tag[at] = entry.tag;
    a->data[at] = entry.data;
    a->valid++;
    a->held[tag_size(entry.tag)]++;
    if (a->bucket)
        *bucket_word(a, entry.tag, at, &bit) |= bit;
}

static void drop(struct tlb_array *a, unsigned at)
{
    const uint64_t tag = a->tag[at];
    uint64_t bit;
    if (!(tag & TAG_VALID))
        return;
    if (a->bucket)
        *bucket_word(a, tag, at, &bit) &= ~bit;
    a->valid--;
    a->held[tag_size(tag)]--;
    a->tag[at] = 0;
    a->data[at] = 0;
}

void tlb_reset(struct tlb_array *a)
{
    for (unsigned set = 0; set < a->g.sets; set++)
        tlb_reset_set(a, set);
}

void tlb_reset_set(struct tlb_array *a, unsigned set)
{
    tlb_drop_set(a, set, INV_ALL, 0);
    a->repl[set] = repl_initial(a->g);
    for (unsigned way = 0; a->touched && way < a->g.ways; way++) /* way 0 is the youngest */
        a->touched[set * a->g.ways + way] = a->g.ways - way;
    if (a->touches < a->g.ways)
        a->touches = a->g.ways;
}

void tlb_touch(struct tlb_array *a, unsigned set, unsigned way)
{
    if (a->touched)
        a->touched[set * a->g.ways + way] = ++a->touches;
    else
        a->repl[set] = tlb_touched(a, a->g.lru, set, way);
}

static unsigned victim(const struct tlb_array *a, unsigned set)
{
    const uint64_t *touched = a->touched + (size_t)set * a->g.ways;
    unsigned oldest = 0;
    if (!a->touched)
        return repl_victim(a->repl[set], a->g);
    for (unsigned way = 1; way < a->g.ways; way++)
        if (touched[way] < touched[oldest])
            oldest = way;
    return oldest;
}

static bool displaces(uint64_t tag, uint64_t old, bool across)
{
    return (across || tag_size(tag) == tag_size(old)) && tags_overlap(tag, old);
}

/* How many entries of `set` the new one displaces; the lowest of them, as set × ways + way, to *lowest. */
static unsigned find_displaced(const struct tlb_array *a, unsigned set, uint64_t tag, bool across, unsigned *lowest)
{
    const unsigned first = set * a->g.ways;
    unsigned n = 0;
    if (!(tag & TAG_GLOBAL) && (!across || a->valid == a->held[tag_size(tag)])) { /* what a lookup matches, if any */
        const int same = tlb_find(a, a->g, set, tag);
        *lowest = same < 0 ? 0 : (unsigned)same;
        return same >= 0;
    }
    for (unsigned at = first + a->g.ways; at-- > first;)
        if (displaces(tag, a->tag[at], across)) {
            *lowest = at;
            n++;
        }
    return n;
}

/* The lowest invalid way, else the victim. */
static unsigned find_room(const struct tlb_array *a, unsigned set)
{
    const unsigned first = set * a->g.ways;
    for (unsigned way = 0; a->valid < a->g.sets * a->g.ways && way < a->g.ways; way++)
        if (!(a->tag[first + way] & TAG_VALID))
            return first + way;
    return first + victim(a, set);
}

struct tlb_plan tlb_plan_fill(struct tlb_array *a, unsigned set, struct cached entry, bool across)
{
    struct tlb_plan plan = {.array = a, .across = across, .set = set, .entry = entry};
    plan.displaced = find_displaced(a, set, entry.tag, across, &plan.at);
    if (!plan.displaced)
        plan.at = find_room(a, set);
    plan.repl = a->touched ? a->repl[set] : tlb_touched(a, a->g.lru, set, plan.at - set * a->g.ways);
    return plan;
}

void tlb_write(const struct tlb_plan *plan)
{
    struct tlb_array *a = plan->array;
    const unsigned first = plan->set * a->g.ways;
    for (unsigned at = first; plan->displaced > 1 && at < first + a->g.ways; at++)
        if (displaces(plan->entry.tag, a->tag[at], plan->across))
            drop(a, at);
    drop(a, plan->at);
    put(a, plan->at, plan->entry);
    a->repl[plan->set] = plan->repl;
    if (a->touched)
        tlb_touch(a, plan->set, plan->at - first);
}

void tlb_drop_page(struct tlb_array *a, unsigned set, enum invalidation what, uint64_t want)
{
    for (unsigned at = set * a->g.ways; at < (set + 1) * a->g.ways; at++)
        if (what == INV_TARGET ? a->tag[at] == want : tag_matches(a->tag[at], want))
            drop(a, at);
}

void tlb_drop_set(struct tlb_array *a, unsigned set, enum invalidation what, unsigned pcid)
{
    if (!a->valid) /* a sweep comes by every set, and most of them are long empty */
        return;
    for (unsigned at = set * a->g.ways; at < (set + 1) * a->g.ways; at++)
        if ((a->tag[at] & TAG_VALID) && tlb_goes(a->tag[at], what, pcid))
            drop(a, at);
}

void tlb_invalidate(struct tlb_array *a, enum invalidation what, uint64_t va, unsigned pcid)
{
    if (is_of_address(what)) {
        for (unsigned size = SIZE_4K; size <= SIZE_1G; size++)
            if (a->held[size]) /* none of a size that it does not hold */
                tlb_drop_page(a, tlb_set(a->g, size, va), what, tlb_tag(size, pcid, va));
    } else {
        for (unsigned set = 0; set < a->g.sets; set++)
            tlb_drop_set(a, set, what, pcid);
    }
}
