/* Marks: a hash of all that an MMU's pins have said, taken now and then. Where two runs of one trace have equal marks
 * they were equal up to there; the first that differ bound the first cycle that differs. */
#ifndef TWINWALK_MARKS_H
#define TWINWALK_MARKS_H

#include "pins.h"
#include "records.h"

enum { MARKS_EVERY = 1024 }; /* cycles */

struct marks {
    uint64_t hash, due;
};

/* Takes in the outputs of a cycle that is stepped or jumped to. True when *mark is one: of all cycles before this. */
bool marks_cycle(struct marks *marks, uint64_t cycle, const struct pins_out *out, struct record_mark *mark);

#endif
