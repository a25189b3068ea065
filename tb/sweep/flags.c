/* Accessed and dirty flags: every combination of A in all entries and of D in the leaf, times every way in which an
 * access can end (SDM 3A 5.8). rig_check compares all entries of the walk with the oracle's afterwards. */
#include "sweep/sweep.h"

/* How it ends: it succeeds, it is denied by the leaf, or the entry of a level is not present or has a reserved bit. */
enum { SUCCEEDS, DENIED, NOT_PRESENT, RESERVED, ENDS };

/* One entry of the walk. `broken`: the access ends here. */
static uint64_t entry(unsigned root, unsigned leaf, unsigned level, bool a, bool d, unsigned end, bool broken)
{
    uint64_t e = ENTRY_P | ENTRY_RW | ENTRY_US | (a ? ENTRY_A : 0);
    e |= level == leaf ? SWEEP_PAGE | (level > 1 ? ENTRY_PS : 0) | (d ? ENTRY_D : 0) : SWEEP_TABLE(root - level + 1);
    if (!broken)
        return e;
    return end == NOT_PRESENT ? e & ~ENTRY_P
           : end == RESERVED  ? e | ENTRY_XD
           : end == DENIED    ? e & ~(ENTRY_RW | ENTRY_US)
                              : e;
}

static bool all(struct sweep *s, unsigned root, unsigned leaf)
{
    static const struct mode modes[] = {{.acc = ACC_READ, .user = true},
                                        {.acc = ACC_WRITE, .user = true},
                                        {.acc = ACC_EXECUTE, .user = true},
                                        {.acc = ACC_WRITE}};
    const unsigned entries = root - leaf + 1;
    for (unsigned flags = 0; flags < 2u << entries; flags++)
        for (unsigned end = 0; end < ENDS; end++)
            for (unsigned at = leaf; at <= (end == SUCCEEDS ? leaf : root); at++)
                for (unsigned m = 0; m < sizeof modes / sizeof *modes; m++) {
                    if (!sweep_turn(s))
                        continue;
                    for (unsigned level = leaf; level <= root; level++)
                        if (!sweep_put(s, SWEEP_TABLE(root - level), 0,
                                       entry(root, leaf, level, flags >> (level - leaf) & 1, flags >> entries & 1, end,
                                             level == at)))
                            return false;
                    if (!sweep_forget(s, 0) || !sweep_access(s, 0, modes[m], NULL, NULL))
                        return false;
                }
    return true;
}

bool sweep_flags(struct sweep *s)
{
    for (unsigned root = 4; root <= (CFG_ARCH_LA57 ? 5 : 4); root++)
        for (unsigned wp = 0; wp < 2; wp++) {
            struct oracle_regs to = sweep_plain(); /* NXE = 0: XD is a reserved bit at every level */
            to.cr4 |= root == 5 ? CR4_LA57 : 0;
            to.cr0 |= wp ? CR0_WP : 0;
            if (!rig_registers(s->r, &to))
                return false;
            for (unsigned leaf = 1; leaf <= (CFG_ARCH_PAGE_1G ? 3 : 2); leaf++)
                if (!all(s, root, leaf))
                    return false;
        }
    return true;
}
