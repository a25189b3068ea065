/* Writes down what a driver does at the pins, as stimulus (stimulus.h), while a lockstep run goes on. */
#ifndef TWINWALK_PINS_RECORDER_H
#define TWINWALK_PINS_RECORDER_H

#include "engine/lockstep.h"
#include "mem/physmem.h"
#include "stimulus.h"

struct recorder;

/* Listens to a lockstep run that has not begun; memory is the driver's, as it is now. NULL: not enough memory. */
struct recorder *recorder_listen(struct lockstep *lockstep, const struct physmem *memory);

/* What was seen, in order; false when memory ran short. Page-table entries that no walker ever read are left out. */
bool recorder_finish(struct recorder *recorder, struct stimulus *stimulus);

#endif
