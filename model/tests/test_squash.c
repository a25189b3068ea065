/* Squashes: what becomes of a request that the core drops, in each state that it may be in (sections 2, 8, 11, 13). */
#include "cycle_bench.h"
#include "queue_bench.h"

enum { S = CFG_STLB_LATENCY, LONG = 1000 };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

static unsigned walker_state(const struct bench *b, unsigned n)
{
    return bench_state0(b, 7, 2 * n) & 7;
}

static bool walker_killed(const struct bench *b, unsigned n)
{
    return bench_state0(b, 7, 2 * n) >> 3 & 1;
}

static bool pipeline_empty(const struct bench *b)
{
    bool empty = true;
    for (unsigned stage = 1; stage <= S - 2; stage++)
        empty &= bench_state0(b, 8, stage) == 0;
    return empty;
}

/* A bench with the page mapped, and request 1 for it accepted at a data port. */
static struct bench *begin(unsigned acc, uint64_t flags)
{
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, flags);
    bench_offer(b, DATA, 1, VA, acc, true);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), PEND);
    return b;
}

/* It is squashed in this cycle: its entry is FREE in the next, nothing of it is in the pipeline, no answer comes. */
static void squash(struct bench *b)
{
    bench_squash(b, DATA, 1);
    bench_tick(b);
    assert_int_equal(bench_state0(b, 6, FIRST), 0);
    assert_true(pipeline_empty(b));
    assert_false(b->answer[DATA][1].seen);
}

static void end(struct bench *b, uint64_t reads)
{
    bench_ticks(b, LONG);
    assert_false(b->answer[DATA][1].seen);
    assert_int_equal(b->reads, reads);
    for (unsigned n = 0; n < WALKERS; n++)
        assert_int_equal(walker_state(b, n), W_IDLE);
    assert_true(b->out.waiting);
    bench_free(b);
}

/* In PEND it is issued in the very cycle, and then in each stage of the pipeline up to C, where it finds nothing. */
static void before_its_walk(void **state)
{
    (void)state;
    for (unsigned cycles = 0; cycles <= S - 2; cycles++) {
        struct bench *b = begin(ACC_READ, MAPPED);
        bench_ticks(b, cycles);
        assert_int_equal(entry_state(b, FIRST), cycles ? SLK : PEND);
        squash(b);
        assert_int_equal(bench_state0(b, 0, 2) & 0xff, (FIRST + 1) % QUEUE); /* the pointer has moved all the same */
        end(b, 0);
    }
}

/* In C it finds its page: the L1 is filled, nobody is told. */
static void a_hit_in_the_stlb_still_fills(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_translate(b, FETCH, VA, ACC_EXECUTE, true);
    bench_ticks(b, S);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_ticks(b, S - 1);
    assert_int_equal(bench_state0(b, 8, S - 2) & 3, TOKEN_LOOKUP);
    squash(b);
    const struct bench_answer a = bench_translate(b, DATA, VA, ACC_READ, true);
    assert_int_equal(a.latency, 1);
    end(b, 4);
}

/* In NWALK it is dispatched in the very cycle: the walker does not begin. */
static void when_it_is_dispatched(void **state)
{
    (void)state;
    struct bench *b = begin(ACC_READ, MAPPED);
    BENCH_UNTIL(b, entry_state(b, FIRST) == NWALK);
    squash(b);
    assert_int_equal(walker_state(b, 0), W_IDLE);
    assert_int_equal(bench_state0(b, 0, 2) >> 8 & 0xff, (FIRST + 1) % QUEUE);
    end(b, 0);
}

/* Denied by its L1: it never gets as far as a walker. */
static void when_its_l1_denied_it(void **state)
{
    (void)state;
    if (!CFG_POLICY_FAULT_REWALK)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_W);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_ticks(b, S);
    const uint64_t reads = b->reads;
    const uint64_t pointer = bench_state0(b, 0, 2) >> 8 & 0xff;
    bench_offer(b, DATA, 1, VA, ACC_WRITE, true);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), DENIED);
    squash(b);
    assert_int_equal(bench_state0(b, 0, 2) >> 8 & 0xff, pointer);
    bench_ticks(b, LONG);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).latency, 1); /* no fault has dropped the page */
    end(b, reads);
}

