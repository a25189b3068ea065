/* Threads and processes: which task does what, and when one begins and ends.
 *
 * QEMU makes a thread of a clone call that asks for everything a pthread has (it refuses other sharing of memory), and
 * else a process by fork(), vfork and posix_spawn included: memory is copied then and the parent does not wait. What
 * QEMU did is what is recorded.
 *
 * The CLONE record of a process is put before fork(), when nobody can have run in it yet; should fork() fail, its end
 * is put. */
#define _GNU_SOURCE
#include "plugin.h"

#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    VM = 0x100,
    FILES = 0x400,
    VFORK = 0x4000,
    THREAD = 0x10000,
    PARENT_SETTID = 0x100000,
    CHILD_CLEARTID = 0x200000,
    CHILD_SETTID = 0x1000000,
    TID_BYTES = 4,
    KERNEL = TRACE_SUPERVISOR | TRACE_AC,
};

static const char *too_many = "more than 256 tasks are alive at a time; a trace has numbers for 256";

bool is_fork(uint64_t number, const uint64_t arg[6])
{
    return number == SYS_fork || number == SYS_vfork || (number == SYS_clone && (!(arg[0] & VM) || (arg[0] & VFORK)));
}

/* The next task, made by the call that `parent` is in. */
static int begin_task(struct cpu *parent, unsigned flags)
{
    int number = channel_new_task(process.ch, flags & TRACE_CLONE_THREAD ? process.pid : 0);
    if (number < 0)
        give_up(too_many);
    put_task(parent, TRACE_CLONE, (unsigned)number, flags, "");
    hand_over(parent, false);
    parent->new_task = number + 1;
    return number;
}

/* ---- Threads ---- */

/* For the first thread this runs while QEMU starts, for others in the thread that makes them, during its call. */
void on_vcpu_init(qemu_plugin_id_t id, unsigned vcpu)
{
    (void)id;
    if (vcpu >= MAX_CPUS)
        give_up("the program has made more threads than QEMU's numbers tell apart here (32768)");
    struct cpu *c = &process.cpu[vcpu];
    uint64_t clear = 0;
    int task = c->task;
    if (here) {
        const uint64_t *arg = here->call.arg;
        task = begin_task(here, (arg[0] & VM ? TRACE_CLONE_VM : 0) | (arg[0] & FILES ? TRACE_CLONE_FILES : 0) |
                                    (arg[0] & THREAD ? TRACE_CLONE_THREAD : 0));
        clear = arg[0] & CHILD_CLEARTID ? arg[3] : 0;
        here->new_cpu = vcpu;
    }
    *c = (struct cpu){.chunk = process.no_chunk, .task = task, .clear_va = clear};
    if (here && here->call.arg[0] & CHILD_SETTID)
        put_bytes(c, TRACE_STORE, KERNEL, here->call.arg[3], TID_BYTES);
    if (vcpu >= process.top)
        __atomic_store_n(&process.top, vcpu + 1, __ATOMIC_RELEASE);
    __atomic_add_fetch(&process.threads, 1, __ATOMIC_SEQ_CST);
}

static void end_thread(struct cpu *c)
{
    put_task(c, TRACE_EXIT, 0, 0, "");
    hand_over(c, true);
    channel_free_task(process.ch, (unsigned)c->task);
    c->task = -1;
    __atomic_sub_fetch(&process.threads, 1, __ATOMIC_SEQ_CST);
}

void on_vcpu_exit(qemu_plugin_id_t id, unsigned vcpu)
{
    (void)id;
    struct cpu *c = &process.cpu[vcpu];
    if (vcpu < MAX_CPUS && c->task >= 0 && !process.ended)
        end_thread(c);
}

/* ---- Processes ---- */

static _Thread_local bool in_fork;

void before_clone(struct cpu *c, const uint64_t arg[6])
{
    c->new_task = 0;
    if (is_fork(c->call.number, arg)) {
        calls_take(c); /* until the return: mappings must not change between the record and the fork */
        in_fork = true;
    }
}

/* In fork(), when QEMU has stopped all other threads. */
static void before_fork(void)
{
    if (!in_fork)
        return;
    hand_over_all(false);
    begin_task(here, here->call.number == SYS_clone && here->call.arg[0] & FILES ? TRACE_CLONE_FILES : 0);
}

static void after_fork_in_child(void)
{
    if (!in_fork)
        return;
    int task = here->new_task - 1;
    process.pid = getpid();
    for (unsigned i = 0; i < process.top; i++) /* the parent's threads are not here, and its chunks are its own */
        if (&process.cpu[i] != here)
            process.cpu[i] = (struct cpu){.chunk = process.no_chunk, .task = -1};
    here->chunk = process.no_chunk;
    here->task = task;
    here->holds = false;
    here->new_task = 0;
    here->clear_va = 0;
    process.calls = 0;
    process.threads = 1;
    process.first = false;
    in_fork = false;
    channel_lock(process.ch);
    process.ch->task[task].pid = process.pid;
    channel_unlock(process.ch);
}

void after_clone(struct cpu *c, const uint64_t arg[6], int64_t result)
{
    bool fork = is_fork(c->call.number, arg);
    in_fork = false;
    if (result == 0) { /* the child of a fork */
        c->clear_va = arg[0] & CHILD_CLEARTID && c->call.number == SYS_clone ? arg[3] : 0;
        if (c->call.number == SYS_clone && arg[0] & CHILD_SETTID)
            put_bytes(c, TRACE_STORE, KERNEL, arg[3], TID_BYTES);
        return;
    }
    if (result > 0 && c->call.number == SYS_clone && arg[0] & PARENT_SETTID)
        put_bytes(c, TRACE_STORE, KERNEL, arg[2], TID_BYTES);
    if (c->new_task) {
        unsigned number = (unsigned)c->new_task - 1;
        if (fork && result > 0) {
            channel_lock(process.ch); /* should the child be killed before it says so itself */
            if (process.ch->task[number].used && !process.ch->task[number].pid)
                process.ch->task[number].pid = (int32_t)result;
            channel_unlock(process.ch);
        } else if (fork) {
            put_task_for(number, TRACE_EXIT_GROUP);
            channel_free_task(process.ch, number);
        } else if (result < 0 && process.cpu[c->new_cpu].task == (int)number) {
            end_thread(&process.cpu[c->new_cpu]);
        }
        c->new_task = 0;
    }
    calls_give(c);
}

/* QEMU has stopped the recording of all threads. */
void on_exit_of_program(qemu_plugin_id_t id, void *user)
{
    (void)id, (void)user;
    struct cpu *c = here;
    for (unsigned i = 0; i < process.top; i++)
        if (!c && process.cpu[i].task >= 0)
            c = &process.cpu[i];
    if (!c || c->task < 0)
        return;
    hand_over_all(false);
    put_task(c, TRACE_EXIT_GROUP, 0, 0, "");
    hand_over_and_end(c);
    for (unsigned i = 0; i < process.top; i++)
        if (process.cpu[i].task >= 0)
            channel_free_task(process.ch, (unsigned)process.cpu[i].task);
}

void tasks_init(void)
{
    pthread_atfork(before_fork, NULL, after_fork_in_child);
}
