/* What each control operation invalidates and what it spares, entry by entry (section 13, SDM 3A 5.10.4.1, APM vol
 * 2 5.5.3). */
#include "cycle_bench.h"

static const uint64_t VA = 0x555512345000, OTHER = 0x7f0012346000, GLOBAL_VA = 0xffff888000001000, BIG = 0x40000000,
                      PA = 0x123000;

/* ---- entry by entry ---- */

/* The columns of section 13's second table, in words of their own. */
enum tlb_rule {
    TLB_KEEP,
    TLB_ADDRESS,
    TLB_ADDRESS_NONGLOBAL,
    TLB_PCID_NONGLOBAL,
    TLB_PCID_AND_GLOBALS,
    TLB_NONGLOBAL,
    TLB_ALL
};
enum psc_rule { PSC_KEEP, PSC_ADDRESS, PSC_PCID, PSC_ALL };

enum { FIRST = 3, SECOND = 5 }; /* PCIDs; both are 0 without PCIDE */

struct wanted {
    enum tlb_rule tlb;
    enum psc_rule psc;
    uint64_t va;
    unsigned pcid;
};

/* Does an entry whose tag covers the address bits from `low` up hold va? */
static bool holds(uint64_t tag, unsigned low, uint64_t va)
{
    return (tag >> 16 & BITS(44, 0)) >> (low - 12) == (va & BITS(56, 0)) >> low;
}

static bool must_go(const struct wanted *want, bool psc, uint64_t tag)
{
    const unsigned size = tag >> 1 & 3, pcid = tag >> 4 & 0xfff;
    const bool global = tag >> 3 & 1, mine = pcid == want->pcid;
    if (psc) {
        const bool on_the_way = mine && holds(tag, 12 + 9 * (size + 1), want->va);
        return want->psc == PSC_ALL || (want->psc == PSC_PCID && mine) || (want->psc == PSC_ADDRESS && on_the_way);
    }
    const bool here = holds(tag, 12 + 9 * size, want->va);
    switch (want->tlb) {
    case TLB_ADDRESS:
        return here && (mine || global);
    case TLB_ADDRESS_NONGLOBAL:
        return here && mine && !global;
    case TLB_PCID_NONGLOBAL:
        return mine && !global;
    case TLB_PCID_AND_GLOBALS:
        return mine || global;
    case TLB_NONGLOBAL:
        return !global;
    default:
        return want->tlb == TLB_ALL;
    }
}

static void use(struct bench *b, uint64_t va, bool fetch)
{
    bench_is_cached(b, va);
    if (fetch)
        bench_translate(b, FETCH, va, ACC_EXECUTE, true);
    bench_ticks(b, CFG_STLB_LATENCY);
}

/* Two address spaces (with PCIDs), pages of all sizes, global ones and others, in all structures. The second space is
 * current. */
static struct bench *crowded(bool pcide, uint64_t cr4)
{
    struct bench *b = bench_new();
    cr4 |= BENCH_CR4 | (pcide ? CR4_PCIDE : 0);
    bench_control(b, CTL_MOV_CR4, cr4);
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_map(b, OTHER, PA + 0x1000, SIZE_4K, MAPPED);
    bench_map(b, GLOBAL_VA, PA + 0x2000, SIZE_4K, MAPPED | PTE_G);
    bench_map(b, BIG, 0x200000, SIZE_2M, MAPPED);
    if (pcide) {
        bench_control(b, CTL_MOV_CR3, b->cr3 | FIRST | CR3_KEEP);
        use(b, OTHER, true);
        use(b, GLOBAL_VA, true);
        use(b, VA, true);
        bench_control(b, CTL_MOV_CR3, b->cr3 | SECOND | CR3_KEEP);
    } else {
        use(b, GLOBAL_VA, true);
        use(b, OTHER, true);
    }
    use(b, BIG, false);
    use(b, VA, true);
    return b;
}

enum { MOST_WORDS = 32768 };

static unsigned tags(const struct bench *b, unsigned sel, uint64_t *tag)
{
    unsigned n = 0;
    uint64_t w[2];
    for (unsigned idx = 0; idx < 65536; idx++)
        if (mmu_state(b->m, sel, idx, w)) {
            assert_true(n < MOST_WORDS);
            tag[n++] = w[0];
        }
    return n;
}

