/* Linear-address masking through the whole MMU: what sees the masked address, and what is not masked (section 6, SDM
 * 3A 4.4). */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY };

static const uint64_t VA = 0x555512345000, TAG = 0x5a5a000000000000, PA = 0x123000;
static const uint64_t HIGH = 0xffff888000001000, HIGH_TAGGED = 0x92ab888000001000;

static struct bench *with_lam(uint64_t cr3_bits, uint64_t cr4_bits)
{
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_map(b, HIGH, PA + 0x1000, SIZE_4K, MAPPED);
    bench_control(b, CTL_MOV_CR4, BENCH_CR4 | cr4_bits);
    bench_control(b, CTL_MOV_CR3, b->cr3 | cr3_bits);
    return b;
}

static void tags_lead_to_the_same_page(void **state)
{
    (void)state;
    struct bench *b = with_lam(LAM_U48, 0);
    assert_int_equal(bench_translate(b, DATA, VA | TAG | 4, ACC_READ, true).r.addr, PA | 4);
    bench_ticks(b, S);
    for (unsigned i = 0; i < 8; i++) { /* the same L1 entry, also past the memo of another tag */
        const struct bench_answer a = bench_translate(b, DATA, VA | (uint64_t)i << 59 >> 1 | 8, i % 2, true);
        assert_int_equal(a.latency, 1);
        assert_int_equal(a.r.kind, KIND_OK);
        assert_int_equal(a.r.addr, PA | 8);
    }
    assert_int_equal(mmu_counts(b->m)->walks, 1);
    bench_free(b);

    b = with_lam(0, CR4_LAM_SUP);
    assert_int_equal(bench_translate(b, DATA, HIGH_TAGGED, ACC_READ, false).r.addr, PA + 0x1000);
    assert_int_equal(bench_translate(b, DATA, VA | TAG, ACC_READ, false).r.kind,
                     KIND_GP); /* a user pointer, whoever uses it */
    bench_free(b);
}

/* Bit 63 chooses, not the CPL; fetches and implicit accesses are not masked. */
static void what_is_not_masked(void **state)
{
    (void)state;
    struct bench *b = with_lam(LAM_U48, 0);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_translate(b, FETCH, VA, ACC_EXECUTE, true);
    bench_ticks(b, S);
    assert_int_equal(bench_translate(b, DATA, VA | TAG, ACC_READ, false).r.kind,
                     KIND_OK); /* a supervisor's use of a user pointer */
    assert_int_equal(bench_translate(b, FETCH, VA | TAG, ACC_EXECUTE, true).r.kind, KIND_GP);
    assert_int_equal(bench_translate_req(b, DATA, (struct pins_req){.va = VA | TAG, .user = true, .imp = true}).r.kind,
                     KIND_GP);
    assert_int_equal(bench_translate_req(b, DATA, (struct pins_req){.va = VA, .user = true, .imp = true}).r.kind,
                     KIND_OK);
    const struct bench_answer a = bench_translate(b, DATA, (VA | TAG) ^ 1ull << 47, ACC_READ, true); /* 63 against 47 */
    assert_int_equal(a.r.kind, KIND_GP);
    assert_int_equal(a.r.addr, 0);
    assert_int_equal(a.latency, 1);
    bench_control(b, CTL_INVLPG, VA | TAG); /* not canonical: nothing */
    assert_true(bench_is_cached(b, VA));
    bool gp;
    bench_control_desc(b, CTL_INVPCID_ADDRESS, VA | TAG, 0, &gp);
    assert_true(gp);
    bench_control(b, CTL_MOV_CR3, b->cr3); /* off, at once */
    assert_int_equal(bench_translate(b, DATA, VA | TAG, ACC_READ, true).r.kind, KIND_GP);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.kind, KIND_OK);
    bench_free(b);
}

static void masked_addresses_merge(void **state)
{
    (void)state;
    if (QUEUE < DATA + 2)
        return;
    struct bench *b = with_lam(LAM_U48, 0);
    bench_offer(b, DATA, 1, VA | TAG, ACC_READ, true);
    bench_tick(b);
    assert_int_equal(bench_state1(b, 6, bench_entry_of(b, DATA, 1)), VA); /* as the queue keeps it */
    bench_offer(b, DATA, 2, VA | 8, ACC_READ, true);
    bench_ticks(b, 200);
    assert_int_equal(mmu_counts(b->m)->merged, 1);
    assert_int_equal(b->answer[DATA][2].r.src, SRC_MERGED);
    assert_int_equal(b->answer[DATA][1].r.addr, PA);
    bench_free(b);
}

