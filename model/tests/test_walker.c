/* Walkers: compare-and-swap with re-check, memory errors, re-walks, and squash with drain from every state (sections
 * 11, 13). */
#include "cycle_bench.h"

enum {
    S = CFG_STLB_LATENCY,
    PDE_CACHED = (CFG_PSC_A0_HOLDS | CFG_PSC_A1_HOLDS | CFG_PSC_A2_HOLDS | CFG_PSC_A3_HOLDS) & 1
};

static const uint64_t VA = 0x555512345000, PA = 0x123000;

/* Runs until a compare-and-swap is offered; the tick that accepts it is left to the caller. */
static void run_to_cas(struct bench *b)
{
    for (unsigned i = 0; !(b->out.mem_req_valid && b->out.mem_req_cas); i++) {
        assert_true(i < 10000);
        bench_tick(b);
    }
}

static struct pins_resp answer_of(struct bench *b, unsigned port, unsigned id)
{
    for (unsigned i = 0; !b->answer[port][id].seen; i++) {
        assert_true(i < 10000);
        bench_tick(b);
    }
    return b->answer[port][id].r;
}

/* The leaf changes between the read and the compare-and-swap, to `now`; returns the response to a write. */
static struct pins_resp cas_meets(struct bench *b, uint64_t now, uint64_t *leaf_after)
{
    uint64_t *leaf = bench_word(b, bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_D));
    bench_offer(b, DATA, 1, VA | 0x10, ACC_WRITE, true);
    bench_tick(b);
    run_to_cas(b);
    assert_int_equal(b->out.mem_req_expected, PA | (MAPPED & ~PTE_D));
    assert_int_equal(b->out.mem_req_desired, PA | MAPPED);
    *leaf = now;
    const struct pins_resp r = answer_of(b, DATA, 1);
    *leaf_after = *leaf;
    assert_int_equal(mmu_counts(b->m)->cas_failed, 1);
    return r;
}

static void failed_cas_is_judged_like_a_read(void **state)
{
    (void)state;
    uint64_t leaf;
    struct bench *b = bench_new();
    struct pins_resp r = cas_meets(b, 0, &leaf); /* unmapped meanwhile */
    assert_int_equal(r.kind, KIND_PF);
    assert_int_equal(r.err, PF_W | PF_U);
    assert_int_equal(leaf, 0);
    assert_int_equal(b->cas, 1);
    bench_free(b);

    b = bench_new();
    r = cas_meets(b, 0x456000 | MAPPED, &leaf); /* remapped, A and D set */
    assert_int_equal(r.kind, KIND_OK);
    assert_int_equal(r.addr, 0x456010);
    assert_int_equal(b->cas, 1);
    assert_int_equal(b->reads, 4); /* judged at once, not read again */
    bench_free(b);

    b = bench_new();
    r = cas_meets(b, 0x456000 | (MAPPED & ~(PTE_A | PTE_D)) | BITS(10, 9), &leaf); /* remapped, D to be set again */
    assert_int_equal(r.kind, KIND_OK);
    assert_int_equal(r.addr, 0x456010);
    assert_int_equal(leaf, 0x456000 | MAPPED | BITS(10, 9));
    assert_int_equal(b->cas, 2);
    bench_free(b);

    b = bench_new();
    r = cas_meets(b, PA | (MAPPED & ~(PTE_D | PTE_W)), &leaf); /* write-protected meanwhile: D must not be set */
    assert_int_equal(r.kind, KIND_PF);
    assert_int_equal(r.err, PF_P | PF_W | PF_U);
    assert_int_equal(leaf, PA | (MAPPED & ~(PTE_D | PTE_W)));
    bench_free(b);
}