/* The operation drops what `want` says, nothing more and nothing less, in every structure. Returns how many entries
 * went. */
static unsigned drops(struct bench *b, unsigned op, uint64_t data, uint64_t desc, struct wanted want)
{
    static uint64_t before[4][MOST_WORDS], after[MOST_WORDS];
    unsigned entries[4], gone = 0;
    bool gp;
    for (unsigned i = 0; i < 4; i++)
        entries[i] = tags(b, 1 + i, before[i]);
    bench_control_desc(b, op, data, desc, &gp);
    for (unsigned i = 0; i < 4; i++) {
        tags(b, 1 + i, after);
        for (unsigned at = 0; at < entries[i]; at++) {
            const bool goes = (before[i][at] & 1) && must_go(&want, i == 3, before[i][at]);
            assert_int_equal(after[at], goes ? 0 : before[i][at]);
            gone += goes;
        }
    }
    return gone;
}

/* What INVLPG and INVPCID type 0 do to the PSC (AMD: EFER.TCE = 0 drops all of it). */
static enum psc_rule psc_of(enum psc_rule intel)
{
    return CFG_ARCH_AMD ? PSC_ALL : intel;
}

static void of_one_address(void **state)
{
    (void)state;
    bench_needs_room();
    for (unsigned pcide = 0; pcide <= CFG_ARCH_PCID; pcide++) {
        const unsigned now = pcide ? SECOND : 0, before = pcide ? FIRST : 0;
        struct bench *b = crowded(pcide, 0);
        assert_true(drops(b, CTL_INVLPG, VA | 0x123, 0, (struct wanted){TLB_ADDRESS, psc_of(PSC_PCID), VA, now}) >= 3);
        bench_free(b);

        b = crowded(pcide, 0); /* a global page, whose PCID is the first one */
        assert_true(
            drops(b, CTL_INVLPG, GLOBAL_VA, 0, (struct wanted){TLB_ADDRESS, psc_of(PSC_PCID), GLOBAL_VA, now}) >= 3);
        bench_free(b);

        b = crowded(pcide, 0); /* any address in a big page names it */
        assert_true(drops(b, CTL_INVLPG, BIG + 0x1ff000, 0, (struct wanted){TLB_ADDRESS, psc_of(PSC_PCID), BIG, now}) >=
                    1);
        bench_free(b);

        b = crowded(pcide, 0);
        assert_int_equal(drops(b, CTL_INVLPG, VA ^ 1ull << 47, 0, (struct wanted){TLB_KEEP, PSC_KEEP, 0, 0}), 0);
        bench_free(b);

        b = crowded(pcide, 0); /* INVPCID type 0: not of the current PCID */
        const struct wanted target = {TLB_ADDRESS_NONGLOBAL, psc_of(PSC_ADDRESS), VA, before};
        assert_true(drops(b, CTL_INVPCID_ADDRESS, VA | 0x123, before, target) >= 1);
        bench_free(b);

        b = crowded(pcide, 0); /* it spares a global page */
        const struct wanted global = {TLB_ADDRESS_NONGLOBAL, psc_of(PSC_ADDRESS), GLOBAL_VA, before};
        drops(b, CTL_INVPCID_ADDRESS, GLOBAL_VA, before, global);
        assert_true(bench_is_cached(b, GLOBAL_VA));
        bench_free(b);
    }
}

/* APM vol 2, 3.1.7: EFER.TCE = 1 lets upper-level entries of other addresses live. */
static void of_one_address_with_tce(void **state)
{
    (void)state;
    if (!CFG_ARCH_AMD)
        return;
    for (unsigned pcide = 0; pcide <= CFG_ARCH_PCID; pcide++) {
        const unsigned now = pcide ? SECOND : 0, before = pcide ? FIRST : 0;
        struct bench *b = crowded(pcide, 0);
        bench_control(b, CTL_WRMSR_EFER, EFER_NXE | EFER_TCE);
        assert_true(drops(b, CTL_INVLPG, VA, 0, (struct wanted){TLB_ADDRESS, PSC_ADDRESS, VA, now}) >= 3);
        assert_true(bench_psc_entries(b) > 0);
        bench_free(b);

        b = crowded(pcide, 0);
        bench_control(b, CTL_WRMSR_EFER, EFER_NXE | EFER_TCE);
        drops(b, CTL_INVPCID_ADDRESS, VA, before, (struct wanted){TLB_ADDRESS_NONGLOBAL, PSC_ADDRESS, VA, before});
        assert_true(bench_psc_entries(b) > 0);
        bench_free(b);
    }
}

