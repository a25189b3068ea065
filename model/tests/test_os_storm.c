/* Storms of processes at the edge of memory: fork, exec, exit, memory calls, pressure, judged by os_storm_model.h;
 * nothing may be left when everybody has gone, and the accounts must be exact all the time. */
#include "os_storm_model.h"

static void copy_model(struct process *to, const struct process *from)
{
    memcpy(to->page, from->page, sizeof to->page);
    for (unsigned i = 0; i < PAGES; i++) {
        if (to->page[i].no_fork)
            to->page[i] = (struct page){0};
        if (to->page[i].wipe) {
            to->page[i].value = 0;
            to->page[i].free = false;
        }
    }
}

static void do_fork(struct process *p)
{
    unsigned i = below(PROCESSES), number = p->task;
    if (process[i].task)
        return;
    if (!os_fork(storm.os, os_current(storm.os), ++last_task)) {
        storm_controls(&storm);
        return; /* no memory for the child's page tables */
    }
    storm_controls(&storm);
    assert_int_equal(number, p->task);
    copy_model(&process[i], p);
    process[i].task = last_task;
    process[i].thread = 0;
}

/* The child borrows the parent's memory, reads in it, and then executes a program or exits. */
static void do_vfork(struct process *p)
{
    unsigned i = below(PROCESSES), parent = os_current(storm.os);
    if (process[i].task)
        return;
    assert_true(os_vfork(storm.os, parent, ++last_task));
    assert_true(os_switch(storm.os, last_task));
    storm_controls(&storm);
    assert_false(os_switch(storm.os, parent));
    do_touch(p);
    if (os_current(storm.os) != last_task)
        return; /* killed together with its parent */
    if (below(2)) {
        assert_true(os_exit(storm.os, last_task));
    } else if (os_exec(storm.os, last_task, "child")) {
        memset(process[i].page, 0, sizeof process[i].page);
        process[i].task = last_task;
        process[i].thread = 0;
        for (unsigned file = 0; file < OBJECTS; file++)
            assert_true(os_open_file(storm.os, 10 + (int)file, (const char[]){'f', (char)('0' + file), 0}));
    } else if (os_current(storm.os)) {
        assert_true(os_exit(storm.os, last_task));
    }
    storm_controls(&storm);
}

static void do_exit(struct process *p)
{
    if (p == &process[0])
        return;
    if (p->thread && below(2)) {
        assert_true(os_exit(storm.os, p->thread));
        p->thread = 0;
    } else {
        assert_true(os_exit_group(storm.os, p->task));
        p->task = p->thread = 0;
    }
    storm_controls(&storm);
}

static void do_process(struct process *p)
{
    switch (below(8)) {
    case 0:
    case 1:
    case 2:
    case 3:
        do_fork(p);
        break;
    case 4:
        do_vfork(p);
        break;
    case 5:
        if (!p->thread && os_thread(storm.os, p->task, ++last_task))
            p->thread = last_task;
        break;
    default:
        do_exit(p);
    }
}

static void do_kernel(void)
{
    switch (below(4)) {
    case 0:
        os_write_back(storm.os, below(64));
        break;
    case 1:
        os_collapse(storm.os, below(8));
        break;
    case 2:
        os_reclaim(storm.os, below((unsigned)storm.frames / 4));
        break;
    default:
        os_oom_adjust(storm.os, pick()->task, (int)below(600) - 300);
        os_oom_adjust(storm.os, 1, -1000);
    }
    storm_controls(&storm);
}

static void one_op(void)
{
    struct process *p = pick();
    unsigned k = below(100);
    ops++;
    if (k < 5)
        do_mmap(p);
    else if (k < 6)
        do_munmap(p);
    else if (k < 8)
        do_mprotect(p);
    else if (k < 11)
        do_madvise(p);
    else if (k < 12)
        do_mremap(p);
    else if (k < 14)
        do_process(p);
    else if (k < 15)
        do_kernel();
    else if (k < 20)
        do_sweep(p);
    else
        do_touch(p);
}

static void start(const struct os_config *config, uint64_t seed)
{
    storm_init(&storm, config, seed);
    large = config->pages != OS_PAGES_4K;
    memset(process, 0, sizeof process);
    memset(shared, 0, sizeof shared);
    process[0].task = last_task = 1;
    objects = OBJECTS;
    os_oom_adjust(storm.os, 1, -1000);
    for (unsigned object = 0; object < OBJECTS; object++) {
        object_file[object] = object + 1;
        assert_true(os_open_file(storm.os, 10 + (int)object, (const char[]){'f', (char)('0' + object), 0}));
        for (unsigned i = 0; i < OBJECT_PAGES; i++)
            shared[object][i] = file_origin(object + 1, i);
    }
}

