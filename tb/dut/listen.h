/* Between the runtime of Verilator, which knows no device, and the device that is being evaluated: who listens now. */
#ifndef TWINWALK_LISTEN_H
#define TWINWALK_LISTEN_H

#include "dut.h"

/* What the design says while it is evaluated goes to *event, which keeps the first that is said. */
extern struct dut_event *verilated_listener;

/* Thrown out of an evaluation that cannot go on (a loop that does not settle). */
struct verilated_gave_up {
};

/* Says on stderr what a device said when nobody could make a finding of it any more; the program will not end with
 * success. */
void verilated_too_late(const struct dut_event &event);

#endif
