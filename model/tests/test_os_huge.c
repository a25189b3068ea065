/* Large pages with many processes: by advice, explicit ones, shared after fork, split, made by khugepaged, under memory
 * pressure. */
#include "os_storm.h"

static const uint64_t BASE = 0x7f0000000000, M2 = 0x200000;
static struct storm storm;

static struct os_config large(void)
{
    return (struct os_config){.paddr_bits = 46,
                              .pcid = true,
                              .page_1g = true,
                              .pages = OS_PAGES_THP,
                              .ram_bytes = (uint64_t)32 << 20,
                              .seed = 3,
                              .processes = true,
                              .reclaim = true,
                              .swap_bytes = (uint64_t)16 << 20};
}

static struct storm *fresh(const struct os_config *config)
{
    storm_init(&storm, config, 1);
    return &storm;
}

static void call(struct storm *s, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t result)
{
    const uint64_t arg[6] = {a0, a1, a2, a3, UINT64_MAX, 0};
    if (!os_syscall(s->os, number, arg, (int64_t)result))
        fail_msg("call %u: %s", (unsigned)number, os_error(s->os));
    storm_controls(s);
}

static void to(struct storm *s, unsigned task)
{
    assert_true(os_switch(s->os, task));
    storm_controls(s);
}

/* Level of the leaf for va: 1 … 3, 0: none. */
static unsigned level_at(const struct storm *s, uint64_t va)
{
    for (unsigned level = 3; level >= 1; level--) {
        uint64_t pa, entry;
        if (storm_entry(s, va, level, &pa, &entry) && (level == 1 || entry & ENTRY_PS))
            return level;
    }
    return 0;
}

static uint64_t anon_huge(struct storm *s, unsigned task)
{
    struct os_usage usage;
    assert_true(os_usage(s->os, task, &usage));
    return usage.anon_huge;
}

static void only_where_it_was_asked_for(void **state)
{
    (void)state;
    struct os_config config = large();
    config.thp_madvise = true;
    struct storm *s = fresh(&config);
    call(s, 9, 0, 3 * M2, 3, 0x22, BASE);
    call(s, 28, BASE + M2, M2, 14, 0, 0);
    storm_touch(s, BASE, ACC_WRITE);
    storm_touch(s, BASE + M2, ACC_WRITE);
    assert_int_equal(level_at(s, BASE), 1);
    assert_int_equal(level_at(s, BASE + M2), 2);
    call(s, 28, BASE + M2, 0x1000, 15, 0, 0); /* a mapping of its own now: the large page is split */
    assert_int_equal(level_at(s, BASE + M2), 1);
    assert_int_equal(anon_huge(s, 1), 0);
    storm_audit(s);
    storm_end(s);

    config.thp_madvise = false; /* always, unless forbidden */
    s = fresh(&config);
    call(s, 9, 0, 2 * M2, 3, 0x22, BASE);
    call(s, 28, BASE + M2, M2, 15, 0, 0);
    storm_touch(s, BASE, ACC_WRITE);
    storm_touch(s, BASE + M2, ACC_WRITE);
    assert_int_equal(level_at(s, BASE), 2);
    assert_int_equal(level_at(s, BASE + M2), 1);
    storm_end(s);
}

/* Linux splits a shared large page on a write and copies 4 KiB; here both processes' entries are split, and 511 pages
 * stay shared. */
static void fork_shares_large_pages_until_written(void **state)
{
    (void)state;
    struct os_config config = large();
    struct storm *s = fresh(&config);
    call(s, 9, 0, M2, 3, 0x22, BASE);
    uint64_t frame = storm_touch(s, BASE + 0x5000, ACC_WRITE) - 0x5000;
    s->frame[frame / PAGE + 5] = 5;
    assert_true(os_fork(s->os, 1, 2));
    storm_controls(s);
    storm_touch(s, BASE, ACC_READ);
    to(s, 2);
    assert_int_equal(storm_touch(s, BASE, ACC_READ), frame);
    assert_int_equal(level_at(s, BASE), 2);
    assert_int_equal(anon_huge(s, 2), M2);
    uint64_t copy = storm_touch(s, BASE + 0x5000, ACC_WRITE);
    assert_int_equal(s->frame[copy / PAGE], 5);
    assert_int_equal(level_at(s, BASE), 1);
    assert_int_equal(storm_touch(s, BASE + 0x6000, ACC_READ), frame + 0x6000);
    to(s, 1);
    assert_int_equal(level_at(s, BASE), 1);
    assert_int_equal(storm_touch(s, BASE + 0x5000, ACC_READ), frame + 0x5000);
    assert_int_equal(os_counts(s->os)->data_frames, 513);
    struct os_usage usage;
    assert_true(os_usage(s->os, 1, &usage));
    assert_int_equal(usage.shared_clean + usage.shared_dirty, 511 * PAGE);
    storm_audit(s);
    storm_end(s);
}

