/* Control operations: what each invalidates and what it spares (section 13, SDM 3A 5.10.4.1). */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY };
enum { PGE = 1 << 7, PCIDE = 1 << 17 };

static const uint64_t VA = 0x555512345000, GLOBAL_VA = 0xffff888000001000, PA = 0x123000;

/* Is anything cached for this address? A read that finds it in the L1 or the STLB. */
static bool is_cached(struct bench *b, uint64_t va)
{
    const uint64_t walks = mmu_counts(b->m)->walks;
    assert_int_equal(bench_translate(b, DATA, va, ACC_READ, true).r.kind, KIND_OK);
    bench_ticks(b, S);
    return mmu_counts(b->m)->walks == walks;
}

static struct bench *with_both_cached(uint64_t cr4)
{
    struct bench *b = bench_new();
    bench_control(b, CTL_MOV_CR4, cr4);
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_map(b, GLOBAL_VA, PA + 0x1000, SIZE_4K, MAPPED | PTE_G);
    is_cached(b, VA);
    is_cached(b, GLOBAL_VA);
    assert_true(is_cached(b, VA));
    assert_true(is_cached(b, GLOBAL_VA));
    return b;
}

static unsigned psc_entries(struct bench *b)
{
    unsigned n = 0;
    uint64_t w[2];
    for (unsigned idx = 0; idx < 65536; idx++)
        if (mmu_state(b->m, 4, idx, w))
            n += w[0] & 1;
    return n;
}

static void mov_cr3_spares_globals(void **state)
{
    (void)state;
    struct bench *b = with_both_cached(PGE);
    assert_true(psc_entries(b) > 0);
    bench_control(b, CTL_MOV_CR3, b->cr3);
    assert_int_equal(psc_entries(b), 0);
    assert_true(is_cached(b, GLOBAL_VA));
    assert_false(is_cached(b, VA));
    bench_free(b);

    b = with_both_cached(0); /* PGE = 0: the G bit is ignored at the fill */
    bench_control(b, CTL_MOV_CR3, b->cr3);
    assert_false(is_cached(b, GLOBAL_VA));
    bench_free(b);
}

static void mov_cr4_pge_drops_everything(void **state)
{
    (void)state;
    struct bench *b = with_both_cached(PGE);
    bench_control(b, CTL_MOV_CR4, 0);
    assert_int_equal(psc_entries(b), 0);
    assert_false(is_cached(b, GLOBAL_VA));
    assert_false(is_cached(b, VA));
    bench_free(b);
}

static void mov_cr0_and_reserved_codes_drop_nothing(void **state)
{
    (void)state;
    struct bench *b = with_both_cached(PGE);
    const unsigned psc = psc_entries(b);
    for (unsigned op = 0; op < 16; op = op ? op + 1 : 5)
        bench_control(b, op, VA);
    assert_int_equal(psc_entries(b), psc);
    assert_true(is_cached(b, VA));
    assert_true(is_cached(b, GLOBAL_VA));
    bench_free(b);
}

static void invlpg_drops_its_page_and_all_of_the_psc(void **state)
{
    (void)state;
    struct bench *b = with_both_cached(PGE);
    bench_control(b, CTL_INVLPG, GLOBAL_VA | 0xabc);
    assert_int_equal(psc_entries(b), 0);
    assert_true(is_cached(b, VA));
    assert_false(is_cached(b, GLOBAL_VA));
    bench_control(b, CTL_INVLPG, 1ull << 47 | VA); /* not canonical */
    assert_true(is_cached(b, VA));
    bench_free(b);

    b = bench_new(); /* any address inside a big page names it */
    bench_map(b, 0x40000000, 0x200000, SIZE_2M, MAPPED);
    is_cached(b, 0x40000000);
    assert_true(is_cached(b, 0x40012000));
    bench_control(b, CTL_INVLPG, 0x401ff000);
    assert_false(is_cached(b, 0x40000000));
    bench_free(b);
}

