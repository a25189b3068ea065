/* The miss queue: allocation, readiness, the order of issue and dispatch, denied accesses (section 8). */
#include "cycle_bench.h"
#include "queue_bench.h"

enum { S = CFG_STLB_LATENCY };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

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

/* Allocation takes an entry that is FREE at the start of the cycle, and does not count one that the response stage
 * frees in it. */
static void an_entry_freed_in_a_cycle_is_not_taken_in_it(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer(b, FETCH, 1, VA, ACC_EXECUTE, true);
    BENCH_UNTIL(b, entry_state(b, 0) == DONE);
    if (b->out.req_ready >> DATA & 1) {
        bench_offer(b, DATA, 2, VA + 0x1000, ACC_READ, true);
        bench_tick(b);
        assert_int_equal(bench_state0(b, 6, 0), 0);
        assert_int_equal(bench_entry_of(b, DATA, 2), SECOND);
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
        BENCH_UNTIL(b, b->out.ctl_ready);
        for (unsigned i = 0; i < 3; i++) {
            bench_tick(b);
            assert_int_equal(bench_state0(b, 8, 1), TOKEN_LOOKUP | (i + 2) % 3 << 2);
        }
    }
    bench_free(b);
}

/* Section 8 "Allocation": port p takes the (p+1)-th lowest FREE entry, whatever the other ports need. Entries of `held`
 * are not FREE; a port of `misses` gets the entry of its number in `entry`; all others hit their L1, or ask nothing. */
struct allocation {
    unsigned held, misses, entry[4];
};

static const struct allocation allocations[] = {
    {0, 1, {0}}, /* no holes: the lowest port */
    {0, 2, {[1] = 1}},
    {0, 3, {0, 1}},
    {0, 4, {[2] = 2}},
    {0, 5, {[0] = 0, [2] = 2}},
    {0, 10, {[1] = 1, [3] = 3}},
    {0, 15, {0, 1, 2, 3}},
    {1, 2, {[1] = 2}}, /* entry 0 is held */
    {1, 3, {1, 2}},
    {2, 1, {0}}, /* entry 1: a hole below it */
    {2, 2, {[1] = 2}},
    {2, 3, {0, 2}},
    {4, 2, {[1] = 1}}, /* entry 2 */
    {6, 2, {[1] = 3}}, /* entries 1 and 2 */
    {6, 3, {0, 3}},
    {5, 2, {[1] = 3}}, /* entries 0 and 2 */
    {5, 3, {1, 3}},
    {10, 8, {[3] = 5}}, /* entries 1 and 3: FREE are 0, 2, 4, 5, … */
    {10, 12, {[2] = 4, [3] = 5}},
    {10, 15, {0, 2, 4, 5}},
};

/* The lowest port takes all entries up to the last of `held`, and gives up those that are not of it. */
static void hold(struct bench *b, unsigned held)
{
    const unsigned taken = held ? 32 - (unsigned)__builtin_clz(held) : 0;
    for (unsigned n = 0; n < taken; n++) {
        bench_offer(b, 0, 100 + n, VA + (n + 1) * 0x10000, ACC_EXECUTE, true);
        bench_tick(b);
        assert_int_equal(bench_entry_of(b, 0, 100 + n), n);
    }
    for (unsigned n = 0; n < taken; n++)
        if (!(held >> n & 1)) {
            bench_squash(b, 0, 100 + n);
            bench_tick(b);
        }
}

static void allocate(const struct allocation *a, bool others_hit)
{
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_translate(b, FETCH, VA, ACC_EXECUTE, true);
    bench_ticks(b, S);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_ticks(b, S);
    b->mute = true;
    hold(b, a->held);
    for (unsigned port = 0; port < PORTS; port++) {
        const bool misses = a->misses >> port & 1;
        b->answer[port][port].seen = false;
        if (misses || others_hit)
            bench_offer(b, port, port, misses ? VA + (port + 1) * 0x1000 : VA,
                        port < FETCH_PORTS ? ACC_EXECUTE : ACC_READ, true);
    }
    bench_tick(b);
    for (unsigned port = 0; port < PORTS; port++) {
        const bool misses = a->misses >> port & 1;
        assert_int_equal(bench_entry_of(b, port, port), misses ? a->entry[port] : QUEUE);
        assert_int_equal(b->answer[port][port].seen, !misses && others_hit);
    }
    bench_free(b);
}

