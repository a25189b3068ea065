/* Plain counts: see serial.h. */
#include "serial.h"

#include <inttypes.h>
#include <stdio.h>

#include "arch/rules_address.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "quick.h"
#include "traces/format/check.h"

enum { GLOBAL = 1 << 8 }; /* of a leaf */

struct serial_leaf serial_leaf(const struct memory *m, const struct oracle_access *access)
{
    struct oracle_result r;
    oracle_translate(m->pm, IMAGE_HW, &m->cpu, &m->regs, access, &r);
    const uint64_t leaf = r.steps ? r.step[r.steps - 1].value : 0;
    return (struct serial_leaf){leaf & GLOBAL, leaf & ENTRY_D || m->setup->serial.map_first};
}

void serial_count(struct memory *m, const struct trace_rec *rec, unsigned size)
{
    const struct oracle_access access = recorded_oracle_access(rec);
    const unsigned side = rec->kind == TRACE_FETCH ? SERIAL_FETCH : SERIAL_DATA;
    uint64_t va; /* masked */
    if (!linear_address(&m->regs, &access, &va) &&
        !serial_tlbs_look_up(m->tlbs, side, va, size, rec->kind == TRACE_STORE)) {
        const struct serial_leaf leaf = serial_leaf(m, &access);
        serial_tlbs_fill(m->tlbs, side, va, size, leaf.global, leaf.dirty);
    }
}

/* ---- Traces with their own tables ---- */

static void own_access(struct memory *m, const struct trace_rec *rec)
{
    const struct oracle_access access = recorded_oracle_access(rec);
    const uint64_t key = memo_key(rec->va, access.acc, rec->flags);
    const struct memo_entry *entry = memo_slot(&m->memo, key);
    struct oracle_result r;
    m->accesses++;
    m->by_kind[rec->kind]++;
    if (m->quick && quick_again(m, rec->kind, key))
        return;
    if (entry->key == key && entry->stamp == m->stamp) {
        memory_count(m, rec, key, entry->size);
        return;
    }
    m->walks++;
    oracle_translate(m->pm, IMAGE_HW, &m->cpu, &m->regs, &access, &r);
    if (r.kind == KIND_OK) {
        memory_remember(m, key, &r);
        memory_count(m, rec, key, r.size);
    } else if (r.kind == KIND_PF) {
        m->own_pf++;
        serial_tlbs_miss(m->tlbs, rec->kind == TRACE_FETCH ? SERIAL_FETCH : SERIAL_DATA);
        if (!m->setup->serial.map_first)
            serial_tlbs_fault(m->tlbs, r.addr);
    } else {
        m->own_gp++;
    }
}

static bool own_control(struct memory *m, const struct trace_rec *rec, const struct trace_control *c)
{
    m->control_ops++;
    m->stamp++;
    if (!oracle_control(&m->regs, &m->cpu, c->op, c->data, c->desc))
        return rec->flags & TRACE_EXPECT && c->gp
                   ? true
                   : memory_fail_here(m, STATUS_UNFIT,
                                      "the operation raises #GP(0) on this preset, and the trace does "
                                      "not say that it should");
    serial_tlbs_control(m->tlbs, c->op, c->data, c->desc, false);
    return true;
}

static bool own_poke(struct memory *m, const struct trace_poke *poke)
{
    m->stamp++;
    if (poke->pa >> m->cpu.paddr_bits)
        return memory_fail_here(m, STATUS_UNFIT, "the trace needs wider physical addresses than this preset has");
    return physmem_write(m->pm, poke->pa, poke->value) ||
           memory_fail_here(m, STATUS_HOST, "the host has no memory left for page tables");
}

static bool own_record(struct memory *m, const struct trace_rec *rec)
{
    const struct trace_extra *extra = trace_extra(m->trace, rec);
    const char *misplaced = check_place(true, rec->kind);
    if (misplaced)
        return memory_fail_here(m, STATUS_INPUT, misplaced);
    switch (rec->kind) {
    case TRACE_CONTROL:
        return own_control(m, rec, &extra->control);
    case TRACE_POKE:
        return own_poke(m, &extra->poke);
    case TRACE_CASE:
        return memory_fail_here(m, STATUS_INPUT,
                                "the trace is a set of directed cases; run it with `twinwalk vectors`");
    default: /* what must be in memory, or must fail, is nothing to count */
        return true;
    }
}

bool serial_own(struct memory *m)
{
    const struct trace_rec *rec;
    size_t count;
    int got = 1;
    while (!interrupt_count && m->accesses < m->setup->limit && (got = trace_next(m->trace, &rec, &count)) == 1)
        for (; count && m->accesses < m->setup->limit; rec++, count--, m->records++) {
            if (rec->kind <= TRACE_STORE)
                own_access(m, rec);
            else if (!own_record(m, rec))
                return false;
        }
    if (got < 0)
        return memory_fail_reading(m);
    return m->accesses || interrupt_count ||
           memory_fail(m, STATUS_INCOMPLETE, "the trace has no access, so nothing was counted");
}

int serial_run(const struct setup *o)
{
    return memory_replay(o, true);
}
