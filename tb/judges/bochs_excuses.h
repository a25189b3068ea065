/* What Bochs is known to do otherwise: excuses by name, with who is right (docs/oracles.md). */
#ifndef TWINWALK_BOCHS_EXCUSES_H
#define TWINWALK_BOCHS_EXCUSES_H

#include "expect.h"

extern const struct case_excuse bochs_excuses[]; /* ends with a NULL name */

#endif