static void of_one_pcid_and_of_all(void **state)
{
    (void)state;
    for (unsigned pcide = 0; pcide <= CFG_ARCH_PCID; pcide++) {
        const unsigned now = pcide ? SECOND : 0, before = pcide ? FIRST : 0;
        const uint64_t cr4 = BENCH_CR4 | (pcide ? CR4_PCIDE : 0);
        const struct {
            unsigned op;
            uint64_t data, desc;
            struct wanted want;
        } rows[] = {
            {CTL_INVPCID_CONTEXT, 0, before, {TLB_PCID_NONGLOBAL, PSC_PCID, 0, before}},
            {CTL_INVPCID_CONTEXT, 0, now, {TLB_PCID_NONGLOBAL, PSC_PCID, 0, now}},
            {CTL_INVPCID_ALL, 0, 0, {TLB_ALL, PSC_ALL, 0, 0}},
            {CTL_INVPCID_ALL_NONGLOBAL, 0, 0, {TLB_NONGLOBAL, PSC_ALL, 0, 0}},
            {CTL_MOV_CR3, 0x9000 | before, 0, {TLB_PCID_NONGLOBAL, PSC_PCID, 0, before}}, /* the new PCID */
            {CTL_MOV_CR4, cr4 | CR4_SMEP, 0, {TLB_PCID_AND_GLOBALS, PSC_PCID, 0, now}},
            {CTL_MOV_CR4, cr4 & ~CR4_PGE, 0, {TLB_ALL, PSC_ALL, 0, 0}},
            {CTL_MOV_CR4, cr4 | CR4_SMAP, 0, {TLB_KEEP, PSC_KEEP, 0, 0}},
            {CTL_WRMSR_EFER, 0, 0, {TLB_ALL, PSC_ALL, 0, 0}},
            {CTL_MOV_CR0, CR0_PG, 0, {TLB_KEEP, PSC_KEEP, 0, 0}},
            {CTL_WRPKRU, 0xffff, 0, {TLB_KEEP, PSC_KEEP, 0, 0}},
            {CTL_WRMSR_PAT, 0, 0, {TLB_KEEP, PSC_KEEP, 0, 0}},
            {CTL_OPS, ~0ull, ~0ull, {TLB_KEEP, PSC_KEEP, 0, 0}},
            {15, ~0ull, ~0ull, {TLB_KEEP, PSC_KEEP, 0, 0}},
            /* With #GP(0) nothing goes. */
            {CTL_INVPCID_ALL, 0, 1 << 12, {TLB_KEEP, PSC_KEEP, 0, 0}},
            {CTL_INVPCID_ADDRESS, VA ^ 1ull << 47, before, {TLB_KEEP, PSC_KEEP, 0, 0}},
            {CTL_MOV_CR4, 0, 0, {TLB_KEEP, PSC_KEEP, 0, 0}},
            {CTL_MOV_CR3, 1ull << 60, 0, {TLB_KEEP, PSC_KEEP, 0, 0}},
        };
        for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct bench *b = crowded(pcide, 0);
            const unsigned gone = drops(b, rows[i].op, rows[i].data, rows[i].desc, rows[i].want);
            assert_int_equal(gone > 0, rows[i].want.tlb != TLB_KEEP);
            bench_free(b);
        }
        if (!pcide) { /* PG = 0 with PCIDE = 1 is #GP */
            struct bench *b = crowded(false, 0);
            assert_true(drops(b, CTL_MOV_CR0, CR0_WP, 0, (struct wanted){TLB_ALL, PSC_ALL, 0, 0}) > 0);
            bench_free(b);
        } else {
            struct bench *b = crowded(true, 0);
            assert_int_equal(drops(b, CTL_MOV_CR0, CR0_WP, 0, (struct wanted){TLB_KEEP, PSC_KEEP, 0, 0}), 0);
            assert_int_equal(
                drops(b, CTL_MOV_CR3, 0x9000 | FIRST | CR3_KEEP, 0, (struct wanted){TLB_KEEP, PSC_KEEP, 0, 0}), 0);
            assert_true(drops(b, CTL_MOV_CR4, BENCH_CR4, 0, (struct wanted){TLB_ALL, PSC_ALL, 0, 0}) > 0);
            bench_free(b);
        }
    }
}

