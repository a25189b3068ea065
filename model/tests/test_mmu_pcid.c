/* PCIDs and global pages: whose entry a fill makes, and which ones it displaces (section 4; SDM 3A 5.10.2.4). */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY, ONE = 0x11, TWO = 0x22, THREE = 0x33 };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

static uint64_t tag(uint64_t va, unsigned pcid, bool global)
{
    return 1 | (uint64_t)global << 3 | (uint64_t)pcid << 4 | (va >> 12) << 16;
}

/* MOV CR3 that keeps what is cached. */
static void change_to(struct bench *b, unsigned pcid)
{
    bench_control(b, CTL_MOV_CR3, b->cr3 | pcid | CR3_KEEP);
}

static struct bench *bench_with_pcids(void)
{
    struct bench *b = bench_new();
    bench_control(b, CTL_MOV_CR4, BENCH_CR4 | CR4_PCIDE);
    change_to(b, ONE);
    return b;
}

/* How many entries of structure `sel` are of VA's page, whatever their PCID and G. */
static unsigned entries(const struct bench *b, unsigned sel)
{
    unsigned n = 0;
    uint64_t w[2];
    for (unsigned idx = 0; idx < 65536; idx++)
        n += mmu_state(b->m, sel, idx, w) && (w[0] & 1) && w[0] >> 16 == VA >> 12;
    return n;
}

/* A global entry of the STLB hits under another PCID: the L1's copy is of that one. */
static void an_l1_fill_is_of_the_present_pcid(void **state)
{
    (void)state;
    if (!CFG_ARCH_PCID)
        return;
    struct bench *b = bench_with_pcids();
    bench_map(b, VA, PA, SIZE_4K, MAPPED | PTE_G);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_ticks(b, S);
    assert_true(bench_has_tag(b, 2, tag(VA, ONE, true), ~0ull));
    change_to(b, TWO);
    assert_int_equal(bench_translate(b, FETCH, VA, ACC_EXECUTE, true).r.src, SRC_STLB);
    assert_true(bench_has_tag(b, 1, tag(VA, TWO, true), ~0ull));
    assert_true(bench_has_tag(b, 3, tag(VA, ONE, true), ~0ull));
    bench_free(b);
}

/* A global page that is filled again under another PCID (its D is set) takes the place of the old entry, in the L1 as
 * in the STLB: "it is global or has the same PCID". */
static void a_global_page_is_held_once(void **state)
{
    (void)state;
    if (!CFG_ARCH_PCID)
        return;
    struct bench *b = bench_with_pcids();
    bench_map(b, VA, PA, SIZE_4K, (MAPPED & ~PTE_D) | PTE_G);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_ticks(b, S);
    change_to(b, TWO);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, true).r.src, SRC_WALK);
    bench_ticks(b, S);
    for (unsigned sel = 2; sel <= 3; sel++) {
        assert_int_equal(entries(b, sel), 1);
        assert_true(bench_has_tag(b, sel, tag(VA, TWO, true), ~0ull));
    }
    bench_free(b);
}

/* A page that is not global is held once for every PCID. */
static void another_pcid_has_an_entry_of_its_own(void **state)
{
    (void)state;
    if (!CFG_ARCH_PCID || CFG_STLB_A0_WAYS < 2)
        return;
    struct bench *b = bench_with_pcids();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_ticks(b, S);
    change_to(b, TWO);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.src, SRC_WALK);
    bench_ticks(b, S);
    assert_int_equal(entries(b, 3), 2);
    change_to(b, ONE);
    assert_true(bench_translate(b, DATA, VA, ACC_READ, true).r.src != SRC_WALK);
    bench_free(b);
}

/* The state index of the only entry of structure `sel` for VA's page. */
static unsigned only_entry(const struct bench *b, unsigned sel)
{
    uint64_t w[2];
    unsigned idx = 0;
    assert_int_equal(entries(b, sel), 1);
    while (!mmu_state(b->m, sel, idx, w) || !(w[0] & 1) || w[0] >> 16 != VA >> 12)
        idx++;
    return idx;
}

/* Not global under two PCIDs, then global under a third: one lookup could match the new entry and each of the old ones,
 * which go. The new one is in the way of the lower, and what the fill after it finds free is that of the other. */
