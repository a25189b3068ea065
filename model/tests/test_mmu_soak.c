/* A random life of the model: all ports, faults, control operations, a slow and erring memory, two address spaces.
 *
 * Page tables change in A and D only, so every answer is known: it is what a plain walk gives under the registers of
 * some moment between the request and its answer. Checked besides: the state's invariants, the memos of the L1s against
 * a search, and section 15: a step without inputs from a `waiting` state changes no state word.
 *
 *     test_mmu_soak [CYCLES [SEED]]                                                                                     */
#include <stdio.h>

#include "cycle_bench.h"

enum { PAGES = 96, VERSIONS = 64, PATIENCE = 200000 };

static unsigned long cycles = 60000;
static unsigned seed = 1;

static unsigned below(unsigned limit)
{
    return (unsigned)(rand() >> 4) % limit;
}

/* ---- the registers as this test knows them ---- */

struct version {
    uint64_t root;
    bool wp, nxe, la57;
};

struct asked {
    bool live;
    struct pins_req req;
    uint64_t cycle;
    unsigned long first; /* version at the accept */
};

struct soak {
    struct bench *b;
    struct version version[VERSIONS];
    unsigned long now;             /* number of the newest version, which counts from the accept of its operation */
    uint64_t root[2];
    uint64_t cr4;
    uint64_t page[PAGES];          /* addresses to ask for */
    struct asked asked[PINS_MAX_PORTS][256];
    uint8_t next_id[PINS_MAX_PORTS];
    bool errors;                   /* memory errors are being made */
    unsigned state_index[65536][2];
    size_t states;
    uint64_t before[2 * 65536];
    unsigned long answered, waited;
};

/* ---- what a plain walk says: SDM 3A 5.5.4, 5.6, 5.7 ---- */

static struct pins_resp plain_walk(struct soak *s, const struct pins_req *q, const struct version *v)
{
    const int64_t top = (int64_t)q->va >> (v->la57 ? 56 : 47);
    if (top != 0 && top != -1)
        return (struct pins_resp){.kind = KIND_GP};
    unsigned err = (q->acc == ACC_WRITE ? PF_W : 0) | (q->user ? PF_U : 0) | (q->acc == ACC_EXECUTE && v->nxe ? PF_I : 0);
    uint64_t table = v->root;
    bool w = true, u = true, nx = false;
    for (unsigned level = v->la57 ? 5 : 4;; level--) {
        const uint64_t e = *bench_word(s->b, table + 8 * (q->va >> (12 + 9 * (level - 1)) & 511));
        if (!(e & 1))
            return (struct pins_resp){.kind = KIND_PF, .err = (uint16_t)err};
        if (pte_has_reserved(e, level, v->nxe))
            return (struct pins_resp){.kind = KIND_PF, .err = (uint16_t)(err | PF_P | PF_RSVD)};
        w = w && (e & 2);
        u = u && (e & 4);
        nx = nx || (e >> 63);
        if (level > 1 && !(e & 0x80)) {
            table = e & PTE_FRAME;
            continue;
        }
        if ((q->user && !u) || (q->acc == ACC_WRITE && !w && (q->user || v->wp)) || (q->acc == ACC_EXECUTE && nx && v->nxe))
            return (struct pins_resp){.kind = KIND_PF, .err = (uint16_t)(err | PF_P)};
        const uint64_t offset = (1ull << (12 + 9 * (level - 1))) - 1;
        return (struct pins_resp){.kind = KIND_OK, .pa = (e & PTE_FRAME & ~offset) | (q->va & offset), .size = (uint8_t)(level - 1),
                                  .pat = (uint8_t)((e >> (level == 1 ? 7 : 12) & 1) << 2 | (e >> 3 & 3))};
    }
}

static bool same_answer(const struct pins_resp *a, const struct pins_resp *b)
{
    return a->kind == b->kind && a->err == b->err && a->pa == b->pa && a->size == b->size && a->pat == b->pat;
}

static void check_answer(struct soak *s, unsigned port, const struct pins_resp *r)
{
    struct asked *q = &s->asked[port][r->id];
    assert_true(q->live);
    q->live = false;
    s->answered++;
    if (r->kind == KIND_MEMERR) {
        assert_true(s->errors);
        return;
    }
    for (unsigned long v = q->first; v <= s->now; v++) {
        const struct pins_resp want = plain_walk(s, &q->req, &s->version[v % VERSIONS]);
        if (same_answer(r, &want))
            return;
    }
    const struct pins_resp want = plain_walk(s, &q->req, &s->version[s->now % VERSIONS]);
    print_error("va %lx acc %u user %u: kind %u err %x pa %lx size %u, not kind %u err %x pa %lx size %u\n", q->req.va, q->req.acc,
                q->req.user, r->kind, r->err, r->pa, r->size, want.kind, want.err, want.pa, want.size);
    fail();
}

