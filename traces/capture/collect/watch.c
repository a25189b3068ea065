/* Which processes of the recorded program are alive. Most tell their end themselves; one that a signal killed does not.
 */
#define _GNU_SOURCE
#include "collect.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A descriptor of each task's process, which becomes readable at its end even if nobody has waited for it. */
static struct {
    pid_t pid;
    int fd;
} watched[TASKS];

static bool has_ended(unsigned task, pid_t pid)
{
    if (watched[task].pid != pid) {
        if (watched[task].pid)
            close(watched[task].fd);
        watched[task].pid = 0;
        int fd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (fd < 0)
            return errno == ESRCH;
        watched[task].pid = pid;
        watched[task].fd = fd;
    }
    struct pollfd p = {.fd = watched[task].fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

void watch_processes(struct collect *c)
{
    for (unsigned i = 0; i < TASKS; i++) {
        const struct task *task = &c->ch->task[i];
        pid_t pid = __atomic_load_n(&task->pid, __ATOMIC_ACQUIRE);
        if (task->used && pid && has_ended(i, pid) && task->used && task->pid == pid)
            drain_dead(c, pid);
    }
}

void signal_processes(struct collect *c, int signal)
{
    for (unsigned i = 0; i < TASKS; i++)
        if (c->ch->task[i].used && c->ch->task[i].pid)
            kill(c->ch->task[i].pid, signal);
}

void end_processes(struct collect *c)
{
    for (unsigned i = 0; i < TASKS; i++) {
        struct task *task = &c->ch->task[i];
        if (task->used && !task->pid)
            task->pid = -1; /* killed, and so was its parent, before either could tell its process number */
        if (task->used)
            drain_dead(c, task->pid);
    }
}
