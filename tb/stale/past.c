/* The past of page-table entries: see stale.h. An array in the order of time, and a chain for each hash of an address,
 * newest first. */
#include <stdlib.h>
#include <string.h>

#include "parts.h"

enum { LINE_WORDS = 8, LINE_BYTES = 64 };

bool past_start(struct past *p, uint32_t room)
{
    p->former = calloc(room, sizeof *p->former);
    p->newest = malloc(room * sizeof *p->newest);
    p->used = 0;
    p->room = room;
    if (p->newest)
        memset(p->newest, 0xff, room * sizeof *p->newest);
    return p->former && p->newest;
}

void past_end(struct past *p)
{
    free(p->former);
    free(p->newest);
}

static uint32_t chain(const struct past *p, uint64_t pa)
{
    return (uint32_t)((pa >> 3 ^ pa >> 40) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (p->room - 1);
}

uint32_t past_newest(const struct past *p, uint64_t pa)
{
    uint32_t n = p->newest[chain(p, pa)];
    while (n != FORMER_NONE && p->former[n].pa != pa)
        n = p->former[n].before;
    return n;
}

static void link_in(struct past *p, uint32_t n)
{
    uint32_t *head = &p->newest[chain(p, p->former[n].pa)];
    p->former[n].before = *head;
    *head = n;
}

static bool is_table(const struct physmem *pm, uint64_t frame)
{
    for (uint64_t offset = 0; offset < 512 * 8; offset += LINE_BYTES) {
        const uint64_t *line = physmem_line(pm, frame + offset);
        for (unsigned i = 0; i < LINE_WORDS; i++)
            if (line[i])
                return true;
    }
    return false;
}

/* Whether it can still be cached: in some PCID, or in a global translation, of which it is the leaf or to which it may
 * have led. */
static bool lives(const struct stale *s, const struct former *f, uint64_t floor)
{
    if (f->to > floor)
        return true;
    if (f->to <= s->cuts.global || !(f->value & ENTRY_P) || f->pa >> 63)
        return false;
    return (f->value & ENTRY_G) || is_table(s->pm, f->value & ENTRY_FRAME);
}

/* False when memory is short; then all is as before. */
static bool double_room(struct past *p)
{
    struct past bigger;
    if (p->room > UINT32_MAX / 4 || !past_start(&bigger, 2 * p->room)) {
        if (p->room <= UINT32_MAX / 4)
            past_end(&bigger);
        return false;
    }
    memcpy(bigger.former, p->former, p->used * sizeof *p->former);
    bigger.used = p->used;
    for (uint32_t n = 0; n < bigger.used; n++)
        link_in(&bigger, n);
    past_end(p);
    *p = bigger;
    return true;
}

/* Drops what cannot be cached any more. */
static void sweep(struct stale *s)
{
    struct past *p = &s->past;
    const uint64_t floor = cuts_floor(&s->cuts);
    uint32_t kept = 0;
    for (uint32_t n = 0; n < p->used; n++)
        if (lives(s, &p->former[n], floor))
            p->former[kept++] = p->former[n];
    p->used = kept;
    memset(p->newest, 0xff, p->room * sizeof *p->newest);
    for (uint32_t n = 0; n < kept; n++)
        link_in(p, n);
}

bool past_add(struct stale *s, const struct former *former)
{
    struct past *p = &s->past;
    if (p->used == p->room) {
        sweep(s);
        if (p->used > p->room / 2 && !double_room(p))
            return false;
    }
    p->former[p->used] = *former;
    link_in(p, p->used++);
    return true;
}
