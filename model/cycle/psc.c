#include "psc.h"

static inline bool probe(struct mmu *m, unsigned array, struct geometry g, unsigned level, uint64_t va,
                         struct psc_hit *hit, struct edge *e)
{
    struct tlb_array *a = &m->psc[array];
    if (!(g.holds >> (level - 2) & 1) || a->held[level - 2] == 0)
        return false;
    const int way = tlb_find(a, g, 0, psc_tag(level, m->regs.pcid, va));
    if (way < 0)
        return false;
    *hit = (struct psc_hit){level, a->data[way]};
    e->psc_touch.set = &a->repl[0];
    e->psc_touch.value = tlb_touched(a, g.lru, 0, (unsigned)way);
    return true;
}

struct psc_hit psc_lookup(struct mmu *m, uint64_t va, struct edge *e)
{
    struct psc_hit hit = {0, 0};
    for (unsigned level = 2; level <= 5; level++)
        if (probe(m, 0, PSC_0, level, va, &hit, e) || probe(m, 1, PSC_1, level, va, &hit, e) ||
            probe(m, 2, PSC_2, level, va, &hit, e) || probe(m, 3, PSC_3, level, va, &hit, e))
            break;
    return hit;
}

struct tlb_plan psc_plan_fill(struct mmu *m, unsigned level, struct cached entry)
{
    for (unsigned n = 0; n < PSC_ARRAYS_MAX; n++)
        if (m->psc[n].g.holds >> (level - 2) & 1)
            return tlb_plan_fill(&m->psc[n], 0, entry, false);
    return (struct tlb_plan){0};
}

void psc_drop_address(struct mmu *m, uint64_t va, unsigned pcid)
{
    for (unsigned n = 0; n < PSC_ARRAYS_MAX; n++)
        for (unsigned level = 2; level <= 5; level++)
            if (m->psc[n].g.holds >> (level - 2) & 1)
                tlb_drop_page(&m->psc[n], 0, INV_TARGET, psc_tag(level, pcid, va));
}

static void drop_all(struct mmu *m, enum invalidation what, unsigned pcid)
{
    for (unsigned n = 0; n < PSC_ARRAYS_MAX; n++)
        if (m->psc[n].g.ways)
            tlb_drop_set(&m->psc[n], 0, what, pcid);
}

void psc_invalidate(struct mmu *m, enum invalidation what, uint64_t va, unsigned pcid)
{
    switch (what) {
    case INV_NONE:
        break;
    case INV_ADDRESS:
    case INV_TARGET:
        /* APM vol 2, 3.1.7: with EFER.TCE = 0 these drop every upper-level entry, with TCE = 1 those on the way to the
         * address. SDM 3A 5.10.4.1: INVLPG drops those of the current PCID, whatever their address; INVPCID those on
         * the way. */
        if (CFG_ARCH_AMD && !m->regs.tce)
            drop_all(m, INV_ALL, 0);
        else if (CFG_ARCH_AMD || what == INV_TARGET)
            psc_drop_address(m, va, pcid);
        else
            drop_all(m, INV_CONTEXT, pcid);
        break;
    case INV_NONGLOBAL:
    case INV_CONTEXT: /* the entries of one PCID; none of the PSC is global */
        drop_all(m, INV_CONTEXT, pcid);
        break;
    case INV_ALL_NONGLOBAL:
    case INV_ALL:
        drop_all(m, INV_ALL, 0);
        break;
    }
}
