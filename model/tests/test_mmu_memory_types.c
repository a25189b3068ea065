/* Memory types: of pages, in responses, and of page tables, in the walkers' requests (sections 2, 3, 11; SDM 3A 5.9.2).
 */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

/* Index:                             7     6     5     4     3     2     1     0 */
static const uint64_t PAT = 0x0400070501000604; /* WT    UC    UC-   WP    WC    UC    WB    WT */
static const uint8_t type[8] = {MT_WT, MT_WB, MT_UC, MT_WC, MT_WP, MT_UC_MINUS, MT_UC, MT_WT};

static struct bench *with_pat(void)
{
    struct bench *b = bench_new();
    bench_control(b, CTL_WRMSR_PAT, PAT);
    return b;
}

static void expect(struct pins_resp r, unsigned src, unsigned pat)
{
    assert_int_equal(r.kind, KIND_OK);
    assert_int_equal(r.src, src);
    assert_int_equal(r.pat, pat);
    assert_int_equal(r.mt, type[pat]);
}

/* PAT is bit 7 of a PTE, and bit 12 of a bigger page; PCD and PWT are bits 4 and 3. */
static void of_pages(void **state)
{
    (void)state;
    for (unsigned size = SIZE_4K; size <= (CFG_ARCH_PAGE_1G ? SIZE_1G : SIZE_2M); size++)
        for (unsigned pat = 0; pat < 8; pat++) {
            struct bench *b = with_pat();
            const uint64_t bits = (uint64_t)(pat & 3) << 3 | (uint64_t)(pat >> 2) << (size ? 12 : 7);
            bench_map(b, VA, 0x40000000, size, MAPPED | bits);
            expect(bench_translate(b, DATA, VA, ACC_READ, true).r, SRC_WALK, pat);
            bench_ticks(b, S);
            const unsigned holds = CFG_DTLB_A0_HOLDS | CFG_DTLB_A1_HOLDS | CFG_DTLB_A2_HOLDS;
            for (unsigned i = 0; i < 2; i++)
                expect(bench_translate(b, DATA, VA, ACC_READ, true).r, holds >> size & 1 ? SRC_L1 : SRC_STLB, pat);
            bench_ticks(b, S);
            expect(bench_translate(b, FETCH, VA, ACC_EXECUTE, true).r, SRC_STLB, pat);
            bench_free(b);
        }
}

static void of_followers(void **state)
{
    (void)state;
    if (QUEUE < DATA + 2)
        return;
    struct bench *b = with_pat();
    bench_map(b, VA, PA, SIZE_4K, MAPPED | 1 << 7 | 1 << 3);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    bench_offer(b, DATA, 2, VA | 8, ACC_READ, true);
    bench_ticks(b, 200);
    expect(b->answer[DATA][1].r, SRC_WALK, 5);
    expect(b->answer[DATA][2].r, SRC_MERGED, 5);
    bench_free(b);
}

/* TLBs keep the index: WRMSR IA32_PAT and CR0.CD are in force at once, also on a hit. */
static void registers_act_at_once(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED | 1 << 3);                             /* index 1 */
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.mt, MT_WT); /* as reset leaves IA32_PAT */
    bench_ticks(b, S);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.mt, MT_WT);
    bench_control(b, CTL_WRMSR_PAT, PAT);
    struct bench_answer a = bench_translate(b, DATA, VA, ACC_READ, true);
    assert_int_equal(a.latency, 1);
    assert_int_equal(a.r.mt, MT_WB);
    bench_control(b, CTL_MOV_CR0, BENCH_CR0 | CR0_CD);
    a = bench_translate(b, DATA, VA, ACC_READ, true);
    assert_int_equal(a.latency, 1);
    assert_int_equal(a.r.mt, MT_UC);
    assert_int_equal(a.r.pat, 1);
    bench_control(b, CTL_MOV_CR0, BENCH_CR0);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.mt, MT_WB);
    bench_free(b);
}

/* 0 unless kind = OK. */
static void of_no_page(void **state)
{
    (void)state;
    struct bench *b = bench_new(); /* with index 0 being WB */
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_W);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.mt, MT_WB);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, true).r.mt, 0);
    assert_int_equal(bench_translate(b, DATA, VA ^ 1ull << 62, ACC_READ, true).r.mt, 0);
    b->fail_reads = 1;
    assert_int_equal(bench_translate(b, DATA, 0, ACC_READ, true).r.mt, 0);
    bench_free(b);
}

/* ---- tables ---- */

static void set_type(struct bench *b, unsigned level, unsigned pcd_pwt)
{
    *bench_word(b, bench_entry(b, 4, VA, level)) |= (uint64_t)pcd_pwt << 3;
}

/* Each read has PCD and PWT of what points to the table: CR3, then the entry above; a compare-and-swap those of its
 * read. */
