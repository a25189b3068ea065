/* Control operations for random stimulus: any of them at any time, and those that an edit makes necessary.
 *
 * Software's part is done as the SDM demands (5.10.4): a PCID is loaded without a flush only if all that may be cached under it
 * is still right; CR4.PCIDE is set only while CR3[11:0] = 0; an edit of a present entry is followed by an INVLPG or, where more than one page
 * is concerned, by a MOV CR3 or a change of CR4.PGE. What hardware then still uses of old entries is its fault. */
#include "random_parts.h"

static void add(struct random *r, uint8_t op, uint64_t data, bool settles)
{
    if (r->op_count < OPS_MOST)
        r->ops[(r->op_first + r->op_count++) % OPS_MOST] = (struct op){op, data, settles};
}

static unsigned present_pcid(const struct random *r)
{
    return r->regs.cr4 & R_PCIDE ? (unsigned)(r->regs.cr3 & 0xfff) : 0;
}

void control_start(struct random *r)
{
    for (unsigned i = 0; i < PCIDS; i++)
        r->bound[i] = -1;
    add(r, CTL_MOV_CR0, R_CR0 | R_WP, false);
    add(r, CTL_WRMSR_EFER, R_EFER | R_NXE, false);
    add(r, CTL_MOV_CR4, R_CR4 | R_PGE, false);
    add(r, CTL_MOV_CR3, r->pml4[0], false);
    r->quiet = true;
}

static void choose_cr3(struct random *r)
{
    const bool pcide = r->regs.cr4 & R_PCIDE;
    const unsigned pcid = pcide ? (unsigned)prng_below(&r->prng, PCIDS) : 0;
    const int root = chance(r, 80) ? (int)(pcid % ROOTS) : (int)prng_below(&r->prng, ROOTS);
    const bool may_keep = pcide && !r->stale[pcid] && (r->bound[pcid] == root || r->bound[pcid] < 0);
    const uint64_t keep = may_keep && chance(r, 70) ? UINT64_C(1) << 63 : 0;
    add(r, CTL_MOV_CR3, tables_cr3(r, root) | pcid | keep, false);
}

static void choose_cr4(struct random *r)
{
    uint64_t cr4 = r->regs.cr4;
    if (CFG_ARCH_PCID && chance(r, 50)) {
        if ((cr4 & R_PCIDE) || (r->regs.cr3 & 0xfff) == 0)
            cr4 ^= R_PCIDE;
    } else if (chance(r, 60)) {
        cr4 ^= R_PGE;
    }
    add(r, CTL_MOV_CR4, cr4, false);
}

/* 57-bit paging on or off: with nothing in flight, and with the root that fits loaded before anything goes on. */
static void choose_la57(struct random *r)
{
    const uint64_t cr4 = r->regs.cr4 ^ R_LA57;
    r->quiet = true;
    add(r, CTL_MOV_CR4, cr4, false);
    add(r, CTL_MOV_CR3, (cr4 & R_LA57 ? r->pml5 : r->pml4)[r->root] | present_pcid(r), false);
}

static void choose_any(struct random *r)
{
    const uint64_t kind = prng_below(&r->prng, 100);
    if (kind < 15)
        add(r, CTL_MOV_CR0, r->regs.cr0 ^ R_WP, false);
    else if (!(r->regs.efer & R_NXE) || kind < 19)
        add(r, CTL_WRMSR_EFER, r->regs.efer ^ R_NXE, false);
    else if (kind < 50)
        add(r, CTL_INVLPG, tables_va(r), false);
    else if (r->pending.active) /* what follows would need more care with an edit under way */
        return;
    else if (CFG_ARCH_LA57 && kind < 52)
        choose_la57(r);
    else if (kind < 60)
        choose_cr4(r);
    else
        choose_cr3(r);
}

/* The invalidation that the pending edit needs. */
static void settle(struct random *r)
{
    const struct pending *p = &r->pending;
    const uint64_t pcid = present_pcid(r), root = tables_cr3(r, r->root);
    if (!p->whole && (p->place.globals || chance(r, 70)))
        add(r, CTL_INVLPG, p->place.va + prng_below(&r->prng, UINT64_C(1) << (12 + 9 * (p->place.level - 1))), true);
    else if (!p->place.globals && chance(r, 80))
        add(r, CTL_MOV_CR3, root | pcid, true);
    else
        add(r, CTL_MOV_CR4, r->regs.cr4 ^ R_PGE, true);
}

void control_choose(struct random *r)
{
    if (r->op_count || r->ctl_taken)
        return;
    if (r->pending.active && r->d.cycle >= r->settle_at) {
        settle(r);
    } else if (r->d.cycle >= r->next_control && !r->finishing) {
        r->next_control = r->d.cycle + 1 + prng_below(&r->prng, 2 * r->control_gap);
        choose_any(r);
    }
}

static void everything_dropped(struct random *r)
{
    for (unsigned i = 0; i < PCIDS; i++) {
        r->bound[i] = -1;
        r->stale[i] = false;
    }
}

/* SDM 3A 5.10.4.1, the software's side of it. Called when the operation is taken: nothing can be cached before it is done. */
void control_taken(struct random *r, const struct op *op)
{
    const struct oracle_regs before = r->regs;
    oracle_control(&r->regs, &r->cpu, op->op, op->data);
    if (op->op == CTL_MOV_CR3) {
        for (int root = 0; root < ROOTS; root++)
            if ((r->regs.cr3 & E_FRAME) == r->pml4[root] || (r->regs.cr3 & E_FRAME) == r->pml5[root])
                r->root = root;
        if (!(r->regs.cr4 & R_PCIDE) || !(op->data >> 63))
            r->stale[present_pcid(r)] = false;
    }
    /* A change of NXE need not drop anything (SDM); that this MMU does so is not relied upon. */
    const uint64_t cr4 = before.cr4 ^ r->regs.cr4;
    if ((cr4 & (R_PGE | R_LA57)) || (cr4 & before.cr4 & R_PCIDE))
        everything_dropped(r);
    r->bound[present_pcid(r)] = r->root;
}

void control_pins(struct random *r, const struct pins_out *out)
{
    if (r->ctl_taken)
        r->d.in.ctl_valid = false; /* taken in the cycle before, at the latest */
    if (r->ctl_taken && out->ctl_done) {
        const struct op *op = &r->ops[r->op_first];
        if (op->settles)
            r->pending.active = false;
        r->op_first = (r->op_first + 1) % OPS_MOST;
        r->op_count--;
        r->ctl_taken = false;
        r->changes++;
        if (!r->op_count)
            r->quiet = false;
    }
    control_choose(r);
    if (r->op_count && !r->ctl_taken && (!r->quiet || (r->outstanding == 0 && r->d.in.req_valid == 0))) {
        r->d.in.ctl_valid = true;
        r->d.in.ctl_op = r->ops[r->op_first].op;
        r->d.in.ctl_data = r->ops[r->op_first].data;
    }
}
