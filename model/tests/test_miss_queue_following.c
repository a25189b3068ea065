/* Following in the miss queue: merging, what followers inherit (section 8). */
#include "cycle_bench.h"
#include "queue_bench.h"

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
    while (entry_state(b, FIRST) != FINV) {
        if (b->cycle > 1000000)
            fail();
        bench_tick(b);
    }
    assert_int_equal(entry_state(b, SECOND), PEND);
    assert_int_equal(bench_state0(b, 6, SECOND) >> 23 & 63, 0);
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    for (unsigned step = 0; step < 3; step++) { /* three issues, in successive cycles */
        assert_int_equal(bench_state0(b, 6, FIRST), FINV | DATA << 4 | 1 << 8 | 1 << 18 | 2ull << 29 | 2ull << 31 |
                                                        (uint64_t)PF_U << 33 | (uint64_t)step << 48);
        bench_tick(b);
        assert_int_equal(bench_state0(b, 8, 1), TOKEN_FINV | FIRST << 2 | step << 8);
    }
    assert_int_equal(entry_state(b, FIRST), FINVW);
    assert_int_equal(bench_state0(b, 6, FIRST) >> 48, 2);
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
    assert_int_equal(bench_state0(b, 6, FETCH) & 255, PEND | FETCH << 4);
    assert_int_equal(bench_state0(b, 6, DATA) & 255, PEND | DATA << 4);
    for (unsigned port = DATA + 1; port < PORTS; port++) {
        const uint64_t word = bench_state0(b, 6, port);
        assert_int_equal(word & 255, FOLLOW | port << 4);
        assert_int_equal(word >> 23 & 63, DATA);
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
        const bool leads = entry_state(b, FIRST) == WALK;
        assert_int_equal(leads, early >= 1);
        if (!(b->out.req_ready >> DATA & 1)) {
            bench_free(b);
            continue; /* the DONE entry holds the port */
        }
        bench_offer(b, DATA, 2, VA, ACC_READ, true);
        bench_tick(b);
        assert_int_equal(entry_state(b, SECOND), early >= 2 ? FOLLOW : PEND);
        bench_ticks(b, 100);
        assert_int_equal(b->answer[DATA][2].r.src, early >= 2 ? SRC_MERGED : SRC_STLB);
        bench_free(b);
    }
}

/* Two writers that followed a reader come back to PEND, for D is 0; a third writer follows the lower of them. */
static void the_lowest_leader_is_followed(void **state)
{
    (void)state;
    if (QUEUE < DATA + 3)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_D);
    for (unsigned id = 1; id <= 3; id++) {
        BENCH_UNTIL(b, b->out.req_ready >> DATA & 1);
        bench_offer(b, DATA, id, VA | id, id == 1 ? ACC_READ : ACC_WRITE, true);
        bench_tick(b);
    }
    if (entry_state(b, THIRD) != FOLLOW) { /* the port had to wait */
        bench_free(b);
        return;
    }
    BENCH_UNTIL(b, !entry_state(b, FIRST));
    assert_true(entry_state(b, SECOND) >= PEND && entry_state(b, SECOND) <= WALK);
    assert_true(entry_state(b, THIRD) >= PEND && entry_state(b, THIRD) <= WALK);
    assert_int_equal(bench_state0(b, 6, SECOND) >> 23 & 63, 0); /* they never look for a leader again */
    assert_int_equal(bench_state0(b, 6, THIRD) >> 23 & 63, 0);
    BENCH_UNTIL(b, b->out.req_ready >> DATA & 1);
    bench_offer(b, DATA, 4, VA | 4, ACC_WRITE, true);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), FOLLOW);
    assert_int_equal(bench_state0(b, 6, FIRST) >> 23 & 63, SECOND);
    bench_free(b);
}

/* The supervisor's page at VA is in the L1, D = 0: a user's access to it is to be confirmed. NULL: this preset
 * confirms nothing, or has one data port. */
static struct bench *supervisors_page_in_l1(void)
{
    if (!CFG_POLICY_FAULT_REWALK || PORTS - FETCH_PORTS < 2)
        return NULL;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~(PTE_U | PTE_D));
    bench_translate(b, DATA, VA, ACC_READ, false);
    bench_ticks(b, S);
    return b;
}

/* A lower port's access that must be confirmed (DENIED) leads a higher port's of the same cycle. */
static void an_entry_to_be_confirmed_leads(void **state)
{
    (void)state;
    struct bench *b = supervisors_page_in_l1();
    if (!b)
        return;
    bench_offer(b, DATA, 1, VA, ACC_READ, true);       /* no right: to be confirmed */
    bench_offer(b, DATA + 1, 2, VA, ACC_WRITE, false); /* needs D */
    bench_tick(b);
    assert_int_equal(entry_state(b, DATA), DENIED);
    assert_int_equal(bench_state0(b, 6, DATA) >> 22 & 1, 1);
    assert_int_equal(entry_state(b, DATA + 1), FOLLOW);
    assert_int_equal(bench_state0(b, 6, DATA + 1) >> 23 & 63, DATA);
    bench_ticks(b, 500);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_PF); /* its fault is not the follower's */
    assert_int_equal(b->answer[DATA + 1][2].r.kind, KIND_OK);
    bench_free(b);
}

