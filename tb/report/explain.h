/* A mismatch on the terminal: what its folder holds, in the few lines that a person reads first. */
#ifndef TWINWALK_EXPLAIN_H
#define TWINWALK_EXPLAIN_H

#include <stdio.h>

/* With the finding itself and the folder's name above them (seven lines), at most 25 lines. */
enum { EXPLAIN_MOST = 18 };

/* Says of a finished folder, as far as it has them: the walk, entry by entry, with the one that decides marked; the
 * state element that diverged first, as both sides have it; the pins that differ, in the cycles around it; the line
 * that runs it again, and the one that opens its waveform. Nothing is said of files that are not there. */
void explain_folder(FILE *out, const char *folder);

#endif
