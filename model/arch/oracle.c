/* One access, judged in the order of the SDM: canonical (4.1), then the walk from the root down, where in each entry P comes before the
 * reserved bits and the first failing entry decides (5.5.4, 5.7), and only when the walk has completed the rights (5.6.1). */
#include "oracle.h"

#include "rules.h"

/* 5.8: a walk that faults may have set A in the entries it used on the way ("may_a"); it leaves the entry that stopped it alone. */
static void faulted(struct oracle_result *result, uint16_t err, const char *reason)
{
    result->kind = KIND_PF;
    result->err = err;
    result->reason = reason;
    for (unsigned i = 0; i + 1 < result->steps; i++)
        result->step[i].may_a = !(result->step[i].value & ENTRY_A);
}

/* 5.8: "whenever the processor uses a paging-structure entry as part of linear-address translation, it sets the accessed flag in that
 * entry (if it is not already set)"; "whenever there is a write to a linear address, the processor sets the dirty flag (if it is not
 * already set) in the paging-structure entry that identifies the final physical address". */
static void completed(struct oracle_result *result, const struct oracle_access *access, unsigned level, uint64_t leaf)
{
    result->kind = KIND_OK;
    result->pa = page_address(level, leaf, access->va);
    result->size = (uint8_t)(level - 1);
    result->pat = pat_index(level, leaf);
    result->reason = "SDM 3A 5.6.1: the access is allowed";
    for (unsigned i = 0; i < result->steps; i++)
        result->step[i].must_a = !(result->step[i].value & ENTRY_A);
    result->step[result->steps - 1].must_d = access->acc == ACC_WRITE && !(leaf & ENTRY_D);
}

void oracle_translate(const struct physmem *pm, enum physmem_image image, const struct oracle_cpu *cpu,
                      const struct oracle_regs *regs, const struct oracle_access *access, struct oracle_result *result)
{
    *result = (struct oracle_result){0};
    if (!canonical(regs, access->va)) {
        result->kind = KIND_GP;
        result->reason = "SDM 3A 4.1: the address is not canonical";
        return;
    }

    uint16_t err = access_error(regs, access);
    uint64_t table = root_table(cpu, regs);
    struct rights rights = {.w = true, .u = true, .nx = false}; /* 5.6.1: CR3 restricts nothing */
    for (unsigned level = root_level(regs);; level--) {
        uint64_t pa = x86_entry_address(table, access->va, level);
        uint64_t entry = physmem_read(pm, image, pa);
        result->step[result->steps++] = (struct oracle_step){.pa = pa, .value = entry, .level = (uint8_t)level};

        if (!(entry & ENTRY_P)) {
            faulted(result, err, "SDM 3A 5.7: the entry is not present (P = 0)");
            return;
        }
        if (reserved_bits(cpu, regs, level, entry)) {
            faulted(result, err | PF_P | PF_RSVD, "SDM 3A 5.7: a reserved bit is set in a present entry");
            return;
        }
        rights = combine(rights, entry);
        if (is_leaf(level, entry)) {
            const char *broken = denied(regs, access, rights);
            if (broken)
                faulted(result, err | PF_P, broken);
            else
                completed(result, access, level, entry);
            return;
        }
        table = entry & ENTRY_FRAME;
    }
}

void oracle_commit(struct physmem *pm, const struct oracle_result *result, bool early_a)
{
    for (unsigned i = 0; i < result->steps; i++) {
        const struct oracle_step *step = &result->step[i];
        uint64_t set = (step->must_a || (early_a && step->may_a) ? ENTRY_A : 0) | (step->must_d ? ENTRY_D : 0);
        if (set) /* read again: one entry may serve two levels (a table that maps itself) */
            physmem_write_image(pm, IMAGE_ORACLE, step->pa, physmem_read(pm, IMAGE_ORACLE, step->pa) | set);
    }
}

void oracle_control(struct oracle_regs *regs, const struct oracle_cpu *cpu, uint8_t op, uint64_t data)
{
    switch (op) {
    case CTL_MOV_CR0:
        regs->cr0 = data;
        break;
    case CTL_MOV_CR3: /* bit 63 of the source is an order, not part of the register (SDM 2B, MOV to CR3) */
        regs->cr3 = data & (((uint64_t)1 << cpu->paddr_bits) - 1);
        break;
    case CTL_MOV_CR4:
        regs->cr4 = data & ~((cpu->la57 ? 0 : CR4_LA57) | (cpu->pcid ? 0 : CR4_PCIDE));
        break;
    case CTL_WRMSR_EFER:
        regs->efer = data;
        break;
    default: /* INVLPG, and codes without effect */
        break;
    }
}
