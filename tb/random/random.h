/* Constrained-random stimulus at the pins: see random.c.
 *
 * A run whose seed is a multiple of four is rough: three per cent of the memory requests fail, instead of some in ten
 * thousand, and a third of the control operations that nothing makes necessary have a reserved code. Else what ends so
 * hardly ever meets anything rare. */
#ifndef TWINWALK_RANDOM_H
#define TWINWALK_RANDOM_H

#include <stdio.h>

#include "engine/driver.h"
#include "mem/memport.h"

struct mmu;
struct oracle_cpu;
struct oracle_regs;
struct physmem;
struct random;

/* Corners: situations that a run should meet. Each is counted when it has really happened, under its name in the
 * summary and the JSON. */
/* clang-format off */
#define RANDOM_CORNERS(X)                                                                                             \
    /* accesses, by what they met */                                                                                  \
    X(ss_ok) X(ss_denied) X(pk_user) X(pk_supervisor) X(smep) X(smap) X(lam_masked) X(lam_refused) X(gp_top_bits)     \
    X(implicit_at_cpl3) X(rsvd_above_m) X(rsvd_xd) X(rsvd_ps) X(rsvd_large) X(rsvd_amd_bit8) X(mt_uc) X(mt_wc)        \
    X(mt_wt) X(mt_wp) X(mt_wb) X(mt_uc_minus) X(la57_access)                                                          \
    /* races with software */                                                                                         \
    X(cas_failed) X(edit_during_cas) X(edit_during_read) X(edit_and_back) X(sizes_overlap) X(stale_size)              \
    X(stale_other_pcid) X(two_edits_open) X(edit_during_control)                                                      \
    /* control operations: by state of a walker and of a queue entry when they were taken, and what was open then */  \
    X(ctl_walker_req) X(ctl_walker_wait) X(ctl_walker_cas) X(ctl_walker_casw) X(ctl_walker_fin) X(ctl_walker_held)    \
    X(ctl_entry_pend) X(ctl_entry_slk) X(ctl_entry_nwalk) X(ctl_entry_walk) X(ctl_entry_follow) X(ctl_entry_finv)     \
    X(ctl_entry_finvw) X(ctl_entry_done) X(ctl_entry_denied) X(ctl_confirm) X(ctl_full_queue)                         \
    X(ctl_every_port_accepts) X(ctl_lam_in_flight) X(la57_in_flight) X(cr3_kept) X(cr3_flushed) X(pcids_used)         \
    X(invlpg_not_canonical) X(paging_off_on)                                                                          \
    /* squashes: by state of the request's entry and of its walker, with followers, and those that come to nothing */ \
    X(squash_pend) X(squash_slk) X(squash_nwalk) X(squash_walk) X(squash_follow) X(squash_finv) X(squash_finvw)       \
    X(squash_done) X(squash_denied) X(squash_leader) X(squash_walker_req) X(squash_walker_wait) X(squash_walker_cas)  \
    X(squash_walker_casw) X(squash_walker_fin) X(squash_walker_held) X(squash_during_control) X(squash_answered)      \
    X(squash_astray)                                                                                                  \
    /* pressure */                                                                                                    \
    X(fault_full_queue) X(gp_full_queue) X(memory_error_full_queue) X(full_queue) X(port_alone_full_queue)            \
    X(held_back) X(fault_not_twice) X(fault_not_twice_table)
/* clang-format on */

enum random_corner {
#define X(name) CORNER_##name,
    RANDOM_CORNERS(X)
#undef X
        CORNERS
};

enum { RANDOM_EDITS = 9, RANDOM_SQUASH_MOODS = -1 };

/* What the stimulus did and met. */
struct random_counts {
    uint64_t requests, accepted, answers; /* offered, accepted, answered */
    uint64_t squashed;                    /* accepted, and dropped before they were answered */
    uint64_t by_kind[4];                  /* answers by enum pins_kind */
    uint64_t by_source[4];                /* answers by enum pins_source */
    uint64_t oracle_checks;               /* answers judged */
    uint64_t unjudged;                    /* answers with more allowed results than are kept */
    uint64_t several;                     /* answers for which more than one result was allowed */
    uint64_t stale;    /* answers that were right only by an entry software had changed and not yet invalidated */
    uint64_t spurious; /* page faults that a relaxed entry excuses */
    uint64_t edits,
        edits_by[RANDOM_EDITS]; /* page-table entries changed, by what was done to them (random_edit_name) */
    uint64_t control_ops[16];   /* by ctl_op; 12 … 15 are the reserved codes */
    uint64_t control_gp[16];    /* those of them that raised #GP(0) */
    uint64_t control_in_flight; /* control operations begun while requests were in flight */
    uint64_t stepped;           /* cycles that were not jumped over */
    uint64_t corner[CORNERS];
    bool states_seen; /* a model was watched: the corners that are states of one count too */
    bool squashes;    /* requests may be dropped: likewise their corners */
};

/* Names for the counts: of a control operation, of a kind of edit, of a corner. */
const char *random_op_name(unsigned op);
const char *random_edit_name(unsigned edit);
const char *random_corner_name(unsigned corner);

/* True if a run can meet the corner: of states of walkers and queue only a watched model tells (random_watch). */
static inline bool random_corner_counts(const struct random_counts *c, unsigned corner)
{
    const bool squash = corner >= CORNER_squash_pend && corner <= CORNER_squash_astray;
    const bool state = (corner >= CORNER_ctl_walker_req && corner <= CORNER_ctl_full_queue) ||
                       (squash && corner <= CORNER_squash_walker_held);
    return (c->states_seen || !state) && (c->squashes || !squash);
}

struct random_setup {
    struct memport_config memory;
    uint64_t seed;
    uint64_t requests; /* to offer at most */
    uint64_t cycles;   /* to step through at most */
    int squash;        /* per cent of the requests to drop in flight; RANDOM_SQUASH_MOODS: by mood, few in all */
};

/* NULL with error[] filled in. */
struct random *random_new(const struct random_setup *setup, char *error, size_t size);
void random_free(struct random *random);

/* Its hook explain() prints the walk of the access of a finding, what was allowed and why: the bundle's walk.txt. */
struct driver *random_driver(struct random *random);

/* The model whose state words tell what a control operation met; only counts come from it. NULL: those corners are not
 * counted. */
void random_watch(struct random *random, const struct mmu *model);

/* What its requests are translated by: memory, the registers of the moment, the processor. Valid as long as it is. */
void random_memory(const struct random *random, const struct physmem **physmem, const struct oracle_regs **regs,
                   const struct oracle_cpu **cpu);

size_t random_table_bytes(const struct random *random); /* host memory for page tables, both images */
const struct random_counts *random_counts(const struct random *random);

/* Both images of memory must be equal at the end, apart from A and D bits where the manual leaves a choice. */
bool random_compare_memory(struct random *random);

#endif
