/* Rules that the expectation gets wrong on purpose, each in one way that is seen in real MMUs: see expect.h. */
#include <string.h>

#include "arch/x86.h"
#include "expect.h"

static void no_wp(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)cpu, (void)access;
    regs->cr0 &= ~CR0_WP;
}

static void no_smep(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)cpu, (void)access;
    regs->cr4 &= ~CR4_SMEP;
}

static void no_smap(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)cpu, (void)access;
    regs->cr4 &= ~CR4_SMAP;
}

static void ac_ignored(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)cpu, (void)regs;
    access->ac = false;
}

static void implicit_as_explicit(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)cpu, (void)regs;
    access->imp = false;
}

static void xd_ignored(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)cpu, (void)regs;
    if (access->acc == ACC_EXECUTE)
        access->acc = ACC_READ;
}

static void one_address_bit_more(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)regs, (void)access;
    cpu->paddr_bits += cpu->paddr_bits < 52;
}

static void other_vendor(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)regs, (void)access;
    cpu->amd = !cpu->amd;
}

static void no_pku(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)cpu, (void)access;
    regs->pkru = 0;
}

static void no_pks(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)cpu, (void)access;
    regs->pkrs = 0;
}

static void a_only_in_leaf(const struct judge_case *c, const struct oracle_access *access, struct oracle_result *result)
{
    (void)c, (void)access;
    for (unsigned i = 0; i + 1 < result->steps; i++)
        result->step[i].must_a = result->step[i].may_a = false;
}

static void no_a_in_leaf(const struct judge_case *c, const struct oracle_access *access, struct oracle_result *result)
{
    (void)c, (void)access;
    if (result->steps)
        result->step[result->steps - 1].must_a = false;
}

static void no_d(const struct judge_case *c, const struct oracle_access *access, struct oracle_result *result)
{
    (void)c, (void)access;
    if (result->steps)
        result->step[result->steps - 1].must_d = false;
}

static void d_before_rights(const struct judge_case *c, const struct oracle_access *access,
                            struct oracle_result *result)
{
    (void)c;
    if (result->kind == KIND_PF && access->acc == ACC_WRITE && result->err & PF_P && !(result->err & PF_RSVD))
        result->step[result->steps - 1].must_d = !(result->step[result->steps - 1].value & ENTRY_D);
}

static void rsvd_without_p(const struct judge_case *c, const struct oracle_access *access, struct oracle_result *result)
{
    (void)c, (void)access;
    if (result->err & PF_RSVD)
        result->err &= (uint16_t)~PF_P;
}

static void fetch_always_i(const struct judge_case *c, const struct oracle_access *access, struct oracle_result *result)
{
    (void)c;
    if (result->kind == KIND_PF && access->acc == ACC_EXECUTE)
        result->err |= PF_I;
}

static void page_of_cr2(const struct judge_case *c, const struct oracle_access *access, struct oracle_result *result)
{
    (void)c, (void)access;
    if (result->kind == KIND_PF)
        result->addr &= ~UINT64_C(0xfff);
}

static void hole_is_a_page_fault(const struct judge_case *c, const struct oracle_access *access,
                                 struct oracle_result *result)
{
    (void)c;
    if (result->kind == KIND_GP) {
        result->kind = KIND_PF;
        result->addr = access->va;
    }
}

static void pat_is_address(const struct judge_case *c, const struct oracle_access *access, struct oracle_result *result)
{
    (void)access;
    if (result->kind == KIND_OK && result->size != SIZE_4K)
        result->addr |= c->entry[c->leaf].value & ENTRY_PAT_LARGE;
}

static void no_cet(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access)
{
    (void)cpu, (void)access;
    regs->cr4 &= ~CR4_CET;
}

static void type_without_pat(const struct judge_case *c, const struct oracle_access *access,
                             struct oracle_result *result)
{
    (void)access;
    if (result->kind == KIND_OK && !(c->regs.cr0 & CR0_CD))
        result->mt = c->regs.pat >> 8 * (result->pat & 3) & 7;
}

