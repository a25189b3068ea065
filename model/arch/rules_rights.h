/* Who may do what: access modes, rights, protection keys, shadow-stack pages, and the error code (SDM 3A 5.6, 5.7). */
#ifndef TWINWALK_RULES_RIGHTS_H
#define TWINWALK_RULES_RIGHTS_H

#include "oracle.h"
#include "x86.h"

/* What the entries of a walk say together. */
struct rights {
    bool w, u, nx;     /* AND of R/W, AND of U/S, OR of XD */
    bool shadow_stack; /* complete with the leaf */
    uint8_t key;       /* protection key of the leaf */
};

/* 5.6.1: CR3 restricts nothing. */
static const struct rights rights_of_root = {.w = true, .u = true};

/* 5.6.1: "every access to a linear address is either a supervisor-mode access or a user-mode access"; those with CPL =
 * 3 are user-mode, but accesses to system data structures (GDT, LDT, IDT, TSS) are "implicit supervisor-mode accesses …
 * regardless of CPL". WRUSS is a user-mode access with CPL = 0: who asks sets `user`. */
static inline bool user_mode(const struct oracle_access *access)
{
    return access->user && !access->imp;
}

/* 5.6: shadow-stack accesses exist only while CR4.CET = 1, and are data accesses. */
static inline bool shadow_stack_access(const struct oracle_regs *regs, const struct oracle_access *access)
{
    return access->ss && access->acc != ACC_EXECUTE && regs->cr4 & CR4_CET;
}

/* 5.6.1: R/W and U/S must be 1 in every entry to grant, XD in any entry forbids. */
static inline struct rights combine(struct rights r, uint64_t entry)
{
    r.w = r.w && entry & ENTRY_RW;
    r.u = r.u && entry & ENTRY_US;
    r.nx = r.nx || entry & ENTRY_XD;
    return r;
}

/* 5.6.1: "a shadow-stack address": "the R/W flag is 0 and the dirty flag is 1 in the entry that maps the page, and the
 * R/W flag is 1 in every other paging-structure entry controlling the translation". `above` is what the entries above
 * the leaf say together. 5.6.2: the key is bits 62:59 of the leaf; in other entries those bits are ignored. */
static inline struct rights combine_leaf(struct rights above, uint64_t leaf)
{
    struct rights r = combine(above, leaf);
    r.shadow_stack = above.w && !(leaf & ENTRY_RW) && leaf & ENTRY_D;
    r.key = leaf >> ENTRY_KEY_SHIFT & ENTRY_KEY_MASK;
    return r;
}

/* 5.6.1, shadow-stack accesses: only "to a shadow-stack address", by user-mode accesses only to user-mode addresses and
 * by supervisor-mode accesses only to supervisor-mode addresses. R/W = 0 does not forbid a write there, SMAP has no
 * say. */
static inline const char *shadow_stack_denied(const struct rights *r, bool user)
{
    if (!r->shadow_stack)
        return "SDM 3A 5.6.1: a shadow-stack access needs a shadow-stack page (leaf R/W = 0 and D = 1, R/W = 1 above)";
    if (user && !r->u)
        return "SDM 3A 5.6.1: a user-mode shadow-stack access needs a user-mode address (U/S = 1 in every entry)";
    if (!user && r->u)
        return "SDM 3A 5.6.1: a supervisor-mode shadow-stack access needs a supervisor-mode address (U/S = 0 in some "
               "entry)";
    return NULL;
}

/* 5.6.1, instruction fetches. SMEP: "if CR4.SMEP = 1, instructions may not be fetched from any user-mode address" by
 * the supervisor. Neither EFLAGS.AC, nor SMAP, nor a protection key has a say. With EFER.NXE = 0 there is no XD (it is
 * reserved). */
static inline const char *fetch_denied(const struct oracle_regs *regs, const struct rights *r, bool user)
{
    if (user && !r->u)
        return "SDM 3A 5.6.1: a user-mode access to a supervisor-mode address (U/S = 0 in some entry)";
    if (!user && r->u && regs->cr4 & CR4_SMEP)
        return "SDM 3A 5.6.1: with CR4.SMEP = 1 a supervisor-mode fetch from a user-mode address is forbidden";
    if (r->nx && regs->efer & EFER_NXE)
        return "SDM 3A 5.6.1: an instruction fetch needs XD = 0 in every entry (EFER.NXE = 1)";
    return NULL;
}

/* 5.6.1, data accesses by U/S. SMAP: "if CR4.SMAP = 1 … supervisor-mode data accesses to user-mode addresses: if
 * EFLAGS.AC = 1 and the access is explicit, allowed; if EFLAGS.AC = 0 or the access is implicit, not allowed". */
