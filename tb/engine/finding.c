/* Findings: see finding.h. */
#include "finding.h"

#include <inttypes.h>
#include <stdio.h>

const char *finding_name(enum finding_kind kind)
{
    static const char *const names[] = {
        [FINDING_NONE] = "none",         [FINDING_PIN] = "pin",           [FINDING_STATE] = "state",
        [FINDING_EVENT] = "event",       [FINDING_ORACLE] = "oracle",     [FINDING_EXPECT] = "expectation",
        [FINDING_MEMORY] = "memory",     [FINDING_PROTOCOL] = "protocol", [FINDING_HANG] = "hang",
        [FINDING_CONTENTS] = "contents", [FINDING_DESIGN] = "design",     [FINDING_FINISH] = "finish",
    };
    return names[kind];
}

void finding_set(struct finding *finding, enum finding_kind kind, uint64_t cycle, const char *field,
                 const char *expected, const char *actual)
{
    if (finding->kind != FINDING_NONE)
        return;
    *finding = (struct finding){.kind = kind, .cycle = cycle, .access = UINT64_MAX, .record = UINT64_MAX};
    snprintf(finding->field, sizeof finding->field, "%s", field);
    snprintf(finding->expected, sizeof finding->expected, "%s", expected);
    snprintf(finding->actual, sizeof finding->actual, "%s", actual);
}

void finding_numbers(struct finding *finding, enum finding_kind kind, uint64_t cycle, const char *field,
                     uint64_t expected, uint64_t actual)
{
    char a[32], b[32];
    snprintf(a, sizeof a, "0x%" PRIx64, expected);
    snprintf(b, sizeof b, "0x%" PRIx64, actual);
    finding_set(finding, kind, cycle, field, a, b);
}

void finding_says(struct finding *finding, const struct dut_event *event, uint64_t cycle)
{
    char where[96];
    if (!event || event->kind == DUT_QUIET)
        return;
    snprintf(where, sizeof where, "the design at %.80s", event->where);
    if (event->kind == DUT_FINISHES)
        finding_set(finding, FINDING_FINISH, cycle, where, "the simulation goes on", "the design ends it by $finish");
    else
        finding_set(finding, FINDING_DESIGN, cycle, where, "its assertions hold", event->text);
}

void finding_access(const struct finding *f, char *text, size_t size)
{
    static const char *const accesses[] = {"load", "store", "fetch", "?"};
    snprintf(text, size, "%s %s%s%s",
             f->imp    ? "implicit supervisor"
             : f->user ? "user"
                       : "supervisor",
             f->ss ? "shadow-stack " : "", accesses[f->acc & 3], f->ac ? " with AC" : "");
}
