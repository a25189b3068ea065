/* What a recording says of itself at its end. */
#include "options.h"
#include "recorder.h"
#include "tables.h"

#include <inttypes.h>
#include <stdio.h>

bool recorder_summary(const char *why)
{
    const struct recorder_counts *c = &recorder.counts;
    const struct tables_counts *t = tables_get_counts();
    const uint64_t differ = tables_differ();
    fprintf(stderr, "twinwalk capture: %s: %" PRIu64 " accesses recorded (%s)\n", options.out, c->accesses, why);
    fprintf(stderr,
            "  fetches %" PRIu64 ", loads %" PRIu64 ", stores %" PRIu64 "; in user mode %" PRIu64 ", implicit %" PRIu64
            ", to devices %" PRIu64 "\n",
            c->fetches, c->loads, c->stores, c->user, c->implicit, c->devices);
    fprintf(stderr, "  page faults %" PRIu64 ", not explained by the tables %" PRIu64 "\n", c->faults, c->unexplained);
    fprintf(stderr, "  control operations %" PRIu64 " (refused by the processor and left out %" PRIu64 ")\n",
            c->controls, c->refused);
    fprintf(stderr,
            "  pokes %" PRIu64 " (A cleared by the guest %" PRIu64 "), table pages %" PRIu64 ", address spaces %" PRIu64
            "\n",
            t->pokes, t->ages_cleared, t->tables, t->roots);
    fprintf(stderr,
            "  physical addresses: QEMU's equal to the own walk's %" PRIu64 ", stale in QEMU %" PRIu64
            ", own walk alone %" PRIu64 "\n",
            c->compared - c->stale - c->lost, c->stale, c->devices + c->second_pages);
    fprintf(stderr, "  table changes not seen: accesses %" PRIu64 ", words at the end %" PRIu64 "\n", c->lost, differ);
    if (!c->unexplained && !c->lost && !differ)
        return true;
    fprintf(stderr,
            "twinwalk capture: %s: the tables in this trace do not explain what the machine did: do not use it\n",
            options.out);
    return false;
}
