/* Rights at every level: all (R/W, U/S, XD) of each entry of the walk, D of the leaf (SDM 3A 5.6.1: AND of R/W, AND of
 * U/S, OR of XD; shadow-stack pages need the R/W of the upper entries apart).
 *
 * One table a level: entry i of it has the rights i, and all its entries lead to the same next table. So the nine index
 * bits of an address choose the rights of that level, and every combination has an address of its own, in a handful of
 * frames. Left to `rights`: the registers beyond the four settings here, since they see the combination only. */
#include "sweep/sweep.h"

enum { RIGHTS = 8, LEAVES = 16, SETTINGS = 4 };

/* Combination 0 … 7. */
static uint64_t rights(unsigned n)
{
    return (n & 1 ? ENTRY_RW : 0) | (n & 2 ? ENTRY_US : 0) | (n & 4 ? ENTRY_XD : 0);
}

/* Tables for pages of level `leaf` under `root` levels: table n serves level root - n. */
static bool build(struct sweep *s, unsigned root, unsigned leaf)
{
    for (unsigned level = root; level >= leaf; level--)
        for (unsigned i = 0; i < (level == leaf ? LEAVES : RIGHTS); i++) {
            const uint64_t common = rights(i) | ENTRY_P | ENTRY_A;
            const uint64_t entry = level == leaf
                                       ? SWEEP_PAGE | common | (i & 8 ? ENTRY_D : 0) | (level > 1 ? ENTRY_PS : 0)
                                       : SWEEP_TABLE(root - level + 1) | common;
            if (!sweep_put(s, SWEEP_TABLE(root - level), i, entry))
                return false;
        }
    return true;
}

static struct oracle_regs setting(unsigned n, unsigned root)
{
    struct oracle_regs to = sweep_plain();
    to.cr4 |= root == 5 ? CR4_LA57 : 0;
    if (n == 1 || n == 3)
        to.cr0 |= CR0_WP;
    if (n == 2 || n == 3)
        to.efer |= EFER_NXE;
    if (n == 3)
        to.cr4 |= CR4_SMEP | CR4_SMAP | (CFG_ARCH_CET ? CR4_CET : 0);
    return to;
}

/* Every page of these tables, by every access. */
static bool pages(struct sweep *s, unsigned root, unsigned leaf)
{
    static const struct mode modes[] = {
        {.acc = ACC_READ, .user = true},
        {.acc = ACC_READ},
        {.acc = ACC_EXECUTE, .user = true},
        {.acc = ACC_EXECUTE},
        {.acc = ACC_READ, .user = true, .ss = true},
        {.acc = ACC_WRITE, .ss = true},
        {.acc = ACC_WRITE, .user = true},
        {.acc = ACC_WRITE}, /* last: they set D */
    };
    const unsigned upper = 3 * (root - leaf); /* bits that number the upper entries' rights */
    for (uint64_t n = 0; n < UINT64_C(16) << upper; n++) {
        if (!sweep_turn(s))
            continue;
        uint64_t va = n >> upper << x86_level_shift(leaf);
        for (unsigned level = leaf + 1; level <= root; level++)
            va |= (n >> 3 * (level - leaf - 1) & 7) << x86_level_shift(level);
        for (unsigned m = 0; m < sizeof modes / sizeof *modes; m++) {
            struct oracle_result says;
            if (!sweep_forget(s, va) || !sweep_access(s, va, modes[m], NULL, &says))
                return false;
            const struct oracle_step *last = &says.step[says.steps - 1];
            if (last->must_d && !physmem_modify(s->r->pm, last->pa, ENTRY_D, 0))
                return false;
        }
        if (!sweep_forget(s, va))
            return false;
    }
    return true;
}

bool sweep_levels(struct sweep *s)
{
    for (unsigned root = 4; root <= (CFG_ARCH_LA57 ? 5 : 4); root++)
        for (unsigned leaf = 1; leaf <= (CFG_ARCH_PAGE_1G ? 3 : 2); leaf++)
            for (unsigned n = 0; n < SETTINGS; n++) {
                const struct oracle_regs to = setting(n, root);
                if (!build(s, root, leaf) || !rig_registers(s->r, &to) ||
                    !rig_control(s->r, CTL_MOV_CR3, SWEEP_ROOT, 0) || !pages(s, root, leaf))
                    return false;
            }
    return true;
}
