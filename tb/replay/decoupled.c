/* Decoupled comparison: see decoupled.h. The side that is behind runs; what one has done waits in a bounded queue for
 * the other. */
#include "decoupled.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/interrupt.h"

enum {
    BURST = 512,     /* steps in a row of one side */
    QUEUE = 1 << 14, /* more than a burst can commit; a power of two */
    HIGH_WATER = QUEUE - 8 * BURST - 256,
};

/* What one side did, and the other has not yet matched. */
struct queue {
    struct {
        struct pins_resp answer;
        uint64_t va, record;
        uint8_t acc, mode;
    } access[QUEUE];
    struct {
        uint64_t addr;
        uint64_t after; /* accesses that had ended before it */
        uint8_t mt;
        bool cas;
    } request[QUEUE];
    uint64_t accesses, requests; /* ever written */
};

static void note_commit(void *context, const struct slot *slot, uint64_t number)
{
    struct queue *q = context;
    (void)number;
    q->access[q->accesses & (QUEUE - 1)].answer = slot->answer;
    q->access[q->accesses & (QUEUE - 1)].va = slot->va;
    q->access[q->accesses & (QUEUE - 1)].record = slot->record;
    q->access[q->accesses & (QUEUE - 1)].acc = slot->acc;
    q->access[q->accesses & (QUEUE - 1)].mode = slot->mode;
    q->accesses++;
}

static void note_memory(void *context, bool cas, uint8_t mt, uint64_t addr)
{
    struct queue *q = context;
    q->request[q->requests & (QUEUE - 1)].addr = addr;
    q->request[q->requests & (QUEUE - 1)].mt = mt;
    q->request[q->requests & (QUEUE - 1)].cas = cas;
    q->request[q->requests & (QUEUE - 1)].after = q->accesses;
    q->requests++;
}

static bool access_differs(struct decoupled *d, const struct queue *a, const struct queue *b, uint64_t n)
{
    const struct pins_resp *x = &a->access[n & (QUEUE - 1)].answer, *y = &b->access[n & (QUEUE - 1)].answer;
    const struct {
        const char *name;
        uint64_t a, b;
    } fields[] = {
        {"kind", x->kind, y->kind},
        {"err", x->err, y->err},
        {"addr", x->addr, y->addr},
        {"size", x->size, y->size},
        {"pat", x->pat, y->pat},
        {"mt", x->mt, y->mt},
        {"src", d->events ? x->src : 0, d->events ? y->src : 0},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].a != fields[i].b) {
            char name[64];
            snprintf(name, sizeof name, "access %" PRIu64 ": %s", n, fields[i].name);
            finding_numbers(&d->finding, FINDING_EVENT, d->dut_world->d.cycle, name, fields[i].a, fields[i].b);
            d->finding.access = n;
            d->finding.record = a->access[n & (QUEUE - 1)].record;
            d->finding.va = a->access[n & (QUEUE - 1)].va;
            d->finding.acc = a->access[n & (QUEUE - 1)].acc;
            world_mode(&d->finding, a->access[n & (QUEUE - 1)].mode);
            return true;
        }
    return false;
}

static bool request_differs(struct decoupled *d, const struct queue *a, const struct queue *b, uint64_t n)
{
    const uint64_t i = n & (QUEUE - 1);
    const struct {
        const char *name;
        uint64_t a, b;
    } fields[] = {
        {"compare-and-swap", a->request[i].cas, b->request[i].cas},
        {"address", a->request[i].addr, b->request[i].addr},
        {"memory type", a->request[i].mt, b->request[i].mt},
    };
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
        if (fields[k].a != fields[k].b) {
            char name[64];
            snprintf(name, sizeof name, "memory request %" PRIu64 ": %s", n, fields[k].name);
            finding_numbers(&d->finding, FINDING_EVENT, d->dut_world->d.cycle, name, fields[k].a, fields[k].b);
            return true;
        }
    return false;
}

/* Is the next request to be compared now: both have made it, each before it ended the next access? At the end: always.
 */
static bool request_is_next(const struct decoupled *d, const struct queue *a, const struct queue *b, bool at_end)
{
    const uint64_t i = d->requests & (QUEUE - 1);
    return d->events && d->requests < a->requests && d->requests < b->requests &&
           (at_end || (a->request[i].after <= d->accesses && b->request[i].after <= d->accesses));
}

/* Compares all that both have done, in an order that does not depend on how far each has run: before an access, the
 * requests that both have made before its end. */
static bool match(struct decoupled *d, const struct queue *a, const struct queue *b, bool at_end)
{
    for (;;) {
        if (request_is_next(d, a, b, at_end)) {
            if (request_differs(d, a, b, d->requests))
                return false;
            d->requests++;
        } else if (d->accesses < a->accesses && d->accesses < b->accesses) {
            if (access_differs(d, a, b, d->accesses))
                return false;
            d->accesses++;
        } else {
            return true;
        }
    }
}

