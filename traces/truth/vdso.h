/* A program that is not told of the vDSO makes system calls instead. */
#ifndef TWINWALK_TRUTH_VDSO_H
#define TWINWALK_TRUTH_VDSO_H

#include <stdbool.h>
#include <stdint.h>

/* Takes it from the auxiliary vector of a task that stands at its exec, with this stack pointer. True also when this
 * kernel has none. */
bool hide_vdso(int pid, uint64_t sp);

#endif
