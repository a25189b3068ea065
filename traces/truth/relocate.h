/* A captured trace, moved to the addresses of a native run. */
#ifndef TWINWALK_TRUTH_RELOCATE_H
#define TWINWALK_TRUTH_RELOCATE_H

/* Returns 0, or 1 after one line on standard error. Prints a line for each task of the trace, in the order of their
 * births: `process` or `thread`, its number in the log, the record of OUT at which it is born, its number in the trace;
 * and how many accesses of the kernel were dropped, because they concern what the native process does not have. */
int relocate(const char *log, const char *in, const char *out);

#endif
