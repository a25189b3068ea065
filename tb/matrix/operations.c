/* The rows of the matrix: every operation, what must be set for it to act, and what of it is documented to drop more
 * than it must. */
#include <stddef.h>

#include "matrix/matrix.h"

#define PCIDE_IF_BUILT (CFG_ARCH_PCID ? CR4_PCIDE : 0)

static void invlpg(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    (void)desc;
    before->cr3 |= before->cr4 & CR4_PCIDE ? pcid : 0;
    *data = va;
}

static void invpcid(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    before->cr3 |= before->cr4 & CR4_PCIDE ? PCID_CURRENT : 0;
    *data = va;
    *desc = before->cr4 & CR4_PCIDE ? pcid : 0;
}

static void mov_cr3(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    (void)va, (void)desc;
    *data = before->cr3 | (before->cr4 & CR4_PCIDE ? pcid : 0);
    before->cr3 |= before->cr4 & CR4_PCIDE ? PCID_CURRENT : 0;
}

static void mov_cr3_keep(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    mov_cr3(before, va, pcid, data, desc);
    *data |= CR3_NO_FLUSH;
}

static void mov_cr3_no_pcids(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    before->cr4 &= ~CR4_PCIDE;
    mov_cr3(before, va, pcid, data, desc);
}

/* MOV CR4 that turns one bit over, from 0 or from 1. */
static void turn(struct oracle_regs *before, unsigned pcid, uint64_t bit, bool from, uint64_t *data)
{
    before->cr4 = (before->cr4 & ~bit) | (from ? bit : 0);
    before->cr3 |= before->cr4 & CR4_PCIDE ? pcid : 0;
    before->cr0 |= CR0_WP; /* CR4.CET needs it */
    *data = before->cr4 ^ bit;
}

#define TURN(name, bit, from)                                                                                \
    static void name(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc) \
    {                                                                                                        \
        (void)va, (void)desc;                                                                                \
        turn(before, pcid, bit, from, data);                                                                 \
    }
TURN(pge_on, CR4_PGE, false)
TURN(pge_off, CR4_PGE, true)
TURN(pcide_on, CR4_PCIDE, false)
TURN(pcide_off, CR4_PCIDE, true)
TURN(smep_on, CR4_SMEP, false)
TURN(smep_off, CR4_SMEP, true)
TURN(smap_on, CR4_SMAP, false)
TURN(smap_off, CR4_SMAP, true)
TURN(pke_on, CR4_PKE, false)
TURN(pke_off, CR4_PKE, true)
TURN(pks_on, CR4_PKS, false)
TURN(pks_off, CR4_PKS, true)
TURN(cet_on, CR4_CET, false)
TURN(cet_off, CR4_CET, true)
TURN(la57_on, CR4_LA57, false)
TURN(la57_off, CR4_LA57, true)
TURN(pse_on, CR4_PSE, false)
TURN(pse_off, CR4_PSE, true)
TURN(lam_on, CR4_LAM_SUP, false)
TURN(lam_off, CR4_LAM_SUP, true)

static void cr0(struct oracle_regs *before, unsigned pcid, uint64_t bit, uint64_t *data)
{
    before->cr3 |= before->cr4 & CR4_PCIDE ? pcid : 0;
    *data = before->cr0 ^ bit;
}

static void cr0_wp(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    (void)va, (void)desc;
    cr0(before, pcid, CR0_WP, data);
}

static void cr0_cd(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    (void)va, (void)desc;
    cr0(before, pcid, CR0_CD, data);
}

static void cr0_pg_off(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    (void)va, (void)desc;
    before->cr4 &= ~CR4_PCIDE; /* else #GP */
    cr0(before, pcid, CR0_PG, data);
}

static void efer_nxe(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    (void)va, (void)desc;
    before->cr3 |= before->cr4 & CR4_PCIDE ? pcid : 0;
    *data = before->efer ^ EFER_NXE;
}

static void efer_tce(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    (void)va, (void)desc;
    before->cr3 |= before->cr4 & CR4_PCIDE ? pcid : 0;
    *data = before->efer ^ EFER_TCE;
}

