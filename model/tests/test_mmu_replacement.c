/* Who is touched in a cycle, and who is not (section 5). The order of ways itself: test_repl.c. */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY, K = S - 2, ITLB = 0, DTLB = 1, STLB = 2, PSC = 3, STRUCTURES = 4, MOST_SETS = 4096 };

static const uint64_t VA = 0x555512345000, PA = 0x123000;

/* A set of an array, and its geometry. */
struct place {
    unsigned structure, array, set, ways;
    bool lru;
};

static struct repl ranks(const struct bench *b, struct place p)
{
    struct repl r;
    assert_true(mmu_state(b->m, 5, p.structure << 14 | p.array << 12 | p.set, r.w));
    return r;
}

static struct repl touched(struct repl was, struct place p, unsigned way)
{
    const struct plru_path path = plru_path(p.ways, way);
    return p.lru ? lru_touch(was, p.ways, way) : plru_touch(was, &path);
}

/* The way of the set that holds the page or table of this tag. */
static unsigned way_of(const struct bench *b, struct place p, uint64_t tag)
{
    uint64_t w[2];
    for (unsigned way = 0; way < p.ways; way++)
        if (mmu_state(b->m, p.structure + 1, state_entry_index(p.array, p.set, way, p.ways), w) && w[0] == tag)
            return way;
    fail_msg("no entry with tag %#llx", (unsigned long long)tag);
    return 0;
}

static void assert_ranks(const struct bench *b, struct place p, struct repl want)
{
    const struct repl is = ranks(b, p);
    assert_memory_equal(is.w, want.w, sizeof want.w);
}

static uint64_t tag_4k(uint64_t va)
{
    return 1 | (va >> 12 & BITS(44, 0)) << 16;
}

/* Pages of one set of the STLB's first array, the i-th. Twice the sets apart: where 4K pages belong to both arrays, all
 * are the first one's. */
static uint64_t page(unsigned i)
{
    return (VA & ~((uint64_t)CFG_STLB_A0_SETS * 0x2000 - 1)) + (uint64_t)i * CFG_STLB_A0_SETS * 0x2000;
}

static const struct place stlb_set = {STLB, 0, 0, CFG_STLB_A0_WAYS, CFG_STLB_REPLACEMENT};

/* Two pages in the STLB, the first of them not the last touched. */
static struct bench *two_pages(uint64_t flags)
{
    struct bench *b = bench_new();
    for (unsigned i = 0; i < 2; i++) {
        bench_map(b, page(i), PA + 0x1000 * i, SIZE_4K, flags);
        bench_translate(b, DATA, page(i), ACC_READ, true);
        bench_ticks(b, S);
    }
    return b;
}

static bool two_ways_of_4k(void)
{
    return CFG_STLB_A0_WAYS >= 2 && (CFG_STLB_A0_HOLDS & 1);
}

/* Runs until a lookup has left the STLB's last stage. */
static void run_through_the_stlb(struct bench *b)
{
    BENCH_UNTIL(b, (bench_state0(b, 8, K) & 3) == TOKEN_LOOKUP);
    bench_tick(b);
}

static void an_stlb_hit_touches(void **state)
{
    (void)state;
    if (!two_ways_of_4k())
        return;
    struct bench *b = two_pages(MAPPED);
    const struct repl want = touched(ranks(b, stlb_set), stlb_set, way_of(b, stlb_set, tag_4k(page(0))));
    assert_memory_not_equal(want.w, ranks(b, stlb_set).w, sizeof want.w);
    const struct bench_answer a = bench_translate(b, FETCH, page(0), ACC_EXECUTE, true);
    assert_int_equal(a.r.src, SRC_STLB);
    assert_ranks(b, stlb_set, want);
    bench_free(b);
}

/* "A hit that is used": neither one without the right, nor a write that finds D = 0. */
static void an_stlb_hit_not_used_touches_nothing(void **state)
{
    (void)state;
    if (!two_ways_of_4k())
        return;
    struct bench *b = two_pages(MAPPED | PTE_XD);
    struct repl was = ranks(b, stlb_set);
    bench_offer(b, FETCH, 1, page(0), ACC_EXECUTE, true);
    run_through_the_stlb(b);
    assert_ranks(b, stlb_set, was);
    bench_ticks(b, 200);
    assert_int_equal(b->answer[FETCH][1].r.kind, KIND_PF);
    assert_ranks(b, stlb_set, was);
    bench_free(b);

    b = two_pages(MAPPED & ~PTE_D);
    was = ranks(b, stlb_set);
    b->mute = true; /* the walk that sets D fills, which touches */
    bench_offer(b, DATA, 1, page(0), ACC_WRITE, true);
    run_through_the_stlb(b);
    assert_ranks(b, stlb_set, was);
    bench_free(b);
}

