#include "space.h"

#include <stdlib.h>
#include <string.h>

struct space *space_new(void)
{
    struct space *space = calloc(1, sizeof *space);
    if (space)
        space->users = 1;
    return space;
}

struct space *space_copy(const struct space *from)
{
    struct space *space = space_new();
    if (!space)
        return NULL;
    *space = *from;
    space->users = 1;
    space->piece = malloc((from->pieces + 1) * sizeof *from->piece);
    if (space->piece && from->pieces)
        memcpy(space->piece, from->piece, from->pieces * sizeof *from->piece);
    return space;
}

void space_leave(struct space *space)
{
    if (!space || --space->users)
        return;
    free(space->piece);
    free(space);
}

static bool append(struct space *space, struct piece piece)
{
    struct piece *grown = realloc(space->piece, (space->pieces + 1) * sizeof piece);
    if (!grown)
        return false;
    space->piece = grown;
    space->piece[space->pieces++] = piece;
    return true;
}

/* What is cut is taken out and its rests are put at the end, behind those still to be looked at. */
bool space_remove(struct space *space, uint64_t start, uint64_t end)
{
    bool done = true;
    space->last = 0;
    for (size_t i = space->pieces; i-- > 0;) {
        struct piece below = space->piece[i], above = below;
        if (below.end <= start || below.start >= end)
            continue;
        space->piece[i] = space->piece[--space->pieces];
        below.end = start;
        above.start = end;
        if (below.start < below.end)
            done &= append(space, below);
        if (above.start < above.end)
            done &= append(space, above);
    }
    return done;
}

bool space_add(struct space *space, struct piece piece)
{
    return space_remove(space, piece.start, piece.end) && append(space, piece);
}

struct piece *space_find(struct space *space, uint64_t va)
{
    if (space->last < space->pieces &&
        va - space->piece[space->last].start < space->piece[space->last].end - space->piece[space->last].start)
        return &space->piece[space->last];
    for (size_t i = 0; i < space->pieces; i++)
        if (va - space->piece[i].start < space->piece[i].end - space->piece[i].start) {
            space->last = i;
            return &space->piece[i];
        }
    return NULL;
}
