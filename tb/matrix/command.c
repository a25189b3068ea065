/* The command: runs every cell, prints a row an operation, and what cannot exist with its reason. See matrix.h. */
#include "matrix/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/about.h"
#include "engine/bench.h"
#include "matrix/matrix.h"
#include "reduce/found.h"

enum {
    STRUCTURES = 5,
    REASONS_MOST = 16,
    MEMORY_LATENCY = 4,
    DELAYS_MOST = 1000 /* cycles that a request may be in flight, at arch */
};

struct tally {
    unsigned good, must, evicted, impossible, by_structure[STRUCTURES];
};

static struct {
    const char *why;
    unsigned cells;
} reason[REASONS_MOST];

static uint64_t cells_met; /* in this run, of every share */

static const char *part(unsigned n)
{
    return n < operations_count ? operations[n].name : NULL;
}

static void count_reason(const char *why)
{
    for (unsigned i = 0; i < REASONS_MOST; i++)
        if (!reason[i].why || strcmp(reason[i].why, why) == 0) {
            reason[i].why = why;
            reason[i].cells++;
            return;
        }
}

static void complain(const struct rig *r, const struct cell *cell, unsigned delay)
{
    static const char *const structures[STRUCTURES] = {"", "ITLB", "DTLB", "STLB", "PSC"};
    char flight[64];
    snprintf(flight, sizeof flight, "walk in %s", flight_name[cell->flight]);
    if (!r->model)
        snprintf(flight, sizeof flight, "%s, %u cycles after it", paced_flight_name(cell->flight), delay);
    fprintf(stderr,
            "MISMATCH (%s) at %s x %s, level %u, %sglobal, %s PCID, %s address, %s: cycle %" PRIu64
            ", %s: expected %s, actual %s\n",
            finding_name(r->finding.kind), cell->op->name, structures[cell->structure], cell->level,
            cell->global ? "" : "not ", cell->same_pcid ? "same" : "other", cell->same_address ? "same" : "other",
            flight, r->finding.cycle, r->finding.field, r->finding.expected, r->finding.actual);
}

static void count_good(struct tally *t, const struct cell *cell, bool must)
{
    t->good++;
    t->must += must;
    t->by_structure[cell->structure]++;
}

/* One cell; false: it is bad. */
static bool one(const struct bench *b, struct rig *r, const struct cell *cell, struct tally *t)
{
    bool must;
    switch (cell_run(r, cell, &must)) {
    case CELL_EVICTED:
        count_reason("the walk in flight takes the entry's only place before");
        t->evicted++;
        return true;
    case CELL_BAD:
        if (b->out)
            complain(r, cell, 0);
        return false;
    default:
        count_good(t, cell, must);
        return true;
    }
}

/* One cell of a device at its own pace, in every cycle of the request in flight. */
static bool one_paced(const struct bench *b, struct rig *r, const struct cell *cell, struct tally *t)
{
    bool must;
    for (unsigned delay = 0; delay < (cell->flight == FLY_NONE ? 1 : DELAYS_MOST); delay++) {
        const enum verdict verdict = cell_run_paced(r, cell, delay, &must);
        if (verdict == CELL_BAD && b->out)
            complain(r, cell, delay);
        if (verdict != CELL_GOOD)
            return verdict == CELL_EVICTED;
        count_good(t, cell, must);
    }
    return true;
}

/* The cell, if it can be and falls into this run's share; false: it is bad. */
static bool turn(const struct bench *b, struct rig *r, const struct cell *cell, struct tally *t)
{
    const char *why = impossible(cell, b->paced);
    if (b->paced && !paced_flight(cell->flight))
        return true;
    if (cells_met++ % b->shares != b->share)
        return true;
    if (why) {
        count_reason(why);
        t->impossible++;
        return true;
    }
    return b->paced ? one_paced(b, r, cell, t) : one(b, r, cell, t);
}

/* All cells of one operation. */
static bool row(const struct bench *b, struct rig *r, const struct operation *op, struct tally *t)
{
    for (enum structure structure = ITLB; structure <= PSC; structure++)
        for (unsigned level = structure == PSC ? 2 : 1; level <= (structure == PSC ? 5 : 3); level++)
            for (unsigned bits = 0; bits < 8; bits++)
                for (unsigned flight = 0; flight < FLIGHTS; flight++) {
                    const struct cell cell = {op,          structure,          level, bits & 1, !(bits & 2),
                                              !(bits & 4), (enum flight)flight};
                    if (!turn(b, r, &cell, t))
                        return false;
                }
    return true;
}

static void print(FILE *out, const char *name, const struct tally *t)
{
    fprintf(out, "  %-22s %6u %6u %6u %6u  %6u %6u %6u  %6u %6u\n", name, t->by_structure[ITLB], t->by_structure[DTLB],
            t->by_structure[STLB], t->by_structure[PSC], t->good, t->must, t->good - t->must, t->evicted,
            t->impossible);
}

/* What only a common clock can judge, and was left out. */
static void print_left_out(FILE *out, const struct tally *total)
{
    fprintf(out,
            "  left to --check=cycle:\n"
            "  %6u  whether the structure still holds an entry that may go (the answers are judged)\n"
            "       -  states of a walk by name: the operation is offered in every cycle of a request instead\n",
            total->good - total->must);
}

