#include "walker.h"

#include <string.h>

#include "mem_arb.h"
#include "miss_queue.h"
#include "psc.h"
#include "stlb.h"

void walker_reset(struct walkers *ws)
{
    memset(ws, 0, sizeof *ws);
    ws->in[W_IDLE] = WALKERS_ALL;
}

/* The entry for va in the level-`level` table at `table` (bits 51:12): nine bits of va choose it. */
static uint64_t entry_address(uint64_t table, unsigned level, uint64_t va)
{
    return table | (va >> (12 + 9 * (level - 1)) & 511) << 3;
}

static void start_at_root(const struct mmu *m, struct walker *w, uint64_t va)
{
    w->level = m->regs.la57 ? 5 : 4;
    w->rights = RIGHTS_AT_ROOT;
    w->from_psc = false;
    w->table_pat = (uint8_t)m->regs.root_pat;
    w->addr = entry_address(m->regs.cr3 & PTE_FRAME, w->level, va);
}

void walker_dispatch(struct mmu *m, struct edge *e)
{
    struct miss_queue *q = &m->q;
    if (!e->idle || !q->in[NWALK])
        return;
    const unsigned n = (unsigned)__builtin_ctz(e->idle);
    const unsigned entry = round_robin(q->in[NWALK], q->rr_walk);
    const uint64_t va = q->entry[entry].va;
    struct walker *w = &m->walkers.w[n];
    *w = (struct walker){.entry = (uint8_t)entry, .old = e->reading, .write = is_write(q->entry[entry].access)};
    struct psc_hit hit = {0, 0};
    if (!q->entry[entry].confirm)
        hit = psc_lookup(m, va, e);
    if (hit.level) {
        w->level = (uint8_t)(hit.level - 1);
        w->rights = (uint8_t)data_rights(hit.data);
        w->from_psc = true;
        w->table_pat = (uint8_t)data_pat(hit.data);
        w->addr = entry_address((hit.data & DATA_FRAME) << 12, w->level, va);
    } else {
        start_at_root(m, w, va);
    }
    q->rr_walk = (uint8_t)((entry + 1) % QUEUE);
    queue_move(q, entry, NWALK, WALK);
    walker_move(&m->walkers, n, W_IDLE, W_REQ);
    m->counts.walks++;
    m->counts.psc_hit[hit.level]++;
}

/* ---- what a walker makes of the entry it read: section 11 "Reply" ---- */

uint64_t walker_desired(const struct mmu *m, unsigned n)
{
    const struct walker *w = &m->walkers.w[n];
    const bool dirty = pte_is_leaf(w->v, w->level) && w->write;
    return w->v | PTE_A | (dirty ? PTE_D : 0);
}

static void finish(struct mmu *m, unsigned n, enum walker_state from, enum walker_outcome outcome)
{
    m->walkers.w[n].outcome = (uint8_t)outcome;
    walker_move(&m->walkers, n, from, W_FIN);
}

/* A fault met on a way that began in the PSC may be that of a stale entry: walk again from the root (AMD). */
static void fault(struct mmu *m, unsigned n, enum walker_state from, unsigned err)
{
    struct walker *w = &m->walkers.w[n];
    if (w->from_psc && CFG_POLICY_FAULT_REWALK) {
        start_at_root(m, w, m->q.entry[w->entry].va);
        walker_move(&m->walkers, n, from, W_REQ);
        m->counts.walk_restarts++;
        return;
    }
    w->err = (uint8_t)err;
    finish(m, n, from, OUTCOME_FAULT);
}

static void pass(struct mmu *m, unsigned n, enum walker_state from, uint64_t v, bool fill, struct edge *e)
{
    struct walker *w = &m->walkers.w[n];
    const uint64_t va = m->q.entry[w->entry].va;
    w->rights = (uint8_t)rights_combine(w->rights, v);
    if (fill)
        e->psc_fill = psc_plan_fill(m, w->level, table_to_cached(v, w->level, w->rights, va, m->regs.pcid));
    w->level--;
    w->table_pat = (uint8_t)pte_table_pat(v);
    w->addr = entry_address(v & PTE_FRAME, w->level, va);
    walker_move(&m->walkers, n, from, W_REQ);
}

