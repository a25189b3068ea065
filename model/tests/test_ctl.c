/* Control operations: their states in turn, #GP, requests that they restart, registers that act at once (section 13).
 * What they invalidate: test_ctl_invalidation.c. */
#include "cycle_bench.h"

static const uint64_t VA = 0x555512345000, PA = 0x123000;

/* WP acts at once on what is cached. */
static void registers_act_at_once(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_W);
    bench_is_cached(b, VA);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_READ, false).latency, 1);
    bench_control(b, CTL_MOV_CR0, CR0_PG);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, false).latency, 1);
    assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, false).latency, 1);
    bench_control(b, CTL_MOV_CR0, CR0_PG | CR0_WP);
    const struct bench_answer a = bench_translate(b, DATA, VA, ACC_WRITE, false);
    assert_int_equal(a.r.kind, KIND_PF);
    assert_int_equal(a.r.err, PF_P | PF_W);
    bench_control(b, CTL_MOV_CR0, CR0_PG);
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
        const bool had_its_result = bench_request_state(b, DATA, 1) == DONE || b->answer[DATA][1].seen;
        const uint64_t before = b->cycle;
        bench_control(b, CTL_MOV_CR0, CR0_PG);
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

/* The descriptor is latched with INVPCID only; #GP shows in DONE only; the operation costs its 3 cycles. */
static void a_refused_operation(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_is_cached(b, VA);
    for (unsigned op = 0; op < 16; op++) {
        b->in.ctl_valid = true;
        b->in.ctl_op = (uint8_t)op;
        b->in.ctl_data = op == CTL_INVPCID_ADDRESS ? VA
                                                   : 0x8000000000000002; /* refused where there is anything to refuse */
        b->in.ctl_desc = 0xabcd000;
        const bool has_desc = op >= CTL_INVPCID_ADDRESS && op <= CTL_INVPCID_ALL_NONGLOBAL;
        const bool refused = has_desc || op == CTL_MOV_CR3 || op == CTL_MOV_CR4 || op == CTL_WRPKRU ||
                             op == CTL_WRMSR_PKRS || op == CTL_WRMSR_PAT;
        const uint64_t registers[] = {bench_state0(b, 0, 0), bench_state1(b, 0, 0), bench_state0(b, 0, 3),
                                      bench_state1(b, 0, 3)};
        if (!refused) {
            bench_tick(b);
            assert_int_equal(bench_state0(b, 0, 4), 0);
            BENCH_UNTIL(b, b->out.ctl_ready);
            bench_control(b, CTL_MOV_CR0, BENCH_CR0);
            bench_control(b, CTL_WRMSR_EFER, EFER_NXE);
            continue;
        }
        for (unsigned ctl_state = 1; ctl_state <= 2; ctl_state++) { /* DRAIN, EXEC */
            bench_tick(b);
            assert_int_equal(bench_state0(b, 0, 1), ctl_state | op << 4);
            assert_int_equal(bench_state0(b, 0, 4), has_desc ? 0xabcd000 : 0);
            assert_false(b->out.ctl_done);
        }
        bench_tick(b);
        assert_true(b->out.ctl_done && b->out.ctl_gp);
        assert_int_equal(bench_state0(b, 0, 1), 4 | op << 4 | 1 << 24);
        bench_tick(b);
        assert_true(b->out.ctl_ready);
        assert_int_equal(bench_state0(b, 0, 1), 0);
        assert_int_equal(bench_state0(b, 0, 4), 0);
        const uint64_t after[] = {bench_state0(b, 0, 0), bench_state1(b, 0, 0), bench_state0(b, 0, 3),
                                  bench_state1(b, 0, 3)};
        assert_memory_equal(registers, after, sizeof after);
    }
    bench_free(b);
}

/* A refused operation restarts what is outstanding like any other, and the next one does not inherit its #GP. */
static void a_refused_operation_restarts(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_ticks(b, 5);
    bool gp = false;
    bench_control_desc(b, CTL_MOV_CR4, 0, 0, &gp);
    assert_true(gp);
    bench_ticks(b, 200);
    assert_true(b->answer[DATA][1].seen);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_OK);
    bench_control_desc(b, CTL_MOV_CR4, BENCH_CR4, 0, &gp);
    assert_false(gp);
    bench_free(b);
}