/* ---- invariants ---- */

static void check_queue(const struct mmu *m)
{
    uint64_t all = 0;
    unsigned members = 0;
    for (unsigned state = 0; state < QUEUE_STATES; state++) {
        all |= m->q.in[state];
        members += (unsigned)__builtin_popcountll(m->q.in[state]);
    }
    assert_int_equal(all, QUEUE_ALL);
    assert_int_equal(members, QUEUE);
    const uint64_t leaders = m->q.in[PEND] | m->q.in[SLK] | m->q.in[NWALK] | m->q.in[WALK];
    for (unsigned n = 0; n < QUEUE; n++) {
        const struct queue_entry *e = &m->q.entry[n];
        for (unsigned port = 0; port < PORTS; port++)
            assert_int_equal(m->q.of_port[port] >> n & 1, !(m->q.in[FREE] >> n & 1) && e->port == port);
        if (m->q.in[FOLLOW] >> n & 1) {
            const struct queue_entry *leader = &m->q.entry[e->leader];
            assert_true(leaders >> e->leader & 1);
            assert_int_equal(leader->va >> 12, e->va >> 12);
            assert_int_equal(leader->port < FETCH_PORTS, e->port < FETCH_PORTS);
        } else if (!((m->q.in[DONE] | m->q.in[FREE]) >> n & 1)) {
            assert_int_equal(e->leader, 0);
        }
    }
    assert_int_equal(__builtin_popcountll(m->q.in[SLK]), __builtin_popcount(m->pipe.lookup));
    assert_true(m->pipe.lookup < 2u << STAGES && m->pipe.finv < 2u << STAGES && m->pipe.fill < 2u << STAGES);
    assert_false((m->pipe.lookup | m->pipe.finv | m->pipe.fill) & 1);
    assert_false((m->pipe.lookup & m->pipe.finv) | (m->pipe.lookup & m->pipe.fill) | (m->pipe.finv & m->pipe.fill));
    assert_true((m->pipe.fill & ~(3u << (STAGES - 1))) == 0);
}

static void check_walkers(const struct mmu *m)
{
    unsigned all = 0, members = 0;
    for (unsigned state = 0; state < WALKER_STATES; state++) {
        all |= m->walkers.in[state];
        members += (unsigned)__builtin_popcount(m->walkers.in[state]);
    }
    assert_int_equal(all, WALKERS_ALL);
    assert_int_equal(members, WALKERS);
    uint64_t worked_for = 0;
    for (unsigned n = 0; n < WALKERS; n++) {
        if (m->walkers.in[W_IDLE] >> n & 1) {
            assert_false(m->walkers.kill >> n & 1);
            continue;
        }
        const struct walker *w = &m->walkers.w[n];
        assert_true(w->level >= 1 && w->level <= 5);
        if (m->walkers.in[W_WAIT] >> n & 1) {
            const unsigned owner = w->tag;
            assert_true(m->walkers.in[W_WAIT] >> owner & 1);
            assert_int_equal(m->walkers.w[owner].tag, owner);
            assert_int_equal(m->walkers.w[owner].addr >> 6, w->addr >> 6);
        } else {
            assert_int_equal(w->tag, 0);
        }
        if (!(m->walkers.kill >> n & 1)) {
            assert_false(worked_for >> w->entry & 1);
            worked_for |= 1ull << w->entry;
        }
    }
    if (m->ctl.state == C_IDLE) {
        assert_int_equal(m->walkers.kill, 0);
        assert_int_equal(worked_for, m->q.in[WALK]);
    }
    if (m->arb.hold)
        assert_true((m->walkers.in[W_REQ] | m->walkers.in[W_CAS]) >> m->arb.hold_w & 1);
    if (m->ctl.state != C_IDLE && m->ctl.state != C_DRAIN)
        assert_int_equal(m->walkers.in[W_IDLE], WALKERS_ALL);
}

