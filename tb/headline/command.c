/* `twinwalk headline`: the numbers of docs/headline.md that the MMU and the OS model give by themselves, as JSON for
 * scripts/headline.py.
 *
 * Every access goes through the cycle model and, in lockstep with it, the device; every answer is judged by the oracle.
 */
#include "headline/command.h"

#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/about.h"
#include "dut/dut_list.h"
#include "headline/part.h"

static const struct {
    const char *name;
    json_t *(*run)(struct headline *h);
} parts[] = {
    {"walks", headline_walks},
    {"latency", headline_latency},
    {"reach", headline_reach},
    {"faults", headline_faults},
};
enum { PARTS = sizeof parts / sizeof *parts };

struct settings {
    const char *dut, *only, *json;
    bool quick;
};

enum { KEY_DUT = 256, KEY_ONLY, KEY_QUICK, KEY_JSON };

static const struct argp_option options[] = {
    {"dut", KEY_DUT, "NAME", 0, "the device under test; without it the cycle model alone is measured", 0},
    {"only", KEY_ONLY, "PART", 0, "one part: walks, latency, reach, faults", 0},
    {"quick", KEY_QUICK, NULL, 0, "a tenth of the accesses: rough numbers", 0},
    {"json", KEY_JSON, "FILE", 0, "where the numbers go (standard output)", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case KEY_DUT:
        s->dut = dut_argument(state, argument);
        return 0;
    case KEY_ONLY:
        s->only = argument;
        for (unsigned i = 0; i < PARTS; i++)
            if (strcmp(parts[i].name, argument) == 0)
                return 0;
        argp_error(state, "--only=%s: must be walks, latency, reach or faults", argument);
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

int headline_command(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Measures what docs/headline.md shows: memory accesses and cycles of walks, the reach of the TLBs, the "
               "costs of page faults.",
    };
    struct settings settings = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &settings);
    struct headline h = {.dut = settings.dut ? dut_find(settings.dut) : NULL, .quick = settings.quick};
    json_t *root = about_json(CFG_NAME);
    json_object_set_new(root, "dut", settings.dut ? json_string(settings.dut) : json_null());
    json_object_set_new(root, "quick", json_boolean(settings.quick));
    for (unsigned i = 0; i < PARTS && !headline_stopped(&h); i++)
        if (!settings.only || strcmp(settings.only, parts[i].name) == 0)
            json_object_set_new(root, parts[i].name, parts[i].run(&h));
    json_object_set_new(root, "checked", json_integer((json_int_t)h.checked));
    json_object_set_new(root, "cycles", json_integer((json_int_t)h.cycles));
    if (headline_stopped(&h)) {
        fprintf(stderr, "MISMATCH (%s) in cycle %" PRIu64 ": %s: expected %s, actual %s\n",
                finding_name(h.finding.kind), h.finding.cycle, h.finding.field, h.finding.expected, h.finding.actual);
        json_decref(root);
        return EXIT_FAILURE;
    }
    struct outfile out;
    const bool good = outfile_open(&out, "json", settings.json ? settings.json : "-") &&
                      about_write(root, JSON_COMPACT, &out);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
