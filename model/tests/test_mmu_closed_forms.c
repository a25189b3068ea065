/* Latencies, exactly as section 16 gives them, and those that follow from sections 7 to 13 in the same way. */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY };

static const uint64_t VA = 0x555512345000, PA = 0x123000;
static const unsigned latencies[] = {1, 2, 10, 33};

#define FOR_EACH_LATENCY(b)                                                \
    for (unsigned i_ = 0; i_ < sizeof latencies / sizeof *latencies; i_++) \
        for (struct bench *b = bench_new(); b && (b->latency = latencies[i_]); bench_free(b), b = NULL)

static void expect_ok(struct bench_answer a, unsigned latency, uint64_t pa, unsigned size, unsigned src)
{
    assert_int_equal(a.r.kind, KIND_OK);
    assert_int_equal(a.r.addr, pa);
    assert_int_equal(a.r.size, size);
    assert_int_equal(a.r.src, src);
    assert_int_equal(a.r.err, 0);
    assert_int_equal(a.latency, latency);
}

static void expect_fault(struct bench_answer a, unsigned latency, unsigned err, unsigned src)
{
    assert_int_equal(a.r.kind, KIND_PF);
    assert_int_equal(a.r.err, err);
    assert_int_equal(a.r.addr, VA);
    assert_int_equal(a.r.size, 0);
    assert_int_equal(a.r.mt, 0);
    assert_int_equal(a.r.pat, 0);
    assert_int_equal(a.r.src, src);
    assert_int_equal(a.latency, latency);
}

static void walks_and_hits(void **state)
{
    (void)state;
    FOR_EACH_LATENCY(b)
    {
        const unsigned L = b->latency;
        bench_map(b, VA, PA, SIZE_4K, MAPPED);
        bench_map(b, VA + 0x1000, PA + 0x1000, SIZE_4K, MAPPED);
        expect_ok(bench_translate(b, FETCH, VA | 0x123, ACC_EXECUTE, true), S + 3 + 4 * (L + 1), PA | 0x123, SIZE_4K,
                  SRC_WALK);
        bench_ticks(b, S); /* the fill reaches the STLB */
        expect_ok(bench_translate(b, FETCH, VA | 0xfff, ACC_EXECUTE, true), 1, PA | 0xfff, SIZE_4K, SRC_L1);
        expect_ok(bench_translate(b, DATA, VA, ACC_WRITE, false), 1 + S, PA, SIZE_4K, SRC_STLB);
        expect_ok(bench_translate(b, DATA, VA | 8, ACC_READ, true), 1, PA | 8, SIZE_4K, SRC_L1);
        const unsigned n = (CFG_PSC_A0_HOLDS | CFG_PSC_A1_HOLDS | CFG_PSC_A2_HOLDS | CFG_PSC_A3_HOLDS) & 1 ? 1 : 0;
        if (n)
            expect_ok(bench_translate(b, DATA, VA + 0x1000, ACC_READ, true), S + 3 + n * (L + 1), PA + 0x1000, SIZE_4K,
                      SRC_WALK);
    }
}

static void big_pages(void **state)
{
    (void)state;
    FOR_EACH_LATENCY(b)
    {
        const unsigned L = b->latency;
        bench_map(b, 0x40000000, 0x200000, SIZE_2M, MAPPED | 1ull << 12);
        struct bench_answer a = bench_translate(b, DATA, 0x40012345, ACC_READ, true);
        expect_ok(a, S + 3 + 3 * (L + 1), 0x212345, SIZE_2M, SRC_WALK);
        assert_int_equal(a.r.pat, 4);
        if (CFG_ARCH_PAGE_1G) {
            bench_control(b, CTL_MOV_CR3, b->cr3);
            bench_map(b, 0xffff800000000000, 0x40000000, SIZE_1G, MAPPED | 1u << 3);
            a = bench_translate(b, DATA, 0xffff800012345678, ACC_READ, true);
            expect_ok(a, S + 3 + 2 * (L + 1), 0x52345678, SIZE_1G, SRC_WALK);
            assert_int_equal(a.r.pat, 1);
        }
    }
}

