/* The capture tool: a plugin for qemu-x86_64 that records a program's memory accesses as a Twinwalk trace.
 *
 *   qemu-x86_64 -d page -D LOG -plugin twinwalk_capture.so,out=FILE,layout=LOG[,limit=N][,skip=N][,level=N][,after=exit] PROGRAM …
 *
 * (scripts/capture.sh does this.) Recorded, in program order: the initial layout, every instruction fetch, load and store of user
 * code, and the memory system calls with their results. skip=N leaves out the first N accesses, limit=N ends the file after
 * N; layout and system calls before the window are always there, so it can be replayed. after=exit ends the program at the limit.
 *
 * Threads are told apart by QEMU's CPU number. A forked child is not recorded. When the program replaces itself (execve) or
 * leaves, the file is finished; when a signal kills it, the file lacks its index and last block, and can still be read.
 *
 * A repeated string instruction (rep movs …) is one fetch and an access for each round, as QEMU runs it. */
#define _GNU_SOURCE
#include "layout.h"
#include "qemu_plugin_api.h"
#include "trace.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

PLUGIN_EXPORT int qemu_plugin_version = 1;
PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

enum { MAX_CPUS = 256, REP_BIT = 0x80 };
enum { SYS_EXECVE = 59, SYS_EXECVEAT = 322 };

static struct {
    pthread_mutex_t lock;
    struct trace_writer *writer; /* NULL once recording is over */
    bool started;                /* the layout is written */
    bool exit_after;
    uint64_t skip, limit, accesses;
    uint64_t level;              /* of compression, 0: the writer's default */
    char *out, *layout;
    struct {
        struct trace_syscall call; /* between entry and return */
        bool pending;
        uint64_t rep_va;           /* the repeated instruction fetched last, 0: none */
    } cpu[MAX_CPUS];
} capture = {.lock = PTHREAD_MUTEX_INITIALIZER, .limit = UINT64_MAX};

/* ---- The end ---- */

/* Called with the lock held. */
static void finish(const char *why)
{
    const char *error;
    if (!capture.writer)
        return;
    struct trace_writer *w = capture.writer;
    __atomic_store_n(&capture.writer, NULL, __ATOMIC_RELEASE);
    bool ok = trace_finish(w, &error);
    if (ok)
        fprintf(stderr, "twinwalk capture: %s: %" PRIu64 " accesses recorded (%s)\n", capture.out, capture.accesses, why);
    else
        fprintf(stderr, "twinwalk capture: %s\n", error);
    if (!ok || (capture.exit_after && capture.accesses >= capture.limit))
        _exit(ok ? 0 : 1);
}

static void fail(const char *why)
{
    fprintf(stderr, "twinwalk capture: %s: %s\n", capture.out, why);
    _exit(1);
}

/* ---- Records ---- */

/* Called with the lock held and a writer. */
static void put_access(unsigned cpu, enum trace_kind kind, uint64_t va, size_t bytes)
{
    struct trace_rec rec = {.kind = (uint8_t)kind, .thread = (uint8_t)cpu};
    while (bytes) {
        rec.va = va;
        bytes = trace_split(va, bytes, &rec.size);
        va += rec.size;
        if (capture.skip) {
            capture.skip--;
            continue;
        }
        if (!trace_put(capture.writer, &rec, NULL))
            fail(trace_writer_error(capture.writer));
        if (++capture.accesses >= capture.limit) {
            finish("the limit");
            return;
        }
    }
}

/* Takes the lock if there is still something to record. */
static bool enter(void)
{
    if (!__atomic_load_n(&capture.writer, __ATOMIC_ACQUIRE))
        return false;
    pthread_mutex_lock(&capture.lock);
    if (capture.writer)
        return true;
    pthread_mutex_unlock(&capture.lock);
    return false;
}

static void leave(void)
{
    pthread_mutex_unlock(&capture.lock);
}

/* user: address << 8 | REP_BIT | length, so that instructions need no memory of their own. */
static void on_fetch(unsigned cpu, void *user)
{
    uint64_t va = (uint64_t)((int64_t)(intptr_t)user >> 8);
    bool rep = (uintptr_t)user & REP_BIT;
    if (!enter())
        return;
    uint64_t *rep_va = &capture.cpu[cpu % MAX_CPUS].rep_va;
    if (!rep || *rep_va != va) /* the next round of a repeated instruction is no fetch */
        put_access(cpu, TRACE_FETCH, va, (uintptr_t)user & ~(uintptr_t)REP_BIT & 0xff);
    *rep_va = rep ? va : 0;
    leave();
}

static void on_memory(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t va, void *user)
{
    (void)user;
    if (!enter())
        return;
    put_access(cpu, qemu_plugin_mem_is_store(info) ? TRACE_STORE : TRACE_LOAD, va, (size_t)1 << qemu_plugin_mem_size_shift(info));
    leave();
}

/* ---- Translation ---- */

/* Is it movs, cmps, stos, lods, scas, ins or outs with a repeat prefix? */
static bool is_repeated(const uint8_t *code, size_t len)
{
    bool rep = false;
    for (size_t i = 0; i < len; i++) {
        uint8_t b = code[i];
        if (b == 0xf2 || b == 0xf3)
            rep = true;
        else if (b != 0x66 && b != 0x67 && b != 0x2e && b != 0x36 && b != 0x3e && b != 0x26 && b != 0x64 && b != 0x65 && (b & 0xf0) != 0x40)
            return rep && ((b >= 0xa4 && b <= 0xa7) || (b >= 0xaa && b <= 0xaf) || (b >= 0x6c && b <= 0x6f));
    }
    return false;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    if (!enter())
        return;
    if (!capture.started) { /* nothing has run yet: the layout is the initial one */
        const char *error = layout_put(capture.writer, capture.layout);
        if (error)
            fail(error);
        capture.started = true;
    }
    leave();
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        size_t len = qemu_plugin_insn_size(insn);
        uint64_t word = qemu_plugin_insn_vaddr(insn) << 8 | (is_repeated(qemu_plugin_insn_data(insn), len) ? REP_BIT : 0) | len;
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_fetch, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)word);
        qemu_plugin_register_vcpu_mem_cb(insn, on_memory, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
    }
}

