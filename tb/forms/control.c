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

static void row(const struct forms *f, struct stand *r, double formula, enum pins_ctl_op op, uint64_t data,
                const char *name)
{
    stand_control(r, op, data);
    sheet_row(f->sheet, r, formula, EXACT, STAND_PAIR(r, control_cost), "%s", name);
}

static void invpcid(const struct forms *f, struct stand *r, double formula, enum pins_ctl_op op, uint64_t desc,
                    const char *name)
{
    stand_control_desc(r, op, TABLES_PRIVATE, desc, false);
    sheet_row(f->sheet, r, formula, EXACT, STAND_PAIR(r, control_cost), "%s", name);
}

static void refused(const struct forms *f, struct stand *r, enum pins_ctl_op op, uint64_t data, uint64_t desc,
                    const char *name)
{
    stand_control_desc(r, op, data, desc, true);
    sheet_row(f->sheet, r, QUIET, EXACT, STAND_PAIR(r, control_cost), "#GP(0), %s: 3", name);
}

static void registers(const struct forms *f, struct stand *r, unsigned all)
{
    row(f, r, QUIET, CTL_MOV_CR0, CR0_PG | CR0_WP, "MOV CR0: 3");
    row(f, r, QUIET, CTL_MOV_CR0, CR0_PG | CR0_CD, "MOV CR0, CD changes: 3");
    row(f, r, all, CTL_MOV_CR0, CR0_WP, "MOV CR0, PG = 0: 3+sets+1");
    row(f, r, all, CTL_MOV_CR3, TABLES_PML4, "MOV CR3 without PCIDs: 3+sets+1");
    row(f, r, all, CTL_MOV_CR4, CR4_PAE | CR4_PGE, "MOV CR4, PGE changes: 3+sets+1");
    row(f, r, QUIET, CTL_MOV_CR4, CR4_PAE | CR4_PGE, "MOV CR4, nothing changes: 3");
    row(f, r, all, CTL_MOV_CR4, CR4_PAE | CR4_PGE | CR4_SMEP, "MOV CR4, SMEP set: 3+sets+1");
    row(f, r, QUIET, CTL_MOV_CR4, CR4_PAE | CR4_PGE | CR4_SMAP, "MOV CR4, SMEP cleared, SMAP set: 3");
    row(f, r, CFG_ARCH_AMD ? all : QUIET, CTL_MOV_CR4, CR4_PAE | CR4_PGE | CR4_PSE,
        CFG_ARCH_AMD ? "MOV CR4, PSE changes, AMD: 3+sets+1" : "MOV CR4, PSE changes: 3");
    if (CFG_ARCH_PKU)
        row(f, r, CFG_ARCH_AMD ? all : QUIET, CTL_MOV_CR4, CR4_PAE | CR4_PGE | CR4_PSE | CR4_PKE,
            CFG_ARCH_AMD ? "MOV CR4, PKE set, AMD: 3+sets+1" : "MOV CR4, PKE set: 3");
    row(f, r, CFG_ARCH_AMD ? all : QUIET, CTL_MOV_CR4, CR4_PAE | CR4_PGE,
        "MOV CR4, PSE and PKE cleared: as PSE changes");
    row(f, r, all, CTL_WRMSR_EFER, EFER_NXE, "WRMSR EFER, NXE changes: 3+sets+1");
    row(f, r, QUIET, CTL_WRMSR_EFER, EFER_NXE | (CFG_ARCH_AMD ? EFER_TCE : 0), "WRMSR EFER, NXE stays: 3");
    row(f, r, QUIET, CTL_WRMSR_EFER, EFER_NXE, "WRMSR EFER, nothing changes: 3");
    row(f, r, QUIET, CTL_WRPKRU, 0x55555554, "WRPKRU: 3");
    if (CFG_ARCH_PKS)
        row(f, r, QUIET, CTL_WRMSR_PKRS, 0x55555554, "WRMSR IA32_PKRS: 3");
    row(f, r, QUIET, CTL_WRMSR_PAT, UINT64_C(0x0007040600070406), "WRMSR IA32_PAT: 3");
}

static void invalidations(const struct forms *f, struct stand *r, unsigned all)
{
    row(f, r, QUIET + ADDRESS + 1, CTL_INVLPG, TABLES_PRIVATE, "INVLPG: 3+3+1");
    row(f, r, QUIET, CTL_INVLPG, UINT64_C(1) << 47, "INVLPG of an address that is not canonical: 3");
    invpcid(f, r, QUIET + ADDRESS + 1, CTL_INVPCID_ADDRESS, 0, "INVPCID type 0: 3+3+1");
    invpcid(f, r, all, CTL_INVPCID_CONTEXT, 0, "INVPCID type 1: 3+sets+1");
    invpcid(f, r, all, CTL_INVPCID_ALL, 0, "INVPCID type 2: 3+sets+1");
    invpcid(f, r, all, CTL_INVPCID_ALL, 7, "INVPCID type 2, any PCID in its descriptor: 3+sets+1");
    invpcid(f, r, all, CTL_INVPCID_ALL_NONGLOBAL, 0, "INVPCID type 3: 3+sets+1");
}

