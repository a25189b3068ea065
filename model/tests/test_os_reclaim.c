/* Memory pressure one step at a time: second chance, what happens to clean, dirty, anonymous, shared and offered pages,
 * swap, costs, and who is killed when nothing helps. */
#include "os_storm.h"

static const uint64_t BASE = 0x7f0000000000;
static struct storm storm;

static struct os_config pressed(void)
{
    return (struct os_config){.paddr_bits = 46,
                              .pcid = true,
                              .ram_bytes = (uint64_t)8 << 20,
                              .seed = 3,
                              .processes = true,
                              .reclaim = true,
                              .oom_kill = true,
                              .swap_bytes = (uint64_t)4 << 20};
}

static struct storm *fresh(const struct os_config *config)
{
    storm_init(&storm, config, 1);
    return &storm;
}

static void call(struct storm *s, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t result)
{
    const uint64_t arg[6] = {a0, a1, a2, a3, 5, 0};
    if (!os_syscall(s->os, number, arg, (int64_t)result))
        fail_msg("call %u: %s", (unsigned)number, os_error(s->os));
    storm_controls(s);
}

static void write_number(struct storm *s, uint64_t va, uint64_t number)
{
    s->frame[storm_touch(s, va, ACC_WRITE) / PAGE] = number;
}

static uint64_t number_at(struct storm *s, uint64_t va)
{
    return s->frame[storm_touch(s, va, ACC_READ) / PAGE];
}

static uint64_t entry_of(struct storm *s, uint64_t va)
{
    uint64_t pa, entry;
    storm_entry(s, va, 1, &pa, &entry);
    return entry;
}

/* Each call looks at every inactive page once at most: used pages survive the first. */
static void squeeze(struct storm *s)
{
    os_reclaim(s->os, UINT64_MAX);
    storm_controls(s);
}

static void used_pages_get_a_second_chance(void **state)
{
    (void)state;
    struct os_config config = pressed();
    config.flush_on_age = true;
    struct storm *s = fresh(&config);
    call(s, 9, 0, 0x10000, 3, 0x22, BASE);
    for (unsigned i = 0; i < 16; i++)
        write_number(s, BASE + i * PAGE, 100 + i);
    assert_int_equal(os_reclaim(s->os, 1), 0); /* enough is free: nothing is looked at */
    assert_true(entry_of(s, BASE) & ENTRY_A);
    struct os_memory memory;
    os_memory(s->os, &memory);
    os_reclaim(s->os, memory.free + 1);
    assert_int_equal(os_events(s->os)->activated, 16); /* all were in use */
    assert_int_equal(os_events(s->os)->swap_outs, 0);
    os_reclaim(s->os, memory.free + 1); /* they come back, and the oldest was not used since */
    storm_controls(s);
    assert_int_equal(os_events(s->os)->deactivated, 16);
    assert_int_equal(os_events(s->os)->swap_outs, 1);
    assert_false(entry_of(s, BASE) & ENTRY_P);
    storm_touch(s, BASE + PAGE, ACC_READ);
    os_reclaim(s->os, memory.free + 2);
    storm_controls(s);
    assert_true(entry_of(s, BASE + PAGE) & ENTRY_P); /* the next one has been used since: the one behind it goes */
    assert_false(entry_of(s, BASE + 2 * PAGE) & ENTRY_P);
    assert_int_equal(os_events(s->os)->swap_outs, 2);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(number_at(s, BASE + i * PAGE), 100 + i);
    storm_audit(s);
    storm_end(s);
}

/* A non-present entry with the slot, in Linux's layout; the same number comes back into another frame; the fault is a
 * major one. */
static void anonymous_pages_go_to_swap_and_back(void **state)
{
    (void)state;
    for (unsigned disk = 0; disk < 2; disk++) {
        struct os_config config = pressed();
        config.device = disk ? OS_DISK : OS_NVME;
        struct storm *s = fresh(&config);
        call(s, 9, 0, 0x2000, 3, 0x22, BASE);
        write_number(s, BASE, 41);
        squeeze(s);
        squeeze(s);
        uint64_t entry = entry_of(s, BASE);
        assert_false(entry & (ENTRY_P | ENTRY_US));
        assert_int_equal(~(entry >> 9) & 0x3ffffffffffff, 1); /* slot 1, inverted in bits 58:9 */
        struct os_status status;
        os_status(s->os, 1, &status);
        assert_int_equal(status.swap, PAGE);
        assert_int_equal(status.rss, 0);
        assert_int_equal(status.rss_peak, PAGE);
        uint64_t before = os_events(s->os)->cycles;
        assert_int_equal(number_at(s, BASE), 41);
        assert_in_range(os_events(s->os)->cycles - before, disk ? 12000000 : 150000, disk ? 12002000 : 152000);
        assert_int_equal(os_events(s->os)->major_faults, 1);
        struct os_memory memory;
        os_memory(s->os, &memory);
        assert_int_equal(memory.swap_used, 0);
        storm_audit(s);
        storm_end(s);
    }
}

