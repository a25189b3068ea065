/* The miss queue: merging, what followers inherit, responses, readiness, page-fault invalidation (section 8). */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

/* Two requests of one port for one page, the second a cycle after the first; both run to their ends. */
static void two(struct bench *b, unsigned acc1, unsigned acc2, bool user2)
{
    const uint64_t start = b->cycle;
    b->answer[DATA][1].seen = b->answer[DATA][2].seen = false;
    bench_offer(b, DATA, 1, VA | 1, acc1, true);
    bench_tick(b);
    bench_offer(b, DATA, 2, VA | 2, acc2, user2);
    while (!b->answer[DATA][1].seen || !b->answer[DATA][2].seen) {
        bench_tick(b);
        assert_true(b->cycle - start < 10000);
    }
    b->answer[DATA][1].cycle -= start;
    b->answer[DATA][2].cycle -= start;
}

static bool room_for_two(void)
{
    return QUEUE >= DATA + 2;
}

static void a_follower_gets_the_leaders_translation(void **state)
{
    (void)state;
    if (!room_for_two())
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    two(b, ACC_READ, ACC_WRITE, false);
    const unsigned latency = S + 3 + 4 * (b->latency + 1);
    assert_int_equal(b->answer[DATA][1].cycle, latency);
    assert_int_equal(b->answer[DATA][1].r.src, SRC_WALK);
    assert_int_equal(b->answer[DATA][2].cycle, latency + 1); /* same port: the lower entry first */
    assert_int_equal(b->answer[DATA][2].r.src, SRC_MERGED);
    assert_int_equal(b->answer[DATA][2].r.addr, PA | 2);
    assert_int_equal(b->reads, 4);
    assert_int_equal(mmu_counts(b->m)->merged, 1);
    bench_free(b);
}

/* D = 0 after a reader's walk: the writer goes back to PEND and walks itself. */
static void a_follower_may_need_more(void **state)
{
    (void)state;
    if (!room_for_two())
        return;
    struct bench *b = bench_new();
    const uint64_t leaf = bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_D);
    two(b, ACC_READ, ACC_WRITE, true);
    assert_int_equal(b->answer[DATA][2].r.kind, KIND_OK);
    assert_int_equal(b->answer[DATA][2].r.src, SRC_WALK);
    assert_int_equal(mmu_counts(b->m)->walks, 2);
    assert_int_equal(*bench_word(b, leaf), PA | MAPPED);
    bench_free(b);

    b = bench_new(); /* the leader may, the follower may not */
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_W);
    two(b, ACC_READ, ACC_WRITE, true);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_OK);
    assert_int_equal(b->answer[DATA][2].r.kind, KIND_PF);
    assert_int_equal(b->answer[DATA][2].r.err, PF_P | PF_W | PF_U);
    bench_free(b);
}

/* The leader faults; the page is mapped before the follower looks: it does not inherit the fault. */
static void a_follower_never_inherits_a_fault(void **state)
{
    (void)state;
    if (!room_for_two())
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, 0);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    bench_offer(b, DATA, 2, VA, ACC_READ, true);
    while ((bench_state0(b, 6, 0) & 15) != FINV) {
        if (b->cycle > 1000000)
            fail();
        bench_tick(b);
    }
    assert_int_equal(bench_state0(b, 6, 1) & 15, PEND);
    assert_int_equal(bench_state0(b, 6, 1) >> 23 & 63, 0);
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    for (unsigned step = 0; step < 3; step++) { /* three issues, in successive cycles */
        assert_int_equal(bench_state0(b, 6, 0), FINV | DATA << 4 | 1 << 8 | 1 << 18 | 2ull << 29 | 2ull << 31 |
                                                    (uint64_t)PF_U << 33 | (uint64_t)step << 48);
        bench_tick(b);
        assert_int_equal(bench_state0(b, 8, 1), TOKEN_FINV | step << 8);
    }
    assert_int_equal(bench_state0(b, 6, 0) & 15, FINVW);
    assert_int_equal(bench_state0(b, 6, 0) >> 48, 2);
    bench_ticks(b, 1000);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_PF);
    assert_int_equal(b->answer[DATA][2].r.kind, KIND_OK);
    bench_free(b);
}

/* Requests of several ports in one cycle: they merge with the lowest port's entry, and answer in one cycle. */
static void merging_within_a_cycle(void **state)
{
    (void)state;
    if (PORTS - FETCH_PORTS < 2)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer(b, FETCH, 9, VA, ACC_EXECUTE, true); /* the other side does not merge */
    for (unsigned port = DATA; port < PORTS; port++)
        bench_offer(b, port, port, VA | port, ACC_READ, true);
    bench_tick(b);
    assert_int_equal(bench_state0(b, 6, 0) & 255, PEND | FETCH << 4);
    assert_int_equal(bench_state0(b, 6, 1) & 255, PEND | DATA << 4);
    for (unsigned port = DATA + 1; port < PORTS; port++) {
        const uint64_t word = bench_state0(b, 6, 1 + port - DATA);
        assert_int_equal(word & 255, FOLLOW | port << 4);
        assert_int_equal(word >> 23 & 63, 1);
    }
    bench_ticks(b, 1000);
    for (unsigned port = DATA; port < PORTS; port++) {
        assert_int_equal(b->answer[port][port].cycle, b->answer[DATA][DATA].cycle);
        assert_int_equal(b->answer[port][port].r.addr, PA | port);
        if (port > DATA)
            assert_int_equal(b->answer[port][port].r.src, SRC_MERGED);
    }
    assert_int_equal(mmu_counts(b->m)->merged, PORTS - DATA - 1);
    bench_free(b);
}

