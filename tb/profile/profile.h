/* `twinwalk profile`: one device under test replays a trace at its own pace, judged by the oracle, and every cycle is
 * booked (ledger.h). */
#ifndef TWINWALK_PROFILE_H
#define TWINWALK_PROFILE_H

#include "session/setup.h"

/* Prints the books; with setup->json also for programs, with setup->records every access and marks of the pins, with
 * setup->pins the pins of the cycles from … to, with setup->waves a waveform of those from waves_from to waves_to.
 * Gives the exit status (base/exits.h). */
int profile_run(const struct setup *setup);

#endif
