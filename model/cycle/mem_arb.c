#include "mem_arb.h"

#include "miss_queue.h"
#include "walker.h"

/* The bits of an address that say which R bytes a read brings (section 2): the line, or the entry alone. */
enum { REPLY_SHIFT = CFG_WALKERS_REPLY_BYTES == 64 ? 6 : 3 };

/* Walkers in REQ that wait for R bytes another walker has asked for since they were dispatched: the lowest such one. */
static void attach(struct mmu *m)
{
    const struct walkers *ws = &m->walkers;
    struct mem_arb *arb = &m->arb;
    arb->attached = 0;
    for (unsigned wait = ws->in[W_WAIT]; wait; wait &= wait - 1) {
        const unsigned owner = (unsigned)__builtin_ctz(wait);
        if (ws->w[owner].tag != owner)
            continue;
        for (unsigned req = ws->in[W_REQ] & ~arb->attached; req; req &= req - 1) {
            const unsigned n = (unsigned)__builtin_ctz(req);
            if (ws->w[n].addr >> REPLY_SHIFT == ws->w[owner].addr >> REPLY_SHIFT && !(ws->w[n].old >> owner & 1)) {
                arb->attached |= 1u << n;
                arb->attached_to[n] = (uint8_t)owner;
            }
        }
    }
}

void mem_arb_choose(struct mmu *m)
{
    const struct walkers *ws = &m->walkers;
    struct mem_arb *arb = &m->arb;
    arb->attached = 0;
    arb->chosen = -1;
    if (!(ws->in[W_REQ] | ws->in[W_CAS]))
        return;
    attach(m);
    const unsigned requesters = (ws->in[W_CAS] | (ws->in[W_REQ] & ~arb->attached)) & ~ws->kill;
    if (arb->hold)
        arb->chosen = arb->hold_w;
    else if (requesters)
        arb->chosen = (int)round_robin(requesters, arb->rr_mem);
}

void mem_arb_offer(const struct mmu *m, struct pins_out *out)
{
    out->mem_req_valid = m->arb.chosen >= 0;
    if (m->arb.chosen < 0)
        return;
    const unsigned n = (unsigned)m->arb.chosen;
    const struct walker *w = &m->walkers.w[n];
    out->mem_req_tag = (uint8_t)n;
    out->mem_req_cas = m->walkers.in[W_CAS] >> n & 1;
    out->mem_req_mt = m->regs.mt[w->table_pat]; /* SDM 3A 5.9.2 */
    out->mem_req_addr = w->addr;
    out->mem_req_expected = w->v;
    out->mem_req_desired = out->mem_req_cas ? walker_desired(m, n) : 0;
}

void mem_arb_settle(struct mmu *m, bool accepted)
{
    struct mem_arb *arb = &m->arb;
    if (arb->chosen < 0)
        return;
    const unsigned n = (unsigned)arb->chosen;
    if (!accepted) {
        arb->hold = true;
        arb->hold_w = (uint8_t)n;
        return;
    }
    arb->hold = false;
    arb->hold_w = 0;
    arb->rr_mem = (uint8_t)((n + 1) % WALKERS);
    if (m->walkers.in[W_CAS] >> n & 1) {
        walker_move(&m->walkers, n, W_CAS, W_CASW);
        m->counts.cas++;
    } else {
        walker_move(&m->walkers, n, W_REQ, W_WAIT);
        m->walkers.w[n].tag = (uint8_t)n;
        m->counts.reads++;
    }
}