/* Every memo answers what a search of the arrays would. */
static void check_memos(const struct mmu *m, const struct l1tlb *l1)
{
    for (unsigned n = 0; n < MEMOS; n++) {
        if (!l1->key[n])
            continue;
        const struct memo *memo = &l1->memo[n];
        const uint64_t key = l1->key[n] ^ 1ull << 62, va = key & ~0xfffull;
        if ((key & 0xfff) != m->regs.pcid)
            continue; /* never asked for before the registers change, which forgets all */
        const struct tlb_array *a = NULL;
        unsigned at = 0;
        for (unsigned i = 0; i < L1_ARRAYS_MAX && !a; i++)
            for (unsigned size = 0; size < 3 && !a; size++)
                for (unsigned j = 0; j < l1->array[i].g.sets * l1->array[i].g.ways && !a; j++) {
                    const uint64_t tag = l1->array[i].tag[j];
                    const bool mine = (tag >> 3 & 1) || (tag >> 4 & 0xfff) == m->regs.pcid;
                    if ((tag & 1) && (tag >> 1 & 3) == size && mine && (tag >> 16 & BITS(44, 9 * size)) == (va >> 12 & BITS(44, 9 * size))) {
                        a = &l1->array[i];
                        at = j;
                    }
                }
        assert_non_null(a);
        assert_ptr_equal(memo->repl, &a->repl[at / a->g.ways]);
        assert_int_equal(memo->way, at % a->g.ways);
        assert_int_equal(memo->resp.pa, physical_address(a->data[at], tag_size(a->tag[at]), va));
        assert_int_equal(memo->resp.size, tag_size(a->tag[at]));
        assert_int_equal(memo->resp.pat, data_pat(a->data[at]));
        for (unsigned user = 0; user < 2; user++)
            for (unsigned acc = 0; acc < 3; acc++)
                assert_int_equal(memo->good >> (4 * user + acc) & 1, rights_pass(data_rights(a->data[at]), acc, user, &m->regs) &&
                                                                         !needs_dirty(a->data[at], acc));
    }
}

/* ---- section 15 ---- */

static size_t read_states(struct soak *s, uint64_t *words)
{
    for (size_t i = 0; i < s->states; i++)
        assert_true(mmu_state(s->b->m, s->state_index[i][0], s->state_index[i][1], &words[2 * i]));
    return 2 * s->states;
}

static void check_waiting(struct soak *s)
{
    static uint64_t after[2 * 65536];
    const struct pins_out was = s->b->out;
    const struct pins_in nothing = {0};
    const size_t n = read_states(s, s->before);
    mmu_step(s->b->m, &nothing, &s->b->out);
    read_states(s, after);
    assert_memory_equal(s->before, after, n * sizeof *after);
    assert_true(s->b->out.waiting);
    assert_int_equal(s->b->out.resp_valid, 0);
    assert_int_equal(s->b->out.req_ready, was.req_ready);
    assert_int_equal(s->b->out.ctl_ready, was.ctl_ready);
    assert_int_equal(s->b->out.mem_req_valid, was.mem_req_valid);
    if (was.mem_req_valid) {
        assert_int_equal(s->b->out.mem_req_addr, was.mem_req_addr);
        assert_int_equal(s->b->out.mem_req_tag, was.mem_req_tag);
    }
    s->b->cycle++;
    s->waited++;
}

/* ---- stimulus ---- */

static uint64_t random_leaf(unsigned size)
{
    uint64_t e = MAPPED | (uint64_t)below(64) << 3 << 52;
    if (below(6) == 0)
        e &= ~PTE_W;
    if (below(8) == 0)
        e &= ~PTE_U;
    if (below(3) == 0)
        e &= ~PTE_D;
    if (below(4) == 0)
        e &= ~PTE_A;
    if (below(12) == 0)
        e &= ~PTE_P;
    if (below(4) == 0)
        e |= PTE_XD;
    if (below(20) == 0 && CFG_ARCH_PADDR_BITS < 52)
        e |= 1ull << 51;
    if (below(20) == 0 && size)
        e |= 1ull << 14;
    return e | (uint64_t)below(4) << 3;
}

