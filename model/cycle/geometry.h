/* The shape of every TLB and paging-structure-cache array, as the preset gives it: compile-time constants.
 *
 * Hot code takes a `struct geometry` literal (ITLB_0 …) as an argument of an inline function, so that loops over ways
 * have constant counts and absent arrays vanish. Cold code reads the copy kept in each array (tlb_array.h). */
#ifndef TWINWALK_CYCLE_GEOMETRY_H
#define TWINWALK_CYCLE_GEOMETRY_H

#include <stdbool.h>

#include "mmu_cfg.h"

enum {
    FETCH_PORTS = CFG_PORTS_FETCH,
    PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA, /* NP of the document */
    QUEUE = CFG_MISS_QUEUE_ENTRIES,           /* NM */
    WALKERS = CFG_WALKERS_COUNT,              /* NW */
    STAGES = CFG_STLB_LATENCY - 2,            /* k, 3 … 14 */
    L1_ARRAYS_MAX = 3,
    STLB_ARRAYS_MAX = 2,
    PSC_ARRAYS_MAX = 4,
};

struct geometry {
    unsigned
        holds;     /* bit s: page size s (4K, 2M, 1G); in the PSC bit l-2: entries of level l. 0: the array is absent */
    unsigned sets; /* a power of two */
    unsigned ways; /* of a preset 1 … 128, and at most 16 with more than one set or with lru; an array that is made at
                      run time may have any number with lru, and 1 … 128 without */
    bool lru;      /* else tree-PLRU */
};

#define GEOMETRY(STRUCTURE, n)                                                                                       \
    ((struct geometry){CFG_##STRUCTURE##_A##n##_HOLDS, CFG_##STRUCTURE##_A##n##_SETS, CFG_##STRUCTURE##_A##n##_WAYS, \
                       CFG_##STRUCTURE##_REPLACEMENT == 1})

#define ITLB_0 GEOMETRY(ITLB, 0)
#define ITLB_1 GEOMETRY(ITLB, 1)
#define ITLB_2 GEOMETRY(ITLB, 2)
#define DTLB_0 GEOMETRY(DTLB, 0)
#define DTLB_1 GEOMETRY(DTLB, 1)
#define DTLB_2 GEOMETRY(DTLB, 2)
#define STLB_0 GEOMETRY(STLB, 0)
#define STLB_1 GEOMETRY(STLB, 1)
#define PSC_0 GEOMETRY(PSC, 0)
#define PSC_1 GEOMETRY(PSC, 1)
#define PSC_2 GEOMETRY(PSC, 2)
#define PSC_3 GEOMETRY(PSC, 3)

#endif