/* Parent and child have one page in swap: one reads it in, the other finds it in the swap cache, and both still have it
 * in common. */
static void a_shared_page_comes_back_once(void **state)
{
    (void)state;
    struct os_config config = pressed();
    struct storm *s = fresh(&config);
    call(s, 9, 0, 0x2000, 3, 0x22, BASE);
    write_number(s, BASE, 42);
    assert_true(os_fork(s->os, 1, 2));
    squeeze(s);
    squeeze(s);
    assert_int_equal(os_events(s->os)->swap_outs, 1);
    assert_int_equal(number_at(s, BASE), 42);
    uint64_t frame = storm_touch(s, BASE, ACC_READ);
    write_number(s, BASE, 43); /* the child's entry still stands for the slot: a copy */
    assert_int_not_equal(storm_touch(s, BASE, ACC_READ), frame);
    assert_true(os_switch(s->os, 2));
    storm_controls(s);
    assert_int_equal(number_at(s, BASE), 42);
    storm_audit(s);
    struct os_memory memory;
    os_memory(s->os, &memory);
    assert_int_equal(memory.swap_used, 0);
    storm_end(s);
}

static void clean_file_pages_are_dropped_and_dirty_ones_written(void **state)
{
    (void)state;
    struct os_config config = pressed();
    struct storm *s = fresh(&config);
    assert_true(os_open_file(s->os, 5, "data"));
    call(s, 9, 0, 0x4000, 3, 1, BASE);
    uint64_t origin = number_at(s, BASE);
    write_number(s, BASE + PAGE, 55);
    assert_int_equal(os_write_back(s->os, 100), 1); /* clean from now on, and D says when it is written again */
    storm_controls(s);
    assert_false(entry_of(s, BASE + PAGE) & ENTRY_D);
    assert_int_equal(os_write_back(s->os, 100), 0);
    write_number(s, BASE + PAGE, 56);
    assert_true(entry_of(s, BASE + PAGE) & ENTRY_D);
    for (unsigned i = 0; i < 4; i++)
        squeeze(s);
    assert_int_equal(os_events(s->os)->dropped_clean, 1);
    assert_int_equal(os_events(s->os)->write_backs, 2);
    assert_int_equal(os_counts(s->os)->data_frames, 0);
    assert_int_equal(number_at(s, BASE), origin);
    assert_int_equal(number_at(s, BASE + PAGE), 56);
    assert_int_equal(os_events(s->os)->file_reads, 4);
    storm_audit(s);
    storm_end(s);
}

static void anonymous_shared_memory_swaps_through_the_page_cache(void **state)
{
    (void)state;
    struct os_config config = pressed();
    struct storm *s = fresh(&config);
    call(s, 9, 0, 0x4000, 3, 0x21, BASE);
    write_number(s, BASE, 60);
    assert_true(os_fork(s->os, 1, 2));
    squeeze(s);
    squeeze(s);
    assert_int_equal(entry_of(s, BASE), 0);
    struct os_usage usage;
    assert_true(os_usage(s->os, 1, &usage));
    assert_int_equal(usage.swap, PAGE);
    assert_true(os_switch(s->os, 2));
    storm_controls(s);
    assert_int_equal(number_at(s, BASE), 60);
    write_number(s, BASE, 61);
    assert_true(os_switch(s->os, 1));
    storm_controls(s);
    assert_int_equal(number_at(s, BASE), 61);
    storm_audit(s);
    storm_end(s);
}

static void offered_pages_are_taken_unless_written_again(void **state)
{
    (void)state;
    struct os_config config = pressed();
    struct storm *s = fresh(&config);
    call(s, 9, 0, 0x4000, 3, 0x22, BASE);
    for (unsigned i = 0; i < 3; i++)
        write_number(s, BASE + i * PAGE, 70 + i);
    call(s, 28, BASE, 0x2000, 8, 0, 0);
    assert_false(entry_of(s, BASE) & (ENTRY_A | ENTRY_D));
    assert_int_equal(number_at(s, BASE), 70);
    write_number(s, BASE + PAGE, 80);
    squeeze(s);
    squeeze(s);
    squeeze(s);
    assert_int_equal(os_events(s->os)->lazy_freed, 1);
    assert_int_equal(number_at(s, BASE), 0);
    assert_int_equal(number_at(s, BASE + PAGE), 80);
    assert_int_equal(number_at(s, BASE + 2 * PAGE), 72);
    storm_audit(s);
    storm_end(s);
}

