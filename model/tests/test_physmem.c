/* Simulated physical memory: two images, sparse frames, release, comparison, order of visits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mem/physmem.h"
#include "mem/prng.h"

static void software_writes_reach_both_images(void **state)
{
    (void)state;
    struct physmem *pm = physmem_new(46);
    assert_int_equal(physmem_read(pm, IMAGE_HW, 0x1238), 0);
    assert_true(physmem_write(pm, 0x1238, 0xdeadbeef12345678));
    assert_int_equal(physmem_read(pm, IMAGE_HW, 0x1238), 0xdeadbeef12345678);
    assert_int_equal(physmem_read(pm, IMAGE_ORACLE, 0x1238), 0xdeadbeef12345678);
    assert_int_equal(physmem_read(pm, IMAGE_HW, 0x1230), 0);
    assert_int_equal(physmem_read(pm, IMAGE_HW, 0x1240), 0);
    assert_int_equal(physmem_read(pm, IMAGE_HW, 0x2238), 0);
    assert_int_equal(physmem_bytes(pm), 8192);
    physmem_free(pm);
}

static void cas_changes_hw_only_and_only_on_a_match(void **state)
{
    (void)state;
    struct physmem *pm = physmem_new(46);
    physmem_write(pm, 0x5000, 7);
    assert_int_equal(physmem_cas(pm, 0x5000, 8, 9), 7);
    assert_int_equal(physmem_read(pm, IMAGE_HW, 0x5000), 7);
    assert_int_equal(physmem_cas(pm, 0x5000, 7, 9), 7);
    assert_int_equal(physmem_read(pm, IMAGE_HW, 0x5000), 9);
    assert_int_equal(physmem_read(pm, IMAGE_ORACLE, 0x5000), 7);
    assert_int_equal(physmem_cas(pm, 0x9000, 0, 3), 0); /* a frame that nobody wrote yet */
    assert_int_equal(physmem_read(pm, IMAGE_HW, 0x9000), 3);
    physmem_free(pm);
}

static void modify_keeps_what_each_image_has(void **state)
{
    (void)state;
    struct physmem *pm = physmem_new(46);
    physmem_write(pm, 0x5000, 0x1003);
    physmem_write_image(pm, IMAGE_HW, 0x5000, 0x1023);
    physmem_write_image(pm, IMAGE_ORACLE, 0x5000, 0x1063);
    assert_true(physmem_modify(pm, 0x5000, 2, 4));
    assert_int_equal(physmem_read(pm, IMAGE_HW, 0x5000), 0x1025);
    assert_int_equal(physmem_read(pm, IMAGE_ORACLE, 0x5000), 0x1065);
    physmem_free(pm);
}

static void line_is_the_hw_image(void **state)
{
    (void)state;
    struct physmem *pm = physmem_new(46);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(physmem_line(pm, 0x7048)[i], 0);
    for (unsigned i = 0; i < 8; i++)
        physmem_write(pm, 0x7040 + 8 * i, 100 + i);
    physmem_write_image(pm, IMAGE_ORACLE, 0x7048, 5);
    const uint64_t *line = physmem_line(pm, 0x7078);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(line[i], 100 + i);
    physmem_free(pm);
}

static void addresses_beyond_the_width_do_not_exist(void **state)
{
    (void)state;
    struct physmem *pm = physmem_new(36);
    assert_false(physmem_write(pm, (uint64_t)1 << 36, 1));
    assert_false(physmem_write_image(pm, IMAGE_HW, (uint64_t)1 << 36, 1));
    assert_true(physmem_write(pm, ((uint64_t)1 << 36) - 8, 1));
    physmem_free(pm);
    pm = physmem_new(52);
    assert_true(physmem_write(pm, ((uint64_t)1 << 52) - 8, 1));
    assert_false(physmem_write(pm, (uint64_t)1 << 52, 1));
    physmem_free(pm);
}

static void generation_counts_software_changes_only(void **state)
{
    (void)state;
    struct physmem *pm = physmem_new(46);
    uint64_t before = physmem_generation(pm);
    physmem_write_image(pm, IMAGE_ORACLE, 0x1000, 1);
    physmem_cas(pm, 0x1000, 0, 1);
    assert_int_equal(physmem_generation(pm), before);
    physmem_write(pm, 0x1000, 2);
    physmem_modify(pm, 0x1000, 2, 1);
    physmem_release(pm, 0x1000);
    assert_int_equal(physmem_generation(pm), before + 3);
    physmem_free(pm);
}

