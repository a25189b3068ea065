/* The second-level TLB: its pipeline cycle by cycle, its sets, its two arrays (section 9). */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY, K = S - 2 };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

/* t accept · t+1 PEND · t+2 … t+1+k stages 1 … k · t+2+k DONE · t+1+S response */
static void a_lookup_stage_by_stage(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_translate(b, FETCH, VA, ACC_EXECUTE, true);
    bench_ticks(b, S);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    const unsigned n = bench_entry_of(b, DATA, 1);
    assert_int_equal(bench_state0(b, 6, n) & 15, PEND);
    for (unsigned stage = 1; stage <= K; stage++) {
        bench_tick(b);
        assert_int_equal(bench_state0(b, 6, n) & 15, SLK);
        for (unsigned i = 1; i <= K; i++)
            assert_int_equal(bench_state0(b, 8, i), i == stage ? TOKEN_LOOKUP | n << 2 : TOKEN_NONE);
    }
    bench_tick(b);
    assert_int_equal(bench_state0(b, 6, n) & 15, DONE);
    assert_false(b->out.req_ready >> DATA & 1);
    bench_tick(b);
    assert_true(b->answer[DATA][1].seen);
    assert_int_equal(bench_state0(b, 6, n), 0);
    bench_free(b);
}

/* The grant of a walk in t: FILL in R in t+1, in C in t+2, in the array in t+3. */
static void a_fill_enters_at_r(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED | PTE_G);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    BENCH_UNTIL(b, (bench_state0(b, 7, 0) & 7) == W_FIN);
    const uint64_t tag = 1 | 1 << 3 | (VA >> 12) << 16;
    bench_tick(b);
    assert_int_equal(bench_state0(b, 8, K - 1), TOKEN_FILL);
    assert_int_equal(bench_state0(b, 9, 0), tag);
    assert_int_equal(bench_state0(b, 9, 1), 0);
    bench_tick(b);
    assert_int_equal(bench_state0(b, 8, K), TOKEN_FILL);
    assert_int_equal(bench_state0(b, 8, K - 1), TOKEN_NONE);
    assert_int_equal(bench_state0(b, 9, 0), 0);
    assert_int_equal(bench_state0(b, 9, 1), tag);
    bench_tick(b);
    assert_int_equal(bench_state0(b, 8, K), TOKEN_NONE);
    unsigned found = 0;
    uint64_t w[2];
    for (unsigned idx = 0; idx < 65536; idx++)
        if (mmu_state(b->m, 3, idx, w) && w[0] == tag) {
            const unsigned array = idx >> 14;
            const unsigned sets = array ? CFG_STLB_A1_SETS : CFG_STLB_A0_SETS,
                           ways = array ? CFG_STLB_A1_WAYS : CFG_STLB_A0_WAYS;
            assert_int_equal(state_entry_set(idx, ways), VA >> 12 & (sets - 1));
            assert_int_equal(state_entry_way(idx, ways), 0);
            if (CFG_STLB_A0_HOLDS & CFG_STLB_A1_HOLDS & 1)
                assert_int_equal(array, (VA >> 12) / sets & 1);
            assert_int_equal(w[1], PA >> 12 | 3ull << 40 | 1ull << 43);
            found++;
        }
    assert_int_equal(found, 1);
    bench_free(b);
}

/* Many pages, more than the L1 holds: each is found in the STLB as long as its sets suffice. */
static void it_holds_what_it_should(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    b->latency = 1;
    enum { PAGES = CFG_STLB_A0_ENTRIES < 1024 ? CFG_STLB_A0_ENTRIES : 1024 };
    for (unsigned i = 0; i < PAGES; i++)
        bench_map(b, VA + 0x1000ull * i, PA + 0x1000ull * i, SIZE_4K, MAPPED);
    for (unsigned pass = 0; pass < 2; pass++) {
        const uint64_t walks = mmu_counts(b->m)->walks;
        for (unsigned i = 0; i < PAGES; i++) {
            const struct bench_answer a = bench_translate(b, DATA, VA + 0x1000ull * i, ACC_READ, true);
            assert_int_equal(a.r.addr, PA + 0x1000ull * i);
            bench_ticks(b, S);
        }
        assert_int_equal(mmu_counts(b->m)->walks - walks, pass ? 0 : PAGES);
    }
    bench_free(b);
}

/* A bench whose STLB has a 4-KByte and a 2-MByte entry for va; `also`: bits of the PDE of the latter. */
static struct bench *two_sizes(uint64_t va, uint64_t also)
{
    bench_needs_room();
    struct bench *b = bench_new();
    bench_map(b, va, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, va, ACC_READ, true);
    bench_ticks(b, S);
    *bench_word(b, bench_entry(b, 4, va, 2)) = 0x200000 | MAPPED | PTE_PS | also;
    bench_control(b, CTL_INVLPG, 0x7000000000); /* only the PSC, which still knows the table */
    bench_translate(b, DATA, va + 0x1000, ACC_READ, true);
    bench_ticks(b, S);
    return b;
}

