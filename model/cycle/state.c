/* The state words of docs/microarchitecture.md section 17, made from the registers on demand. */
#include <stddef.h>

#include "mmu_state.h"
#include "state_index.h"

enum { SEL_REGISTERS, SEL_ITLB, SEL_DTLB, SEL_STLB, SEL_PSC, SEL_REPL, SEL_QUEUE, SEL_WALKERS, SEL_PIPE, SEL_FILL };

static bool registers(const struct mmu *m, unsigned idx, uint64_t w[2])
{
    const struct registers *r = &m->regs;
    switch (idx) {
    case 0:
        w[0] = r->cr3;
        w[1] = (uint64_t)r->wp | (uint64_t)r->pge << 1 | (uint64_t)r->la57 << 2 | (uint64_t)r->pcide << 3 |
               (uint64_t)r->nxe << 4 | (uint64_t)r->smep << 5 | (uint64_t)r->smap << 6 | (uint64_t)r->pke << 7 |
               (uint64_t)r->pks << 8 | (uint64_t)r->cet << 9 | (uint64_t)r->lam_sup << 10 | (uint64_t)r->cd << 11 |
               (uint64_t)r->pse << 12 | (uint64_t)r->tce << 13;
        return true;
    case 1:
        w[0] = m->ctl.state | (uint64_t)m->ctl.op << 4 | (uint64_t)m->ctl.j << 8 | (uint64_t)m->ctl.gp << 24;
        w[1] = m->ctl.data;
        return true;
    case 2:
        w[0] = m->q.rr_issue | (uint64_t)m->q.rr_walk << 8 | (uint64_t)m->arb.rr_mem << 16 |
               (uint64_t)m->arb.hold << 24 | (uint64_t)m->arb.hold_w << 28;
        return true;
    case 3:
        w[0] = r->pkru | (uint64_t)r->pkrs << 32;
        w[1] = r->pat;
        return true;
    case 4:
        w[0] = m->ctl.desc;
        return true;
    default:
        return false;
    }
}

/* The arrays of a structure: 0 ITLB, 1 DTLB, 2 STLB, 3 PSC. NULL if `array` names none. */
static const struct tlb_array *array_of(const struct mmu *m, unsigned structure, unsigned array)
{
    static const unsigned most[] = {L1_ARRAYS_MAX, L1_ARRAYS_MAX, STLB_ARRAYS_MAX, PSC_ARRAYS_MAX};
    const struct tlb_array *first[] = {m->itlb.array, m->dtlb.array, m->stlb, m->psc};
    if (array >= most[structure] || first[structure][array].g.ways == 0)
        return NULL;
    return &first[structure][array];
}

static bool cached_entry(const struct mmu *m, unsigned structure, unsigned idx, uint64_t w[2])
{
    const struct tlb_array *a = array_of(m, structure, idx >> 14);
    if (!a || state_entry_way(idx, a->g.ways) >= a->g.ways || state_entry_set(idx, a->g.ways) >= a->g.sets)
        return false;
    const unsigned at = state_entry_set(idx, a->g.ways) * a->g.ways + state_entry_way(idx, a->g.ways);
    w[0] = a->tag[at];
    w[1] = a->data[at];
    return true;
}

static bool replacement(const struct mmu *m, unsigned idx, uint64_t w[2])
{
    const struct tlb_array *a = array_of(m, idx >> 14, idx >> 12 & 3);
    const unsigned set = idx & 0xfff;
    if (!a || set >= a->g.sets)
        return false;
    w[0] = a->repl[set].w[0];
    w[1] = a->repl[set].w[1];
    return true;
}

static bool queue_entry(const struct mmu *m, unsigned idx, uint64_t w[2])
{
    if (idx >= QUEUE)
        return false;
    unsigned state = FREE;
    while (!(m->q.in[state] >> idx & 1))
        state++;
    if (state == FREE)
        return true;
    const struct queue_entry *e = &m->q.entry[idx];
    w[0] = state | (uint64_t)e->port << 4 | (uint64_t)e->id << 8 | (uint64_t)e->access << 16 |
           (uint64_t)e->confirm << 22 | (uint64_t)e->leader << 23 | (uint64_t)e->src << 29 | (uint64_t)e->kind << 31 |
           (uint64_t)e->err << 33 | (uint64_t)e->size << 40 | (uint64_t)e->pat << 42 | (uint64_t)e->mt << 45 |
           (uint64_t)e->step << 48;
    w[1] = state == DONE ? e->addr : e->va;
    return true;
}

static bool walker(const struct mmu *m, unsigned idx, uint64_t w[2])
{
    const unsigned n = idx / 2;
    if (n >= WALKERS)
        return false;
    unsigned state = W_IDLE;
    while (!(m->walkers.in[state] >> n & 1))
        state++;
    if (state == W_IDLE)
        return true;
    const struct walker *k = &m->walkers.w[n];
    if (idx % 2) {
        w[0] = k->v;
        return true;
    }
    w[0] = state | (uint64_t)(m->walkers.kill >> n & 1) << 3 | (uint64_t)k->level << 4 | (uint64_t)k->from_psc << 7 |
           (uint64_t)(k->rights & 7) << 8 | (uint64_t)k->entry << 11 | (uint64_t)k->tag << 17 |
           (uint64_t)k->outcome << 21 | (uint64_t)k->err << 23 | (uint64_t)(k->rights >> 3) << 30 |
           (uint64_t)k->table_pat << 31 | (uint64_t)k->old << 33;
    w[1] = k->addr;
    return true;
}

static bool stage(const struct mmu *m, unsigned i, uint64_t w[2])
{
    const struct pipeline *p = &m->pipe;
    if (i < 1 || i > STAGES)
        return false;
    const struct token t = p->ring[(p->phase - i) % 16u];
    if (p->lookup >> i & 1)
        w[0] = TOKEN_LOOKUP | (uint64_t)t.entry << 2;
    else if (p->finv >> i & 1)
        w[0] = TOKEN_FINV | (uint64_t)t.entry << 2 | (uint64_t)t.step << 8;
    else if (p->fill >> i & 1)
        w[0] = TOKEN_FILL;
    return true;
}

static bool fill(const struct mmu *m, unsigned idx, uint64_t w[2])
{
    if (idx > 1)
        return false;
    const struct cached c = idx ? m->pipe.fill_c : m->pipe.fill_r;
    w[0] = c.tag;
    w[1] = c.data;
    return true;
}

bool mmu_state(const struct mmu *m, unsigned sel, unsigned idx, uint64_t w[2])
{
    w[0] = w[1] = 0;
    if (idx > 0xffff)
        return false;
    switch (sel) {
    case SEL_REGISTERS:
        return registers(m, idx, w);
    case SEL_ITLB:
    case SEL_DTLB:
    case SEL_STLB:
    case SEL_PSC:
        return cached_entry(m, sel - SEL_ITLB, idx, w);
    case SEL_REPL:
        return replacement(m, idx, w);
    case SEL_QUEUE:
        return queue_entry(m, idx, w);
    case SEL_WALKERS:
        return walker(m, idx, w);
    case SEL_PIPE:
        return stage(m, idx, w);
    case SEL_FILL:
        return fill(m, idx, w);
    default:
        return false;
    }
}
