/* The page faults of one task, as the kernel counts them: address, instruction, and whether kernel code took it. */
#ifndef TWINWALK_TRUTH_FAULTS_H
#define TWINWALK_TRUTH_FAULTS_H

#include <stdbool.h>
#include <stdio.h>

struct faults;

/* From now on, of this task (which stands still). NULL: the kernel does not allow it (kernel.perf_event_paranoid, or
 * not root). */
struct faults *faults_open(int pid);
/* Writes `fault` and `lost` lines of what has come since; NULL: does nothing. */
void faults_put(struct faults *faults, FILE *log, unsigned task);
void faults_close(struct faults *faults);

#endif
