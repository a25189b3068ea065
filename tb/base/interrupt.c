/* Signals: see interrupt.h. */
#include "interrupt.h"

#include <stddef.h>

volatile sig_atomic_t interrupt_count;

static void note(int signal_number)
{
    (void)signal_number;
    interrupt_count++;
}

void interrupt_install(void)
{
    struct sigaction action = {.sa_handler = note};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}
