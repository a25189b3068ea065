/* Cycles of control operations from accept to done: 3, and with an invalidation its sweep of n+1 cycles more; and what
 * is added, and what the walk pays, when one meets a walk in flight. */
#include "form.h"

enum { L = 40, S = STLB_EXTRA, QUIET = 3, ADDRESS = 3 };

/* Cycles of SWEEP for NONGLOBAL and ALL. */
static unsigned sweep(void)
{
    unsigned sets = 0;
    for (unsigned n = 0; n < 2; n++)
        if (preset_stlb.array[n].sets > sets)
            sets = preset_stlb.array[n].sets;
    return sets + 1;
}

static void row(const struct forms *f, struct rig *r, double formula, enum pins_ctl_op op, uint64_t data, const char *name)
{
    rig_control(r, op, data);
    sheet_row(f->sheet, r, formula, EXACT, RIG_PAIR(r, control_cost), "%s", name);
}

static void quiet(const struct forms *f, struct rig *r)
{
    const unsigned all = QUIET + sweep();
    sheet_row(f->sheet, r, sweep(), EXACT, RIG_PAIR(r, control_cost), "reset: from its end to done, sets+1");
    row(f, r, QUIET, CTL_MOV_CR0, CR0_WP, "MOV CR0: 3");
    row(f, r, all, CTL_MOV_CR3, TABLES_PML4, "MOV CR3 without PCIDs: 3+sets+1");
    row(f, r, all, CTL_MOV_CR4, CR4_PGE, "MOV CR4, PGE changes: 3+sets+1");
    row(f, r, QUIET, CTL_MOV_CR4, CR4_PGE, "MOV CR4, nothing changes: 3");
    row(f, r, all, CTL_WRMSR_EFER, EFER_NXE, "WRMSR EFER, NXE changes: 3+sets+1");
    row(f, r, QUIET, CTL_WRMSR_EFER, EFER_NXE, "WRMSR EFER, nothing changes: 3");
    row(f, r, QUIET + ADDRESS + 1, CTL_INVLPG, TABLES_PRIVATE, "INVLPG: 3+3+1");
    row(f, r, QUIET, CTL_INVLPG, UINT64_C(1) << 47, "INVLPG of an address that is not canonical: 3");
    if (CFG_ARCH_PCID) {
        row(f, r, QUIET, CTL_MOV_CR4, CR4_PGE | CR4_PCIDE, "MOV CR4, PCIDE set: 3");
        row(f, r, all, CTL_MOV_CR3, TABLES_PML4 | 1, "MOV CR3 with PCIDs: 3+sets+1");
        row(f, r, QUIET, CTL_MOV_CR3, TABLES_PML4 | CR3_KEEP, "MOV CR3 with PCIDs, bit 63: 3");
        row(f, r, all, CTL_MOV_CR4, CR4_PGE, "MOV CR4, PCIDE cleared: 3+sets+1");
    }
    if (CFG_ARCH_LA57) {
        row(f, r, all, CTL_MOV_CR4, CR4_PGE | CR4_LA57, "MOV CR4, LA57 changes: 3+sets+1");
        rig_control(r, CTL_MOV_CR4, CR4_PGE);
    }
}

/* A walk's first read goes out, an INVLPG comes some cycles later: it waits for the reply, and the access begins again
 * when it is done. */
static void meets_walk(const struct forms *f, struct rig *r, unsigned later)
{
    struct pair answered = {0};
    rig_flush(r);
    const uint64_t mark = r->cycle;
    rig_offer(r, (struct access){.va = TABLES_PRIVATE});
    while (r->mem_accepted <= mark || r->cycle < r->mem_accepted + later)
        if (!rig_clock(r))
            return;
    const uint64_t reply = r->mem_accepted + L, accept = r->cycle;
    row(f, r, QUIET + ADDRESS + 1 + (double)(reply - accept), CTL_INVLPG, TABLES_PRIVATE,
        "INVLPG meets a walk whose reply comes r cycles later: 3+3+1+r");
    const uint64_t done = r->cycle - 1;
    while (!(r->side[SIDE_MODEL].out.resp_valid >> PORT_DATA & 1))
        if (!rig_clock(r))
            return;
    for (unsigned s = 0; s < r->sides; s++)
        answered.v[s] = r->side[s].out.resp_valid >> PORT_DATA & 1 ? (double)(r->cycle - done) : 0;
    sheet_row(f->sheet, r, S + 3 + 4 * (L + 1), EXACT, answered, "that access, from done to response: S+3+4(L+1)");
}

void form_control(const struct forms *f)
{
    struct rig *r = rig_new(f->dut, L, false);
    quiet(f, r);
    meets_walk(f, r, 1);
    meets_walk(f, r, L / 2);
    sheet_end_rig(f->sheet, r);
}