/* With CR4.PCIDE = 0. */
static void faults(const struct forms *f, struct stand *r)
{
    refused(f, r, CTL_MOV_CR3, TABLES_PML4 | CR3_KEEP, 0, "MOV CR3, bit 63 without PCIDs");
    if (CFG_ARCH_PADDR_BITS < 52)
        refused(f, r, CTL_MOV_CR3, UINT64_C(1) << CFG_ARCH_PADDR_BITS % 64, 0,
                "MOV CR3, an address bit that does not exist");
    refused(f, r, CTL_MOV_CR4, CR4_PGE, 0, "MOV CR4, PAE = 0");
    refused(f, r, CTL_MOV_CR4, CR4_PAE | CR4_LASS, 0, "MOV CR4, LASS");
    stand_control(r, CTL_MOV_CR0, CR0_PG);
    refused(f, r, CTL_MOV_CR4, CR4_PAE | CR4_CET, 0, "MOV CR4, CET without WP (or at all)");
    if (!CFG_ARCH_AMD)
        refused(f, r, CTL_WRMSR_EFER, EFER_TCE, 0, "WRMSR EFER, TCE");
    refused(f, r, CTL_INVPCID_ADDRESS, TABLES_PRIVATE, 1, "INVPCID type 0, a PCID without CR4.PCIDE");
    refused(f, r, CTL_INVPCID_ADDRESS, UINT64_C(1) << 47, 0, "INVPCID type 0, an address that is not canonical");
    refused(f, r, CTL_INVPCID_ALL, 0, UINT64_C(1) << 12, "INVPCID type 2, a reserved bit");
    refused(f, r, CTL_WRPKRU, UINT64_C(1) << 32, 0, "WRPKRU, upper half");
    refused(f, r, CTL_WRMSR_PAT, 2, 0, "WRMSR IA32_PAT, type 2");
}

static void pcids(const struct forms *f, struct stand *r, unsigned all)
{
    row(f, r, QUIET, CTL_MOV_CR4, CR4_PAE | CR4_PGE | CR4_PCIDE, "MOV CR4, PCIDE set: 3");
    row(f, r, all, CTL_MOV_CR3, TABLES_PML4 | 1, "MOV CR3 with PCIDs: 3+sets+1");
    row(f, r, QUIET, CTL_MOV_CR3, TABLES_PML4 | CR3_KEEP, "MOV CR3 with PCIDs, bit 63: 3");
    invpcid(f, r, QUIET + ADDRESS + 1, CTL_INVPCID_ADDRESS, 1, "INVPCID type 0 of another PCID: 3+3+1");
    refused(f, r, CTL_MOV_CR0, CR0_WP, 0, "MOV CR0, PG = 0 with CR4.PCIDE");
    row(f, r, all, CTL_MOV_CR4, CR4_PAE | CR4_PGE, "MOV CR4, PCIDE cleared: 3+sets+1");
    stand_control(r, CTL_MOV_CR3, TABLES_PML4 | 8);
    refused(f, r, CTL_MOV_CR4, CR4_PAE | CR4_PCIDE, 0, "MOV CR4, PCIDE set while CR3[11:0] is not 0");
    stand_control(r, CTL_MOV_CR3, TABLES_PML4);
}

static void quiet(const struct forms *f, struct stand *r)
{
    const unsigned all = QUIET + sweep();
    sheet_row(f->sheet, r, sweep(), EXACT, STAND_PAIR(r, control_cost), "reset: from its end to done, sets+1");
    registers(f, r, all);
    invalidations(f, r, all);
    faults(f, r);
    if (CFG_ARCH_PCID)
        pcids(f, r, all);
    if (CFG_ARCH_LA57) {
        row(f, r, all, CTL_MOV_CR4, CR4_PAE | CR4_PGE | CR4_LA57, "MOV CR4, LA57 changes: 3+sets+1");
        stand_control(r, CTL_MOV_CR4, CR4_PAE | CR4_PGE);
    }
}

/* A walk's first read goes out, an INVLPG comes some cycles later: it waits for the reply, and the access begins again
 * when it is done. */
static void meets_walk(const struct forms *f, struct stand *r, unsigned later)
{
    struct pair answered = {0};
    stand_flush(r);
    const uint64_t mark = r->cycle;
    stand_offer(r, (struct access){.va = TABLES_PRIVATE});
    while (r->mem_accepted <= mark || r->cycle < r->mem_accepted + later)
        if (!stand_clock(r))
            return;
    const uint64_t reply = r->mem_accepted + L, accept = r->cycle;
    row(f, r, QUIET + ADDRESS + 1 + (double)(reply - accept), CTL_INVLPG, TABLES_PRIVATE,
        "INVLPG meets a walk whose reply comes r cycles later: 3+3+1+r");
    const uint64_t done = r->cycle - 1;
    while (!(r->side[SIDE_MODEL].out.resp_valid >> PORT_DATA & 1))
        if (!stand_clock(r))
            return;
    for (unsigned s = 0; s < r->sides; s++)
        answered.v[s] = r->side[s].out.resp_valid >> PORT_DATA & 1 ? (double)(r->cycle - done) : 0;
    sheet_row(f->sheet, r, S + 3 + 4 * (L + 1), EXACT, answered, "that access, from done to response: S+3+4(L+1)");
}

void form_control(const struct forms *f)
{
    struct stand *r = stand_new(f->dut, L, false);
    quiet(f, r);
    meets_walk(f, r, 1);
    meets_walk(f, r, L / 2);
    sheet_end_stand(f->sheet, r);
}
