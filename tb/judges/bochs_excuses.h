/* What Bochs is known to do otherwise: excuses by name, with who is right (docs/oracles.md). */
#ifndef TWINWALK_BOCHS_EXCUSES_H
#define TWINWALK_BOCHS_EXCUSES_H

#include "expect.h"

enum { BOCHS_EXCUSES = 16 };

extern const struct case_excuse bochs_excuses[]; /* ends with a NULL name; at most BOCHS_EXCUSES */

/* Is the difference one of these? Then it is counted, in excused[] by the excuse's index. */
bool bochs_excused(const struct case_context *context, const struct case_difference *difference, uint64_t excused[]);

#endif