/* Its read is on offer, and stays so: accepted in that cycle, or later. */
static void an_offer_stays(void **state)
{
    (void)state;
    for (unsigned late = 0; late < 2; late++) {
        struct bench *b = begin(ACC_READ, MAPPED);
        BENCH_UNTIL(b, walker_state(b, 0) == W_REQ);
        assert_true(b->out.mem_req_valid);
        b->stall = late;
        squash(b);
        assert_true(walker_killed(b, 0));
        assert_int_equal(walker_state(b, 0), late ? W_REQ : W_WAIT);
        if (late) {
            bench_ticks(b, 3);
            assert_true(b->out.mem_req_valid);
            assert_true(b->out.waiting);
            b->stall = false;
        }
        end(b, 1);
    }
}

/* It waits for its read: the reply ends the walk, and the walker can be had again from then on. */
static void a_reply_is_awaited(void **state)
{
    (void)state;
    struct bench *b = begin(ACC_READ, MAPPED);
    BENCH_UNTIL(b, walker_state(b, 0) == W_WAIT);
    bench_tick(b);
    squash(b);
    for (unsigned left = b->latency - 2; left; left--) {
        assert_int_equal(walker_state(b, 0), W_WAIT);
        assert_true(walker_killed(b, 0));
        assert_true(b->out.waiting);
        bench_tick(b);
    }
    bench_tick(b);
    assert_int_equal(walker_state(b, 0), W_IDLE);
    assert_int_equal(bench_psc_entries(b), 0);
    end(b, 1);
}

/* The reply comes in the cycle of the squash: what it says may be cached, and the walker is IDLE. */
static void a_reply_of_the_cycle_counts(void **state)
{
    (void)state;
    struct bench *b = begin(ACC_READ, MAPPED);
    BENCH_UNTIL(b, b->reads == 3 && b->outstanding[0].due == b->cycle);
    const unsigned before = bench_psc_entries(b);
    squash(b);
    assert_true(bench_psc_entries(b) > before); /* every preset holds PDEs */
    assert_int_equal(walker_state(b, 0), W_IDLE);
    end(b, 3);
}

/* D is set for a request that is squashed only if its compare-and-swap was on offer by then. */
static void dirty_by_an_offer_only(void **state)
{
    (void)state;
    for (unsigned late = 0; late < 2; late++) {
        struct bench *b = begin(ACC_WRITE, MAPPED & ~PTE_D);
        const uint64_t leaf = bench_entry(b, 4, VA, 1);
        BENCH_UNTIL(b, b->reads == 4 && b->outstanding[0].due == b->cycle);
        bench_ticks(b, late);
        assert_int_equal(walker_state(b, 0), late ? W_CAS : W_WAIT);
        squash(b);
        assert_int_equal(walker_state(b, 0), late ? W_CASW : W_IDLE);
        bench_ticks(b, LONG);
        assert_int_equal(*bench_word(b, leaf), PA | (late ? MAPPED : MAPPED & ~PTE_D));
        assert_int_equal(b->cas, late);
        end(b, 4);
    }
}

/* A held compare-and-swap stays what it was, though its entry is another request's by now, and a read. */
static void a_held_swap_keeps_its_value(void **state)
{
    (void)state;
    struct bench *b = begin(ACC_WRITE, MAPPED & ~PTE_D);
    BENCH_UNTIL(b, walker_state(b, 0) == W_CAS);
    const uint64_t desired = b->out.mem_req_desired;
    b->stall = true;
    squash(b);
    bench_offer(b, DATA, 2, VA + 0x1000, ACC_READ, true);
    bench_ticks(b, 3);
    assert_int_equal(bench_state0(b, 6, FIRST) >> 8 & 255, 2);
    assert_true(b->out.mem_req_cas);
    assert_int_equal(b->out.mem_req_desired, desired);
    b->stall = false;
    BENCH_UNTIL(b, b->answer[DATA][2].seen);
    assert_int_equal(b->answer[DATA][2].r.kind, KIND_PF);
    bench_free(b);
}

/* Of two walkers one is on offer; the other one is not, and is IDLE at once. */
static void without_an_offer_a_walker_ends(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    b->stall = true;
    bench_offer_both(b, 0x800000000000 - 0x1000, VA); /* in another line of the root table than VA */
    BENCH_UNTIL(b, walker_state(b, 1) == W_REQ);
    assert_int_equal(b->out.mem_req_tag, 0);
    bench_squash(b, DATA, 1);
    bench_tick(b);
    assert_int_equal(walker_state(b, 0), W_REQ);
    assert_int_equal(walker_state(b, 1), W_IDLE);
    b->stall = false;
    bench_ticks(b, LONG);
    assert_true(b->answer[FETCH][2].seen);
    assert_false(b->answer[DATA][1].seen);
    bench_free(b);
}

