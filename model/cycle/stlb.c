#include "stlb.h"

#include "miss_queue.h"

enum { STAGE_C = STAGES, STAGE_R = STAGES - 1, STAGE_BEFORE_R = STAGES - 2 };

/* ---- lookup ---- */

struct found {
    struct tlb_array *array; /* NULL: no match */
    unsigned set;
    unsigned at;
};

static inline bool probe(struct mmu *m, unsigned array, struct geometry g, unsigned size, uint64_t va, struct found *f)
{
    struct tlb_array *a = &m->stlb[array];
    if (!(g.holds >> size & 1) || a->held[size] == 0 || !tlb_is_place(STLB_0, STLB_1, array, size, va))
        return false;
    const unsigned set = tlb_set(g, size, va);
    const int at = tlb_find(a, g, set, tlb_tag(size, m->regs.pcid, va));
    if (at < 0)
        return false;
    *f = (struct found){a, set, (unsigned)at};
    return true;
}

/* Section 4: the smallest size wins. */
static struct found find(struct mmu *m, uint64_t va)
{
    struct found f = {0};
    for (unsigned size = SIZE_4K; size <= SIZE_1G; size++)
        if (probe(m, 0, STLB_0, size, va, &f) || probe(m, 1, STLB_1, size, va, &f))
            break;
    return f;
}

/* ---- what a token does in stage C ---- */

static void act_lookup(struct mmu *m, unsigned n, struct edge *e)
{
    struct queue_entry *entry = &m->q.entry[n];
    const struct found f = find(m, entry->va);
    if (!f.array) {
        entry->confirm = false;
        queue_move(&m->q, n, SLK, NWALK);
        m->counts.stlb_miss++;
        return;
    }
    const struct cached c = {f.array->tag[f.at], f.array->data[f.at]};
    if (!has_access(entry_allows(c.data, &m->regs), entry->access)) {
        m->counts.stlb_miss++;
        if (CFG_POLICY_FAULT_REWALK) {
            entry->confirm = true;
            queue_move(&m->q, n, SLK, NWALK);
        } else {
            queue_fault(m, n, SLK, error_code_of_entry(c.data, entry->access, &m->regs), SRC_STLB);
        }
    } else if (!has_access(without_update(c.data), entry->access)) {
        entry->confirm = false;
        queue_move(&m->q, n, SLK, NWALK);
        m->counts.stlb_miss++;
    } else {
        f.array->repl[f.set] = tlb_touched(f.array, STLB_0.lru, f.set, f.at - f.set * f.array->g.ways);
        queue_complete(m, n, SLK, c, SRC_STLB, e);
        m->counts.stlb_hit++;
    }
}

static void drop_size(struct mmu *m, unsigned size, enum invalidation what, uint64_t va, unsigned pcid)
{
    for (unsigned n = 0; n < STLB_ARRAYS_MAX; n++)
        if (m->stlb[n].g.holds >> size & 1)
            tlb_drop_page(&m->stlb[n], tlb_set(m->stlb[n].g, size, va), what, tlb_tag(size, pcid, va));
}

/* SDM 3A 5.10.4.1: a page fault invalidates what is cached for its address. */
static void act_finv(struct mmu *m, struct token t, struct edge *e)
{
    const uint64_t va = m->q.entry[t.entry].va;
    drop_size(m, t.step, INV_ADDRESS, va, m->regs.pcid);
    if (t.step == 2) {
        e->fault_drop = true;
        e->fault_va = va;
        queue_fault_done(m, t.entry);
    }
}

static void act_fill(struct mmu *m, struct cached c)
{
    const unsigned size = tag_size(c.tag);
    const uint64_t va = (c.tag & BITS(60, 16)) >> 4;
    for (unsigned n = 0; n < STLB_ARRAYS_MAX; n++)
        if ((m->stlb[n].g.holds >> size & 1) && tlb_is_place(STLB_0, STLB_1, n, size, va)) {
            const struct tlb_plan plan = tlb_plan_fill(&m->stlb[n], tlb_set(m->stlb[n].g, size, va), c, false);
            tlb_write(&plan); /* nothing else reads or writes the STLB in this cycle */
            return;
        }
}

