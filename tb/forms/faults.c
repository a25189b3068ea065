/* Cycles of page faults, and what they leave behind.
 *
 * From the cycle F in which a walker has its fault to the response: grant and FINV, the three page-fault invalidations
 * issued one after another, the last of them through the STLB pipeline, response: S+3. A fault that begins at an L1 hit
 * has no walker before it, or begins its walk in the cycle after the accept: F = 0, or F = 2+n(L+1). */
#include "form.h"

enum { L = 7, S = STLB_EXTRA };

/* After an STLB miss: n reads, of the restart too. */
static double fault(unsigned n)
{
    return S + 3 + n * (L + 1) + S + 1;
}

static void row(const struct forms *f, struct stand *r, double formula, struct access access, const char *name)
{
    stand_access(r, access);
    sheet_row(f->sheet, r, formula, EXACT, STAND_PAIR(r, answer.latency), "%s", name);
}

/* Page n of the private page table. */
static uint64_t page(unsigned n)
{
    return TABLES_PRIVATE + n * UINT64_C(0x1000);
}

static void not_present(const struct forms *f, struct stand *r)
{
    static const char *const name[4] = {"not present at level 4: S+3+1(L+1)+S+1",
                                        "not present at level 3: S+3+2(L+1)+S+1",
                                        "not present at level 2: S+3+3(L+1)+S+1",
                                        "not present at level 1: S+3+4(L+1)+S+1"};
    const uint64_t va[4] = {TABLES_HOLE, TABLES_PRIVATE + (UINT64_C(1) << 30), TABLES_PRIVATE + (UINT64_C(1) << 21),
                            page(1)};
    form_tables_edit(r->pm, form_tables_private(1, page(1)), ENTRY_P, 0);
    for (unsigned i = 0; i < 4; i++) {
        stand_flush(r);
        row(f, r, fault(i + 1), (struct access){.va = va[i], .kind = KIND_PF}, name[i]);
    }
}

static void refused(const struct forms *f, struct stand *r)
{
    const struct access load = {.va = page(2)};
    const struct access store = {.va = page(2), .acc = ACC_WRITE, .kind = KIND_PF, .err = PF_P | PF_W};
    form_tables_edit(r->pm, form_tables_private(1, page(2)), ENTRY_W, 0);
    form_tables_edit(r->pm, form_tables_private(1, page(3)), ENTRY_U, 0);
    stand_control(r, CTL_MOV_CR0, CR0_PG | CR0_WP);
    stand_flush(r);
    row(f, r, fault(4), store, "write to a read-only page, cold: S+3+4(L+1)+S+1");
    stand_flush(r);
    row(f, r, fault(4), (struct access){.va = page(3), .user = true, .kind = KIND_PF, .err = PF_P | PF_U},
        "user access to a supervisor page, cold: S+3+4(L+1)+S+1");

    stand_flush(r);
    stand_access(r, load);
    if (CFG_POLICY_FAULT_REWALK && !preset_room(&preset_dtlb, SIZE_4K).entries)
        row(f, r, fault(4), store, "write to a read-only page in the STLB, walked again: S+3+4(L+1)+S+1");
    else if (CFG_POLICY_FAULT_REWALK)
        row(f, r, 4 * (L + 1) + S + 6, store, "write to a read-only page in the L1, walked again: 4(L+1)+S+6");
    else if (preset_room(&preset_dtlb, SIZE_4K).entries)
        row(f, r, S + 3, store, "write to a read-only page in the L1: S+3");
    else
        row(f, r, 2 * S + 2, store, "write to a read-only page in the STLB, no L1 for 4k pages: 2S+2");
    row(f, r, S + 3 + 4 * (L + 1), load, "the fault dropped its translation and walk-cache entries: S+3+4(L+1)");
}

/* The lowest physical-address bit that the preset does not have; with 52 there is none, but XD is reserved while
 * EFER.NXE = 0. */
static void reserved(const struct forms *f, struct stand *r)
{
    const uint64_t bit = CFG_ARCH_PADDR_BITS == 52 ? ENTRY_NX : UINT64_C(1) << CFG_ARCH_PADDR_BITS % 52;
    form_tables_edit(r->pm, form_tables_private(1, page(4)), 0, bit);
    stand_flush(r);
    row(f, r, fault(4), (struct access){.va = page(4), .kind = KIND_PF, .err = PF_P | PF_RSVD},
        "reserved bit in the leaf, cold: S+3+4(L+1)+S+1");
}

/* An execute that finds in the STLB what a load put there. */
static void refused_by_stlb(const struct forms *f, struct stand *r)
{
    form_tables_edit(r->pm, form_tables_private(1, page(5)), 0, ENTRY_NX);
    stand_control(r, CTL_WRMSR_EFER, EFER_NXE);
    stand_access(r, (struct access){.va = page(5)});
    row(f, r, CFG_POLICY_FAULT_REWALK ? fault(4) : fault(0) - 2,
        (struct access){.va = page(5), .acc = ACC_EXECUTE, .kind = KIND_PF, .err = PF_P | PF_I},
        CFG_POLICY_FAULT_REWALK ? "execute of an NX page in the STLB, walked again: S+3+4(L+1)+S+1"
                                : "execute of an NX page in the STLB: 2S+2");
}

/* A walk from a cached PDE that meets P = 0. */
static void restart(const struct forms *f, struct stand *r)
{
    if (!preset_room(&preset_psc, 0).entries) {
        sheet_left_out(f->sheet, "fault of a walk from a cached PDE: the preset caches none");
        return;
    }
    stand_flush(r);
    stand_access(r, (struct access){.va = page(0)});
    row(f, r, fault(CFG_POLICY_FAULT_REWALK ? 1 + 4 : 1), (struct access){.va = page(1), .kind = KIND_PF},
        CFG_POLICY_FAULT_REWALK ? "not present below a cached PDE, walked again: S+3+(1+4)(L+1)+S+1"
                                : "not present below a cached PDE: S+3+(L+1)+S+1");
}

void form_faults(const struct forms *f)
{
    struct stand *r = stand_new(f->dut, L, false);
    not_present(f, r);
    refused(f, r);
    reserved(f, r);
    restart(f, r);
    refused_by_stlb(f, r);
    sheet_end_stand(f->sheet, r);
}
