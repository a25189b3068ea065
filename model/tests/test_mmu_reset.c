/* Reset in the middle of a random life (section 14): whatever was under way, from the cycle after it the MMU is, to the
 * last state word and pin, one that was never used.
 *
 *     test_mmu_reset [RESETS [SEED]] */
#include "cycle_bench.h"

#include "soak_stimulus.h"

/* Selectors of section 17: how many, that of the STLB and of replacement states, the STLB in the latter's index. */
enum { SELECTORS = 10, INDICES = 1 << 16, OF_STLB = 3, OF_REPLACEMENT = 5, STLB_BY_14 = 2, REST = 8 };

static unsigned long resets = 60;
static unsigned seed = 1;

/* Every state word that there is, once. */
struct words {
    struct {
        uint8_t sel;
        uint16_t idx;
    } *at;
    size_t n;
};

static struct words all_words(const struct mmu *m)
{
    struct words all = {malloc(SELECTORS * INDICES * sizeof *all.at), 0};
    uint64_t word[2];
    assert_non_null(all.at);
    for (unsigned sel = 0; sel < SELECTORS; sel++)
        for (unsigned idx = 0; idx < INDICES; idx++)
            if (mmu_state(m, sel, idx, word)) {
                all.at[all.n].sel = (uint8_t)sel;
                all.at[all.n++].idx = (uint16_t)idx;
            }
    return all;
}

/* Section 17: the STLB has no contents before the sweep of the reset has ended. */
static bool swept(unsigned sel, unsigned idx)
{
    return sel == OF_STLB || (sel == OF_REPLACEMENT && idx >> 14 == STLB_BY_14);
}

static void compare(const struct words *all, const struct mmu *m, const struct mmu *fresh, bool sweeping)
{
    for (size_t i = 0; i < all->n; i++) {
        const unsigned sel = all->at[i].sel, idx = all->at[i].idx;
        uint64_t is[2], want[2];
        if (sweeping && swept(sel, idx))
            continue;
        assert_true(mmu_state(m, sel, idx, is) && mmu_state(fresh, sel, idx, want));
        if (is[0] == want[0] && is[1] == want[1])
            continue;
        print_error("state %u of %u: %lx %lx, not %lx %lx\n", idx, sel, is[0], is[1], want[0], want[1]);
        fail();
    }
}

/* With nothing asked there are no answers and no reads. */
static bool same_pins(const struct pins_out *a, const struct pins_out *b)
{
    return a->req_ready == b->req_ready && a->ctl_ready == b->ctl_ready && a->ctl_done == b->ctl_done &&
           (!a->ctl_done || a->ctl_gp == b->ctl_gp) && a->waiting == b->waiting && !a->resp_valid && !b->resp_valid &&
           !a->mem_req_valid && !b->mem_req_valid;
}

static void live(struct soak *s, unsigned cycles)
{
    struct bench *b = s->b;
    for (unsigned i = 0; i < cycles; i++) {
        b->stall = s->life.slow && one_in(3);
        b->mute = s->life.slow && one_in(3);
        b->fail_reads = s->life.errors && one_in(100);
        random_requests(s);
        if (b->out.ctl_ready && below(10000) < s->life.control)
            random_control(s);
        bench_tick(b);
        for (unsigned port = 0; port < PORTS; port++)
            if (b->out.resp_valid >> port & 1)
                s->asked[port][b->out.resp[port].id].live = false;
    }
}

/* What was asked and what memory owes is forgotten; registers and tables are as at the beginning of a life. */
static void reset(struct soak *s)
{
    struct bench *b = s->b;
    memset(s->asked, 0, sizeof s->asked);
    memset(b->outstanding, 0, sizeof b->outstanding);
    memset(b->answer, 0, sizeof b->answer);
    mmu_reset(b->m, &b->out);
}

static void begin(struct soak *s)
{
    struct bench *b = s->b;
    const uint64_t cr4 = BENCH_CR4 | (s->life.la57 ? CR4_LA57 : 0) | (CFG_ARCH_PCID ? CR4_PCIDE : 0);
    b->stall = b->mute = false;
    bench_control(b, CTL_MOV_CR0, BENCH_CR0);
    bench_control(b, CTL_WRMSR_EFER, EFER_NXE);
    bench_control(b, CTL_MOV_CR3, s->root[0]);
    bench_control(b, CTL_MOV_CR4, cr4);
    s->now++;
    *soak_regs(s, s->now) = (struct oracle_regs){.cr0 = BENCH_CR0, .cr3 = s->root[0], .cr4 = cr4, .efer = EFER_NXE};
}

static void lives_and_dies(const struct soak_life life)
{
    struct soak *s = calloc(1, sizeof *s);
    assert_non_null(s);
    srand(seed);
    s->b = bench_new();
    s->life = life;
    make_tables(s);
    s->b->latency = 1 + below(4);
    s->b->jitter = life.slow;
    struct mmu *fresh = mmu_new();
    struct pins_out out;
    mmu_reset(fresh, &out); /* there is no state before it */
    const struct words all = all_words(fresh);
    for (unsigned long n = 0; n < resets; n++) {
        const struct pins_in nothing = {0};
        begin(s);
        live(s, 10 + below(n % 4 ? 60 : 600));
        reset(s);
        mmu_reset(fresh, &out);
        compare(&all, s->b->m, fresh, true);
        for (unsigned cycle = 0; !out.ctl_ready || cycle < REST; cycle++) {
            assert_true(same_pins(&out, &s->b->out));
            mmu_step(fresh, &nothing, &out);
            mmu_step(s->b->m, &nothing, &s->b->out);
        }
        compare(&all, s->b->m, fresh, false);
    }
    mmu_free(fresh);
    free(all.at);
    physmem_free(s->tables);
    bench_free(s->b);
    free(s);
}

static void in_a_busy_life(void **state)
{
    (void)state;
    lives_and_dies((struct soak_life){.load = 90, .control = 20});
}

static void with_a_slow_memory(void **state)
{
    (void)state;
    lives_and_dies((struct soak_life){.load = 30, .control = 50, .slow = 40});
}

static void with_errors_and_operations(void **state)
{
    (void)state;
    lives_and_dies((struct soak_life){.la57 = CFG_ARCH_LA57, .load = 50, .control = 1500, .slow = 8, .errors = true});
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_a_busy_life),
        cmocka_unit_test(with_a_slow_memory),
        cmocka_unit_test(with_errors_and_operations),
    };
    if (argc > 1)
        resets = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        seed = (unsigned)strtoul(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