/* Everybody exits: nothing may be left but the page cache. */
static void finish(void)
{
    struct os_memory memory;
    for (unsigned task; (task = os_next_task(storm.os, 0));)
        assert_true(os_exit_group(storm.os, task));
    storm_controls(&storm);
    storm_audit(&storm);
    os_memory(storm.os, &memory);
    assert_int_equal(memory.mapped, 0);
    assert_int_equal(memory.swap_used, 0);
    assert_int_equal(memory.tables, 1);
    os_write_back(storm.os, UINT64_MAX);
    os_reclaim(storm.os, memory.installed);
    os_memory(storm.os, &memory);
    assert_int_equal(memory.cached, 0);
    for (unsigned object = 0; object < OBJECTS; object++) /* what was written to files has arrived there */
        for (unsigned i = 0; i < OBJECT_PAGES && !storm.tolerant; i++)
            assert_int_equal(file_contents(&storm, object_file[object], i), shared[object][i]);
    storm_end(&storm);
}

static struct os_config edge(uint64_t seed)
{
    return (struct os_config){.paddr_bits = 46,
                              .la57 = seed & 1,
                              .pcid = seed % 3 != 0,
                              .page_1g = true,
                              .ram_bytes = (uint64_t)(4 + seed % 3 * 3) << 20,
                              .seed = seed,
                              .processes = true,
                              .reclaim = true,
                              .oom_kill = true,
                              .swap_bytes = (uint64_t)(seed % 4 * 3) << 20,
                              .pcids = seed % 5 == 1 ? 2 : 0,
                              .invpcid = seed % 5 == 2,
                              .flush_on_age = seed % 2,
                              .fault_around = seed % 4 == 1 ? 16 : 0,
                              .warm_files = seed % 7 == 1};
}

/* STORM=N in the environment: N storms more of each kind. */
static uint64_t more(void)
{
    const char *storms = getenv("STORM");
    return storms ? strtoull(storms, NULL, 10) : 0;
}

static void report(uint64_t seed)
{
    const struct os_events *e = os_events(storm.os);
    const struct {
        const char *name;
        uint64_t count;
    } lines[] = {{"faults", storm.faults},    {"walks", storm.walks},      {"hits", storm.hits},
                 {"dropped", storm.drops},    {"copies", e->cow_copies},   {"reused", e->reuse_faults},
                 {"swap in", e->swap_ins},    {"out", e->swap_outs},       {"read", e->file_reads},
                 {"written", e->write_backs}, {"clean", e->dropped_clean}, {"lazy", e->lazy_freed},
                 {"large", e->huge_faults},   {"split", e->splits},        {"joined", e->collapses},
                 {"killed", e->oom_kills},    {"forks", e->forks},         {"kept", e->kept},
                 {"flushed", e->flushed},     {"activated", e->activated}};
    printf("seed %llu:", (unsigned long long)seed);
    for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++)
        printf(" %s %llu", lines[i].name, (unsigned long long)lines[i].count);
    printf("\n");
}

static void storms(uint64_t from, uint64_t to, unsigned length, enum os_page_policy pages, unsigned more_mib)
{
    for (uint64_t seed = from; seed <= to; seed++) {
        struct os_config config = edge(seed);
        config.pages = pages;
        config.ram_bytes += (uint64_t)more_mib << 20;
        start(&config, seed);
        for (unsigned i = 0; i < length; i++) {
            one_op();
            if (i % 500 == 499)
                storm_audit(&storm);
        }
        if (more())
            report(seed);
        finish();
    }
}

static void small_pages(void **state)
{
    (void)state;
    storms(1, 12 + more(), 20000, OS_PAGES_4K, 0);
}

static void transparent_large_pages(void **state)
{
    (void)state;
    storms(1001, 1008 + more(), 20000, OS_PAGES_THP, 20);
}

static void large_pages(void **state)
{
    (void)state;
    storms(21, 24 + more(), 20000, OS_PAGES_2M, 20);
}

/* With the defect switched on the same storm must be seen to go wrong. */
static void forgotten_invalidations_are_seen(void **state)
{
    (void)state;
    struct os_config config = edge(5);
    config.forget_flush = 20;
    start(&config, 5);
    storm.tolerant = true;
    for (unsigned i = 0; i < 5000; i++)
        one_op();
    assert_true(os_events(storm.os)->forgotten > 0);
    assert_true(storm.stale > 0);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_pages),
        cmocka_unit_test(transparent_large_pages),
        cmocka_unit_test(large_pages),
        cmocka_unit_test(forgotten_invalidations_are_seen),
    };
    return cmocka_run_group_tests_name("os storm", tests, NULL, NULL);
}