/* Returns true when the walker passed a non-leaf entry; `fill`: it may fill the PSC. */
static bool judge(struct mmu *m, unsigned n, enum walker_state from, uint64_t v, bool fill, struct edge *e)
{
    struct walker *w = &m->walkers.w[n];
    const unsigned access = m->q.entry[w->entry].access;
    w->v = 0;
    w->tag = 0;
    if (!(v & PTE_P)) {
        fault(m, n, from, error_code(0, access, &m->regs));
        return false;
    }
    if (pte_has_reserved(v, w->level, m->regs.nxe)) {
        fault(m, n, from, error_code(PF_P | PF_RSVD, access, &m->regs));
        return false;
    }
    const bool leaf = pte_is_leaf(v, w->level);
    const unsigned rights = rights_of_page(w->rights, v);
    if (leaf && !has_access(accesses_allowed(rights, pte_key(v), &m->regs), access)) {
        fault(m, n, from, error_code_of_rights(rights, pte_key(v), access, &m->regs));
        return false;
    }
    const uint64_t needed = PTE_A | (leaf && is_write(access) ? PTE_D : 0); /* SDM 3A 5.8 */
    if (needed & ~v) {
        w->v = v;
        walker_move(&m->walkers, n, from, W_CAS);
        return false;
    }
    if (!leaf) {
        pass(m, n, from, v, fill, e);
        return true;
    }
    w->rights = (uint8_t)rights;
    w->v = v;
    finish(m, n, from, OUTCOME_TRANSLATION);
    return false;
}

/* The walkers of the set are IDLE from now on. */
static void end(struct walkers *ws, unsigned set)
{
    for (unsigned left = set; left; left &= left - 1)
        ws->w[__builtin_ctz(left)] = (struct walker){0};
    for (enum walker_state s = W_REQ; s < WALKER_STATES; s++)
        ws->in[s] &= (uint16_t)~set;
    ws->in[W_IDLE] |= (uint16_t)set;
    ws->kill &= (uint16_t)~set;
}

static bool reply(struct mmu *m, unsigned n, enum walker_state from, const struct pins_in *in, bool fill,
                  struct edge *e)
{
    struct walker *w = &m->walkers.w[n];
    if (m->walkers.kill >> n & 1) {
        end(&m->walkers, 1u << n);
        return false;
    }
    if (in->mem_rsp_err) {
        w->v = 0;
        w->tag = 0;
        finish(m, n, from, OUTCOME_MEMORY_ERROR);
        return false;
    }
    uint64_t v = in->mem_rsp_line[w->addr >> 3 & 7];
    if (from == W_CASW) {
        if (v == w->v)
            v = walker_desired(m, n); /* written; else what is there now is judged like a fresh read */
        else
            m->counts.cas_failed++;
    }
    return judge(m, n, from, v, fill, e);
}

/* ---- the memory port, seen by all walkers ---- */

/* The walkers that wait for the read of `tag`, not counting attached ones. */
static unsigned waiting_for(const struct walkers *ws, unsigned tag)
{
    unsigned set = 0;
    for (unsigned wait = ws->in[W_WAIT]; wait; wait &= wait - 1) {
        const unsigned n = (unsigned)__builtin_ctz(wait);
        if (ws->w[n].tag == tag)
            set |= 1u << n;
    }
    return set;
}

/* The read of `tag` is old for nobody any more. */
static void answered(struct walkers *ws, unsigned tag)
{
    for (unsigned n = 0; n < WALKERS; n++)
        ws->w[n].old &= (uint16_t)~(1u << tag);
}