/* The bigger process goes, whoever asks; oom_score_adj shifts that; -1000 protects. */
static void the_worst_is_killed(void **state)
{
    (void)state;
    for (unsigned shifted = 0; shifted < 2; shifted++) {
        struct os_config config = pressed();
        config.swap_bytes = 0;
        struct storm *s = fresh(&config);
        assert_true(os_oom_adjust(s->os, 1, -1000));
        assert_true(os_fork(s->os, 1, 2) && os_fork(s->os, 1, 3));
        assert_true(os_oom_adjust(s->os, 2, 0) &&
                    os_oom_adjust(s->os, 3, shifted ? 900 : 0)); /* fork has handed the -1000 down */
        static const unsigned pages[4] = {0, 0, 1100, 400};
        for (unsigned task = 2; task <= 3; task++) {
            assert_true(os_exec(s->os, task, task == 2 ? "big" : "small") && os_switch(s->os, task));
            storm_controls(s);
            call(s, 9, 0, 0x1000000, 3, 0x22, BASE);
            for (unsigned i = 0; i < pages[task]; i++)
                write_number(s, BASE + (uint64_t)i * PAGE, i);
        }
        assert_int_equal(os_events(s->os)->oom_kills, 0);
        assert_string_equal(os_oom_report(s->os), "");
        uint64_t addr;
        enum os_outcome outcome = OS_RETRY;
        for (unsigned i = 400; i < 1000 && outcome == OS_RETRY && !os_events(s->os)->oom_kills; i++)
            outcome = storm_access(s, BASE + (uint64_t)i * PAGE, ACC_WRITE, &addr);
        assert_int_equal(os_events(s->os)->oom_kills, 1);
        assert_int_equal(outcome, shifted ? OS_OOM : OS_RETRY);
        assert_int_equal(os_current(s->os), shifted ? 0 : 3);
        struct os_status status;
        assert_int_equal(os_status(s->os, 2, &status), shifted);
        assert_int_equal(os_status(s->os, 3, &status), !shifted);
        const char *said = os_oom_report(s->os);
        if (!strstr(said, shifted ? "Killed process 3 (small) total-vm:16384kB"
                                  : "Killed process 2 (big) total-vm:16384kB, anon-rss:4400kB"))
            fail_msg("%s", said);
        assert_non_null(strstr(said, "highest badness"));
        assert_non_null(strstr(said, "of 2 candidates"));
        storm_audit(s);
        storm_end(s);
    }
}

static void a_full_swap_is_not_overrun(void **state)
{
    (void)state;
    struct os_config config = pressed();
    config.swap_bytes = 16 * PAGE;
    config.oom_kill = false;
    struct storm *s = fresh(&config);
    call(s, 9, 0, 0x1000000, 3, 0x22, BASE);
    uint64_t addr, written = 0;
    while (storm_access(s, BASE + written * PAGE, ACC_WRITE, &addr) == OS_RETRY) {
        s->frame[addr / PAGE] = 1000 + written;
        written++;
    }
    assert_non_null(strstr(os_error(s->os), "out of memory"));
    struct os_memory memory;
    os_memory(s->os, &memory);
    assert_int_equal(memory.swap_used, 16);
    assert_in_range(written, 2000, 2048 + 16);
    storm_audit(s);
    storm_end(s);
}

static void one_read_fault_maps_the_neighbours(void **state)
{
    (void)state;
    struct os_config config = pressed();
    config.fault_around = 16;
    config.warm_files = true;
    struct storm *s = fresh(&config);
    assert_true(os_map_file(s->os, BASE + 0x3000, BASE + 0x40000, OS_READ, 0, "lib", 0));
    storm_touch(s, BASE + 0x5000, ACC_READ);
    struct os_status status;
    os_status(s->os, 1, &status);
    assert_int_equal(
        status.rss,
        16 * PAGE); /* 64 KiB: not from the aligned address, where nothing is mapped, but from the mapping's start */
    assert_int_equal(status.minor_faults, 1);
    assert_int_equal(status.major_faults, 0);
    storm_touch(s, BASE + 0x12000, ACC_READ);
    os_status(s->os, 1, &status);
    assert_int_equal(status.minor_faults, 1);
    storm_touch(s, BASE + 0x13000, ACC_READ);
    os_status(s->os, 1, &status);
    assert_int_equal(status.minor_faults, 2);
    assert_int_equal(status.rss, 29 * PAGE); /* the rest of this aligned 64 KiB */
    storm_audit(s);
    storm_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(used_pages_get_a_second_chance),
        cmocka_unit_test(anonymous_pages_go_to_swap_and_back),
        cmocka_unit_test(a_shared_page_comes_back_once),
        cmocka_unit_test(clean_file_pages_are_dropped_and_dirty_ones_written),
        cmocka_unit_test(anonymous_shared_memory_swaps_through_the_page_cache),
        cmocka_unit_test(offered_pages_are_taken_unless_written_again),
        cmocka_unit_test(the_worst_is_killed),
        cmocka_unit_test(a_full_swap_is_not_overrun),
        cmocka_unit_test(one_read_fault_maps_the_neighbours),
    };
    return cmocka_run_group_tests_name("os reclaim", tests, NULL, NULL);
}
