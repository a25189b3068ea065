/* The preset as the closed forms see it: which arrays hold what. Read from mmu_cfg.h alone, so that what is expected
 * owes nothing to the model. */
#ifndef TWINWALK_FORMS_PRESET_H
#define TWINWALK_FORMS_PRESET_H

#include <stdbool.h>

#include "mmu_cfg.h"

enum {
    PORT_FETCH = 0,              /* the first fetch port */
    PORT_DATA = CFG_PORTS_FETCH, /* the first data port */
    PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA,
    STLB_EXTRA = CFG_STLB_LATENCY /* S of the document */
};

struct preset_array {
    unsigned holds, entries, ways, sets; /* bit s of holds: page size s, or PSC level s + 2; entries 0: no such array */
};

struct preset_structure {
    const char *name;
    bool lru; /* else tree-PLRU */
    struct preset_array array[4];
};

extern const struct preset_structure preset_itlb, preset_dtlb, preset_stlb, preset_psc;

/* What a structure has for one page size (or PSC level - 2), over all its arrays. */
struct preset_room {
    unsigned entries, sets, ways; /* all 0: it is not held here; ways: of the array that has more */
    unsigned
        run;     /* so many pages that follow one another fit: fewer than entries where two unequal arrays share them */
    bool shared; /* an array of it holds other sizes (levels) too */
};

struct preset_room preset_room(const struct preset_structure *structure, unsigned size);

/* Whether one PSC array holds entries of both levels (2 … 5). */
bool preset_psc_share(unsigned level, unsigned other);

/* Entries of the level's PSC array that hold entries of higher levels for good, in tables of so many levels, when the
 * pages in use lie in one entry of each (see random.c). */
unsigned preset_psc_taken(unsigned level, unsigned levels);

/* In a cyclic sweep of at least so many pages of one set, from an empty array, none is there when its turn comes. LRU:
 * ways + 1. Tree-PLRU: fills alone go round all leaves of the tree, but the first ones take the invalid ways in order:
 * leaves + ways. */
unsigned preset_overflow(const struct preset_structure *structure, unsigned ways);

/* "4k", "2m", "1g". */
extern const char *const preset_size_name[3];

#endif