static void a_global_fill_displaces_those_of_other_pcids(void **state)
{
    (void)state;
    if (!CFG_ARCH_PCID || CFG_STLB_A0_WAYS < 4 || CFG_DTLB_A0_WAYS < 4)
        return;
    struct bench *b = bench_with_pcids();
    const uint64_t leaf = bench_map(b, VA, PA, SIZE_4K, MAPPED);
    unsigned lowest[4];
    for (unsigned pcid = ONE; pcid <= TWO; pcid += TWO - ONE) {
        change_to(b, pcid);
        bench_translate(b, DATA, VA, ACC_READ, true);
        bench_ticks(b, S);
        for (unsigned sel = 2; sel <= 3 && pcid == ONE; sel++)
            lowest[sel] = only_entry(b, sel);
    }
    for (unsigned sel = 2; sel <= 3; sel++)
        assert_int_equal(entries(b, sel), 2);
    *bench_word(b, leaf) = (PA + 0x1000) | MAPPED | PTE_G;
    change_to(b, THREE);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.addr, PA + 0x1000);
    bench_ticks(b, S);
    for (unsigned sel = 2; sel <= 3; sel++) {
        assert_int_equal(only_entry(b, sel), lowest[sel]);
        assert_true(bench_has_tag(b, sel, tag(VA, THREE, true), ~0ull));
    }
    for (unsigned pcid = ONE; pcid <= TWO; pcid += TWO - ONE) {
        change_to(b, pcid);
        const struct bench_answer data = bench_translate(b, DATA, VA, ACC_READ, true);
        assert_int_equal(data.r.addr, PA + 0x1000);
        assert_int_equal(data.r.src, SRC_L1);
        const struct bench_answer fetch = bench_translate(b, FETCH, VA, ACC_EXECUTE, true);
        assert_int_equal(fetch.r.addr, PA + 0x1000);
        bench_ticks(b, S);
    }
    const uint64_t next = VA + ((uint64_t)CFG_STLB_A0_SETS * CFG_DTLB_A0_SETS << 12); /* of the same sets */
    bench_map(b, next, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, next, ACC_READ, true);
    bench_ticks(b, S);
    for (unsigned sel = 2; sel <= 3; sel++)
        assert_int_equal(bench_state0(b, sel, lowest[sel] + 1), tag(next, TWO, false));
    bench_free(b);
}

/* The other way round: held global, filled as not global (under another PCID; its D is set). */
static void a_fill_displaces_a_global_entry(void **state)
{
    (void)state;
    if (!CFG_ARCH_PCID)
        return;
    struct bench *b = bench_with_pcids();
    const uint64_t leaf = bench_map(b, VA, PA, SIZE_4K, (MAPPED & ~PTE_D) | PTE_G);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_ticks(b, S);
    *bench_word(b, leaf) = (PA + 0x1000) | (MAPPED & ~PTE_D);
    change_to(b, TWO);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, true).r.src, SRC_WALK);
    bench_ticks(b, S);
    for (unsigned sel = 2; sel <= 3; sel++) {
        assert_int_equal(entries(b, sel), 1);
        assert_true(bench_has_tag(b, sel, tag(VA, TWO, false), ~0ull));
    }
    change_to(b, ONE);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.src, SRC_WALK);
    bench_free(b);
}

/* Two fills of one page, one after the other: the entry of a third PCID goes with the second, which is global, whatever
 * the first displaces. Two walkers set A of the leaf, and it becomes global between their compare-and-swaps. */
static void of_two_fills_in_a_row(void **state)
{
    (void)state;
    if (!CFG_ARCH_PCID || CFG_WALKERS_COUNT < 2)
        return;
    struct bench *b = bench_with_pcids();
    const uint64_t leaf = bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_ticks(b, S);
    assert_true(bench_has_tag(b, 3, tag(VA, ONE, false), ~0ull));
    change_to(b, TWO);
    *bench_word(b, leaf) = PA | (MAPPED & ~PTE_A);
    bench_offer_both(b, VA, VA);
    BENCH_UNTIL(b, *bench_word(b, leaf) & PTE_A);
    *bench_word(b, leaf) = PA | MAPPED | PTE_G;
    BENCH_UNTIL(b, b->answer[FETCH][2].seen && b->answer[DATA][1].seen);
    bench_ticks(b, S);
    assert_int_equal(entries(b, 3), 1);
    assert_true(bench_has_tag(b, 3, tag(VA, TWO, true), ~0ull));
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_l1_fill_is_of_the_present_pcid),
        cmocka_unit_test(a_global_page_is_held_once),
        cmocka_unit_test(another_pcid_has_an_entry_of_its_own),
        cmocka_unit_test(a_global_fill_displaces_those_of_other_pcids),
        cmocka_unit_test(a_fill_displaces_a_global_entry),
        cmocka_unit_test(of_two_fills_in_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