/* ---- System calls ---- */

/* The number of arguments of a system call that changes mappings, 0 for others. What lies in the registers behind is not recorded. */
static int memory_args(int64_t number)
{
    switch (number) {
    case 9:   /* mmap */
        return 6;
    case 25:  /* mremap */
    case 216: /* remap_file_pages */
        return 5;
    case 329: /* pkey_mprotect */
        return 4;
    case 10:  /* mprotect */
    case 28:  /* madvise */
    case 30:  /* shmat */
        return 3;
    case 11:  /* munmap */
        return 2;
    case 12:  /* brk */
    case 67:  /* shmdt */
        return 1;
    }
    return 0;
}

static void on_syscall(qemu_plugin_id_t id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
                       uint64_t a6, uint64_t a7, uint64_t a8)
{
    (void)id, (void)a7, (void)a8;
    if (!enter())
        return;
    if (number == SYS_EXECVE || number == SYS_EXECVEAT)
        finish("the program replaces itself by execve");
    struct trace_syscall call = {.number = (uint64_t)number};
    const uint64_t arg[] = {a1, a2, a3, a4, a5, a6};
    int args = memory_args(number);
    memcpy(call.arg, arg, (size_t)args * sizeof *arg);
    capture.cpu[cpu % MAX_CPUS].call = call;
    capture.cpu[cpu % MAX_CPUS].pending = args > 0;
    leave();
}

static void on_syscall_return(qemu_plugin_id_t id, unsigned cpu, int64_t number, int64_t result)
{
    (void)id;
    if (!enter())
        return;
    struct trace_rec rec = {.kind = TRACE_SYSCALL, .thread = (uint8_t)cpu};
    struct trace_extra x;
    memset(&x, 0, sizeof x);
    x.syscall = capture.cpu[cpu % MAX_CPUS].call;
    x.syscall.result = result;
    if (capture.cpu[cpu % MAX_CPUS].pending && x.syscall.number == (uint64_t)number && !trace_put(capture.writer, &rec, &x))
        fail(trace_writer_error(capture.writer));
    capture.cpu[cpu % MAX_CPUS].pending = false;
    leave();
}

/* ---- Start and end of the process ---- */

static void on_exit_of_program(qemu_plugin_id_t id, void *user)
{
    (void)id, (void)user;
    if (!enter())
        return;
    finish("the program's end");
    leave();
}

static void before_fork(void)
{
    pthread_mutex_lock(&capture.lock);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&capture.lock);
}

static void after_fork_in_child(void)
{
    capture.writer = NULL; /* the parent goes on with it; nothing is buffered outside it */
    pthread_mutex_unlock(&capture.lock);
}

static bool to_number(const char *text, uint64_t *n)
{
    char *end;
    *n = strtoull(text, &end, 0);
    return *text >= '0' && *text <= '9' && !*end;
}

static bool take_option(char *arg)
{
    char *value = strchr(arg, '=');
    if (!value)
        return false;
    *value++ = 0;
    if (!strcmp(arg, "out"))
        return (capture.out = strdup(value));
    if (!strcmp(arg, "layout"))
        return (capture.layout = strdup(value));
    if (!strcmp(arg, "skip"))
        return to_number(value, &capture.skip);
    if (!strcmp(arg, "level"))
        return to_number(value, &capture.level) && capture.level >= 1 && capture.level <= 19;
    if (!strcmp(arg, "limit"))
        return to_number(value, &capture.limit) && capture.limit;
    if (!strcmp(arg, "after")) {
        capture.exit_after = !strcmp(value, "exit");
        return capture.exit_after || !strcmp(value, "continue");
    }
    return false;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    struct trace_info about = {.linear_bits = 48};
    const char *error, *program = getenv("TWINWALK_PROGRAM");
    for (int i = 0; i < argc; i++)
        if (!take_option(argv[i])) {
            fprintf(stderr, "twinwalk capture: wrong option \"%s\"; "
                            "known are out=FILE layout=LOG skip=N limit=N level=1…19 after=exit|continue\n", argv[i]);
            return -1;
        }
    if (!capture.out || !capture.layout) {
        fprintf(stderr, "twinwalk capture: out=FILE and layout=LOG are needed (scripts/capture.sh gives them)\n");
        return -1;
    }
    if (info->system_emulation || strcmp(info->target_name, "x86_64")) {
        fprintf(stderr, "twinwalk capture: needs qemu-x86_64, user mode; this is %s\n", info->target_name);
        return -1;
    }
    snprintf(about.program, sizeof about.program, "%s", program ? program : "");
    snprintf(about.recorder, sizeof about.recorder, "twinwalk capture 1, qemu-x86_64 user mode, plugin interface %d", info->version.cur);
    capture.writer = trace_create(capture.out, &about, false, &error);
    if (!capture.writer) {
        fprintf(stderr, "twinwalk capture: %s\n", error);
        return -1;
    }
    if (capture.level)
        trace_set_level(capture.writer, (int)capture.level);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    qemu_plugin_register_vcpu_syscall_ret_cb(id, on_syscall_return);
    qemu_plugin_register_atexit_cb(id, on_exit_of_program, NULL);
    return 0;
}
