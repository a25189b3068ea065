#include "ctl.h"

#include "l1tlb.h"
#include "miss_queue.h"
#include "psc.h"
#include "stlb.h"

/* Bits of the source operands (SDM 3A 2.5, 2.2.1). */
#define CR0_WP BITS(16, 16)
#define CR3_KEEP BITS(63, 63)
#define CR4_PGE BITS(7, 7)
#define CR4_LA57 BITS(12, 12)
#define CR4_PCIDE BITS(17, 17)
#define EFER_NXE BITS(11, 11)

void ctl_reset(struct mmu *m)
{
    m->ctl = (struct ctl){.state = C_SWEEP, .what = INV_ALL, .reset = true};
}

void ctl_accept(struct mmu *m, unsigned op, uint64_t data)
{
    m->ctl = (struct ctl){.state = C_DRAIN, .op = op & 15, .data = data};
    stlb_squash(&m->pipe);
    queue_restart(&m->q);
    m->walkers.kill = WALKERS_ALL & (uint16_t)~m->walkers.in[W_IDLE];
    m->counts.control_ops++;
}

/* Writes the registers; returns what has to be invalidated (SDM 3A 5.10.4.1). */
static enum invalidation write_registers(struct mmu *m)
{
    struct registers *r = &m->regs;
    struct ctl *c = &m->ctl;
    const struct registers before = *r;
    switch (c->op) {
    case CTL_MOV_CR0:
        r->wp = c->data & CR0_WP;
        return INV_NONE;
    case CTL_MOV_CR3:
        r->cr3 = c->data & BITS(CFG_ARCH_PADDR_BITS - 1, 0);
        r->pcid = r->pcide ? r->cr3 & 0xfff : 0;
        c->pcid = r->pcid;
        return r->pcide && (c->data & CR3_KEEP) ? INV_NONE : INV_NONGLOBAL;
    case CTL_MOV_CR4:
        r->pge = c->data & CR4_PGE;
        r->la57 = CFG_ARCH_LA57 && (c->data & CR4_LA57);
        r->pcide = CFG_ARCH_PCID && (c->data & CR4_PCIDE);
        r->pcid = r->pcide ? r->cr3 & 0xfff : 0;
        return r->pge != before.pge || r->la57 != before.la57 || (before.pcide && !r->pcide) ? INV_ALL : INV_NONE;
    case CTL_WRMSR_EFER:
        r->nxe = c->data & EFER_NXE;
        return r->nxe != before.nxe ? INV_ALL : INV_NONE;
    case CTL_INVLPG:
        return is_canonical(c->data, r->la57) ? INV_ADDRESS : INV_NONE;
    default:
        return INV_NONE;
    }
}

static void invalidate_l1_and_psc(struct mmu *m)
{
    switch (m->ctl.what) {
    case INV_NONE:
        break;
    case INV_ADDRESS: /* SDM 3A 5.10.4.1: INVLPG drops the PSC entries of the current PCID whatever their address */
        l1tlb_drop_address(m, m->ctl.data, m->regs.pcid);
        psc_drop_pcid(m, m->regs.pcid);
        break;
    case INV_NONGLOBAL:
        l1tlb_drop_nonglobal(m, m->ctl.pcid);
        psc_drop_pcid(m, m->ctl.pcid);
        break;
    case INV_ALL:
        l1tlb_drop_all(m);
        psc_drop_all(m);
        break;
    }
}

void ctl_step(struct mmu *m, bool quiet)
{
    struct ctl *c = &m->ctl;
    switch (c->state) {
    case C_DRAIN:
        if (quiet)
            c->state = C_EXEC;
        break;
    case C_EXEC:
        c->what = write_registers(m);
        l1tlb_forget(m);
        invalidate_l1_and_psc(m);
        c->state = c->what == INV_NONE ? C_DONE : C_SWEEP;
        break;
    case C_SWEEP:
        if (c->j >= 1)
            stlb_sweep(m, c->j - 1u);
        if (c->j == stlb_sweep_steps(c->what)) {
            c->state = C_DONE;
            c->j = 0;
        } else {
            c->j++;
        }
        break;
    case C_DONE:
        *c = (struct ctl){.state = C_IDLE};
        break;
    }
}