/* Two address spaces. Low addresses differ between them; high ones are the same, and some of them global. */
static void make_tables(struct soak *s, bool la57)
{
    const unsigned top = la57 ? 5 : 4;
    struct bench *b = s->b;
    s->root[0] = b->cr3;
    s->root[1] = bench_new_table(b);
    for (unsigned i = 0; i < PAGES; i++) {
        const bool high = i % 3 == 0;
        const unsigned size = i % 16 == 5 && CFG_ARCH_PAGE_1G ? SIZE_1G : i % 5 == 1 ? SIZE_2M : SIZE_4K;
        const uint64_t near = (uint64_t)below(40) << 12 | (uint64_t)below(3) << 21 | (uint64_t)below(3) << 30;
        /* One area for each size, so that a leaf never takes the place of a table. */
        uint64_t va = (uint64_t)(2 * size + 1) << 39 | (uint64_t)below(2) << 40 << (size == 0 ? 3 : 0) | near;
        if (la57 && below(2))
            va |= 1ull << 50;
        if (high)
            va |= la57 ? 0xff80000000000000 : 0xffff800000000000;
        s->page[i] = va;
        for (unsigned space = 0; space < 2; space++) {
            if (high && space == 1)
                break;
            b->cr3 = s->root[space];
            uint64_t leaf = random_leaf(size) | ((uint64_t)(1 + below(200)) << 12 & ~page_offset_mask(size)) | (size ? PTE_PS : 0);
            if (high && below(2))
                leaf |= PTE_G;
            *bench_word(b, bench_entry(b, top, va, size + 1)) = leaf;
            if (below(6) == 0)
                *bench_word(b, bench_entry(b, top, va, size + 2)) &= ~PTE_A;
            if (below(25) == 0)
                *bench_word(b, bench_entry(b, top, va, size + 2)) &= ~PTE_U;
        }
    }
    for (unsigned i = 256; i < 512; i++) /* the same upper half */
        *bench_word(b, s->root[1] + 8 * i) = *bench_word(b, s->root[0] + 8 * i);
    for (unsigned i = 256; i < 512; i++)
        for (unsigned space = 0; space < 2; space++)
            *bench_word(b, s->root[space] + 8 * i) |= *bench_word(b, s->root[space] + 8 * i) & PTE_P ? PTE_A : 0; /* two copies */
    b->cr3 = s->root[0];
}

static void random_requests(struct soak *s, unsigned load)
{
    struct bench *b = s->b;
    static uint64_t last;
    for (unsigned port = 0; port < PORTS; port++) {
        if (!(b->out.req_ready >> port & 1) || below(100) >= load)
            continue;
        const uint8_t id = s->next_id[port];
        struct asked *q = &s->asked[port][id];
        if (q->live)
            continue;
        uint64_t va = below(4) ? s->page[below(below(4) ? 12 : PAGES)] : last;
        va = (va & ~0xfffull) | below(4096);
        if (below(60) == 0)
            va ^= 1ull << (12 + below(51));
        last = va;
        q->req = (struct pins_req){.va = va, .id = id, .acc = (uint8_t)(port < FETCH_PORTS ? ACC_EXECUTE : below(2)),
                                   .user = below(4) != 0, .imp = below(2), .ac = below(2), .ss = below(2)};
        q->live = true;
        q->cycle = b->cycle;
        q->first = s->now;
        s->next_id[port]++;
        b->in.req[port] = q->req;
        b->in.req_valid |= 1u << port;
        b->answer[port][id].seen = false;
    }
}

static void random_control(struct soak *s)
{
    struct bench *b = s->b;
    for (unsigned port = 0; port < PORTS; port++) /* versions are few: no request may see more of them */
        for (unsigned id = 0; id < 256; id++)
            if (s->asked[port][id].live && s->now - s->asked[port][id].first > VERSIONS - 4)
                return;
    struct version v = s->version[s->now % VERSIONS];
    b->in.ctl_valid = true;
    switch (below(7)) {
    case 0:
        v.wp = below(2);
        b->in.ctl_op = CTL_MOV_CR0;
        b->in.ctl_data = (uint64_t)v.wp << 16;
        break;
    case 1: {
        const unsigned space = below(2);
        v.root = s->root[space];
        b->in.ctl_op = CTL_MOV_CR3;
        b->in.ctl_data = v.root | (CFG_ARCH_PCID ? (uint64_t)below(2) << 63 | (space ? 7 : 0) : 0);
        break;
    }
    case 2:
        v.nxe = below(4) != 0;
        b->in.ctl_op = CTL_WRMSR_EFER;
        b->in.ctl_data = (uint64_t)v.nxe << 11;
        break;
    case 3:
        s->cr4 ^= below(3) ? 0 : 1u << 7;
        b->in.ctl_op = CTL_MOV_CR4;
        b->in.ctl_data = s->cr4;
        break;
    default:
        b->in.ctl_op = CTL_INVLPG;
        b->in.ctl_data = s->page[below(PAGES)] ^ (below(20) ? 0 : 1ull << 60);
        break;
    }
    s->version[++s->now % VERSIONS] = v;
}