/* Where a 4K and a 2M entry match one lookup, the smaller size counts (section 4): the other's set is let alone. */
static void of_two_sizes_the_smaller_is_touched(void **state)
{
    (void)state;
    if (!two_ways_of_4k() || !(CFG_STLB_A0_HOLDS & 2))
        return;
    struct bench *b = two_pages(MAPPED);
    *bench_word(b, bench_entry(b, 4, page(0), 2)) = 0x200000 | MAPPED | PTE_PS;
    bench_control(b, CTL_INVLPG, 0x7000000000); /* only the PSC, which still knows the table */
    assert_int_equal(bench_translate(b, DATA, page(0) + 0x1000, ACC_READ, true).r.size, SIZE_2M);
    bench_ticks(b, S);
    struct place large = stlb_set;
    large.set = page(0) >> 21 & (CFG_STLB_A0_SETS - 1);
    assert_int_not_equal(large.set, stlb_set.set);
    const struct repl want = touched(ranks(b, stlb_set), stlb_set, way_of(b, stlb_set, tag_4k(page(0))));
    const struct repl other = ranks(b, large);
    assert_memory_not_equal(want.w, ranks(b, stlb_set).w, sizeof want.w);
    const struct bench_answer a = bench_translate(b, FETCH, page(0), ACC_EXECUTE, true);
    assert_int_equal(a.r.src, SRC_STLB);
    assert_int_equal(a.r.size, SIZE_4K);
    assert_ranks(b, stlb_set, want);
    assert_ranks(b, large, other);
    bench_free(b);
}

static size_t all_ranks(const struct bench *b, uint64_t *words)
{
    size_t n = 0;
    uint64_t w[2];
    for (unsigned idx = 0; idx < 65536; idx++)
        if (mmu_state(b->m, 5, idx, w)) {
            words[n++] = w[0];
            words[n++] = w[1];
        }
    return n;
}

/* By address, by set, by everything: no invalidation changes a rank. */
static void invalidation_leaves_replacement_alone(void **state)
{
    (void)state;
    static const struct {
        unsigned op;
        uint64_t data, desc;
    } ops[] = {
        {CTL_INVLPG, VA, 0},
        {CTL_MOV_CR3, 0, 0},
        {CTL_INVPCID_ADDRESS, VA, 0},
        {CTL_INVPCID_CONTEXT, 0, 0},
        {CTL_INVPCID_ALL_NONGLOBAL, 0, 0},
        {CTL_INVPCID_ALL, 0, 0},
    };
    static uint64_t before[2 * STRUCTURES * MOST_SETS * 4], after[2 * STRUCTURES * MOST_SETS * 4];
    for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++) {
        struct bench *b = bench_new();
        for (unsigned n = 0; n < 6; n++) {
            bench_map(b, VA + 0x1000 * n, PA + 0x1000 * n, SIZE_4K, MAPPED);
            bench_map(b, VA + (n + 1) * 0x40000000ull, PA, SIZE_4K, MAPPED);
            bench_translate(b, DATA, VA + 0x1000 * n, ACC_READ, true);
            bench_translate(b, FETCH, VA + (n + 1) * 0x40000000ull, ACC_EXECUTE, true);
        }
        bench_ticks(b, S);
        const size_t words = all_ranks(b, before);
        bench_control_desc(b, ops[i].op, ops[i].op == CTL_MOV_CR3 ? b->cr3 : ops[i].data, ops[i].desc, NULL);
        assert_int_equal(all_ranks(b, after), words);
        assert_memory_equal(before, after, words * sizeof *before);
        bench_free(b);
    }
}