void walker_memory(struct mmu *m, const struct pins_in *in, struct edge *e)
{
    struct walkers *ws = &m->walkers;
    /* An attached walker is in WAIT from now on, also for the reply of this very cycle. */
    for (unsigned attached = m->arb.attached; attached; attached &= attached - 1) {
        const unsigned n = (unsigned)__builtin_ctz(attached);
        ws->w[n].tag = m->arb.attached_to[n];
        walker_move(ws, n, W_REQ, W_WAIT);
        m->counts.line_merges++;
    }
    const unsigned tag = in->mem_rsp_tag;
    const bool cas = in->mem_rsp_valid && tag < WALKERS && (ws->in[W_CASW] >> tag & 1);
    unsigned readers = in->mem_rsp_valid && !cas ? waiting_for(ws, tag) : 0;
    /* After the readers are known: a reply is never for the request of its cycle. */
    mem_arb_settle(m, in->mem_req_ready);
    if (cas)
        reply(m, tag, W_CASW, in, true, e);
    for (bool fill = true; readers; readers &= readers - 1)
        if (reply(m, (unsigned)__builtin_ctz(readers), W_WAIT, in, fill, e))
            fill = false; /* section 10: only the lowest walker that passes fills the PSC */
    if (in->mem_rsp_valid) {
        e->reading &= (uint16_t)~(1u << tag);
        answered(ws, tag);
    }
}

void walker_drain(struct mmu *m, const struct pins_in *in)
{
    struct walkers *ws = &m->walkers;
    unsigned ended = ws->in[W_FIN] | ws->in[W_REQ] | ws->in[W_CAS];
    if (m->arb.hold)
        ended &= ~(1u << m->arb.hold_w);
    if (in->mem_rsp_valid) {
        if (in->mem_rsp_tag < WALKERS && (ws->in[W_CASW] >> in->mem_rsp_tag & 1))
            ended |= 1u << in->mem_rsp_tag;
        else
            ended |= waiting_for(ws, in->mem_rsp_tag);
        answered(ws, in->mem_rsp_tag);
    }
    if (m->arb.hold)
        mem_arb_settle(m, in->mem_req_ready);
    end(ws, ended);
}

/* By now a reply of this cycle has been judged, an accepted request waits, and one that was offered in vain is held. */
void walker_squash(struct mmu *m, uint64_t entries)
{
    struct walkers *ws = &m->walkers;
    unsigned squashed = 0;
    for (unsigned left = WALKERS_ALL & ~(ws->in[W_IDLE] | ws->kill); left; left &= left - 1) {
        const unsigned n = (unsigned)__builtin_ctz(left);
        if (entries >> ws->w[n].entry & 1)
            squashed |= 1u << n;
    }
    unsigned owed = (ws->in[W_WAIT] | ws->in[W_CASW]) & ~m->arb.attached;
    if (m->arb.hold)
        owed |= 1u << m->arb.hold_w;
    ws->kill |= (uint16_t)(squashed & owed);
    end(ws, squashed & ~owed);
}

void walker_grant(struct mmu *m, struct edge *e)
{
    if (!e->fin || !stlb_can_fill(&m->pipe))
        return;
    const unsigned n = (unsigned)__builtin_ctz(e->fin);
    const struct walker w = m->walkers.w[n];
    m->walkers.w[n] = (struct walker){0};
    walker_move(&m->walkers, n, W_FIN, W_IDLE);
    if (w.outcome == OUTCOME_FAULT) {
        queue_fault(m, w.entry, WALK, w.err, SRC_WALK);
    } else if (w.outcome == OUTCOME_MEMORY_ERROR) {
        queue_memory_error(m, w.entry, WALK);
    } else {
        const struct cached c = leaf_to_cached(w.v, w.level, w.rights, m->q.entry[w.entry].va, m->regs.pcid,
                                               m->regs.pge);
        queue_complete(m, w.entry, WALK, c, SRC_WALK, e);
        stlb_enter_fill(&m->pipe, c);
    }
}