/* A 4-KByte and a 2-MByte entry for one address: the smaller size wins. */
static void the_smallest_size_wins(void **state)
{
    (void)state;
    const uint64_t va = 0x40003000;
    struct bench *b = two_sizes(va, 0);
    const struct bench_answer a = bench_translate(b, FETCH, va, ACC_EXECUTE, true);
    assert_int_equal(a.r.src, SRC_STLB);
    assert_int_equal(a.r.size, SIZE_4K);
    assert_int_equal(a.r.addr, PA);
    assert_int_equal(bench_translate(b, FETCH, va + 0x2000, ACC_EXECUTE, true).r.addr, 0x205000);
    bench_free(b);
}

/* It says whether the page is global, too: the 2-MByte page is, the 4-KByte one is not, and MOV CR3 drops it in the L1
 * as well. */
static void the_smallest_size_says_what_is_global(void **state)
{
    (void)state;
    const uint64_t va = 0x40003000;
    struct bench *b = two_sizes(va, PTE_G);
    assert_int_equal(bench_translate(b, FETCH, va, ACC_EXECUTE, true).r.addr, PA);
    bench_control(b, CTL_MOV_CR3, b->cr3);
    assert_int_equal(bench_translate(b, FETCH, va, ACC_EXECUTE, true).r.addr, 0x203000);
    bench_free(b);
}

/* Section 11 "Grant" and section 8 "Issue": a LOOKUP in C, or any token in k-2, holds a walker in FIN back by one
 * cycle; a walker in FIN holds a new token back. `ahead`: stages the other token has gone when the walker comes to FIN;
 * 0: it is PEND. */
static void fin_and_the_pipeline(void **state)
{
    (void)state;
    for (unsigned ahead = 0; ahead <= K; ahead++) {
        struct bench *b = bench_new();
        bench_map(b, VA, PA, SIZE_4K, MAPPED);
        const uint64_t start = b->cycle, fin = start + 3 + K + 4 * (b->latency + 1);
        bench_offer(b, DATA, 1, VA, ACC_READ, true);
        while (b->cycle < fin - ahead - 1)
            bench_tick(b);
        bench_offer(b, FETCH, 2, VA + 0x100000, ACC_EXECUTE, true);
        while (b->cycle < fin)
            bench_tick(b);
        assert_int_equal(bench_state0(b, 7, 0) & 7, W_FIN);
        if (ahead)
            assert_int_equal(bench_state0(b, 8, ahead) & 3, TOKEN_LOOKUP);
        else
            assert_int_equal(bench_request_state(b, FETCH, 2), PEND);
        bench_tick(b);
        const bool held_back = ahead == K || ahead == K - 2;
        assert_int_equal(bench_state0(b, 7, 0) & 7, held_back ? W_FIN : W_IDLE);
        if (!ahead)
            assert_int_equal(bench_request_state(b, FETCH, 2), PEND);
        BENCH_UNTIL(b, b->answer[DATA][1].seen);
        assert_int_equal(b->answer[DATA][1].cycle, fin + 2 + held_back);
        bench_free(b);
    }
}

/* An entry of the STLB that lacks the right: confirmed by a walk from the root, or a page fault as it stands. */
static void a_denied_hit(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED | PTE_XD);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_ticks(b, S);
    bench_offer(b, FETCH, 1, VA, ACC_EXECUTE, true);
    BENCH_UNTIL(b, (bench_state0(b, 8, K) & 3) == TOKEN_LOOKUP);
    bench_tick(b);
    const uint64_t entry = bench_state0(b, 6, bench_entry_of(b, FETCH, 1));
    assert_int_equal(entry & 15, CFG_POLICY_FAULT_REWALK ? NWALK : FINV);
    assert_int_equal(entry >> 22 & 1, CFG_POLICY_FAULT_REWALK);
    const uint64_t reads = b->reads;
    bench_ticks(b, 200);
    assert_int_equal(b->answer[FETCH][1].r.kind, KIND_PF);
    assert_int_equal(b->reads - reads, CFG_POLICY_FAULT_REWALK ? 4 : 0);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lookup_stage_by_stage),
        cmocka_unit_test(a_fill_enters_at_r),
        cmocka_unit_test(it_holds_what_it_should),
        cmocka_unit_test(the_smallest_size_wins),
        cmocka_unit_test(the_smallest_size_says_what_is_global),
        cmocka_unit_test(fin_and_the_pipeline),
        cmocka_unit_test(a_denied_hit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