/* A page fault's invalidation too: of its address only, and no rank. */
static void a_page_fault_leaves_replacement_alone(void **state)
{
    (void)state;
    static uint64_t before[2 * STRUCTURES * MOST_SETS * 4], after[2 * STRUCTURES * MOST_SETS * 4];
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED & ~PTE_W);
    bench_map(b, VA + 0x1000, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_translate(b, DATA, VA + 0x1000, ACC_READ, true);
    bench_ticks(b, S);
    bench_offer(b, DATA, 1, VA, ACC_WRITE, true);
    BENCH_UNTIL(b, bench_request_state(b, DATA, 1) == FINV);
    const size_t words = all_ranks(b, before);
    bench_ticks(b, 3 + S);
    assert_true(b->answer[DATA][1].seen);
    assert_false(bench_has_tag(b, 3, tag_4k(VA), ~0ull));
    assert_int_equal(all_ranks(b, after), words);
    assert_memory_equal(before, after, words * sizeof *before);
    bench_free(b);
}

/* A page is filled into the set of a page that is hit in the same cycle: only the fill's touch takes place. */
static void an_l1_fill_beats_the_touches_of_its_cycle(void **state)
{
    (void)state;
    if (CFG_DTLB_A0_WAYS < 2 || !(CFG_DTLB_A0_HOLDS & 1))
        return;
    struct place set = {DTLB, 0, VA >> 12 & (CFG_DTLB_A0_SETS - 1), CFG_DTLB_A0_WAYS, CFG_DTLB_REPLACEMENT};
    const uint64_t other = VA + 0x1000ull * CFG_DTLB_A0_SETS;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_map(b, other, PA + 0x1000, SIZE_4K, MAPPED);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_ticks(b, S);
    bench_offer(b, DATA, 1, other, ACC_READ, true);
    BENCH_UNTIL(b, (bench_state0(b, 7, 0) & 7) == W_FIN);
    if (b->out.req_ready >> DATA & 1) {
        const struct repl was = ranks(b, set);
        bench_offer(b, DATA, 2, VA, ACC_READ, true);
        bench_tick(b);
        assert_true(b->answer[DATA][2].seen && b->answer[DATA][2].r.src == SRC_L1);
        assert_ranks(b, set, touched(was, set, way_of(b, set, tag_4k(other))));
    }
    bench_free(b);
}

/* A walker passes a PDE in the cycle in which another walk begins at a PDE of the same array: the fill's touch takes
 * place. Both walks need the same memory, so they are started at every distance. */
static void a_psc_fill_beats_a_lookup(void **state)
{
    (void)state;
    const struct place array = {PSC, 0, 0, CFG_PSC_A0_WAYS, CFG_PSC_REPLACEMENT};
    if (!(CFG_PSC_A0_HOLDS & 1) || CFG_PSC_A0_WAYS < 2 || WALKERS < 2 || QUEUE < DATA + 2)
        return;
    const uint64_t passed = VA + 0x1000000; /* another PDE, another line of PDEs */
    unsigned met = 0;
    for (unsigned distance = 1; distance < 60; distance++) {
        struct bench *b = bench_new();
        bench_map(b, VA, PA, SIZE_4K, MAPPED);
        bench_map(b, VA + 0x1000, PA + 0x1000, SIZE_4K, MAPPED);
        bench_map(b, passed, PA + 0x2000, SIZE_4K, MAPPED);
        bench_translate(b, DATA, VA, ACC_READ, true);
        bench_ticks(b, S);
        bench_offer(b, DATA, 1, passed, ACC_READ, true);
        bench_ticks(b, distance);
        if (b->out.req_ready >> DATA & 1)
            bench_offer(b, DATA, 2, VA + 0x1000, ACC_READ, true);
        for (unsigned i = 0; i < 100; i++) {
            const struct repl was = ranks(b, array);
            const uint64_t first = bench_state0(b, 7, 0), second = bench_state0(b, 7, 2);
            bench_tick(b);
            const bool passes = (first & 7) == W_WAIT && (first >> 4 & 7) == 2 && (bench_state0(b, 7, 0) >> 4 & 7) == 1;
            const bool begins = !(second & 7) && (bench_state0(b, 7, 2) & 0xf7) == (W_REQ | 1 << 4 | 1 << 7);
            if (passes && begins) {
                assert_ranks(b, array, touched(was, array, way_of(b, array, psc_tag(2, 0, passed))));
                met++;
            }
        }
        bench_free(b);
    }
    assert_true(met > 0);
}

