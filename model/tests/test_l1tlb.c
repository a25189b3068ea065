/* The first-level TLBs: many ports in a cycle, what a hit touches, what a fill changes for the next lookup (section 7).
 */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

#define DTLB_HOLDS (CFG_DTLB_A0_HOLDS | CFG_DTLB_A1_HOLDS | CFG_DTLB_A2_HOLDS)

static void every_port_hits_every_cycle(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_translate(b, FETCH, VA, ACC_EXECUTE, true);
    bench_ticks(b, S);
    for (unsigned i = 0; i < 100; i++) {
        for (unsigned port = 0; port < PORTS; port++)
            bench_offer(b, port, i, VA | (8 * i + port), port < FETCH_PORTS ? ACC_EXECUTE : i % 2, true);
        bench_tick(b);
        assert_int_equal(b->out.resp_valid, (1u << PORTS) - 1);
        for (unsigned port = 0; port < PORTS; port++) {
            assert_int_equal(b->out.resp[port].addr, PA | (8 * i + port));
            assert_int_equal(b->out.resp[port].id, i);
            assert_int_equal(b->out.resp[port].src, SRC_L1);
        }
    }
    bench_free(b);
}

/* Section 5: of the touches of a set in one cycle only that of the highest port takes place, from the state at its
 * start. */
static void the_last_touch_counts(void **state)
{
    (void)state;
    if (PORTS - FETCH_PORTS < 2 || CFG_DTLB_A0_WAYS < 2 || !(CFG_DTLB_A0_HOLDS & 1))
        return;
    struct bench *b = bench_new();
    uint64_t va[4];
    const unsigned ways = CFG_DTLB_A0_WAYS < 4 ? CFG_DTLB_A0_WAYS : 4;
    for (unsigned i = 0; i < ways; i++) {
        va[i] = VA + 0x1000ull * CFG_DTLB_A0_SETS * i;
        bench_map(b, va[i], PA + 0x1000 * i, SIZE_4K, MAPPED);
        bench_translate(b, DATA, va[i], ACC_READ, true);
        bench_ticks(b, S);
    }
    const unsigned set = VA >> 12 & (CFG_DTLB_A0_SETS - 1);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t w[2], after[2];
        assert_true(mmu_state(b->m, 5, 1 << 14 | set, w));
        unsigned last = 0;
        for (unsigned port = DATA; port < PORTS; port++) {
            last = (unsigned)(rand() >> 5) % ways;
            bench_offer(b, port, i, va[last], ACC_READ, true);
        }
        bench_tick(b);
        const struct plru_path path = plru_path(CFG_DTLB_A0_WAYS, last);
        const struct repl was = {{w[0], w[1]}};
        const struct repl want = DTLB_0.lru ? lru_touch(was, CFG_DTLB_A0_WAYS, last) : plru_touch(was, &path);
        assert_true(mmu_state(b->m, 5, 1 << 14 | set, after));
        assert_memory_equal(want.w, after, sizeof after);
    }
    bench_free(b);
}

/* A 2-MByte entry is split in memory; the write that sets D finds the 4-KByte page, whose entry then comes first. */
static void a_fill_before_an_older_hit(void **state)
{
    (void)state;
    if ((DTLB_HOLDS & 3) != 3)
        return;
    struct bench *b = bench_new();
    const uint64_t va = 0x40003000;
    bench_map(b, va, 0x200000, SIZE_2M, MAPPED & ~PTE_D);
    bench_translate(b, DATA, va, ACC_READ, true);
    bench_ticks(b, S);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(bench_translate(b, DATA, va, ACC_READ, true).r.addr, 0x203000);
    *bench_word(b, bench_entry(b, 4, va, 2)) = 0;
    bench_map(b, va, PA, SIZE_4K, MAPPED & ~PTE_D);
    struct bench_answer a = bench_translate(b, DATA, va, ACC_WRITE, true);
    assert_int_equal(a.r.addr, PA);
    bench_ticks(b, S);
    a = bench_translate(b, DATA, va, ACC_READ, true);
    const unsigned array_4k = CFG_DTLB_A0_HOLDS & 1 ? 0 : CFG_DTLB_A1_HOLDS & 1 ? 1 : 2;
    const unsigned array_2m = CFG_DTLB_A0_HOLDS & 2 ? 0 : CFG_DTLB_A1_HOLDS & 2 ? 1 : 2;
    assert_int_equal(a.latency, 1);
    assert_int_equal(a.r.addr,
                     array_4k <= array_2m ? PA : 0x203000); /* section 4: the lowest array, then the smallest size */
    bench_free(b);
}

