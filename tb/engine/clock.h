/* One clock at the pins, for benches with a hand on them (rig.h, forms/stand.h): the memory behind the port, and the
 * step of model and device under test with the same inputs. Requests are accepted, and replies given, as the model's
 * outputs say; the device's are equal, or the bench has stopped. */
#ifndef TWINWALK_CLOCK_H
#define TWINWALK_CLOCK_H

#include <stdbool.h>

#include "cycle/mmu.h"
#include "dut/dut.h"
#include "mem/memport.h"
#include "pins.h"

/* What was accepted in a cycle. */
struct clock_taken {
    uint8_t ports; /* whose request */
    bool control;  /* the control operation */
};

/* What memory does in this cycle with what the model offers in it: sets the memory's pins of *in. True when it takes a
 * request. */
bool clock_memory(struct memport *mp, uint64_t cycle, const struct pins_out *out, struct pins_in *in);

/* The clock edge: *out is the model's outputs, those of the present cycle before and of the next one afterwards;
 * *actual, where ops is not NULL, the device's. Without a model (NULL) *out is the device's, and actual is not used.
 * What was accepted is withdrawn from *in. */
struct clock_taken clock_step(struct mmu *model, const struct dut_ops *ops, struct dut *dut, struct pins_in *in,
                              struct pins_out *out, struct pins_out *actual);

#endif
