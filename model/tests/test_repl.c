/* Replacement (section 5) against a reference that keeps trees and ranks in plain arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cycle/repl.h"

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

/* A subtree of the reference: ways [first, first + size). bit[n] = 1: the victim is right. */
static void tree_touch(unsigned char *bit, unsigned node, unsigned first, unsigned size, unsigned way)
{
    if (size == 1)
        return;
    if (way < first + size / 2) {
        bit[node] = 1;
        tree_touch(bit, 2 * node, first, size / 2, way);
    } else {
        bit[node] = 0;
        tree_touch(bit, 2 * node + 1, first + size / 2, size / 2, way);
    }
}

static unsigned tree_victim(const unsigned char *bit, unsigned node, unsigned first, unsigned size, unsigned ways)
{
    if (size == 1)
        return first;
    if (bit[node] && first + size / 2 < ways)
        return tree_victim(bit, 2 * node + 1, first + size / 2, size / 2, ways);
    return tree_victim(bit, 2 * node, first, size / 2, ways);
}

static void plru_is_the_tree(void **state)
{
    (void)state;
    for (unsigned ways = 1; ways <= 128; ways++) {
        const struct geometry g = {1, 1, ways, false};
        unsigned size = 1;
        while (size < ways)
            size *= 2;
        unsigned char bit[128] = {0};
        struct repl r = repl_initial(g);
        for (unsigned i = 0; i < 2000; i++) {
            for (unsigned n = 0; n < 128; n++)
                assert_int_equal(r.w[n / 64] >> n % 64 & 1, bit[n]);
            const unsigned victim = repl_victim(r, g);
            assert_int_equal(victim, tree_victim(bit, 1, 0, size, ways));
            assert_true(victim < ways);
            const unsigned way = below(3) ? below(ways) : victim;
            r = repl_touch(r, g, way);
            tree_touch(bit, 1, 0, size, way);
        }
    }
}

static void lru_is_the_permutation(void **state)
{
    (void)state;
    for (unsigned ways = 1; ways <= 16; ways++) {
        const struct geometry g = {1, 1, ways, true};
        unsigned rank[16] = {0};
        for (unsigned w = 0; w < ways; w++)
            rank[w] = w;
        struct repl r = repl_initial(g);
        for (unsigned i = 0; i < 5000; i++) {
            uint64_t word = 0;
            for (unsigned w = 0; w < ways; w++)
                word |= (uint64_t)rank[w] << 4 * w;
            assert_int_equal(r.w[0], word);
            assert_int_equal(r.w[1], 0);
            unsigned oldest = 0;
            while (rank[oldest] != ways - 1)
                oldest++;
            assert_int_equal(repl_victim(r, g), oldest);
            const unsigned way = below(ways);
            for (unsigned w = 0; w < ways; w++)
                rank[w] += rank[w] < rank[way];
            rank[way] = 0;
            r = repl_touch(r, g, way);
        }
    }
}

/* Worked by hand from the text: six ways, P = 8. */
static void plru_six_ways_by_hand(void **state)
{
    (void)state;
    const struct geometry g = {1, 1, 6, false};
    struct repl r = repl_initial(g);
    assert_int_equal(repl_victim(r, g), 0);
    r = repl_touch(r, g, 0); /* path 1, 2, 4: all left, so all point right */
    assert_int_equal(r.w[0], 1u << 1 | 1u << 2 | 1u << 4);
    assert_int_equal(repl_victim(r, g), 4);
    r = repl_touch(r, g, 4); /* path 1 (right), 3 (left), 6 (left) */
    assert_int_equal(r.w[0], 1u << 2 | 1u << 4 | 1u << 3 | 1u << 6);
    r = repl_touch(r, g, 0);
    assert_int_equal(repl_victim(r, g), 5); /* node 3 points right, where ways 6 and 7 do not exist */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plru_is_the_tree),
        cmocka_unit_test(lru_is_the_permutation),
        cmocka_unit_test(plru_six_ways_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
