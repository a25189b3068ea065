/* Paging-structure caches: which level a walk starts from, what fills them, what drops them (section 10, SDM
 * 3A 5.10.3). */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY, HOLDS = CFG_PSC_A0_HOLDS | CFG_PSC_A1_HOLDS | CFG_PSC_A2_HOLDS | CFG_PSC_A3_HOLDS };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

/* The level at which a walk to `other` starts, after one to va has filled what it passed. */
static unsigned start_level(uint64_t va, uint64_t other)
{
    unsigned level = 4;
    for (unsigned l = 4; l >= 2; l--)
        if (va >> (12 + 9 * (l - 1)) == other >> (12 + 9 * (l - 1)) && (HOLDS >> (l - 2) & 1))
            level = l - 1;
    return level;
}

static void the_lowest_level_wins(void **state)
{
    (void)state;
    static const uint64_t step[] = {0x1000, 0x200000, 0x40000000, 0x8000000000};
    for (unsigned i = 0; i < 8; i++) {
        struct bench *b = bench_new();
        /* where every index below the PML4E is 0, entries of all levels have one VPN */
        const uint64_t va = i < 4 ? VA : VA & ~0x7fffffffffull, other = va + step[i % 4];
        bench_map(b, va, PA, SIZE_4K, MAPPED);
        bench_map(b, other, PA + 0x1000, SIZE_4K, MAPPED);
        bench_translate(b, DATA, va, ACC_READ, true);
        bench_ticks(b, S);
        const unsigned level = start_level(va, other);
        const struct bench_answer a = bench_translate(b, DATA, other, ACC_READ, true);
        assert_int_equal(a.latency, S + 3 + level * (b->latency + 1));
        assert_int_equal(mmu_counts(b->m)->psc_hit[level < 4 ? level + 1 : 0], level < 4 ? 1 : 2);
        bench_free(b);
    }
}

/* Tables passed on the way to a fault are kept if they are present and good; then the fault drops those of its address.
 */
static void a_fault_drops_what_leads_to_it(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, 0);
    bench_map(b, VA + 0x8000000000, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, VA + 0x8000000000, ACC_READ, true);
    const unsigned others = bench_psc_entries(b);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    BENCH_UNTIL(b, b->answer[DATA][1].seen);
    assert_true(bench_psc_entries(b) <= others);
    const uint64_t reads = b->reads;
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.kind, KIND_OK);
    assert_int_equal(b->reads - reads, 4);
    bench_free(b);
}

/* Rights of the cached way count: a page below a supervisor table stays one. */
static void cached_rights_count(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_map(b, VA + 0x1000, PA + 0x1000, SIZE_4K, MAPPED);
    *bench_word(b, bench_entry(b, 4, VA, 3)) &= ~(PTE_U | PTE_W);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, false).r.kind, KIND_OK);
    bench_ticks(b, S);
    struct bench_answer a = bench_translate(b, DATA, VA + 0x1000, ACC_READ, true);
    assert_int_equal(a.r.kind, KIND_PF);
    assert_int_equal(a.r.err, PF_P | PF_U);
    a = bench_translate(b, DATA, VA + 0x1000, ACC_WRITE, false);
    assert_int_equal(a.r.kind, KIND_PF);
    assert_int_equal(a.r.err, PF_P | PF_W);
    bench_free(b);
}

/* The words of a PDE entry, by hand. */
static void the_words_of_an_entry(void **state)
{
    (void)state;
    if (!(HOLDS & 1))
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED | PTE_G);
    bench_translate(b, DATA, VA, ACC_READ, true);
    const uint64_t table = *bench_word(b, bench_entry(b, 4, VA, 2)) & PTE_FRAME;
    bool found = false;
    uint64_t w[2];
    for (unsigned idx = 0; idx < 65536; idx++)
        if (mmu_state(b->m, 4, idx, w) && w[0] == (1 | (VA >> 21 << 9) << 16)) {
            assert_int_equal(w[1], table >> 12 | 3ull << 40);
            found = true;
        }
    assert_true(found);
    bench_free(b);
}

/* Two walkers pass different PDEs of one line in one cycle: only the lower one's is kept. (With replies of 8 bytes
 * those that pass in one cycle pass the same entry.) */
static void one_fill_a_cycle(void **state)
{
    (void)state;
    if (!(HOLDS & 1) || WALKERS < 2 || QUEUE < DATA + 2 || CFG_WALKERS_REPLY_BYTES == 8)
        return;
    struct bench *b = bench_new();
    const uint64_t va = VA & ~0xfffffful, other = va + 0x200000;
    bench_map(b, va, PA, SIZE_4K, MAPPED);
    bench_map(b, other, PA + 0x1000, SIZE_4K, MAPPED);
    bench_offer(b, DATA, 1, va, ACC_READ, true);
    bench_tick(b);
    bench_offer(b, DATA, 2, other, ACC_READ, true);
    bench_ticks(b, 200);
    assert_true(b->answer[DATA][1].seen && b->answer[DATA][2].seen);
    assert_int_equal(mmu_counts(b->m)->line_merges, 3);
    bool lower = false, upper = false;
    uint64_t w[2];
    for (unsigned idx = 0; idx < 65536; idx++)
        if (mmu_state(b->m, 4, idx, w)) {
            lower |= w[0] == psc_tag(2, 0, va);
            upper |= w[0] == psc_tag(2, 0, other);
        }
    assert_true(lower);
    assert_false(upper);
    bench_free(b);
}

/* An entry whose A the walk itself set is kept as any other. */
static void a_pass_after_a_cas_fills(void **state)
{
    (void)state;
    if (!(HOLDS & 1))
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    *bench_word(b, bench_entry(b, 4, VA, 2)) &= ~PTE_A;
    bench_translate(b, DATA, VA, ACC_READ, true);
    assert_int_equal(b->cas, 1);
    assert_true(bench_has_tag(b, 4, psc_tag(2, 0, VA), ~0ull));
    bench_free(b);
}

/* A = 0 at the read is no way to be cached; only what the compare-and-swap made of it is. */
static void nothing_is_kept_of_an_entry_without_a(void **state)
{
    (void)state;
    if (!(HOLDS & 1))
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    *bench_word(b, bench_entry(b, 4, VA, 2)) &= ~PTE_A;
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    BENCH_UNTIL(b, b->out.mem_req_valid && b->out.mem_req_cas);
    b->mute = true;
    bench_ticks(b, 5);
    assert_false(bench_has_tag(b, 4, psc_tag(2, 0, VA), ~0ull));
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lowest_level_wins),
        cmocka_unit_test(a_fault_drops_what_leads_to_it),
        cmocka_unit_test(cached_rights_count),
        cmocka_unit_test(the_words_of_an_entry),
        cmocka_unit_test(one_fill_a_cycle),
        cmocka_unit_test(a_pass_after_a_cas_fills),
        cmocka_unit_test(nothing_is_kept_of_an_entry_without_a),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
