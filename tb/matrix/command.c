/* The command: runs every cell, prints a row an operation, and what cannot exist with its reason. See matrix.h. */
#include "matrix/command.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dut/dut_list.h"
#include "matrix/matrix.h"

enum { STRUCTURES = 5, REASONS_MOST = 16, MEMORY_LATENCY = 4, KEY_DUT = 256, KEY_OP, KEY_STATE };

struct settings {
    const char *dut, *op;
    uint64_t state_every;
};

struct tally {
    unsigned good, must, evicted, impossible, by_structure[STRUCTURES];
};

static struct {
    const char *why;
    unsigned cells;
} reason[REASONS_MOST];

static const struct argp_option options[] = {
    {"dut", KEY_DUT, "NAME", 0, "the device under test; without it the cycle model alone is judged", 0},
    {"op", KEY_OP, "TEXT", 0, "only operations whose name contains the text", 0},
    {"state-every", KEY_STATE, "CYCLES", 0, "compare all state every so many cycles (default 64; 1: each cycle)", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct settings *s = state->input;
    char *end;
    switch (key) {
    case KEY_DUT:
        s->dut = dut_argument(state, argument);
        return 0;
    case KEY_OP:
        s->op = argument;
        return 0;
    case KEY_STATE:
        s->state_every = strtoull(argument, &end, 10);
        if (*end || end == argument)
            argp_error(state, "--state-every=%s: must be a number of cycles; 0: never", argument);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: not an option", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
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

static void complain(const struct rig *r, const struct cell *cell)
{
    static const char *const structures[STRUCTURES] = {"", "ITLB", "DTLB", "STLB", "PSC"};
    fprintf(stderr,
            "MISMATCH (%s) at %s x %s, level %u, %sglobal, %s PCID, %s address, walk in %s: cycle %" PRIu64
            ", %s: expected %s, actual %s\n",
            finding_name(r->finding.kind), cell->op->name, structures[cell->structure], cell->level,
            cell->global ? "" : "not ", cell->same_pcid ? "same" : "other", cell->same_address ? "same" : "other",
            flight_name[cell->flight], r->finding.cycle, r->finding.field, r->finding.expected, r->finding.actual);
}

/* One cell; false: it is bad. */
static bool one(struct rig *r, const struct cell *cell, struct tally *t)
{
    const char *why = impossible(cell);
    bool must;
    if (why) {
        count_reason(why);
        t->impossible++;
        return true;
    }
    switch (cell_run(r, cell, &must)) {
    case CELL_EVICTED:
        count_reason("the walk in flight takes the entry's only place before");
        t->evicted++;
        return true;
    case CELL_BAD:
        complain(r, cell);
        return false;
    default:
        t->good++;
        t->must += must;
        t->by_structure[cell->structure]++;
        return true;
    }
}

/* All cells of one operation. */
static bool row(struct rig *r, const struct operation *op, struct tally *t)
{
    for (enum structure structure = ITLB; structure <= PSC; structure++)
        for (unsigned level = structure == PSC ? 2 : 1; level <= (structure == PSC ? 5 : 3); level++)
            for (unsigned bits = 0; bits < 8; bits++)
                for (unsigned flight = 0; flight < FLIGHTS; flight++) {
                    const struct cell cell = {op,          structure,          level, bits & 1, !(bits & 2),
                                              !(bits & 4), (enum flight)flight};
                    if (!one(r, &cell, t))
                        return false;
                }
    return true;
}

static void print(const char *name, const struct tally *t)
{
    printf("  %-22s %6u %6u %6u %6u  %6u %6u %6u  %6u %6u\n", name, t->by_structure[ITLB], t->by_structure[DTLB],
           t->by_structure[STLB], t->by_structure[PSC], t->good, t->must, t->good - t->must, t->evicted, t->impossible);
}

int matrix_command(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "The invalidation matrix: every operation x structure x size x global x PCID x address x state of a "
               "walk in flight.",
    };
    struct settings settings = {.state_every = 64};
    argp_parse(&argp, argc, argv, 0, NULL, &settings);
    struct rig *r = rig_new(settings.dut ? dut_find(settings.dut) : NULL, MEMORY_LATENCY, settings.state_every);
    struct tally total = {0};
    bool good = true;
    printf("matrix: preset %s, model%s%s\n  %-22s %6s %6s %6s %6s  %6s %6s %6s  %6s %6s\n", CFG_NAME,
           settings.dut ? " and " : "", settings.dut ? settings.dut : "", "operation", "ITLB", "DTLB", "STLB", "PSC",
           "cells", "drop", "keep", "taken", "none");
    for (unsigned n = 0; n < operations_count && good; n++) {
        struct tally t = {0};
        if (settings.op && !strstr(operations[n].name, settings.op))
            continue;
        good = row(r, &operations[n], &t);
        print(operations[n].name, &t);
        total.good += t.good, total.must += t.must, total.evicted += t.evicted, total.impossible += t.impossible;
        for (unsigned s = 0; s < STRUCTURES; s++)
            total.by_structure[s] += t.by_structure[s];
    }
    good = good && rig_compare_state(r);
    print("all", &total);
    printf("  cells that cannot be:\n");
    for (unsigned i = 0; i < REASONS_MOST && reason[i].why; i++)
        printf("  %6u  %s\n", reason[i].cells, reason[i].why);
    printf("matrix: %u cells in %" PRIu64 " cycles, %s\n", total.good, r->cycle, good ? "0 differences" : "DIFFERENT");
    rig_free(r);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