static void each_port_has_its_free_entry(void **state)
{
    (void)state;
    unsigned rows = 0;
    for (unsigned i = 0; i < sizeof allocations / sizeof *allocations; i++) {
        const struct allocation *a = &allocations[i];
        const unsigned held = (unsigned)__builtin_popcount(a->held);
        if (a->misses >> PORTS || held + PORTS > QUEUE) /* every port is to be ready */
            continue;
        allocate(a, false);
        allocate(a, true);
        rows++;
    }
    assert_true(rows >= 3 || PORTS < 2);
}

/* "No DONE entry of port p": another port's does not count. */
static void a_done_entry_blocks_its_own_port(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer(b, FETCH, 1, VA, ACC_EXECUTE, true);
    BENCH_UNTIL(b, entry_state(b, 0) == DONE);
    for (unsigned port = 0; port < PORTS; port++)
        assert_int_equal(b->out.req_ready >> port & 1, port != FETCH && QUEUE - 1 >= port + 1);
    bench_free(b);
}

/* Two walks that fault in successive cycles: nothing is issued while the second is in FIN, not for the first's page
 * fault either; then the steps of the lower entry, then those of the other. */
static void page_faults_are_issued_in_order(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    b->latency = S + 5;
    bench_map(b, VA, PA, SIZE_4K, 0);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    bench_offer(b, FETCH, 2, VA + 0x8000, ACC_EXECUTE, true); /* shares every read of the first but the last */
    BENCH_UNTIL(b, entry_state(b, 0) == FINV || entry_state(b, FIRST) == FINV);
    const unsigned other = bench_state0(b, 7, 0) & 7 ? 0 : 1; /* the walker that is left */
    assert_int_equal(bench_state0(b, 7, 2 * other) & 7, W_FIN);
    bench_tick(b);
    assert_int_equal(bench_state0(b, 8, 1), TOKEN_NONE);
    assert_int_equal(entry_state(b, 0), FINV);
    assert_int_equal(entry_state(b, FIRST), FINV);
    for (unsigned i = 0; i < 6; i++) {
        bench_tick(b);
        assert_int_equal(bench_state0(b, 8, 1), TOKEN_FINV | (i < 3 ? 0 : FIRST) << 2 | i % 3 << 8);
    }
    bench_free(b);
}

/* Of two entries that wait for a walker the one at or above the pointer is served, though the other is lower. All start
 * again by a control operation after only entry 0 was issued: so they come in the order 1, 2, …, 0. */
static void dispatch_is_round_robin(void **state)
{
    (void)state;
    const unsigned N = WALKERS + 2;
    if (QUEUE < N || 2 * PORTS < N)
        return;
    struct bench *b = bench_new();
    unsigned n = 0;
    for (unsigned cycle = 0; cycle < 2; cycle++) {
        for (unsigned port = 0; port < PORTS && n < N; port++)
            if (b->out.req_ready >> port & 1) {
                const uint64_t va = (uint64_t)n * 8 << 39; /* no line in common */
                bench_map(b, va, PA, SIZE_4K, MAPPED);
                bench_offer(b, port, n++, va, port < FETCH_PORTS ? ACC_EXECUTE : ACC_READ, true);
            }
        if (cycle) {
            b->in.ctl_valid = true;
            b->in.ctl_op = CTL_WRPKRU;
            b->in.ctl_data = 0;
        }
        bench_tick(b);
    }
    if (n < N) {
        bench_free(b);
        return;
    }
    assert_int_equal(bench_state0(b, 0, 2) & 0xff, 1);
    b->mute = true;
    for (unsigned i = 0; i < 100; i++)
        bench_tick(b);
    assert_int_equal(entry_state(b, 0), NWALK);
    assert_int_equal(entry_state(b, N - 1), NWALK);
    assert_int_equal(bench_state0(b, 0, 2) >> 8 & 0xff, N - 1);
    b->mute = false;
    BENCH_UNTIL(b, entry_state(b, 0) != NWALK || entry_state(b, N - 1) != NWALK);
    assert_int_equal(entry_state(b, N - 1), WALK);
    bench_free(b);
}

