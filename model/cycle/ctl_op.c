#include "ctl_op.h"

/* Bits of the source operands (SDM 3A 2.5, 2.2.1; AMD's: APM vol 2, 3.1.7). */
#define CR0_WP BITS(16, 16)
#define CR0_CD BITS(30, 30)
#define CR0_PG BITS(31, 31)
#define CR3_BASE_AND_LOW BITS(CFG_ARCH_PADDR_BITS - 1, 0)
#define CR3_KEEP BITS(63, 63) /* of MOV's source only: keep what is cached */
#define CR4_PSE BITS(4, 4)
#define CR4_PAE BITS(5, 5)
#define CR4_PGE BITS(7, 7)
#define CR4_LA57 BITS(12, 12)
#define CR4_PCIDE BITS(17, 17)
#define CR4_SMEP BITS(20, 20)
#define CR4_SMAP BITS(21, 21)
#define CR4_PKE BITS(22, 22)
#define CR4_CET BITS(23, 23)
#define CR4_PKS BITS(24, 24)
#define CR4_LASS BITS(27, 27)
#define CR4_LAM_SUP BITS(28, 28)
#define EFER_NXE BITS(11, 11)
#define EFER_TCE BITS(15, 15)
#define EFER_UAIE BITS(20, 20)
#define DESC_PCID BITS(11, 0)

/* Bits that a MOV must leave 0 because what they switch on is not there. */
#define CR3_ABSENT (BITS(60, CFG_ARCH_PADDR_BITS) | (CFG_ARCH_LAM ? 0 : CR3_LAM_U57 | CR3_LAM_U48))
#define CR4_ABSENT                                                                                                \
    (CR4_LASS | (CFG_ARCH_LA57 ? 0 : CR4_LA57) | (CFG_ARCH_PCID ? 0 : CR4_PCIDE) | (CFG_ARCH_PKU ? 0 : CR4_PKE) | \
     (CFG_ARCH_CET ? 0 : CR4_CET) | (CFG_ARCH_PKS ? 0 : CR4_PKS) | (CFG_ARCH_LAM ? 0 : CR4_LAM_SUP))
#define EFER_ABSENT (EFER_UAIE | (CFG_ARCH_AMD ? 0 : EFER_TCE))

/* SDM 3A 13.12.2: the encodings that IA32_PAT may hold; 2, 3 and everything above 7 are reserved. */
static bool is_pat(uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        const unsigned type = value >> 8 * i & 0xff;
        if (type > 7 || type == 2 || type == 3)
            return false;
    }
    return true;
}

/* SDM 2, INVPCID: reserved bits of the descriptor, and a PCID where there are none. */
static bool is_descriptor(const struct registers *r, uint64_t desc, bool names_a_pcid)
{
    return !(desc & ~DESC_PCID) && (r->pcide || !names_a_pcid || !(desc & DESC_PCID));
}

/* The column "#GP(0) if". */
static bool raises_gp(const struct registers *r, unsigned op, uint64_t data, uint64_t desc)
{
    switch (op) {
    case CTL_MOV_CR0: /* SDM 2, MOV CR; 3A 2.5 (CR4.CET), 5.10.1 */
        return (!(data & CR0_WP) && r->cet) || (!(data & CR0_PG) && r->pcide);
    case CTL_MOV_CR3: /* SDM 2, MOV CR; bit 63 belongs to the operand with PCIDE = 1 only: 3A 5.10.4.1 */
        return (data & CR3_ABSENT) || ((data & CR3_KEEP) && !r->pcide);
    case CTL_MOV_CR4: /* SDM 2, MOV CR: PAE cannot be cleared in IA-32e mode; 3A 5.10.1 (PCIDE), 2.5 (CET) */
        return !(data & CR4_PAE) || (data & CR4_ABSENT) || ((data & CR4_PCIDE) && !r->pcide && (r->cr3 & CR3_PCID)) ||
               ((data & CR4_CET) && !r->wp);
    case CTL_WRMSR_EFER: /* SDM 3A 2.2.1; APM vol 2, 3.1.7 */
        return data & EFER_ABSENT;
    case CTL_INVPCID_ADDRESS:
        return !is_descriptor(r, desc, true) || !is_canonical(data, r->la57);
    case CTL_INVPCID_CONTEXT:
        return !is_descriptor(r, desc, true);
    case CTL_INVPCID_ALL:
    case CTL_INVPCID_ALL_NONGLOBAL:
        return !is_descriptor(r, desc, false);
    case CTL_WRPKRU: /* SDM 2, WRPKRU: EDX, bits 63:32 of the operand, must be 0 */
        return data >> 32;
    case CTL_WRMSR_PKRS: /* SDM 3A 5.6.2: bits 63:32 of IA32_PKRS are reserved */
        return data >> 32 || !CFG_ARCH_PKS;
    case CTL_WRMSR_PAT:
        return !is_pat(data);
    default: /* INVLPG has none, and neither have the reserved codes */
        return false;
    }
}

