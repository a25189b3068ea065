/* The files of a mismatch folder that tell of a live run: the walk, all state, what was offered. */
#ifndef TWINWALK_BUNDLE_LIVE_H
#define TWINWALK_BUNDLE_LIVE_H

#include "engine/lane.h"
#include "engine/lockstep.h"
#include "strip.h"

/* All write into `folder`, and give false, with a message on stderr, when the file is not whole. */

/* walk.txt: the walk of the finding's access, in memory as it is; nothing without an access. */
bool bundle_walk(const char *folder, const struct driver *driver, const struct finding *finding);

/* state.txt of a lockstep: the element that diverged first, pins, and all state that differs. */
bool bundle_state(const char *folder, const struct lockstep *l, const struct finding *first,
                  const struct finding *finding);

/* offered.txt: what the stimulus had offered; nothing from a driver that keeps no list. */
bool bundle_offered(const char *folder, const struct driver *driver);

/* state.txt of a device that ran alone. */
bool bundle_state_alone(const char *folder, const struct lane *lane);

/* The pins around the finding as a picture, strip.svg, and those that differ as a few lines, strip.txt. */
bool bundle_strip(const char *folder, const struct strip *strip);

#endif