static void type_without_cr3(const struct judge_case *c, const struct oracle_access *access,
                             struct oracle_result *result)
{
    (void)access;
    if (result->steps && !(c->regs.cr0 & CR0_CD))
        result->step[0].mt = c->regs.pat & 7;
}

static void pcide_at_any_time(uint8_t op, uint64_t data, const struct oracle_regs *before, const struct cached *entry,
                              bool *good, bool *must_drop)
{
    (void)entry, (void)must_drop;
    if (op == CTL_MOV_CR4 && data & ~before->cr4 & CR4_PCIDE)
        *good = true;
}

static void any_pat(uint8_t op, uint64_t data, const struct oracle_regs *before, const struct cached *entry, bool *good,
                    bool *must_drop)
{
    (void)data, (void)before, (void)entry, (void)must_drop;
    *good = *good || op == CTL_WRMSR_PAT;
}

static void globals_dropped(uint8_t op, uint64_t data, const struct oracle_regs *before, const struct cached *entry,
                            bool *good, bool *must_drop)
{
    (void)data, (void)before;
    if (*good && entry->global &&
        (op == CTL_MOV_CR3 || op == CTL_INVPCID_ADDRESS || op == CTL_INVPCID_CONTEXT ||
         op == CTL_INVPCID_ALL_NONGLOBAL))
        *must_drop = true;
}

const struct case_sabotage case_sabotages[] = {
    {.name = "wp", .what = "CR0.WP is taken for 0", .input = no_wp},
    {.name = "smep", .what = "CR4.SMEP is taken for 0", .input = no_smep},
    {.name = "smap", .what = "CR4.SMAP is taken for 0", .input = no_smap},
    {.name = "ac", .what = "EFLAGS.AC is taken for 0", .input = ac_ignored},
    {.name = "implicit", .what = "implicit accesses are judged as explicit ones", .input = implicit_as_explicit},
    {.name = "xd", .what = "fetches are judged as reads", .input = xd_ignored},
    {.name = "maxphyaddr", .what = "physical addresses have one bit more", .input = one_address_bit_more},
    {.name = "vendor", .what = "bit 8 of PML4E and PML5E is reserved as by the other vendor", .input = other_vendor},
    {.name = "pku", .what = "PKRU is taken for 0", .input = no_pku},
    {.name = "pks", .what = "PKRS is taken for 0", .input = no_pks},
    {.name = "a-upper", .what = "A is not set above the leaf", .output = a_only_in_leaf},
    {.name = "a-leaf", .what = "A is not set in the leaf", .output = no_a_in_leaf},
    {.name = "d", .what = "D is not set", .output = no_d},
    {.name = "d-early", .what = "D is set before the rights are checked", .output = d_before_rights},
    {.name = "rsvd-p", .what = "a reserved bit faults with P = 0", .output = rsvd_without_p},
    {.name = "fetch-i", .what = "I/D is set for every fetch", .output = fetch_always_i},
    {.name = "cr2", .what = "CR2 is the page's address", .output = page_of_cr2},
    {.name = "canonical", .what = "a non-canonical address is a page fault", .output = hole_is_a_page_fault},
    {.name = "pat", .what = "bit 12 of a large page is address", .output = pat_is_address},
    {.name = "cet", .what = "CR4.CET is taken for 0", .input = no_cet, .needs = "CET"},
    {.name = "type-pat", .what = "PAT of a page chooses no memory type", .output = type_without_pat, .needs = "types"},
    {.name = "type-root",
     .what = "CR3 chooses the memory type of no root table",
     .output = type_without_cr3,
     .needs = "types"},
    {.name = "ctl-pcide", .what = "PCIDE may be set with any CR3[11:0]", .control = pcide_at_any_time, .needs = "ctl"},
    {.name = "ctl-pat", .what = "IA32_PAT takes all values", .control = any_pat, .needs = "ctl"},
    {.name = "ctl-global",
     .what = "MOV CR3 and INVPCID of types 0, 1 and 3 drop global entries too",
     .control = globals_dropped,
     .needs = "ctl"},
    {0},
};

const struct case_sabotage *case_sabotage_find(const char *name)
{
    for (const struct case_sabotage *s = case_sabotages; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}
