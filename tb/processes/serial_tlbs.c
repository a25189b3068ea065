/* TLBs without a clock: see serial_tlbs.h. */
#include "serial_tlbs.h"

#include <stdlib.h>

#include "cycle/ctl_op.h"

struct serial_tlbs {
    struct tlb_array l1[SERIAL_SIDES][L1_ARRAYS_MAX], stlb[STLB_ARRAYS_MAX];
    struct registers regs;
    struct serial_counts counts;
    struct stacks *stack[SERIAL_STACKS];
};

_Static_assert((int)SHAPES_L1 == L1_ARRAYS_MAX && (int)SHAPES_STLB == STLB_ARRAYS_MAX, "every array has a shape");
_Static_assert((int)SERIAL_PLRU_WAYS_MOST == TLB_PLRU_WAYS_MAX, "what the arrays can keep");

static struct tlb_shape shape_of(struct geometry g)
{
    return (struct tlb_shape){g.holds, g.sets, g.ways, g.lru};
}

struct tlb_shapes serial_tlbs_preset(void)
{
    return (struct tlb_shapes){{shape_of(ITLB_0), shape_of(ITLB_1), shape_of(ITLB_2)},
                               {shape_of(DTLB_0), shape_of(DTLB_1), shape_of(DTLB_2)},
                               {shape_of(STLB_0), shape_of(STLB_1)}};
}

static bool make(struct tlb_array *a, const struct tlb_shape *shape, unsigned arrays)
{
    bool good = true;
    for (unsigned n = 0; n < arrays; n++) {
        good &= tlb_new(&a[n], (struct geometry){shape[n].holds, shape[n].sets, shape[n].ways, shape[n].lru});
        if (good)
            tlb_reset(&a[n]);
    }
    return good;
}

struct serial_tlbs *serial_tlbs_new(const struct tlb_shapes *shapes)
{
    struct serial_tlbs *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->regs.pat = PAT_AT_RESET;
    registers_derive(&t->regs);
    bool good = make(t->l1[SERIAL_FETCH], shapes->itlb, L1_ARRAYS_MAX);
    good &= make(t->l1[SERIAL_DATA], shapes->dtlb, L1_ARRAYS_MAX);
    good &= make(t->stlb, shapes->stlb, STLB_ARRAYS_MAX);
    if (good)
        return t;
    serial_tlbs_free(t);
    return NULL;
}

void serial_tlbs_free(struct serial_tlbs *t)
{
    for (unsigned side = 0; side < SERIAL_SIDES; side++)
        for (unsigned n = 0; n < L1_ARRAYS_MAX; n++)
            tlb_free(&t->l1[side][n]);
    for (unsigned n = 0; n < STLB_ARRAYS_MAX; n++)
        tlb_free(&t->stlb[n]);
    for (unsigned which = 0; which < SERIAL_STACKS; which++)
        stacks_free(t->stack[which]);
    free(t);
}

/* The array that holds the page of `size` at va; NULL: none does. */
static struct tlb_array *l1_of(struct serial_tlbs *t, unsigned side, unsigned size)
{
    for (unsigned n = 0; n < L1_ARRAYS_MAX; n++)
        if (t->l1[side][n].g.holds >> size & 1)
            return &t->l1[side][n];
    return NULL;
}

static struct tlb_array *stlb_of(struct serial_tlbs *t, unsigned size, uint64_t va)
{
    for (unsigned n = 0; n < STLB_ARRAYS_MAX; n++)
        if (t->stlb[n].g.holds >> size & 1 && tlb_is_place(t->stlb[0].g, t->stlb[1].g, n, size, va))
            return &t->stlb[n];
    return NULL;
}

/* Finds and touches the entry; -1: there is none that serves. */
static int use(struct tlb_array *a, uint64_t va, unsigned size, unsigned pcid, bool write)
{
    if (!a)
        return -1;
    const unsigned set = tlb_set(a->g, size, va);
    const int at = tlb_find(a, a->g, set, tlb_tag(size, pcid, va));
    if (at < 0 || (write && !(a->data[at] & DATA_D)))
        return -1;
    tlb_touch(a, set, (unsigned)at - set * a->g.ways);
    return at;
}

static void fill(struct tlb_array *a, uint64_t va, unsigned size, struct cached entry, bool across)
{
    if (!a)
        return;
    const struct tlb_plan plan = tlb_plan_fill(a, tlb_set(a->g, size, va), entry, across);
    tlb_write(&plan);
}

