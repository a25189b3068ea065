/* What must be invalidated after page-table entries changed, gathered entry by entry. */
#ifndef TWINWALK_FLUSH_H
#define TWINWALK_FLUSH_H

#include <stdint.h>

/* A range of linear addresses [start, end) in steps of the smallest page in it. */
struct flush {
    uint64_t start, end;
    unsigned shift; /* log2 of the smallest page; 0: nothing was gathered */
};

/* The page (1 << shift bytes) around va must go. */
void flush_add(struct flush *flush, uint64_t va, unsigned shift);

#endif