static void five_levels(void **state)
{
    (void)state;
    if (!CFG_ARCH_LA57)
        return;
    FOR_EACH_LATENCY(b)
    {
        const uint64_t va = 0x00ab555512345000;
        bench_control(b, CTL_MOV_CR4, BENCH_CR4 | CR4_LA57);
        *bench_word(b, bench_entry(b, 5, va, 1)) = PA | MAPPED;
        expect_ok(bench_translate(b, DATA, va | 7, ACC_WRITE, true), S + 3 + 5 * (b->latency + 1), PA | 7, SIZE_4K,
                  SRC_WALK);
        expect_ok(bench_translate(b, DATA, va | 9, ACC_WRITE, true), 1, PA | 9, SIZE_4K, SRC_L1);
        assert_int_equal(bench_translate(b, DATA, 0x01ab555512345000, ACC_READ, true).r.kind, KIND_GP);
    }
}

static void accessed_and_dirty(void **state)
{
    (void)state;
    for (unsigned clear = 0; clear < 16; clear++) /* bit l-1: the level-l entry has A = 0 */
        FOR_EACH_LATENCY(b)
        {
            const uint64_t leaf = bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_D);
            for (unsigned level = 1; level <= 4; level++)
                if (clear >> (level - 1) & 1)
                    *bench_word(b, bench_entry(b, 4, VA, level)) &= ~PTE_A;
            const unsigned updates = (unsigned)__builtin_popcount(clear);
            expect_ok(bench_translate(b, DATA, VA, ACC_READ, true), S + 3 + (4 + updates) * (b->latency + 1), PA,
                      SIZE_4K, SRC_WALK);
            assert_int_equal(b->cas, updates);
            for (unsigned level = 1; level <= 4; level++)
                assert_true(*bench_word(b, bench_entry(b, 4, VA, level)) & PTE_A);
            assert_int_equal(*bench_word(b, leaf), PA | (MAPPED & ~PTE_D));
        }
}

/* A write that hits with D = 0 walks: one read from a cached PDE, and one compare-and-swap. */
static void dirty_on_a_hit(void **state)
{
    (void)state;
    if (!((CFG_PSC_A0_HOLDS | CFG_PSC_A1_HOLDS | CFG_PSC_A2_HOLDS | CFG_PSC_A3_HOLDS) & 1))
        return;
    FOR_EACH_LATENCY(b)
    {
        const uint64_t leaf = bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_D);
        bench_translate(b, DATA, VA, ACC_READ, true);
        bench_ticks(b, S);
        expect_ok(bench_translate(b, DATA, VA, ACC_WRITE, true), S + 3 + 2 * (b->latency + 1), PA, SIZE_4K, SRC_WALK);
        assert_int_equal(*bench_word(b, leaf), PA | MAPPED);
        bench_ticks(b, S);
        expect_ok(bench_translate(b, DATA, VA, ACC_WRITE, true), 1, PA, SIZE_4K, SRC_L1);
    }
}

static void non_canonical(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    const struct bench_answer a = bench_translate(b, DATA, 0x0000800000000000, ACC_READ, true);
    assert_int_equal(a.latency, 1);
    assert_int_equal(a.r.kind, KIND_GP);
    assert_int_equal(a.r.src, SRC_L1);
    assert_int_equal(a.r.err, 0);
    assert_int_equal(b->reads, 0);
    bench_free(b);
}

