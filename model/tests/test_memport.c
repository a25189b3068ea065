/* The memory port: latency, slipping, order, compare-and-swap at the reply cycle, errors, stalls, the cache model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mem/memport.h"
#include "mmu_cfg.h"

struct fixture {
    struct physmem *pm;
    struct memport *mp;
};

static const struct memport_config fixed10 = {.model = MEMPORT_FIXED, .fixed_latency = 10};

static struct fixture begin(const struct memport_config *config)
{
    struct fixture f = {.pm = physmem_new(46)};
    f.mp = memport_new(f.pm, config);
    assert_non_null(f.mp);
    return f;
}

static void end(struct fixture *f)
{
    memport_free(f->mp);
    physmem_free(f->pm);
}

static void read_line(struct fixture *f, uint64_t cycle, uint8_t tag, uint64_t addr)
{
    struct memport_request request = {.tag = tag, .addr = addr};
    memport_accept(f->mp, cycle, &request);
}

/* The cycle and tag of the next reply. */
static uint64_t next_reply(struct fixture *f, struct memport_reply *reply)
{
    uint64_t cycle = memport_next(f->mp);
    assert_true(cycle != UINT64_MAX);
    assert_true(memport_reply(f->mp, cycle, reply));
    return cycle;
}

static void fixed_latency_is_exact(void **state)
{
    (void)state;
    struct fixture f = begin(&fixed10);
    struct memport_reply reply;
    assert_int_equal(memport_next(f.mp), UINT64_MAX);
    assert_false(memport_reply(f.mp, 99, &reply));
    physmem_write(f.pm, 0x1040, 77);
    read_line(&f, 100, 3, 0x1058);
    assert_int_equal(memport_next(f.mp), 110);
    assert_false(memport_reply(f.mp, 109, &reply));
    assert_true(memport_reply(f.mp, 110, &reply));
    assert_int_equal(reply.tag, 3);
    assert_false(reply.err);
    assert_int_equal(reply.line[0], 77);
    assert_int_equal(memport_next(f.mp), UINT64_MAX);
    end(&f);
}

static void latency_one_answers_in_the_next_cycle(void **state)
{
    (void)state;
    struct memport_config config = {.model = MEMPORT_FIXED, .fixed_latency = 1};
    struct fixture f = begin(&config);
    struct memport_reply reply;
    read_line(&f, 0, 0, 0);
    assert_int_equal(next_reply(&f, &reply), 1);
    end(&f);
}

/* Cache model, hit (3 cycles) behind a miss (100): a reply whose cycle is taken slips to the next free one. */
static void replies_slip_to_the_next_free_cycle(void **state)
{
    (void)state;
    struct memport_config config = {.model = MEMPORT_CACHE,
                                    .level = {{1, 1, 3}, {2, 1, 12}, {4, 1, 30}},
                                    .dram_latency = 100};
    struct fixture f = begin(&config);
    struct memport_reply reply;
    memport_touch(f.mp, 0x40);
    memport_touch(f.mp, 0x80);
    read_line(&f, 0, 0, 0x10000); /* DRAM: 100 */
    read_line(&f, 97, 1, 0x40);   /* L1: 100, taken: 101 */
    read_line(&f, 98, 2, 0x80);   /* L1: 101, taken: 102 */
    assert_int_equal(next_reply(&f, &reply), 100);
    assert_int_equal(reply.tag, 0);
    assert_int_equal(next_reply(&f, &reply), 101);
    assert_int_equal(reply.tag, 1);
    assert_int_equal(next_reply(&f, &reply), 102);
    assert_int_equal(reply.tag, 2);
    end(&f);
}

static void data_is_sampled_at_the_reply(void **state)
{
    (void)state;
    struct fixture f = begin(&fixed10);
    struct memport_reply reply;
    physmem_write(f.pm, 0x2000, 1);
    read_line(&f, 0, 0, 0x2000);
    physmem_write(f.pm, 0x2000, 2);
    next_reply(&f, &reply);
    assert_int_equal(reply.line[0], 2);
    end(&f);
}

/* The entry alone, which then stands in all eight words: no place of the line, and no other word of it. */
static void eight_bytes_stand_in_every_word(void **state)
{
    (void)state;
    struct memport_config config = fixed10;
    struct memport_reply reply;
    config.reply_bytes = 8;
    config.early_per_million = 500000;
    struct fixture f = begin(&config);
    for (unsigned i = 0; i < 8; i++)
        physmem_write(f.pm, 0x2000 + 8 * i, 100 + i);
    for (unsigned i = 0; i < 8; i++) {
        read_line(&f, 20 * i, 0, 0x2000 + 8 * i);
        next_reply(&f, &reply);
        for (unsigned w = 0; w < 8; w++)
            assert_int_equal(reply.line[w], 100 + i);
    }
    end(&f);
}