static void memory_errors(void **state)
{
    (void)state;
    for (unsigned bad = 0; bad < 5; bad++) { /* which of four reads and a compare-and-swap */
        struct bench *b = bench_new();
        uint64_t *leaf = bench_word(b, bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_D));
        bench_offer(b, DATA, 1, VA, ACC_WRITE, true);
        while (!b->answer[DATA][1].seen) {
            b->fail_reads = b->reads + b->cas == bad && b->out.mem_req_valid;
            bench_tick(b);
        }
        const struct pins_resp r = b->answer[DATA][1].r;
        assert_int_equal(r.kind, KIND_MEMERR);
        assert_int_equal(r.src, SRC_WALK);
        assert_true(r.addr == 0 && r.err == 0 && r.size == 0 && r.pat == 0);
        assert_false(*leaf & PTE_D);
        assert_int_equal(mmu_counts(b->m)->memory_errors, 1);
        b->fail_reads = 0;
        bench_ticks(b, 3);
        assert_int_equal(bench_translate(b, DATA, VA, ACC_WRITE, true).r.kind, KIND_OK);
        bench_free(b);
    }
}

/* A cached PDE whose table has been replaced: the fault found through it is checked from the root first. */
static void fault_from_the_psc_is_walked_again(void **state)
{
    (void)state;
    if (!PDE_CACHED)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, VA, ACC_READ, true);
    const uint64_t table = bench_new_table(b); /* a new last-level table, only there is VA + 4K mapped */
    *bench_word(b, bench_entry(b, 4, VA, 2)) = table | PTE_P | PTE_W | PTE_U | PTE_A;
    bench_map(b, VA + 0x1000, PA + 0x1000, SIZE_4K, MAPPED);
    bench_ticks(b, S);
    const struct bench_answer a = bench_translate(b, DATA, VA + 0x1000, ACC_READ, true);
    if (CFG_POLICY_FAULT_REWALK) {
        assert_int_equal(a.r.kind, KIND_OK);
        assert_int_equal(a.latency, S + 3 + (1 + 4) * (b->latency + 1));
        assert_int_equal(mmu_counts(b->m)->walk_restarts, 1);
    } else {
        assert_int_equal(a.r.kind, KIND_PF);
        assert_int_equal(a.latency, S + 3 + 1 * (b->latency + 1) + S + 1);
        assert_int_equal(bench_translate(b, DATA, VA + 0x1000, ACC_READ, true).r.kind, KIND_OK); /* not twice */
    }
    bench_free(b);
}

/* The rights of all levels count, A of tables is set on the way down even if the access faults below, D never. */
static void rights_of_tables(void **state)
{
    (void)state;
    for (unsigned level = 2; level <= 4; level++)
        for (unsigned bit = 0; bit < 3; bit++) {
            static const uint64_t flag[] = {PTE_W, PTE_U, PTE_XD};
            struct bench *b = bench_new();
            bench_map(b, VA, PA, SIZE_4K, MAPPED & ~(PTE_A | PTE_D));
            uint64_t *entry = bench_word(b, bench_entry(b, 4, VA, level));
            *entry = (*entry ^ flag[bit]) & ~PTE_A;
            const unsigned acc = bit == 2 ? ACC_EXECUTE : ACC_WRITE;
            const struct bench_answer a = bench_translate(b, bit == 2 ? FETCH : DATA, VA, acc, true);
            assert_int_equal(a.r.kind, KIND_PF);
            assert_int_equal(a.r.err, PF_P | PF_U | (bit == 2 ? PF_I : PF_W));
            assert_true(*entry & PTE_A);
            assert_false(*entry & PTE_D);
            assert_false(*bench_word(b, bench_entry(b, 4, VA, 1)) & (PTE_A | PTE_D));
            bench_free(b);
        }
}

static unsigned walker_state(struct bench *b, unsigned n)
{
    return bench_state0(b, 7, 2 * n) & 7;
}

/* A bench in which VA is mapped by two tables, to PA by that of CR3, to PA + 0x1000 by *other_root's. */
static struct bench *bench_of_two_tables(unsigned latency, uint64_t *other_root)
{
    struct bench *b = bench_new();
    b->latency = latency;
    *other_root = bench_new_table(b);
    const uint64_t root = b->cr3;
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~(PTE_A | PTE_D));
    b->cr3 = *other_root;
    bench_map(b, VA, PA + 0x1000, SIZE_4K, MAPPED);
    b->cr3 = root;
    return b;
}

/* A control operation meets a walk in every cycle of its life, with the memory port ready, slow and stuck for a while.
 */
