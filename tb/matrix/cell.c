/* One cell of the matrix; see matrix.h.
 *
 *     fill under the entry's PCID ─► switch ─► request into its state ─► change tables, begin the operation ─► done:
 *       look ─► ask
 *
 * The tables are one a level; the entry's page, the page in flight and the page asked for in the end are neighbours in
 * the last of them. A second set of the same tables leads to other pages: what software changes things to. */
#include "matrix/matrix.h"

#include "matrix/state.h"

enum { IN_ENTRY = 2, IN_FLIGHT = 5, IN_ASKED = 6, FLIGHT_ID = 0x42, FOLLOWER_ID = 0x43, PATIENCE = 5000 };

#define TABLE(n) (UINT64_C(0x100000) + UINT64_C(0x1000) * (n))
#define OTHER_TABLE(n) TABLE(16 + (n))
#define PAGE UINT64_C(0x40000000)
#define OTHER_PAGE UINT64_C(0x80000000)
#define REGION (UINT64_C(1) << 39) /* PML4 entry 1 */
#define ELSEWHERE \
    (UINT64_C(7) << 39 | (CFG_ARCH_LA57 ? UINT64_C(1) << 48 : 0)) /* shares no entry with it; not mapped */

const char *const flight_name[FLIGHTS] = {"none", "PEND", "SLK", "NWALK",  "REQ",  "WAIT",
                                          "CAS",  "CASW", "FIN", "FOLLOW", "FINV", "FINVW"};

struct run {
    struct rig *r;
    const struct cell *cell;
    unsigned root, leaf; /* levels */
    struct oracle_regs before;
    struct cached entry;
    uint64_t data, desc;
    bool answered[2]; /* FLIGHT_ID, FOLLOWER_ID */
    struct pins_resp answer[2];
};

static unsigned leaf_of(const struct cell *cell)
{
    return cell->structure == PSC ? 1 : cell->level;
}

static uint64_t page_va(const struct cell *cell, unsigned index)
{
    return REGION | (uint64_t)index << x86_level_shift(leaf_of(cell));
}

uint64_t cell_va(const struct cell *cell)
{
    return page_va(cell, IN_ENTRY);
}

uint64_t flight_va(const struct cell *cell)
{
    return page_va(cell, IN_FLIGHT);
}

/* The address that the operation names: in INVPCID a non-canonical one would be #GP, in 4 levels ELSEWHERE is canonical
 * too. */
static uint64_t operand_va(const struct run *run)
{
    return run->cell->same_address ? cell_va(run->cell)
           : run->root == 5        ? ELSEWHERE
                                   : ELSEWHERE & ((UINT64_C(1) << 47) - 1);
}

static bool put(struct run *run, uint64_t pa, uint64_t value)
{
    if (!physmem_write(run->r->pm, pa, value))
        rig_wrong(run->r, FINDING_PROTOCOL, "memory for page tables", 1, 0);
    return !rig_stopped(run->r);
}

/* Address of the entry of a level on the way to page `index`, in the first set of tables or the other. */
static uint64_t entry_pa(const struct run *run, unsigned level, unsigned index, bool other)
{
    const uint64_t table = other ? OTHER_TABLE(run->root - level) : TABLE(run->root - level);
    return x86_entry_address(table, page_va(run->cell, index), level);
}

/* What stands there: a table of the same set, or a page. */
static uint64_t entry_value(const struct run *run, unsigned level, unsigned index, bool other)
{
    const uint64_t common = ENTRY_P | ENTRY_RW | ENTRY_A;
    if (level > run->leaf)
        return common | (other ? OTHER_TABLE(run->root - level + 1) : TABLE(run->root - level + 1));
    const uint64_t page = (other ? OTHER_PAGE : PAGE) + ((uint64_t)(index & 1) << x86_level_shift(level));
    return common | ENTRY_D | page | (level > 1 ? ENTRY_PS : 0) | (run->cell->global ? ENTRY_G : 0);
}

static bool build(struct run *run)
{
    static const unsigned indexes[] = {IN_ENTRY, IN_FLIGHT, IN_ASKED};
    for (unsigned i = 0; i < 3; i++)
        for (unsigned level = run->leaf; level <= run->root; level++)
            for (unsigned other = 0; other < 2; other++)
                if (!put(run, entry_pa(run, level, indexes[i], other), entry_value(run, level, indexes[i], other)))
                    return false;
    const bool sets_a = run->cell->flight == FLY_CAS || run->cell->flight == FLY_CASW;
    const uint64_t pa = entry_pa(run, run->leaf, IN_FLIGHT, false);
    return !sets_a || physmem_modify(run->r->pm, pa, ENTRY_A, 0);
}

/* The STLB is filled after the answer. */
static bool settle(struct rig *r)
{
    for (unsigned cycles = 0; cycles < 4; cycles++)
        if (!rig_clock(r))
            return false;
    return true;
}

