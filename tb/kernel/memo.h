/* The oracle's memory: what it said of a page, so that it need not walk again for every access to it.
 *
 * An entry is good as long as neither page tables nor registers have changed (the stamp). It is written only after the
 * oracle has judged such an access afresh and its A and D bits are set, so a hit is the oracle's word at the price of a
 * compare. */
#ifndef TWINWALK_MEMO_H
#define TWINWALK_MEMO_H

#include <stdint.h>

enum { MEMO_ENTRIES = 2048 };

struct memo_entry {
    uint64_t key;   /* VA[63:12], access and mode */
    uint64_t stamp; /* 0: empty */
    uint64_t frame; /* PA[51:12] << 12 */
    uint8_t size, pat, mt;
};

struct memo {
    struct memo_entry entry[MEMO_ENTRIES];
};

/* mode: 4 bits, acc: 2 bits. */
static inline uint64_t memo_key(uint64_t va, unsigned acc, unsigned mode)
{
    return va >> 12 << 6 | (uint64_t)(mode & 15) << 2 | acc;
}

static inline unsigned memo_index(uint64_t key)
{
    return (unsigned)(key * UINT64_C(0x9e3779b97f4a7c15) >> 53);
}

static inline struct memo_entry *memo_slot(struct memo *memo, uint64_t key)
{
    return &memo->entry[memo_index(key)];
}

#endif
