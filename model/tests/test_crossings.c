/* Two things that meet: while one or two requests are looked up and walked for, something else comes, in each cycle of
 * theirs in turn - a squash, another request, a control operation, a memory that stalls or fails, a store to the page's
 * entry. Whatever meets whatever, each request is answered once, and right, unless it is squashed; and then the MMU is
 * at rest, and holds no page otherwise than memory has it.
 *
 * No case is drawn: all of them are tried. On the RTL each is a lockstep run beside (tb/tests/on_rtl/beside.h). */
#include "cycle_bench.h"

enum { S = CFG_STLB_LATENCY, ONE = 0x11, TWO = 0x22, LATENCY = 3, STALL = 6, REST = 3 * (S + LATENCY) };

enum page { SMALL, NEXT, FAR, LARGE, GLOBAL, ABSENT, READONLY, CLEAN, PAGES };

static const struct {
    uint64_t va, pa;
    unsigned size;
    uint64_t flags;
} page[PAGES] = {
    [SMALL] = {0x555512345000, 0x123000, SIZE_4K, MAPPED},
    [NEXT] = {0x555512346000, 0x124000, SIZE_4K, MAPPED}, /* the next word of every table */
    [FAR] = {0x2aaa00000000, 0x777000, SIZE_4K, MAPPED},  /* no table but the root in common */
    [LARGE] = {0x555540000000, 0xc00000, SIZE_2M, MAPPED},
    [GLOBAL] = {0x555512347000, 0x125000, SIZE_4K, MAPPED | PTE_G},
    [ABSENT] = {0x555512348000, 0, SIZE_4K, 0},
    [READONLY] = {0x555512349000, 0x127000, SIZE_4K, MAPPED & ~PTE_W},
    [CLEAN] = {0x55551234a000, 0x128000, SIZE_4K, MAPPED & ~(PTE_A | PTE_D)},
};

struct ask {
    uint8_t acc; /* enum pins_access */
    enum page page;
};

enum warmth {
    COLD,      /* nothing is cached */
    BESIDE,    /* the entries of the tables are */
    SECOND,    /* the page of the first request is in the STLB */
    BOTH_WARM, /* and in the L1 */
};

/* What goes on; with two requests the first is a fetch, and comes a cycle before the second. */
static const struct first {
    unsigned asks;
    struct ask ask[2];
    enum warmth warmth;
} first[] = {
    {1, {{ACC_READ, SMALL}}, COLD},
    {1, {{ACC_READ, SMALL}}, BESIDE},
    {1, {{ACC_READ, SMALL}}, SECOND},
    {1, {{ACC_WRITE, CLEAN}}, COLD},
    {1, {{ACC_WRITE, CLEAN}}, BOTH_WARM}, /* which has D = 0 */
    {1, {{ACC_EXECUTE, NEXT}}, COLD},
    {1, {{ACC_READ, LARGE}}, COLD},
    {1, {{ACC_READ, GLOBAL}}, BESIDE},
    {1, {{ACC_READ, ABSENT}}, COLD},
    {1, {{ACC_READ, ABSENT}}, BESIDE},
    {1, {{ACC_WRITE, READONLY}}, BOTH_WARM},
    {2, {{ACC_EXECUTE, NEXT}, {ACC_READ, SMALL}}, COLD},
    {2, {{ACC_EXECUTE, SMALL}, {ACC_READ, SMALL}}, COLD},
    {2, {{ACC_EXECUTE, CLEAN}, {ACC_WRITE, CLEAN}}, BESIDE},
    {2, {{ACC_EXECUTE, ABSENT}, {ACC_READ, ABSENT}}, BESIDE},
    {2, {{ACC_EXECUTE, FAR}, {ACC_READ, SMALL}}, BESIDE},
};
enum { FIRSTS = sizeof first / sizeof *first };

