/* Holds what a judge saw against what the oracle expects, and counts what came of it. Shared by all judges. */
#ifndef TWINWALK_VERDICT_H
#define TWINWALK_VERDICT_H

#include <jansson.h>

#include "expect.h"

enum { VERDICT_EXCUSES = 16, ERROR_BITS = 7 };

struct verdict_counts {
    uint64_t cases, accesses, entries; /* compared */
    uint64_t implicit, shadow_stack;   /* accesses that were so */
    uint64_t by_kind[3];               /* accesses by what the oracle expects: OK, #GP, #PF */
    uint64_t by_size[3], by_levels[2]; /* those that complete by page size; cases with four, five levels */
    uint64_t by_error_bit[ERROR_BITS]; /* #PF by bit of the error code */
    uint64_t a_set, d_set;             /* entries in which A (D) had to be set */
    uint64_t a_open, a_open_set; /* … in which A might be set or not, for a walk that faulted had passed them; was */
    uint64_t excused[VERDICT_EXCUSES]; /* differences by the judge's excuses, of which there are no more */
    uint64_t disagreements;            /* cases with a difference that nothing excuses */
};

/* One case more was played. */
void verdict_count(const struct case_context *context, struct verdict_counts *counts);

/* Is the difference one of these (they end with a NULL name)? Then it is counted, in excused[] by the excuse's index.
 */
bool verdict_excused(const struct case_excuse *excuses, const struct case_context *context,
                     const struct case_difference *difference, uint64_t excused[]);

/* How many differences the case has that nothing excuses; these come first in difference[]. Counts a disagreement if
 * there is one, and what was excused. */
unsigned verdict_judge(const struct case_excuse *excuses, const struct case_context *context,
                       struct verdict_counts *counts, struct case_difference difference[CASE_DIFFERENCES]);

/* The case and these differences of it, for a person; `again` are the options that play it once more. */
void verdict_show(const char *again, const struct case_context *context, const struct case_difference *difference,
                  unsigned differences);

/* Lines of a report: page faults by the first `bits` bits of the error code; what was excused, by name. */
void verdict_print_faults(const struct verdict_counts *counts, unsigned bits);
void verdict_print_excused(const struct case_excuse *excuses, const struct verdict_counts *counts);
json_t *verdict_excused_json(const struct case_excuse *excuses, const struct verdict_counts *counts);

#endif