static void cas_takes_place_at_the_reply(void **state)
{
    (void)state;
    struct fixture f = begin(&fixed10);
    struct memport_reply reply;
    physmem_write(f.pm, 0x2008, 5);
    struct memport_request cas = {.tag = 1, .cas = true, .addr = 0x2008, .expected = 5, .desired = 6};
    memport_accept(f.mp, 0, &cas);
    assert_int_equal(physmem_read(f.pm, IMAGE_HW, 0x2008), 5);
    next_reply(&f, &reply);
    assert_int_equal(reply.line[1], 5); /* the line as it was before */
    assert_int_equal(physmem_read(f.pm, IMAGE_HW, 0x2008), 6);
    assert_int_equal(physmem_read(f.pm, IMAGE_ORACLE, 0x2008), 5);

    memport_accept(f.mp, 20, &cas); /* expects 5, finds what software wrote meanwhile */
    physmem_write(f.pm, 0x2008, 9);
    next_reply(&f, &reply);
    assert_int_equal(reply.line[1], 9);
    assert_int_equal(physmem_read(f.pm, IMAGE_HW, 0x2008), 9);
    end(&f);
}

/* Two walkers race for one entry: the first reply wins, the second sees its result. */
static void two_cas_on_one_word(void **state)
{
    (void)state;
    struct fixture f = begin(&fixed10);
    struct memport_reply reply;
    physmem_write(f.pm, 0x3000, 1);
    struct memport_request a = {.tag = 0, .cas = true, .addr = 0x3000, .expected = 1, .desired = 0x21};
    struct memport_request b = {.tag = 1, .cas = true, .addr = 0x3000, .expected = 1, .desired = 0x61};
    memport_accept(f.mp, 0, &a);
    memport_accept(f.mp, 1, &b);
    next_reply(&f, &reply);
    assert_int_equal(reply.line[0], 1);
    next_reply(&f, &reply);
    assert_int_equal(reply.line[0], 0x21);
    assert_int_equal(physmem_read(f.pm, IMAGE_HW, 0x3000), 0x21);
    end(&f);
}

static void errors_carry_no_data_and_write_nothing(void **state)
{
    (void)state;
    struct memport_config config = {.model = MEMPORT_FIXED, .fixed_latency = 1, .error_per_million = 1000000};
    struct fixture f = begin(&config);
    struct memport_reply reply;
    physmem_write(f.pm, 0x2000, 5);
    struct memport_request cas = {.tag = 1, .cas = true, .addr = 0x2000, .expected = 5, .desired = 6};
    memport_accept(f.mp, 0, &cas);
    next_reply(&f, &reply);
    assert_true(reply.err);
    assert_int_equal(reply.tag, 1);
    assert_int_equal(reply.line[0], 0);
    assert_int_equal(physmem_read(f.pm, IMAGE_HW, 0x2000), 5);
    end(&f);
}

/* The reply's error flag for a request at pa, with an update's write undone. */
static bool fails(struct fixture *f, uint64_t cycle, uint64_t pa, bool cas)
{
    struct memport_reply reply;
    struct memport_request request = {.tag = 2, .cas = cas, .addr = pa, .expected = 5, .desired = 6};
    physmem_write(f->pm, pa, 5);
    memport_accept(f->mp, cycle, &request);
    next_reply(f, &reply);
    assert_int_equal(reply.addr, pa);
    assert_int_equal(reply.line[pa % 64 / 8], reply.err ? 0 : 5);
    assert_int_equal(physmem_read(f->pm, IMAGE_HW, pa), cas && !reply.err ? 6 : 5);
    return reply.err;
}

static void errors_by_order(void **state)
{
    (void)state;
    struct memport_config config = {.model = MEMPORT_FIXED, .fixed_latency = 1};
    struct fixture f = begin(&config);
    struct memerr *errors = memport_errors(f.mp);
    uint64_t cycle = 0;
    assert_false(fails(&f, cycle++, 0x2008, false));
    for (uint64_t line = 0x2000; line < 0x2000 + 64 * 40; line += 128) /* more than a first allocation holds */
        assert_true(memerr_order(errors, MEMERR_AT, line + 8));
    for (unsigned cas = 0; cas < 2; cas++) {
        assert_true(fails(&f, cycle++, 0x2000, cas));
        assert_true(fails(&f, cycle++, 0x2038, cas));
        assert_true(fails(&f, cycle++, 0x2980, cas));
        assert_false(fails(&f, cycle++, 0x2040, cas));
        assert_false(fails(&f, cycle++, 0x1ff8, cas));
    }
    assert_true(memerr_order(errors, MEMERR_OFF, 0));
    assert_false(fails(&f, cycle++, 0x2000, false));
    assert_true(memerr_order(errors, MEMERR_READ, 3));
    static const struct {
        bool cas, fails;
    } then[] = {{false, false}, {true, false}, {false, false}, {true, false}, {false, true}, {false, false}};
    for (unsigned i = 0; i < sizeof then / sizeof *then; i++)
        assert_int_equal(fails(&f, cycle++, 0x3000, then[i].cas), then[i].fails);
    assert_true(memerr_order(errors, MEMERR_READ, 2));
    assert_true(memerr_order(errors, MEMERR_READ, 1));
    assert_true(fails(&f, cycle++, 0x3000, false));
    assert_false(fails(&f, cycle++, 0x3000, false));
    end(&f);
}

