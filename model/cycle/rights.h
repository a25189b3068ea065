/* May this access use this translation? Section 6 of docs/microarchitecture.md, clause by clause.
 *
 * An access is a number, 0 … 63, made of what the request says of it in the order of state word 6: acc in bits 1:0,
 * user 2, imp 3, ac 4, ss 5. A set of accesses is a word with a bit for each. So every clause is written once, as a
 * set, and the L1 TLBs can keep the answer to all accesses at a time. */
#ifndef TWINWALK_CYCLE_RIGHTS_H
#define TWINWALK_CYCLE_RIGHTS_H

#include <stddef.h>
#include <string.h>

#include "registers.h"

_Static_assert(offsetof(struct pins_req, ss) == offsetof(struct pins_req, user) + 3,
               "user, imp, ac, ss are four bytes in a row");

static inline unsigned access_of(const struct pins_req *req)
{
    /* Four bytes of 0 or 1 into four bits, by one multiplication: byte i goes to bit 24 + i. Every lookup of an L1 does
     * this. */
    uint32_t flags;
    memcpy(&flags, (const char *)req + offsetof(struct pins_req, user), sizeof flags);
    return req->acc | (flags * 0x01020408u >> 24) << 2;
}

/* Sets of accesses, by what the request says. */
#define ALL_WRITES 0x2222222222222222ull
#define ALL_FETCHES 0x4444444444444444ull
#define ALL_AT_CPL3 0xf0f0f0f0f0f0f0f0ull
#define ALL_IMPLICIT 0xff00ff00ff00ff00ull
#define ALL_WITH_AC 0xffff0000ffff0000ull
#define ALL_ON_STACKS 0xffffffff00000000ull

/* SDM 3A 5.6 "access mode": accesses at CPL 3 are user-mode accesses, but for implicit ones (descriptor tables, TSS).
 */
#define ALL_USER (ALL_AT_CPL3 & ~ALL_IMPLICIT)

/* SDM 3A 5.6.1: shadow-stack accesses exist with CR4.CET = 1 only, and are data accesses. */
static inline uint64_t shadow_stack_accesses(const struct registers *r)
{
    return r->cet ? ALL_ON_STACKS & ~ALL_FETCHES : 0;
}

static inline bool has_access(uint64_t set, unsigned access)
{
    return set >> access & 1;
}

static inline bool is_write(unsigned access)
{
    return has_access(ALL_WRITES, access);
}

/* All accesses, or none. */
static inline uint64_t all_if(bool condition)
{
    return 0 - (uint64_t)condition;
}

/* SDM 3A 5.6.2: the accesses that protection key `key` of a page with `rights` forbids. The page's U/S says whether
 * PKRU or IA32_PKRS counts, whoever accesses it. Fetches are never concerned. */
static inline uint64_t key_violations(unsigned rights, unsigned key, const struct registers *r)
{
    const bool user_page = rights & RIGHT_U;
    if (!(user_page ? r->pke : r->pks))
        return 0;
    const unsigned disable = (user_page ? r->pkru : r->pkrs) >> 2 * key & 3;
    /* WD: with CR0.WP = 0 a supervisor may write all the same; a user access meets WD of a user page only. */
    const uint64_t bound_by_wd = r->wp ? ~0ull : user_page ? ALL_USER : 0;
    return (all_if(disable & 1) & ~ALL_FETCHES) | (all_if(disable & 2) & ALL_WRITES & bound_by_wd);
}

/* SDM 3A 5.6.1, 5.6.2: the accesses that a page with `rights` (of all levels, and RIGHT_S) and `key` allows. */
static inline uint64_t accesses_allowed(unsigned rights, unsigned key, const struct registers *r)
{
    const bool user_page = rights & RIGHT_U;
    const uint64_t stack = shadow_stack_accesses(r);
    const uint64_t data = ~ALL_FETCHES & ~stack;
    uint64_t denied = 0;
    /* A shadow-stack access: to a shadow-stack page of its own mode only. Neither SMAP nor R/W has a say. */
    denied |= stack & (all_if(!(rights & RIGHT_S)) | (user_page ? ~ALL_USER : ALL_USER));
    /* A user-mode access needs U/S = 1 at every level. */
    denied |= ~stack & all_if(!user_page) & ALL_USER;
    /* A supervisor fetch from a user page: SMEP. */
    denied |= ALL_FETCHES & all_if(user_page && r->smep) & ~ALL_USER;
    /* XD, which only EFER.NXE = 1 makes a right. */
    denied |= ALL_FETCHES & all_if((rights & RIGHT_NX) && r->nxe);
    /* Supervisor data access to a user page: SMAP, unless EFLAGS.AC = 1 and the access is explicit. */
    denied |= data & all_if(user_page && r->smap) & ~ALL_USER & (ALL_IMPLICIT | ~ALL_WITH_AC);
    /* A write needs R/W = 1 at every level; a supervisor's does not if CR0.WP = 0. */
    denied |= data & ALL_WRITES & all_if(!(rights & RIGHT_W)) & (r->wp ? ~0ull : ALL_USER);
    return ~(denied | key_violations(rights, key, r));
}

/* The same for a cached entry's data word. */
static inline uint64_t entry_allows(uint64_t data, const struct registers *r)
{
    return accesses_allowed(data_rights(data), data_key(data), r);
}

/* Section 6, "Dirty": the accesses that leave the leaf as it is. A write through a translation whose leaf had D = 0
 * must first set it (SDM 3A 5.8). */
static inline uint64_t without_update(uint64_t data)
{
    return ~(all_if(!(data & DATA_D)) & ALL_WRITES);
}

/* The page-fault error code (SDM 3A 5.7) but for PK; `found` holds PF_P and PF_RSVD as the walk saw them. */
static inline unsigned error_code(unsigned found, unsigned access, const struct registers *r)
{
    return found | (is_write(access) ? PF_W : 0) | (has_access(ALL_USER, access) ? PF_U : 0) |
           (has_access(ALL_FETCHES, access) && (r->nxe || r->smep) ? PF_I : 0) |
           (has_access(shadow_stack_accesses(r), access) ? PF_SS : 0);
}

/* That of a fault of rights: PK says that the key forbids the access, whatever else forbids it too. */
static inline unsigned error_code_of_rights(unsigned rights, unsigned key, unsigned access, const struct registers *r)
{
    return error_code(PF_P, access, r) | (has_access(key_violations(rights, key, r), access) ? PF_PK : 0);
}

static inline unsigned error_code_of_entry(uint64_t data, unsigned access, const struct registers *r)
{
    return error_code_of_rights(data_rights(data), data_key(data), access, r);
}

#endif
