/* The memory port: shared reads, requests that stay offered, round robin (section 12). */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

/* A page whose entry in the root is read together with VA's: the next one of its line, or the same. */
static const uint64_t NEAR = 0x555512345000 + (CFG_WALKERS_REPLY_BYTES == 8 ? 0x40000000 : 0x8000000000);

/* Two fresh walks, of va and other, dispatched one cycle after the other; returns the reads made. */
static uint64_t two_walks(struct bench *b, uint64_t va, uint64_t other, unsigned *first, unsigned *second)
{
    const uint64_t reads = b->reads, start = b->cycle;
    bench_offer(b, DATA, 1, va, ACC_READ, true);
    bench_tick(b);
    bench_offer(b, DATA, 2, other, ACC_READ, true);
    while (!b->answer[DATA][1].seen || !b->answer[DATA][2].seen) {
        bench_tick(b);
        assert_true(b->cycle - start < 10000);
    }
    *first = (unsigned)(b->answer[DATA][1].cycle - start);
    *second = (unsigned)(b->answer[DATA][2].cycle - start);
    return b->reads - reads;
}

/* The page behind it has the next entry of the same table: of that line or, with walkers.reply_bytes = 8, no part of
 * the read. */
static void neighbours_share_every_line(void **state)
{
    (void)state;
    const unsigned shared = CFG_WALKERS_REPLY_BYTES == 8 ? 3 : 4;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    for (unsigned latency = 1; latency < 20; latency += 3) { /* 1: attached in the very cycle of the reply */
        struct bench *b = bench_new();
        b->latency = latency;
        unsigned first, second;
        bench_map(b, VA, PA, SIZE_4K, MAPPED);
        bench_map(b, VA + 0x1000, PA + 0x1000, SIZE_4K, MAPPED);
        assert_int_equal(two_walks(b, VA, VA + 0x1000, &first, &second), 8 - shared);
        assert_int_equal(mmu_counts(b->m)->line_merges, shared);
        const bool turned = shared < 4 && second < first; /* of two last reads it may be the second one's turn */
        assert_int_equal(turned ? second : first, S + 3 + 4 * (latency + 1));
        assert_int_equal(turned ? first : second,
                         S + 3 + 4 * (latency + 1) + 1); /* one grant, or one response, a cycle */
        assert_int_equal(b->answer[DATA][2].r.addr, PA + 0x1000);
        bench_free(b);
    }
}

/* In the last-level table the two are 8 entries, a line, apart: that read is not shared. */
static void other_lines_are_not_shared(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    unsigned first, second;
    const uint64_t va = VA & ~0x7fffull;
    bench_map(b, va, PA, SIZE_4K, MAPPED);
    bench_map(b, va + 0x8000, PA + 0x1000, SIZE_4K, MAPPED);
    assert_int_equal(two_walks(b, va, va + 0x8000, &first, &second), 5);
    assert_int_equal(mmu_counts(b->m)->line_merges, 3);
    bench_free(b);
}

/* A memory error goes to all who share the read. */
static void an_error_is_shared(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    unsigned first, second;
    b->fail_reads = 1;
    two_walks(b, VA, VA + 0x1000, &first, &second);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_MEMERR);
    assert_int_equal(b->answer[DATA][2].r.kind, KIND_MEMERR);
    assert_int_equal(b->reads, 1);
    bench_free(b);
}

static unsigned walker_state(const struct bench *b, unsigned n)
{
    return bench_state0(b, 7, 2 * n) & 7;
}

/* Two tables below one read of the root, and the first one's read is out when the second walk begins, late enough. By
 * the time of the reply the second is there: the second walk asks for itself. So it does if it is not there: that fault
 * is one. */