static void small_pages_become_a_large_one(void **state)
{
    (void)state;
    for (unsigned by_call = 0; by_call < 2; by_call++) {
        struct os_config config = large();
        config.thp_madvise = true;
        struct storm *s = fresh(&config);
        call(s, 9, 0, 2 * M2, 3, 0x22, BASE);
        for (unsigned i = 0; i < 100; i++)
            s->frame[storm_touch(s, BASE + i * PAGE, ACC_WRITE) / PAGE] = 1 + i;
        storm_touch(s, BASE + 200 * PAGE, ACC_READ); /* a page of zeros */
        call(s, 28, BASE, 2 * M2, 14, 0, 0);
        uint64_t tables = os_counts(s->os)->table_frames;
        if (by_call)
            call(s, 28, BASE, 2 * M2, 25, 0, 0);
        else
            assert_int_equal(os_collapse(s->os, 100), 1);
        storm_controls(s);
        assert_int_equal(level_at(s, BASE), 2);
        assert_int_equal(level_at(s, BASE + M2), 0); /* nothing there */
        assert_int_equal(os_counts(s->os)->table_frames, tables - 1);
        assert_int_equal(os_counts(s->os)->data_frames, 512);
        for (unsigned i = 0; i < 201; i++)
            assert_int_equal(s->frame[storm_touch(s, BASE + i * PAGE, ACC_READ) / PAGE], i < 100 ? 1 + i : 0);
        storm_audit(s);
        storm_end(s);
    }
}

/* A page of swap needs a small page: the large one is split when its turn comes. */
static void pressure_splits_large_pages(void **state)
{
    (void)state;
    struct os_config config = large();
    struct storm *s = fresh(&config);
    call(s, 9, 0, 4 * M2, 3, 0x22, BASE);
    for (unsigned i = 0; i < 4 * 512; i++)
        s->frame[storm_touch(s, BASE + (uint64_t)i * PAGE, ACC_WRITE) / PAGE] = 1 + i;
    assert_int_equal(anon_huge(s, 1), 4 * M2);
    struct os_memory memory;
    os_memory(s->os, &memory);
    for (unsigned i = 0; i < 3; i++)
        os_reclaim(s->os, memory.free + 700);
    storm_controls(s);
    assert_int_equal(anon_huge(s, 1), 2 * M2);
    assert_in_range(os_events(s->os)->swap_outs, 700, 800);
    for (unsigned i = 0; i < 4 * 512; i++)
        assert_int_equal(s->frame[storm_touch(s, BASE + (uint64_t)i * PAGE, ACC_READ) / PAGE], 1 + i);
    storm_audit(s);
    storm_end(s);
}

static void explicit_large_pages(void **state)
{
    (void)state;
    struct os_config config = large();
    struct storm *s = fresh(&config);
    call(s, 9, 0, 0x1000, 3, 0x40022, BASE); /* MAP_HUGETLB; the length is rounded up */
    uint64_t frame = storm_touch(s, BASE + M2 - 8, ACC_WRITE);
    assert_int_equal(level_at(s, BASE), 2);
    s->frame[frame / PAGE] = 9;
    struct os_usage usage;
    assert_true(os_usage(s->os, 1, &usage));
    assert_int_equal(usage.private_hugetlb, M2);
    assert_int_equal(usage.rss, 0); /* as Linux counts */
    assert_true(os_fork(s->os, 1, 2));
    os_reclaim(s->os, UINT64_MAX); /* they are not reclaimed */
    to(s, 2);
    assert_int_equal(storm_touch(s, BASE + M2 - 8, ACC_READ), frame);
    uint64_t copy = storm_touch(s, BASE + M2 - 8, ACC_WRITE);
    assert_int_equal(level_at(s, BASE), 2); /* copied whole */
    assert_int_not_equal(copy, frame);
    assert_int_equal(s->frame[copy / PAGE], 9);
    const uint64_t arg[6] = {BASE, 0x1000, 0, 0, 0, 0};
    assert_false(os_syscall(s->os, 11, arg, 0)); /* Linux: EINVAL */
    assert_non_null(strstr(os_error(s->os), "MAP_HUGETLB"));
    to(s, 1);
    call(s, 9, 0, M2, 3, 0x40021, BASE + M2); /* shared */
    frame = storm_touch(s, BASE + M2, ACC_WRITE);
    assert_true(os_fork(s->os, 1, 3));
    to(s, 3);
    assert_int_equal(storm_touch(s, BASE + M2, ACC_WRITE), frame);
    call(s, 11, BASE + M2, M2, 0, 0, 0);
    storm_audit(s);
    for (unsigned task = 1; task <= 3; task++)
        assert_true(os_exit(s->os, task));
    storm_controls(s);
    assert_int_equal(os_counts(s->os)->data_frames, 0);
    storm_end(s);

    config.ram_bytes = (uint64_t)3 << 30;
    s = fresh(&config);
    call(s, 9, 0, (uint64_t)1 << 30, 3, 0x40022 | (uint64_t)30 << 26, BASE);
    storm_touch(s, BASE + 0x12345678, ACC_WRITE);
    assert_int_equal(level_at(s, BASE), 3);
    storm_audit(s);
    storm_end(s);
}

/* When all of a mapping's large pages are in use elsewhere, the fault says so. */
static void explicit_large_pages_run_out(void **state)
{
    (void)state;
    struct os_config config = large();
    struct storm *s = fresh(&config);
    call(s, 9, 0, 32 * M2, 3, 0x40022, BASE);
    uint64_t addr, n = 0;
    while (storm_access(s, BASE + n * M2, ACC_WRITE, &addr) == OS_RETRY)
        n++;
    assert_in_range(n, 12, 15);
    assert_non_null(strstr(os_error(s->os), "no free page of 2 MiB"));
    storm_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_where_it_was_asked_for),    cmocka_unit_test(fork_shares_large_pages_until_written),
        cmocka_unit_test(small_pages_become_a_large_one), cmocka_unit_test(pressure_splits_large_pages),
        cmocka_unit_test(explicit_large_pages),           cmocka_unit_test(explicit_large_pages_run_out),
    };
    return cmocka_run_group_tests_name("os huge", tests, NULL, NULL);
}
