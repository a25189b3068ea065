/* What a run came to: from what the engines found to the one verdict that the table, the JSON and the exit status tell.
 */
#ifndef TWINWALK_VERDICT_H
#define TWINWALK_VERDICT_H

#include "report/results.h"

/* Takes in the end of the run: a finding, an end before the end, an interruption. Whatever the world had to say of its
 * trace (verdict_of_world) is in *r already. */
void verdict_judge(struct results *r, const struct finding *finding, bool ended, bool interrupted);

/* Why the world could not go on, if it could not. */
void verdict_of_world(struct results *r, const struct world *w);

/* A run in which all was equal must also have compared something, and all that was asked for: *l is the lockstep that
 * ran, or NULL for runs without a clock. */
void verdict_complete(struct results *r, const struct lockstep *l);

#endif