/* What comes. */
enum second {
    SQUASH,
    SQUASH_OTHER,
    READ_SAME,
    WRITE_SAME,
    FETCH_SAME,
    READ_NEXT,
    READ_FAR,
    READ_ABSENT,
    READ_CACHED,  /* if it is: in the STLB */
    WITH_CONTROL, /* from here on an operation; with PCIDs all, else those without */
    INVLPG_SAME = WITH_CONTROL,
    FLUSH,
    NO_WRITE_PROTECT,
    WITHOUT_GLOBALS,
    TO_TWO,
    INVPCID,
    WITH_MEMORY = INVPCID + 4, /* from here on memory does something */
    STALLS = WITH_MEMORY,
    STALLS_AND_SQUASH,
    STALLS_AND_FLUSH,
    STALLS_AND_FAR,
    FAILS,
    FAILS_LATE,
    WITH_STORE, /* from here on a store to the entry that maps the page */
    CLEARS_A = WITH_STORE,
    CLEARS_P,
    SETS_G,
    MOVES,
    PROTECTS,
    SECONDS,
};

struct crossing {
    struct bench *b;
    const struct first *first;
    enum second second;
    uint64_t tables[BENCH_FRAMES * 512]; /* as they are at the beginning */
    uint64_t leaf[PAGES];
    bool squashed[4], fails; /* by id; an answer may be a memory error */
    enum page of[4];         /* id 1, 2: the first; 3: the second */
    uint8_t acc[4];
    bool asked[4];
};

static unsigned port_of(unsigned acc)
{
    return acc == ACC_EXECUTE ? FETCH : DATA;
}

static void ask(struct crossing *c, unsigned id, struct ask a)
{
    const unsigned port = port_of(a.acc);
    if (!(c->b->out.req_ready >> port & 1))
        return;
    c->of[id] = a.page;
    c->acc[id] = a.acc;
    c->asked[id] = true;
    bench_offer(c->b, port, id, page[a.page].va | 8 * id, a.acc, true);
}

static void squash(struct crossing *c, unsigned id)
{
    if (!c->asked[id] || c->b->answer[port_of(c->acc[id])][id].seen)
        return;
    c->squashed[id] = true;
    bench_squash(c->b, port_of(c->acc[id]), id);
}

static void operation(struct bench *b, unsigned op, uint64_t data, uint64_t desc)
{
    b->in.ctl_valid = true;
    b->in.ctl_op = (uint8_t)op;
    b->in.ctl_data = data;
    b->in.ctl_desc = desc;
}

static uint64_t cr4(void)
{
    return BENCH_CR4 | (CFG_ARCH_PCID ? CR4_PCIDE : 0);
}

static uint64_t pcid(unsigned pcid)
{
    return CFG_ARCH_PCID ? pcid : 0;
}

static void control(struct crossing *c)
{
    const uint64_t va = page[c->of[c->first->asks]].va;
    switch (c->second) {
    case INVLPG_SAME:
        operation(c->b, CTL_INVLPG, va, 0);
        break;
    case FLUSH:
        operation(c->b, CTL_MOV_CR3, c->b->cr3 | pcid(ONE), 0);
        break;
    case NO_WRITE_PROTECT:
        operation(c->b, CTL_MOV_CR0, BENCH_CR0 & ~CR0_WP, 0);
        break;
    case WITHOUT_GLOBALS:
        operation(c->b, CTL_MOV_CR4, cr4() & ~CR4_PGE, 0);
        break;
    case TO_TWO:
        operation(c->b, CTL_MOV_CR3, c->b->cr3 | (CFG_ARCH_PCID ? TWO | CR3_KEEP : 0), 0);
        break;
    default:
        operation(c->b, CTL_INVPCID_ADDRESS + c->second - INVPCID, va, ONE);
        break;
    }
}

