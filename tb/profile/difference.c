/* Two profiles in one pass: see difference.h. */
#include "difference.h"

#include <inttypes.h>
#include <stdio.h>
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
    struct record_mark mark[64]; /* that the other side has not reached yet; more are not kept: marks come in step */
    unsigned marks, dropped;
    bool ended, torn;
    struct record_end end;
};

static bool next_access(struct side *s, struct record_access *access)
{
    while (!s->ended && !s->torn) {
        union record r;
        switch (records_next(s->reader, &r)) {
        case RECORD_ACCESS:
            *access = r.access;
            return true;
        case RECORD_MARK:
            if (s->marks < sizeof s->mark / sizeof *s->mark)
                s->mark[s->marks++] = r.mark;
            else
                s->dropped++;
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
    const unsigned both = side[0].marks < side[1].marks ? side[0].marks : side[1].marks;
    for (unsigned i = 0; i < both && !d->marks_differ; i++) {
        if (side[0].mark[i].cycle == side[1].mark[i].cycle && side[0].mark[i].hash == side[1].mark[i].hash)
            d->pins_equal_to = side[0].mark[i].cycle;
        else
            d->marks_differ = true;
    }
    for (unsigned i = 0; i < 2; i++) {
        side[i].marks -= both;
        memmove(side[i].mark, side[i].mark + both, side[i].marks * sizeof *side[i].mark);
        if (side[i].dropped)
            d->marks_differ = true;
        if (d->marks_differ)
            side[i].marks = side[i].dropped = 0;
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
            got[i] = next_access(&side[i], &r[i]);
            if (got[i])
                take(d, i, &r[i], &a);
        }
        match_marks(d, side);
        if (got[0] && got[1])
            lay_side_by_side(d, &a);
        else if (!got[0] && !got[1])
            break;
    }
    for (unsigned i = 0; i < 2; i++)
        if (side[i].torn) {
            snprintf(error, size, "the profile of the %s is torn after %" PRIu64 " accesses: make it anew",
                     i ? "head" : "base", d->accesses[i]);
            return false;
        }
    if (side[0].marks || side[1].marks) /* one ran on alone */
        d->marks_differ = true;
    for (unsigned i = 0; i < 2; i++)
        d->books[i] = side[i].end;
    return true;
}
