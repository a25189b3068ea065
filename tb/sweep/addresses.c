/* Linear addresses: every value of bits 63:47, with LAM_U48, LAM_U57 and LAM_SUP on and off, with 4 and with 5 levels,
 * for a read, a fetch and an implicit access (SDM 3A 4.4, 4.5 "linear-address pre-processing"). All entries of all
 * tables are present, so whatever is canonical is translated. */
#include "sweep/sweep.h"

enum { ENTRIES = 512, UPPER_BITS = 17, LOW_BIT = 47 };

static bool build(struct sweep *s, unsigned root)
{
    for (unsigned level = root; level >= 2; level--)
        for (unsigned n = 0; n < ENTRIES; n++) {
            const uint64_t entry = level == 2 ? SWEEP_PAGE | SWEEP_OPEN | ENTRY_D | ENTRY_PS
                                              : SWEEP_TABLE(root - level + 1) | SWEEP_OPEN;
            if (!sweep_put(s, SWEEP_TABLE(root - level), n, entry))
                return false;
        }
    return true;
}

bool sweep_addresses(struct sweep *s)
{
    static const struct mode modes[] = {{.acc = ACC_READ}, {.acc = ACC_EXECUTE}, {.acc = ACC_READ, .imp = true}};
    for (unsigned root = 4; root <= (CFG_ARCH_LA57 ? 5 : 4); root++)
        for (unsigned lam = 0; lam < (CFG_ARCH_LAM ? 8 : 1); lam++) {
            struct oracle_regs to = sweep_plain();
            to.cr3 |= (lam & 1 ? CR3_LAM_U48 : 0) | (lam & 2 ? CR3_LAM_U57 : 0);
            to.cr4 |= (root == 5 ? CR4_LA57 : 0) | (lam & 4 ? CR4_LAM_SUP : 0);
            if (!build(s, root) || !rig_registers(s->r, &to))
                return false;
            for (uint64_t upper = 0; upper < UINT64_C(1) << UPPER_BITS; upper++) {
                if (!sweep_turn(s))
                    continue;
                for (unsigned m = 0; m < sizeof modes / sizeof *modes; m++)
                    if (!sweep_access(s, upper << LOW_BIT | UINT64_C(0x3456789abcde), modes[m], NULL, NULL))
                        return false;
            }
        }
    return true;
}
