/* What an entry may not be, and what of it does not matter.
 *
 * Alone: each of the 64 bits of the entry of each level, turned over, in a present and in a not-present entry, with NXE
 * 0 and 1, with the leaf at each level: reserved bits fault, ignored bits do nothing (SDM 3A 5.5.4, tables of formats).
 * In pairs: at one level one failure, at another a second one, all four by four: the one nearer to the root decides,
 * and rights are looked at last (SDM 3A 5.7). */
#include "sweep/sweep.h"

enum { FAIL_NONE, FAIL_PRESENT, FAIL_RESERVED, FAIL_RIGHTS, FAILS };

static const struct mode modes[] = {{.acc = ACC_READ, .user = true},
                                    {.acc = ACC_WRITE, .user = true},
                                    {.acc = ACC_EXECUTE, .user = true},
                                    {.acc = ACC_READ},
                                    {.acc = ACC_WRITE},
                                    {.acc = ACC_EXECUTE}};
enum { MODES = sizeof modes / sizeof *modes };

static uint64_t sound(unsigned root, unsigned leaf, unsigned level)
{
    return ENTRY_P | ENTRY_RW | ENTRY_US | ENTRY_A |
           (level == leaf ? SWEEP_PAGE | (level > 1 ? ENTRY_PS : 0) | ENTRY_D : SWEEP_TABLE(root - level + 1));
}

static bool lay(struct sweep *s, unsigned root, unsigned leaf)
{
    for (unsigned level = leaf; level <= root; level++)
        if (!sweep_put(s, SWEEP_TABLE(root - level), 0, sound(root, leaf, level)))
            return false;
    return true;
}

static bool accesses(struct sweep *s)
{
    for (unsigned m = 0; m < MODES; m++)
        if (!sweep_forget(s, 0) || !sweep_access(s, 0, modes[m], NULL, NULL))
            return false;
    return true;
}

/* A turned bit may turn a leaf into a table or lead to another table: what is there is 0, not present, unless it is one
 * of ours. */
static bool single(struct sweep *s, unsigned root, unsigned leaf)
{
    for (unsigned level = leaf; level <= root; level++)
        for (unsigned present = 0; present < 2; present++)
            for (unsigned bit = 0; bit < 64; bit++) {
                if (!sweep_turn(s))
                    continue;
                const uint64_t entry = (sound(root, leaf, level) & ~(present ? 0 : ENTRY_P)) ^ (uint64_t)1 << bit;
                if (!lay(s, root, leaf) || !sweep_put(s, SWEEP_TABLE(root - level), 0, entry) || !accesses(s))
                    return false;
            }
    return true;
}

static uint64_t broken(uint64_t entry, unsigned how)
{
    switch (how) {
    case FAIL_PRESENT:
        return entry & ~ENTRY_P;
    case FAIL_RESERVED:
        return entry | ENTRY_XD; /* NXE = 0 */
    case FAIL_RIGHTS:
        return entry & ~(ENTRY_RW | ENTRY_US);
    default:
        return entry;
    }
}

static bool pairs(struct sweep *s, unsigned root, unsigned leaf)
{
    for (unsigned high = leaf + 1; high <= root; high++)
        for (unsigned low = leaf; low < high; low++)
            for (unsigned how = 0; how < FAILS * FAILS; how++) {
                if (!sweep_turn(s))
                    continue;
                if (!lay(s, root, leaf) ||
                    !sweep_put(s, SWEEP_TABLE(root - high), 0, broken(sound(root, leaf, high), how % FAILS)) ||
                    !sweep_put(s, SWEEP_TABLE(root - low), 0, broken(sound(root, leaf, low), how / FAILS)) ||
                    !accesses(s))
                    return false;
            }
    return true;
}

bool sweep_entries(struct sweep *s)
{
    for (unsigned root = 4; root <= (CFG_ARCH_LA57 ? 5 : 4); root++)
        for (unsigned nxe = 0; nxe < 2; nxe++) {
            struct oracle_regs to = sweep_plain();
            to.cr0 |= CR0_WP;
            to.cr4 |= root == 5 ? CR4_LA57 : 0;
            to.efer |= nxe ? EFER_NXE : 0;
            if (!rig_registers(s->r, &to))
                return false;
            for (unsigned leaf = 1; leaf <= 3; leaf++) /* 3 without 1-GByte pages too: PS is reserved there */
                if (!single(s, root, leaf) || (!nxe && !pairs(s, root, leaf)))
                    return false;
        }
    return true;
}