/* A walker that shares another one's read waits for it no longer; the other goes on. And the other way round. */
static void a_shared_read(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    for (unsigned owner = 0; owner < 2; owner++) {
        struct bench *b = bench_new();
        bench_map(b, VA, PA, SIZE_4K, MAPPED);
        bench_map(b, VA + 0x1000, PA + 0x1000, SIZE_4K, MAPPED);
        bench_offer_both(b, VA + 0x1000, VA);
        BENCH_UNTIL(b, walker_state(b, 1) == W_WAIT);
        assert_int_equal(b->reads, 1);
        bench_squash(b, owner ? FETCH : DATA, owner ? 2 : 1);
        bench_tick(b);
        assert_true(walker_killed(b, owner ? 0 : 1));
        bench_ticks(b, LONG);
        assert_int_equal(b->answer[DATA][1].seen, owner);
        assert_int_equal(b->answer[FETCH][2].seen, !owner);
        assert_int_equal(b->reads, 4);
        bench_free(b);
    }
}

/* In the cycle in which it would begin to share another one's read it is in REQ without an offer. */
static void about_to_share_a_read(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer_both(b, VA, VA);
    BENCH_UNTIL(b, walker_state(b, 1) == W_REQ);
    assert_int_equal(walker_state(b, 0), W_WAIT);
    bench_squash(b, DATA, 1);
    bench_tick(b);
    assert_int_equal(walker_state(b, 0), W_WAIT);
    assert_int_equal(walker_state(b, 1), W_IDLE);
    bench_ticks(b, LONG);
    assert_true(b->answer[FETCH][2].seen);
    assert_false(b->answer[DATA][1].seen);
    bench_free(b);
}

/* Granted in the very cycle: the TLBs are filled, nobody is told. */
static void when_it_is_granted(void **state)
{
    (void)state;
    struct bench *b = begin(ACC_READ, MAPPED);
    BENCH_UNTIL(b, walker_state(b, 0) == W_FIN);
    bench_squash(b, DATA, 1);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), FREE);
    assert_int_equal(walker_state(b, 0), W_IDLE);
    assert_int_equal(bench_state0(b, 8, S - 3) & 3, TOKEN_FILL);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).latency, 1);
    end(b, 4);
}

/* Two walkers in FIN: the one that is not granted is IDLE, and its page is filled nowhere. (Of two pages they end in
 * one cycle when the leaves come with one reply.) */
static void in_fin_without_a_grant(void **state)
{
    (void)state;
    if (WALKERS < 2 || QUEUE < DATA + 2 || CFG_WALKERS_REPLY_BYTES == 8)
        return;
    struct bench *b = bench_new();
    b->latency = S + 5;
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_map(b, VA + 0x1000, PA + 0x1000, SIZE_4K, MAPPED);
    bench_offer_both(b, VA + 0x1000, VA); /* the read shares every read of the fetch */
    BENCH_UNTIL(b, walker_state(b, 0) == W_FIN && walker_state(b, 1) == W_FIN);
    assert_int_equal(entry_state(b, SECOND), WALK);
    bench_squash(b, DATA, 1);
    bench_tick(b);
    assert_int_equal(walker_state(b, 0), W_IDLE);
    assert_int_equal(walker_state(b, 1), W_IDLE);
    assert_int_equal(entry_state(b, SECOND), FREE);
    bench_ticks(b, 20);
    assert_true(b->answer[FETCH][2].seen);
    const uint64_t reads = b->reads;
    assert_true(bench_translate(b, DATA, VA, ACC_READ, true).latency > S + 1);
    assert_true(b->reads > reads);
    bench_free(b);
}

/* Who follows a squashed request looks for itself; a follower goes without its leader's knowing. */
static void leaders_and_followers(void **state)
{
    (void)state;
    if (QUEUE < DATA + 2)
        return;
    for (unsigned leader = 0; leader < 2; leader++) {
        struct bench *b = begin(ACC_READ, MAPPED);
        bench_offer(b, DATA, 2, VA | 2, ACC_READ, true);
        bench_ticks(b, 3);
        assert_int_equal(entry_state(b, SECOND), FOLLOW);
        bench_squash(b, DATA, leader ? 1 : 2);
        bench_tick(b);
        assert_int_equal(entry_state(b, leader ? FIRST : SECOND), FREE);
        if (leader) {
            assert_int_equal(entry_state(b, SECOND), PEND);
            assert_int_equal(bench_state0(b, 6, SECOND) >> 23 & 63, 0);
        }
        bench_ticks(b, LONG);
        assert_int_equal(b->answer[DATA][1].seen, !leader);
        assert_int_equal(b->answer[DATA][2].seen, leader);
        assert_int_equal(b->answer[DATA][leader ? 2 : 1].r.addr, PA | (leader ? 2 : 0));
        bench_free(b);
    }
}

