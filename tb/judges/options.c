/* The command line that the judges share: see options.h. */
#include "options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arguments.h"
#include "base/exits.h"

const struct judge_options judge_options_default = {.cases = 100000, .seed = 1, .show = 10};

static const struct argp_option options[] = {
    {"cases", 'n', "N", 0, "Play N cases (100000)", 0},
    {"seed", 's', "S", 0, "Seed of the cases (1)", 0},
    {"from", 'f', "N", 0, "Start at case N (0), on every machine: with --cases=1, one case again", 0},
    {"bits", 'm', "M", 0, "M bits of physical address, 36 to 52 (all that there are)", 0},
    {"sabotage", 'x', "RULE", 0, "Expect something wrong, to see that it is found; RULE=list lists the rules", 0},
    {"show", 'w', "N", 0, "Print the first N disagreements whole (10)", 0},
    {"json", 'j', "FILE", 0, "Write the results as JSON too", 0},
    {0},
};

static void list_sabotages(void)
{
    for (const struct case_sabotage *s = case_sabotages; s->name; s++)
        printf("%-12s %s%s%s%s\n", s->name, s->what, s->needs ? " [" : "", s->needs ? s->needs : "",
               s->needs ? "]" : "");
    exit(STATUS_EQUAL);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct judge_options *o = state->input;
    switch (key) {
    case 'n':
        o->cases = arguments_number(state, "cases", text, 1, UINT64_MAX / 64, true);
        return 0;
    case 's':
        o->seed = arguments_number(state, "seed", text, 0, UINT64_MAX, false);
        return 0;
    case 'f':
        o->from = arguments_number(state, "from", text, 0, UINT64_MAX / 2, false);
        return 0;
    case 'm':
        o->paddr_bits = (unsigned)arguments_number(state, "bits", text, 36, 52, false);
        return 0;
    case 'x':
        if (strcmp(text, "list") == 0)
            list_sabotages();
        o->sabotage = case_sabotage_find(text);
        if (!o->sabotage)
            argp_error(state, "--sabotage=%s: no such rule; --sabotage=list lists them", text);
        return 0;
    case 'w':
        o->show = arguments_number(state, "show", text, 0, UINT64_MAX, false);
        return 0;
    case 'j':
        o->json = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp judge_options_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};

int judge_status(const struct judge_options *o, uint64_t played, uint64_t disagreements, int interrupted)
{
    if (disagreements)
        return STATUS_MISMATCH;
    if (interrupted)
        return STATUS_INTERRUPTED;
    if (played >= o->cases)
        return STATUS_EQUAL;
    fprintf(stderr, "judge: only %" PRIu64 " of %" PRIu64 " cases were played\n", played, o->cases);
    return STATUS_INCOMPLETE;
}
