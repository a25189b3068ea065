/* The ground of a cell: see ground.h. */
#include "matrix/ground.h"

#define OTHER_TABLE(n) TABLE(16 + (n))
#define PAGE UINT64_C(0x40000000)
#define OTHER_PAGE UINT64_C(0x80000000)
#define REGION (UINT64_C(1) << 39) /* PML4 entry 1 */
#define ELSEWHERE \
    (UINT64_C(7) << 39 | (CFG_ARCH_LA57 ? UINT64_C(1) << 48 : 0)) /* shares no entry with it; not mapped */

static unsigned leaf_of(const struct cell *cell)
{
    return cell->structure == PSC ? 1 : cell->level;
}

uint64_t ground_va(const struct cell *cell, unsigned index)
{
    return REGION | (uint64_t)index << x86_level_shift(leaf_of(cell));
}

/* In INVPCID a non-canonical one would be #GP, in 4 levels ELSEWHERE is canonical too. */
uint64_t ground_operand(const struct run *run)
{
    return run->cell->same_address ? ground_va(run->cell, IN_ENTRY)
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
    return x86_entry_address(table, ground_va(run->cell, index), level);
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

bool ground_fill(struct run *run, uint8_t acc)
{
    struct oracle_regs filling = run->before;
    struct pins_resp resp;
    const struct oracle_access access = {.va = ground_va(run->cell, IN_ENTRY), .acc = acc};
    if (run->before.cr4 & CR4_PCIDE)
        filling.cr3 = TABLE(0) | PCID_ENTRY;
    return rig_registers(run->r, &filling) && rig_control(run->r, CTL_INVPCID_ALL, 0, 0) &&
           rig_access(run->r, &access, &resp) && rig_check(run->r, &access, &resp, NULL) && settle(run->r) &&
           (filling.cr3 == run->before.cr3 || rig_control(run->r, CTL_MOV_CR3, run->before.cr3 | CR3_NO_FLUSH, 0));
}

struct oracle_access ground_flight(const struct run *run)
{
    const enum flight flight = run->cell->flight;
    const bool faults = flight == FLY_FINV || flight == FLY_FINVW || flight == FLY_DENIED;
    return (struct oracle_access){.va = ground_va(run->cell, IN_FLIGHT), .acc = ACC_READ, .user = faults};
}

bool ground_known(struct run *run)
{
    struct pins_resp resp;
    struct oracle_access access = ground_flight(run);
    access.user = false;
    return rig_access(run->r, &access, &resp) && rig_check(run->r, &access, &resp, NULL) && settle(run->r);
}

uint64_t ground_pa(const struct run *run, unsigned index)
{
    return entry_pa(run, run->cell->structure == PSC ? run->cell->level : run->leaf, index, false);
}

uint64_t ground_value(const struct run *run, unsigned index, bool after)
{
    return entry_value(run, run->cell->structure == PSC ? run->cell->level : run->leaf, index, after);
}

bool ground_flight_changes(const struct run *run)
{
    return run->cell->structure == PSC || (run->cell->op->op != FAULT && run->cell->flight != FLY_NONE);
}

bool ground_change(struct run *run)
{
    return put(run, ground_pa(run, IN_ENTRY), ground_value(run, IN_ENTRY, true)) &&
           (run->cell->structure == PSC || !ground_flight_changes(run) ||
            put(run, ground_pa(run, IN_FLIGHT), ground_value(run, IN_FLIGHT, true)));
}

static struct oracle_regs plain(void)
{
    return (struct oracle_regs){.cr0 = CR0_PG | CR0_PE | CR0_WP,
                                .cr3 = TABLE(0),
                                .cr4 = CR4_PAE | CR4_PGE | (CFG_ARCH_PCID ? CR4_PCIDE : 0),
                                .efer = EFER_LME | EFER_LMA | EFER_NXE,
                                .pat = UINT64_C(0x0007040600070406)};
}

bool ground_lay(struct run *run, struct rig *r, const struct cell *cell)
{
    *run = (struct run){.r = r, .cell = cell, .leaf = leaf_of(cell), .before = plain()};
    run->root = (cell->structure == PSC && cell->level == 5) || cell->op->starts_57 ? 5 : 4;
    run->before.cr4 |= run->root == 5 ? CR4_LA57 : 0;
    cell->op->prepare(&run->before, ground_operand(run), cell->same_pcid ? PCID_ENTRY : PCID_OTHER, &run->data,
                      &run->desc);
    run->entry = (struct cached){.paging_structure = cell->structure == PSC,
                                 .global = cell->global,
                                 .level = (uint8_t)cell->level,
                                 .pcid = run->before.cr4 & CR4_PCIDE ? PCID_ENTRY : 0,
                                 .va = ground_va(cell, IN_ENTRY)};
    run->must = cell->op->op == FAULT
                    ? invalidation_fault_must_drop(&run->before, ground_operand(run), &run->entry, NULL)
                    : invalidation_must_drop(&r->cpu, &run->before, cell->op->op, run->data, run->desc, &run->entry,
                                             NULL);
    return build(run);
}