static bool room(const struct decoupled *d, const struct queue *q)
{
    return q->accesses - d->accesses < HIGH_WATER && (!d->events || q->requests - d->requests < HIGH_WATER);
}

static void count_differs(struct decoupled *d, const char *what, uint64_t expected, uint64_t actual)
{
    char a[32], b[32];
    if (expected == actual)
        return;
    snprintf(a, sizeof a, "%" PRIu64, expected);
    snprintf(b, sizeof b, "%" PRIu64, actual);
    finding_set(&d->finding, FINDING_EVENT, d->dut_world->d.cycle, what, a, b);
}

struct visit {
    struct decoupled *d;
    const struct physmem *other;
    uint64_t mask; /* bits that are comparable */
    bool swapped;  /* the other is the reference's memory */
};

static bool compare_frame(void *context, uint64_t frame_pa, const uint64_t *words)
{
    struct visit *v = context;
    for (unsigned i = 0; i < 512; i++) {
        const uint64_t other = physmem_read(v->other, IMAGE_HW, frame_pa + 8 * i);
        if (((words[i] ^ other) & v->mask) == 0)
            continue;
        char name[64];
        snprintf(name, sizeof name, "page-table entry at 0x%" PRIx64 " after the run", frame_pa + 8 * i);
        finding_numbers(&v->d->finding, FINDING_MEMORY, v->d->dut_world->d.cycle, name, v->swapped ? other : words[i],
                        v->swapped ? words[i] : other);
        return false;
    }
    return true;
}

static void compare_memories(struct decoupled *d)
{
    const uint64_t mask = world_comparable(d->ref_world) & world_comparable(d->dut_world);
    struct visit forth = {d, d->dut_world->physmem, mask, false}, back = {d, d->ref_world->physmem, mask, true};
    physmem_visit(d->ref_world->physmem, IMAGE_HW, compare_frame, &forth);
    physmem_visit(d->dut_world->physmem, IMAGE_HW, compare_frame, &back);
}

/* Lets both run until neither can, or something is found. */
static void run_both(struct decoupled *d, struct queue *a, struct queue *b)
{
    bool ref_on = true, dut_on = true;
    while ((ref_on || dut_on) && d->finding.kind == FINDING_NONE) {
        if (dut_on && room(d, b))
            dut_on = lane_advance(&d->dut, BURST);
        if (d->dut.finding.kind != FINDING_NONE) {
            d->finding = d->dut.finding;
            return;
        }
        while (ref_on && room(d, a) &&
               (a->accesses < b->accesses || (d->events && a->requests < b->requests) || !dut_on))
            ref_on = lane_advance(&d->ref, BURST);
        if (d->ref.finding.kind != FINDING_NONE) {
            d->finding = d->ref.finding;
            return;
        }
        if (!match(d, a, b, false))
            return;
        if ((!dut_on && ref_on && !room(d, a)) || (!ref_on && dut_on && !room(d, b)))
            break; /* one has ended and the other goes on and on */
        if (d->progress)
            progress_show(d->progress, d->dut_world->d.done, d->dut_world->d.total, d->dut_world->d.cycle);
        if (interrupt_count && !d->interrupted) {
            /* Both must stop after the same access: no further than the one that has loaded more. */
            const uint64_t most = d->ref_world->loaded > d->dut_world->loaded ? d->ref_world->loaded
                                                                              : d->dut_world->loaded;
            d->ref_world->limit = d->dut_world->limit = most;
            d->interrupted = true;
        }
        if (interrupt_count > 1)
            return;
    }
}

bool decoupled_run(struct decoupled *d)
{
    struct queue *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    if (a && b) {
        const struct tap ref_tap = {note_commit, note_memory, a}, dut_tap = {note_commit, note_memory, b};
        d->ref_world->tap = &ref_tap;
        d->dut_world->tap = &dut_tap;
        lane_start(&d->ref);
        lane_start(&d->dut);
        run_both(d, a, b);
        const bool ended = d->ref_world->d.ended && d->dut_world->d.ended;
        if (ended && d->finding.kind == FINDING_NONE && match(d, a, b, true)) {
            count_differs(d, "number of accesses", a->accesses, b->accesses);
            if (d->events)
                count_differs(d, "number of memory requests", a->requests, b->requests);
            if (!d->interrupted) /* else one side may have carried out a system call that the other stopped before */
                compare_memories(d);
        }
        d->ended = ended && d->finding.kind == FINDING_NONE;
        d->ref_world->tap = d->dut_world->tap = NULL;
    }
    const bool good = a && b;
    free(a);
    free(b);
    return good;
}