static void pcids(void **state)
{
    (void)state;
    if (!CFG_ARCH_PCID)
        return;
    struct bench *b = with_both_cached(PGE | PCIDE);
    bench_control(b, CTL_MOV_CR3, b->cr3 | 5 | 1ull << 63); /* nothing dropped; PCID 0's entries do not match */
    assert_true(is_cached(b, GLOBAL_VA));
    assert_false(is_cached(b, VA));
    bench_control(b, CTL_MOV_CR3, b->cr3 | 0 | 1ull << 63);
    assert_true(is_cached(b, VA));
    bench_control(b, CTL_MOV_CR3, b->cr3 | 5); /* the new PCID's are dropped, not the old one's */
    assert_false(is_cached(b, VA));
    bench_control(b, CTL_MOV_CR3, b->cr3 | 0 | 1ull << 63);
    assert_true(is_cached(b, VA));
    bench_control(b, CTL_INVLPG, VA); /* of the current PCID */
    bench_control(b, CTL_MOV_CR3, b->cr3 | 5 | 1ull << 63);
    assert_true(is_cached(b, VA));
    bench_control(b, CTL_MOV_CR4, PGE); /* PCIDE 1 to 0 */
    assert_false(is_cached(b, GLOBAL_VA));
    assert_int_equal(bench_state0(b, 0, 0), b->cr3 | 5);
    bench_free(b);
}

/* WP and NXE act at once on what is cached. */
static void registers_act_at_once(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_W);
    is_cached(b, VA);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, false).latency, 1);
    bench_control(b, CTL_MOV_CR0, 0);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, false).latency, 1);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, false).latency, 1);
    bench_control(b, CTL_MOV_CR0, 1u << 16);
    const struct bench_answer a = bench_translate(b, DATA, VA, ACC_WRITE, false);
    assert_int_equal(a.r.kind, KIND_PF);
    assert_int_equal(a.r.err, PF_P | PF_W);
    bench_control(b, CTL_MOV_CR0, 0);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, true).r.kind, KIND_PF);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, false).r.kind, KIND_OK);
    bench_free(b);
}

/* Requests outstanding at the operation are answered under the new registers. */
static void outstanding_requests_start_again(void **state)
{
    (void)state;
    for (unsigned when = 1; when < 100; when++) {
        struct bench *b = bench_new();
        bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_W);
        bench_offer(b, DATA, 1, VA, ACC_WRITE, false); /* WP = 1: faults */
        bench_ticks(b, when);
        const bool had_its_result = (bench_state0(b, 6, 0) & 15) == DONE || b->answer[DATA][1].seen;
        const uint64_t before = b->cycle;
        bench_control(b, CTL_MOV_CR0, 0);
        bench_ticks(b, 1000);
        assert_true(b->answer[DATA][1].seen);
        if (had_its_result)
            assert_int_equal(b->answer[DATA][1].r.kind, KIND_PF);
        else if (b->answer[DATA][1].cycle > before + 2) /* not DONE in the cycle of the accept either */
            assert_int_equal(b->answer[DATA][1].r.kind, KIND_OK);
        bench_free(b);
    }
}

/* cycle: t accept, t+1 DRAIN, t+2 EXEC, t+3 … t+3+n SWEEP, t+4+n DONE, t+5+n IDLE */
static void the_states_in_turn(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    b->in.ctl_valid = true;
    b->in.ctl_op = CTL_INVLPG;
    b->in.ctl_data = VA;
    bench_tick(b);
    static const unsigned states[] = {1, 2, 3, 3 | 1 << 8, 3 | 2 << 8, 3 | 3 << 8, 4};
    for (unsigned i = 0; i < sizeof states / sizeof *states; i++) {
        uint64_t w[2];
        assert_true(mmu_state(b->m, 0, 1, w));
        assert_int_equal(w[0], states[i] | CTL_INVLPG << 4);
        assert_int_equal(w[1], VA);
        assert_int_equal(b->out.ctl_done, states[i] == 4);
        assert_int_equal(b->out.req_ready, 0);
        b->in.ctl_valid = true; /* not accepted while busy */
        b->in.ctl_op = CTL_MOV_CR0;
        bench_tick(b);
    }
    assert_true(b->out.ctl_ready);
    assert_int_equal(bench_state0(b, 0, 1), 0);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mov_cr3_spares_globals),
        cmocka_unit_test(mov_cr4_pge_drops_everything),
        cmocka_unit_test(mov_cr0_and_reserved_codes_drop_nothing),
        cmocka_unit_test(invlpg_drops_its_page_and_all_of_the_psc),
        cmocka_unit_test(pcids),
        cmocka_unit_test(registers_act_at_once),
        cmocka_unit_test(outstanding_requests_start_again),
        cmocka_unit_test(the_states_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