static void write_cr4(struct registers *r, uint64_t data)
{
    r->pse = data & CR4_PSE;
    r->pge = data & CR4_PGE;
    r->la57 = data & CR4_LA57;
    r->pcide = data & CR4_PCIDE;
    r->smep = data & CR4_SMEP;
    r->smap = data & CR4_SMAP;
    r->pke = data & CR4_PKE;
    r->cet = data & CR4_CET;
    r->pks = data & CR4_PKS;
    r->lam_sup = data & CR4_LAM_SUP;
}

/* The column "register effect". */
static void write_registers(struct registers *r, unsigned op, uint64_t data)
{
    switch (op) {
    case CTL_MOV_CR0:
        r->wp = data & CR0_WP;
        r->cd = data & CR0_CD;
        break;
    case CTL_MOV_CR3:
        r->cr3 = data & (CR3_BASE_AND_LOW | CR3_LAM_U57 | CR3_LAM_U48);
        break;
    case CTL_MOV_CR4:
        write_cr4(r, data);
        break;
    case CTL_WRMSR_EFER:
        r->nxe = data & EFER_NXE;
        r->tce = data & EFER_TCE;
        break;
    case CTL_WRPKRU:
        r->pkru = (uint32_t)data;
        return;
    case CTL_WRMSR_PKRS:
        r->pkrs = (uint32_t)data;
        return;
    case CTL_WRMSR_PAT:
        r->pat = data;
        break;
    default:
        return;
    }
    registers_derive(r);
}

/* MOV CR4 (SDM 3A 5.10.4.1; with AMD's: APM vol 2, 5.5.3). */
static enum invalidation of_mov_cr4(const struct registers *was, const struct registers *is)
{
    if (is->pge != was->pge || is->la57 != was->la57 || (was->pcide && !is->pcide))
        return INV_ALL;
    if (CFG_ARCH_AMD && (is->pse != was->pse || (is->pke && !was->pke)))
        return INV_ALL;
    return is->smep && !was->smep ? INV_CONTEXT : INV_NONE;
}

/* The column "invalidation". */
static enum invalidation to_invalidate(const struct registers *was, const struct registers *is, unsigned op,
                                       uint64_t data)
{
    switch (op) {
    case CTL_MOV_CR0: /* SDM 3A 5.10.4.1: when PG goes to 0. PG as the MMU has it is always 1 */
        return data & CR0_PG ? INV_NONE : INV_ALL;
    case CTL_MOV_CR3:
        return data & CR3_KEEP ? INV_NONE : INV_NONGLOBAL;
    case CTL_MOV_CR4:
        return of_mov_cr4(was, is);
    case CTL_WRMSR_EFER: /* section 18: more than required */
        return is->nxe != was->nxe ? INV_ALL : INV_NONE;
    case CTL_INVLPG: /* SDM 2, INVLPG: a non-canonical address makes it do nothing */
        return is_canonical(data, is->la57) ? INV_ADDRESS : INV_NONE;
    case CTL_INVPCID_ADDRESS:
        return INV_TARGET;
    case CTL_INVPCID_CONTEXT:
        return INV_NONGLOBAL;
    case CTL_INVPCID_ALL:
        return INV_ALL;
    case CTL_INVPCID_ALL_NONGLOBAL:
        return INV_ALL_NONGLOBAL;
    default:
        return INV_NONE;
    }
}

struct ctl_effect ctl_op_execute(struct registers *r, unsigned op, uint64_t data, uint64_t desc)
{
    if (raises_gp(r, op, data, desc))
        return (struct ctl_effect){.gp = true, .what = INV_NONE};
    const struct registers was = *r;
    write_registers(r, op, data);
    return (struct ctl_effect){
        .what = to_invalidate(&was, r, op, data),
        .pcid = ctl_op_has_desc(op) ? desc & DESC_PCID : r->pcid,
    };
}
