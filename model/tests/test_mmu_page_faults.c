/* What a page fault drops, when, and what of a fill in the same cycle stays (sections 4, 8 and 9; SDM 3A 5.10.4.1). */
#include "cycle_bench.h"

enum {
    S = CFG_STLB_LATENCY,
    K = S - 2,
    PSC_HOLDS = CFG_PSC_A0_HOLDS | CFG_PSC_A1_HOLDS | CFG_PSC_A2_HOLDS | CFG_PSC_A3_HOLDS,
    L1_HOLDS_4K = CFG_ITLB_A0_HOLDS & CFG_DTLB_A0_HOLDS & 1
};

static const uint64_t VA = 0x555512345000, PA = 0x123000;

static uint64_t tag_of_size(uint64_t va, unsigned size, bool global)
{
    return 1 | (uint64_t)size << 1 | (uint64_t)global << 3 | (va >> (12 + 9 * size) << 9 * size) << 16;
}

/* Runs until the page-fault invalidation of step `step` is in C (not yet carried out). */
static void run_to_step(struct bench *b, unsigned step)
{
    BENCH_UNTIL(b, (bench_state0(b, 8, K) & 0x303) == (TOKEN_FINV | step << 8));
}

/* A 4-KByte and a 2-MByte entry for one address: step 0 drops the one, step 1 the other. */
static void step_by_step(void **state)
{
    (void)state;
    bench_needs_room();
    struct bench *b = bench_new();
    const uint64_t va = 0x40003000;
    bench_map(b, va, PA, SIZE_4K, MAPPED & ~PTE_W);
    bench_translate(b, DATA, va, ACC_READ, true);
    bench_ticks(b, S);
    *bench_word(b, bench_entry(b, 4, va, 2)) = 0x200000 | (MAPPED & ~PTE_W) | PTE_PS;
    bench_control(b, CTL_INVLPG, 0x7000000000); /* only the PSC, which still knows the table */
    bench_translate(b, DATA, va + 0x1000, ACC_READ, true);
    bench_ticks(b, S);
    bench_offer(b, DATA, 1, va, ACC_WRITE, true);
    for (unsigned step = 0; step < 3; step++) {
        run_to_step(b, step);
        assert_int_equal(bench_has_tag(b, 3, tag_of_size(va, SIZE_4K, false), ~0ull), step < 1);
        assert_int_equal(bench_has_tag(b, 3, tag_of_size(va, SIZE_2M, false), ~0ull), step < 2);
        bench_tick(b);
    }
    bench_ticks(b, 2);
    assert_true(b->answer[DATA][1].seen);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_PF);
    bench_free(b);
}

/* The last step, and no other, drops what the L1s and the PSC have of the address, a global page too; what they have of
 * another address stays. */
static void the_last_step_drops_l1s_and_psc(void **state)
{
    (void)state;
    bench_needs_room();
    if (!L1_HOLDS_4K)
        return;
    for (unsigned global = 0; global < 2; global++) {
        struct bench *b = bench_new();
        const uint64_t flags = (MAPPED & ~PTE_W) | (global ? PTE_G : 0), other = VA + 0x8000000000;
        const uint64_t tag = tag_of_size(VA, SIZE_4K, global), other_tag = tag_of_size(other, SIZE_4K, global);
        bench_map(b, VA, PA, SIZE_4K, flags);
        bench_map(b, other, PA, SIZE_4K, flags);
        bench_translate(b, DATA, other, ACC_READ, true);
        bench_translate(b, DATA, VA, ACC_READ, true);
        bench_ticks(b, S);
        bench_translate(b, FETCH, VA, ACC_EXECUTE, true);
        const bool psc = bench_has_tag(b, 4, psc_tag(2, 0, VA), ~0ull);
        const bool other_psc = bench_has_tag(b, 4, psc_tag(2, 0, other), ~0ull);
        assert_int_equal(psc, PSC_HOLDS & 1);
        bench_offer(b, DATA, 1, VA, ACC_WRITE, true);
        run_to_step(b, 2);
        for (unsigned after = 0; after < 2; after++) {
            assert_int_equal(bench_has_tag(b, 1, tag, ~0ull), !after);
            assert_int_equal(bench_has_tag(b, 2, tag, ~0ull), !after);
            assert_int_equal(bench_has_tag(b, 3, tag, ~0ull), false);
            assert_int_equal(bench_has_tag(b, 4, psc_tag(2, 0, VA), ~0ull), psc && !after);
            assert_true(bench_has_tag(b, 2, other_tag, ~0ull));
            assert_true(bench_has_tag(b, 3, other_tag, ~0ull));
            assert_int_equal(bench_has_tag(b, 4, psc_tag(2, 0, other), ~0ull), other_psc);
            bench_tick(b);
        }
        bench_free(b);
    }
}

