/* `twinwalk sweep`: the rules of paging, enumerated instead of sampled.
 *
 * Each part lays out page tables in which every combination that it is about has a linear address of its own, and makes
 * every kind of access to it under every register setting, one after another. The cycle model and the DUT run in
 * lockstep, and the oracle judges every answer and every entry. What is left out by symmetry is said at the part.
 *
 * A device at its own pace (--check=arch) is judged by the oracle alone: where it found a translation is then its own
 * business, and which memory requests it makes beside those that a walk from the root needs. Both are counted. */
#ifndef TWINWALK_SWEEP_H
#define TWINWALK_SWEEP_H

#include "arch/x86.h"
#include "engine/rig.h"

struct sweep {
    struct rig *r;
    uint64_t share, shares; /* do combinations n with n mod shares = share */
    bool quiet;             /* what is wrong is not explained on stderr */
    uint64_t number;        /* combinations met so far in this part */
    uint64_t cases;         /* accesses made and judged in this part */
    uint64_t elsewhere;     /* at arch: answers that the device says come from elsewhere than the part meant */
    uint64_t beside;  /* at arch: memory requests for other entries than those of the walk: their type is not judged */
    uint64_t skipped; /* accesses for which no set-up exists (a fetch cannot fill a page that may not be fetched) */
};

/* The device's clock is its own (--check=arch). */
static inline bool sweep_paced(const struct sweep *s)
{
    return !s->r->model;
}

/* One way to access a page. */
struct mode {
    uint8_t acc;
    bool user, imp, ac, ss;
};
enum { MODES_MOST = 48 };

/* Every kind of access there is: read, write, fetch × CPL 3, CPL < 3 × implicit × AC × shadow stack. Gives how many. */
unsigned sweep_modes(struct mode mode[MODES_MOST]);

/* The parts. Each returns false when the rig stopped. */
bool sweep_levels(struct sweep *s);    /* R/W, U/S, XD and D at every level */
bool sweep_rights(struct sweep *s);    /* combined rights × registers × accesses, by a walk, an L1 hit, an STLB hit */
bool sweep_keys(struct sweep *s);      /* every protection key */
bool sweep_entries(struct sweep *s);   /* not-present and reserved entries, alone and in pairs; ignored bits */
bool sweep_flags(struct sweep *s);     /* A and D at every level × how the access ends */
bool sweep_addresses(struct sweep *s); /* canonical addresses and LAM: every value of the upper 17 bits */
bool sweep_types(struct sweep *s);     /* PAT, PCD and PWT of pages, tables and CR3 */

/* Is the combination that comes next in this run's share? Counts it. */
bool sweep_turn(struct sweep *s);

/* The least: paging on, nothing else; CR3 = SWEEP_ROOT. */
struct oracle_regs sweep_plain(void);

/* One access, made and judged. *resp and *says may be NULL. */
bool sweep_access(struct sweep *s, uint64_t va, struct mode mode, struct pins_resp *resp, struct oracle_result *says);

/* Drops every cached translation of va, and all paging-structure entries of the present PCID. */
bool sweep_forget(struct sweep *s, uint64_t va);

/* Writes an entry; stops the rig when memory is short. */
bool sweep_put(struct sweep *s, uint64_t table, unsigned index, uint64_t entry);

/* Tables that the parts lay out anew: root (PML5 with five levels, else PML4) at SWEEP_ROOT, one for each level below,
 * and pages. */
#define SWEEP_TABLE(n) (UINT64_C(0x100000) + UINT64_C(0x1000) * (n))
#define SWEEP_ROOT SWEEP_TABLE(0)
#define SWEEP_PAGE UINT64_C(0x40000000)

/* An entry that allows everything and has A set, for a table (at) or, with PS or at level 1, a page. */
#define SWEEP_OPEN (ENTRY_P | ENTRY_RW | ENTRY_US | ENTRY_A)

#endif
