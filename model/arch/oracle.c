/* One access, judged in the order of the SDM: the linear address (chapter 4), then the walk from the root down, where
 * in each entry P comes before the reserved bits and the first failing entry decides (5.5.4, 5.7), and only when the
 * walk has completed the rights (5.6). */
#include "oracle.h"

#include "rules.h"

/* 5.8: a walk that faults may have set A in the entries it used on the way ("may_a"); it leaves the entry that stopped
 * it alone. 5.7: CR2 gets the linear address as paging saw it. */
static void faulted(struct oracle_result *result, uint64_t va, uint16_t err, const char *reason)
{
    result->kind = KIND_PF;
    result->err = err;
    result->addr = va;
    result->reason = reason;
    for (unsigned i = 0; i + 1 < result->steps; i++)
        result->step[i].may_a = !(result->step[i].value & ENTRY_A);
}

/* No rule of the manual: the entry cannot be had, so nothing is known of what the access would do. Those above it were
 * used (5.8). */
static void failed(struct oracle_result *result)
{
    result->kind = KIND_MEMERR;
    result->reason = "the entry cannot be read from memory";
    for (unsigned i = 0; i + 1 < result->steps; i++)
        result->step[i].may_a = !(result->step[i].value & ENTRY_A);
}

/* 5.8: "whenever the processor uses a paging-structure entry as part of linear-address translation, it sets the
 * accessed flag in that entry (if it is not already set)"; "whenever there is a write to a linear address, the
 * processor sets the dirty flag (if it is not already set) in the paging-structure entry that identifies the final
 * physical address". */
static void completed(struct oracle_result *result, const struct oracle_regs *regs, uint64_t va, uint8_t acc,
                      unsigned level, uint64_t leaf)
{
    result->kind = KIND_OK;
    result->addr = page_address(level, leaf, va);
    result->size = (uint8_t)(level - 1);
    result->pat = pat_index(level, leaf);
    result->mt = memory_type(regs, result->pat);
    result->reason = "SDM 3A 5.6: the access is allowed";
    for (unsigned i = 0; i < result->steps; i++)
        result->step[i].must_a = !(result->step[i].value & ENTRY_A);
    result->step[result->steps - 1].must_d = acc == ACC_WRITE && !(leaf & ENTRY_D);
}

/* The walk, in whatever memory. Inlined for each kind of it, so that the bench pays no call for a word. */
static inline __attribute__((always_inline)) void walk(oracle_read *read, void *memory, const struct oracle_cpu *cpu,
                                                       const struct oracle_regs *regs,
                                                       const struct oracle_access *access, uint64_t va,
                                                       struct oracle_result *result)
{
    uint16_t err = access_error(regs, access);
    uint64_t table = root_table(cpu, regs), entry = 0;
    uint8_t table_pat = root_pat_index(regs);
    struct rights rights = rights_of_root;
    for (unsigned level = root_level(regs);; level--) {
        uint64_t pa = x86_entry_address(table, va, level);
        const bool readable = read(memory, pa, &entry);
        result->step[result->steps++] = (struct oracle_step){.pa = pa,
                                                             .value = readable ? entry : 0,
                                                             .level = (uint8_t)level,
                                                             .mt = memory_type(regs, table_pat)};

        if (!readable) {
            failed(result);
            return;
        }
        if (!(entry & ENTRY_P)) {
            faulted(result, va, err, "SDM 3A 5.7: the entry is not present (P = 0)");
            return;
        }
        if (reserved_bits(cpu, regs, level, entry)) {
            faulted(result, va, err | PF_P | PF_RSVD, "SDM 3A 5.7: a reserved bit is set in a present entry");
            return;
        }
        if (is_leaf(level, entry)) {
            rights = combine_leaf(rights, entry);
            const char *broken = denied(regs, access, &rights);
            if (broken)
                faulted(result, va, err | rights_error(regs, access, &rights), broken);
            else
                completed(result, regs, va, access->acc, level, entry);
            return;
        }
        rights = combine(rights, entry);
        table = entry & ENTRY_FRAME;
        table_pat = table_pat_index(entry);
    }
}

/* Whether the access is fit for paging; if not, *result is #GP. */
static inline bool fit(const struct oracle_regs *regs, const struct oracle_access *access, uint64_t *va,
                       struct oracle_result *result)
{
    *result = (struct oracle_result){0};
    const char *unfit = linear_address(regs, access, va);
    if (!unfit)
        return true;
    result->kind = KIND_GP;
    result->reason = unfit;
    return false;
}

struct image {
    const struct physmem *pm;
    enum physmem_image image;
};

static inline bool from_image(void *memory, uint64_t pa, uint64_t *value)
{
    const struct image *of = memory;
    *value = physmem_read(of->pm, of->image, pa);
    return true;
}

void oracle_translate(const struct physmem *pm, enum physmem_image image, const struct oracle_cpu *cpu,
                      const struct oracle_regs *regs, const struct oracle_access *access, struct oracle_result *result)
{
    uint64_t va;
    struct image of = {pm, image};
    if (fit(regs, access, &va, result))
        walk(from_image, &of, cpu, regs, access, va, result);
}

void oracle_translate_in(oracle_read *read, void *memory, const struct oracle_cpu *cpu, const struct oracle_regs *regs,
                         const struct oracle_access *access, struct oracle_result *result)
{
    uint64_t va;
    if (fit(regs, access, &va, result))
        walk(read, memory, cpu, regs, access, va, result);
}

uint64_t oracle_sets(const struct oracle_step *step, bool early_a)
{
    return (step->must_a || (early_a && step->may_a) ? ENTRY_A : 0) | (step->must_d ? ENTRY_D : 0);
}

void oracle_commit(struct physmem *pm, const struct oracle_result *result, bool early_a)
{
    for (unsigned i = 0; i < result->steps; i++) {
        const struct oracle_step *step = &result->step[i];
        uint64_t set = oracle_sets(step, early_a);
        if (set) /* read again: one entry may serve two levels (a table that maps itself) */
            physmem_write_image(pm, IMAGE_ORACLE, step->pa, physmem_read(pm, IMAGE_ORACLE, step->pa) | set);
    }
}

bool oracle_control(struct oracle_regs *regs, const struct oracle_cpu *cpu, uint8_t op, uint64_t data, uint64_t desc)
{
    if (control_refused(cpu, regs, op, data, desc))
        return false;
    switch (op) {
    case CTL_MOV_CR0:
        regs->cr0 = data;
        break;
    case CTL_MOV_CR3: /* bit 63 of the source is an order, not part of the register (SDM 2B, MOV to CR3) */
        regs->cr3 = data & ~CR3_NO_FLUSH;
        break;
    case CTL_MOV_CR4:
        regs->cr4 = data;
        break;
    case CTL_WRMSR_EFER:
        regs->efer = data;
        break;
    case CTL_WRPKRU:
        regs->pkru = (uint32_t)data;
        break;
    case CTL_WRMSR_PKRS:
        regs->pkrs = (uint32_t)data;
        break;
    case CTL_WRMSR_PAT:
        regs->pat = data;
        break;
    default: /* invalidations, and codes without effect */
        break;
    }
    return true;
}
