/* One cell of the matrix, model and device on one clock; see matrix.h.
 *
 *     fill under the entry's PCID ─► switch ─► request into its state ─► change tables, begin the operation ─► done:
 *       look ─► ask */
#include "matrix/ground.h"
#include "matrix/state.h"

const char *const flight_name[FLIGHTS] = {"none", "PEND", "SLK",    "NWALK", "REQ",   "WAIT",  "CAS",
                                          "CASW", "FIN",  "FOLLOW", "FINV",  "FINVW", "DENIED"};

/* One clock; answers to the requests in flight are kept. */
static bool clock(struct run *run)
{
    if (!rig_clock(run->r))
        return false;
    for (unsigned port = 0; port < RIG_PORTS; port++) {
        const struct pins_resp *resp = &run->r->out.resp[port];
        if (run->r->out.resp_valid >> port & 1 && resp->id >= FLIGHT_ID && resp->id <= FOLLOWER_ID) {
            run->answered[resp->id - FLIGHT_ID] = true;
            run->answer[resp->id - FLIGHT_ID] = *resp;
        }
    }
    return true;
}

/* Drives the request in flight to where the cell wants it. */
static bool launch(struct run *run)
{
    const struct oracle_access access = ground_flight(run);
    if (run->cell->flight == FLY_NONE)
        return true;
    if (run->cell->flight == FLY_DENIED && !ground_known(run))
        return false;
    rig_offer(run->r, &access, FLIGHT_ID);
    for (unsigned cycles = 0; cycles < PATIENCE; cycles++) {
        if (state_in_flight(run->r, run->cell->flight, FLIGHT_ID, FOLLOWER_ID))
            return true;
        if (!clock(run))
            return false;
        if (run->cell->flight == FLY_FOLLOW && run->r->accepted && cycles == 0)
            rig_offer(run->r, &access, FOLLOWER_ID);
    }
    rig_wrong(run->r, FINDING_HANG, flight_name[run->cell->flight], 1, 0);
    return false;
}

/* Begins the operation in this cycle and sees it to its end. */
static bool operate(struct run *run)
{
    struct rig *r = run->r;
    const struct cell *cell = run->cell;
    if (cell->op->op == FAULT) {
        const struct oracle_access access = {.va = ground_operand(run), .acc = ACC_READ, .user = true};
        const unsigned port = rig_offer(r, &access, 1);
        for (unsigned cycles = 0; cycles < PATIENCE; cycles++) {
            if (!clock(run))
                return false;
            if (r->out.resp_valid >> port & 1 && r->out.resp[port].id == 1)
                return rig_check(r, &access, &r->out.resp[port], NULL);
        }
        rig_wrong(r, FINDING_HANG, "the fault", 1, 0);
        return false;
    }
    r->in.ctl_valid = true;
    r->in.ctl_op = cell->op->op;
    r->in.ctl_data = run->data;
    r->in.ctl_desc = run->desc;
    for (unsigned cycles = 0; cycles < PATIENCE; cycles++) {
        if (!clock(run))
            return false;
        if (r->out.ctl_done) {
            if (r->out.ctl_gp || !oracle_control(&r->regs, &r->cpu, cell->op->op, run->data, run->desc))
                rig_wrong(r, FINDING_EXPECT, "ctl_gp", 0, 1);
            return !rig_stopped(r);
        }
    }
    rig_wrong(r, FINDING_HANG, "ctl_done", 1, 0);
    return false;
}

/* What is in flight ends. After a control operation a page whose entries above did not change is answered anew. */
static bool land(struct run *run)
{
    const struct oracle_access access = ground_flight(run);
    const unsigned requests = run->cell->flight == FLY_NONE ? 0 : run->cell->flight == FLY_FOLLOW ? 2 : 1;
    for (unsigned cycles = 0; cycles < PATIENCE; cycles++) {
        unsigned answered = 0;
        for (unsigned i = 0; i < requests; i++)
            answered += run->answered[i];
        if (answered == requests)
            break;
        if (!clock(run))
            return false;
        if (cycles + 1 == PATIENCE)
            rig_wrong(run->r, FINDING_HANG, "the request in flight", 1, 0);
    }
    const bool granted = run->cell->flight == FLY_FIN; /* in this very cycle perhaps: then with the old page */
    for (unsigned i = 0; i < requests; i++)
        if (run->cell->structure != PSC && !granted && !rig_check(run->r, &access, &run->answer[i], NULL))
            return false;
    return !rig_stopped(run->r);
}

/* After an entry had to go: what it said must be said no more. A table is asked through a page that was never
 * translated. */
static bool ask(struct run *run)
{
    const struct cell *cell = run->cell;
    struct pins_resp resp;
    const struct oracle_access access = {.va = ground_va(cell, cell->structure == PSC ? IN_ASKED : IN_ENTRY),
                                         .acc = cell->structure == ITLB ? ACC_EXECUTE : ACC_READ};
    const uint64_t cr3 = TABLE(0) | run->entry.pcid;
    const uint64_t keep = run->r->regs.cr4 & CR4_PCIDE ? CR3_NO_FLUSH : 0;
    if (!keep && run->r->regs.cr3 != cr3)
        return true; /* the PCID is out of reach without a flush */
    return (run->r->regs.cr3 == cr3 || rig_control(run->r, CTL_MOV_CR3, cr3 | keep, 0)) &&
           rig_access(run->r, &access, &resp) && rig_check(run->r, &access, &resp, NULL);
}

static enum verdict judge(struct run *run, bool was, bool must)
{
    const struct cell *cell = run->cell;
    const bool is = holds(run->r, cell->structure, &run->entry);
    const bool more = documented_more(cell, &run->before, &run->entry);
    if (must && is)
        rig_wrong(run->r, FINDING_ORACLE, "an entry that must be gone", 0, 1);
    else if (!was)
        return CELL_EVICTED;
    else if (!must && is == more && ((cell->op->op == FAULT && cell->flight != FLY_NONE) || cell->flight == FLY_FIN))
        return CELL_EVICTED; /* by the answer to the request in flight, which a fault does not stop, nor anything what
                                is granted already */
    else if (!must && is == more)
        rig_wrong(run->r, FINDING_EXPECT,
                  more ? "an entry that is documented to go" : "an entry that is documented to stay", !more, is);
    return rig_stopped(run->r) ? CELL_BAD : CELL_GOOD;
}

enum verdict cell_run(struct rig *r, const struct cell *cell, bool *must)
{
    struct run run;
    const bool laid = ground_lay(&run, r, cell);
    *must = run.must;
    if (!laid || !ground_fill(&run, cell->structure == ITLB ? ACC_EXECUTE : ACC_READ))
        return CELL_BAD;
    if (!holds(r, cell->structure, &run.entry)) {
        rig_wrong(r, FINDING_EXPECT, "the entry that was brought in", 1, 0);
        return CELL_BAD;
    }
    if (!launch(&run))
        return CELL_BAD;
    const bool was = holds(r, cell->structure, &run.entry);
    if (!ground_change(&run) || !operate(&run))
        return CELL_BAD;
    const enum verdict verdict = judge(&run, was, run.must);
    return land(&run) && (!run.must || ask(&run)) ? verdict : CELL_BAD;
}
