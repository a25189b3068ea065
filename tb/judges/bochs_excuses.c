/* See bochs_excuses.h; recorded in docs/oracles.md. */
#include "bochs_excuses.h"

#include "arch/x86.h"

/* ---- memory type of the root table ---- */

/* With CR4.PCIDE = 1 bits 4:3 of CR3 belong to the PCID. Bochs takes them for PCD and PWT all the same. */
static bool root_type_by_pcid(const struct case_context *x, const struct case_difference *d)
{
    const struct oracle_regs *r = &x->c->regs;
    if (d->what != DIFFERS_TABLE_TYPE || !(r->cr4 & CR4_PCIDE))
        return false;
    const unsigned type = r->pat >> 8 * (r->cr3 >> 3 & 3) & 7;
    const uint64_t bochs = r->cr0 & CR0_CD || type == MT_UC_MINUS ? MT_UC : type;
    return d->seen == ((d->expected & ~UINT64_C(0xf)) | bochs);
}

/* ---- protection keys ---- */

/* The entry that maps the page, as access n found it, if its walk ended there with no fault of its own; else false. */
static bool leaf_of(const struct case_context *x, unsigned n, uint64_t *leaf, bool *user_page)
{
    const struct oracle_result *r = &x->expected->result[n];
    if (r->kind == KIND_GP || !r->steps || (r->kind == KIND_PF && (!(r->err & PF_P) || r->err & PF_RSVD)))
        return false;
    *leaf = r->step[r->steps - 1].value;
    *user_page = true;
    for (unsigned i = 0; i < r->steps; i++)
        *user_page = *user_page && r->step[i].value & ENTRY_US;
    return true;
}

/* Does one register of rights forbid? wd: what WD needs to count. */
static bool key_forbids(uint32_t rights, uint64_t leaf, bool ad, bool wd)
{
    const uint32_t bits = rights >> 2 * (leaf >> ENTRY_KEY_SHIFT & 0xf) & 3;
    return (bits & 1 && ad) || (bits & 2 && wd);
}

struct keys {
    bool manual, bochs;
};

/* SDM 3A 5.6.2: PKRU counts for user-mode addresses, IA32_PKRS for supervisor-mode addresses, whoever makes the access;
 * AD stops every data access. Bochs asks who makes the access: PKRU's AD and PKRS stop what they do of one mode only,
 * and PKRU's WD stops writes to supervisor-mode addresses too. */
static struct keys keys_of(const struct case_context *x, unsigned n, uint64_t leaf, bool user_page)
{
    const struct oracle_regs *r = &x->c->regs;
    const struct oracle_access *a = &x->c->access[n];
    const bool user = a->user && !a->imp, wp = r->cr0 & CR0_WP, write = a->acc == ACC_WRITE;
    const bool pke = r->cr4 & CR4_PKE, pks = r->cr4 & CR4_PKS;
    if (a->acc == ACC_EXECUTE)
        return (struct keys){false, false};
    return (struct keys){
        .manual = user_page ? pke && key_forbids(r->pkru, leaf, true, write && (user || wp))
                            : pks && key_forbids(r->pkrs, leaf, true, write && wp),
        .bochs = (pke && key_forbids(r->pkru, leaf, user, write && (user || wp))) ||
                 (pks && !user && key_forbids(r->pkrs, leaf, true, write && wp)),
    };
}

/* What came of access n is what comes of Bochs' rule. */
static bool is_keys(const struct case_context *x, unsigned n)
{
    uint64_t leaf;
    bool user_page;
    if (!leaf_of(x, n, &leaf, &user_page))
        return false;
    const struct keys keys = keys_of(x, n, leaf, user_page);
    if (keys.manual == keys.bochs)
        return false;
    const struct oracle_access *access = &x->c->access[n];
    const uint16_t err = PF_P | (access->acc == ACC_WRITE ? PF_W : 0) | (access->user && !access->imp ? PF_U : 0) |
                         (access->ss && x->c->regs.cr4 & CR4_CET ? PF_SS : 0) | (keys.bochs ? PF_PK : 0);
    return x->seen->access[n].kind == KIND_PF ? x->seen->access[n].err == err : !keys.bochs;
}

/* A and D that one access more, or one less, has set. */
static bool only_flags(const struct case_difference *d)
{
    return d->what == DIFFERS_ENTRY && !((d->expected ^ d->seen) & ~(uint64_t)(ENTRY_A | ENTRY_D));
}

static bool keys_by_access(const struct case_context *x, const struct case_difference *d)
{
    if (d->what == DIFFERS_KIND || d->what == DIFFERS_ERROR_CODE)
        return is_keys(x, d->index);
    if (only_flags(d))
        for (unsigned n = 0; n < x->c->accesses; n++)
            if (is_keys(x, n))
                return true;
    return false;
}

/* ---- implicit accesses ---- */

/* An implicit access with AC = 1 of an address that only SMAP forbids. */
static bool is_implicit_with_ac(const struct case_context *x, unsigned n)
{
    const struct oracle_access *a = &x->c->access[n];
    const struct oracle_result *r = &x->expected->result[n];
    return a->imp && a->ac && x->c->regs.cr4 & CR4_SMAP && r->kind == KIND_PF &&
           r->err == (PF_P | (a->acc == ACC_WRITE ? PF_W : 0)) && x->seen->access[n].kind == KIND_OK;
}

static bool implicit_with_ac(const struct case_context *x, const struct case_difference *d)
{
    if (d->what == DIFFERS_KIND)
        return is_implicit_with_ac(x, d->index);
    if (only_flags(d))
        for (unsigned n = 0; n < x->c->accesses; n++)
            if (is_implicit_with_ac(x, n))
                return true;
    return false;
}

const struct case_excuse bochs_excuses[] = {
    {"root-type",
     "with CR4.PCIDE = 1 the root table's memory type comes from CR3[4:3]; these belong to the PCID: Bochs is wrong",
     root_type_by_pcid},
    {"keys",
     "which protection keys count hangs on the mode of the access, not on U/S of the address (SDM 5.6.2): Bochs is "
     "wrong",
     keys_by_access},
    {"implicit-ac", "an implicit access is let through SMAP when AC = 1; the SDM (5.6.1) forbids it: Bochs is wrong",
     implicit_with_ac},
    {0},
};