/* SDM 3A 4.4: CR2 gets the address without its tag; and the page fault's invalidations are of it. */
static void cr2_is_masked(void **state)
{
    (void)state;
    struct bench *b = with_lam(LAM_U48, 0);
    *bench_word(b, bench_entry(b, 4, VA, 1)) &= ~PTE_W;
    bench_is_cached(b, VA);
    const struct bench_answer a = bench_translate(b, DATA, VA | TAG | 0x123, ACC_WRITE, true);
    assert_int_equal(a.r.kind, KIND_PF);
    assert_int_equal(a.r.addr, VA | 0x123);
    assert_false(bench_is_cached(b, VA));
    bench_free(b);
}

static void wide_tables(void **state)
{
    (void)state;
    if (!CFG_ARCH_LA57)
        return;
    const uint64_t va = 0x00ab555512345000;
    struct bench *b = with_lam(LAM_U57, CR4_LA57);
    *bench_word(b, bench_entry(b, 5, va, 1)) = PA | MAPPED;
    assert_int_equal(bench_translate(b, DATA, va | 0x3e00000000000000, ACC_READ, true).r.addr, PA);
    assert_int_equal(bench_translate(b, DATA, va | 0x0100000000000000, ACC_READ, true).r.kind, KIND_GP);
    bench_free(b);
}

/* Section 6: masking is done in the accept cycle; a control operation that switches it off does not undo it. */
static void a_restart_keeps_the_masked_address(void **state)
{
    (void)state;
    struct bench *b = with_lam(LAM_U48, 0);
    bench_offer(b, DATA, 1, VA | TAG, ACC_READ, true);
    bench_ticks(b, 3);
    bench_control(b, CTL_MOV_CR3, b->cr3);
    bench_ticks(b, 200);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_OK);
    assert_int_equal(b->answer[DATA][1].r.addr, PA);
    bench_free(b);
}

static void absent(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bool gp;
    bench_control_desc(b, CTL_MOV_CR3, b->cr3 | LAM_U48, 0, &gp);
    assert_true(gp);
    bench_control_desc(b, CTL_MOV_CR4, BENCH_CR4 | CR4_LAM_SUP, 0, &gp);
    assert_true(gp);
    assert_int_equal(bench_translate(b, DATA, VA | TAG, ACC_READ, true).r.kind, KIND_GP);
    assert_int_equal(bench_translate(b, DATA, HIGH_TAGGED, ACC_READ, true).r.kind, KIND_GP);
    bench_free(b);
}

/* CR3 with both: LAM_U57 leaves bits 56:47 to be canonical, LAM_U48 would not. */
static void u57_comes_before_u48(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_control(b, CTL_MOV_CR3, b->cr3 | LAM_U57 | LAM_U48);
    assert_int_equal(bench_translate(b, DATA, VA | 1ull << 60, ACC_READ, true).r.kind, KIND_OK);
    assert_int_equal(bench_translate(b, DATA, VA | 1ull << 50, ACC_READ, true).r.kind, KIND_GP);
    bench_control(b, CTL_MOV_CR3, b->cr3 | LAM_U48);
    assert_int_equal(bench_translate(b, DATA, VA | 1ull << 50, ACC_READ, true).r.kind, KIND_OK);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest there[] = {
        cmocka_unit_test(tags_lead_to_the_same_page),
        cmocka_unit_test(what_is_not_masked),
        cmocka_unit_test(masked_addresses_merge),
        cmocka_unit_test(cr2_is_masked),
        cmocka_unit_test(wide_tables),
        cmocka_unit_test(a_restart_keeps_the_masked_address),
        cmocka_unit_test(u57_comes_before_u48),
    };
    const struct CMUnitTest not_there[] = {cmocka_unit_test(absent)};
    return CFG_ARCH_LAM ? cmocka_run_group_tests(there, NULL, NULL) : cmocka_run_group_tests(not_there, NULL, NULL);
}
