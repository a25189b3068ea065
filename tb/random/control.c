/* Control operations for random stimulus: when they come, and what they change.
 *
 * The pins hold one operation until it is done. Its registers count from the cycle in which it is taken; what its
 * invalidation must drop is struck out of the books in the same cycle, since no request is accepted until it is done
 * and every one in flight begins anew. */
#include "parts.h"

enum { WAIT_MOST = 300 }; /* cycles with the wrong number of levels */

void control_add(struct random *r, uint8_t op, uint64_t data, uint64_t desc)
{
    if (r->op_count < OPS_MOST)
        r->ops[(r->op_first + r->op_count++) % OPS_MOST] = (struct op){op, data, desc};
}

void control_start(struct random *r)
{
    control_add(r, CTL_MOV_CR0, CR0_PG | CR0_PE | CR0_WP, 0);
    control_add(r, CTL_WRMSR_EFER, EFER_LME | EFER_LMA | EFER_NXE, 0);
    control_add(r, CTL_MOV_CR4, CR4_PAE | CR4_PGE, 0);
    control_add(r, CTL_MOV_CR3, r->pml4[0], 0);
    r->quiet = true;
}

/* Now and then: begins an operation, or settles an edit. */
static void choose(struct random *r)
{
    if (r->op_count || r->ctl_taken)
        return;
    const struct pending *due = books_due(r);
    if (due) {
        ops_settle(r, due);
    } else if (r->d.cycle >= r->next_control && !r->finishing) {
        r->next_control = r->d.cycle + 1 + below(r, 2 * r->mood.control_gap);
        ops_any(r);
    }
}

void control_taken(struct random *r, const struct op *op)
{
    const struct oracle_regs before = r->regs;
    r->ctl_gp = !oracle_control(&r->regs, &r->cpu, op->op, op->data, op->desc);
    r->counts.control_ops[op->op]++;
    r->counts.control_gp[op->op] += r->ctl_gp;
    r->taken_at[++r->epoch % EPOCHS] = r->d.cycle;
    if (!r->ctl_gp)
        books_taken(r, &before, op);
    r->stacks_begin = r->regs.cr4 & ~before.cr4 & CR4_CET;
    count_control(r, op, &before);
    check_control(r);
}

static void done(struct random *r, const struct pins_out *out)
{
    const struct op *op = &r->ops[r->op_first];
    if (out->ctl_gp != r->ctl_gp) {
        char field[64];
        snprintf(field, sizeof field, "ctl_gp of %s 0x%llx", random_op_name(op->op), (unsigned long long)op->data);
        finding_numbers(&r->d.finding, FINDING_ORACLE, r->d.cycle, field, r->ctl_gp, out->ctl_gp);
        r->d.ended = true;
    }
    if (r->stacks_begin) { /* only now is D in memory at rest */
        edit_settle_dirty(r);
        check_again(r);
        r->stacks_begin = false;
    }
    r->op_first = (r->op_first + 1) % OPS_MOST;
    r->op_count--;
    r->ctl_taken = false;
    if (!r->op_count)
        r->quiet = r->switching = false;
    else if (r->switching && !r->quiet)
        r->wait_until = r->d.cycle + below(r, WAIT_MOST);
}

void control_pins(struct random *r, const struct pins_out *out)
{
    if (r->ctl_taken)
        r->d.in.ctl_valid = false; /* taken in the cycle before, at the latest */
    if (r->ctl_taken && out->ctl_done)
        done(r, out);
    choose(r);
    if (r->op_count && !r->ctl_taken && r->d.cycle >= r->wait_until &&
        (!r->quiet || (r->outstanding == 0 && r->d.in.req_valid == 0))) {
        r->d.in.ctl_valid = true;
        r->d.in.ctl_op = r->ops[r->op_first].op;
        r->d.in.ctl_data = r->ops[r->op_first].data;
        r->d.in.ctl_desc = r->ops[r->op_first].desc;
    }
}