static inline const char *data_mode_denied(const struct oracle_regs *regs, const struct oracle_access *access,
                                           const struct rights *r, bool user)
{
    if (user && !r->u)
        return "SDM 3A 5.6.1: a user-mode access to a supervisor-mode address (U/S = 0 in some entry)";
    if (!user && r->u && regs->cr4 & CR4_SMAP && access->imp)
        return "SDM 3A 5.6.1: with CR4.SMAP = 1 an implicit supervisor-mode access to a user-mode address is "
               "forbidden, whatever EFLAGS.AC";
    if (!user && r->u && regs->cr4 & CR4_SMAP && !access->ac)
        return "SDM 3A 5.6.1: with CR4.SMAP = 1 a supervisor-mode access to a user-mode address needs EFLAGS.AC = 1";
    return NULL;
}

/* 5.6.1, data writes by R/W: CR0.WP = 0 frees the supervisor only. */
static inline const char *write_denied(const struct oracle_regs *regs, const struct rights *r, bool user)
{
    if (!r->w && user)
        return "SDM 3A 5.6.1: a user-mode write needs R/W = 1 in every entry";
    if (!r->w && regs->cr0 & CR0_WP)
        return "SDM 3A 5.6.1: with CR0.WP = 1 a supervisor-mode write needs R/W = 1 in every entry";
    return NULL;
}

/* 5.6.2 "Protection Keys": PKRU for user-mode addresses (CR4.PKE), IA32_PKRS for supervisor-mode addresses (CR4.PKS):
 * the address decides, not the access. ADi forbids data accesses; WDi forbids writes, by the supervisor only with
 * CR0.WP = 1: "for user-mode addresses … if WDi = 1, user-mode write accesses are not permitted and supervisor-mode
 * write accesses are not permitted if CR0.WP = 1"; for supervisor-mode addresses with CR0.WP = 1 only (not looked up:
 * docs/microarchitecture.md 18). Fetches have none. */
static inline bool key_violation(const struct oracle_regs *regs, const struct oracle_access *access,
                                 const struct rights *r, bool user)
{
    if (access->acc == ACC_EXECUTE || !(regs->cr4 & (r->u ? CR4_PKE : CR4_PKS)))
        return false;
    unsigned bits = (r->u ? regs->pkru : regs->pkrs) >> 2 * r->key;
    bool wp = regs->cr0 & CR0_WP;
    return bits & PKEY_AD || (bits & PKEY_WD && access->acc == ACC_WRITE && (wp || (user && r->u)));
}

/* 5.6.1, 5.6.2 "Determination of Access Rights", with the registers of this moment. NULL: allowed; else a rule that is
 * broken. */
static inline const char *denied(const struct oracle_regs *regs, const struct oracle_access *access,
                                 const struct rights *r)
{
    bool user = user_mode(access);
    const char *broken;
    if (shadow_stack_access(regs, access))
        broken = shadow_stack_denied(r, user);
    else if (access->acc == ACC_EXECUTE)
        broken = fetch_denied(regs, r, user);
    else {
        broken = data_mode_denied(regs, access, r, user);
        if (!broken && access->acc == ACC_WRITE)
            broken = write_denied(regs, r, user);
    }
    if (!broken && key_violation(regs, access, r, user))
        broken = r->u ? "SDM 3A 5.6.2: PKRU forbids it for the page's protection key"
                      : "SDM 3A 5.6.2: IA32_PKRS forbids it for the page's protection key";
    return broken;
}

/* 5.7, the error code without P, RSVD and PK, which the walk's outcome decides. W/R: a write, whether it would have
 * been denied as such or not. U/S: "a user-mode access". I/D: "the access was an instruction fetch" and "CR4.SMEP = 1
 * or IA32_EFER.NXE = 1" (PAE is always 1 here). SS: "the access was a shadow-stack access". */
static inline uint16_t access_error(const struct oracle_regs *regs, const struct oracle_access *access)
{
    bool i = access->acc == ACC_EXECUTE && (regs->efer & EFER_NXE || regs->cr4 & CR4_SMEP);
    return (uint16_t)((access->acc == ACC_WRITE ? PF_W : 0) | (user_mode(access) ? PF_U : 0) | (i ? PF_I : 0) |
                      (shadow_stack_access(regs, access) ? PF_SS : 0));
}

/* 5.7, PK: a key forbids the access and the translation exists: whatever other right fails as well. */
static inline uint16_t rights_error(const struct oracle_regs *regs, const struct oracle_access *access,
                                    const struct rights *r)
{
    return PF_P | (key_violation(regs, access, r, user_mode(access)) ? PF_PK : 0);
}

#endif
