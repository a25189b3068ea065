/* `twinwalk memory`: a trace through the OS model alone. */
#ifndef TWINWALK_MEMORY_H
#define TWINWALK_MEMORY_H

#include "session/setup.h"

/* Replays options->trace and prints what the kernel did and what memory every process used. Returns the exit status: 0
 * only when the whole trace (up to options->limit) was replayed and every check that was asked for held. */
int memory_run(const struct setup *setup);

#endif
