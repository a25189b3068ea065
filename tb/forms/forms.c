/* `twinwalk forms`: what can be computed with pencil and paper, measured.
 *
 * Every form sets up a case whose outcome follows from docs/microarchitecture.md and the preset alone, and measures it
 * at the pins of the cycle model and, in lockstep with it, of the DUT. Exit status 0 only when every row holds and all
 * pins were equal. */
#include "forms.h"

#include <stdlib.h>

#include "engine/bench.h"
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

static const char *part(unsigned n)
{
    return n < FORMS ? forms[n].name : NULL;
}

int forms_command(int argc, char **argv)
{
    struct bench b = {
        .self = argv[0],
        .doc = "Measures what can be computed by hand, on the cycle model and on a device in lockstep with it.",
        .options = BENCH_QUICK,
        .part = part,
    };
    bench_arguments(&b, argc, argv);
    struct sheet sheet = {.dut = bench_dut(&b), .out = b.out, .json = json_array()};
    const struct forms f = {&sheet, b.dut, b.quick};
    sheet_begin(&sheet);
    for (unsigned i = 0; i < FORMS; i++) {
        if (!bench_wants(&b, forms[i].name))
            continue;
        sheet_group(&sheet, forms[i].name, forms[i].what);
        forms[i].run(&f);
    }
    json_t *root = sheet_finish(&sheet);
    return bench_end(&b, root, sheet.failed == 0, sheet.rows, "none of these forms can be asked of this preset");
}