/* INVLPG and INVPCID of AMD's processors with EFER.TCE = 1. */
static void invlpg_tce(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    before->efer |= EFER_TCE;
    invlpg(before, va, pcid, data, desc);
}

static void invpcid_tce(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    before->efer |= EFER_TCE;
    invpcid(before, va, pcid, data, desc);
}

static void keys(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    (void)va, (void)desc;
    before->cr3 |= before->cr4 & CR4_PCIDE ? pcid : 0;
    *data = 0xfffffffc; /* key 0 stays open */
}

static void pat(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc)
{
    (void)va, (void)desc;
    before->cr3 |= before->cr4 & CR4_PCIDE ? pcid : 0;
    *data = UINT64_C(0x0104050607000106);
}

const struct operation operations[] = {
    {"INVLPG", CTL_INVLPG, true, true, true, false, invlpg},
    {"INVLPG, TCE=1", CTL_INVLPG, true, true, CFG_ARCH_AMD, false, invlpg_tce},
    {"INVPCID 0", CTL_INVPCID_ADDRESS, true, true, true, false, invpcid},
    {"INVPCID 0, TCE=1", CTL_INVPCID_ADDRESS, true, true, CFG_ARCH_AMD, false, invpcid_tce},
    {"INVPCID 1", CTL_INVPCID_CONTEXT, false, true, true, false, invpcid},
    {"INVPCID 2", CTL_INVPCID_ALL, false, true, true, false, invpcid},
    {"INVPCID 3", CTL_INVPCID_ALL_NONGLOBAL, false, true, true, false, invpcid},
    {"MOV CR3, PCIDE=0", CTL_MOV_CR3, false, false, true, false, mov_cr3_no_pcids},
    {"MOV CR3, bit 63=0", CTL_MOV_CR3, false, true, CFG_ARCH_PCID, false, mov_cr3},
    {"MOV CR3, bit 63=1", CTL_MOV_CR3, false, true, CFG_ARCH_PCID, false, mov_cr3_keep},
    {"MOV CR4, PGE 0>1", CTL_MOV_CR4, false, true, true, false, pge_on},
    {"MOV CR4, PGE 1>0", CTL_MOV_CR4, false, true, true, false, pge_off},
    {"MOV CR4, PCIDE 0>1", CTL_MOV_CR4, false, false, CFG_ARCH_PCID, false, pcide_on},
    {"MOV CR4, PCIDE 1>0", CTL_MOV_CR4, false, true, CFG_ARCH_PCID, false, pcide_off},
    {"MOV CR4, SMEP 0>1", CTL_MOV_CR4, false, true, true, false, smep_on},
    {"MOV CR4, SMEP 1>0", CTL_MOV_CR4, false, true, true, false, smep_off},
    {"MOV CR4, SMAP 0>1", CTL_MOV_CR4, false, true, true, false, smap_on},
    {"MOV CR4, SMAP 1>0", CTL_MOV_CR4, false, true, true, false, smap_off},
    {"MOV CR4, PKE 0>1", CTL_MOV_CR4, false, true, CFG_ARCH_PKU, false, pke_on},
    {"MOV CR4, PKE 1>0", CTL_MOV_CR4, false, true, CFG_ARCH_PKU, false, pke_off},
    {"MOV CR4, PKS 0>1", CTL_MOV_CR4, false, true, CFG_ARCH_PKS, false, pks_on},
    {"MOV CR4, PKS 1>0", CTL_MOV_CR4, false, true, CFG_ARCH_PKS, false, pks_off},
    {"MOV CR4, CET 0>1", CTL_MOV_CR4, false, true, CFG_ARCH_CET, false, cet_on},
    {"MOV CR4, CET 1>0", CTL_MOV_CR4, false, true, CFG_ARCH_CET, false, cet_off},
    {"MOV CR4, LA57 0>1", CTL_MOV_CR4, false, true, CFG_ARCH_LA57, false, la57_on},
    {"MOV CR4, LA57 1>0", CTL_MOV_CR4, false, true, CFG_ARCH_LA57, true, la57_off},
    {"MOV CR4, PSE 0>1", CTL_MOV_CR4, false, true, true, false, pse_on},
    {"MOV CR4, PSE 1>0", CTL_MOV_CR4, false, true, true, false, pse_off},
    {"MOV CR4, LAM_SUP 0>1", CTL_MOV_CR4, false, true, CFG_ARCH_LAM, false, lam_on},
    {"MOV CR4, LAM_SUP 1>0", CTL_MOV_CR4, false, true, CFG_ARCH_LAM, false, lam_off},
    {"MOV CR0, WP", CTL_MOV_CR0, false, true, true, false, cr0_wp},
    {"MOV CR0, CD", CTL_MOV_CR0, false, true, true, false, cr0_cd},
    {"MOV CR0, PG 1>0", CTL_MOV_CR0, false, false, true, false, cr0_pg_off},
    {"WRMSR EFER, NXE", CTL_WRMSR_EFER, false, true, true, false, efer_nxe},
    {"WRMSR EFER, TCE", CTL_WRMSR_EFER, false, true, CFG_ARCH_AMD, false, efer_tce},
    {"WRPKRU", CTL_WRPKRU, false, true, true, false, keys},
    {"WRMSR PKRS", CTL_WRMSR_PKRS, false, true, CFG_ARCH_PKS, false, keys},
    {"WRMSR PAT", CTL_WRMSR_PAT, false, true, true, false, pat},
    {"#PF", FAULT, true, true, true, false, invlpg},
};
const unsigned operations_count = sizeof operations / sizeof *operations;

