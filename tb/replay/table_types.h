/* The memory types with which walkers asked for page-table entries, so that the oracle can judge them (SDM 3A 5.9.2).
 *
 * The pins do not say which request belongs to which access. So what is kept is, for an entry, the set of types it was
 * read with, and the set it was updated with, since page tables and registers last changed (the stamp). Each must be
 * what the oracle demands; or contain it, where two walks may reach one entry through different tables. An entry that
 * is not kept, or that came with another walker's line, is not judged. */
#ifndef TWINWALK_TABLE_TYPES_H
#define TWINWALK_TABLE_TYPES_H

#include <stdbool.h>
#include <stdint.h>

enum { TABLE_TYPES = 1024 };

struct table_types {
    struct {
        uint64_t pa, stamp; /* stamp 0: empty */
        uint8_t seen[2];    /* bit t: [0] read, [1] updated with type t */
    } entry[TABLE_TYPES];
};

static inline unsigned table_types_slot(uint64_t pa)
{
    return (unsigned)((pa >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 54);
}

static inline void table_types_note(struct table_types *t, uint64_t stamp, uint64_t pa, bool cas, unsigned mt)
{
    const unsigned n = table_types_slot(pa);
    if (t->entry[n].pa != pa || t->entry[n].stamp != stamp) {
        t->entry[n].pa = pa;
        t->entry[n].stamp = stamp;
        t->entry[n].seen[0] = t->entry[n].seen[1] = 0;
    }
    t->entry[n].seen[cas] |= (uint8_t)(1u << (mt & 7));
}

/* The set of types, 0 when it is not known or empty. */
static inline unsigned table_types_seen(const struct table_types *t, uint64_t stamp, uint64_t pa, bool cas)
{
    const unsigned n = table_types_slot(pa);
    return t->entry[n].pa == pa && t->entry[n].stamp == stamp ? t->entry[n].seen[cas] : 0;
}

#endif
