#include "memerr.h"

#include <stdlib.h>

enum { LINE_BITS = 6 };

static bool add_line(struct memerr *m, uint64_t pa)
{
    if (m->lines == m->room) {
        const size_t room = m->room ? 2 * m->room : 16;
        uint64_t *more = realloc(m->line, room * sizeof *more);
        if (!more)
            return false;
        m->line = more;
        m->room = room;
    }
    m->line[m->lines++] = pa >> LINE_BITS;
    return true;
}

bool memerr_order(struct memerr *m, enum memerr_what what, uint64_t value)
{
    switch (what) {
    case MEMERR_AT:
        return add_line(m, value);
    case MEMERR_READ:
        m->reads = value;
        return true;
    default:
        m->lines = 0;
        m->reads = 0;
        return true;
    }
}

bool memerr_strikes(struct memerr *m, uint64_t pa, bool update)
{
    bool fails = !update && m->reads && --m->reads == 0;
    for (size_t i = 0; i < m->lines; i++)
        fails |= m->line[i] == pa >> LINE_BITS;
    return fails;
}

void memerr_free(struct memerr *m)
{
    free(m->line);
    *m = (struct memerr){0};
}