/* Every register in its place of the state words, each alone (section 17). */
static void registers_in_the_state_words(void **state)
{
    (void)state;
    const struct {
        unsigned op;
        uint64_t data;
        uint64_t word1;
        bool there;
    } rows[] = {
        {CTL_MOV_CR0, CR0_PG | CR0_WP, 1 << 0, true},
        {CTL_MOV_CR0, CR0_PG | CR0_CD, 1 << 11, true},
        {CTL_MOV_CR4, CR4_PAE | CR4_PSE, 1 << 12, true},
        {CTL_MOV_CR4, CR4_PAE | CR4_PGE, 1 << 1, true},
        {CTL_MOV_CR4, CR4_PAE | CR4_LA57, 1 << 2, CFG_ARCH_LA57},
        {CTL_MOV_CR4, CR4_PAE | CR4_PCIDE, 1 << 3, CFG_ARCH_PCID},
        {CTL_MOV_CR4, CR4_PAE | CR4_SMEP, 1 << 5, true},
        {CTL_MOV_CR4, CR4_PAE | CR4_SMAP, 1 << 6, true},
        {CTL_MOV_CR4, CR4_PAE | CR4_PKE, 1 << 7, CFG_ARCH_PKU},
        {CTL_MOV_CR4, CR4_PAE | CR4_PKS, 1 << 8, CFG_ARCH_PKS},
        {CTL_MOV_CR4, CR4_PAE | CR4_LAM_SUP, 1 << 10, CFG_ARCH_LAM},
        {CTL_WRMSR_EFER, EFER_NXE, 1 << 4, true},
        {CTL_WRMSR_EFER, EFER_TCE, 1 << 13, CFG_ARCH_AMD},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench *b = bench_new();
        bench_control(b, CTL_MOV_CR3, 0);
        bench_control(b, CTL_MOV_CR0, CR0_PG);
        bench_control(b, CTL_MOV_CR4, CR4_PAE);
        bench_control(b, CTL_WRMSR_EFER, 0);
        assert_int_equal(bench_state1(b, 0, 0), 0);
        bool gp;
        bench_control_desc(b, rows[i].op, rows[i].data, 0, &gp);
        assert_int_equal(gp, !rows[i].there);
        assert_int_equal(bench_state1(b, 0, 0), rows[i].there ? rows[i].word1 : 0);
        bench_free(b);
    }
    struct bench *b = bench_new();
    if (CFG_ARCH_CET) {
        bench_control(b, CTL_MOV_CR4, CR4_PAE | CR4_CET);
        assert_int_equal(bench_state1(b, 0, 0), 1 << 0 | 1 << 4 | 1 << 9);
    }
    const uint64_t base = BITS(CFG_ARCH_PADDR_BITS - 1, 12), lam = CFG_ARCH_LAM ? LAM_U57 | LAM_U48 : 0;
    bench_control(b, CTL_MOV_CR3, base | 0xfff | lam);
    assert_int_equal(bench_state0(b, 0, 0), base | 0xfff | lam);
    bench_control(b, CTL_WRPKRU, 0x12345678);
    if (CFG_ARCH_PKS)
        bench_control(b, CTL_WRMSR_PKRS, 0x9abcdef0);
    bench_control(b, CTL_WRMSR_PAT, 0x0001040506070100);
    assert_int_equal(bench_state0(b, 0, 3), 0x12345678 | (CFG_ARCH_PKS ? 0x9abcdef0ull << 32 : 0));
    assert_int_equal(bench_state1(b, 0, 3), 0x0001040506070100);
    uint64_t w[2];
    assert_false(mmu_state(b->m, 0, 5, w));
    bench_free(b);
}

/* A request that was to be confirmed starts again like any other. */
static void a_restart_clears_confirm(void **state)
{
    (void)state;
    if (!CFG_POLICY_FAULT_REWALK)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_U);
    bench_translate(b, DATA, VA, ACC_READ, false);
    bench_ticks(b, CFG_STLB_LATENCY);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    const unsigned n = bench_entry_of(b, DATA, 1);
    assert_int_equal(bench_state0(b, 6, n) & 15, DENIED);
    assert_int_equal(bench_state0(b, 6, n) >> 22 & 1, 1);
    b->in.ctl_valid = true;
    b->in.ctl_op = CTL_WRPKRU;
    b->in.ctl_data = 0;
    bench_tick(b);
    assert_int_equal(bench_state0(b, 6, n) & 15, PEND);
    assert_int_equal(bench_state0(b, 6, n) >> 22 & 1, 0);
    BENCH_UNTIL(b, b->answer[DATA][1].seen);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_PF);
    bench_free(b);
}