static void an_old_read_is_not_shared(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    for (unsigned mapped = 0; mapped < 2; mapped++) {
        struct bench *b = bench_new();
        b->latency = 40;
        b->early = true;
        bench_offer(b, FETCH, 2, NEAR, ACC_EXECUTE, true);
        BENCH_UNTIL(b, walker_state(b, 0) == W_WAIT);
        bench_offer(b, DATA, 1, VA, ACC_READ, true);
        if (mapped)
            bench_map(b, VA, PA, SIZE_4K, MAPPED);
        BENCH_UNTIL(b, walker_state(b, 1) == W_WAIT);
        assert_int_equal(b->reads, 2);
        assert_int_equal(bench_state0(b, 7, 2) >> 33, 1);
        BENCH_UNTIL(b, walker_state(b, 0) != W_WAIT);
        assert_int_equal(walker_state(b, 1), W_WAIT);
        assert_int_equal(bench_state0(b, 7, 2) >> 33, 0);
        BENCH_UNTIL(b, b->answer[DATA][1].seen && b->answer[FETCH][2].seen);
        assert_int_equal(b->answer[DATA][1].r.kind, mapped ? KIND_OK : KIND_PF);
        assert_int_equal(b->answer[FETCH][2].r.kind, KIND_PF);
        assert_int_equal(b->reads, mapped ? 1 + 4 : 1 + 1);
        bench_free(b);
    }
}

/* A right given at the root while another's read of its line is out: a fault below would be told by the rights of the
 * whole way. */
static void no_fault_below_an_old_read(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    b->latency = 40;
    b->early = true;
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    uint64_t *root = bench_word(b, bench_entry(b, 4, VA, 4));
    *root &= ~PTE_U;
    bench_offer(b, FETCH, 2, NEAR, ACC_EXECUTE, true);
    BENCH_UNTIL(b, walker_state(b, 0) == W_WAIT);
    *root |= PTE_U;
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    BENCH_UNTIL(b, b->answer[DATA][1].seen);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_OK);
    assert_in_range(b->reads, 1 + 4, 2 + 4);
    bench_free(b);
}

/* Walker 0 passes a root that is its own table and asks for the entry that walkers 1 and 2 have asked for since it
 * began, each for itself, as 1's read is old for 2: it gets the reply of the lower one, in this very cycle. */
static void of_two_reads_the_lower_is_shared(void **state)
{
    (void)state;
    if (WALKERS < 3 || QUEUE < DATA + 3)
        return;
    const uint64_t itself = 0x10ull << 39;
    struct bench *b = bench_new();
    b->latency = 40;
    *bench_word(b, bench_entry(b, 4, itself, 4)) = b->cr3 | PTE_P | PTE_W | PTE_U | PTE_A;
    bench_offer_both(b, itself | (VA >> 39) << 30, VA);
    BENCH_UNTIL(b, walker_state(b, 1) == W_WAIT);
    bench_offer(b, DATA, 3, VA + 0x40000000, ACC_READ, true);
    BENCH_UNTIL(b, b->reads == 3);
    assert_int_equal(walker_state(b, 2), W_WAIT);
    BENCH_UNTIL(b, walker_state(b, 0) == W_REQ);
    assert_int_equal(walker_state(b, 1), W_WAIT);
    bench_tick(b);
    assert_int_equal(walker_state(b, 0), W_FIN);
    BENCH_UNTIL(b, b->answer[FETCH][2].seen && b->answer[DATA][1].seen && b->answer[DATA][3].seen);
    assert_int_equal(b->reads, 3);
    bench_free(b);
}

/* The same, but the read is asked for when the second walk has begun: its fault is one. In the cycle of the dispatch it
 * is neither accepted yet, nor answered already. */
static void a_fault_of_a_younger_read_is_told(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    bench_offer_both(b, NEAR, VA);
    BENCH_UNTIL(b, walker_state(b, 1) == W_REQ);
    assert_int_equal(walker_state(b, 0), W_WAIT);
    assert_int_equal(bench_state0(b, 7, 2) >> 33, 0);
    BENCH_UNTIL(b, b->answer[DATA][1].seen && b->answer[FETCH][2].seen);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_PF);
    assert_int_equal(b->reads, 1);
    bench_free(b);
}