/* A hit without the right, at DATA: DENIED in the next cycle, to be confirmed. */
static struct bench *denied(void)
{
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~(PTE_U | PTE_D));
    bench_translate(b, DATA, VA, ACC_READ, false);
    bench_ticks(b, S);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), DENIED);
    return b;
}

/* Section 8: no walker takes it in that cycle, though all are IDLE; in the next one it is NWALK, and goes. */
static void a_denied_access_waits_for_a_cycle(void **state)
{
    (void)state;
    if (!CFG_POLICY_FAULT_REWALK)
        return;
    struct bench *b = denied();
    const uint64_t pointer = bench_state0(b, 0, 2) >> 8 & 0xff;
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), NWALK);
    assert_int_equal(bench_state0(b, 6, FIRST) >> 22 & 1, 1);
    assert_int_equal(bench_state0(b, 7, 0) & 7, W_IDLE);
    assert_int_equal(bench_state0(b, 0, 2) >> 8 & 0xff, pointer);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), WALK);
    assert_int_equal(bench_state0(b, 7, 0) & 7, W_REQ);
    assert_int_equal(bench_state0(b, 0, 2) >> 8 & 0xff, (FIRST + 1) % QUEUE);
    bench_free(b);
}

/* A request of the next cycle for its page follows it. */
static void a_denied_access_leads_the_next(void **state)
{
    (void)state;
    if (!CFG_POLICY_FAULT_REWALK || !room_for_two())
        return;
    struct bench *b = denied();
    bench_offer(b, DATA, 2, VA, ACC_WRITE, false); /* needs D */
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), NWALK);
    assert_int_equal(entry_state(b, SECOND), FOLLOW);
    assert_int_equal(bench_state0(b, 6, SECOND) >> 23 & 63, FIRST);
    BENCH_UNTIL(b, b->answer[DATA][1].seen && b->answer[DATA][2].seen);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_PF);
    assert_int_equal(b->answer[DATA][2].r.kind, KIND_OK);
    bench_free(b);
}

/* Beside an entry in NWALK it is not chosen, though the pointer is at it; then it goes to the next walker. */
static void a_denied_access_lets_others_go(void **state)
{
    (void)state;
    if (!CFG_POLICY_FAULT_REWALK || !room_for_two())
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_W);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_offer(b, DATA, 3, VA + 0x8000, ACC_READ, true); /* FIRST, and there is no such page */
    bench_tick(b);
    bench_offer(b, DATA, 1, VA + (8ull << 39), ACC_READ, true); /* SECOND */
    bench_tick(b);
    bench_squash(b, DATA, 3);
    bench_tick(b);
    BENCH_UNTIL(b, entry_state(b, SECOND) == SLK && (bench_state0(b, 8, S - 2) & 3) == TOKEN_LOOKUP);
    bench_offer(b, DATA, 2, VA, ACC_WRITE, true);
    bench_tick(b);
    assert_int_equal(entry_state(b, SECOND), NWALK);
    assert_int_equal(entry_state(b, FIRST), DENIED);
    bench_tick(b);
    assert_int_equal(entry_state(b, SECOND), WALK);
    assert_int_equal(entry_state(b, FIRST), NWALK);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_port_has_its_free_entry),
        cmocka_unit_test(readiness),
        cmocka_unit_test(an_entry_freed_in_a_cycle_is_not_taken_in_it),
        cmocka_unit_test(round_robin_of_issue_and_dispatch),
        cmocka_unit_test(a_done_entry_blocks_its_own_port),
        cmocka_unit_test(page_faults_are_issued_in_order),
        cmocka_unit_test(dispatch_is_round_robin),
        cmocka_unit_test(a_denied_access_waits_for_a_cycle),
        cmocka_unit_test(a_denied_access_leads_the_next),
        cmocka_unit_test(a_denied_access_lets_others_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