static void compare_finds_the_first_difference_under_the_mask(void **state)
{
    (void)state;
    struct physmem *pm = physmem_new(46);
    uint64_t pa, hw, oracle;
    for (uint64_t f = 1; f <= 1000; f++)
        physmem_write(pm, f << 12 | 0x40, f);
    assert_false(physmem_compare(pm, UINT64_MAX, &pa, &hw, &oracle));
    physmem_write_image(pm, IMAGE_HW, 700 << 12 | 0x18, 0x20);
    physmem_write_image(pm, IMAGE_ORACLE, 300 << 12 | 0xff8, 0x60);
    physmem_write_image(pm, IMAGE_ORACLE, 900 << 12, 1);
    assert_true(physmem_compare(pm, UINT64_MAX, &pa, &hw, &oracle));
    assert_int_equal(pa, 300 << 12 | 0xff8);
    assert_int_equal(hw, 0);
    assert_int_equal(oracle, 0x60);
    assert_true(physmem_compare(pm, ~(uint64_t)0x60, &pa, &hw, &oracle));
    assert_int_equal(pa, 900 << 12);
    assert_false(physmem_compare(pm, 0x100, &pa, &hw, &oracle));
    physmem_free(pm);
}

/* Against a plain array: random writes and releases, so that runs of the hash form, wrap and are closed again. */
static void random_writes_and_releases_match_an_array(void **state)
{
    (void)state;
    enum { FRAMES = 600 };
    static uint64_t expected[FRAMES];
    static bool held[FRAMES];
    memset(expected, 0, sizeof expected);
    memset(held, 0, sizeof held);
    struct physmem *pm = physmem_new(52);
    uint64_t random = 42, address[FRAMES];
    for (unsigned i = 0; i < FRAMES; i++)
        address[i] = (prng_next(&random) & 0xffffffffff) << 12;
    for (unsigned step = 0; step < 200000; step++) {
        unsigned i = (unsigned)prng_below(&random, FRAMES);
        if (prng_below(&random, 2)) {
            physmem_release(pm, address[i]);
            expected[i] = 0;
            held[i] = false;
        } else {
            expected[i] = prng_next(&random);
            held[i] = true;
            assert_true(physmem_write(pm, address[i] | 0x7f8, expected[i]));
        }
        unsigned j = (unsigned)prng_below(&random, FRAMES);
        assert_int_equal(physmem_read(pm, IMAGE_HW, address[j] | 0x7f8), expected[j]);
        assert_int_equal(physmem_line(pm, address[j] | 0x7c0)[7], expected[j]);
    }
    size_t count = 0;
    for (unsigned i = 0; i < FRAMES; i++) {
        assert_int_equal(physmem_read(pm, IMAGE_ORACLE, address[i] | 0x7f8), expected[i]);
        count += held[i];
    }
    assert_int_equal(physmem_bytes(pm), count * 8192);
    physmem_free(pm);
}

struct visited {
    uint64_t last, limit;
    unsigned count;
};

static bool visit(void *context, uint64_t frame_pa, const uint64_t *words)
{
    struct visited *v = context;
    assert_true(v->count == 0 || frame_pa > v->last);
    assert_int_equal(words[511], frame_pa);
    v->last = frame_pa;
    v->count++;
    return v->count < v->limit;
}

static void visit_goes_in_address_order_and_stops(void **state)
{
    (void)state;
    struct physmem *pm = physmem_new(52);
    uint64_t random = 1;
    for (unsigned i = 0; i < 500; i++) {
        uint64_t frame = (prng_next(&random) & 0xffffffffff) << 12;
        physmem_write(pm, frame | 0xff8, frame);
    }
    struct visited all = {.limit = 1000}, some = {.limit = 7};
    assert_true(physmem_visit(pm, IMAGE_ORACLE, visit, &all));
    assert_int_equal(all.count, 500);
    physmem_visit(pm, IMAGE_HW, visit, &some);
    assert_int_equal(some.count, 7);
    physmem_free(pm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(software_writes_reach_both_images),
        cmocka_unit_test(cas_changes_hw_only_and_only_on_a_match),
        cmocka_unit_test(modify_keeps_what_each_image_has),
        cmocka_unit_test(line_is_the_hw_image),
        cmocka_unit_test(addresses_beyond_the_width_do_not_exist),
        cmocka_unit_test(generation_counts_software_changes_only),
        cmocka_unit_test(compare_finds_the_first_difference_under_the_mask),
        cmocka_unit_test(random_writes_and_releases_match_an_array),
        cmocka_unit_test(visit_goes_in_address_order_and_stops),
    };
    return cmocka_run_group_tests_name("physmem", tests, NULL, NULL);
}