/* Dispatched in the very cycle in which the other one's reply comes. */
static void an_answered_read_is_not_old(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    b->latency = S + 4;
    bench_map(b, VA + 0x1000, PA, SIZE_4K, MAPPED);
    bench_offer(b, FETCH, 2, VA + 0x1000, ACC_EXECUTE, true);
    BENCH_UNTIL(b, b->reads == 1);
    const uint64_t reply = b->cycle - 1 + b->latency, dispatch = S; /* after an accept: PEND, k stages, NWALK */
    while (b->cycle + dispatch < reply)
        bench_tick(b);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    BENCH_UNTIL(b, walker_state(b, 1) == W_REQ);
    assert_int_equal(b->cycle, reply + 1);
    assert_int_equal(bench_state0(b, 7, 2) >> 33, 0);
    bench_free(b);
}

static void an_offered_request_stays(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    b->stall = true;
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    BENCH_UNTIL(b, b->out.mem_req_valid);
    assert_false(b->out.waiting); /* hold is still 0 */
    const struct pins_out was = b->out;
    for (unsigned i = 0; i < 30; i++) {
        if (i == 5 && (b->out.req_ready >> DATA & 1))
            bench_offer(b, DATA, 2, 0xffff800000000000, ACC_READ, false); /* another walk must not take its place */
        bench_tick(b);
        assert_true(b->out.mem_req_valid);
        assert_int_equal(b->out.mem_req_tag, was.mem_req_tag);
        assert_int_equal(b->out.mem_req_addr, was.mem_req_addr);
        assert_int_equal(b->out.mem_req_cas, was.mem_req_cas);
        assert_int_equal(bench_state0(b, 0, 2) >> 24 & 1, 1);
        if (i == 4)
            assert_true(b->out.waiting);
    }
    b->stall = false;
    bench_ticks(b, 1000);
    assert_true(b->answer[DATA][1].seen);
    bench_free(b);
}

/* All walkers ask at once, of lines far apart: the port serves them in turn, each tag once before any again. */
static void round_robin_among_walkers(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < WALKERS + PORTS)
        return;
    struct bench *b = bench_new();
    b->mute = true;
    b->latency = 1;
    for (unsigned i = 0; i < WALKERS; i++)
        for (unsigned level = 4; level >= 1; level--)
            bench_map(b, (uint64_t)(i * 8) << 39, PA, SIZE_4K, MAPPED);
    unsigned next = 0;
    for (unsigned i = 0; i < WALKERS; i++) {
        BENCH_UNTIL(b, b->out.req_ready >> DATA & 1);
        bench_offer(b, DATA, i, (uint64_t)(i * 8) << 39, ACC_READ, true);
        if (b->out.mem_req_valid)
            assert_int_equal(b->out.mem_req_tag, next++);
        bench_tick(b);
    }
    for (unsigned i = 0; i < 100; i++) {
        if (b->out.mem_req_valid)
            assert_int_equal(b->out.mem_req_tag, next++);
        bench_tick(b);
        assert_int_equal(bench_state0(b, 0, 2) >> 16 & 0xff, next % WALKERS);
    }
    assert_int_equal(next, WALKERS);
    assert_true(b->out.waiting);
    b->mute = false;
    bench_ticks(b, 2000);
    for (unsigned i = 0; i < WALKERS; i++)
        assert_true(b->answer[DATA][i].seen);
    bench_free(b);
}

/* What section 12 says of a cycle, from its state words. */
struct choice {
    bool offered, held;
    unsigned walker, rr_mem;
};

static bool waits_for_own_read(const struct bench *b, unsigned o)
{
    const uint64_t w = bench_state0(b, 7, 2 * o);
    return (w & 7) == W_WAIT && (w >> 17 & 15) == o;
}