/* A fetch and a write of one page whose A is 0: the write has no right and faults at once, the fetch waits for its
 * compare-and-swap. The reply comes so that the fetch is granted while the last step of the page fault is in C: the
 * grant is not held back, and of the invalidation and the fill of one cycle the fill stays. */
static void a_fill_stays_behind_the_last_step(void **state)
{
    (void)state;
    if (!L1_HOLDS_4K || WALKERS < 2 || QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    b->latency = 1;
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~(PTE_W | PTE_A | PTE_D));
    bench_offer(b, FETCH, 1, VA, ACC_EXECUTE, true);
    bench_tick(b);
    bench_offer(b, DATA, 2, VA, ACC_WRITE, true);
    BENCH_UNTIL(b, b->cas);
    b->mute = true;
    BENCH_UNTIL(b, (bench_state0(b, 8, K - 1) & 0x303) == (TOKEN_FINV | 2 << 8));
    b->mute = false;
    bench_tick(b);
    assert_int_equal(bench_state0(b, 8, K) & 0x303, TOKEN_FINV | 2 << 8);
    assert_int_equal(bench_state0(b, 7, 0) & 7, W_FIN);
    bench_tick(b);
    assert_int_equal(bench_state0(b, 7, 0) & 7, W_IDLE); /* granted with a FINV in C */
    assert_true(bench_has_tag(b, 1, tag_of_size(VA, SIZE_4K, false), ~0ull));
    bench_ticks(b, S);
    assert_int_equal(b->answer[FETCH][1].r.kind, KIND_OK);
    assert_int_equal(b->answer[DATA][2].r.kind, KIND_PF);
    bench_free(b);
}

/* The same for the PSC, where faults are raised from cached entries: a walk passes the PDE in the cycle of the last
 * step for a page of that PDE. */
static void a_psc_fill_stays_behind_the_last_step(void **state)
{
    (void)state;
    if (CFG_POLICY_FAULT_REWALK || !(PSC_HOLDS & 1) || QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_W);
    bench_map(b, VA + 0x10000, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_ticks(b, S);
    bench_control(b, CTL_INVLPG, VA + 0x8000000000); /* the PSC forgets, the TLBs keep VA */
    if (bench_psc_entries(b)) {
        bench_free(b);
        return;
    }
    b->latency = 3;
    bench_offer(b, FETCH, 1, VA + 0x10000, ACC_EXECUTE, true);
    while ((bench_state0(b, 7, 0) & 0x77) != (W_WAIT | 2 << 4)) { /* it waits for the PDE */
        assert_true(b->cycle < 10000);
        bench_tick(b);
    }
    b->mute = true;
    BENCH_UNTIL(b, b->out.req_ready >> DATA & 1);
    bench_offer(b, DATA, 2, VA, ACC_WRITE, true);
    run_to_step(b, 2);
    b->mute = false;
    assert_false(bench_has_tag(b, 4, psc_tag(2, 0, VA), ~0ull));
    bench_tick(b);
    assert_int_equal(bench_state0(b, 7, 0) >> 4 & 7, 1);
    assert_true(bench_has_tag(b, 4, psc_tag(2, 0, VA), ~0ull));
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_by_step),
        cmocka_unit_test(the_last_step_drops_l1s_and_psc),
        cmocka_unit_test(a_fill_stays_behind_the_last_step),
        cmocka_unit_test(a_psc_fill_stays_behind_the_last_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
