/* What `twinwalk tlb --shapes` tells: misses of LRU TLBs over entries and ways. */
#ifndef TWINWALK_SHAPES_H
#define TWINWALK_SHAPES_H

#include <jansson.h>
#include <stdio.h>

#include "serial_tlbs.h"

/* A table for each of ITLB, DTLB and STLB: a row for each number of entries, a column for each number of ways. */
void shapes_report(FILE *out, const struct serial_tlbs *tlbs);

/* {"itlb": {"accesses": N, "shapes": [{"entries": E, "ways": W, "misses": M}, …]}, …}: all that were counted. */
json_t *shapes_json(const struct serial_tlbs *tlbs);

#endif