static void faults_of_a_walk_from_the_root(void **state)
{
    (void)state;
    for (unsigned level = 1; level <= 4; level++)
        FOR_EACH_LATENCY(b)
        {
            const unsigned n = 5 - level;
            const unsigned latency = S + 3 + n * (b->latency + 1) + S + 1;
            bench_map(b, VA, PA, SIZE_4K, MAPPED);
            uint64_t *entry = bench_word(b, bench_entry(b, 4, VA, level));
            const uint64_t was = *entry;
            *entry = was & ~PTE_P;
            expect_fault(bench_translate(b, DATA, VA, ACC_WRITE, true), latency, PF_W | PF_U, SRC_WALK);
            bench_control(b, CTL_MOV_CR3, b->cr3);
            *entry = CFG_ARCH_PADDR_BITS < 52 ? was | 1ull << 51 : was | (level == 4 ? PTE_PS : 0);
            if (*entry != was)
                expect_fault(bench_translate(b, FETCH, VA, ACC_EXECUTE, false), latency, PF_P | PF_RSVD | PF_I,
                             SRC_WALK);
        }
}

/* The leaf's rights fail: found after all four reads, and the leaf stays as it was. */
static void fault_of_rights(void **state)
{
    (void)state;
    FOR_EACH_LATENCY(b)
    {
        const uint64_t leaf = bench_map(b, VA, PA, SIZE_4K, PTE_P | PTE_U);
        expect_fault(bench_translate(b, DATA, VA, ACC_WRITE, true), S + 3 + 4 * (b->latency + 1) + S + 1,
                     PF_P | PF_W | PF_U, SRC_WALK);
        assert_int_equal(*bench_word(b, leaf), PA | PTE_P | PTE_U);
    }
}

/* A hit whose rights fail: confirmed by a walk from the root, or reported as it is. */
static void fault_of_a_hit(void **state)
{
    (void)state;
    FOR_EACH_LATENCY(b)
    {
        bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_W);
        bench_translate(b, DATA, VA, ACC_READ, true);
        bench_ticks(b, S);
        const struct bench_answer a = bench_translate(b, DATA, VA, ACC_WRITE, true);
        if (CFG_POLICY_FAULT_REWALK)
            expect_fault(a, S + 6 + 4 * (b->latency + 1), PF_P | PF_W | PF_U, SRC_WALK);
        else
            expect_fault(a, S + 3, PF_P | PF_W | PF_U, SRC_L1);
        /* SDM 3A 5.10.4.1: the fault dropped the entry from everywhere, so a reader walks again, from the root. */
        assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).latency, S + 3 + 4 * (b->latency + 1));
    }
}

/* Section 13: 3 cycles without invalidation, and with one n + 1 more, n being 3 for one address, else the sets of the
 * STLB. */
static void control_operations(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    const unsigned sets = CFG_STLB_A0_SETS > CFG_STLB_A1_SETS ? CFG_STLB_A0_SETS : CFG_STLB_A1_SETS;
    const unsigned none = 3, address = 3 + 3 + 1, all = 3 + sets + 1;
    bool gp;
    assert_int_equal(bench_control(b, CTL_MOV_CR0, CR0_PG), none);
    assert_int_equal(bench_control(b, CTL_MOV_CR0, CR0_WP), all); /* PG = 0 */
    assert_int_equal(bench_control(b, CTL_MOV_CR3, b->cr3), all);
    assert_int_equal(bench_control(b, CTL_MOV_CR4, BENCH_CR4), none); /* nothing changes */
    assert_int_equal(bench_control(b, CTL_MOV_CR4, CR4_PAE), all);    /* PGE does */
    assert_int_equal(bench_control(b, CTL_MOV_CR4, CR4_PAE | CR4_SMEP), all);
    assert_int_equal(bench_control(b, CTL_MOV_CR4, CR4_PAE | CR4_SMAP), none); /* SMEP 1 to 0 */
    assert_int_equal(bench_control(b, CTL_MOV_CR4, CR4_PAE | CR4_PSE), CFG_ARCH_AMD ? all : none);
    assert_int_equal(bench_control_desc(b, CTL_MOV_CR4, 0, 0, &gp), none);
    assert_true(gp);
    assert_int_equal(bench_control(b, CTL_WRMSR_EFER, EFER_NXE), none);
    assert_int_equal(bench_control(b, CTL_WRMSR_EFER, 0), all);
    assert_int_equal(bench_control(b, CTL_INVLPG, VA), address);
    assert_int_equal(bench_control(b, CTL_INVLPG, 1ull << 47), none);
    assert_int_equal(bench_control_desc(b, CTL_INVPCID_ADDRESS, VA, 0, NULL), address);
    for (unsigned op = CTL_INVPCID_CONTEXT; op <= CTL_INVPCID_ALL_NONGLOBAL; op++)
        assert_int_equal(bench_control_desc(b, op, VA, 0, NULL), all);
    assert_int_equal(bench_control(b, CTL_WRPKRU, 5), none);
    if (CFG_ARCH_PKS)
        assert_int_equal(bench_control(b, CTL_WRMSR_PKRS, 5), none);
    assert_int_equal(bench_control(b, CTL_WRMSR_PAT, 0x0007040600070406), none);
    for (unsigned op = CTL_OPS; op < 16; op++)
        assert_int_equal(bench_control(b, op, ~0ull), none);
    if (CFG_ARCH_PCID) {
        assert_int_equal(bench_control(b, CTL_MOV_CR4, CR4_PAE | CR4_PCIDE),
                         CFG_ARCH_AMD ? all : none); /* PSE 1 to 0 */
        assert_int_equal(bench_control(b, CTL_MOV_CR3, b->cr3 | 1), all);
        assert_int_equal(bench_control(b, CTL_MOV_CR3, b->cr3 | 2 | CR3_KEEP), none);
        assert_int_equal(bench_control(b, CTL_MOV_CR4, CR4_PAE), all);
    }
    bench_free(b);
}