static void of_tables(void **state)
{
    (void)state;
    for (unsigned root = 0; root < 4; root++) {
        struct bench *b = with_pat();
        const unsigned of_table[4] = {root, (root + 1) % 4, (root + 2) % 4, (root + 3) % 4}; /* levels 4 … 1 */
        bench_map(b, VA, PA, SIZE_4K, MAPPED & ~(PTE_A | PTE_D));
        for (unsigned level = 4; level >= 2; level--)
            set_type(b, level, of_table[4 - level + 1]);
        *bench_word(b, bench_entry(b, 4, VA, 3)) &= ~PTE_A;
        bench_control(b, CTL_MOV_CR3, b->cr3 | (uint64_t)root << 3);
        const uint64_t first = b->reads + b->cas;
        assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, true).r.kind, KIND_OK);
        const unsigned expected[] = {0, 1, 1, 2, 3, 3}; /* reads of levels 4, 3; CAS at 3; reads of 2, 1; CAS at 1 */
        for (unsigned i = 0; i < 6; i++)
            assert_int_equal(b->mt[(first + i) % BENCH_TYPES], type[of_table[expected[i]]]);
        assert_int_equal(b->reads + b->cas, first + 6);
        bench_free(b);
    }
}

/* A walk from a cached table knows the table's type from there (SDM 3A 5.10.3); one confirmed from the root has CR3's
 * again. */
static void of_cached_tables(void **state)
{
    (void)state;
    for (unsigned level = 2; level <= 4; level++) {
        if (!((CFG_PSC_A0_HOLDS | CFG_PSC_A1_HOLDS | CFG_PSC_A2_HOLDS | CFG_PSC_A3_HOLDS) >> (level - 2) & 1))
            continue;
        struct bench *b = with_pat();
        const uint64_t other = VA ^
                               1ull << (12 + 9 * (level - 2)); /* another entry of the level-`level` entry's table */
        bench_map(b, VA, PA, SIZE_4K, MAPPED);
        const uint64_t third = VA ^ 2ull << (12 + 9 * (level - 2));
        bench_map(b, other, PA, SIZE_4K, MAPPED);
        bench_map(b, third, PA, SIZE_4K, MAPPED);
        bench_control(b, CTL_MOV_CR3, b->cr3 | 1 << 3);
        set_type(b, level, 3);
        bench_translate(b, DATA, VA, ACC_READ, true);
        bench_ticks(b, S);
        const uint64_t first = b->reads;
        bench_offer(b, DATA, 1, other, ACC_READ, true);
        BENCH_UNTIL(b, b->out.mem_req_valid);
        assert_int_equal(bench_state0(b, 7, 0) >> 31, 3); /* PWT 31, PCD 32 */
        assert_int_equal(bench_state0(b, 7, 0) >> 7 & 1, 1);
        bench_ticks(b, 200);
        assert_int_equal(b->reads, first + level - 1);
        assert_int_equal(b->mt[first % BENCH_TYPES], type[3]);
        if (CFG_POLICY_FAULT_REWALK) { /* a fault found from there is sought again from the root, with CR3's type */
            bench_map(b, third, PA, SIZE_4K, 0);
            bench_ticks(b, S);
            const uint64_t again = b->reads;
            assert_int_equal(bench_translate(b, DATA, third, ACC_READ, true).r.kind, KIND_PF);
            const unsigned below = level - 1;
            assert_int_equal(b->mt[again % BENCH_TYPES], type[3]);
            assert_int_equal(b->mt[(again + below) % BENCH_TYPES], type[1]);
            assert_int_equal(b->reads, again + below + 4);
        }
        bench_free(b);
    }
}

static void with_pcids_cr3_has_no_type(void **state)
{
    (void)state;
    if (!CFG_ARCH_PCID)
        return;
    struct bench *b = with_pat();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_control(b, CTL_MOV_CR4, BENCH_CR4 | CR4_PCIDE);
    bench_control(b, CTL_MOV_CR3, b->cr3 | 3 << 3);
    const uint64_t first = b->reads;
    bench_translate(b, DATA, VA, ACC_READ, true);
    assert_int_equal(b->mt[first % BENCH_TYPES], type[0]);
    bench_free(b);
}

static void cd_uncaches_tables(void **state)
{
    (void)state;
    struct bench *b = with_pat();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_A);
    bench_control(b, CTL_MOV_CR0, BENCH_CR0 | CR0_CD);
    const uint64_t first = b->reads + b->cas;
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.mt, MT_UC);
    for (uint64_t i = first; i < b->reads + b->cas; i++)
        assert_int_equal(b->mt[i % BENCH_TYPES], MT_UC);
    bench_free(b);
}

/* Section 17: the type in DONE of the miss queue; PCD, PWT of the table at addr in every walker state. */
static void in_the_state_words(void **state)
{
    (void)state;
    struct bench *b = with_pat();
    bench_map(b, VA, PA, SIZE_4K, MAPPED | 3 << 3);
    set_type(b, 2, 2); /* PCD = 1, PWT = 0: of the last table */
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    BENCH_UNTIL(b, (bench_state0(b, 7, 0) & 7) == W_FIN);
    assert_int_equal(bench_state0(b, 7, 0) >> 31, 2);
    bench_tick(b);
    const unsigned n = bench_entry_of(b, DATA, 1);
    assert_int_equal(bench_state0(b, 6, n) & 15, DONE);
    assert_int_equal(bench_state0(b, 6, n) >> 42, 3 | MT_WC << 3);
    assert_int_equal(bench_state1(b, 6, n), PA);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_pages),
        cmocka_unit_test(of_followers),
        cmocka_unit_test(registers_act_at_once),
        cmocka_unit_test(of_no_page),
        cmocka_unit_test(of_tables),
        cmocka_unit_test(of_cached_tables),
        cmocka_unit_test(with_pcids_cr3_has_no_type),
        cmocka_unit_test(cd_uncaches_tables),
        cmocka_unit_test(in_the_state_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