/* A walk that begins at a cached PDE touches it. */
static void a_psc_lookup_touches(void **state)
{
    (void)state;
    const struct place array = {PSC, 0, 0, CFG_PSC_A0_WAYS, CFG_PSC_REPLACEMENT};
    if (!(CFG_PSC_A0_HOLDS & 1) || CFG_PSC_A0_WAYS < 2)
        return;
    struct bench *b = bench_new();
    bench_map(b, VA, PA, SIZE_4K, MAPPED);
    bench_map(b, VA + 0x200000, PA, SIZE_4K, MAPPED);
    bench_map(b, VA + 0x1000, PA, SIZE_4K, MAPPED);
    bench_translate(b, DATA, VA, ACC_READ, true);
    bench_translate(b, DATA, VA + 0x200000, ACC_READ, true);
    const struct repl want = touched(ranks(b, array), array, way_of(b, array, psc_tag(2, 0, VA)));
    assert_memory_not_equal(want.w, ranks(b, array).w, sizeof want.w);
    bench_translate(b, DATA, VA + 0x1000, ACC_READ, true);
    assert_ranks(b, array, want);
    bench_free(b);
}

/* More pages than the set has ways, in any order: each fill takes a free way, then the victim of the policy. */
static void a_fill_takes_the_victim(void **state)
{
    (void)state;
    if (!two_ways_of_4k())
        return;
    const struct geometry g = STLB_0;
    struct bench *b = bench_new();
    b->latency = 1;
    const unsigned pages = 3 * CFG_STLB_A0_WAYS;
    for (unsigned i = 0; i < pages; i++)
        bench_map(b, page(i), PA + 0x1000 * i, SIZE_4K, MAPPED);
    unsigned filled = 0;
    for (unsigned i = 0; i < 20 * pages; i++) {
        const struct repl was = ranks(b, stlb_set);
        const uint64_t va = page((unsigned)(rand() >> 5) % pages);
        const bool walked = bench_translate(b, DATA, va, ACC_READ, true).r.src == SRC_WALK;
        bench_ticks(b, S);
        if (walked) {
            const unsigned way = filled < g.ways ? filled : repl_victim(was, g);
            assert_int_equal(way_of(b, stlb_set, tag_4k(va)), way);
            filled++;
        }
    }
    assert_true(filled > 2 * g.ways);
    bench_free(b);
}

/* LRU: rank[w] = w. Tree-PLRU: all bits 0. In every set. */
static void after_reset(void **state)
{
    (void)state;
    static const struct {
        struct place p;
        unsigned sets;
    } arrays[] = {
        {{ITLB, 0, 0, CFG_ITLB_A0_WAYS, CFG_ITLB_REPLACEMENT}, CFG_ITLB_A0_SETS},
        {{DTLB, 0, 0, CFG_DTLB_A0_WAYS, CFG_DTLB_REPLACEMENT}, CFG_DTLB_A0_SETS},
        {{STLB, 0, 0, CFG_STLB_A0_WAYS, CFG_STLB_REPLACEMENT}, CFG_STLB_A0_SETS},
        {{PSC, 0, 0, CFG_PSC_A0_WAYS, CFG_PSC_REPLACEMENT}, CFG_PSC_A0_SETS},
    };
    struct bench *b = bench_new(); /* which translates nothing */
    for (unsigned i = 0; i < sizeof arrays / sizeof *arrays; i++)
        for (unsigned set = 0; set < arrays[i].sets && set < MOST_SETS; set++) {
            struct place p = arrays[i].p;
            p.set = set;
            uint64_t word = 0;
            for (unsigned way = 0; way < p.ways && p.lru; way++)
                word |= (uint64_t)way << 4 * way;
            if (p.ways > 1)
                assert_ranks(b, p, (struct repl){{word, 0}});
        }
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_stlb_hit_touches),
        cmocka_unit_test(an_stlb_hit_not_used_touches_nothing),
        cmocka_unit_test(of_two_sizes_the_smaller_is_touched),
        cmocka_unit_test(invalidation_leaves_replacement_alone),
        cmocka_unit_test(a_page_fault_leaves_replacement_alone),
        cmocka_unit_test(an_l1_fill_beats_the_touches_of_its_cycle),
        cmocka_unit_test(a_psc_fill_beats_a_lookup),
        cmocka_unit_test(a_psc_lookup_touches),
        cmocka_unit_test(a_fill_takes_the_victim),
        cmocka_unit_test(after_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
