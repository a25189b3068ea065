/* The words of memory that a directed case has written, so that the next one finds zeros at the cost of these alone. */
#ifndef TWINWALK_VECTORS_TOUCHED_H
#define TWINWALK_VECTORS_TOUCHED_H

#include <stdlib.h>

#include "mem/physmem.h"

struct touched {
    uint64_t *pa;
    size_t count, room;
};

static inline bool touched_add(struct touched *t, uint64_t pa)
{
    if (t->count == t->room) {
        const size_t room = t->room ? 2 * t->room : 64;
        uint64_t *more = realloc(t->pa, room * sizeof *more);
        if (!more)
            return false;
        t->pa = more;
        t->room = room;
    }
    t->pa[t->count++] = pa;
    return true;
}

/* Frames stay with their memory unless there are many: cases use the same ones over and over. */
static inline void touched_clear(struct touched *t, struct physmem *pm)
{
    enum { BYTES_TO_KEEP = 64 << 20 };
    const bool many = physmem_bytes(pm) > BYTES_TO_KEEP;
    for (size_t i = 0; i < t->count; i++) {
        if (many)
            physmem_release(pm, t->pa[i] & ~(uint64_t)0xfff);
        else
            physmem_write(pm, t->pa[i], 0);
    }
    t->count = 0;
}

static inline void touched_free(struct touched *t)
{
    free(t->pa);
}

#endif
