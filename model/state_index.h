/* How the state words number the entries of an array (docs/microarchitecture.md section 17): the way in the low
 * ceil(log2(ways)) bits of the index, the set above it, so that hardware needs no division. Numbers from `ways` up name
 * nothing. */
#ifndef TWINWALK_STATE_INDEX_H
#define TWINWALK_STATE_INDEX_H

/* Bits that number a way, of 1 to 128 ways. */
static inline unsigned state_way_bits(unsigned ways)
{
    return ways > 1 ? 32 - (unsigned)__builtin_clz(ways - 1) : 0;
}

/* The index of a way of a set of array 0 to 3, whose sets and ways are at most 16,384 together. */
static inline unsigned state_entry_index(unsigned array, unsigned set, unsigned way, unsigned ways)
{
    return array << 14 | set << state_way_bits(ways) | way;
}

/* The set and the way that an index means. */
static inline unsigned state_entry_set(unsigned idx, unsigned ways)
{
    return (idx & 0x3fff) >> state_way_bits(ways);
}
static inline unsigned state_entry_way(unsigned idx, unsigned ways)
{
    return idx & ((1u << state_way_bits(ways)) - 1);
}

#endif