void stlb_act(struct mmu *m, struct edge *e)
{
    struct pipeline *p = &m->pipe;
    const struct token t = p->ring[(p->phase - STAGE_C) % 16u];
    if (p->lookup >> STAGE_C & 1)
        act_lookup(m, t.entry, e);
    else if (p->finv >> STAGE_C & 1)
        act_finv(m, t, e);
    else if (p->fill >> STAGE_C & 1)
        act_fill(m, p->fill_c);
}

/* ---- the pipeline ---- */

void stlb_issue(struct mmu *m)
{
    struct miss_queue *q = &m->q;
    struct pipeline *p = &m->pipe;
    struct token *token = &p->ring[p->phase % 16u];
    if (q->in[FINV]) {
        const unsigned n = (unsigned)__builtin_ctzll(q->in[FINV]);
        *token = (struct token){(uint8_t)n, q->entry[n].step};
        p->finv |= 1;
        if (q->entry[n].step < 2)
            q->entry[n].step++;
        else
            queue_move(q, n, FINV, FINVW);
    } else if (q->in[PEND]) {
        const unsigned n = round_robin(q->in[PEND], q->rr_issue);
        *token = (struct token){(uint8_t)n, 0};
        p->lookup |= 1;
        q->rr_issue = (uint8_t)((n + 1) % QUEUE);
        queue_move(q, n, PEND, SLK);
    }
}

bool stlb_can_fill(const struct pipeline *p)
{
    const uint32_t any = p->lookup | p->finv | p->fill;
    return !(p->lookup >> STAGE_C & 1) && !(any >> STAGE_BEFORE_R & 1);
}

void stlb_enter_fill(struct pipeline *p, struct cached entry)
{
    p->fill |= 1u << STAGE_BEFORE_R; /* the edge moves it into R */
    p->fill_in = entry;
}

void stlb_shift(struct pipeline *p)
{
    const uint32_t stages = (2u << STAGES) - 2;
    p->lookup = p->lookup << 1 & stages;
    p->finv = p->finv << 1 & stages;
    if (p->fill) {
        p->fill = p->fill << 1 & stages;
        p->fill_c = p->fill >> STAGE_C & 1 ? p->fill_r : (struct cached){0, 0};
        p->fill_r = p->fill >> STAGE_R & 1 ? p->fill_in : (struct cached){0, 0};
    }
    p->phase++;
}

void stlb_flush(struct pipeline *p)
{
    p->lookup = p->finv = p->fill = 0;
    p->fill_r = p->fill_c = (struct cached){0, 0};
}

void stlb_squash(struct pipeline *p, uint64_t entries)
{
    for (uint32_t left = p->lookup | p->finv; left; left &= left - 1) {
        const unsigned stage = (unsigned)__builtin_ctz(left);
        if (entries >> p->ring[(p->phase - stage) % 16u].entry & 1) {
            p->lookup &= ~(1u << stage);
            p->finv &= ~(1u << stage);
        }
    }
}

/* ---- control operations ---- */

unsigned stlb_sweep_steps(enum invalidation what)
{
    const unsigned most_sets = CFG_STLB_A0_SETS > CFG_STLB_A1_SETS ? CFG_STLB_A0_SETS : CFG_STLB_A1_SETS;
    return is_of_address(what) ? 3 : most_sets;
}

void stlb_sweep(struct mmu *m, unsigned step)
{
    const struct ctl *c = &m->ctl;
    if (is_of_address(c->what)) {
        drop_size(m, step, c->what, c->data, c->pcid);
        return;
    }
    for (unsigned n = 0; n < STLB_ARRAYS_MAX; n++) {
        struct tlb_array *a = &m->stlb[n];
        if (step >= a->g.sets)
            continue;
        if (c->reset)
            tlb_reset_set(a, step);
        else
            tlb_drop_set(a, step, c->what, c->pcid);
    }
}
