/* When a control operation raises #GP(0) (SDM volume 2, MOV to CR, INVPCID, WRPKRU, WRMSR; volume 3A 2.5, 5.10.1;
 * APM 3.1.7).
 *
 * NULL: it does not; else the rule. The registers are those before the operation. */
#ifndef TWINWALK_RULES_CONTROL_H
#define TWINWALK_RULES_CONTROL_H

#include "rules_address.h"
#include "rules_entry.h"

static inline const char *mov_cr0_refused(const struct oracle_regs *regs, uint64_t data)
{
    if (!(data & CR0_WP) && regs->cr4 & CR4_CET)
        return "SDM 3A 2.5: CR0.WP cannot be cleared while CR4.CET = 1";
    if (!(data & CR0_PG) && regs->cr4 & CR4_PCIDE)
        return "SDM 3A 5.10.1: CR0.PG cannot be cleared while CR4.PCIDE = 1";
    return NULL;
}

/* 2.5: with CR4.PCIDE = 1 bit 63 says whether the TLBs are kept; without it is one of the reserved bits. */
static inline const char *mov_cr3_refused(const struct oracle_cpu *cpu, const struct oracle_regs *regs, uint64_t data)
{
    uint64_t lam = CR3_LAM_U57 | CR3_LAM_U48;
    if (data & beyond_width(cpu) & ~lam & ~CR3_NO_FLUSH)
        return "SDM 3A 5.5.2: CR3 bits above the physical-address width are reserved";
    if (data & lam && !cpu->lam)
        return "SDM 3A 4.4: CR3.LAM_U57 and LAM_U48 are reserved without linear-address masking";
    if (data & CR3_NO_FLUSH && !(regs->cr4 & CR4_PCIDE))
        return "SDM 3A 2.5: bit 63 of MOV to CR3 is reserved while CR4.PCIDE = 0";
    return NULL;
}

/* 2.5: CR4 bits of features that CPUID does not report are reserved. LASS is never offered. */
static inline uint64_t cr4_reserved(const struct oracle_cpu *cpu)
{
    return CR4_LASS | (cpu->la57 ? 0 : CR4_LA57) | (cpu->pcid ? 0 : CR4_PCIDE) | (cpu->pku ? 0 : CR4_PKE) |
           (cpu->cet ? 0 : CR4_CET) | (cpu->pks ? 0 : CR4_PKS) | (cpu->lam ? 0 : CR4_LAM_SUP);
}

static inline const char *mov_cr4_refused(const struct oracle_cpu *cpu, const struct oracle_regs *regs, uint64_t data)
{
    if (!(data & CR4_PAE))
        return "SDM 3A 5.1.2: CR4.PAE cannot be cleared in IA-32e mode";
    if (data & cr4_reserved(cpu))
        return "SDM 3A 2.5: a CR4 bit whose feature the processor does not have is reserved";
    if (data & ~regs->cr4 & CR4_PCIDE && regs->cr3 & CR3_PCID)
        return "SDM 3A 5.10.1: CR4.PCIDE can be set only while CR3[11:0] = 000H";
    if (data & CR4_CET && !(regs->cr0 & CR0_WP))
        return "SDM 3A 2.5: CR4.CET can be set only while CR0.WP = 1";
    return NULL;
}

static inline const char *wrmsr_efer_refused(const struct oracle_cpu *cpu, uint64_t data)
{
    if (data & EFER_TCE && !cpu->amd)
        return "SDM 3A 2.2.1: EFER bit 15 is reserved (AMD: TCE)";
    if (data & EFER_UAIE)
        return "APM 5.10: EFER.UAIE is reserved without upper-address ignore, which is never offered";
    return NULL;
}

/* INVPCID, volume 2: descriptor bits 63:12, a PCID without PCIDE (types 0 and 1), a non-canonical address (type 0). */
static inline const char *invpcid_refused(const struct oracle_regs *regs, uint8_t op, uint64_t va, uint64_t desc)
{
    bool names_pcid = op == CTL_INVPCID_ADDRESS || op == CTL_INVPCID_CONTEXT;
    if (desc & ~(uint64_t)CR3_PCID)
        return "SDM 2A INVPCID: bits 63:12 of the descriptor are not all 0";
    if (names_pcid && desc & CR3_PCID && !(regs->cr4 & CR4_PCIDE))
        return "SDM 2A INVPCID: a PCID other than 000H while CR4.PCIDE = 0";
    if (op == CTL_INVPCID_ADDRESS && !canonical(regs, va))
        return "SDM 2A INVPCID: the linear address of type 0 is not canonical";
    return NULL;
}

static inline const char *wrpkru_refused(uint64_t data)
{
    return data >> 32 ? "SDM 3A 5.6.2: PKRU has 32 bits" : NULL;
}

static inline const char *wrmsr_pkrs_refused(const struct oracle_cpu *cpu, uint64_t data)
{
    if (!cpu->pks)
        return "SDM 3A 5.6.2: without protection keys for supervisor pages there is no IA32_PKRS";
    return data >> 32 ? "SDM 3A 5.6.2: bits 63:32 of IA32_PKRS are reserved" : NULL;
}

/* 13.12.2: "an attempt to write an undefined memory type encoding into the PAT causes a general-protection (#GP)
 * exception". */
static inline const char *wrmsr_pat_refused(uint64_t data)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned type = data >> 8 * i & 0xff;
        if (type > MT_UC_MINUS || type == 2 || type == 3)
            return "SDM 3A 13.12.2: a byte of IA32_PAT is not one of 0, 1, 4, 5, 6, 7";
    }
    return NULL;
}

/* Any operation. INVLPG of a non-canonical address does nothing (volume 2), so it never raises it. */
static inline const char *control_refused(const struct oracle_cpu *cpu, const struct oracle_regs *regs, uint8_t op,
                                          uint64_t data, uint64_t desc)
{
    switch (op) {
    case CTL_MOV_CR0:
        return mov_cr0_refused(regs, data);
    case CTL_MOV_CR3:
        return mov_cr3_refused(cpu, regs, data);
    case CTL_MOV_CR4:
        return mov_cr4_refused(cpu, regs, data);
    case CTL_WRMSR_EFER:
        return wrmsr_efer_refused(cpu, data);
    case CTL_INVPCID_ADDRESS:
    case CTL_INVPCID_CONTEXT:
    case CTL_INVPCID_ALL:
    case CTL_INVPCID_ALL_NONGLOBAL:
        return invpcid_refused(regs, op, data, desc);
    case CTL_WRPKRU:
        return wrpkru_refused(data);
    case CTL_WRMSR_PKRS:
        return wrmsr_pkrs_refused(cpu, data);
    case CTL_WRMSR_PAT:
        return wrmsr_pat_refused(data);
    default:
        return NULL;
    }
}

#endif
