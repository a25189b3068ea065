/* The GTKWave save file beside a waveform. */
#ifndef TWINWALK_SAVEFILE_H
#define TWINWALK_SAVEFILE_H

#include <stdbool.h>
#include <stdint.h>

/* Writes the save file gtkw for the finished waveform fst, with its translation filters (*.flt) beside it. Signals are
 * grouped by room; only signals that the waveform has are named. The primary marker goes to cycle marker_time and the
 * window around it. False with one line in *error. */
bool savefile_write(const char *fst, const char *gtkw, uint64_t marker_time, const char **error);

#endif
