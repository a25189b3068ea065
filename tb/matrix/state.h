/* What the matrix reads from the model's state words (docs/microarchitecture.md section 17). */
#ifndef TWINWALK_MATRIX_STATE_H
#define TWINWALK_MATRIX_STATE_H

#include "matrix/matrix.h"

/* Is the request `id` in this state now? FLY_FOLLOW: is the request `follower`? */
bool state_in_flight(const struct rig *r, enum flight flight, uint8_t id, uint8_t follower);

#endif