/* Section 15: while DRAIN waits for a reply nothing can change, and `waiting` says so, whatever is PEND. */
static void drain_waits(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    b->mute = true;
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    BENCH_UNTIL(b, b->reads);
    b->in.ctl_valid = true;
    b->in.ctl_op = CTL_WRPKRU;
    b->in.ctl_data = 0;
    bench_tick(b);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(bench_state0(b, 0, 1) & 7, 1);
        assert_int_equal(bench_request_state(b, DATA, 1), PEND);
        assert_true(b->out.waiting);
        bench_tick(b);
    }
    b->mute = false;
    while (!b->out.ctl_done) {
        bench_tick(b);
        if ((bench_state0(b, 0, 1) & 7) != 1)
            assert_false(b->out.waiting);
    }
    bench_free(b);
}

/* A request that gets its result in the cycle of the accept keeps it. */
static void a_result_of_the_accept_cycle_stays(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    BENCH_UNTIL(b, (bench_state0(b, 7, 0) & 7) == W_FIN);
    b->in.ctl_valid = true;
    b->in.ctl_op = CTL_WRPKRU;
    b->in.ctl_data = 0;
    bench_tick(b);
    assert_int_equal(bench_request_state(b, DATA, 1), DONE);
    bench_tick(b);
    assert_true(b->answer[DATA][1].seen);
    assert_int_equal(b->answer[DATA][1].r.kind, KIND_OK);
    bench_free(b);
}

/* A result that its port has to wait with stays too: of two DONE entries one is answered in the accept cycle. */
static void a_result_that_waits_stays(void **state)
{
    (void)state;
    if (QUEUE < DATA + 2)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    bench_offer(b, DATA, 2, VA, ACC_READ, true); /* follows the first: both are DONE in one cycle */
    BENCH_UNTIL(b, bench_request_state(b, DATA, 1) == DONE);
    assert_int_equal(bench_request_state(b, DATA, 2), DONE);
    b->in.ctl_valid = true;
    b->in.ctl_op = CTL_WRPKRU;
    b->in.ctl_data = 0;
    bench_tick(b);
    assert_int_equal(bench_request_state(b, DATA, 2), DONE);
    bench_tick(b);
    assert_true(b->answer[DATA][1].seen && b->answer[DATA][2].seen);
    bench_free(b);
}

/* CR4.CET needs CR0.WP (SDM 3A 2.5); CR4.PCIDE is set with CR3[11:0] = 0 (5.10.1). */
static void what_cr4_needs_of_other_registers(void **state)
{
    (void)state;
    for (unsigned met = 0; met < 2; met++) {
        struct bench *b = bench_new();
        bool gp;
        bench_control(b, CTL_MOV_CR0, CR0_PG | (met ? CR0_WP : 0));
        bench_control_desc(b, CTL_MOV_CR4, BENCH_CR4 | CR4_CET, 0, &gp);
        assert_int_equal(gp, !(CFG_ARCH_CET && met));
        bench_control(b, CTL_MOV_CR3, b->cr3 | (met ? 0 : 8));
        bench_control_desc(b, CTL_MOV_CR4, BENCH_CR4 | (CFG_ARCH_CET && met ? CR4_CET : 0) | CR4_PCIDE, 0, &gp);
        assert_int_equal(gp, !(CFG_ARCH_PCID && met));
        bench_free(b);
    }
}

/* Section 15: an entry that will be dispatched in this cycle keeps `waiting` at 0. */
static void what_is_to_be_dispatched_does_not_wait(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    unsigned met = 0;
    for (unsigned i = 0; i < 30; i++) {
        bench_tick(b);
        if (bench_request_state(b, DATA, 1) == NWALK) {
            assert_false(b->out.waiting);
            met++;
        }
    }
    assert_int_equal(met, 1);
    bench_free(b);
}

