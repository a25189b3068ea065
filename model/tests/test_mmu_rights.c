/* The rights table through the whole MMU: found by a walk, by a walk from a cached table, in the STLB, in the L1; and
 * the shadow-stack property from page table to TLB (sections 4, 6, 7, 9, 11). */
#include "cycle_bench.h"
#include "rights_table.h"

enum { S = CFG_STLB_LATENCY };
enum path { BY_WALK, BY_PSC, BY_STLB, BY_L1, PATHS };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

static bool is_built(unsigned regs)
{
    return !((regs & PKE) && !CFG_ARCH_PKU) && !((regs & PKS) && !CFG_ARCH_PKS) && !((regs & CET) && !CFG_ARCH_CET);
}

/* The page of a row. A read-only page that is no shadow-stack page is one of two kinds: not dirty, or below a read-only
 * table. */
static uint64_t *map(struct bench *b, const struct rights_row *row, bool read_only_table)
{
    const uint64_t rights = (row->page & RW ? PTE_W | PTE_D : 0) | (row->page & US ? PTE_U : 0) |
                            (row->page & XD ? PTE_XD : 0);
    uint64_t *leaf = bench_word(b, bench_map(b, VA, PA, SIZE_4K, PTE_P | PTE_A | rights | (uint64_t)KEY << 59));
    if (row->page & SP)
        *leaf |= PTE_D;
    if (!(row->page & (SP | RW)) && read_only_table) {
        *leaf |= PTE_D;
        *bench_word(b, bench_entry(b, 4, VA, 3)) &= ~PTE_W;
    }
    return leaf;
}

/* An access that every page allows while PKRU, PKRS are 0: a supervisor's read with AC = 1. */
static void prime_data(struct bench *b, uint64_t va)
{
    assert_int_equal(bench_translate_req(b, DATA, (struct pins_req){.va = va, .ac = true}).r.kind, KIND_OK);
    bench_ticks(b, S);
}

static void prime_fetch(struct bench *b, const struct rights_row *row)
{
    assert_int_equal(bench_translate(b, FETCH, VA, ACC_EXECUTE, row->page & US).r.kind, KIND_OK);
    bench_ticks(b, S);
}

/* False: the row has no such path, since a page with XD cannot be brought in by a fetch. */
static bool prime(struct bench *b, const struct rights_row *row, enum path path)
{
    const bool fetch = (row->access & 3) == EX;
    if (path == BY_WALK)
        return true;
    if (path == BY_PSC) {
        bench_map(b, VA + 0x1000, PA, SIZE_4K, MAPPED);
        prime_data(b, VA + 0x1000);
    } else if (fetch == (path == BY_L1)) {
        if (row->page & XD)
            return false;
        prime_fetch(b, row);
    } else {
        prime_data(b, VA);
    }
    return true;
}

static void try(const struct rights_row *row, enum path path, bool read_only_table)
{
    struct bench *b = bench_new();
    const unsigned access = row->access, regs = row->regs;
    uint64_t *leaf = map(b, row, read_only_table);
    bench_control(b, CTL_WRMSR_EFER, regs & NXE ? EFER_NXE : 0);
    bench_control(b, CTL_MOV_CR4,
                  BENCH_CR4 | (regs & SMEP ? CR4_SMEP : 0) | (regs & SMAP ? CR4_SMAP : 0) | (regs & PKE ? CR4_PKE : 0) |
                      (regs & PKS ? CR4_PKS : 0) | (regs & CET ? CR4_CET : 0));
    if (!prime(b, row, path)) {
        bench_free(b);
        return;
    }
    bench_control(b, CTL_MOV_CR0, CR0_PG | (regs & WP ? CR0_WP : 0));
    bench_control(b, CTL_WRPKRU, row->pkru);
    if (CFG_ARCH_PKS)
        bench_control(b, CTL_WRMSR_PKRS, row->pkrs);
    const uint64_t was = *leaf;
    const struct pins_req req = {.va = VA | 0x678,
                                 .acc = access & 3,
                                 .user = access & CPL3,
                                 .imp = access & IMP,
                                 .ac = access & AC,
                                 .ss = access & SS};
    const struct pins_resp r = bench_translate_req(b, (access & 3) == EX ? FETCH : DATA, req).r;
    const bool update = !row->err && (access & 3) == WR && !(was & PTE_D);
    const unsigned found = path == BY_L1 ? SRC_L1 : path == BY_STLB ? SRC_STLB : SRC_WALK;
    const unsigned src = row->err ? (CFG_POLICY_FAULT_REWALK ? SRC_WALK : found) : update ? SRC_WALK : found;
    if (r.kind != (row->err ? KIND_PF : KIND_OK) || r.err != row->err || r.src != src) {
        print_error("%s (path %u): kind %u, error code %x, src %u\n", row->clause, path, r.kind, r.err, r.src);
        fail();
    }
    assert_int_equal(r.addr, row->err ? VA | 0x678 : PA | 0x678);
    assert_int_equal(*leaf, was | (update ? PTE_D : 0));
    bench_free(b);
}

