/* What a replay of processes asks of the OS model: many processes from any time on, who is about to be killed,
 * processes whose leader has gone. */
#include "os_storm.h"

static const uint64_t BASE = 0x7f0000000000;
static struct storm storm;

static struct os_config pressed(void)
{
    return (struct os_config){.paddr_bits = 46,
                              .pcid = true,
                              .ram_bytes = (uint64_t)8 << 20,
                              .seed = 5,
                              .processes = true,
                              .reclaim = true,
                              .oom_kill = true};
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

static void a_kernel_for_one_process_becomes_one_for_many(void **state)
{
    (void)state;
    struct os_config config = pressed();
    config.processes = config.reclaim = config.oom_kill = false;
    struct storm *s = fresh(&config);
    const uint64_t tables = os_counts(s->os)->table_frames;
    assert_false(os_fork(s->os, 1, 2));
    assert_true(os_allow_processes(s->os) && os_allow_processes(s->os)); /* once is enough */
    assert_int_equal(os_counts(s->os)->table_frames, tables + 1);        /* the kernel's own root */
    assert_true(os_name(s->os, 1, "first") && !os_name(s->os, 9, "nobody"));
    assert_true(os_fork(s->os, 1, 2) && os_switch(s->os, 2) && os_exit(s->os, 2));
    storm_controls(s);
    struct os_status status;
    assert_true(os_status(s->os, 1, &status));
    assert_string_equal(status.name, "first");
    assert_int_equal(os_current(s->os), 0);
    storm_audit(s);
    storm_end(s);
}

struct death {
    const struct os *os;
    unsigned process, times;
    uint64_t rss;
};

static void dying(void *context, unsigned process)
{
    struct death *death = context;
    struct os_status status;
    death->times++;
    death->process = process;
    for (unsigned task = os_next_task(death->os, 0); task; task = os_next_task(death->os, task))
        if (os_status(death->os, task, &status) && status.process == process)
            death->rss = status.rss;
}

/* The leader of process 2 has ended, its thread 3 lives and wants everything: process 2 is killed, and is whole when
 * that is told. */
static void a_process_is_killed_without_its_leader(void **state)
{
    (void)state;
    struct os_config config = pressed();
    struct storm *s = fresh(&config);
    struct death death = {.os = s->os};
    uint64_t addr;
    enum os_outcome outcome = OS_RETRY;
    os_watch_deaths(s->os, dying, &death);
    assert_true(os_fork(s->os, 1, 2) && os_thread(s->os, 2, 3) && os_exit(s->os, 2) && os_switch(s->os, 3));
    storm_controls(s);
    assert_true(os_shares_memory(s->os, 3, 3) && !os_shares_memory(s->os, 1, 3) && !os_shares_memory(s->os, 1, 2));
    call(s, 9, 0, 0x2000000, 3, 0x22, BASE);
    for (unsigned i = 0; i < 8192 && outcome == OS_RETRY; i++)
        outcome = storm_access(s, BASE + (uint64_t)i * PAGE, ACC_WRITE, &addr);
    assert_int_equal(outcome, OS_OOM);
    assert_int_equal(death.times, 1);
    assert_int_equal(death.process, 2);
    assert_in_range(death.rss, (uint64_t)7 << 20, (uint64_t)8 << 20);
    assert_int_equal(os_next_task(s->os, 1), 0);
    storm_audit(s);
    storm_end(s);
}

static void a_segment_in_pieces_is_detached_whole(void **state)
{
    (void)state;
    struct os_config config = pressed();
    struct storm *s = fresh(&config);
    struct os_status status;
    uint64_t addr;
    call(s, 30, 7, BASE, 0, 0x5000, BASE);
    call(s, 10, BASE + 0x2000, 0x1000, 1, 0, 0);
    assert_int_equal(storm_access(s, BASE + 0x4000, ACC_WRITE, &addr), OS_RETRY);
    call(s, 67, BASE, 0, 0, 0, 0);
    assert_true(os_status(s->os, 1, &status));
    assert_int_equal(status.vsz, 0);
    storm_audit(s);
    storm_end(s);
}

/* Whether A was ever cleared without invalidation. */
static void ageing_is_told(void **state)
{
    (void)state;
    for (unsigned flushed = 0; flushed < 2; flushed++) {
        struct os_config config = pressed();
        config.swap_bytes = (uint64_t)16 << 20;
        config.flush_on_age = flushed;
        struct storm *s = fresh(&config);
        uint64_t addr;
        call(s, 9, 0, 0x1000000, 3, 0x22, BASE);
        assert_false(os_aged(s->os));
        for (unsigned i = 0; i < 3000; i++)
            assert_int_equal(storm_access(s, BASE + (uint64_t)i * PAGE, ACC_WRITE, &addr), OS_RETRY);
        assert_int_equal(os_aged(s->os), !flushed);
        storm_audit(s);
        storm_end(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_for_one_process_becomes_one_for_many),
        cmocka_unit_test(a_process_is_killed_without_its_leader),
        cmocka_unit_test(a_segment_in_pieces_is_detached_whole),
        cmocka_unit_test(ageing_is_told),
    };
    return cmocka_run_group_tests_name("os tasks", tests, NULL, NULL);
}