/* So it does beside an older leader of the page in a higher entry: of two leaders the lower is followed. */
static void of_two_leaders_the_lower_is_followed(void **state)
{
    (void)state;
    struct bench *b = supervisors_page_in_l1();
    if (!b)
        return;
    bench_offer(b, DATA, 1, VA + 0x8000, ACC_READ, true); /* FIRST, which is squashed */
    bench_tick(b);
    bench_offer(b, DATA, 2, VA, ACC_WRITE, false); /* needs D: SECOND leads */
    bench_tick(b);
    bench_squash(b, DATA, 1);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), FREE);
    bench_offer(b, DATA, 3, VA, ACC_READ, true); /* no right: to be confirmed */
    bench_offer(b, DATA + 1, 4, VA, ACC_WRITE, false);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), DENIED);
    assert_int_equal(entry_state(b, SECOND), SLK);
    assert_int_equal(entry_state(b, THIRD), FOLLOW);
    assert_int_equal(bench_state0(b, 6, THIRD) >> 23 & 63, FIRST);
    bench_free(b);
}

/* A memory error is the leader's alone: its followers start for themselves. */
static void a_follower_never_inherits_an_error(void **state)
{
    (void)state;
    if (!room_for_two())
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    b->fail_reads = 1;
    two(b, ACC_READ, ACC_READ, true);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_MEMERR);
    assert_int_equal(b->answer[DATA][2].r.kind, KIND_OK);
    assert_int_equal(b->answer[DATA][2].r.src, SRC_WALK);
    bench_free(b);
}

/* An access to be confirmed walks for itself, though another one walks for its page. */
static void an_entry_to_be_confirmed_never_follows(void **state)
{
    (void)state;
    if (!CFG_POLICY_FAULT_REWALK || !room_for_two())
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~(PTE_U | PTE_D));
    bench_translate(b, DATA, VA, ACC_READ, false);
    bench_ticks(b, S);
    bench_offer(b, DATA, 1, VA, ACC_WRITE, false); /* needs D */
    bench_tick(b);
    bench_offer(b, DATA, 2, VA, ACC_READ, true); /* no right */
    bench_tick(b);
    assert_int_equal(entry_state(b, SECOND), DENIED);
    assert_int_equal(bench_state0(b, 6, SECOND) >> 22 & 0x7f, 1); /* confirm, and no leader */
    bench_free(b);
}

static void a_follower_that_returns_forgets_its_leader(void **state)
{
    (void)state;
    if (!room_for_two())
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_D);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    bench_offer(b, DATA, 2, VA, ACC_WRITE, true);
    bench_tick(b);
    assert_int_equal(entry_state(b, SECOND), FOLLOW);
    assert_int_equal(bench_state0(b, 6, SECOND) >> 23 & 63, FIRST); /* not 0 */
    BENCH_UNTIL(b, entry_state(b, SECOND) != FOLLOW);
    assert_int_equal(entry_state(b, SECOND), PEND);
    assert_int_equal(bench_state0(b, 6, SECOND) >> 23 & 63, 0);
    bench_free(b);
}

/* Two requests of one cycle for one page: the first has no right to it, the second only finds D = 0, and does not wait
 * for an outcome that the first, where it reports its fault at once, never has. */
static void a_fault_of_the_same_cycle_leads_nobody(void **state)
{
    (void)state;
    if (PORTS - FETCH_PORTS < 2 || !room_for_two())
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~(PTE_U | PTE_D));
    bench_translate(b, DATA, VA, ACC_READ, false);
    bench_ticks(b, S);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_offer(b, DATA + 1, 2, VA, ACC_WRITE, false);
    BENCH_UNTIL(b, b->answer[DATA][1].seen && b->answer[DATA + 1][2].seen);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_PF);
    assert_int_equal(b->answer[DATA][1].r.err, PF_P | PF_U);
    assert_int_equal(b->answer[DATA + 1][2].r.kind, KIND_OK);
    assert_int_equal(b->answer[DATA + 1][2].r.addr, PA);
    bench_free(b);
}

/* Pages that differ in any one bit of their numbers, up to the highest that counts: none of them leads the other. */
static void another_page_is_not_followed(void **state)
{
    (void)state;
    if (!room_for_two())
        return;
    const unsigned top = CFG_ARCH_LA57 ? 56 : 47;
    struct bench *b = bench_new();
    bench_control(b, CTL_MOV_CR4, BENCH_CR4 | (CFG_ARCH_LA57 ? CR4_LA57 : 0));
    for (unsigned bit = 12; bit <= top; bit++) {
        bench_offer(b, DATA, 1, VA, ACC_READ, true);
        bench_tick(b);
        bench_offer(b, DATA, 2, bit == top ? VA ^ ~0ull << bit : VA ^ 1ull << bit, ACC_READ, true);
        bench_tick(b);
        assert_int_equal(entry_state(b, FIRST), SLK);
        assert_int_equal(entry_state(b, SECOND), PEND);
        BENCH_UNTIL(b, b->answer[DATA][1].seen && b->answer[DATA][2].seen);
        assert_int_equal(b->answer[DATA][2].r.kind, KIND_PF); /* nothing is mapped */
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
        cmocka_unit_test(a_leaving_leader_is_not_followed),
        cmocka_unit_test(the_lowest_leader_is_followed),
        cmocka_unit_test(an_entry_to_be_confirmed_leads),
        cmocka_unit_test(of_two_leaders_the_lower_is_followed),
        cmocka_unit_test(a_follower_never_inherits_an_error),
        cmocka_unit_test(an_entry_to_be_confirmed_never_follows),
        cmocka_unit_test(a_follower_that_returns_forgets_its_leader),
        cmocka_unit_test(a_fault_of_the_same_cycle_leads_nobody),
        cmocka_unit_test(another_page_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
