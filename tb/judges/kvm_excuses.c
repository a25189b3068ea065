/* The table of excuses: see kvm_excuses.h and docs/oracles.md. */
#include "kvm_excuses.h"

#include <stddef.h>

#include "arch/x86.h"

/* The user's access to an address that the root table's entry 256 maps. kvm_pvm runs the guest's user mode in the
 * host's, where that entry is its own. */
static bool is_user_in_slot_256(const struct case_context *x, unsigned n)
{
    const unsigned slot = x->c->access[n].va >> x86_level_shift(x->c->root) & (TABLE_WORDS - 1);
    return x->c->access[n].user && slot == 256;
}

/* The processor raises #PF by the host's tables, whatever the guest's say: mostly with P = 0, I/D by the host's
 * EFER.NXE. A and D stay as they were. */
static bool slot_256(const struct case_context *x, const struct case_difference *d)
{
    if (d->what == DIFFERS_KIND)
        return is_user_in_slot_256(x, d->index) && d->seen == KIND_PF;
    if (d->what == DIFFERS_ERROR_CODE)
        return is_user_in_slot_256(x, d->index) && (d->seen & (PF_W | PF_U)) == (d->expected & (PF_W | PF_U));
    if (d->what != DIFFERS_ENTRY || (d->expected ^ d->seen) & ~(ENTRY_A | ENTRY_D) || d->seen & ~d->expected)
        return false;
    for (unsigned n = 0; n < x->c->accesses; n++)
        if (is_user_in_slot_256(x, n))
            return true;
    return false;
}

const struct case_excuse *kvm_excuses(const struct vm *vm)
{
    static const struct case_excuse pvm[] = {
        {"pvm-slot-256", "kvm_pvm keeps entry 256 of the root table for itself in user mode (the oracle is right)",
         slot_256},
        {0},
    };
    static const struct case_excuse none[] = {{0}};
    return vm->pvm ? pvm : none;
}