/* How many entries structure `sel` has of pages that begin in the 1 GByte at va. */
static unsigned entries(const struct bench *b, unsigned sel, uint64_t va)
{
    unsigned n = 0;
    uint64_t w[2];
    for (unsigned idx = 0; idx < 65536; idx++)
        n += mmu_state(b->m, sel, idx, w) && (w[0] & 1) && w[0] >> 34 == va >> 30;
    return n;
}

/* 4-KByte pages become one of 2 MBytes in memory; the write that sets D fills that, and in an array of both sizes what
 * overlaps it goes. The STLB keeps each size for itself. Then the other way round. */
static void a_fill_displaces_other_sizes(void **state)
{
    (void)state;
    const bool together = (CFG_DTLB_A0_HOLDS & 3) == 3 || (CFG_DTLB_A1_HOLDS & 3) == 3;
    if ((DTLB_HOLDS & 3) != 3 || CFG_STLB_A0_WAYS < 2)
        return;
    struct bench *b = bench_new();
    const uint64_t va = 0x40000000;
    const uint64_t flags = MAPPED & ~PTE_D;
    for (unsigned i = 0; i < 2; i++) { /* in the sets 0 and 1 */
        bench_map(b, va + 0x1000 * i, PA + 0x1000 * i, SIZE_4K, flags);
        bench_translate(b, DATA, va + 0x1000 * i, ACC_READ, true);
        bench_ticks(b, S);
    }
    assert_int_equal(entries(b, 2, va), 2);
    const uint64_t table = *bench_word(b, bench_entry(b, 4, va, 2));
    bench_map(b, va, 0x200000, SIZE_2M, flags);
    bench_control(b, CTL_INVLPG, VA); /* of no page that is held; the PSC's entries go, which lead to the old table */
    assert_int_equal(bench_translate(b, DATA, va + 0x1000, ACC_WRITE, true).r.addr, 0x201000);
    bench_ticks(b, S);
    assert_int_equal(entries(b, 2, va), together ? 1 : 3);
    assert_int_equal(entries(b, 3, va), 3);
    if (together) {
        const struct bench_answer a = bench_translate(b, DATA, va, ACC_READ, true);
        assert_int_equal(a.latency, 1);
        assert_int_equal(a.r.addr, 0x200000);
        bench_control(b, CTL_MOV_CR4, BENCH_CR4 ^ CR4_PGE); /* all go */
        bench_map(b, va, 0x200000, SIZE_2M, flags);
        bench_translate(b, DATA, va, ACC_READ, true);
        bench_ticks(b, S);
        assert_int_equal(entries(b, 2, va), 1);
        *bench_word(b, bench_entry(b, 4, va, 2)) = table;
        assert_int_equal(bench_translate(b, DATA, va + 0x1000, ACC_WRITE, true).r.addr, PA + 0x1000);
        bench_ticks(b, S);
        assert_int_equal(entries(b, 2, va), 1);
    }
    bench_free(b);
}

/* The same of an ITLB with pages of 1 GByte and of 2 MBytes: held as not global under one PCID, and filled as global
 * under another, which the lookup of the first would match too. */
