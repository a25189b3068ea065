/* SDM 3A 5.10.4.1 "Operations that Invalidate TLBs and Paging-Structure Caches", row by row, and what the APM (volume
 * 2, 5.5.3 and 3.1.7) adds. Each row answers for one operation that was carried out: the clause by which the entry must
 * be gone, or NULL. */
#include "invalidation.h"

#include "rules.h"

/* The entry translates va: "associated with a page number for the linear address", "would be used for that linear
 * address". */
static bool translates(const struct cached *entry, uint64_t va)
{
    return (entry->va ^ va) >> x86_level_shift(entry->level) == 0;
}

/* "Non-global": paging-structure caches have no global entries. */
static bool nonglobal(const struct cached *entry)
{
    return entry->paging_structure || !entry->global;
}

/* APM 3.1.7: EFER.TCE = 0: the instructions that name a page "remove the target PTE from the TLB as well as all
 * upper-level table entries that are cached in the TLB, whether or not they are associated with the target PTE". */
static const char *all_upper_levels(const struct oracle_cpu *cpu, const struct oracle_regs *regs,
                                    const struct cached *entry)
{
    return cpu->amd && !(regs->efer & EFER_TCE) && entry->paging_structure
               ? "APM 3.1.7: with EFER.TCE = 0 INVLPG and INVPCID of an address drop all upper-level entries"
               : NULL;
}

static const char *invlpg(const struct oracle_cpu *cpu, const struct oracle_regs *regs, uint64_t va,
                          const struct cached *entry)
{
    if (!canonical(regs, va))
        return NULL; /* volume 2: acts like a NOP */
    bool current = entry->pcid == current_pcid(regs);
    if (!entry->paging_structure)
        return (current || entry->global) && translates(entry, va)
                   ? "SDM 3A 5.10.4.1: INVLPG drops the page's TLB entries of the current PCID, and global ones of any "
                     "PCID"
                   : NULL;
    if (!cpu->amd)
        return current ? "SDM 3A 5.10.4.1: INVLPG drops all paging-structure-cache entries of the current PCID" : NULL;
    if (current && translates(entry, va))
        return "APM 3.1.7: INVLPG drops the upper-level entries that lead to the page";
    return all_upper_levels(cpu, regs, entry);
}

static const char *invpcid_address(const struct oracle_cpu *cpu, const struct oracle_regs *regs, uint64_t va,
                                   uint64_t desc, const struct cached *entry)
{
    if (nonglobal(entry) && entry->pcid == (desc & CR3_PCID) && translates(entry, va))
        return "SDM 3A 5.10.4.1: INVPCID type 0 drops what translates the address with the PCID, except global "
               "translations";
    return all_upper_levels(cpu, regs, entry);
}

/* All of one PCID but global translations. */
static const char *of_pcid(unsigned pcid, const struct cached *entry, const char *rule)
{
    return nonglobal(entry) && entry->pcid == pcid ? rule : NULL;
}

/* `regs` are those before; the source's bits 11:0 are the new PCID. */
static const char *mov_cr3(const struct oracle_regs *regs, uint64_t data, const struct cached *entry)
{
    if (!(regs->cr4 & CR4_PCIDE))
        return of_pcid(
            0, entry,
            "SDM 3A 5.10.4.1: MOV to CR3 with CR4.PCIDE = 0 drops all of PCID 000H except global translations");
    if (data & CR3_NO_FLUSH)
        return NULL;
    return of_pcid(data & CR3_PCID, entry,
                   "SDM 3A 5.10.4.1: MOV to CR3 with CR4.PCIDE = 1 and bit 63 = 0 drops all of the new PCID except "
                   "global translations");
}

static const char *mov_cr4(const struct oracle_cpu *cpu, const struct oracle_regs *regs, uint64_t data,
                           const struct cached *entry)
{
    uint64_t changed = regs->cr4 ^ data, set = changed & data, cleared = changed & regs->cr4;
    if (changed & CR4_PGE)
        return "SDM 3A 5.10.4.1: MOV to CR4 that changes PGE drops everything";
    if (cleared & CR4_PCIDE)
        return "SDM 3A 5.10.4.1: MOV to CR4 that clears PCIDE drops everything";
    if (changed & CR4_LA57)
        return "SDM 3A 5.1.2, 5.10.4.1: CR4.LA57 changes only with CR0.PG = 0, and clearing CR0.PG drops everything";
    if (cpu->amd && changed & CR4_PSE)
        return "APM 5.5.3: MOV to CR4 that changes PSE drops everything";
    if (cpu->amd && set & CR4_PKE)
        return "APM 5.5.3: MOV to CR4 that sets PKE drops everything";
    if (set & CR4_SMEP && entry->pcid == current_pcid(regs))
        return "SDM 3A 5.10.4.1: MOV to CR4 that sets SMEP drops all of the current PCID";
    return NULL;
}

static const char *clause(const struct oracle_cpu *cpu, const struct oracle_regs *regs, uint8_t op, uint64_t data,
                          uint64_t desc, const struct cached *entry)
{
    switch (op) {
    case CTL_MOV_CR0:
        return data & CR0_PG ? NULL : "SDM 3A 5.10.4.1: MOV to CR0 that clears PG drops everything";
    case CTL_MOV_CR3:
        return mov_cr3(regs, data, entry);
    case CTL_MOV_CR4:
        return mov_cr4(cpu, regs, data, entry);
    case CTL_INVLPG:
        return invlpg(cpu, regs, data, entry);
    case CTL_INVPCID_ADDRESS:
        return invpcid_address(cpu, regs, data, desc, entry);
    case CTL_INVPCID_CONTEXT:
        return of_pcid(desc & CR3_PCID, entry,
                       "SDM 3A 5.10.4.1: INVPCID type 1 drops all of the PCID except global translations");
    case CTL_INVPCID_ALL:
        return "SDM 3A 5.10.4.1: INVPCID type 2 drops everything";
    case CTL_INVPCID_ALL_NONGLOBAL:
        return nonglobal(entry) ? "SDM 3A 5.10.4.1: INVPCID type 3 drops everything except global translations" : NULL;
    default: /* WRMSR and WRPKRU are not in 5.10.4.1: rights that they change are judged at each access */
        return NULL;
    }
}

bool invalidation_must_drop(const struct oracle_cpu *cpu, const struct oracle_regs *before, uint8_t op, uint64_t data,
                            uint64_t desc, const struct cached *entry, const char **rule)
{
    const char *found = control_refused(cpu, before, op, data, desc) ? NULL
                                                                     : clause(cpu, before, op, data, desc, entry);
    if (rule)
        *rule = found;
    return found;
}

/* 5.10.4.1: a page fault "will invalidate any TLB entries that are for a page number corresponding to that linear
 * address and that are associated with the current PCID. It also invalidates all entries in the paging-structure caches
 * that would be used for that linear address and that are associated with the current PCID. These invalidations ensure
 * that the page-fault exception will not recur": so a global translation of another PCID, which the current one would
 * use too, goes as well. */
bool invalidation_fault_must_drop(const struct oracle_regs *regs, uint64_t va, const struct cached *entry,
                                  const char **rule)
{
    bool usable = entry->pcid == current_pcid(regs) || !nonglobal(entry);
    bool drop = usable && translates(entry, va);
    if (rule)
        *rule = drop ? "SDM 3A 5.10.4.1: a page fault drops what translates its address with the current PCID" : NULL;
    return drop;
}