/* Nor does `waiting` hide the cycle in which an L1 has denied an access, though no walker can be had in it or after. */
static void what_is_denied_does_not_wait(void **state)
{
    (void)state;
    if (!CFG_POLICY_FAULT_REWALK || QUEUE < DATA + WALKERS + 1)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_U);
    bench_translate(b, DATA, VA, ACC_READ, false);
    b->latency = 1000; /* the walkers wait for memory */
    for (unsigned n = 0; n < WALKERS; n++) {
        bench_offer(b, DATA, 2 + n, (uint64_t)(n + 1) * 8 << 39, ACC_READ, true); /* no line in common */
        bench_tick(b);
    }
    bench_ticks(b, 2 * CFG_STLB_LATENCY + WALKERS);
    assert_true(b->out.waiting);
    bench_offer(b, DATA, 1, VA, ACC_READ, true);
    bench_tick(b);
    assert_int_equal(bench_request_state(b, DATA, 1), DENIED);
    assert_false(b->out.waiting);
    bench_tick(b);
    assert_int_equal(bench_request_state(b, DATA, 1), NWALK);
    assert_true(b->out.waiting);
    bench_free(b);
}

/* A first operation, and a second that `late` is offered when it is ready and `early` from the cycle after the accept
 * on: outputs and state words are the same in each cycle, to the end of both. */
static void in_turn(struct bench *late, struct bench *early, unsigned first, uint64_t data)
{
    struct bench *const both[] = {late, early};
    for (unsigned n = 0; n < 2; n++) {
        struct bench *b = both[n];
        bench_map(b, VA, PA, SIZE_4K, MAPPED);
        bench_map(b, VA + 0x1000, PA, SIZE_4K, MAPPED);
        bench_is_cached(b, VA);
        bench_offer(b, DATA, 1, VA + 0x1000, ACC_READ, false);
        bench_tick(b);
        b->in.ctl_valid = true;
        b->in.ctl_op = (uint8_t)first;
        b->in.ctl_data = data;
        bench_tick(b);
    }
    bool taken[2] = {false, false};
    for (unsigned cycle = 0, done = 0; done < 2; cycle++) {
        assert_true(cycle < 10000);
        for (unsigned n = 0; n < 2; n++) {
            both[n]->in.ctl_valid = !taken[n] && (both[n]->out.ctl_ready || both[n] == early);
            taken[n] = taken[n] || (both[n]->in.ctl_valid && both[n]->out.ctl_ready);
            both[n]->in.ctl_op = CTL_MOV_CR0;
            both[n]->in.ctl_data = CR0_PG;
            bench_tick(both[n]);
        }
        assert_int_equal(late->out.ctl_ready, early->out.ctl_ready);
        assert_int_equal(late->out.ctl_done, early->out.ctl_done);
        assert_int_equal(late->out.waiting, early->out.waiting);
        for (unsigned sel = 0; sel < 10; sel++)
            for (unsigned idx = 0; idx < 64; idx++) {
                uint64_t w[2], v[2];
                if (!mmu_state(late->m, sel, idx, w))
                    continue;
                assert_true(mmu_state(early->m, sel, idx, v));
                assert_true(w[0] == v[0] && w[1] == v[1]);
            }
        done += late->out.ctl_done;
    }
}

/* Section 2: one that is offered while another is under way waits until it is IDLE, and changes nothing before. */
static void one_offered_early_waits(void **state)
{
    (void)state;
    static const struct {
        unsigned op;
        uint64_t data;
    } first[] = {{CTL_INVLPG, VA}, {CTL_MOV_CR4, BENCH_CR4 & ~CR4_PGE}, {CTL_WRMSR_PAT, 0}};
    for (unsigned i = 0; i < sizeof first / sizeof *first; i++) {
        struct bench *late = bench_new(), *early = bench_new();
        in_turn(late, early, first[i].op, first[i].data);
        bench_free(late);
        bench_free(early);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_act_at_once),
        cmocka_unit_test(outstanding_requests_start_again),
        cmocka_unit_test(the_states_in_turn),
        cmocka_unit_test(a_refused_operation),
        cmocka_unit_test(a_refused_operation_restarts),
        cmocka_unit_test(registers_in_the_state_words),
        cmocka_unit_test(a_restart_clears_confirm),
        cmocka_unit_test(drain_waits),
        cmocka_unit_test(a_result_of_the_accept_cycle_stays),
        cmocka_unit_test(a_result_that_waits_stays),
        cmocka_unit_test(what_cr4_needs_of_other_registers),
        cmocka_unit_test(what_is_to_be_dispatched_does_not_wait),
        cmocka_unit_test(what_is_denied_does_not_wait),
        cmocka_unit_test(one_offered_early_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
