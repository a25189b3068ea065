/* Writes down what is done at the pins, as stimulus (stimulus.h), while a run goes on. */
#ifndef TWINWALK_PINS_RECORDER_H
#define TWINWALK_PINS_RECORDER_H

#include "engine/lockstep.h"
#include "mem/physmem.h"
#include "stimulus.h"

struct recorder;

/* Begins, with a run or in the midst of it; memory is the run's, as it is now. NULL: not enough memory. */
struct recorder *recorder_new(const struct physmem *memory);

/* What was at the pins in a cycle, each after the one before it: the outputs, and the inputs that answer them. */
void recorder_cycle(struct recorder *recorder, uint64_t cycle, const struct pins_in *in, const struct pins_out *out);

/* Begins to listen to a lockstep run that has not begun. */
struct recorder *recorder_listen(struct lockstep *lockstep, const struct physmem *memory);

/* Ends: what was seen, in order; false when memory ran short. Page-table entries that no walker ever read are left out.
 */
bool recorder_finish(struct recorder *recorder, struct stimulus *stimulus);

#endif
