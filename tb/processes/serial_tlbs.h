/* TLBs without a clock, for `twinwalk model --serial`: the arrays of the cycle model (model/cycle/tlb_array.h), which
 * say where an entry goes, which one it displaces and what a control operation drops, asked for one access at a time.
 * Their shapes are chosen when the program runs.
 *
 *     L1 (ITLB or DTLB) ─ miss ─► STLB ─ miss ─► the caller walks ─► fill of STLB and L1
 *
 * Rights are not kept: the caller knows that the access may be made. D is: a write that finds an entry with D = 0
 * misses, as in the MMU (docs/microarchitecture.md sections 6 and 7). */
#ifndef TWINWALK_SERIAL_TLBS_H
#define TWINWALK_SERIAL_TLBS_H

#include "cycle/tlb_array.h"
#include "session/setup.h"
#include "stacks.h"

enum { SERIAL_FETCH, SERIAL_DATA, SERIAL_SIDES };

struct serial_counts {
    uint64_t l1_hit[SERIAL_SIDES], l1_miss[SERIAL_SIDES], stlb_hit, stlb_miss;
};

enum { SERIAL_PLRU_WAYS_MOST = 128 }; /* LRU has any number */

/* Those of the preset. */
struct tlb_shapes serial_tlbs_preset(void);

struct serial_tlbs;

/* Everything empty, registers as after reset. NULL when memory is short, or tree-PLRU has too many ways. */
struct serial_tlbs *serial_tlbs_new(const struct tlb_shapes *shapes);
void serial_tlbs_free(struct serial_tlbs *t);

/* Looks up the page of `size` at va, masked, and counts. True: its entry was in a TLB. False: the caller walks, and
 * then fills. side: SERIAL_FETCH or SERIAL_DATA. */
bool serial_tlbs_look_up(struct serial_tlbs *t, unsigned side, uint64_t va, unsigned size, bool write);
void serial_tlbs_fill(struct serial_tlbs *t, unsigned side, uint64_t va, unsigned size, bool global, bool dirty);

/* A miss everywhere of an access that has no page: it faults. */
void serial_tlbs_miss(struct serial_tlbs *t, unsigned side);

/* What a control operation drops, and a page fault at va, masked (sections 13 and 9). pages_stay: an operation that is
 * of one address drops nothing. */
void serial_tlbs_control(struct serial_tlbs *t, uint8_t op, uint64_t data, uint64_t desc, bool pages_stay);
void serial_tlbs_fault(struct serial_tlbs *t, uint64_t va);

/* Stacks beside them (stacks.h): of the accesses of each side, and of those that miss the L1. False: memory is short.
 */
enum { SERIAL_STLB = SERIAL_SIDES, SERIAL_STACKS };
bool serial_tlbs_stack(struct serial_tlbs *t);
struct stacks *serial_tlbs_stacks(const struct serial_tlbs *t, unsigned which); /* NULL: none */

/* Where the L1 of a side holds the page that was looked up last. */
struct serial_place {
    struct tlb_array *array; /* NULL: nowhere */
    unsigned at, set, way;
};
struct serial_place serial_tlbs_place(struct serial_tlbs *t, unsigned side, uint64_t va, unsigned size);

/* The non-global tag of a page, with the PCID of now. */
uint64_t serial_tlbs_tag(const struct serial_tlbs *t, uint64_t va, unsigned size);

/* The tag word of an entry that is made of it: global, where CR4.PGE lets it be. */
uint64_t serial_tlbs_entry(const struct serial_tlbs *t, uint64_t tag, bool global);

/* A hit at a place that is known to hold the page still. */
static inline void serial_tlbs_hit(struct serial_counts *counts, unsigned side, const struct serial_place *place)
{
    struct tlb_array *a = place->array;
    counts->l1_hit[side]++;
    if (a->touched)
        tlb_touch(a, place->set, place->way);
    else
        a->repl[place->set] = tlb_touched(a, a->g.lru, place->set, place->way);
}

struct serial_counts *serial_tlbs_counts(struct serial_tlbs *t);

#endif