/* A request of the cycle in which its leader would be squashed has none. */
static void a_squashed_entry_leads_nobody(void **state)
{
    (void)state;
    if (QUEUE < DATA + 2)
        return;
    struct bench *b = begin(ACC_READ, MAPPED);
    bench_offer(b, DATA, 2, VA | 2, ACC_READ, true);
    bench_squash(b, DATA, 1);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), FREE);
    assert_int_equal(entry_state(b, SECOND), PEND);
    bench_ticks(b, LONG);
    assert_int_equal(b->answer[DATA][2].r.src, SRC_WALK);
    bench_free(b);
    if (PORTS - FETCH_PORTS < 2 || QUEUE < DATA + 3)
        return;
    b = begin(ACC_READ, MAPPED);
    bench_offer(b, DATA, 2, VA | 2, ACC_READ, true);
    bench_offer(b, DATA + 1, 3, VA | 3, ACC_READ, true);
    bench_squash(b, DATA, 1);
    bench_tick(b);
    assert_int_equal(entry_state(b, SECOND), PEND);
    assert_int_equal(entry_state(b, SECOND + 1), FOLLOW);
    assert_int_equal(bench_state0(b, 6, SECOND + 1) >> 23 & 63, SECOND);
    bench_free(b);
}

/* A page fault of a request that is squashed is none: what it has not invalidated yet stays. */
static void in_its_page_fault(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps <= 3; steps++) {
        struct bench *b = begin(ACC_READ, 0);
        BENCH_UNTIL(b, entry_state(b, FIRST) == FINV);
        const unsigned before = bench_psc_entries(b);
        const uint64_t reads = b->reads;
        bench_ticks(b, steps);
        assert_int_equal(entry_state(b, FIRST), steps == 3 ? FINVW : FINV);
        squash(b);
        bench_ticks(b, S);
        assert_int_equal(bench_psc_entries(b), before);
        end(b, reads);
    }
}

/* In DONE, on its way to the response register; an entry of its port behind it is answered as ever. */
static void in_done(void **state)
{
    (void)state;
    struct bench *b = begin(ACC_READ, MAPPED);
    const bool behind = QUEUE >= DATA + 2;
    if (behind)
        bench_offer(b, DATA, 2, VA | 2, ACC_READ, true);
    BENCH_UNTIL(b, entry_state(b, FIRST) == DONE);
    const uint64_t cycle = b->cycle;
    bench_squash(b, DATA, 1);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), FREE);
    assert_int_equal(b->out.resp_valid, 0);
    if (behind) {
        bench_tick(b);
        assert_true(b->answer[DATA][2].seen);
        assert_int_equal(b->answer[DATA][2].cycle, cycle + 2);
    }
    end(b, 4);
}

/* In DONE behind another entry of its port. */
static void in_done_and_not_first(void **state)
{
    (void)state;
    if (QUEUE < DATA + 2)
        return;
    struct bench *b = begin(ACC_READ, MAPPED);
    bench_offer(b, DATA, 2, VA | 2, ACC_READ, true);
    BENCH_UNTIL(b, entry_state(b, FIRST) == DONE);
    assert_int_equal(entry_state(b, SECOND), DONE);
    bench_squash(b, DATA, 2);
    bench_tick(b);
    assert_true(b->answer[DATA][1].seen);
    assert_int_equal(entry_state(b, SECOND), FREE);
    assert_true(b->out.req_ready >> DATA & 1);
    bench_ticks(b, LONG);
    assert_false(b->answer[DATA][2].seen);
    bench_free(b);
}

