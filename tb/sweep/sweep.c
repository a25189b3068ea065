/* What the parts share: see sweep.h. */
#include "sweep/sweep.h"

#include <stdio.h>

unsigned sweep_modes(struct mode mode[MODES_MOST])
{
    unsigned n = 0;
    for (unsigned bits = 0; bits < 8; bits++)
        for (uint8_t acc = ACC_READ; acc <= ACC_EXECUTE; acc++)
            for (unsigned ss = 0; ss < (acc == ACC_EXECUTE ? 1 : 2); ss++)
                mode[n++] = (struct mode){.acc = acc, .user = bits & 1, .imp = bits & 2, .ac = bits & 4, .ss = ss};
    return n;
}

bool sweep_turn(struct sweep *s)
{
    return s->number++ % s->shares == s->share;
}

struct oracle_regs sweep_plain(void)
{
    return (struct oracle_regs){.cr0 = CR0_PG | CR0_PE,
                                .cr3 = SWEEP_ROOT,
                                .cr4 = CR4_PAE,
                                .efer = EFER_LME | EFER_LMA,
                                .pat = UINT64_C(0x0007040600070406)};
}

bool sweep_access(struct sweep *s, uint64_t va, struct mode mode, struct pins_resp *resp, struct oracle_result *says)
{
    const struct oracle_access access =
        {.va = va, .acc = mode.acc, .user = mode.user, .imp = mode.imp, .ac = mode.ac, .ss = mode.ss};
    struct pins_resp own_resp;
    struct oracle_result own_says;
    if (!resp)
        resp = &own_resp;
    if (!says)
        says = &own_says;
    if (!rig_access(s->r, &access, resp))
        return false;
    s->cases++;
    if (rig_check(s->r, &access, resp, says))
        return true;
    if (!s->quiet)
        oracle_explain(stderr, &s->r->regs, &access, says);
    return false;
}

bool sweep_forget(struct sweep *s, uint64_t va)
{
    return rig_control(s->r, CTL_INVLPG, va, 0);
}

bool sweep_put(struct sweep *s, uint64_t table, unsigned index, uint64_t entry)
{
    if (physmem_write(s->r->pm, table + 8 * index, entry))
        return true;
    rig_wrong(s->r, FINDING_PROTOCOL, "memory for page tables", 1, 0);
    return false;
}
