/* Two profiles in one pass: see difference.h. */
#include "difference.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same_translation(const struct record_access *a, const struct record_access *b)
{
    return a->va == b->va && a->record == b->record && a->acc == b->acc && a->kind == b->kind && a->addr == b->addr &&
           a->size == b->size;
}

/* Keeps it among the worst, by how much more side `loser` paid. */
static void keep(struct difference_access *list, unsigned *count, unsigned most, const struct difference_access *a,
                 unsigned loser)
{
    const uint64_t loss = a->cycles[loser] - a->cycles[!loser];
    unsigned at = *count;
    while (at > 0 && list[at - 1].cycles[loser] - list[at - 1].cycles[!loser] < loss)
        at--;
    if (at >= most)
        return;
    const unsigned stay = *count < most ? *count : most - 1;
    memmove(&list[at + 1], &list[at], (stay - at) * sizeof *list);
    list[at] = *a;
    *count = stay + 1;
}

static void take(struct difference *d, unsigned side, const struct record_access *r, struct difference_access *a)
{
    a->side[side] = *r;
    a->cycles[side] = 0;
    for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
        a->cycles[side] += r->by[i];
    d->accesses[side]++;
    histogram_add(&d->latency[side], r->latency);
}

static void lay_side_by_side(struct difference *d, struct difference_access *a)
{
    d->moved[a->side[0].src & 3][a->side[1].src & 3]++;
    if (!same_translation(&a->side[0], &a->side[1]) && d->unequal++ == 0)
        d->first_unequal = *a;
    if (a->cycles[0] == a->cycles[1] && a->side[0].latency == a->side[1].latency)
        return;
    if (!d->any_cycles)
        d->first_cycles = *a;
    d->any_cycles = true;
    if (a->cycles[1] > a->cycles[0])
        keep(d->lost, &d->losers, d->worst_wanted, a, 1);
    else if (a->cycles[1] < a->cycles[0])
        keep(d->won, &d->winners, d->worst_wanted, a, 0);
}

/* The next access of one side; its marks on the way are put into the queue. */
struct side {
    struct records_reader *reader;
    struct record_mark *mark; /* that the other side has not reached yet */
    size_t marks, room;
    bool ended, torn, short_of_memory;
    struct record_end end;
};

static bool keep_mark(struct side *s, struct record_mark mark)
{
    if (s->marks == s->room) {
        const size_t room = s->room ? 2 * s->room : 64;
        struct record_mark *bigger = realloc(s->mark, room * sizeof *bigger);
        if (!bigger)
            return false;
        s->mark = bigger;
        s->room = room;
    }
    s->mark[s->marks++] = mark;
    return true;
}

/* marks: whether they are still wanted. */
static bool next_access(struct side *s, struct record_access *access, bool marks)
{
    while (!s->ended && !s->torn && !s->short_of_memory) {
        union record r;
        switch (records_next(s->reader, &r)) {
        case RECORD_ACCESS:
            *access = r.access;
            return true;
        case RECORD_MARK:
            s->short_of_memory = marks && !keep_mark(s, r.mark);
            break;
        case RECORD_END:
            s->end = r.end;
            s->ended = true;
            break;
        case RECORD_TORN:
            s->torn = true;
            break;
        }
    }
    return false;
}

static void match_marks(struct difference *d, struct side side[2])
{
    const size_t both = side[0].marks < side[1].marks ? side[0].marks : side[1].marks;
    for (size_t i = 0; i < both && !d->marks_differ; i++) {
        if (side[0].mark[i].cycle == side[1].mark[i].cycle && side[0].mark[i].hash == side[1].mark[i].hash)
            d->pins_equal_to = side[0].mark[i].cycle;
        else
            d->marks_differ = true;
    }
    for (unsigned i = 0; i < 2; i++) {
        side[i].marks = d->marks_differ ? 0 : side[i].marks - both;
        if (side[i].marks && both)
            memmove(side[i].mark, side[i].mark + both, side[i].marks * sizeof *side[i].mark);
    }
}

bool difference_read(struct difference *d, struct records_reader *base, struct records_reader *head, char *error,
                     size_t size)
{
    struct side side[2] = {{.reader = base}, {.reader = head}};
    for (uint64_t number = 0;; number++) {
        struct record_access r[2];
        struct difference_access a = {.number = number};
        bool got[2];
        for (unsigned i = 0; i < 2; i++) {
            got[i] = next_access(&side[i], &r[i], !d->marks_differ);
            if (got[i])
                take(d, i, &r[i], &a);
        }
        match_marks(d, side);
        if (got[0] && got[1])
            lay_side_by_side(d, &a);
        else if (!got[0] && !got[1])
            break;
    }
    d->marks_differ |= side[0].marks || side[1].marks; /* one ran on alone */
    for (unsigned i = 0; i < 2; i++)
        free(side[i].mark);
    for (unsigned i = 0; i < 2; i++) {
        if (side[i].short_of_memory)
            snprintf(error, size, "not enough memory for the marks of the %s", i ? "head" : "base");
        else if (side[i].torn)
            snprintf(error, size, "the profile of the %s is torn after %" PRIu64 " accesses: make it anew",
                     i ? "head" : "base", d->accesses[i]);
        else
            continue;
        return false;
    }
    for (unsigned i = 0; i < 2; i++)
        d->books[i] = side[i].end;
    return true;
}
