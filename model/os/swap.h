/* Swap space: slots of one page, each with a count of the entries (and page-cache pages) that stand for it, and perhaps
 * a frame that holds the same contents (the swap cache). Slot 0 is never used, like the header page of a swap device.
 */
#ifndef TWINWALK_SWAP_H
#define TWINWALK_SWAP_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86.h"

struct swap_slot {
    uint32_t users; /* 0: free */
    uint64_t frame; /* address of a frame with the same contents; 0: none */
};

struct swap {
    struct swap_slot *slot;
    uint32_t slots, used; /* slots: without slot 0 */
    uint32_t next;        /* where the search goes on */
};

/* bytes = 0: no swap, which is no error. */
bool swap_init(struct swap *swap, uint64_t bytes);
void swap_drop(struct swap *swap);

/* A free slot, without users yet; 0: none. */
uint32_t swap_take(struct swap *swap);
void swap_hold(struct swap *swap, uint32_t slot);
/* One user less; true: it was the last, and the slot is free. */
bool swap_release(struct swap *swap, uint32_t slot);

/* Entries of swapped-out pages, in Linux's layout: P and the kernel's PROT_NONE mark are 0; the slot's number stands
 * inverted in bits 58:9, so that a processor that speculates past P = 0 finds no memory there (L1 terminal fault). In
 * this kernel a PROT_NONE entry has U/S = 1 and a swap entry 0. */
static inline uint64_t swap_entry(uint32_t slot)
{
    return (~(uint64_t)slot << 9) & (((uint64_t)1 << 59) - 1);
}

static inline bool is_swap_entry(uint64_t entry)
{
    return entry && !(entry & (ENTRY_P | ENTRY_US));
}

static inline uint32_t swap_slot_of(uint64_t entry)
{
    return (uint32_t)~(entry >> 9);
}

#endif