static void squash_with_drain(void **state)
{
    (void)state;
    unsigned met = 0; /* walker states at the accept */
    for (unsigned stuck = 0; stuck < 3; stuck++)
        for (unsigned when = 1; when < 2 * S + 8 * 12 + 30; when++) {
            uint64_t other_root;
            struct bench *b = bench_of_two_tables(stuck == 2 ? 1 : 5, &other_root);
            bench_offer(b, DATA, 1, VA, ACC_WRITE, true);
            bench_tick(b);
            while (b->cycle % 7 != 3 && stuck == 1)
                bench_tick(b);
            for (unsigned i = 1; i < when; i++) {
                b->stall = stuck == 1 && i % 5 != 0;
                bench_tick(b);
            }
            if (b->answer[DATA][1].seen) {
                bench_free(b);
                continue;
            }
            for (unsigned n = 0; n < WALKERS; n++)
                met |= 1u << walker_state(b, n);
            b->stall = stuck != 0;
            b->in.ctl_valid = true;
            b->in.ctl_op = CTL_MOV_CR3;
            b->in.ctl_data = other_root;
            bench_tick(b);
            assert_false(b->out.ctl_ready);
            assert_int_equal(bench_state0(b, 0, 1) & 0xf7, 1 | CTL_MOV_CR3 << 4);
            const bool offered = b->out.mem_req_valid;
            for (unsigned i = 0; i < 20 && stuck && !b->out.ctl_done; i++) { /* an offered request stays offered */
                if (offered)
                    assert_true(b->out.mem_req_valid && !b->out.ctl_done);
                bench_tick(b);
            }
            b->stall = false;
            while (!b->out.ctl_done) {
                assert_int_equal(b->out.req_ready, 0);
                bench_tick(b);
                assert_true(b->cycle < 100000);
            }
            for (unsigned n = 0; n < WALKERS; n++)
                assert_int_equal(walker_state(b, n), W_IDLE);
            for (unsigned i = 0; i < BENCH_OUTSTANDING; i++)
                assert_false(b->outstanding[i].live);
            const struct pins_resp r = answer_of(b, DATA, 1);
            assert_int_equal(r.kind, KIND_OK);
            if (r.addr == PA) /* only if it had its result before the operation */
                assert_int_equal(*bench_word(b, bench_entry(b, 4, VA, 1)), PA | MAPPED);
            else
                assert_int_equal(r.addr, PA + 0x1000);
            bench_ticks(b, S);
            assert_true(b->out.waiting);
            const struct bench_answer again = bench_translate(b, DATA, VA, ACC_WRITE, true);
            assert_int_equal(again.r.addr, PA + 0x1000); /* nothing of the old table is left */
            bench_free(b);
        }
    assert_int_equal(met, (1u << WALKER_STATES) - 1);
}

/* FIN waits while stage k-2 or a LOOKUP in C is in the way: grants of several walkers never lose a fill. */
static void fills_are_not_lost(void **state)
{
    (void)state;
    if (CFG_STLB_A0_ENTRIES < 32)
        return; /* eight pages might not stay */
    struct bench *b = bench_new();
    b->latency = 1;
    for (unsigned i = 0; i < 8; i++)
        bench_map(b, VA + 0x1000 * i, PA + 0x1000 * i, SIZE_4K, MAPPED);
    unsigned asked = 0;
    for (unsigned i = 0; i < 400 && asked < 8; i++) {
        for (unsigned port = DATA; port < PORTS && asked < 8; port++)
            if (b->out.req_ready >> port & 1) {
                bench_offer(b, port, asked, VA + 0x1000 * asked, ACC_READ, true);
                asked++;
            }
        bench_tick(b);
    }
    bench_ticks(b, 400);
    const uint64_t walks = mmu_counts(b->m)->walks, reads = b->reads;
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(bench_translate(b, FETCH, VA + 0x1000 * i, ACC_EXECUTE, true).r.src, SRC_STLB);
    assert_int_equal(mmu_counts(b->m)->walks, walks);
    assert_int_equal(b->reads, reads);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failed_cas_is_judged_like_a_read),
        cmocka_unit_test(memory_errors),
        cmocka_unit_test(fault_from_the_psc_is_walked_again),
        cmocka_unit_test(rights_of_tables),
        cmocka_unit_test(squash_with_drain),
        cmocka_unit_test(fills_are_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
