/* Ctrl-C, SIGTERM and SIGHUP: remembered, and looked at between cycles. */
#ifndef TWINWALK_INTERRUPT_H
#define TWINWALK_INTERRUPT_H

#include <signal.h>

/* How often a signal came: 1: finish what is under way; 2: stop at once. Whoever has not stopped a little later is
 * stopped, with what it was writing removed; the third ends everything there and then. */
extern volatile sig_atomic_t interrupt_count;

/* The number of the first one; 0: none. */
extern volatile sig_atomic_t interrupt_signal;

/* Starts to catch them. A SIGHUP that is ignored (nohup) stays so. */
void interrupt_install(void);

/* For a forked child whose parent passes signals on: those of the terminal go past it from now on, and this one counts
 * instead. None has come yet. */
void interrupt_only(int signal_number);

#endif
