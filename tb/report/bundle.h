/* The folder that a mismatch leaves behind. */
#ifndef TWINWALK_BUNDLE_H
#define TWINWALK_BUNDLE_H

#include "dut/dut.h"
#include "results.h"
#include "session/setup.h"

/* Writes out/mismatch-TRACE-DUT-PRESET-KIND-cycle-N/ (with -2, -3 … behind it when there is one) for results->finding,
 * and puts its name into results->bundle:
 *
 *     report.txt   what differed: field, expected, actual, cycle, access and its record
 *     walk.txt     the oracle's walk of that access, entry by entry
 *     state.txt    the state element that diverged first, then all that differ
 *     strip.svg    the pins around it, as a picture; strip.txt: those that differ, as text
 *     trace.txt    the records before it; of random stimulus offered.txt: what was offered before it
 *     waves.fst    the cycles around it, with waves.gtkw for GTKWave
 *     rerun.txt    the one line that does it again
 *
 * The run is deterministic, so all but the report is found by running it again, in a process of its own that may fail
 * without harm to what is known. The folder gets its name when it is finished. False, with messages on stderr, when
 * something of it is missing. To be called when the finding has been printed. */
bool bundle_write(struct results *results, const struct dut_ops *ops, struct dut *dut);

#endif
