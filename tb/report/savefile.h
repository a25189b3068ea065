/* The GTKWave save file beside a waveform. */
#ifndef TWINWALK_SAVEFILE_H
#define TWINWALK_SAVEFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "fst.h"

/* Writes the save file gtkw for the waveform that will be fst and has these signals, with its translation filters
 * (*.flt) beside it. Signals are grouped by room; only signals that the waveform has are named. The primary marker goes
 * to cycle marker_time and the window around it. False with a message on stderr. */
bool savefile_write(const char *fst, const struct fst_signals *signals, const char *gtkw, uint64_t marker_time);

#endif
