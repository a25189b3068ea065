/* See preset.h. */
#include "preset.h"

#define ARRAY(STRUCTURE, n)                                                                                           \
    {CFG_##STRUCTURE##_A##n##_HOLDS, CFG_##STRUCTURE##_A##n##_ENTRIES, CFG_##STRUCTURE##_A##n##_WAYS,                 \
     CFG_##STRUCTURE##_A##n##_SETS}

const struct preset_structure preset_itlb = {
    "ITLB", CFG_ITLB_REPLACEMENT == 1, {ARRAY(ITLB, 0), ARRAY(ITLB, 1), ARRAY(ITLB, 2)}};
const struct preset_structure preset_dtlb = {
    "DTLB", CFG_DTLB_REPLACEMENT == 1, {ARRAY(DTLB, 0), ARRAY(DTLB, 1), ARRAY(DTLB, 2)}};
const struct preset_structure preset_stlb = {
    "STLB", CFG_STLB_REPLACEMENT == 1, {ARRAY(STLB, 0), ARRAY(STLB, 1)}};
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
        room.entries += a->entries;
        room.sets += a->sets;
        room.ways = a->ways; /* two arrays for one size have the same sets; the presets give them the same ways */
        room.shared |= (a->holds & (a->holds - 1)) != 0;
    }
    return room;
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