/* The entry in its structure, the processor in the address space in which the operation is to be begun. */
static bool fill(struct run *run)
{
    const struct cell *cell = run->cell;
    struct oracle_regs filling = run->before;
    struct pins_resp resp;
    const struct oracle_access access = {.va = cell_va(cell), .acc = cell->structure == ITLB ? ACC_EXECUTE : ACC_READ};
    if (run->before.cr4 & CR4_PCIDE)
        filling.cr3 = TABLE(0) | PCID_ENTRY;
    return rig_registers(run->r, &filling) && rig_control(run->r, CTL_INVPCID_ALL, 0, 0) &&
           rig_access(run->r, &access, &resp) && rig_check(run->r, &access, &resp, NULL) && settle(run->r) &&
           (filling.cr3 == run->before.cr3 || rig_control(run->r, CTL_MOV_CR3, run->before.cr3 | CR3_NO_FLUSH, 0));
}

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

static struct oracle_access flight(const struct run *run)
{
    const bool faults = run->cell->flight == FLY_FINV || run->cell->flight == FLY_FINVW;
    return (struct oracle_access){.va = flight_va(run->cell), .acc = ACC_READ, .user = faults};
}

/* Drives the request in flight to where the cell wants it. */
static bool launch(struct run *run)
{
    const struct oracle_access access = flight(run);
    if (run->cell->flight == FLY_NONE)
        return true;
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

/* Behind the back of the caches: the page of the entry (TLB), or the table that the entry leads to (PSC); and the page
 * in flight. */
static bool change(struct run *run)
{
    const struct cell *cell = run->cell;
    const uint64_t leaf_pa = entry_pa(run, run->leaf, IN_FLIGHT, false);
    if (cell->structure == PSC)
        return put(run, entry_pa(run, cell->level, IN_ENTRY, false), entry_value(run, cell->level, IN_ENTRY, true));
    return put(run, entry_pa(run, run->leaf, IN_ENTRY, false), entry_value(run, run->leaf, IN_ENTRY, true)) &&
           (cell->op->op == FAULT || cell->flight == FLY_NONE ||
            put(run, leaf_pa, entry_value(run, run->leaf, IN_FLIGHT, true)));
}

/* Begins the operation in this cycle and sees it to its end. */
static bool operate(struct run *run)
{
    struct rig *r = run->r;
    const struct cell *cell = run->cell;
    if (cell->op->op == FAULT) {
        const struct oracle_access access = {.va = operand_va(run), .acc = ACC_READ, .user = true};
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
    const struct oracle_access access = flight(run);
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
    const struct oracle_access access = {.va = page_va(cell, cell->structure == PSC ? IN_ASKED : IN_ENTRY),
                                         .acc = cell->structure == ITLB ? ACC_EXECUTE : ACC_READ};
    const uint64_t cr3 = TABLE(0) | run->entry.pcid;
    const uint64_t keep = run->r->regs.cr4 & CR4_PCIDE ? CR3_NO_FLUSH : 0;
    if (!keep && run->r->regs.cr3 != cr3)
        return true; /* the PCID is out of reach without a flush */
    return (run->r->regs.cr3 == cr3 || rig_control(run->r, CTL_MOV_CR3, cr3 | keep, 0)) &&
           rig_access(run->r, &access, &resp) && rig_check(run->r, &access, &resp, NULL);
}

static struct oracle_regs plain(void)
{
    return (struct oracle_regs){.cr0 = CR0_PG | CR0_PE | CR0_WP,
                                .cr3 = TABLE(0),
                                .cr4 = CR4_PAE | CR4_PGE | (CFG_ARCH_PCID ? CR4_PCIDE : 0),
                                .efer = EFER_LME | EFER_LMA | EFER_NXE,
                                .pat = UINT64_C(0x0007040600070406)};
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
    struct run run = {.r = r, .cell = cell, .leaf = leaf_of(cell), .before = plain()};
    run.root = (cell->structure == PSC && cell->level == 5) || cell->op->starts_57 ? 5 : 4;
    run.before.cr4 |= run.root == 5 ? CR4_LA57 : 0;
    cell->op->prepare(&run.before, operand_va(&run), cell->same_pcid ? PCID_ENTRY : PCID_OTHER, &run.data, &run.desc);
    run.entry = (struct cached){.paging_structure = cell->structure == PSC,
                                .global = cell->global,
                                .level = (uint8_t)cell->level,
                                .pcid = run.before.cr4 & CR4_PCIDE ? PCID_ENTRY : 0,
                                .va = cell_va(cell)};
    *must = cell->op->op == FAULT
                ? invalidation_fault_must_drop(&run.before, operand_va(&run), &run.entry, NULL)
                : invalidation_must_drop(&r->cpu, &run.before, cell->op->op, run.data, run.desc, &run.entry, NULL);
    if (!build(&run) || !fill(&run))
        return CELL_BAD;
    if (!holds(r, cell->structure, &run.entry)) {
        rig_wrong(r, FINDING_EXPECT, "the entry that was brought in", 1, 0);
        return CELL_BAD;
    }
    if (!launch(&run))
        return CELL_BAD;
    const bool was = holds(r, cell->structure, &run.entry);
    if (!change(&run) || !operate(&run))
        return CELL_BAD;
    const enum verdict verdict = judge(&run, was, *must);
    return land(&run) && (!*must || ask(&run)) ? verdict : CELL_BAD;
}
