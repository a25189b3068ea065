/* Delta debugging: what is left is enough, and no single part of it can go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reduce/ddmin.h"

enum { PARTS = 40 };

/* A failure that needs all parts of any of these sets. */
struct failure {
    uint64_t need[3];
    unsigned needs, tries, most;
};

static uint64_t bits(const bool *keep)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < PARTS; i++)
        all |= (uint64_t)keep[i] << i;
    return all;
}

static bool fails(void *context, const bool *keep)
{
    struct failure *f = context;
    bool any = false;
    f->tries++;
    for (unsigned i = 0; i < f->needs; i++)
        any |= (f->need[i] & ~bits(keep)) == 0;
    return any;
}

static bool more(void *context)
{
    const struct failure *f = context;
    return f->tries < f->most;
}

static uint64_t minimum(struct failure *f, bool (*go_on)(void *))
{
    bool keep[PARTS];
    memset(keep, true, sizeof keep);
    const size_t left = ddmin(keep, PARTS, fails, go_on, f);
    assert_int_equal(left, __builtin_popcountll(bits(keep)));
    return bits(keep);
}

static void what_is_needed_stays(void **unused)
{
    (void)unused;
    const uint64_t sets[] = {0, 1, UINT64_C(1) << (PARTS - 1), 0x1248, UINT64_C(0x8000000001), 0xffff00};
    for (unsigned i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct failure f = {.need = {sets[i]}, .needs = 1};
        assert_int_equal(minimum(&f, NULL), sets[i]);
    }
    struct failure all = {.need = {(UINT64_C(1) << PARTS) - 1}, .needs = 1};
    assert_int_equal(minimum(&all, NULL), all.need[0]);
}

/* At random, with several ways to fail: one of them is left, and that whole. */
static void one_of_several_ways_is_left(void **unused)
{
    (void)unused;
    uint64_t random = 1;
    for (unsigned round = 0; round < 300; round++) {
        struct failure f = {.needs = 3};
        for (unsigned i = 0; i < 3; i++)
            for (unsigned part = 0; part < 1 + round % 7; part++) {
                random = random * UINT64_C(6364136223846793005) + 1;
                f.need[i] |= UINT64_C(1) << (random >> 33) % PARTS;
            }
        const uint64_t left = minimum(&f, NULL);
        assert_true(left == f.need[0] || left == f.need[1] || left == f.need[2]);
    }
}

/* When time is up what is left still fails, and nothing more was tried. */
static void an_end_leaves_a_failure(void **unused)
{
    (void)unused;
    for (unsigned most = 0; most < 60; most++) {
        struct failure f = {.need = {0x8100000001}, .needs = 1, .most = most};
        const uint64_t left = minimum(&f, more);
        assert_int_equal(left & f.need[0], f.need[0]);
        assert_true(f.tries <= most);
    }
}

static bool always(void *context, const bool *keep)
{
    (void)context;
    (void)keep;
    return true;
}

static void nothing_to_cut(void **unused)
{
    (void)unused;
    bool keep[3] = {true, true, true}, none[1];
    assert_int_equal(ddmin(none, 0, always, NULL, NULL), 0);
    assert_int_equal(ddmin(keep, 1, always, NULL, NULL), 0);
    assert_false(keep[0]);
    assert_true(keep[1]); /* beyond the count */
    keep[2] = false;      /* was gone before */
    assert_int_equal(ddmin(keep, 3, always, NULL, NULL), 0);
    assert_false(keep[1] || keep[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_needed_stays),
        cmocka_unit_test(one_of_several_ways_is_left),
        cmocka_unit_test(an_end_leaves_a_failure),
        cmocka_unit_test(nothing_to_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
