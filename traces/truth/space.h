/* Which piece of the captured address space is which piece of the native one. */
#ifndef TWINWALK_TRUTH_SPACE_H
#define TWINWALK_TRUTH_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct piece {
    uint64_t start, end; /* captured */
    uint64_t distance;   /* native - captured, modulo 2^64 */
    bool stack;          /* its distance is told by the first access */
};

struct space {
    struct piece *piece; /* in no order, not overlapping */
    size_t pieces, last; /* last: found last */
    unsigned users;
    bool stack_known;
    uint64_t stack_top, sp; /* native */
    uint64_t brk;           /* captured; 0: not told yet */
    uint64_t brk_distance, native_brk;
};

struct space *space_new(void);
struct space *space_copy(const struct space *from);
void space_leave(struct space *space);

/* [start, end) is mapped anew, or not any more; what was there is forgotten. False: out of memory. */
bool space_add(struct space *space, struct piece piece);
bool space_remove(struct space *space, uint64_t start, uint64_t end);
/* NULL: nothing known there. */
struct piece *space_find(struct space *space, uint64_t va);

#endif
