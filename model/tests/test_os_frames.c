/* The frame allocator: every frame once, aligned, below the installed memory, scattered, repeatable; large frames come
 * back whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mem/prng.h"
#include "os/frames.h"

static const uint64_t MIB = 1 << 20;
static const uint64_t GIB = 1 << 30;

static void every_small_frame_exactly_once(void **state)
{
    (void)state;
    static const uint64_t ram[] = {4 << 20, (5 << 20) + 0x3000, 64 << 20, (1 << 30) + (6 << 20) + 0x1000};
    for (unsigned i = 0; i < 4; i++) {
        uint64_t count = ram[i] >> 12, taken = 0, pa;
        struct frames *f = frames_new(ram[i], 3);
        bool *seen = calloc(count, 1);
        while ((pa = frames_take(f, 1)) != 0) {
            assert_int_equal(pa & 0xfff, 0);
            assert_true(pa < ram[i] && !seen[pa >> 12]);
            seen[pa >> 12] = true;
            taken++;
        }
        assert_int_equal(taken, count - 1); /* all but frame 0 */
        free(seen);
        frames_free(f);
    }
}

static void large_frames_are_aligned_and_apart(void **state)
{
    (void)state;
    struct frames *f = frames_new(4 * GIB, 3);
    uint64_t pa, giants = 0, larges = 0;
    while ((pa = frames_take(f, 3)) != 0) {
        assert_true(pa % GIB == 0 && pa < 4 * GIB);
        giants++;
    }
    assert_int_equal(giants, 3); /* the first GiB lacks frame 0 */
    while ((pa = frames_take(f, 2)) != 0) {
        assert_true(pa % (2 * MIB) == 0 && pa < GIB);
        larges++;
    }
    assert_int_equal(larges, 511);
    frames_free(f);
}

static void small_frames_leave_large_ones_whole(void **state)
{
    (void)state;
    struct frames *f = frames_new(16 * GIB, 3);
    uint64_t giants = 0;
    for (unsigned i = 0; i < GIB / 4096; i++)
        assert_true(frames_take(f, 1) != 0);
    while (frames_take(f, 3))
        giants++;
    assert_in_range(giants, 13, 15);
    frames_free(f);
}

static void neighbours_are_scattered(void **state)
{
    (void)state;
    struct frames *f = frames_new(4 * GIB, 3), *g = frames_new(4 * GIB, 4), *h = frames_new(4 * GIB, 3);
    unsigned adjacent = 0, same = 0;
    uint64_t last = 0;
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t pa = frames_take(f, 1);
        adjacent += pa == last + 4096;
        same += pa == frames_take(g, 1);
        assert_int_equal(frames_take(h, 1), pa); /* the same seed gives the same order */
        last = pa;
    }
    assert_true(adjacent < 100);
    assert_true(same < 100);
    frames_free(f);
    frames_free(g);
    frames_free(h);
}

static void split_frames_come_back_whole(void **state)
{
    (void)state;
    struct frames *f = frames_new(2 * GIB, 3);
    uint64_t giant = frames_take(f, 3);
    assert_int_equal(giant, GIB);
    assert_int_equal(frames_take(f, 3), 0);
    frames_split(f, giant, 3);
    frames_split(f, giant + 6 * MIB, 2);
    for (uint64_t i = 0; i < 512; i++)
        frames_give(f, giant + 6 * MIB + i * 4096, 1);
    for (uint64_t i = 0; i < 512; i++) {
        assert_int_equal(frames_take(f, 3), 0);
        if (i != 3)
            frames_give(f, giant + i * 2 * MIB, 2);
    }
    assert_int_equal(frames_take(f, 3), giant);
    frames_free(f);
}

/* Random taking and giving at all sizes; a map of small frames says that nothing is handed out twice; at the end all is
 * back. */
static void random_use_is_exact(void **state)
{
    (void)state;
    enum { HELD = 3000 };
    static struct {
        uint64_t pa;
        unsigned level;
    } held[HELD];
    const uint64_t ram = 3 * GIB + 10 * MIB;
    struct frames *f = frames_new(ram, 5);
    bool *used = calloc(ram >> 12, 1);
    uint64_t random = 11;
    unsigned count = 0;
    for (unsigned step = 0; step < 60000; step++) {
        bool take = count == 0 || (count < HELD && prng_below(&random, 100) < (step / 5000 % 2 ? 35 : 65));
        unsigned dice = (unsigned)prng_below(&random, 1000), level = dice == 0 ? 3 : dice < 50 ? 2 : 1;
        unsigned i = take ? count : (unsigned)prng_below(&random, count);
        if (take) {
            uint64_t pa = frames_take(f, level);
            if (!pa)
                continue;
            held[count].pa = pa;
            held[count++].level = level;
        }
        for (uint64_t s = 0; s < (uint64_t)1 << 9 * (held[i].level - 1); s++) {
            uint64_t frame = (held[i].pa >> 12) + s;
            assert_true(frame < ram >> 12 && used[frame] != take);
            used[frame] = take;
        }
        if (!take) {
            frames_give(f, held[i].pa, held[i].level);
            held[i] = held[--count];
        }
    }
    while (count--)
        frames_give(f, held[count].pa, held[count].level);
    uint64_t total = 0;
    while (frames_take(f, 3))
        total += 1 << 18;
    while (frames_take(f, 2))
        total += 512;
    while (frames_take(f, 1))
        total++;
    assert_int_equal(total, (ram >> 12) - 1);
    free(used);
    frames_free(f);
}

static void too_little_memory_is_refused(void **state)
{
    (void)state;
    assert_null(frames_new(4 * MIB - 4096, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_frame_exactly_once),      cmocka_unit_test(large_frames_are_aligned_and_apart),
        cmocka_unit_test(small_frames_leave_large_ones_whole), cmocka_unit_test(neighbours_are_scattered),
        cmocka_unit_test(split_frames_come_back_whole),        cmocka_unit_test(random_use_is_exact),
        cmocka_unit_test(too_little_memory_is_refused),
    };
    return cmocka_run_group_tests_name("os frames", tests, NULL, NULL);
}
