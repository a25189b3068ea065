/* Every task stops when it begins, at its memory system calls (docs/trace-format.md, section 10), at exec, and when it
 * exits, which is before its address space goes (PTRACE_EVENT_EXIT). A stop by itself touches none of the task's
 * memory. */
#define _GNU_SOURCE
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "log.h"
#include "vdso.h"

enum { MOST_TASKS = 4096, CALL_CLONE3 = 435 };
enum { SHARES_MEMORY = 1, SHARES_FILES = 2, SAME_PROCESS = 4, PARENT_WAITS = 8 }; /* as enum trace_task_flag */

struct task {
    int pid, leader;
    bool known;         /* its parent has told of it */
    bool stopped_early; /* it stood before it was known */
    bool begun;
    uint64_t minor_at_exec; /* when its execve was called */
    uint64_t number, arg[6];
    struct faults *faults;
};

struct tracer {
    const struct run *run;
    struct task task[MOST_TASKS];
    unsigned tasks, alive;
    int first, status;
    bool failed;
};

static const long OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                            PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

static bool complain(struct tracer *t, const char *what)
{
    if (!t->failed)
        fprintf(stderr, "twinwalk-truth: %s: %s\n", what, strerror(errno));
    t->failed = true;
    return false;
}

static struct task *find(struct tracer *t, int pid)
{
    for (unsigned i = t->tasks; i-- > 0;)
        if (t->task[i].pid == pid)
            return &t->task[i];
    if (t->tasks == MOST_TASKS)
        return NULL;
    t->task[t->tasks] = (struct task){.pid = pid, .leader = pid};
    return &t->task[t->tasks++];
}

static unsigned number_of(const struct tracer *t, const struct task *task)
{
    return (unsigned)(task - t->task);
}

static void go_on(struct tracer *t, const struct task *task, int signal)
{
    if (ptrace(t->run->light ? PTRACE_CONT : PTRACE_SYSCALL, task->pid, 0, signal) && errno != ESRCH)
        complain(t, "a task cannot be let go on");
}

/* ---- system calls ---- */

static bool is_memory_call(uint64_t number)
{
    switch (number) {
    case SYS_mmap:
    case SYS_mprotect:
    case SYS_munmap:
    case SYS_brk:
    case SYS_mremap:
    case SYS_madvise:
    case SYS_shmat:
    case SYS_shmdt:
    case SYS_remap_file_pages:
    case SYS_pkey_mprotect:
        return true;
    }
    return false;
}

static void on_syscall(struct tracer *t, struct task *task)
{
    struct __ptrace_syscall_info info;
    uint64_t major;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, task->pid, sizeof info, &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        task->number = info.entry.nr;
        memcpy(task->arg, info.entry.args, sizeof task->arg);
        if (info.entry.nr == SYS_execve || info.entry.nr == SYS_execveat)
            faults_so_far(task->pid, &task->minor_at_exec, &major);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && is_memory_call(task->number)) {
        faults_put(task->faults, t->run->log, number_of(t, task));
        fprintf(t->run->log, "call %u %" PRIu64, number_of(t, task), task->number);
        for (int i = 0; i < 6; i++)
            fprintf(t->run->log, " %#" PRIx64, task->arg[i]);
        fprintf(t->run->log, " %" PRId64 "\n", (int64_t)info.exit.rval);
    }
}

/* ---- a task's life ---- */

/* The flags of the call that made a task; of clone3, from the structure that the call points to, which the kernel has
 * just read. */
static uint64_t clone_flags(const struct task *parent)
{
    if (parent->number == SYS_fork || parent->number == SYS_vfork)
        return parent->number == SYS_fork ? 0 : CLONE_VM | CLONE_VFORK;
    uint64_t flags = parent->arg[0];
    if (parent->number == CALL_CLONE3) {
        struct iovec here = {&flags, sizeof flags}, there = {(void *)(uintptr_t)parent->arg[0], sizeof flags};
        process_vm_readv(parent->pid, &here, 1, &there, 1, 0);
    }
    return flags;
}

static void begin(struct tracer *t, struct task *task)
{
    if (task->begun)
        return;
    task->begun = true;
    t->alive++;
    if (!t->run->light)
        task->faults = faults_open(task->pid);
    go_on(t, task, 0);
}