static void a_global_fill_displaces_other_sizes(void **state)
{
    (void)state;
    if (!CFG_ARCH_PCID || ((CFG_ITLB_A0_HOLDS & 6) != 6 && (CFG_ITLB_A1_HOLDS & 6) != 6))
        return;
    struct bench *b = bench_new();
    const uint64_t va = 0x40000000;
    bench_control(b, CTL_MOV_CR4, BENCH_CR4 | CR4_PCIDE);
    bench_control(b, CTL_MOV_CR3, b->cr3 | 1 | CR3_KEEP);
    bench_map(b, va, 0x40000000, SIZE_1G, MAPPED);
    bench_translate(b, FETCH, va, ACC_EXECUTE, true);
    bench_ticks(b, S);
    assert_int_equal(entries(b, 1, va), 1);
    bench_control(b, CTL_MOV_CR3, b->cr3 | 2 | CR3_KEEP);
    *bench_word(b, bench_entry(b, 4, va, 3)) = 0;
    bench_map(b, va, 0x200000, SIZE_2M, MAPPED | PTE_G);
    assert_int_equal(bench_translate(b, FETCH, va, ACC_EXECUTE, true).r.addr, 0x200000);
    bench_ticks(b, S);
    assert_int_equal(entries(b, 1, va), 1);
    bench_control(b, CTL_MOV_CR3, b->cr3 | 1 | CR3_KEEP);
    assert_int_equal(bench_translate(b, FETCH, va, ACC_EXECUTE, true).r.addr, 0x200000);
    bench_free(b);
}

/* Every address bit above those that choose a memo's slot counts, also where there is no memo any more. */
static void a_memo_is_of_one_page(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    for (unsigned slot = 0; slot < 256; slot += 51) {
        const uint64_t va = 0x40000000 + ((uint64_t)slot << 12);
        bench_map(b, va, PA, SIZE_4K, MAPPED);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(bench_translate(b, DATA, va, ACC_READ, true).r.addr, PA);
            bench_ticks(b, S);
        }
        for (unsigned forgotten = 0; forgotten < 2; forgotten++) {
            for (unsigned bit = 48; bit < 64; bit++)
                assert_int_equal(bench_translate(b, DATA, va ^ 1ull << bit, ACC_READ, true).r.kind, KIND_GP);
            assert_int_equal(bench_translate(b, DATA, (uint64_t)slot << 12 | 1ull << 62, ACC_READ, true).r.kind,
                             KIND_GP);
            assert_int_equal(
                bench_translate(b, DATA, (uint64_t)(~slot & 255) << 12 | 1ull << 62, ACC_READ, true).r.kind, KIND_GP);
            bench_control(b, CTL_INVLPG, va); /* forgets it */
        }
    }
    bench_free(b);
}

/* INVLPG of any address of a large page: none of its 4 KBytes is known any more, on either side. */
static void a_large_page_is_forgotten_whole(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    for (unsigned size = SIZE_2M; size <= SIZE_1G; size++) {
        const uint64_t va = 0x40000000ull << size, pa = size == SIZE_2M ? 0x200000 : 0x40000000;
        if (size == SIZE_1G && !CFG_ARCH_PAGE_1G)
            continue;
        for (unsigned turn = 1; turn <= 2; turn++) {
            bench_map(b, va, turn * pa, size, MAPPED);
            bench_control(b, CTL_INVLPG, va + 0x7000);
            for (unsigned i = 0; i < 3; i++) {
                const uint64_t at = va + 0x3000;
                assert_int_equal(bench_translate(b, DATA, at, ACC_READ, true).r.addr, turn * pa + 0x3000);
                assert_int_equal(bench_translate(b, FETCH, at, ACC_EXECUTE, true).r.addr, turn * pa + 0x3000);
                bench_ticks(b, S);
            }
        }
    }
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_port_hits_every_cycle),         cmocka_unit_test(the_last_touch_counts),
        cmocka_unit_test(a_fill_before_an_older_hit),          cmocka_unit_test(a_fill_displaces_other_sizes),
        cmocka_unit_test(a_global_fill_displaces_other_sizes), cmocka_unit_test(a_memo_is_of_one_page),
        cmocka_unit_test(a_large_page_is_forgotten_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
