/* Address spaces of the shadow: a sorted list of areas, and what was written in them. See shadow.h. */
#include "shadow.h"

#include <stdlib.h>
#include <string.h>

/* The first area that ends beyond va. */
static size_t first(const struct shadow_space *space, uint64_t va)
{
    size_t low = 0, high = space->areas;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (space->area[middle].end <= va)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct shadow_area *shadow_area_at(const struct shadow_space *space, uint64_t va)
{
    const size_t i = first(space, va);
    return i < space->areas && space->area[i].start <= va ? &space->area[i] : NULL;
}

static void insert(struct shadow *s, struct shadow_space *space, size_t at, struct shadow_area area)
{
    if (space->areas >= space->room) {
        const size_t room = space->room * 2 + 32;
        struct shadow_area *grown = realloc(space->area, room * sizeof *grown);
        if (!grown) {
            s->short_of_memory = true;
            return;
        }
        space->area = grown;
        space->room = room;
    }
    memmove(&space->area[at + 1], &space->area[at], (space->areas - at) * sizeof area);
    space->area[at] = area;
    space->areas++;
}

void shadow_cut(struct shadow *s, struct shadow_space *space, uint64_t va)
{
    const size_t i = first(space, va);
    if (i == space->areas || space->area[i].start >= va)
        return;
    struct shadow_area upper = space->area[i];
    upper.page += (va - upper.start) >> 12;
    upper.start = va;
    space->area[i].end = va;
    insert(s, space, i + 1, upper);
}

void shadow_visit(struct shadow_space *space, uint64_t start, uint64_t end, void (*visit)(struct cell *cell))
{
    const uint64_t from = start >> 12, to = end >> 12;
    if (to - from < space->own.room) {
        for (uint64_t i = 0; i < (to - from) * OWN_KINDS; i++) {
            struct cell *cell = cells_find(&space->own, i % OWN_KINDS, from + i / OWN_KINDS);
            if (cell)
                visit(cell);
        }
        return;
    }
    for (size_t i = 0; i < space->own.room; i++) {
        struct cell *cell = &space->own.cell[i];
        if (cell->state == CELL_HERE && cell->page >= from && cell->page < to)
            visit(cell);
    }
}

static void forget(struct cell *cell)
{
    cell->state = CELL_GONE;
}

void shadow_unmap(struct shadow *s, struct shadow_space *space, uint64_t start, uint64_t end)
{
    shadow_cut(s, space, start);
    shadow_cut(s, space, end);
    const size_t from = first(space, start), to = first(space, end);
    if (to != from)
        memmove(&space->area[from], &space->area[to], (space->areas - to) * sizeof *space->area);
    space->areas -= to - from;
    shadow_visit(space, start, end, forget);
}

void shadow_put(struct shadow *s, struct shadow_space *space, struct shadow_area area)
{
    shadow_unmap(s, space, area.start, area.end);
    insert(s, space, first(space, area.start), area);
}
