/* One cell of the matrix on a device whose clock is its own; see matrix.h.
 *
 *     fill ─► switch ─► request ─► some cycles later: change tables, offer the operation ─► done ─► all answered ─► ask
 *
 * Nothing is looked at but the pins. What the operation must drop is in no answer from then on; for what it may leave,
 * and for what was answered before it was done, old and new tables, and old and new registers, are both right: the
 * books of what may be stale, for the one entry that software changes. */
#include "matrix/ground.h"

enum { FLIGHTS_MOST = 2, NEVER = -1 };

struct paced {
    struct run run;
    unsigned requests;               /* in flight, in all */
    int offered;                     /* which of them waits at its port; NEVER: none */
    unsigned begun;                  /* that were offered */
    uint64_t accepted[FLIGHTS_MOST]; /* cycles */
    uint64_t answered[FLIGHTS_MOST];
    uint64_t taken, done; /* the operation: cycles in which it was accepted and done */
};

static void offer_next(struct paced *p)
{
    const struct oracle_access access = ground_flight(&p->run);
    if (p->begun == p->requests || p->offered != NEVER)
        return;
    rig_offer(p->run.r, &access, (uint8_t)(FLIGHT_ID + p->begun));
    p->offered = (int)p->begun++;
}

/* One clock; the requests in flight are followed. */
static bool clock(struct paced *p)
{
    struct rig *r = p->run.r;
    if (!rig_clock(r))
        return false;
    if (r->accepted && p->offered != NEVER) {
        p->accepted[p->offered] = r->cycle - 1;
        p->offered = NEVER;
        offer_next(p);
    }
    for (unsigned port = 0; port < RIG_PORTS; port++) {
        const struct pins_resp *resp = &r->out.resp[port];
        if (r->out.resp_valid >> port & 1 && resp->id >= FLIGHT_ID && resp->id <= FOLLOWER_ID) {
            p->run.answered[resp->id - FLIGHT_ID] = true;
            p->run.answer[resp->id - FLIGHT_ID] = *resp;
            p->answered[resp->id - FLIGHT_ID] = r->cycle;
        }
    }
    return true;
}

static bool all_answered(const struct paced *p)
{
    for (unsigned i = 0; i < p->requests; i++)
        if (!p->run.answered[i])
            return false;
    return true;
}

/* Until every request is answered. */
static bool land(struct paced *p)
{
    for (unsigned cycles = 0; !all_answered(p); cycles++) {
        if (cycles == PATIENCE)
            rig_wrong(p->run.r, FINDING_HANG, "the request in flight", 1, 0);
        if (!clock(p))
            return false;
    }
    return true;
}

/* A page fault as the operation: an access of its own, once the ports are free. */
static bool fault(struct paced *p)
{
    struct rig *r = p->run.r;
    const struct oracle_access access = {.va = ground_operand(&p->run), .acc = ACC_READ, .user = true};
    for (unsigned cycles = 0; r->in.req_valid; cycles++) {
        if (cycles == PATIENCE)
            rig_wrong(r, FINDING_HANG, "req_ready", 1, 0);
        if (!clock(p))
            return false;
    }
    const unsigned port = rig_offer(r, &access, 1);
    p->taken = r->cycle;
    for (unsigned cycles = 0; cycles < PATIENCE; cycles++) {
        if (!clock(p))
            return false;
        p->done = r->cycle;
        if (r->out.resp_valid >> port & 1 && r->out.resp[port].id == 1)
            return rig_check(r, &access, &r->out.resp[port], NULL);
    }
    rig_wrong(r, FINDING_HANG, "the fault", 1, 0);
    return false;
}

