/* `twinwalk forms`: what can be computed with pencil and paper, measured.
 *
 * Every form sets up a case whose outcome follows from docs/microarchitecture.md and the preset alone, and measures it
 * at the pins of the cycle model and, in lockstep with it, of the DUT. Exit status 0 only when every row holds and all
 * pins were equal. */
#include "forms.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "dut/dut_list.h"
#include "form.h"

static const struct {
    const char *name, *what;
    void (*run)(const struct forms *f);
} forms[] = {
    {"reads", "memory reads of a cold walk", form_reads},
    {"costs", "cycles of one access, alone (section 16)", form_costs},
    {"faults", "cycles of page faults (section 16)", form_faults},
    {"control", "cycles of control operations (sections 13, 14)", form_control},
    {"invlpg", "what INVLPG leaves of the walk caches (section 13)", form_invlpg},
    {"lru", "cyclic sweep of N pages through W ways: all hits at N = W, none at N = W + 1", form_lru},
    {"cliff", "sequential sweep of N pages: capacities and latencies", form_cliff},
    {"random", "reads per walk at random, 1+(1-h2)(1+(1-h3)(1+(1-h4))), h = min(1, entries/regions)", form_random},
    {"throughput", "walks per cycle of independent misses", form_throughput},
};
enum { FORMS = sizeof forms / sizeof *forms };

struct settings {
    const char *dut, *only, *json;
    bool quick;
};

enum { KEY_DUT = 256, KEY_ONLY, KEY_QUICK, KEY_JSON };

static const struct argp_option options[] = {
    {"dut", KEY_DUT, "NAME", 0, "the device under test; without it the cycle model alone is measured", 0},
    {"only", KEY_ONLY, "NAME", 0, "one form: reads, costs, faults, control, invlpg, lru, cliff, random, throughput", 0},
    {"quick", KEY_QUICK, NULL, 0, "fewer footprints of random accesses", 0},
    {"json", KEY_JSON, "FILE", 0, "write the rows as JSON too", 0},
    {0},
};

static bool is_form(const char *name)
{
    for (unsigned i = 0; i < FORMS; i++)
        if (strcmp(forms[i].name, name) == 0)
            return true;
    return false;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case KEY_DUT:
        s->dut = dut_argument(state, argument);
        return 0;
    case KEY_ONLY:
        s->only = argument;
        if (!is_form(argument))
            argp_error(state, "--only=%s: no such form", argument);
        return 0;
    case KEY_QUICK:
        s->quick = true;
        return 0;
    case KEY_JSON:
        s->json = argument;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: not an option", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int forms_command(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Measures what can be computed by hand, on the cycle model and on a device in lockstep with it.",
    };
    struct settings settings = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &settings);

    struct sheet sheet = {.dut = settings.dut, .json = settings.json ? json_array() : NULL};
    const struct forms f = {&sheet, settings.dut ? dut_find(settings.dut) : NULL, settings.quick};
    sheet_begin(&sheet);
    for (unsigned i = 0; i < FORMS; i++) {
        if (settings.only && strcmp(settings.only, forms[i].name) != 0)
            continue;
        sheet_group(&sheet, forms[i].name, forms[i].what);
        forms[i].run(&f);
    }
    return sheet_finish(&sheet, settings.json) ? EXIT_SUCCESS : EXIT_FAILURE;
}
