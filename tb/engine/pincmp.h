/* What differs between the outputs of two MMUs in one cycle (dut/pins_same.h says whether), in words. */
#ifndef TWINWALK_PINCMP_H
#define TWINWALK_PINCMP_H

#include <stdio.h>

#include "dut/pins_same.h"
#include "finding.h"
#include "pins.h"

/* Names the first defined output that differs. *port and *id say whose answer it is; *port = -1 when it is none. */
void pins_explain(const struct pins_out *expected, const struct pins_out *actual, uint64_t cycle,
                  struct finding *finding, int *port, unsigned *id);

/* Prints all pins of a cycle, those that count. */
void pins_print(FILE *file, const struct pins_out *out, const struct pins_in *in);

#endif
