/* `twinwalk headline`: the numbers of docs/headline.md that the MMU and the OS model give by themselves, as JSON for
 * scripts/headline.py.
 *
 * Every access goes through the cycle model and, in lockstep with it, the device; every answer is judged by the oracle.
 */
#include "headline/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/about.h"
#include "base/exits.h"
#include "engine/bench.h"
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

static const char *part(unsigned n)
{
    return n < PARTS ? parts[n].name : NULL;
}

int headline_command(int argc, char **argv)
{
    struct bench b = {
        .self = argv[0],
        .doc = "Measures what docs/headline.md shows: memory accesses and cycles of walks, the reach of the TLBs, the "
               "costs of page faults. The JSON goes to standard output when no file is named.",
        .options = BENCH_QUICK,
        .part = part,
        .json = "-",
    };
    bench_arguments(&b, argc, argv);
    struct headline h = {.dut = b.dut, .quick = b.quick};
    json_t *root = about_json(CFG_NAME);
    json_object_set_new(root, "dut", b.dut ? json_string(b.dut->name) : json_null());
    json_object_set_new(root, "quick", json_boolean(b.quick));
    for (unsigned i = 0; i < PARTS && !headline_stopped(&h); i++)
        if (bench_wants(&b, parts[i].name))
            json_object_set_new(root, parts[i].name, parts[i].run(&h));
    json_object_set_new(root, "checked", json_integer((json_int_t)h.checked));
    json_object_set_new(root, "cycles", json_integer((json_int_t)h.cycles));
    if (headline_stopped(&h)) { /* half of the numbers are none */
        fprintf(stderr, "MISMATCH (%s) in cycle %" PRIu64 ": %s: expected %s, actual %s\n",
                finding_name(h.finding.kind), h.finding.cycle, h.finding.field, h.finding.expected, h.finding.actual);
        json_decref(root);
        return STATUS_MISMATCH;
    }
    return bench_end(&b, root, true, h.checked, "nothing of this can be measured on this preset");
}