static json_t *row_json(const char *name, const struct tally *t)
{
    return json_pack("{ss si si si si si si si si si}", "operation", name, "itlb", (int)t->by_structure[ITLB], "dtlb",
                     (int)t->by_structure[DTLB], "stlb", (int)t->by_structure[STLB], "psc", (int)t->by_structure[PSC],
                     "cells", (int)t->good, "drop", (int)t->must, "keep", (int)(t->good - t->must), "taken",
                     (int)t->evicted, "none", (int)t->impossible);
}

/* Every operation that is asked for, until one is bad, whose name is then in *bad. */
static bool rows(const struct bench *b, struct rig *r, struct tally *total, json_t *list, const char **bad)
{
    bool good = true;
    for (unsigned n = 0; n < operations_count && good; n++) {
        struct tally t = {0};
        if (!bench_wants(b, operations[n].name))
            continue;
        *bad = operations[n].name;
        good = row(b, r, &operations[n], &t);
        print(b->out, operations[n].name, &t);
        json_array_append_new(list, row_json(operations[n].name, &t));
        total->good += t.good, total->must += t.must, total->evicted += t.evicted, total->impossible += t.impossible;
        for (unsigned s = 0; s < STRUCTURES; s++)
            total->by_structure[s] += t.by_structure[s];
    }
    return good;
}

static struct rig *new_rig(const struct bench *b)
{
    return b->paced ? rig_new_paced(b->dut, MEMORY_LATENCY) : rig_new(b->dut, MEMORY_LATENCY, b->state_every);
}

/* All of it again, without a word. */
static bool again(void *context, const struct rig_eye *eye)
{
    struct bench b = *(const struct bench *)context;
    struct rig *r = new_rig(&b);
    bool good = true;
    b.out = NULL;
    cells_met = 0;
    r->eye = *eye;
    for (unsigned n = 0; n < operations_count && good; n++)
        if (bench_wants(&b, operations[n].name))
            good = row(&b, r, &operations[n], &(struct tally){0});
    good = good && rig_compare_state(r);
    rig_free(r);
    return !good;
}

/* What a cell leaves that is bad: waves, a folder. */
static void leave(struct bench *b, const struct finding *finding, const char *operation)
{
    const struct found found = {"matrix", operation, finding, b->dut ? b->dut->name : "model", b->folder};
    const struct rig_run run = {b->dut, b->device, b->paced, MEMORY_LATENCY, b->state_every, finding, again, b};
    bench_offer_waves(b);
    found_waves(&run, b->waves, b->out);
    if (b->reduce > 0)
        found_rig(&found, &run, b->reduce, b->out);
}

static json_t *results_json(const struct bench *b, const struct rig *r, const struct tally *total, json_t *list)
{
    json_t *root = about_json(CFG_NAME), *reasons = json_object();
    for (unsigned i = 0; i < REASONS_MOST && reason[i].why; i++)
        json_object_set_new(reasons, reason[i].why, json_integer(reason[i].cells));
    json_object_set_new(root, "command", json_string("matrix"));
    json_object_set_new(root, "dut", b->dut ? json_string(b->dut->name) : json_null());
    if (b->paced)
        json_object_set_new(root, "check", json_string("arch"));
    if (b->shares > 1)
        json_object_set_new(root, "share", json_pack("[I, I]", (json_int_t)b->share, (json_int_t)b->shares));
    json_object_set_new(root, "finding", json_string(finding_name(r->finding.kind)));
    json_object_set_new(root, "cycles", json_integer((json_int_t)r->cycle));
    json_object_set_new(root, "cells", json_integer(total->good));
    json_object_set_new(root, "operations", list);
    json_object_set_new(root, "cannot_be", reasons);
    return root;
}

int matrix_command(int argc, char **argv)
{
    struct bench b = {
        .self = argv[0],
        .doc = "The invalidation matrix: every operation x structure x size x global x PCID x address x state of a "
               "walk in flight.",
        .options = BENCH_CHECK | BENCH_SHARE | BENCH_STATE | BENCH_REDUCE,
        .part = part,
        .state_every = 64,
    };
    bench_arguments(&b, argc, argv);
    struct rig *r = new_rig(&b);
    struct tally total = {0};
    json_t *list = json_array();
    fprintf(b.out, "matrix: preset %s, %s\n  %-22s %6s %6s %6s %6s  %6s %6s %6s  %6s %6s\n", CFG_NAME, bench_who(&b),
            "operation", "ITLB", "DTLB", "STLB", "PSC", "cells", "drop", "keep", "taken", "none");
    const char *place = "";
    bool good = rows(&b, r, &total, list, &place);
    if (good && !rig_compare_state(r)) {
        good = false;
        place = "the end";
        fprintf(stderr, "MISMATCH (%s) at the end, cycle %" PRIu64 ": %s: expected %s, actual %s\n",
                finding_name(r->finding.kind), r->finding.cycle, r->finding.field, r->finding.expected,
                r->finding.actual);
    }
    print(b.out, "all", &total);
    fprintf(b.out, "  cells that cannot be:\n");
    for (unsigned i = 0; i < REASONS_MOST && reason[i].why; i++)
        fprintf(b.out, "  %6u  %s\n", reason[i].cells, reason[i].why);
    if (b.paced)
        print_left_out(b.out, &total);
    fprintf(b.out, "matrix: %u cells in %" PRIu64 " cycles, %s\n", total.good, r->cycle,
            !good        ? "DIFFERENT"
            : total.good ? "0 differences"
                         : "nothing compared");
    json_t *root = results_json(&b, r, &total, list);
    const struct finding finding = r->finding;
    rig_free(r);
    if (!good)
        leave(&b, &finding, place);
    return bench_end(&b, root, good, total.good, "every cell that is asked for cannot be on this preset");
}