static void the_table(void **state)
{
    (void)state;
    bench_needs_room();
    unsigned rows = 0;
    for (unsigned i = 0; i < RIGHTS_ROWS; i++) {
        if (!is_built(rights_table[i].regs))
            continue;
        rows++;
        for (enum path path = 0; path < PATHS; path++)
            for (unsigned variant = 0; variant < 2; variant++)
                try(&rights_table[i], path, variant);
    }
    assert_true(rows >= 50);
}

/* SDM 3A 5.6.1: what makes a page a shadow-stack page, seen by a shadow-stack read and in S of the walker and the TLBs.
 */
static void what_is_a_shadow_stack_page(void **state)
{
    (void)state;
    if (!CFG_ARCH_CET)
        return;
    for (unsigned size = SIZE_4K; size <= (CFG_ARCH_PAGE_1G ? SIZE_1G : SIZE_2M); size++)
        for (unsigned wrong = 0; wrong < 4 - size + 1;
             wrong++) { /* 0: nothing; 1: D = 0; above: R/W = 0 at level size + wrong */
            struct bench *b = bench_new();
            const uint64_t pa = 0x40000000;
            bench_control(b, CTL_MOV_CR4, BENCH_CR4 | CR4_CET);
            bench_map(b, VA, pa, size, PTE_P | PTE_U | PTE_A | (wrong == 1 ? 0 : PTE_D));
            if (wrong > 1)
                *bench_word(b, bench_entry(b, 4, VA, size + wrong)) &= ~PTE_W;
            bench_offer_req(b, DATA, (struct pins_req){.va = VA, .id = 1, .user = true});
            BENCH_UNTIL(b, (bench_state0(b, 7, 0) & 7) == W_FIN);
            assert_int_equal(bench_state0(b, 7, 0) >> 30 & 1, wrong == 0);
            bench_tick(b);
            assert_int_equal(bench_state1(b, 9, 0) >> 51, wrong == 0);
            bench_ticks(b, S + 4);
            const struct pins_resp r =
                bench_translate_req(b, DATA, (struct pins_req){.va = VA, .user = true, .ss = true}).r;
            assert_int_equal(r.kind, wrong ? KIND_PF : KIND_OK);
            assert_int_equal(r.err, wrong ? PF_P | PF_U | PF_SS : 0);
            bench_free(b);
        }
}

/* Section 18: S is that of the fill. The write that sets D in a read-only leaf (WP = 0) makes it a shadow-stack page.
 */
static void s_is_of_the_fill(void **state)
{
    (void)state;
    bench_needs_room();
    struct bench *b = bench_new();
    bench_control(b, CTL_MOV_CR0, CR0_PG);
    bench_map(b, VA, PA, SIZE_4K, PTE_P | PTE_U | PTE_A);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, true).r.kind, KIND_OK);
    bench_ticks(b, S);
    const uint64_t tag = 1 | (VA >> 12) << 16;
    uint64_t w[2];
    for (unsigned round = 0; round < 2; round++) {
        unsigned found = 0;
        for (unsigned sel = 2; sel <= 3; sel++)
            for (unsigned idx = 0; idx < 65536; idx++)
                if (mmu_state(b->m, sel, idx, w) && w[0] == tag) {
                    assert_int_equal(w[1] >> 51, CFG_ARCH_CET ? round : 0); /* whatever CR4.CET is */
                    assert_int_equal(w[1] >> 43 & 1, round);
                    found++;
                }
        assert_int_equal(found, 2);
        assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, false).r.kind, KIND_OK);
        bench_ticks(b, S);
    }
    bench_free(b);
}

/* A follower is judged by its own rights, with all that its request carries. */
static void followers_are_judged_alone(void **state)
{
    (void)state;
    if (QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    bench_control(b, CTL_MOV_CR4, BENCH_CR4 | CR4_SMAP);
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    bench_offer(b, DATA, 2, VA, ACC_READ, false); /* AC = 0 */
    bench_ticks(b, 500);
    assert_int_equal(mmu_counts(b->m)->merged, 1);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_OK);
    assert_int_equal(b->answer[DATA][2].r.kind, KIND_PF);
    assert_int_equal(b->answer[DATA][2].r.err, PF_P);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(what_is_a_shadow_stack_page),
        cmocka_unit_test(s_is_of_the_fill),
        cmocka_unit_test(followers_are_judged_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
