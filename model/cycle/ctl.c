#include "ctl.h"

#include "ctl_op.h"
#include "l1tlb.h"
#include "miss_queue.h"
#include "psc.h"
#include "stlb.h"

void ctl_reset(struct mmu *m)
{
    m->ctl = (struct ctl){.state = C_SWEEP, .what = INV_ALL, .reset = true};
}

void ctl_accept(struct mmu *m, unsigned op, uint64_t data, uint64_t desc)
{
    op &= 15;
    m->ctl = (struct ctl){.state = C_DRAIN, .op = (uint8_t)op, .data = data, .desc = ctl_op_has_desc(op) ? desc : 0};
    stlb_flush(&m->pipe);
    queue_restart(&m->q);
    m->walkers.kill = WALKERS_ALL & (uint16_t)~m->walkers.in[W_IDLE];
    m->counts.control_ops++;
}

static void execute(struct mmu *m)
{
    struct ctl *c = &m->ctl;
    const struct ctl_effect effect = ctl_op_execute(&m->regs, c->op, c->data, c->desc);
    c->gp = effect.gp;
    c->what = effect.what;
    c->pcid = effect.pcid;
    if (c->what == INV_NONE) {
        l1tlb_forget(m); /* the registers that judge a hit may have changed */
        c->state = C_DONE;
        return;
    }
    l1tlb_invalidate(m, c->what, c->data, c->pcid);
    psc_invalidate(m, c->what, c->data, c->pcid);
    c->state = C_SWEEP;
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
        execute(m);
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
