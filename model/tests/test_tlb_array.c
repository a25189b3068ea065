/* One array under random fills, uses and invalidations, against a reference that searches way by way as section 4
 * reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cycle/tlb_array.h"

enum { MOST = 1600 };

struct naive_entry {
    bool valid, global;
    unsigned size, pcid;
    uint64_t page;
};

static struct naive_entry naive[MOST];
static unsigned order[MOST]; /* of a set with LRU: its ways, the youngest first, as section 5 has the ranks */

static void order_touch(struct geometry g, unsigned set, unsigned way)
{
    unsigned *o = order + set * g.ways, at = 0;
    while (o[at] != way)
        at++;
    memmove(o + 1, o, at * sizeof *o);
    o[0] = way;
}

static unsigned naive_victim(const struct tlb_array *a, unsigned set)
{
    return a->g.lru ? order[set * a->g.ways + a->g.ways - 1] : repl_victim(a->repl[set], a->g);
}

/* The state after a use of `way`. */
static struct repl repl_touch(struct repl r, struct geometry g, unsigned way)
{
    const struct plru_path path = plru_path(g.ways, way);
    return g.lru ? lru_touch(r, g.ways, way) : plru_touch(r, &path);
}

static unsigned below(unsigned limit)
{
    return (unsigned)rand() % limit;
}

static bool naive_match(const struct naive_entry *e, unsigned size, uint64_t va, unsigned pcid)
{
    return e->valid && e->size == size && e->page == va >> (12 + 9 * size) && (e->global || e->pcid == pcid);
}

static int naive_find(struct geometry g, unsigned set, unsigned size, uint64_t va, unsigned pcid)
{
    for (unsigned way = 0; way < g.ways; way++)
        if (naive_match(&naive[set * g.ways + way], size, va, pcid))
            return (int)(set * g.ways + way);
    return -1;
}

static void compare_all(const struct tlb_array *a)
{
    unsigned held[4] = {0};
    for (unsigned at = 0; at < a->g.sets * a->g.ways; at++) {
        const struct naive_entry *e = &naive[at];
        uint64_t tag = 0;
        if (e->valid) {
            tag = tlb_tag(e->size, e->pcid, e->page << (12 + 9 * e->size)) | (e->global ? TAG_GLOBAL : 0);
            held[e->size]++;
        }
        assert_int_equal(a->tag[at], tag);
        assert_int_equal(!a->data[at], !e->valid);
    }
    assert_memory_equal(held, a->held, sizeof held);
}

/* Section 13: of one PCID but for globals; of one PCID, and globals; all but globals; all. */
static void drop_set(struct tlb_array *a, unsigned set, enum invalidation what, unsigned pcid)
{
    tlb_drop_set(a, set, what, pcid);
    for (unsigned at = set * a->g.ways; at < (set + 1) * a->g.ways; at++) {
        struct naive_entry *e = &naive[at];
        const bool mine = e->pcid == pcid;
        if (what == INV_NONGLOBAL ? mine && !e->global
            : what == INV_CONTEXT ? mine || e->global
                                  : what == INV_ALL || !e->global)
            *e = (struct naive_entry){0};
    }
}

/* Section 4: one lookup could match both; `across` or only if they are of one size. */
static bool naive_overlap(const struct naive_entry *a, const struct naive_entry *b, bool across)
{
    const unsigned larger = a->size > b->size ? a->size : b->size;
    return a->valid && b->valid && (across || a->size == b->size) &&
           a->page >> 9 * (larger - a->size) == b->page >> 9 * (larger - b->size) &&
           (a->global || b->global || a->pcid == b->pcid);
}

/* A fill goes where it must: onto the lowest entry that it displaces, else into the lowest way that is free, else onto
 * the victim. The others that it displaces are gone. */
