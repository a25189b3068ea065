/* `twinwalk tlb`: the counts of `twinwalk model --serial`, quicker.
 *
 *     access ─► the page of this side's last access? ─► counted
 *               where its page was found the last time, is it there still? ─► touched, counted
 *               else as in serial.c: search, STLB, walk
 *
 * Both short ways are good as long as nobody changed page tables or registers (the stamp), and check the tag word that
 * they found before, so that what has been replaced or dropped is looked up anew. */
#ifndef TWINWALK_QUICK_H
#define TWINWALK_QUICK_H

#include "memory_replay.h"

struct quick {
    struct quick_place {
        uint64_t key, stamp, tag; /* the memo's key; the tag word that was there */
        struct serial_place place;
    } slot[MEMO_ENTRIES], last[SERIAL_SIDES];
    struct serial_counts *counts;
    bool stacks;
};

/* NULL: memory is short. */
struct quick *quick_new(struct serial_tlbs *tlbs, bool stacks);

/* Is it there still, for this access? A store needs D. */
static inline bool quick_is_there(const struct quick_place *q, uint64_t key, uint64_t stamp)
{
    const struct tlb_array *a = q->place.array;
    return q->key == key && q->stamp == stamp && a->tag[q->place.at] == q->tag &&
           ((key & 3) != ACC_WRITE || a->data[q->place.at] & DATA_D);
}

/* Counts an access like the last one of its side; false: it is none. */
static inline bool quick_again(struct memory *m, unsigned kind, uint64_t key)
{
    const unsigned side = kind == TRACE_FETCH ? SERIAL_FETCH : SERIAL_DATA;
    struct quick *q = m->quick;
    if (!quick_is_there(&q->last[side], key, m->stamp))
        return false;
    q->counts->l1_hit[side]++;
    if (q->stacks)
        stacks_again(serial_tlbs_stacks(m->tlbs, side));
    return true;
}

/* Counts an access that the oracle has allowed, to a page of `size`. */
void quick_count(struct memory *m, const struct trace_rec *rec, uint64_t key, unsigned size);

#endif
