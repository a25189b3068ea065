/* The cycle model beside the RTL in its unit tests: it gets the same pins, and in every cycle the outputs of the two
 * must be the same; so must all state be, every few cycles. So a unit test is a lockstep run too, whose stimulus hangs
 * on no seed, and it sees what no assertion of it asks for. (In a file of its own, where the model's names are its
 * own.) */
#ifndef TWINWALK_TESTS_ON_RTL_BESIDE_H
#define TWINWALK_TESTS_ON_RTL_BESIDE_H

#include "dut/dut.h"

struct beside;

/* Ends the program where there is no memory for it. */
struct beside *beside_new(void);

/* Resets the model; *out is what the RTL shows after its own. A difference is told, and ends the program. */
void beside_reset(struct beside *b, struct dut *dut, const struct pins_out *out);

/* After a clock of the RTL, whose inputs were *in and whose outputs are *out. */
void beside_step(struct beside *b, struct dut *dut, const struct pins_in *in, const struct pins_out *out);

/* Compares all state once more. */
void beside_free(struct beside *b, struct dut *dut);

#endif