/* Offers the operation in this cycle and sees it to its end. */
static bool operate(struct paced *p)
{
    struct rig *r = p->run.r;
    const uint8_t op = p->run.cell->op->op;
    bool taken = false;
    if (op == FAULT)
        return fault(p);
    r->in.ctl_valid = true;
    r->in.ctl_op = op;
    r->in.ctl_data = p->run.data;
    r->in.ctl_desc = p->run.desc;
    for (unsigned cycles = 0; cycles < PATIENCE; cycles++) {
        if (!clock(p))
            return false;
        if (r->ctl_accepted) {
            taken = true;
            p->taken = r->cycle - 1;
        }
        if (!taken || !r->out.ctl_done)
            continue;
        p->done = r->cycle;
        if (r->out.ctl_gp || !oracle_control(&r->regs, &r->cpu, op, p->run.data, p->run.desc))
            rig_wrong(r, FINDING_EXPECT, "ctl_gp", 0, 1);
        return !rig_stopped(r);
    }
    rig_wrong(r, FINDING_HANG, taken ? "ctl_done" : "ctl_ready", 1, 0);
    return false;
}

/* A translation that was given has left A in the entries that lacked it; the one that software changed meanwhile says
 * nothing. */
static bool left_flags(struct rig *r, const struct oracle_result *says, uint64_t changed)
{
    for (unsigned i = 0; i < says->steps; i++) {
        const struct oracle_step *step = &says->step[i];
        const uint64_t must = (step->must_a ? ENTRY_A : 0) | (step->must_d ? ENTRY_D : 0);
        const uint64_t has = physmem_read(r->pm, IMAGE_HW, step->pa);
        if (step->pa != changed && (has & must) != must)
            rig_wrong(r, FINDING_ORACLE, "entry in memory", has | must, has);
    }
    return !rig_stopped(r);
}

/* Is this the answer under these registers, with the new or the old entry on the way to page `index`? Then the flags
 * that it sets are set in the oracle's image, and in the other one they must be. */
static bool fits(struct run *run, const struct oracle_access *access, const struct pins_resp *resp,
                 const struct oracle_regs *regs, unsigned index, bool old)
{
    struct rig *r = run->r;
    const uint64_t pa = ground_pa(run, index), now = physmem_read(r->pm, IMAGE_ORACLE, pa);
    struct oracle_result says;
    uint64_t expected, actual;
    if (old)
        physmem_write_image(r->pm, IMAGE_ORACLE, pa, ground_value(run, index, false));
    oracle_translate(r->pm, IMAGE_ORACLE, &r->cpu, regs, access, &says);
    const bool fit = !rig_differs(&says, resp, &expected, &actual);
    if (fit)
        oracle_commit(r->pm, &says, true);
    if (old)
        physmem_write_image(r->pm, IMAGE_ORACLE, pa, now);
    if (fit)
        left_flags(r, &says, old ? pa : 0);
    return fit;
}

/* One of the answers that are right here. Told of is what comes out under the present registers and tables. */
static bool judge(struct run *run, const struct oracle_access *access, const struct pins_resp *resp, unsigned index,
                  bool old_tables, bool old_registers)
{
    struct rig *r = run->r;
    if (fits(run, access, resp, &r->regs, index, false) ||
        (old_tables && fits(run, access, resp, &r->regs, index, true)) ||
        (old_registers && (fits(run, access, resp, &run->before, index, false) ||
                           (old_tables && fits(run, access, resp, &run->before, index, true)))))
        return !rig_stopped(r);
    return rig_check(r, access, resp, NULL);
}

/* Must what was cached of the page in flight, before the operation, be gone after it? */
static bool flight_must_go(const struct run *run)
{
    const struct rig *r = run->r;
    struct cached page = {.global = run->cell->global,
                          .pcid = run->before.cr4 & CR4_PCIDE ? (uint16_t)(run->before.cr3 & CR3_PCID) : 0,
                          .level = (uint8_t)run->leaf,
                          .va = ground_va(run->cell, IN_FLIGHT)};
    struct cached table = page;
    table.paging_structure = true;
    table.global = false;
    table.level = (uint8_t)run->cell->level;
    return run->cell->op->op != FAULT &&
           invalidation_must_drop(&r->cpu, &run->before, run->cell->op->op, run->data, run->desc, &page, NULL) &&
           (run->cell->structure != PSC ||
            invalidation_must_drop(&r->cpu, &run->before, run->cell->op->op, run->data, run->desc, &table, NULL));
}