static void memory(struct crossing *c)
{
    const unsigned last = c->first->asks;
    c->fails = c->second == FAILS || c->second == FAILS_LATE;
    if (c->second == FAILS) {
        c->b->fail_reads = 1;
        return;
    }
    if (c->second == FAILS_LATE) { /* the last one that was accepted */
        for (unsigned i = 0; i < BENCH_OUTSTANDING; i++)
            c->b->outstanding[i].err |= c->b->outstanding[i].live;
        return;
    }
    c->b->stall = true;
    bench_ticks(c->b, 1);
    if (c->second == STALLS_AND_SQUASH)
        squash(c, last);
    if (c->second == STALLS_AND_FLUSH && c->b->out.ctl_ready)
        operation(c->b, CTL_MOV_CR3, c->b->cr3 | pcid(ONE), 0);
    if (c->second == STALLS_AND_FAR)
        ask(c, 3, (struct ask){ACC_READ, FAR});
    bench_ticks(c->b, STALL);
    c->b->stall = false;
}

static void store(struct crossing *c)
{
    uint64_t *leaf = bench_word(c->b, c->leaf[c->of[c->first->asks]]);
    switch (c->second) {
    case CLEARS_A:
        *leaf &= ~(PTE_A | PTE_D);
        break;
    case CLEARS_P:
        *leaf &= ~PTE_P;
        break;
    case SETS_G:
        *leaf |= PTE_G;
        break;
    case MOVES:
        *leaf ^= 0x40000000;
        break;
    default:
        *leaf &= ~PTE_W;
        break;
    }
}

static void meet(struct crossing *c)
{
    static const struct ask asks[] =
        {[READ_NEXT] = {ACC_READ, NEXT}, [READ_FAR] = {ACC_READ, FAR}, [READ_ABSENT] = {ACC_READ, ABSENT}};
    if (c->second <= SQUASH_OTHER)
        squash(c, c->second == SQUASH ? c->first->asks : 1);
    else if (c->second <= FETCH_SAME)
        ask(c, 3, (struct ask){(uint8_t)(c->second - READ_SAME), c->of[c->first->asks]});
    else if (c->second < WITH_CONTROL)
        ask(c, 3, asks[c->second]);
    else if (c->second < WITH_MEMORY)
        control(c);
    else if (c->second < WITH_STORE)
        memory(c);
    else
        store(c);
}

/* Nothing cached, memory and registers as at the beginning, with as few operations as will do: each may sweep the STLB.
 */
static void start_again(struct crossing *c, enum second before)
{
    struct bench *b = c->b;
    memcpy(b->memory, c->tables, b->next_frame << 12);
    memset(c->squashed, 0, sizeof c->squashed);
    memset(c->asked, 0, sizeof c->asked);
    b->fail_reads = 0;
    c->fails = false;
    if (before == NO_WRITE_PROTECT)
        bench_control(b, CTL_MOV_CR0, BENCH_CR0);
    if (before == TO_TWO)
        bench_control(b, CTL_MOV_CR3, b->cr3 | pcid(ONE));
    if (!CFG_ARCH_PCID && before != WITHOUT_GLOBALS)
        bench_control(b, CTL_MOV_CR4, cr4() & ~CR4_PGE);
    if (!CFG_ARCH_PCID || before == WITHOUT_GLOBALS)
        bench_control(b, CTL_MOV_CR4, cr4());
    else
        bench_control_desc(b, CTL_INVPCID_ALL, 0, 0, NULL);
}

/* Anything that a request of this page may have cached before. */
static void warm(struct crossing *c)
{
    struct bench *b = c->b;
    const struct ask a = c->first->ask[0];
    if (c->first->warmth == BESIDE)
        bench_translate(b, FETCH, page[READONLY].va, ACC_EXECUTE, true);
    if (c->first->warmth == SECOND)
        bench_translate(b, port_of(a.acc) == FETCH ? DATA : FETCH, page[a.page].va,
                        port_of(a.acc) == FETCH ? ACC_READ : ACC_EXECUTE, true);
    if (c->first->warmth == BOTH_WARM)
        bench_translate(b, port_of(a.acc), page[a.page].va, ACC_READ, true);
    if (c->first->warmth != COLD)
        bench_ticks(b, S);
}