static void fill_one(struct tlb_array *a, unsigned size, uint64_t va, unsigned pcid, uint64_t data, bool across)
{
    const struct geometry g = a->g;
    const unsigned set = tlb_set(g, size, va);
    const struct naive_entry new = {true, below(4) == 0, size, pcid, va >> (12 + 9 * size)};
    unsigned way = g.ways, free = g.ways, displaced = 0;
    for (unsigned w = g.ways; w-- > 0;) {
        struct naive_entry *e = &naive[set * g.ways + w];
        if (!e->valid)
            free = w;
        if (naive_overlap(e, &new, across)) {
            way = w;
            displaced++;
            *e = (struct naive_entry){0};
        }
    }
    if (way == g.ways)
        way = free < g.ways ? free : naive_victim(a, set);
    const struct repl before = a->repl[set];
    const struct cached c = {tlb_tag(size, pcid, va) | (new.global ? TAG_GLOBAL : 0), data};
    const struct tlb_plan plan = tlb_plan_fill(a, set, c, across);
    assert_memory_equal(&before, &a->repl[set], sizeof before); /* nothing happens before the edge */
    assert_int_equal(plan.at, set * g.ways + way);
    assert_int_equal(plan.displaced, displaced);
    tlb_write(&plan);
    order_touch(g, set, way);
    const struct repl after = a->touched ? before : repl_touch(before, g, way);
    assert_memory_equal(&after, &a->repl[set], sizeof after);
    assert_int_equal(a->data[plan.at], data);
    naive[plan.at] = new;
}

/* What the rule is for: of one size no two entries match one lookup, and `across` of any. */
static void no_two_overlap(struct geometry g, unsigned set, bool across)
{
    for (unsigned i = 0; i < g.ways; i++)
        for (unsigned j = 0; j < i; j++)
            assert_false(naive_overlap(&naive[set * g.ways + i], &naive[set * g.ways + j], across));
}

static void exercise(struct geometry g, unsigned sizes, bool across)
{
    struct tlb_array a;
    assert_true(tlb_new(&a, g));
    tlb_reset(&a);
    memset(naive, 0, sizeof naive);
    for (unsigned at = 0; at < g.sets * g.ways; at++)
        order[at] = at % g.ways;
    for (unsigned i = 0; i < 20000; i++) {
        const unsigned size = below(sizes), pcid = below(3);
        const uint64_t va = (uint64_t)below(2 * g.sets * g.ways + 2) << (12 + 9 * size);
        const unsigned set = tlb_set(g, size, va);
        assert_int_equal(set, (va >> (12 + 9 * size)) % g.sets);
        const int found = tlb_find(&a, g, set, tlb_tag(size, pcid, va));
        assert_int_equal(found, naive_find(g, set, size, va, pcid));
        if (found >= 0 && below(2)) {
            tlb_touch(&a, set, (unsigned)found - set * g.ways);
            order_touch(g, set, (unsigned)found - set * g.ways);
        }
        switch (below(8)) {
        case 0: {
            const enum invalidation what = below(2)
                                               ? INV_ADDRESS
                                               : INV_TARGET; /* of entries that match; of those that are not global */
            tlb_drop_page(&a, set, what, tlb_tag(size, pcid, va));
            for (unsigned at = set * g.ways; at < (set + 1) * g.ways; at++)
                if (naive_match(&naive[at], size, va, pcid) && !(what == INV_TARGET && naive[at].global))
                    naive[at] = (struct naive_entry){0};
            break;
        }
        case 1:
            if (below(20))
                break;
            drop_set(&a, set, (enum invalidation)(INV_NONGLOBAL + below(3)), pcid);
            break;
        case 2:
            if (below(50))
                break;
            drop_set(&a, set, INV_ALL, pcid);
            break;
        default:
            fill_one(&a, size, va, pcid, i + 1, across);
        }
        if (i % (g.ways > 128 ? 256 : 16) == 0) {
            compare_all(&a);
            no_two_overlap(g, set, across);
        }
    }
    tlb_free(&a);
}

static void set_associative(void **state)
{
    (void)state;
    exercise((struct geometry){1, 16, 4, false}, 1, false);
    exercise((struct geometry){1, 8, 12, true}, 1, false);
    exercise((struct geometry){3, 8, 3, true}, 2, false);
    exercise((struct geometry){1, 32, 1, false}, 1, false);
}

static void fully_associative(void **state)
{
    (void)state;
    exercise((struct geometry){7, 1, 1, true}, 3, true);
    exercise((struct geometry){7, 1, 5, false}, 3, true);
    exercise((struct geometry){7, 1, 16, true}, 3, true);
    exercise((struct geometry){7, 1, 17, false}, 3, true);
    exercise((struct geometry){7, 1, 17, false}, 3, false);
    exercise((struct geometry){7, 1, 72, false}, 3, true);
    exercise((struct geometry){7, 1, 128, false}, 3, true);
}