bool serial_tlbs_look_up(struct serial_tlbs *t, unsigned side, uint64_t va, unsigned size, bool write)
{
    struct tlb_array *l1 = l1_of(t, side, size), *stlb = stlb_of(t, size, va);
    if (use(l1, va, size, t->regs.pcid, write) >= 0) {
        t->counts.l1_hit[side]++;
        return true;
    }
    t->counts.l1_miss[side]++;
    const int at = use(stlb, va, size, t->regs.pcid, write);
    if (at < 0) {
        t->counts.stlb_miss++;
        return false;
    }
    t->counts.stlb_hit++;
    const struct cached found = {stlb->tag[at], stlb->data[at]}; /* with the PCID of now, as section 4 has it */
    fill(l1, va, size, (struct cached){tlb_tag(size, t->regs.pcid, va) | (found.tag & TAG_GLOBAL), found.data}, true);
    return true;
}

void serial_tlbs_fill(struct serial_tlbs *t, unsigned side, uint64_t va, unsigned size, bool global, bool dirty)
{
    const struct cached entry = {serial_tlbs_entry(t, serial_tlbs_tag(t, va, size), global), dirty ? DATA_D : 0};
    fill(stlb_of(t, size, va), va, size, entry, false);
    fill(l1_of(t, side, size), va, size, entry, true);
}

void serial_tlbs_miss(struct serial_tlbs *t, unsigned side)
{
    t->counts.l1_miss[side]++;
    t->counts.stlb_miss++;
    if (t->stack[side]) {
        stacks_miss(t->stack[side]);
        stacks_miss(t->stack[SERIAL_STLB]);
    }
}

static void invalidate(struct serial_tlbs *t, enum invalidation what, uint64_t va, unsigned pcid)
{
    for (unsigned side = 0; side < SERIAL_SIDES; side++)
        for (unsigned n = 0; n < L1_ARRAYS_MAX; n++)
            tlb_invalidate(&t->l1[side][n], what, va, pcid);
    for (unsigned n = 0; n < STLB_ARRAYS_MAX; n++)
        tlb_invalidate(&t->stlb[n], what, va, pcid);
    for (unsigned which = 0; which < SERIAL_STACKS && t->stack[which]; which++)
        stacks_invalidate(t->stack[which], what, va, pcid);
}

void serial_tlbs_control(struct serial_tlbs *t, uint8_t op, uint64_t data, uint64_t desc, bool pages_stay)
{
    const struct ctl_effect effect = ctl_op_execute(&t->regs, op, data, desc);
    if (effect.what != INV_NONE && !(pages_stay && is_of_address(effect.what)))
        invalidate(t, effect.what, data, effect.pcid);
}

void serial_tlbs_fault(struct serial_tlbs *t, uint64_t va)
{
    invalidate(t, INV_ADDRESS, va, t->regs.pcid);
}

struct serial_counts *serial_tlbs_counts(struct serial_tlbs *t)
{
    return &t->counts;
}

bool serial_tlbs_stack(struct serial_tlbs *t)
{
    bool good = true;
    for (unsigned which = 0; which < SERIAL_STACKS; which++)
        good &= (t->stack[which] = stacks_new()) != NULL;
    return good;
}

struct stacks *serial_tlbs_stacks(const struct serial_tlbs *t, unsigned which)
{
    return t->stack[which];
}

struct serial_place serial_tlbs_place(struct serial_tlbs *t, unsigned side, uint64_t va, unsigned size)
{
    struct tlb_array *a = l1_of(t, side, size);
    if (!a)
        return (struct serial_place){0};
    const unsigned set = tlb_set(a->g, size, va);
    const int at = tlb_find(a, a->g, set, tlb_tag(size, t->regs.pcid, va));
    if (at < 0)
        return (struct serial_place){0};
    return (struct serial_place){a, (unsigned)at, set, (unsigned)at - set * a->g.ways};
}

uint64_t serial_tlbs_tag(const struct serial_tlbs *t, uint64_t va, unsigned size)
{
    return tlb_tag(size, t->regs.pcid, va);
}

uint64_t serial_tlbs_entry(const struct serial_tlbs *t, uint64_t tag, bool global)
{
    return tag | (global && t->regs.pge ? TAG_GLOBAL : 0);
}
