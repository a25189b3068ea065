/* The cache of lines against a list of each set's lines in order of use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mem/linecache.h"
#include "mem/prng.h"

enum { SETS = 16, WAYS_MOST = 32, LOOKS = 100000 };

static uint64_t list[SETS][WAYS_MOST]; /* from the most recently used on; a line's number + 1 */

static bool look(uint64_t line, unsigned ways)
{
    uint64_t *set = list[line % SETS];
    unsigned at = 0;
    while (at < ways - 1 && set[at] != line + 1)
        at++;
    const bool hit = set[at] == line + 1;
    memmove(set + 1, set, at * sizeof *set);
    set[0] = line + 1;
    return hit;
}

static void test_order_of_use(void **state)
{
    (void)state;
    for (unsigned ways = 1; ways <= WAYS_MOST; ways++) {
        struct linecache cache;
        uint64_t random = ways, hits = 0, line = 0;
        memset(list, 0, sizeof list);
        assert_true(linecache_init(&cache, ways, ways)); /* 16 lines a KiB: so many sets */
        for (unsigned i = 0; i < LOOKS; i++) {
            if (prng_below(&random, 3)) /* else the same again */
                line = prng_below(&random, 2 * SETS * ways);
            const bool hit = linecache_access(&cache, line << 6 | prng_below(&random, 64));
            assert_int_equal(hit, look(line, ways));
            hits += hit;
        }
        assert_true(hits > LOOKS / 4 && hits < LOOKS);
        linecache_drop(&cache);
    }
}

static void test_shapes(void **state)
{
    (void)state;
    struct linecache cache = {0};
    assert_false(linecache_init(&cache, 3, 8)); /* 6 sets */
    assert_false(linecache_init(&cache, 1, 0));
    assert_false(linecache_init(&cache, 1, 32)); /* more ways than lines */
    assert_true(linecache_init(&cache, 1, 16));
    linecache_drop(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_use),
        cmocka_unit_test(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