/* What no preset has: made at run time. */
static void of_many_ways(void **state)
{
    (void)state;
    exercise((struct geometry){7, 1, 17, true}, 3, true);
    exercise((struct geometry){7, 1, 64, true}, 3, true);
    exercise((struct geometry){7, 1, 65, true}, 3, true);
    exercise((struct geometry){7, 1, 200, true}, 3, true);
    exercise((struct geometry){1, 1, 1536, true}, 1, false);
    exercise((struct geometry){3, 4, 32, true}, 2, false);
    exercise((struct geometry){3, 8, 20, false}, 2, false);
    exercise((struct geometry){7, 2, 130, true}, 3, false);
    struct tlb_array a;
    assert_false(tlb_new(&a, (struct geometry){1, 1, 129, false}));
    tlb_free(&a);
}

/* Of two arrays that both hold 4K pages one has a page, by the address bit above the index. */
static void place_of_a_page(void **state)
{
    (void)state;
    const struct geometry both = {3, 16, 4, false}, other = {5, 16, 2, false}, large = {6, 16, 4, false};
    for (uint64_t va = 0; va < 64ull << 12; va += 4096) {
        assert_int_equal(tlb_is_place(both, other, 0, SIZE_4K, va), !(va >> 16 & 1));
        assert_int_equal(tlb_is_place(both, other, 1, SIZE_4K, va), va >> 16 & 1);
        assert_true(tlb_is_place(both, large, 0, SIZE_4K, va) && tlb_is_place(both, other, 0, SIZE_2M, va));
    }
}

/* All sets and sizes at once are what set by set gives. */
static void invalidation_of_all_sets(void **state)
{
    (void)state;
    struct tlb_array a;
    assert_true(tlb_new(&a, (struct geometry){3, 4, 2, true}));
    tlb_reset(&a);
    for (unsigned i = 0; i < 8; i++) {
        const unsigned size = i & 1, pcid = i >> 2;
        const uint64_t va = (uint64_t)i << (12 + 9 * size);
        const struct tlb_plan plan = tlb_plan_fill(&a, tlb_set(a.g, size, va),
                                                   (struct cached){tlb_tag(size, pcid, va), 1}, false);
        tlb_write(&plan);
    }
    assert_int_equal(a.valid, 8);
    tlb_invalidate(&a, INV_ADDRESS, 1ull << 21, 0); /* the 2-MByte page of i = 1; no page of 4 KByte is there */
    assert_int_equal(a.valid, 7);
    tlb_invalidate(&a, INV_ADDRESS, 2ull << 12, 1); /* of another PCID */
    assert_int_equal(a.valid, 7);
    tlb_invalidate(&a, INV_NONGLOBAL, 0, 1);
    assert_int_equal(a.valid, 3);
    tlb_invalidate(&a, INV_ALL, 0, 0);
    assert_int_equal(a.valid, 0);
    tlb_free(&a);
}

static unsigned put(struct tlb_array *a, uint64_t tag)
{
    const struct tlb_plan plan = tlb_plan_fill(a, 0, (struct cached){tag, 1}, false);
    tlb_write(&plan);
    return plan.at;
}

/* Entries for one page: a global one and one that is not are never held together; of two PCIDs there may be one each.
 */
static void one_way_matches(void **state)
{
    (void)state;
    const unsigned ways[] = {8, 72};
    for (unsigned i = 0; i < 2; i++) {
        const struct geometry g = {1, 1, ways[i], false};
        struct tlb_array a;
        assert_true(tlb_new(&a, g));
        tlb_reset(&a);
        const uint64_t va = 0x123000;
        assert_int_equal(put(&a, tlb_tag(0, 5, va + 4096)), 0);
        assert_int_equal(put(&a, tlb_tag(0, 5, va)), 1);
        assert_int_equal(put(&a, tlb_tag(0, 6, va)), 2);
        assert_int_equal(tlb_find(&a, g, 0, tlb_tag(0, 6, va)), 2);
        assert_int_equal(put(&a, tlb_tag(0, 7, va) | TAG_GLOBAL), 1);
        assert_int_equal(a.valid, 2);
        assert_int_equal(tlb_find(&a, g, 0, tlb_tag(0, 6, va)), 1);
        assert_int_equal(put(&a, tlb_tag(0, 9, va)), 1);
        assert_int_equal(a.valid, 2);
        assert_int_equal(tlb_find(&a, g, 0, tlb_tag(0, 6, va)), -1);
        tlb_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_associative),
        cmocka_unit_test(fully_associative),
        cmocka_unit_test(of_many_ways),
        cmocka_unit_test(place_of_a_page),
        cmocka_unit_test(invalidation_of_all_sets),
        cmocka_unit_test(one_way_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
