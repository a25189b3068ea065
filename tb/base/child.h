/* Waiting for a child, but not for ever. */
#ifndef TWINWALK_CHILD_H
#define TWINWALK_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Waits for a forked child at most so many seconds, or until a signal asks the program to stop; the child is then
 * killed. True when it exited with status 0; else one line in why[]. */
bool child_wait(pid_t pid, double seconds, char *why, size_t size);

#endif
