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

const struct case_sabotage case_sabotages[] = {
    {"wp", "CR0.WP is taken for 0", no_wp, NULL},
    {"smep", "CR4.SMEP is taken for 0", no_smep, NULL},
    {"smap", "CR4.SMAP is taken for 0", no_smap, NULL},
    {"ac", "EFLAGS.AC is taken for 0", ac_ignored, NULL},
    {"implicit", "implicit accesses are judged as explicit ones", implicit_as_explicit, NULL},
    {"xd", "fetches are judged as reads", xd_ignored, NULL},
    {"maxphyaddr", "physical addresses have one bit more", one_address_bit_more, NULL},
    {"vendor", "bit 8 of PML4E and PML5E is reserved as by the other vendor", other_vendor, NULL},
    {"pku", "PKRU is taken for 0", no_pku, NULL},
    {"pks", "PKRS is taken for 0", no_pks, NULL},
    {"a-upper", "A is not set above the leaf", NULL, a_only_in_leaf},
    {"a-leaf", "A is not set in the leaf", NULL, no_a_in_leaf},
    {"d", "D is not set", NULL, no_d},
    {"d-early", "D is set before the rights are checked", NULL, d_before_rights},
    {"rsvd-p", "a reserved bit faults with P = 0", NULL, rsvd_without_p},
    {"fetch-i", "I/D is set for every fetch", NULL, fetch_always_i},
    {"cr2", "CR2 is the page's address", NULL, page_of_cr2},
    {"canonical", "a non-canonical address is a page fault", NULL, hole_is_a_page_fault},
    {"pat", "bit 12 of a large page is address", NULL, pat_is_address},
    {0},
};

const struct case_sabotage *case_sabotage_find(const char *name)
{
    for (const struct case_sabotage *s = case_sabotages; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}
