/* System calls: those that change mappings are recorded at their return, in the order in which they take effect.
 *
 * From entry to return of such a call no other thread of the process makes one (nor forks), and before a call that can
 * take memory or rights away everything that any thread has done so far is handed over. So an access and a call of two
 * threads stand in the trace as they happened. */
#define _GNU_SOURCE
#include "plugin.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096 };

/* The number of arguments of a call that changes mappings, 0 for others; of shmctl only IPC_RMID is recorded. What lies
 * in the registers behind is not recorded. */
static unsigned memory_args(uint64_t number)
{
    switch (number) {
    case SYS_mmap:
        return 6;
    case SYS_mremap:
    case SYS_remap_file_pages:
        return 5;
    case SYS_pkey_mprotect:
        return 4;
    case SYS_mprotect:
    case SYS_madvise:
    case SYS_shmat:
        return 3;
    case SYS_munmap:
    case SYS_shmctl:
        return 2;
    case SYS_brk:
    case SYS_shmdt:
        return 1;
    }
    return 0;
}

static bool is_memory_call(const struct trace_syscall *call)
{
    return memory_args(call->number) && (call->number != SYS_shmctl || call->arg[1] == IPC_RMID);
}

static bool takes_away(const struct trace_syscall *call)
{
    switch (call->number) {
    case SYS_mmap:
        return call->arg[3] & MAP_FIXED;
    case SYS_shmat:
        return call->arg[2] & SHM_REMAP;
    }
    return true;
}

void calls_take(struct cpu *c)
{
    uint32_t free = 0;
    if (!__atomic_compare_exchange_n(&process.calls, &free, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        while (__atomic_exchange_n(&process.calls, 2, __ATOMIC_SEQ_CST))
            futex_wait(&process.calls, 2, 1000);
    c->holds = true;
}

void calls_give(struct cpu *c)
{
    if (!c->holds)
        return;
    c->holds = false;
    if (__atomic_exchange_n(&process.calls, 0, __ATOMIC_SEQ_CST) == 2)
        futex_wake(&process.calls);
}

static void before_memory_call(struct cpu *c)
{
    struct trace_syscall *call = &c->call;
    calls_take(c);
    c->file.name[0] = 0;
    c->huge = 0;
    if (call->number == SYS_mmap && !(call->arg[3] & MAP_ANONYMOUS)) {
        bool no_file;
        if (name_of_descriptor((int)call->arg[4], c->file.name, &no_file))
            c->file.flags = no_file ? TRACE_OPEN_NO_FILE : 0;
        c->huge = huge_pages_of_descriptor((int)call->arg[4]);
    } else if (call->number == SYS_shmat) {
        struct shmid_ds about;
        call->arg[3] = shmctl((int)call->arg[0], IPC_STAT, &about) ? 0 : (about.shm_segsz + PAGE - 1) / PAGE * PAGE;
    }
    if (process.threads > 1 && takes_away(call))
        hand_over_all(true);
}

static void after_memory_call(struct cpu *c)
{
    struct trace_extra x;
    unsigned args = memory_args(c->call.number) + (c->call.number == SYS_shmat);
    if (c->file.name[0] && c->call.result >= 0)
        put_task(c, TRACE_OPEN, (uint32_t)c->call.arg[4], c->file.flags, c->file.name);
    memset(&x, 0, sizeof x);
    x.syscall.number = c->call.number;
    x.syscall.result = c->call.result;
    memcpy(x.syscall.arg, c->call.arg, args * sizeof *x.syscall.arg);
    if (c->huge) /* what the file makes of the mapping, whether the program says so or not */
        x.syscall.arg[3] = (x.syscall.arg[3] & ~(UINT64_C(63) << 26)) | c->huge;
    put_extra(c, TRACE_SYSCALL, &x);
    if (process.threads > 1)
        hand_over(c, false);
    calls_give(c);
}

void on_syscall(qemu_plugin_id_t id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    (void)id, (void)a7, (void)a8;
    struct cpu *c = &process.cpu[cpu];
    here = c;
    c->call = (struct trace_syscall){.number = (uint64_t)number, .arg = {a1, a2, a3, a4, a5, a6}};
    if (is_memory_call(&c->call)) {
        before_memory_call(c);
        return;
    }
    switch (number) {
    case SYS_clone:
    case SYS_fork:
    case SYS_vfork:
        before_clone(c, c->call.arg);
        break;
    case SYS_execve:
    case SYS_execveat:
        follow_exec(c, c->call.number, c->call.arg);
        break;
    case SYS_set_tid_address:
        c->clear_va = a1;
        break;
    case SYS_exit:
        if (c->clear_va && process.threads > 1)
            put_bytes(c, TRACE_STORE, TRACE_SUPERVISOR | TRACE_AC, c->clear_va, sizeof(uint32_t));
        hand_over(c, false);
        break;
    default:
        if (may_block(&c->call))
            hand_over(c, false);
    }
}

void on_syscall_return(qemu_plugin_id_t id, unsigned cpu, int64_t number, int64_t result)
{
    (void)id;
    struct cpu *c = &process.cpu[cpu];
    if (c->task < 0 || c->call.number != (uint64_t)number)
        return;
    c->call.result = result;
    if (is_memory_call(&c->call))
        after_memory_call(c);
    else if (number == SYS_clone || number == SYS_fork || number == SYS_vfork)
        after_clone(c, c->call.arg, result);
    else
        put_kernel_accesses(c, &c->call);
}
