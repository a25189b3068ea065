/* Protection keys: each of the sixteen, on a user and on a supervisor page, with every value of its own two bits in
 * PKRU and PKRS while all other keys' bits say the opposite, with PKE, PKS and WP on and off (SDM 3A 5.6.2). */
#include "sweep/sweep.h"

enum { KEYS = 16 };

static bool build(struct sweep *s)
{
    for (unsigned level = 4; level > 1; level--)
        if (!sweep_put(s, SWEEP_TABLE(4 - level), 0, SWEEP_TABLE(5 - level) | SWEEP_OPEN))
            return false;
    for (unsigned n = 0; n < 2 * KEYS; n++) /* supervisor pages, then user pages */
        if (!sweep_put(s, SWEEP_TABLE(3), n,
                       SWEEP_PAGE | ENTRY_P | ENTRY_RW | ENTRY_A | ENTRY_D | (n >= KEYS ? ENTRY_US : 0) |
                           (uint64_t)(n % KEYS) << ENTRY_KEY_SHIFT))
            return false;
    return true;
}

/* The key's bits in one register and all other keys' the other way round. */
static uint32_t keyed(unsigned key, unsigned bits)
{
    const uint32_t mask = UINT32_C(3) << 2 * key;
    return ((uint32_t)bits << 2 * key & mask) | ((bits & 1 ? 0 : UINT32_C(0x55555555)) & ~mask) |
           ((bits & 2 ? 0 : UINT32_C(0xaaaaaaaa)) & ~mask);
}

bool sweep_keys(struct sweep *s)
{
    struct mode mode[MODES_MOST];
    const unsigned modes = sweep_modes(mode);
    if (!build(s))
        return false;
    for (unsigned n = 0; n < 8; n++)
        for (unsigned key = 0; key < KEYS; key++)
            for (unsigned bits = 0; bits < 16; bits++) {
                struct oracle_regs to = sweep_plain();
                to.cr0 |= n & 1 ? CR0_WP : 0;
                to.cr4 |= (n & 2 && CFG_ARCH_PKU ? CR4_PKE : 0) | (n & 4 && CFG_ARCH_PKS ? CR4_PKS : 0);
                to.pkru = keyed(key, bits & 3);
                to.pkrs = CFG_ARCH_PKS ? keyed(key, bits >> 2) : 0;
                if (!sweep_turn(s))
                    continue;
                if (!rig_registers(s->r, &to))
                    return false;
                for (unsigned user = 0; user < 2; user++)
                    for (unsigned m = 0; m < modes; m++)
                        if (!sweep_access(s, (uint64_t)(user * KEYS + key) << PAGE_SHIFT, mode[m], NULL, NULL))
                            return false;
            }
    return true;
}
