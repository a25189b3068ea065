/* A random life of the model, seen from inside: what holds of its state in every cycle, the memos of the L1s against a
 * search, and section 15: a step without inputs from a `waiting` state changes no state word.
 *
 *     test_mmu_invariants [CYCLES [SEED]] */
#include "mmu_soak.h"

static unsigned long waited;

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
    const uint64_t leaders = m->q.in[PEND] | m->q.in[SLK] | m->q.in[NWALK] | m->q.in[WALK] | m->q.in[DENIED];
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
        if ((m->q.in[PEND] | m->q.in[SLK] | m->q.in[FOLLOW]) >> n & 1)
            assert_false(e->confirm);
        if (m->q.in[DENIED] >> n & 1)
            assert_true(e->confirm);
    }
    assert_int_equal(__builtin_popcountll(m->q.in[SLK]), __builtin_popcount(m->pipe.lookup));
    assert_true(m->pipe.lookup < 2u << STAGES && m->pipe.finv < 2u << STAGES && m->pipe.fill < 2u << STAGES);
    assert_false((m->pipe.lookup | m->pipe.finv | m->pipe.fill) & 1);
    assert_false((m->pipe.lookup & m->pipe.finv) | (m->pipe.lookup & m->pipe.fill) | (m->pipe.finv & m->pipe.fill));
    assert_true((m->pipe.fill & ~(3u << (STAGES - 1))) == 0);
}

/* What a walker holds is 0 where mmu_state.h says so. */
static void check_nothing_left(const struct walkers *ws, unsigned n)
{
    const struct walker *w = &ws->w[n];
    const bool fin = ws->in[W_FIN] >> n & 1;
    if (!fin)
        assert_int_equal(w->outcome, 0);
    if (!fin || w->outcome != OUTCOME_FAULT)
        assert_int_equal(w->err, 0);
    if (!((ws->in[W_CAS] | ws->in[W_CASW]) >> n & 1) && !(fin && w->outcome == OUTCOME_TRANSLATION))
        assert_int_equal(w->v, 0);
    if (!(ws->in[W_WAIT] >> n & 1))
        assert_int_equal(w->tag, 0);
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
        check_nothing_left(&m->walkers, n);
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
        const struct hit_memo *memo = &l1->memo[n];
        const uint64_t key = l1->key[n], va = key & ~0xfffull;
        if ((va >> 12) % MEMOS != n)
            continue; /* none */
        if ((key & 0xfff) != m->regs.pcid)
            continue; /* never asked for before the registers change, which forgets all */
        const struct tlb_array *a = NULL;
        unsigned at = 0;
        for (unsigned i = 0; i < L1_ARRAYS_MAX && !a; i++)
            for (unsigned size = 0; size < 3 && !a; size++)
                for (unsigned j = 0; j < l1->array[i].g.sets * l1->array[i].g.ways && !a; j++) {
                    const uint64_t tag = l1->array[i].tag[j];
                    const bool mine = (tag >> 3 & 1) || (tag >> 4 & 0xfff) == m->regs.pcid;
                    const bool here = (tag >> 16 & BITS(44, 9 * size)) == (va >> 12 & BITS(44, 9 * size));
                    if ((tag & 1) && (tag >> 1 & 3) == size && mine && here) {
                        a = &l1->array[i];
                        at = j;
                    }
                }
        assert_non_null(a);
        assert_ptr_equal(memo->repl, &a->repl[at / a->g.ways]);
        assert_int_equal(memo->way, at % a->g.ways);
        assert_int_equal(memo->resp.addr, physical_address(a->data[at], tag_size(a->tag[at]), va));
        assert_int_equal(memo->resp.size, tag_size(a->tag[at]));
        assert_int_equal(memo->resp.pat, data_pat(a->data[at]));
        assert_int_equal(memo->resp.mt, m->regs.cd ? MT_UC : m->regs.pat >> 8 * data_pat(a->data[at]) & 7);
        for (unsigned access = 0; access < 64; access++)
            assert_int_equal(has_access(memo->good, access),
                             has_access(entry_allows(a->data[at], &m->regs) & without_update(a->data[at]), access));
    }
}

/* What is kept beside the registers is what they say. */
static void check_registers(const struct mmu *m)
{
    struct registers fresh = m->regs;
    registers_derive(&fresh);
    assert_memory_equal(&fresh, &m->regs, sizeof fresh);
    if (m->ctl.state != C_DONE)
        assert_false(m->ctl.gp);
}

/* ---- section 15 ---- */

enum { MOST_STATES = 65536 };

static struct {
    unsigned sel, idx;
} state_index[MOST_STATES];
static size_t states;

static void find_states(const struct mmu *m)
{
    for (unsigned sel = 0; sel < 16; sel++)
        for (unsigned idx = 0; idx < 65536; idx++) {
            uint64_t w[2];
            if (!mmu_state(m, sel, idx, w))
                continue;
            assert_true(states < MOST_STATES);
            state_index[states].sel = sel;
            state_index[states++].idx = idx;
        }
}

static void read_states(const struct mmu *m, uint64_t *words)
{
    for (size_t i = 0; i < states; i++)
        assert_true(mmu_state(m, state_index[i].sel, state_index[i].idx, &words[2 * i]));
}

static void check_waiting(struct soak *s)
{
    static uint64_t before[2 * MOST_STATES], after[2 * MOST_STATES];
    struct bench *b = s->b;
    const struct pins_out was = b->out;
    const struct pins_in nothing = {0};
    if (!states)
        find_states(b->m);
    read_states(b->m, before);
    mmu_step(b->m, &nothing, &b->out);
    read_states(b->m, after);
    assert_memory_equal(before, after, 2 * states * sizeof *after);
    assert_true(b->out.waiting);
    assert_int_equal(b->out.resp_valid, 0);
    assert_int_equal(b->out.req_ready, was.req_ready);
    assert_int_equal(b->out.ctl_ready, was.ctl_ready);
    assert_int_equal(b->out.mem_req_valid, was.mem_req_valid);
    if (was.mem_req_valid) {
        assert_int_equal(b->out.mem_req_addr, was.mem_req_addr);
        assert_int_equal(b->out.mem_req_tag, was.mem_req_tag);
        assert_int_equal(b->out.mem_req_mt, was.mem_req_mt);
    }
    b->cycle++;
    waited++;
}

static void check_cycle(struct soak *s)
{
    const struct mmu *m = s->b->m;
    check_queue(m);
    check_walkers(m);
    check_registers(m);
    if (s->b->cycle % 8 == 0) {
        check_memos(m, &m->itlb);
        check_memos(m, &m->dtlb);
    }
}

static const struct soak_watch watch = {.cycle = check_cycle, .waiting = check_waiting};

SOAK_TESTS(&watch);

int main(int argc, char **argv)
{
    soak_arguments(argc, argv);
    const int failed = cmocka_run_group_tests(soak_tests, NULL, NULL);
    return failed || waited == 0;
}
