/* Memory types: every (PCD, PWT) of CR3 and of each table's entry, every (PAT, PCD, PWT) of the page, with PCIDs on and
 * off, CR0.CD on and off, and two contents of IA32_PAT in which each type stands somewhere else (SDM 3A 5.9.2). The
 * types of the walker's requests are checked one by one against the oracle's, on walks from the root. */
#include "sweep/sweep.h"

static uint64_t cached(unsigned n)
{
    return (n & 1 ? ENTRY_PWT : 0) | (n & 2 ? ENTRY_PCD : 0);
}

/* Entry n of each table has PCD and PWT by n; of the last, PAT too. */
static bool build(struct sweep *s, unsigned leaf)
{
    for (unsigned level = 4; level >= leaf; level--)
        for (unsigned n = 0; n < (level == leaf ? 8 : 4); n++) {
            const uint64_t pat = n & 4 ? (level > 1 ? ENTRY_PAT_LARGE : ENTRY_PAT_4K) : 0;
            const uint64_t entry = level == leaf ? SWEEP_PAGE | ENTRY_D | pat | (level > 1 ? ENTRY_PS : 0)
                                                 : SWEEP_TABLE(4 - level + 1);
            if (!sweep_put(s, SWEEP_TABLE(4 - level), n, entry | cached(n) | SWEEP_OPEN))
                return false;
        }
    return true;
}

/* The step of the oracle's walk whose entry a request's line holds; NULL: none. */
static const struct oracle_step *step_of(const struct oracle_result *says, uint64_t pa)
{
    for (unsigned i = 0; i < says->steps; i++)
        if (says->step[i].pa >> 6 == pa >> 6)
            return &says->step[i];
    return NULL;
}

/* Of a device at its own pace: it must have read every entry, since nothing of them is cached, in tables of the types
 * that the oracle says. What else it reads is not said. */
static bool requests_paced(struct sweep *s, const struct oracle_result *says, bool all)
{
    const unsigned known = s->r->reads < RIG_READS ? s->r->reads : RIG_READS;
    unsigned seen = 0;
    for (unsigned i = 0; i < known; i++) {
        const struct oracle_step *step = step_of(says, s->r->read_pa[i]);
        if (step && s->r->read_mt[i] != step->mt)
            rig_wrong(s->r, FINDING_ORACLE, "mem_req_mt", step->mt, s->r->read_mt[i]);
        s->beside += !step;
        seen |= step ? 1u << (step - says->step) : 0;
    }
    for (unsigned i = 0; i < says->steps; i++)
        if (all && known == s->r->reads && !(seen >> i & 1))
            rig_wrong(s->r, FINDING_ORACLE, "entry of the walk that was never read", says->step[i].pa, 0);
    return !rig_stopped(s->r);
}

/* The walk read exactly the entries that the oracle read, in tables of the types that it says. */
static bool requests(struct sweep *s, const struct oracle_result *says)
{
    if (sweep_paced(s))
        return requests_paced(s, says, true);
    if (s->r->reads != says->steps)
        rig_wrong(s->r, FINDING_EXPECT, "memory requests of a walk", says->steps, s->r->reads);
    for (unsigned i = 0; i < says->steps; i++)
        if (s->r->read_mt[i] != says->step[i].mt)
            rig_wrong(s->r, FINDING_ORACLE, "mem_req_mt", says->step[i].mt, s->r->read_mt[i]);
    return !rig_stopped(s->r);
}

/* Without a common clock the types of other walks than those from the root want accesses of their own: of one that sets
 * A; of one that may begin at a cached table, to the page beside it, of which nothing is left from another size; of one
 * that faults there, and may be confirmed from the root. */
static bool more(struct sweep *s, uint64_t va, unsigned leaf, struct mode mode)
{
    const uint64_t beside = va ^ UINT64_C(1) << x86_level_shift(leaf);
    struct oracle_result says;
    oracle_translate(s->r->pm, IMAGE_ORACLE, &s->r->cpu, &s->r->regs, &(struct oracle_access){.va = va}, &says);
    const uint64_t entry = says.step[says.steps - 1].pa;
    if (!physmem_modify(s->r->pm, entry, ENTRY_A, 0) || !sweep_forget(s, va) || !sweep_forget(s, beside) ||
        !sweep_access(s, va, mode, NULL, &says) || !requests_paced(s, &says, true) ||
        !sweep_access(s, beside, mode, NULL, &says) || !requests_paced(s, &says, false))
        return false;
    if (!physmem_modify(s->r->pm, entry ^ 8, ENTRY_P, 0) || !sweep_forget(s, va) || !sweep_forget(s, beside) ||
        !sweep_access(s, va, mode, NULL, NULL) || !sweep_access(s, beside, mode, NULL, &says) ||
        !requests_paced(s, &says, false))
        return false;
    return physmem_modify(s->r->pm, entry ^ 8, 0, ENTRY_P);
}

static bool all(struct sweep *s, unsigned leaf)
{
    static const struct mode modes[] = {{.acc = ACC_READ}, {.acc = ACC_EXECUTE}};
    const unsigned bits = 3 + 2 * (4 - leaf);
    for (unsigned n = 0; n < 1u << bits; n++) {
        uint64_t va = (uint64_t)(n & 7) << x86_level_shift(leaf);
        for (unsigned level = leaf + 1; level <= 4; level++)
            va |= (uint64_t)(n >> (3 + 2 * (level - leaf - 1)) & 3) << x86_level_shift(level);
        if (!sweep_turn(s))
            continue;
        for (unsigned m = 0; m < sizeof modes / sizeof *modes; m++) {
            struct oracle_result says;
            if (!sweep_forget(s, va) || !sweep_access(s, va, modes[m], NULL, &says) || !requests(s, &says) ||
                !sweep_access(s, va, modes[m], NULL, NULL)) /* and from the TLB */
                return false;
            if (sweep_paced(s) && !more(s, va, leaf, modes[m]))
                return false;
        }
    }
    return true;
}

bool sweep_types(struct sweep *s)
{
    static const uint64_t pats[] = {UINT64_C(0x0007040600070406), UINT64_C(0x0104050607000106)};
    for (unsigned n = 0; n < 32; n++) {
        struct oracle_regs to = sweep_plain();
        const bool pcide = n & 4;
        if (pcide && !CFG_ARCH_PCID)
            continue;
        to.cr3 |= cached(n & 3);
        to.cr4 |= pcide ? CR4_PCIDE : 0;
        to.cr0 |= n & 8 ? CR0_CD : 0;
        to.pat = pats[n >> 4];
        if (!rig_registers(s->r, &to))
            return false;
        for (unsigned leaf = 1; leaf <= (CFG_ARCH_PAGE_1G ? 3 : 2); leaf++)
            if (!build(s, leaf) || !all(s, leaf))
                return false;
    }
    return true;
}