static bool requests(const struct bench *b, unsigned n)
{
    const uint64_t w = bench_state0(b, 7, 2 * n);
    if ((w & 7) == W_REQ)
        for (unsigned o = 0; o < WALKERS; o++)
            if (waits_for_own_read(b, o) && !(w >> 33 >> o & 1) &&
                bench_state1(b, 7, 2 * o) / CFG_WALKERS_REPLY_BYTES ==
                    bench_state1(b, 7, 2 * n) / CFG_WALKERS_REPLY_BYTES)
                return false;
    return ((w & 7) == W_REQ || (w & 7) == W_CAS) && !(w >> 3 & 1);
}

static struct choice choice_of(const struct bench *b)
{
    const uint64_t w = bench_state0(b, 0, 2);
    struct choice c = {.rr_mem = w >> 16 & 0xff, .held = w >> 24 & 1, .walker = w >> 28 & 15};
    c.offered = c.held;
    for (unsigned i = 0; i < WALKERS && !c.offered; i++) {
        c.walker = (c.rr_mem + i) % WALKERS;
        c.offered = requests(b, c.walker);
    }
    return c;
}

/* Pages far apart, with A and D to be set, and memory that stalls: who is offered, and where the pointer goes, in every
 * cycle. Reads and compare-and-swaps are served alike. */
static void the_choice_in_every_cycle(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    b->latency = 2;
    b->jitter = 4;
    unsigned id = 0, passed_over = 0, cas_before_read = 0, stalled = 0;
    for (unsigned page = 0; page < 64; page++)
        bench_map(b, (uint64_t)page << 39 >> 3, PA + 0x1000 * page, SIZE_4K, MAPPED & ~(PTE_A | PTE_D));
    for (unsigned i = 0; i < 6000; i++) {
        const unsigned page = (unsigned)(rand() >> 5) % 64;
        if (i % 500 == 499 && b->out.ctl_ready) { /* cold again */
            b->in.ctl_valid = true;
            b->in.ctl_op = CTL_MOV_CR3;
            b->in.ctl_data = b->cr3;
        }
        for (unsigned port = 0; port < PORTS; port++)
            if (b->out.req_ready >> port & 1)
                bench_offer(b, port, id++ % 256, (uint64_t)page << 39 >> 3,
                            port < FETCH_PORTS ? ACC_EXECUTE : ACC_WRITE, true);
        const struct choice c = choice_of(b);
        assert_int_equal(b->out.mem_req_valid, c.offered);
        if (c.offered)
            assert_int_equal(b->out.mem_req_tag, c.walker);
        b->stall = rand() >> 5 & 1;
        const bool cas = c.offered && b->out.mem_req_cas;
        for (unsigned n = 0; n < WALKERS && c.offered && !c.held; n++) {
            passed_over += n < c.walker && requests(b, n);
            cas_before_read += cas && n != c.walker && requests(b, n);
        }
        const bool accepted = c.offered && !b->stall;
        stalled += c.offered && b->stall;
        bench_tick(b);
        const uint64_t now = bench_state0(b, 0, 2);
        assert_int_equal(now >> 16 & 0xff, accepted ? (c.walker + 1) % WALKERS : c.rr_mem);
        assert_int_equal(now >> 24 & 1, c.offered && !accepted);
        for (unsigned port = 0; port < PORTS; port++)
            for (unsigned n = 0; n < 256; n++)
                b->answer[port][n].seen = false;
    }
    assert_true(stalled);
    if (WALKERS > 1)
        assert_true(passed_over && cas_before_read);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_share_every_line),
        cmocka_unit_test(other_lines_are_not_shared),
        cmocka_unit_test(an_error_is_shared),
        cmocka_unit_test(an_old_read_is_not_shared),
        cmocka_unit_test(no_fault_below_an_old_read),
        cmocka_unit_test(of_two_reads_the_lower_is_shared),
        cmocka_unit_test(a_fault_of_a_younger_read_is_told),
        cmocka_unit_test(an_answered_read_is_not_old),
        cmocka_unit_test(an_offered_request_stays),
        cmocka_unit_test(round_robin_among_walkers),
        cmocka_unit_test(the_choice_in_every_cycle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