/* req_ready[p]: p + 1 FREE entries, and no DONE entry of the port. */
static void readiness(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    b->mute = true;
    for (unsigned taken = 0; taken < QUEUE; taken++) {
        for (unsigned port = 0; port < PORTS; port++)
            assert_int_equal(b->out.req_ready >> port & 1, QUEUE - taken >= port + 1);
        bench_offer(b, FETCH, taken, (uint64_t)taken << 30, ACC_EXECUTE, true);
        bench_tick(b);
    }
    assert_int_equal(b->out.req_ready, 0);
    b->mute = false;
    for (unsigned i = 0; i < 30000; i++) {
        bench_tick(b);
        bool done = false;
        for (unsigned n = 0; n < QUEUE; n++)
            done |= (bench_state0(b, 6, n) & 255) == (DONE | FETCH << 4);
        if (done)
            assert_false(b->out.req_ready >> FETCH & 1);
    }
    for (unsigned n = 0; n < QUEUE; n++) {
        assert_true(b->answer[FETCH][n].seen);
        assert_int_equal(b->answer[FETCH][n].r.kind, KIND_PF);
    }
    assert_int_equal(b->out.req_ready, (1u << PORTS) - 1);
    bench_free(b);
}

/* A request for the page of a leader that completes in this very cycle starts for itself. */
static void a_leaving_leader_is_not_followed(void **state)
{
    (void)state;
    if (!room_for_two())
        return;
    for (unsigned early = 0; early < 3; early++) {
        struct bench *b = bench_new();
        bench_map(b, VA, PA, SIZE_4K, MAPPED);
        const unsigned grant = S + 1 + 4 * (b->latency + 1); /* the cycle of the walker in FIN */
        bench_offer(b, DATA, 1, VA, ACC_READ, true);
        bench_ticks(b, grant - early + 1);
        /* now in cycle grant + 1 - early: FIN's successor, FIN, and the one before */
        const bool leads = (bench_state0(b, 6, 0) & 15) == WALK;
        assert_int_equal(leads, early >= 1);
        if (!(b->out.req_ready >> DATA & 1)) {
            bench_free(b);
            continue; /* the DONE entry holds the port */
        }
        bench_offer(b, DATA, 2, VA, ACC_READ, true);
        bench_tick(b);
        assert_int_equal(bench_state0(b, 6, 1) & 15, early >= 2 ? FOLLOW : PEND);
        bench_ticks(b, 100);
        assert_int_equal(b->answer[DATA][2].r.src, early >= 2 ? SRC_MERGED : SRC_STLB);
        bench_free(b);
    }
}

/* Allocation takes the lowest entry FREE at the start of the cycle, not one that the response stage frees in it. */
static void an_entry_freed_in_a_cycle_is_not_taken_in_it(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer(b, FETCH, 1, VA, ACC_EXECUTE, true);
    while ((bench_state0(b, 6, 0) & 15) != DONE) {
        assert_true(b->cycle < 100000);
        bench_tick(b);
    }
    if (b->out.req_ready >> DATA & 1) {
        bench_offer(b, DATA, 2, VA + 0x1000, ACC_READ, true);
        bench_tick(b);
        assert_int_equal(bench_state0(b, 6, 0), 0);
        assert_int_equal(bench_state0(b, 6, 1) & 15, PEND);
    }
    bench_free(b);
}

/* The pointers of issue and dispatch: one past the entry served last; entries above the pointer go first. */
static void round_robin_of_issue_and_dispatch(void **state)
{
    (void)state;
    if (QUEUE < PORTS + 2)
        return;
    struct bench *b = bench_new();
    b->mute = true;
    for (unsigned i = 0; i < 2; i++) {
        bench_offer(b, FETCH, i, VA + i * 0x1000, ACC_EXECUTE, true);
        bench_tick(b);
    }
    bench_ticks(b, S + 2);
    assert_int_equal(bench_state0(b, 0, 2) & 0xff, 2);
    assert_int_equal(bench_state0(b, 0, 2) >> 8 & 0xff, WALKERS < 2 ? 1 : 2);
    /* A control operation makes both PEND again at once: entry 0, below the pointer, has to wait unless none is above
     * it. */
    const bool third = QUEUE >= 3 && (b->out.req_ready >> FETCH & 1);
    if (third) {
        bench_offer(b, FETCH, 2, VA + 0x2000, ACC_EXECUTE, true);
        b->in.ctl_valid = true;
        b->in.ctl_op = CTL_MOV_CR0;
        b->in.ctl_data = BENCH_CR0;
        bench_tick(b);
        b->mute = false;
        while (!b->out.ctl_ready)
            bench_tick(b);
        for (unsigned i = 0; i < 3; i++) {
            bench_tick(b);
            assert_int_equal(bench_state0(b, 8, 1), TOKEN_LOOKUP | (i + 2) % 3 << 2);
        }
    }
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_follower_gets_the_leaders_translation),
        cmocka_unit_test(a_follower_may_need_more),
        cmocka_unit_test(a_follower_never_inherits_a_fault),
        cmocka_unit_test(merging_within_a_cycle),
        cmocka_unit_test(readiness),
        cmocka_unit_test(a_leaving_leader_is_not_followed),
        cmocka_unit_test(an_entry_freed_in_a_cycle_is_not_taken_in_it),
        cmocka_unit_test(round_robin_of_issue_and_dispatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
