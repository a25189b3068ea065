/* How far a judge is, for a person who waits. */
#ifndef TWINWALK_JUDGE_PROGRESS_H
#define TWINWALK_JUDGE_PROGRESS_H

#include <stdint.h>

/* On a terminal a line, at most five times a second and once at the end; silent in a pipe. started: wall_seconds()
 * when the first of `total` cases began. */
void progress_show(uint64_t done, uint64_t total, double started);

#endif