static void live(struct soak *s, bool la57, unsigned load, unsigned control, unsigned slow)
{
    struct bench *b = s->b;
    make_tables(s, la57);
    s->cr4 = 1u << 7 | (la57 ? 1u << 12 : 0) | (CFG_ARCH_PCID ? 1u << 17 : 0);
    bench_control(b, CTL_MOV_CR4, s->cr4);
    s->version[0] = (struct version){.root = s->root[0], .wp = true, .nxe = true, .la57 = la57};
    s->states = 0;
    for (unsigned sel = 0; sel < 16; sel++)
        for (unsigned idx = 0; idx < 65536; idx++) {
            uint64_t w[2];
            if (mmu_state(b->m, sel, idx, w)) {
                s->state_index[s->states][0] = sel;
                s->state_index[s->states++][1] = idx;
            }
        }
    b->latency = 1 + below(4);
    b->jitter = slow;
    for (unsigned long i = 0; i < cycles; i++) {
        const bool pause = i / 512 % 4 == 3;
        if (b->out.waiting && below(4) == 0) {
            check_waiting(s);
            continue;
        }
        b->stall = slow && below(3) == 0;
        b->mute = slow && below(3) == 0;
        b->fail_reads = s->errors && below(100) == 0;
        if (!pause)
            random_requests(s, load);
        if (b->out.ctl_ready && below(10000) < control)
            random_control(s);
        if (b->in.ctl_valid && !b->out.ctl_ready)
            b->in.ctl_valid = false;
        bench_tick(b);
        for (unsigned port = 0; port < PORTS; port++)
            if (b->out.resp_valid >> port & 1)
                check_answer(s, port, &b->out.resp[port]);
        check_queue(b->m);
        check_walkers(b->m);
        if (i % 8 == 0) {
            check_memos(b->m, &b->m->itlb);
            check_memos(b->m, &b->m->dtlb);
        }
    }
    b->stall = b->mute = false;
    b->fail_reads = 0;
    for (unsigned i = 0; !b->out.waiting || bench_state0(b, 0, 1); i++) {
        assert_true(i < PATIENCE);
        bench_tick(b);
        for (unsigned port = 0; port < PORTS; port++)
            if (b->out.resp_valid >> port & 1)
                check_answer(s, port, &b->out.resp[port]);
    }
}

static void drained(struct soak *s)
{
    struct bench *b = s->b;
    for (unsigned i = 0; i < PATIENCE && (b->m->q.in[FREE] != QUEUE_ALL || b->m->ctl.state != C_IDLE || b->out.resp_valid); i++) {
        bench_tick(b);
        for (unsigned port = 0; port < PORTS; port++)
            if (b->out.resp_valid >> port & 1)
                check_answer(s, port, &b->out.resp[port]);
    }
    for (unsigned port = 0; port < PORTS; port++)
        for (unsigned id = 0; id < 256; id++)
            assert_false(s->asked[port][id].live);
}

static void soak(bool la57, unsigned load, unsigned control, unsigned slow, bool errors)
{
    srand(seed);
    struct soak *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->b = bench_new();
    s->errors = errors;
    live(s, la57, load, control, slow);
    drained(s);
    const struct mmu_counts *c = mmu_counts(s->b->m);
    print_message("%lu answers, %lu waits; %lu walks, %lu merged, %lu faults, %lu restarts, %lu cas, %lu shared reads, %lu operations\n",
                  s->answered, s->waited, c->walks, c->merged, c->faults, c->walk_restarts, c->cas, c->line_merges, c->control_ops);
    assert_true(s->answered > cycles / 500 && c->walks > cycles / 2000 && c->faults > 0);
    bench_free(s->b);
    free(s);
}

static void busy(void **state)
{
    (void)state;
    soak(false, 90, 0, 0, false);
}

static void slow_memory(void **state)
{
    (void)state;
    soak(false, 30, 10, 40, false);
}

static void many_operations(void **state)
{
    (void)state;
    soak(false, 50, 200, 8, false);
}

static void memory_errors(void **state)
{
    (void)state;
    soak(false, 40, 50, 10, true);
}

static void sparse(void **state)
{
    (void)state;
    soak(false, 2, 20, 20, false);
}

static void five_levels(void **state)
{
    (void)state;
    if (CFG_ARCH_LA57)
        soak(true, 50, 60, 10, false);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cycles = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        seed = (unsigned)strtoul(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(busy),          cmocka_unit_test(slow_memory), cmocka_unit_test(many_operations),
        cmocka_unit_test(memory_errors), cmocka_unit_test(sparse),      cmocka_unit_test(five_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