static void error_share_is_as_asked(void **state)
{
    (void)state;
    struct memport_config config = {.model = MEMPORT_FIXED, .fixed_latency = 1, .error_per_million = 100000, .seed = 5};
    struct fixture f = begin(&config);
    struct memport_reply reply;
    unsigned errors = 0;
    for (uint64_t cycle = 0; cycle < 100000; cycle++) {
        read_line(&f, cycle, 0, 0);
        next_reply(&f, &reply);
        errors += reply.err;
    }
    assert_in_range(errors, 9500, 10500);
    end(&f);
}

static void stalls_are_a_function_of_the_cycle(void **state)
{
    (void)state;
    struct memport_config config = {.model = MEMPORT_FIXED, .fixed_latency = 1, .stall_per_million = 250000, .seed = 5};
    struct fixture f = begin(&config), g = begin(&config);
    unsigned stalls = 0;
    for (uint64_t cycle = 0; cycle < 100000; cycle++) {
        bool ready = memport_ready(f.mp, cycle);
        assert_true(memport_ready(f.mp, cycle) == ready);
        if (cycle % 7 == 0) /* asking or not changes nothing */
            assert_true(memport_ready(g.mp, cycle) == ready);
        stalls += !ready;
    }
    assert_in_range(stalls, 24000, 26000);
    end(&f);
    end(&g);
}

static void sixteen_outstanding_and_no_more(void **state)
{
    (void)state;
    struct fixture f = begin(&fixed10);
    struct memport_reply reply;
    for (uint8_t tag = 0; tag < 16; tag++) {
        assert_true(memport_ready(f.mp, 0));
        read_line(&f, 0, tag, 0x40u * tag);
    }
    assert_false(memport_ready(f.mp, 0));
    uint64_t first = 10;
    for (uint8_t tag = 0; tag < 16; tag++) { /* all wanted cycle 10 */
        assert_int_equal(next_reply(&f, &reply), first + tag);
        assert_int_equal(reply.tag, tag);
    }
    assert_true(memport_ready(f.mp, 26));
    end(&f);
}

static void random_is_bounded_out_of_order_and_repeatable(void **state)
{
    (void)state;
    struct memport_config config = {.model = MEMPORT_RANDOM, .random_min = 5, .random_max = 40, .seed = 9};
    struct fixture f = begin(&config), g = begin(&config);
    unsigned overtaken = 0, shortest = 1000, longest = 0;
    for (uint64_t round = 0; round < 2000; round++) {
        uint64_t start = round * 1000;
        uint8_t last = 0;
        for (uint8_t tag = 0; tag < 4; tag++) {
            read_line(&f, start + tag, tag, 0);
            read_line(&g, start + tag, tag, 0);
        }
        for (unsigned i = 0; i < 4; i++) {
            struct memport_reply a, b;
            uint64_t cycle = next_reply(&f, &a);
            assert_int_equal(next_reply(&g, &b), cycle);
            assert_int_equal(a.tag, b.tag);
            unsigned latency = (unsigned)(cycle - start - a.tag);
            shortest = latency < shortest ? latency : shortest;
            longest = latency > longest ? latency : longest;
            overtaken += i > 0 && a.tag < last;
            last = a.tag;
        }
    }
    assert_int_equal(shortest, 5);
    assert_in_range(longest, 40, 43); /* 40, and up to three slips */
    assert_true(overtaken > 1000);
    end(&f);
    end(&g);
}

static unsigned latency_of(struct fixture *f, uint64_t addr)
{
    static uint64_t cycle;
    struct memport_reply reply;
    cycle += 1000;
    read_line(f, cycle, 0, addr);
    return (unsigned)(next_reply(f, &reply) - cycle);
}

/* L1 1 KiB 2-way: 8 sets, so lines 0x200 apart share a set. L2 4 KiB 2-way: 32 sets, 0x800. LLC 16 KiB 4-way: 64 sets,
 * 0x1000. */
