/* See qemu_excuses.h; recorded in docs/oracles.md. */
#include "qemu_excuses.h"

#include "arch/x86.h"

/* The error code differs, but not CR2. */
static bool only_error_code(const struct case_context *x, const struct case_difference *d)
{
    return d->what == DIFFERS_ERROR_CODE && x->seen->access[d->index].addr == x->expected->result[d->index].addr;
}

/* SDM 3A 5.7: "RSVD: 1 … a reserved bit was set in a paging-structure entry" and "P: 0 if there is no translation
 * because the P flag was 0 in one of the entries", so a reserved bit faults with P = 1. */
static bool rsvd_without_p(const struct case_context *x, const struct case_difference *d)
{
    return only_error_code(x, d) && d->expected & PF_RSVD && d->seen == (d->expected & ~(uint64_t)PF_P);
}

/* A descriptor read at CPL < 3 with AC = 1 of an address that only SMAP forbids. */
static bool is_implicit_with_ac(const struct case_context *x, unsigned n)
{
    const struct oracle_access *access = &x->c->access[n];
    return access->imp && access->ac && !access->user && x->c->regs.cr4 & CR4_SMAP &&
           x->expected->result[n].kind == KIND_PF && x->expected->result[n].err == PF_P &&
           x->seen->access[n].kind == KIND_OK;
}

/* SDM 3A 5.6.1: SMAP forbids "implicit supervisor-mode accesses" to user-mode addresses whatever EFLAGS.AC. */
static bool implicit_with_ac(const struct case_context *x, const struct case_difference *d)
{
    if (d->what == DIFFERS_KIND)
        return is_implicit_with_ac(x, d->index);
    if (d->what != DIFFERS_ENTRY || d->seen != (d->expected | ENTRY_A))
        return false;
    for (unsigned n = 0; n < x->c->accesses; n++) /* what was let through has set A */
        if (is_implicit_with_ac(x, n))
            return true;
    return false;
}

/* SDM 3A 5.7: PK is 1 if the access was a data access and PKRU or IA32_PKRS forbids it, whatever else does. */
static bool user_without_pks(const struct case_context *x, const struct case_difference *d)
{
    if (!only_error_code(x, d) || !(d->expected & PF_PK) || !(d->expected & PF_U) ||
        d->seen != (d->expected & ~(uint64_t)PF_PK))
        return false;
    const struct oracle_result *r = &x->expected->result[d->index];
    for (unsigned i = 0; i < r->steps; i++)
        if (!(r->step[i].value & ENTRY_US))
            return true;
    return false;
}

/* The entry of the difference has PS = 1 and is where a faulting access of the case ended, with these bits of its error
 * code. QEMU sets A in a PDPTE or PDE before it looks at the rights and at the low reserved bits of a large page. */
static bool large_with_a(const struct case_context *x, const struct case_difference *d, uint16_t mask, uint16_t bits)
{
    if (d->what != DIFFERS_ENTRY || d->seen != (d->expected | ENTRY_A) || !(d->seen & ENTRY_PS) || d->index < 2 ||
        d->index > 3)
        return false;
    for (unsigned n = 0; n < x->c->accesses; n++) {
        const struct oracle_result *r = &x->expected->result[n];
        if (r->kind == KIND_PF && (r->err & mask) == bits && r->steps && r->step[r->steps - 1].level == d->index)
            return true;
    }
    return false;
}

/* SDM 3A 5.8 sets A when the entry is used in a translation; whether one that then grants no access counts is not said.
 */
static bool rights_after_a(const struct case_context *x, const struct case_difference *d)
{
    return large_with_a(x, d, PF_P | PF_RSVD, PF_P);
}

/* SDM 3A 5.7, 5.8: an entry with a reserved bit set is not used for any translation. */
static bool rsvd_after_a(const struct case_context *x, const struct case_difference *d)
{
    return large_with_a(x, d, PF_P | PF_RSVD, PF_P | PF_RSVD);
}

const struct case_excuse qemu_excuses[] = {
    {"rsvd-p", "a reserved bit faults with P = 0; the SDM (5.7) says P = 1: QEMU is wrong", rsvd_without_p},
    {"implicit-ac",
     "a descriptor read at CPL < 3 is let through SMAP when AC = 1; the SDM (5.6.1) forbids it: QEMU is wrong",
     implicit_with_ac},
    {"user-pks",
     "PK is not reported when a user access to a supervisor address also breaks IA32_PKRS; the letter of the SDM (5.7) "
     "says PK = 1: "
     "left open",
     user_without_pks},
    {"large-a",
     "A is set in a PDE or PDPTE of a large page whose rights then forbid the access; the SDM (5.8) is silent: left "
     "open",
     rights_after_a},
    {"large-rsvd-a",
     "A is set in a PDE or PDPTE with PS = 1 whose low address bits are then found reserved; the SDM (5.7, 5.8) uses "
     "no such entry: "
     "QEMU is wrong",
     rsvd_after_a},
    {0},
};