static void right(const struct crossing *c, unsigned acc, enum page p, uint64_t va, const struct pins_resp *r)
{
    if (c->fails && r->kind == KIND_MEMERR)
        return;
    if (p == ABSENT || (p == READONLY && acc == ACC_WRITE)) {
        assert_int_equal(r->kind, KIND_PF);
        assert_int_equal(r->addr, va);
        assert_int_equal(r->err, PF_U | (p == ABSENT ? 0 : PF_P) | (acc == ACC_WRITE ? PF_W : 0) |
                                     (acc == ACC_EXECUTE ? PF_I : 0));
        return;
    }
    assert_int_equal(r->kind, KIND_OK);
    assert_int_equal(r->addr, page[p].pa | (va - page[p].va));
    assert_int_equal(r->size, page[p].size);
}

static void at_rest(const struct bench *b)
{
    assert_true(b->out.waiting && b->out.ctl_ready);
    for (unsigned n = 0; n < QUEUE; n++)
        assert_int_equal(bench_state0(b, 6, n) & 15, FREE);
    for (unsigned n = 0; n < WALKERS; n++)
        assert_int_equal(bench_state0(b, 7, 2 * n) & 7, W_IDLE);
    for (unsigned stage = 1; stage <= S - 2; stage++)
        assert_int_equal(bench_state0(b, 8, stage), 0);
}

/* Every request has its answer, and what is cached is what memory says. */
static void end(struct crossing *c)
{
    struct bench *b = c->b;
    for (unsigned id = 1; id <= 3; id++) {
        if (!c->asked[id])
            continue;
        const unsigned port = port_of(c->acc[id]);
        if (!c->squashed[id])
            BENCH_UNTIL(b, b->answer[port][id].seen);
    }
    BENCH_UNTIL(b, b->out.ctl_ready);
    b->fail_reads = 0;
    bench_ticks(b, REST);
    at_rest(b);
    for (unsigned id = 1; id <= 3; id++) {
        const unsigned port = port_of(c->acc[id]);
        if (c->asked[id] && c->squashed[id])
            assert_false(b->answer[port][id].seen);
        else if (c->asked[id] && c->second < WITH_STORE)
            right(c, c->acc[id], c->of[id], page[c->of[id]].va | 8 * id, &b->answer[port][id].r);
    }
    if (c->second >= WITH_STORE)
        return;
    c->fails = false;
    for (unsigned id = 1; id <= 3; id++)
        if (c->asked[id]) {
            const uint64_t va = page[c->of[id]].va;
            const struct bench_answer a = bench_translate(b, DATA, va, ACC_READ, true);
            right(c, ACC_READ, c->of[id], va, &a.r);
        }
}

/* The second thing comes so many cycles after the first. False: the first was over by then. */
static bool cross(struct crossing *c, unsigned cycles, enum second before)
{
    struct bench *b = c->b;
    start_again(c, before);
    warm(c);
    for (unsigned n = 0; n < c->first->asks; n++) {
        ask(c, n + 1, c->first->ask[n]);
        bench_tick(b);
    }
    unsigned quiet = 0; /* so long after the answer the fills are in */
    for (unsigned i = 0; i < cycles; i++) {
        const unsigned last = c->first->asks;
        quiet += b->answer[port_of(c->acc[last])][last].seen;
        bench_tick(b);
    }
    meet(c);
    bench_tick(b);
    end(c);
    return quiet < S + 2;
}

static bool is_there(enum second second)
{
    return CFG_ARCH_PCID || second < INVPCID || second >= WITH_MEMORY;
}

