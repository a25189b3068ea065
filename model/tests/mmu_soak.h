/* A random life of the cycle model, for tests that watch it: all ports, faults, every control operation, a slow and
 * erring memory, two address spaces. */
#ifndef TWINWALK_TESTS_MMU_SOAK_H
#define TWINWALK_TESTS_MMU_SOAK_H

#include "soak_stimulus.h"

enum { PATIENCE = 200000 };

static unsigned long soak_cycles = 60000;
static unsigned soak_seed = 1;

static void soak_tick(struct soak *s)
{
    bench_tick(s->b);
    for (unsigned port = 0; port < PORTS; port++) {
        if (!(s->b->out.resp_valid >> port & 1))
            continue;
        const struct pins_resp *r = &s->b->out.resp[port];
        struct asked *q = &s->asked[port][r->id];
        assert_true(q->live);
        q->live = false;
        s->live--;
        s->answered++;
        if (s->watch->answer)
            s->watch->answer(s, q, r);
    }
    if (s->b->out.ctl_done) {
        s->done++;
        if (s->watch->operation)
            s->watch->operation(s, s->b->out.ctl_gp);
    }
    if (s->watch->cycle)
        s->watch->cycle(s);
}

/* Every request is answered in the end. */
static void soak_drain(struct soak *s)
{
    struct bench *b = s->b;
    b->stall = b->mute = false;
    b->fail_reads = 0;
    for (unsigned i = 0; s->live || !b->out.ctl_ready || !b->out.waiting; i++) {
        assert_true(i < PATIENCE);
        soak_tick(s);
    }
}

static void soak(struct soak_life life, const struct soak_watch *watch)
{
    srand(soak_seed);
    struct soak *s = calloc(1, sizeof *s);
    assert_non_null(s);
    struct bench *b = s->b = bench_new();
    s->life = life;
    s->watch = watch;
    make_tables(s);
    const uint64_t cr4 = BENCH_CR4 | (life.la57 ? CR4_LA57 : 0) | (CFG_ARCH_PCID ? CR4_PCIDE : 0);
    bench_control(b, CTL_MOV_CR4, cr4);
    s->version[0] = (struct oracle_regs){.cr0 = BENCH_CR0,
                                         .cr3 = s->root[0],
                                         .cr4 = cr4,
                                         .efer = EFER_NXE,
                                         .pat = 0x0007040600070406};
    b->latency = 1 + below(4);
    b->jitter = life.slow;
    for (unsigned long i = 0; i < soak_cycles; i++) {
        if (b->out.waiting && watch->waiting && one_in(4)) {
            watch->waiting(s);
            continue;
        }
        b->stall = life.slow && one_in(3);
        b->mute = life.slow && one_in(3);
        b->fail_reads = life.errors && one_in(100);
        if (i / 512 % 4 != 3) /* a pause now and then */
            random_requests(s);
        if (b->out.ctl_ready && below(10000) < life.control)
            random_control(s);
        soak_tick(s);
    }
    soak_drain(s);
    const struct mmu_counts *c = mmu_counts(b->m);
    print_message(
        "%lu answers; %lu + %lu hits, %lu walks, %lu merged, %lu faults, %lu restarts, %lu cas, %lu shared reads, "
        "%lu operations\n",
        s->answered, c->l1_hit[0], c->l1_hit[1], c->walks, c->merged, c->faults, c->walk_restarts, c->cas,
        c->line_merges, s->done);
    assert_true(s->answered > soak_cycles / 500 && c->walks > soak_cycles / 2000 && c->faults > 0 && c->l1_hit[1] > 0);
    physmem_free(s->tables);
    bench_free(b);
    free(s);
}

static inline void soak_arguments(int argc, char **argv)
{
    if (argc > 1)
        soak_cycles = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        soak_seed = (unsigned)strtoul(argv[2], NULL, 10);
}

/* The lives that every such test goes through; `watch` is the test's. */
#define SOAK_TESTS(watch)                                                                                  \
    SOAK_TEST(busy, watch, .load = 90)                                                                     \
    SOAK_TEST(slow_memory, watch, .load = 30, .control = 10, .slow = 40)                                   \
    SOAK_TEST(many_operations, watch, .load = 50, .control = 200, .slow = 8)                               \
    SOAK_TEST(memory_errors, watch, .load = 40, .control = 50, .slow = 10, .errors = true)                 \
    SOAK_TEST(sparse, watch, .load = 2, .control = 20, .slow = 20)                                         \
    SOAK_TEST(five_levels, watch, .la57 = true, .load = 50, .control = 60, .slow = 10)                     \
    static const struct CMUnitTest soak_tests[] = {                                                        \
        cmocka_unit_test(busy),          cmocka_unit_test(slow_memory), cmocka_unit_test(many_operations), \
        cmocka_unit_test(memory_errors), cmocka_unit_test(sparse),      cmocka_unit_test(five_levels),     \
    }

#define SOAK_TEST(name, watch, ...)                  \
    static void name(void **state)                   \
    {                                                \
        (void)state;                                 \
        const struct soak_life life = {__VA_ARGS__}; \
        if (!life.la57 || CFG_ARCH_LA57)             \
            soak(life, watch);                       \
    }

#endif
