/* What may be stale: the books of what an MMU may still have cached of page tables that software has changed since.
 *
 * A kernel changes present entries all the time and invalidates later, or not at all: it relaxes rights, clears A bits,
 * collects unmapped pages for one flush. Until then a processor may use old translations, and old
 * paging-structure-cache entries above new tables (SDM 3A 5.10.4.2 to 5.10.4.4). So a result that the fresh walk does
 * not give may be right, and is so exactly when some mix of present and former values of the walk's entries gives it
 * that can still be cached. Two things are kept for that:
 *
 *     stale_past.c   the past: what each entry held before software changed it, and from when to when
 *     stale_cuts.c   the cuts: what each invalidation, and each page fault, has dropped, by model/arch/invalidation.h
 *     stale.c        the search for such a mix
 *
 * An entry may have been cached at any moment at which memory held it, with P = 1, no reserved bit, and A = 1; of one
 * walk the entry nearer the root was read no later than those below it. It is gone with the first cut after the moment
 * at which software changed it. So the books know no capacity and no replacement: they allow what any MMU may do that
 * never speculates beyond the manual, and nothing else. Memory grows with what can still be cached, not with the length
 * of the run: what no cut has reached is kept, the rest is dropped.
 *
 * Time is any count that never falls, and rises between a change and an invalidation: the cycle. */
#ifndef TWINWALK_STALE_H
#define TWINWALK_STALE_H

#include "arch/oracle.h"

struct stale;

/* Whose caches are asked about. Both see the same software. Their page faults are their own. What the other MMU does
 * with A bits is not known here, so for its part an entry may have been cached whatever its A bit was. */
enum stale_who { STALE_OURS, STALE_THEIRS };

/* What may be behind a result that the fresh walk does not give. */
enum stale_how {
    STALE_NOT, /* nothing: the result is wrong */
    STALE_TLB, /* a translation that a TLB may still hold */
    STALE_PSC, /* a present entry, or its absence, in a table to which only a paging-structure cache may still lead */
};

/* The memory and the processor must outlive the books. NULL when memory is short. */
struct stale *stale_new(struct physmem *pm, const struct oracle_cpu *cpu);
void stale_free(struct stale *s);

/* Software is about to write `value` to the entry at pa; `old` is what hardware left there. False when memory is short.
 */
bool stale_poke(struct stale *s, uint64_t now, uint64_t pa, uint64_t old, uint64_t value);

/* A control operation was carried out (it did not raise #GP(0)). False when memory is short. */
bool stale_control(struct stale *s, uint64_t now, const struct oracle_regs *before, const struct oracle_regs *after,
                   uint8_t op, uint64_t data, uint64_t desc);

/* One of the two took a page fault at a linear address (canonical, and masked by LAM): SDM 3A 5.10.4.1. False when
 * memory is short. */
bool stale_fault(struct stale *s, uint64_t now, enum stale_who who, const struct oracle_regs *regs, uint64_t va);

/* Whether a result is the one in question. */
struct stale_question {
    bool (*fits)(const void *context, const struct oracle_result *result);
    const void *context;
};

/* Looks for a mix that gives a result that fits. since: the time at which the access began; page faults taken later
 * have dropped nothing that it could have used before. confirmed: the MMU walks again from the root before it raises a
 * fault, so that no cached entry ever decides one. */
enum stale_how stale_explains(struct stale *s, enum stale_who who, bool confirmed, const struct oracle_regs *regs,
                              const struct oracle_access *access, uint64_t since,
                              const struct stale_question *question);

/* After an access of ours that may have gone by a stale entry: the oracle's image takes over the A and D bits that
 * hardware has set in all entries that such a walk may have used, so that a later search knows them to have been used.
 */
void stale_follow(struct stale *s, const struct oracle_regs *regs, const struct oracle_access *access);

/* Whether hardware may have found an entry of a walk (a step of its result) cached with all bits of `flags` (A, D) set,
 * so that it did not set them again (SDM 3A 5.8): a former value of it has them and can still be cached. va: the linear
 * address; since: as above. */
bool stale_owes_nothing(const struct stale *s, const struct oracle_regs *regs, uint64_t va, uint64_t since,
                        const struct oracle_result *result, unsigned step, uint64_t flags);

/* Whether a walk may have begun below other tables than the present ones, although its result is the same: it has set A
 * and D there. */
bool stale_leads_astray(const struct stale *s, const struct oracle_regs *regs, const struct oracle_result *result);

/* Former values, and cuts of single addresses, that are kept. */
uint64_t stale_kept(const struct stale *s);

#endif