static void reset_sweeps_the_stlb(void **state)
{
    (void)state;
    const unsigned sets = CFG_STLB_A0_SETS > CFG_STLB_A1_SETS ? CFG_STLB_A0_SETS : CFG_STLB_A1_SETS;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_translate(b, FETCH, VA, ACC_EXECUTE, true);
    bench_ticks(b, S);
    mmu_reset(b->m, &b->out); /* a used model */
    b->cycle = 0;
    for (unsigned j = 0; j <= sets; j++) {
        assert_int_equal(b->out.req_ready, 0);
        assert_false(b->out.ctl_ready);
        assert_false(b->out.ctl_done);
        assert_false(b->out.waiting);
        assert_int_equal(bench_state0(b, 0, 1), 3 | j << 8);
        bench_tick(b);
    }
    assert_true(b->out.ctl_done);
    bench_tick(b);
    assert_true(b->out.ctl_ready);
    assert_true(b->out.waiting);
    assert_int_equal(b->out.req_ready, (1u << PORTS) - 1);

    struct bench *fresh = bench_new();
    mmu_reset(fresh->m, &fresh->out);
    while (!fresh->out.ctl_ready)
        bench_tick(fresh);
    for (unsigned sel = 0; sel < 10; sel++)
        for (unsigned idx = 0; idx < 65536; idx++) {
            uint64_t w[2], f[2];
            const bool there = mmu_state(b->m, sel, idx, w);
            assert_int_equal(there, mmu_state(fresh->m, sel, idx, f));
            assert_memory_equal(w, f, sizeof w);
            if (there && sel == 0 && idx == 3)
                assert_true(w[0] == 0 && w[1] == 0x0007040600070406); /* SDM 3A 13.12.4: IA32_PAT after reset */
            else if (there && sel != 5)
                assert_true(w[0] == 0 && w[1] == 0);
        }
    bench_free(b);
    bench_free(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_and_hits),
        cmocka_unit_test(big_pages),
        cmocka_unit_test(five_levels),
        cmocka_unit_test(accessed_and_dirty),
        cmocka_unit_test(dirty_on_a_hit),
        cmocka_unit_test(non_canonical),
        cmocka_unit_test(faults_of_a_walk_from_the_root),
        cmocka_unit_test(fault_of_rights),
        cmocka_unit_test(fault_of_a_hit),
        cmocka_unit_test(control_operations),
        cmocka_unit_test(reset_sweeps_the_stlb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
