/* See child.h. */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "interrupt.h"

enum { LOOK_EVERY_MS = 10 };

bool child_wait(pid_t pid, double seconds, char *why, size_t size)
{
    const double end = wall_seconds() + seconds;
    const int before = interrupt_count;
    int status = 0;
    for (pid_t got; (got = waitpid(pid, &status, WNOHANG)) != pid;) {
        if (got < 0 && errno != EINTR)
            return snprintf(why, size, "%s", strerror(errno)), false;
        if (interrupt_count != before || wall_seconds() > end) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            if (interrupt_count != before)
                snprintf(why, size, "interrupted");
            else
                snprintf(why, size, "given up after %.0f s", seconds);
            return false;
        }
        nanosleep(&(struct timespec){0, LOOK_EVERY_MS * 1000000L}, NULL);
    }
    if (WIFSIGNALED(status))
        snprintf(why, size, "%s%s", strsignal(WTERMSIG(status)),
                 WTERMSIG(status) == SIGBUS ? ": no space left on its device or in /tmp" : "");
    else
        snprintf(why, size, "status %d", WEXITSTATUS(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