static void cache_levels_hit_fill_and_evict(void **state)
{
    (void)state;
    struct memport_config config = {.model = MEMPORT_CACHE,
                                    .level = {{1, 2, 3}, {4, 2, 12}, {16, 4, 30}},
                                    .dram_latency = 100};
    struct fixture f = begin(&config);
    assert_int_equal(latency_of(&f, 0x0), 100);
    assert_int_equal(latency_of(&f, 0x38), 3);   /* same line */
    assert_int_equal(latency_of(&f, 0x40), 100); /* next line */
    assert_int_equal(latency_of(&f, 0x200), 100);
    assert_int_equal(latency_of(&f, 0x0), 3);     /* makes 0x200 the oldest */
    assert_int_equal(latency_of(&f, 0x400), 100); /* pushes 0x200 out of L1 */
    assert_int_equal(latency_of(&f, 0x0), 3);
    assert_int_equal(latency_of(&f, 0x200), 12); /* still in L2; pushes 0x400 out of L1 */
    assert_int_equal(latency_of(&f, 0x400), 12);
    assert_int_equal(latency_of(&f, 0x1000), 100); /* L2 set 0 held 0x0 and nothing else */
    assert_int_equal(latency_of(&f, 0x2000), 100); /* pushes 0x0 out of L2 */
    assert_int_equal(latency_of(&f, 0x0), 30);     /* LLC set 0 holds 0x0, 0x1000, 0x2000 */
    end(&f);
}

static void program_data_shares_the_caches(void **state)
{
    (void)state;
    struct memport_config config = {.model = MEMPORT_CACHE,
                                    .level = {{1, 2, 3}, {4, 2, 12}, {16, 4, 30}},
                                    .dram_latency = 100};
    struct fixture f = begin(&config);
    memport_touch(f.mp, 0x1008);
    assert_int_equal(latency_of(&f, 0x1000), 3);
    memport_touch(f.mp, 0x2000);
    memport_touch(f.mp, 0x3000);
    assert_int_equal(latency_of(&f, 0x1000), 30); /* pushed out of L1 and L2 by data */
    end(&f);
}

static void impossible_configurations_are_refused(void **state)
{
    (void)state;
    struct physmem *pm = physmem_new(46);
    struct memport_config zero = {.model = MEMPORT_FIXED, .fixed_latency = 0};
    struct memport_config crossed = {.model = MEMPORT_RANDOM, .random_min = 5, .random_max = 4};
    struct memport_config sets = {.model = MEMPORT_CACHE,
                                  .level = {{3, 1, 3}, {4, 2, 12}, {16, 4, 30}},
                                  .dram_latency = 100};
    struct memport_config model = {.model = 7, .fixed_latency = 1};
    assert_null(memport_new(pm, &zero));
    assert_null(memport_new(pm, &crossed));
    assert_null(memport_new(pm, &sets));
    assert_null(memport_new(pm, &model));
    physmem_free(pm);
}

static void preset_is_the_compiled_one(void **state)
{
    (void)state;
    struct memport_config config;
    memset(&config, 0xff, sizeof config);
    memport_preset(&config);
    assert_int_equal(config.model, CFG_MEMORY_MODEL);
    assert_int_equal(config.fixed_latency, CFG_MEMORY_FIXED_LATENCY);
    assert_int_equal(config.level[2].ways, CFG_MEMORY_LLC_WAYS);
    assert_int_equal(config.reply_bytes, CFG_WALKERS_REPLY_BYTES);
    assert_int_equal(config.error_per_million, 0);
    assert_int_equal(config.stall_per_million, 0);
    struct fixture f = begin(&config); /* every preset's memory can be built */
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_latency_is_exact),
        cmocka_unit_test(latency_one_answers_in_the_next_cycle),
        cmocka_unit_test(replies_slip_to_the_next_free_cycle),
        cmocka_unit_test(data_is_sampled_at_the_reply),
        cmocka_unit_test(eight_bytes_stand_in_every_word),
        cmocka_unit_test(cas_takes_place_at_the_reply),
        cmocka_unit_test(two_cas_on_one_word),
        cmocka_unit_test(errors_carry_no_data_and_write_nothing),
        cmocka_unit_test(errors_by_order),
        cmocka_unit_test(error_share_is_as_asked),
        cmocka_unit_test(stalls_are_a_function_of_the_cycle),
        cmocka_unit_test(sixteen_outstanding_and_no_more),
        cmocka_unit_test(random_is_bounded_out_of_order_and_repeatable),
        cmocka_unit_test(cache_levels_hit_fill_and_evict),
        cmocka_unit_test(program_data_shares_the_caches),
        cmocka_unit_test(impossible_configurations_are_refused),
        cmocka_unit_test(preset_is_the_compiled_one),
    };
    return cmocka_run_group_tests_name("memport", tests, NULL, NULL);
}
