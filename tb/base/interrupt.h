/* Ctrl-C and SIGTERM: remembered, and looked at between cycles. */
#ifndef TWINWALK_INTERRUPT_H
#define TWINWALK_INTERRUPT_H

#include <signal.h>

/* How often a signal came: 1: finish what is under way, 2 and more: stop at once. */
extern volatile sig_atomic_t interrupt_count;

void interrupt_install(void);

#endif