/* Nothing happens to an answer of the same cycle, to a request of the same cycle, to another port's or id's. */
static void what_is_not_in_flight(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_squash(b, DATA, 1);
    bench_tick(b);
    for (unsigned cycles = 0; !b->answer[DATA][1].seen; cycles++) {
        assert_true(cycles < LONG);
        bench_squash(b, DATA, 1 ^ 1u << cycles % 8); /* an id that differs in one bit */
        bench_squash(b, FETCH, 1);
        bench_tick(b);
    }
    bench_squash(b, DATA, 1); /* it is just being answered */
    bench_tick(b);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    assert_true(b->answer[DATA][1].seen); /* by its L1, at once */
    bench_squash(b, DATA, 1);
    bench_tick(b);
    bench_offer(b, DATA, 3, VA, ACC_READ, true);
    bench_tick(b);
    assert_true(b->answer[DATA][3].seen);
    assert_int_equal(entry_state(b, FIRST), FREE); /* the entry had this id, and takes the request of the cycle */
    bench_map(b, VA + 0x1000, PA + 0x1000, SIZE_4K, MAPPED);
    bench_offer(b, DATA, 1, VA + 0x1000, ACC_READ, true);
    bench_squash(b, DATA, 1);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), PEND);
    BENCH_UNTIL(b, b->answer[DATA][1].seen);
    bench_free(b);
}

/* The id, and the entry, are another request's in the next cycle, while the old walk still waits for its reply. */
static void the_id_is_free_at_once(void **state)
{
    (void)state;
    struct bench *b = begin(ACC_READ, MAPPED);
    bench_map(b, VA + 0x8000000000, PA + 0x5000, SIZE_4K, MAPPED);
    BENCH_UNTIL(b, walker_state(b, 0) == W_WAIT);
    squash(b);
    bench_offer(b, DATA, 1, VA + 0x8000000000, ACC_READ, true);
    bench_tick(b);
    assert_int_equal(entry_state(b, FIRST), PEND);
    BENCH_UNTIL(b, b->answer[DATA][1].seen);
    assert_int_equal(b->answer[DATA][1].r.addr, PA + 0x5000);
    bench_ticks(b, LONG);
    bench_free(b);
}

/* In the cycle in which a control operation is accepted, and in each cycle until it is done. */
static void during_a_control_operation(void **state)
{
    (void)state;
    for (unsigned after = 0; after < 30; after++) {
        struct bench *b = begin(ACC_READ, MAPPED);
        BENCH_UNTIL(b, walker_state(b, 0) == W_WAIT);
        b->in.ctl_valid = true;
        b->in.ctl_op = CTL_INVLPG;
        b->in.ctl_data = VA;
        if (after) {
            bench_tick(b);
            assert_int_equal(entry_state(b, FIRST), PEND);
            bench_ticks(b, after - 1);
        }
        if (after && b->out.ctl_ready) {
            bench_free(b);
            return;
        }
        squash(b);
        end(b, 1);
    }
    fail();
}

/* A result that waits for its slot while an operation is under way. */
static void in_done_during_a_control_operation(void **state)
{
    (void)state;
    if (QUEUE < DATA + 2)
        return;
    struct bench *b = begin(ACC_READ, MAPPED);
    bench_offer(b, DATA, 2, VA | 2, ACC_READ, true);
    BENCH_UNTIL(b, entry_state(b, FIRST) == DONE);
    b->in.ctl_valid = true;
    b->in.ctl_op = CTL_INVLPG;
    b->in.ctl_data = VA;
    bench_tick(b);
    assert_int_equal(entry_state(b, SECOND), DONE);
    bench_squash(b, DATA, 2);
    bench_tick(b);
    assert_int_equal(entry_state(b, SECOND), FREE);
    assert_int_equal(b->out.resp_valid, 0);
    bench_ticks(b, LONG);
    assert_false(b->answer[DATA][2].seen);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_its_walk),
        cmocka_unit_test(a_hit_in_the_stlb_still_fills),
        cmocka_unit_test(when_it_is_dispatched),
        cmocka_unit_test(when_its_l1_denied_it),
        cmocka_unit_test(an_offer_stays),
        cmocka_unit_test(a_reply_is_awaited),
        cmocka_unit_test(a_reply_of_the_cycle_counts),
        cmocka_unit_test(dirty_by_an_offer_only),
        cmocka_unit_test(a_held_swap_keeps_its_value),
        cmocka_unit_test(without_an_offer_a_walker_ends),
        cmocka_unit_test(a_shared_read),
        cmocka_unit_test(about_to_share_a_read),
        cmocka_unit_test(when_it_is_granted),
        cmocka_unit_test(in_fin_without_a_grant),
        cmocka_unit_test(leaders_and_followers),
        cmocka_unit_test(a_squashed_entry_leads_nobody),
        cmocka_unit_test(in_its_page_fault),
        cmocka_unit_test(in_done),
        cmocka_unit_test(in_done_and_not_first),
        cmocka_unit_test(what_is_not_in_flight),
        cmocka_unit_test(the_id_is_free_at_once),
        cmocka_unit_test(during_a_control_operation),
        cmocka_unit_test(in_done_during_a_control_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