static void everything_meets_everything(void **state)
{
    (void)state;
    struct crossing *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->b = bench_new();
    c->b->latency = LATENCY;
    for (unsigned p = 0; p < PAGES; p++)
        c->leaf[p] = bench_map(c->b, page[p].va, page[p].pa, page[p].size, page[p].flags);
    memcpy(c->tables, c->b->memory, sizeof c->tables);
    if (CFG_ARCH_PCID) {
        bench_control(c->b, CTL_MOV_CR4, cr4());
        bench_control(c->b, CTL_MOV_CR3, c->b->cr3 | ONE);
    }
    enum second before = SQUASH;
    for (unsigned n = 0; n < FIRSTS; n++)
        for (unsigned second = 0; second < SECONDS; second++) {
            c->first = &first[n];
            c->second = (enum second)second;
            for (unsigned cycles = 0; is_there(c->second) && cross(c, cycles, before); cycles++)
                before = c->second;
            before = c->second;
        }
    bench_free(c->b);
    free(c);
}

enum {
    MOST_SETS = CFG_STLB_A0_SETS > CFG_STLB_A1_SETS ? CFG_STLB_A0_SETS : CFG_STLB_A1_SETS,
    WAYS_0 = CFG_STLB_A0_ENTRIES / CFG_STLB_A0_SETS,
    WAYS_1 = CFG_STLB_A1_SETS ? CFG_STLB_A1_ENTRIES / (CFG_STLB_A1_SETS ? CFG_STLB_A1_SETS : 1) : 0,
    MOST_WAYS = WAYS_0 > WAYS_1 ? WAYS_0 : WAYS_1,
};

/* A page of the same set of the STLB, whatever n. */
static uint64_t of_one_set(unsigned n)
{
    return 0x100000000000 + (uint64_t)n * 2 * MOST_SETS * 4096;
}

/* A set is full; a page that is walked for displaces another, which is asked for so many cycles later. True: it was
 * found in the STLB. False, with *over: the first request had its answer long ago. */
static bool is_found(struct bench *b, unsigned displaced, unsigned cycles, bool *over)
{
    bench_control(b, CTL_MOV_CR4, BENCH_CR4 & ~CR4_PGE);
    bench_control(b, CTL_MOV_CR4, BENCH_CR4);
    for (unsigned n = 0; n < MOST_WAYS; n++)
        bench_translate(b, FETCH, of_one_set(n), ACC_EXECUTE, true);
    bench_ticks(b, S);
    bench_offer(b, DATA, 1, of_one_set(MOST_WAYS), ACC_READ, true);
    bench_ticks(b, 1 + cycles);
    *over = b->answer[DATA][1].seen && b->answer[DATA][1].cycle + S + 2 < b->cycle;
    BENCH_UNTIL(b, b->out.req_ready >> DATA & 1);
    bench_offer(b, DATA, 2, of_one_set(displaced), ACC_READ, true);
    BENCH_UNTIL(b, b->answer[DATA][1].seen && b->answer[DATA][2].seen);
    bench_ticks(b, S);
    assert_int_equal(b->answer[DATA][1].r.addr, page[SMALL].pa + MOST_WAYS * 4096);
    assert_int_equal(b->answer[DATA][2].r.addr, page[SMALL].pa + displaced * 4096);
    return b->answer[DATA][2].r.src == SRC_STLB;
}

/* It is found up to some cycle, and from then on no more. */
static void what_a_fill_displaces(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    b->latency = LATENCY;
    for (unsigned n = 0; n <= MOST_WAYS; n++)
        bench_map(b, of_one_set(n), page[SMALL].pa + n * 4096, SIZE_4K, MAPPED);
    for (unsigned displaced = 0; displaced < MOST_WAYS; displaced++) {
        bool over = false, gone = false;
        for (unsigned cycles = 0; !over; cycles++) {
            const bool found = is_found(b, displaced, cycles, &over);
            assert_false(found && gone);
            gone = !found;
        }
    }
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_meets_everything),
        cmocka_unit_test(what_a_fill_displaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
