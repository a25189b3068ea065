/* Signals: see interrupt.h. */
#include "interrupt.h"

#include <stddef.h>
#include <unistd.h>

#include "base/exits.h"
#include "traces/format/whole.h"

enum { GRACE_SECONDS = 2 }; /* for the last words of who was told to stop at once */

volatile sig_atomic_t interrupt_count, interrupt_signal;

static void end(int signal_number)
{
    (void)signal_number;
    whole_drop_all();
    _exit(STATUS_INTERRUPTED);
}

static void note(int signal_number)
{
    if (interrupt_count++ == 0)
        interrupt_signal = signal_number;
    else if (interrupt_count == 2)
        alarm(GRACE_SECONDS);
    else
        end(signal_number);
}

void interrupt_only(int signal_number)
{
    struct sigaction action = {.sa_handler = note}, past = {.sa_handler = SIG_IGN};
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
    sigaction(SIGINT, &past, NULL);
    sigaction(SIGTERM, &past, NULL);
    sigaction(SIGHUP, &past, NULL);
    interrupt_count = interrupt_signal = 0;
}

void interrupt_install(void)
{
    struct sigaction action = {.sa_handler = note}, last = {.sa_handler = end}, before;
    sigemptyset(&action.sa_mask);
    sigemptyset(&last.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGALRM, &last, NULL);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}
