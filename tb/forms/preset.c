/* See preset.h. */
#include "preset.h"

#define ARRAY(STRUCTURE, n)                                                                           \
    {CFG_##STRUCTURE##_A##n##_HOLDS, CFG_##STRUCTURE##_A##n##_ENTRIES, CFG_##STRUCTURE##_A##n##_WAYS, \
     CFG_##STRUCTURE##_A##n##_SETS}

const struct preset_structure preset_itlb = {
    "ITLB", CFG_ITLB_REPLACEMENT == 1, {ARRAY(ITLB, 0), ARRAY(ITLB, 1), ARRAY(ITLB, 2)}};
const struct preset_structure preset_dtlb = {
    "DTLB", CFG_DTLB_REPLACEMENT == 1, {ARRAY(DTLB, 0), ARRAY(DTLB, 1), ARRAY(DTLB, 2)}};
const struct preset_structure preset_stlb = {"STLB", CFG_STLB_REPLACEMENT == 1, {ARRAY(STLB, 0), ARRAY(STLB, 1)}};
const struct preset_structure preset_psc = {
    "PSC", CFG_PSC_REPLACEMENT == 1, {ARRAY(PSC, 0), ARRAY(PSC, 1), ARRAY(PSC, 2), ARRAY(PSC, 3)}};

const char *const preset_size_name[3] = {"4k", "2m", "1g"};

struct preset_room preset_room(const struct preset_structure *structure, unsigned size)
{
    struct preset_room room = {0};
    for (unsigned n = 0; n < 4; n++) {
        const struct preset_array *a = &structure->array[n];
        if (!(a->holds >> size & 1))
            continue;
        /* Two arrays take turns, `sets` pages each: the second is full after 2 × its ways of these, and one turn of the
         * first may follow. */
        const unsigned second = (2 * a->ways + 1) * a->sets, first = 2 * room.entries;
        room.run = !room.entries ? a->entries : first < second ? first : second;
        room.entries += a->entries;
        room.sets += a->sets;
        room.ways = a->ways > room.ways
                        ? a->ways
                        : room.ways; /* two arrays for one size have the same sets, but not the same ways */
        room.shared |= (a->holds & (a->holds - 1)) != 0;
    }
    return room;
}

bool preset_psc_share(unsigned level, unsigned other)
{
    for (unsigned n = 0; n < 4; n++)
        if (preset_psc.array[n].holds >> (level - 2) & preset_psc.array[n].holds >> (other - 2) & 1)
            return true;
    return false;
}

unsigned preset_psc_taken(unsigned level, unsigned levels)
{
    const unsigned last = preset_psc.lru && level < levels ? level + 1 : levels;
    unsigned entries = 0;
    for (unsigned above = level + 1; above <= last; above++)
        entries += preset_psc_share(level, above);
    return entries;
}

unsigned preset_overflow(const struct preset_structure *structure, unsigned ways)
{
    unsigned leaves = 1;
    if (structure->lru)
        return ways + 1;
    while (leaves < ways)
        leaves *= 2;
    return leaves + ways;
}