/* A light run does not see the call; there only whether the task is a thread matters. */
static void on_birth(struct tracer *t, struct task *parent)
{
    unsigned long pid;
    uint64_t flags = clone_flags(parent);
    unsigned ours = (flags & CLONE_VM ? SHARES_MEMORY : 0) | (flags & CLONE_FILES ? SHARES_FILES : 0) |
                    (flags & CLONE_THREAD ? SAME_PROCESS : 0) | (flags & CLONE_VFORK ? PARENT_WAITS : 0);
    if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid)) {
        complain(t, "a new task's number cannot be read");
        return;
    }
    unsigned parent_number = number_of(t, parent);
    int leader = parent->leader;
    struct task *child = find(t, (int)pid);
    if (!child) {
        errno = EAGAIN;
        complain(t, "more than 4096 tasks");
        return;
    }
    child->known = true;
    if (ours & SAME_PROCESS)
        child->leader = leader;
    fprintf(t->run->log, "task %u %u %u\n", number_of(t, child), parent_number, ours);
    if (child->stopped_early)
        begin(t, child);
}

static void on_exec(struct tracer *t, struct task *task)
{
    char path[64], file[1024];
    uint64_t minor = 0, major = 0;
    struct user_regs_struct registers = {0};
    unsigned number = number_of(t, task);
    snprintf(path, sizeof path, "/proc/%d/exe", task->pid);
    ssize_t n = readlink(path, file, sizeof file - 1);
    file[n < 0 ? 0 : n] = 0;
    faults_so_far(task->pid, &minor, &major);
    ptrace(PTRACE_GETREGS, task->pid, 0, &registers);
    faults_put(task->faults, t->run->log, number);
    fprintf(t->run->log, "exec %u %" PRIu64 " %" PRIu64 " %s\nsp %u %#llx\n", number, task->minor_at_exec, minor, file,
            number, registers.rsp);
    log_maps(t->run->log, task->pid, number);
    if (t->run->no_vdso && !hide_vdso(task->pid, registers.rsp))
        complain(t, "the vDSO cannot be hidden");
}

static void on_exit_stop(struct tracer *t, struct task *task)
{
    uint64_t minor = 0, major = 0;
    unsigned number = number_of(t, task);
    faults_put(task->faults, t->run->log, number);
    faults_so_far(task->leader, &minor, &major);
    fprintf(t->run->log, "exit %u %" PRIu64 " %" PRIu64 "\n", number, minor, major);
    if (task->leader == task->pid)
        log_memory(t->run->log, task->pid, number);
}

static void on_end(struct tracer *t, struct task *task, int status, const struct rusage *usage)
{
    faults_close(task->faults);
    task->faults = NULL;
    if (task->pid == t->first) {
        t->status = status;
        fprintf(t->run->log, "wait %u %d %ld %ld %ld\n", number_of(t, task), status, usage->ru_minflt, usage->ru_majflt,
                usage->ru_maxrss);
    }
    task->pid = -1; /* the number may come again */
    t->alive--;
}

static void on_stop(struct tracer *t, struct task *task, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;
    if (!task->begun && !event) { /* a new task stands by SIGSTOP */
        task->stopped_early = true;
        if (task->known)
            begin(t, task);
        return;
    }
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
        on_birth(t, task);
    else if (event == PTRACE_EVENT_EXEC)
        on_exec(t, task);
    else if (event == PTRACE_EVENT_EXIT)
        on_exit_stop(t, task);
    else if (signal == (SIGTRAP | 0x80))
        on_syscall(t, task);
    go_on(t, task, event || signal == (SIGTRAP | 0x80) ? 0 : signal);
}

/* ---- start ---- */

/* One processor, as in the OS model: faults do not race. */
static void stay_on_one_processor(void)
{
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof allowed, &allowed))
        return;
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &allowed)) {
            CPU_SET(i, &one);
            sched_setaffinity(0, sizeof one, &one);
            return;
        }
}

static void become(const struct run *run)
{
    int in = open("/dev/null", O_RDONLY), out = open(run->out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0) {
        perror(run->out);
        _exit(127);
    }
    close(in);
    close(out);
    stay_on_one_processor();
    personality(ADDR_NO_RANDOMIZE);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    execve(run->program, run->argv, run->environment);
    perror(run->program);
    _exit(127);
}

int tracer_run(const struct run *run)
{
    static struct tracer tracer;
    struct tracer *t = &tracer;
    int status;
    fflush(NULL);
    *t = (struct tracer){.run = run, .first = fork()};
    if (!t->first)
        become(run);
    if (t->first < 0 || waitpid(t->first, &status, 0) != t->first || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, t->first, 0, OPTIONS)) {
        complain(t, "the command cannot be traced");
        return -1;
    }
    fprintf(run->log, "task 0 0 0\n");
    struct task *first = find(t, t->first);
    first->known = true;
    begin(t, first);
    while (t->alive && !t->failed) {
        struct rusage usage;
        int pid = wait4(-1, &status, __WALL, &usage);
        struct task *task = pid > 0 ? find(t, pid) : NULL;
        if (!task)
            complain(t, "waiting for the command's tasks");
        else if (WIFSTOPPED(status))
            on_stop(t, task, status);
        else
            on_end(t, task, status, &usage);
    }
    return t->failed ? -1 : t->status;
}
