/* Plain counts, quicker: see quick.h. */
#include "quick.h"

#include <stdlib.h>

#include "arch/rules_address.h"
#include "serial.h"

struct quick *quick_new(struct serial_tlbs *tlbs, bool stacks)
{
    struct quick *q = calloc(1, sizeof *q);
    if (!q)
        return NULL;
    if (stacks && !serial_tlbs_stack(tlbs)) {
        free(q);
        return NULL;
    }
    q->counts = serial_tlbs_counts(tlbs);
    q->stacks = stacks;
    for (unsigned side = 0; side < SERIAL_SIDES; side++)
        q->last[side].key = UINT64_MAX;
    return q;
}

/* The page's entry for the stacks, as serial.c fills it. */
struct walked {
    struct memory *m;
    const struct oracle_access *access;
    uint64_t tag;
};

static struct stacks_entry entry_now(const void *context)
{
    const struct walked *w = context;
    const struct serial_leaf leaf = serial_leaf(w->m, w->access);
    return (struct stacks_entry){serial_tlbs_entry(w->m->tlbs, w->tag, leaf.global), leaf.dirty};
}

void quick_count(struct memory *m, const struct trace_rec *rec, uint64_t key, unsigned size)
{
    const unsigned side = rec->kind == TRACE_FETCH ? SERIAL_FETCH : SERIAL_DATA;
    struct quick *q = m->quick;
    struct quick_place *slot = &q->slot[memo_slot(&m->memo, key) - m->memo.entry];
    const bool there = slot->place.array && quick_is_there(slot, key, m->stamp);
    const uint64_t missed = q->counts->l1_miss[side];
    if (there)
        serial_tlbs_hit(q->counts, side, &slot->place);
    else
        serial_count(m, rec, size);
    if (q->stacks || !there) {
        const struct oracle_access access = recorded_oracle_access(rec);
        uint64_t va; /* masked */
        if (linear_address(&m->regs, &access, &va))
            return;
        if (q->stacks) {
            const struct walked w = {m, &access, serial_tlbs_tag(m->tlbs, va, size)};
            const bool write = rec->kind == TRACE_STORE;
            stacks_access(serial_tlbs_stacks(m->tlbs, side), w.tag, va, write, entry_now, &w);
            if (q->counts->l1_miss[side] != missed)
                stacks_access(serial_tlbs_stacks(m->tlbs, SERIAL_STLB), w.tag, va, write, entry_now, &w);
        }
        if (!there) {
            const struct serial_place place = serial_tlbs_place(m->tlbs, side, va, size);
            *slot = (struct quick_place){key, m->stamp, place.array ? place.array->tag[place.at] : 0, place};
        }
    }
    q->last[side] = *slot;
    if (!slot->place.array)
        q->last[side].key = UINT64_MAX;
}
