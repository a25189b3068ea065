/* mremap in the shadow: what a process has written goes along. See shadow.h. */
#include "shadow.h"

enum { DONTUNMAP = 4 };

/* What the process has of its own at one page goes along. */
static void move_own(struct shadow *s, struct shadow_space *space, struct cell *cell, uint64_t page)
{
    const struct cell old = *cell;
    cell->state = CELL_GONE;
    cell = cells_make(&space->own, old.of, page);
    if (!cell) {
        s->short_of_memory = true;
        return;
    }
    cell->value = old.value;
    cell->offered = old.offered;
}

static void move_all_own(struct shadow *s, struct shadow_space *space, uint64_t from, uint64_t to, uint64_t bytes)
{
    const uint64_t first = from >> 12, pages = bytes >> 12, distance = (to >> 12) - (from >> 12);
    if (pages < space->own.room) {
        for (uint64_t i = 0; i < pages * OWN_KINDS; i++) {
            struct cell *cell = cells_find(&space->own, i % OWN_KINDS, first + i / OWN_KINDS);
            if (cell)
                move_own(s, space, cell, cell->page + distance);
        }
        return;
    }
    struct cells before;
    if (!cells_copy(&before, &space->own)) {
        s->short_of_memory = true;
        return;
    }
    for (size_t i = 0; i < before.room; i++)
        if (before.cell[i].state == CELL_HERE && before.cell[i].page - first < pages)
            move_own(s, space, cells_find(&space->own, before.cell[i].of, before.cell[i].page),
                     before.cell[i].page + distance);
    cells_free(&before);
}

/* One area's part of a move, to where it is as long as it is or, at its end, longer. */
static void move_area(struct shadow *s, struct shadow_space *space, struct shadow_area area, uint64_t from, uint64_t to,
                      uint64_t old, uint64_t new, bool keep)
{
    area.page += (from - area.start) >> 12;
    area.start = to;
    area.end = to + new;
    shadow_put(s, space, area);
    move_all_own(s, space, from, to, old);
    if (old && !keep)
        shadow_unmap(s, space, from, from + old);
}

/* Every area of the range, with the gaps between them. */
static void move_areas(struct shadow *s, struct shadow_space *space, uint64_t from, uint64_t to, uint64_t bytes,
                       bool keep)
{
    for (uint64_t at = from; at < from + bytes;) {
        const struct shadow_area *area = shadow_area_at(space, at);
        if (!area) { /* to the next one */
            uint64_t next = from + bytes;
            for (size_t i = 0; i < space->areas; i++)
                if (space->area[i].start > at && space->area[i].start < next)
                    next = space->area[i].start;
            at = next;
            continue;
        }
        const uint64_t end = area->end < from + bytes ? area->end : from + bytes;
        move_area(s, space, *area, at, to + (at - from), end - at, end - at, keep);
        at = end;
    }
}

/* What was written goes along; what is cut off is lost. */
void shadow_mremap(struct shadow *s, struct shadow_space *space, const struct trace_syscall *c)
{
    const uint64_t from = c->arg[0], to = (uint64_t)c->result;
    const struct shadow_area *at = shadow_area_at(space, from);
    if (!at)
        return;
    uint64_t old = shadow_up(c->arg[1], at->unit);
    const uint64_t new = shadow_up(c->arg[2], at->unit);
    if (new < old) {
        shadow_unmap(s, space, from + new, from + old);
        old = new;
        at = shadow_area_at(space, from);
    }
    if (to == from && new > old) { /* in place: what is added */
        struct shadow_area more = *at;
        more.page += (from + old - at->start) >> 12;
        more.start = from + old;
        more.end = from + new;
        shadow_put(s, space, more);
    } else if (to != from && from + old <= at->end) {
        move_area(s, space, *at, from, to, old, new, c->arg[3] & DONTUNMAP);
    } else if (to != from) {
        move_areas(s, space, from, to, old, c->arg[3] & DONTUNMAP);
    }
}