/* AMD drops everything when CR4.PSE changes or CR4.PKE is set; Intel nothing. */
static void of_pse_and_pke(void **state)
{
    (void)state;
    const enum tlb_rule tlb = CFG_ARCH_AMD ? TLB_ALL : TLB_KEEP;
    const enum psc_rule psc = CFG_ARCH_AMD ? PSC_ALL : PSC_KEEP;
    struct bench *b = crowded(false, 0);
    drops(b, CTL_MOV_CR4, BENCH_CR4 | CR4_PSE, 0, (struct wanted){tlb, psc, 0, 0});
    bench_free(b);
    b = crowded(false, CR4_PSE);
    drops(b, CTL_MOV_CR4, BENCH_CR4, 0, (struct wanted){tlb, psc, 0, 0});
    bench_free(b);
    if (CFG_ARCH_PKU) {
        b = crowded(false, 0);
        drops(b, CTL_MOV_CR4, BENCH_CR4 | CR4_PKE, 0, (struct wanted){tlb, psc, 0, 0});
        bench_free(b);
        b = crowded(false, CR4_PKE);
        drops(b, CTL_MOV_CR4, BENCH_CR4, 0, (struct wanted){TLB_KEEP, PSC_KEEP, 0, 0});
        bench_free(b);
    }
}

/* ---- as a program sees it ---- */

static void globals_without_pge(void **state)
{
    (void)state;
    for (unsigned pge = 0; pge < 2; pge++) {
        struct bench *b = bench_new();
        bench_control(b, CTL_MOV_CR4, CR4_PAE | (pge ? CR4_PGE : 0));
        bench_map(b, VA, PA, SIZE_4K, MAPPED);
        bench_map(b, GLOBAL_VA, PA + 0x1000, SIZE_4K, MAPPED | PTE_G);
        use(b, VA, false);
        use(b, GLOBAL_VA, false);
        bench_control(b, CTL_MOV_CR3, b->cr3);
        assert_int_equal(bench_is_cached(b, GLOBAL_VA), pge); /* PGE = 0: the G bit is ignored at the fill */
        assert_false(bench_is_cached(b, VA));
        bench_free(b);
    }
}

static void pcids(void **state)
{
    (void)state;
    if (!CFG_ARCH_PCID)
        return;
    struct bench *b = bench_new();
    bench_control(b, CTL_MOV_CR4, BENCH_CR4 | CR4_PCIDE);
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_map(b, GLOBAL_VA, PA + 0x1000, SIZE_4K, MAPPED | PTE_G);
    use(b, VA, false);
    use(b, GLOBAL_VA, false);
    bench_control(b, CTL_MOV_CR3, b->cr3 | 5 | CR3_KEEP); /* nothing dropped; PCID 0's entries do not match */
    assert_true(bench_is_cached(b, GLOBAL_VA));
    assert_false(bench_is_cached(b, VA));
    bench_control(b, CTL_MOV_CR3, b->cr3 | 0 | CR3_KEEP);
    assert_true(bench_is_cached(b, VA));
    bench_control(b, CTL_MOV_CR3, b->cr3 | 5); /* the new PCID's are dropped, not the old one's */
    assert_false(bench_is_cached(b, VA));
    bench_control(b, CTL_MOV_CR3, b->cr3 | 0 | CR3_KEEP);
    assert_true(bench_is_cached(b, VA));
    bench_control(b, CTL_INVLPG, VA); /* of the current PCID */
    bench_control(b, CTL_MOV_CR3, b->cr3 | 5 | CR3_KEEP);
    assert_true(bench_is_cached(b, VA));
    bench_control(b, CTL_MOV_CR4, BENCH_CR4); /* PCIDE 1 to 0 */
    assert_false(bench_is_cached(b, GLOBAL_VA));
    assert_int_equal(bench_state0(b, 0, 0), b->cr3 | 5);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_one_address),         cmocka_unit_test(of_one_address_with_tce),
        cmocka_unit_test(of_one_pcid_and_of_all), cmocka_unit_test(of_pse_and_pke),
        cmocka_unit_test(globals_without_pge),    cmocka_unit_test(pcids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