/* A request that was accepted before the operation, and answered before it was done, may be from before it. All others
 * are under the new registers (a control operation restarts what has no result). */
static bool judge_flight(struct paced *p, bool must_go)
{
    struct run *run = &p->run;
    const struct oracle_access access = ground_flight(run);
    for (unsigned i = 0; i < p->requests; i++) {
        const bool early = run->cell->op->op == FAULT || (p->accepted[i] <= p->taken && p->answered[i] <= p->done);
        if (!judge(run, &access, &run->answer[i], IN_FLIGHT, ground_flight_changes(run) && (early || !must_go), early))
            return false;
    }
    return true;
}

/* An access after the operation, under the PCID that the page was cached under, where no flush bars the way there. */
static bool ask(struct run *run, unsigned index, uint8_t acc, unsigned pcid, bool old_tables)
{
    struct rig *r = run->r;
    struct pins_resp resp;
    const struct oracle_access access = {.va = ground_va(run->cell, index), .acc = acc};
    const uint64_t cr3 = TABLE(0) | pcid, keep = r->regs.cr4 & CR4_PCIDE ? CR3_NO_FLUSH : 0;
    if (!keep && r->regs.cr3 != cr3)
        return true;
    return (r->regs.cr3 == cr3 || rig_control(r, CTL_MOV_CR3, cr3 | keep, 0)) && rig_access(r, &access, &resp) &&
           judge(run, &access, &resp, index, old_tables, false);
}

/* The entry's page, or another one of its table; then the page in flight. */
static bool ask_all(struct paced *p, bool must_go)
{
    struct run *run = &p->run;
    const struct cell *cell = run->cell;
    const unsigned pcid = run->before.cr4 & CR4_PCIDE ? (unsigned)(run->before.cr3 & CR3_PCID) : 0;
    return ask(run, cell->structure == PSC ? IN_ASKED : IN_ENTRY, cell->structure == ITLB ? ACC_EXECUTE : ACC_READ,
               run->entry.pcid, !run->must) &&
           (!p->requests || ask(run, IN_FLIGHT, ACC_READ, pcid, ground_flight_changes(run) && !must_go));
}

const char *paced_flight_name(enum flight flight)
{
    static const char *const names[FLIGHTS] = {[FLY_NONE] = "nothing in flight",
                                               [FLY_WAIT] = "a request in flight",
                                               [FLY_CAS] = "a request that sets A in flight",
                                               [FLY_FINV] = "a request that faults in flight",
                                               [FLY_FOLLOW] = "two requests of one page in flight"};
    return names[flight];
}

bool paced_flight(enum flight flight)
{
    return paced_flight_name(flight) != NULL;
}

enum verdict cell_run_paced(struct rig *r, const struct cell *cell, unsigned delay, bool *must)
{
    struct paced p = {.requests = cell->flight == FLY_NONE ? 0 : cell->flight == FLY_FOLLOW ? 2 : 1, .offered = NEVER};
    const bool laid = ground_lay(&p.run, r, cell);
    *must = p.run.must;
    /* To the STLB from the other side: what the L1 of the one that asks holds is in no way. */
    if (!laid || !ground_fill(&p.run, cell->structure == ITLB || cell->structure == STLB ? ACC_EXECUTE : ACC_READ))
        return CELL_BAD;
    offer_next(&p);
    for (unsigned cycles = 0; cycles < delay; cycles++) {
        if (!clock(&p))
            return CELL_BAD;
        if (all_answered(&p))
            return CELL_EVICTED;
    }
    const bool must_go = flight_must_go(&p.run);
    return ground_change(&p.run) && operate(&p) && land(&p) && judge_flight(&p, must_go) && ask_all(&p, must_go)
               ? CELL_GOOD
               : CELL_BAD;
}