const char *documented_more(const struct cell *cell, const struct oracle_regs *before, const struct cached *entry)
{
    (void)before;
    if (cell->op->prepare == efer_nxe)
        return "WRMSR EFER that changes NXE drops everything";
    if (cell->op->prepare == smep_on && !entry->paging_structure && entry->global)
        return "MOV CR4 that sets SMEP drops global entries of every PCID too";
    return NULL;
}

const char *impossible(const struct cell *cell, bool paced)
{
    static const unsigned tlb_holds[4] = {0, CFG_ITLB_A0_HOLDS | CFG_ITLB_A1_HOLDS | CFG_ITLB_A2_HOLDS,
                                          CFG_DTLB_A0_HOLDS | CFG_DTLB_A1_HOLDS | CFG_DTLB_A2_HOLDS,
                                          CFG_STLB_A0_HOLDS | CFG_STLB_A1_HOLDS};
    const unsigned psc_holds = CFG_PSC_A0_HOLDS | CFG_PSC_A1_HOLDS | CFG_PSC_A2_HOLDS | CFG_PSC_A3_HOLDS;
    if (!cell->op->built)
        return "the operation's feature is not in this preset";
    if (cell->structure != PSC && cell->level == 3 && !CFG_ARCH_PAGE_1G)
        return "the structure does not hold this size or level";
    if (cell->structure == PSC && cell->level == 5 && !CFG_ARCH_LA57)
        return "the structure does not hold this size or level";
    if (!paced && !(cell->structure == PSC ? psc_holds >> (cell->level - 2) & 1
                                           : tlb_holds[cell->structure] >> (cell->level - 1) & 1))
        return "the structure does not hold this size or level";
    if (cell->structure == PSC && cell->level == 5 && cell->op->prepare == la57_on)
        return "no PML5 entry is used with 4 levels";
    if (cell->structure == PSC && cell->global)
        return "paging-structure caches have no global entries";
    if (cell->global && cell->op->prepare == pge_on)
        return "no entry is global while CR4.PGE = 0";
    if (!cell->same_pcid && (!CFG_ARCH_PCID || !cell->op->of_pcid))
        return "there is one PCID only";
    if (!cell->same_address && !cell->op->addressed)
        return "the operation names no address";
    if (!paced && cell->flight == FLY_FOLLOW && CFG_MISS_QUEUE_ENTRIES <= CFG_PORTS_FETCH + CFG_PORTS_DATA)
        return "the miss queue has no room for a second request";
    if (!paced && cell->flight == FLY_DENIED && !CFG_POLICY_FAULT_REWALK)
        return "a fault of a hit in an L1 is told at once";
    if (!paced && cell->flight == FLY_DENIED &&
        !(tlb_holds[DTLB] >> (cell->structure == PSC ? 0 : cell->level - 1) & 1))
        return "the L1 of the request in flight does not hold its page";
    return NULL;
}
