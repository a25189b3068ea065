/* The capture tool's inner half: a plugin for qemu-x86_64 that records what a program does to memory, for the collector
 * (collect.c).
 *
 *   qemu-x86_64 -plugin twinwalk_capture.so,channel=PATH,task=N,first=on|off PROGRAM …
 *
 * (The collector, and at execve the plugin itself, start it so.) Recorded are the layout at the start, every
 * instruction fetch, load and store of user code, the system calls that change mappings, what the kernel reads and
 * writes for the program, and the beginning and end of threads and processes. A repeated string instruction (rep movs
 * …) is one fetch and an access for each round, as QEMU runs it. */
#define _GNU_SOURCE
#include "plugin.h"

#include "qemu_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

PLUGIN_EXPORT int qemu_plugin_version = 1;
PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

enum { PAGE = 4096, LENGTH_MASK = 0x1f };

struct process process;
_Thread_local struct cpu *here;

/* ---- The hot path ---- */

static inline void put(unsigned cpu, enum trace_kind kind, uint64_t va, uint64_t bytes)
{
    struct cpu *c = &process.cpu[cpu];
    struct chunk *k = c->chunk;
    uint32_t n = k->n;
    if (__builtin_expect(n >= k->limit || (va % PAGE) + bytes > PAGE, 0)) {
        put_bytes(c, kind, 0, va, bytes);
        return;
    }
    k->rec[n] = (struct trace_rec){.va = va, .kind = (uint8_t)kind, .size = (uint8_t)bytes};
    __atomic_store_n(&k->n, n + 1, __ATOMIC_RELEASE);
}

/* user: address << 8 | length, so that instructions need no memory of their own. */
static void on_fetch(unsigned cpu, void *user)
{
    process.cpu[cpu].rep_va = 0;
    put(cpu, TRACE_FETCH, (uint64_t)((int64_t)(intptr_t)user >> 8), (uintptr_t)user & LENGTH_MASK);
}

static void on_repeated_fetch(unsigned cpu, void *user)
{
    uint64_t va = (uint64_t)((int64_t)(intptr_t)user >> 8);
    if (process.cpu[cpu].rep_va != va) /* the next round of a repeated instruction is no fetch */
        put(cpu, TRACE_FETCH, va, (uintptr_t)user & LENGTH_MASK);
    process.cpu[cpu].rep_va = va;
}

static void on_memory(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t va, void *user)
{
    (void)user;
    put(cpu, qemu_plugin_mem_is_store(info) ? TRACE_STORE : TRACE_LOAD, va,
        UINT64_C(1) << qemu_plugin_mem_size_shift(info));
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
        else if (b != 0x66 && b != 0x67 && b != 0x2e && b != 0x36 && b != 0x3e && b != 0x26 && b != 0x64 && b != 0x65 &&
                 (b & 0xf0) != 0x40)
            return rep && ((b >= 0xa4 && b <= 0xa7) || (b >= 0xaa && b <= 0xaf) || (b >= 0x6c && b <= 0x6f));
    }
    return false;
}

/* Nothing has run yet: the layout is the initial one. */
static void start(void)
{
    struct cpu *c = &process.cpu[0];
    char name[64];
    process.started = true;
    if (!process.first) {
        char *path = realpath(exec_path, NULL);
        name_of_path(name, path ? path : exec_path);
        free(path);
        put_task(c, TRACE_EXEC, 0, 0, name);
    }
    const char *error = layout_put(c);
    if (error)
        give_up(error);
    hand_over(c, false);
    for (unsigned i = 0; i < TASKS; i++) /* the threads that were there before execve; the trace has ended them */
        if (i != (unsigned)c->task && process.ch->task[i].used && process.ch->task[i].pid == process.pid)
            channel_free_task(process.ch, i);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    if (!process.started)
        start();
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        size_t len = qemu_plugin_insn_size(insn);
        uint64_t word = qemu_plugin_insn_vaddr(insn) << 8 | len;
        qemu_plugin_register_vcpu_insn_exec_cb(
            insn, is_repeated(qemu_plugin_insn_data(insn), len) ? on_repeated_fetch : on_fetch, QEMU_PLUGIN_CB_NO_REGS,
            (void *)(uintptr_t)word);
        qemu_plugin_register_vcpu_mem_cb(insn, on_memory, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
    }
}

/* ---- Start ---- */

static bool map_channel(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct channel), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    process.ch = at == MAP_FAILED ? NULL : at;
    return process.ch;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    static struct chunk no_chunk; /* full, so the first record looks for another */
    int task = -1;
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "channel=", 8))
            map_channel(argv[i] + 8);
        else if (!strncmp(argv[i], "task=", 5))
            task = atoi(argv[i] + 5);
        else if (!strncmp(argv[i], "first=", 6))
            process.first = !strcmp(argv[i] + 6, "on");
    }
    if (!process.ch || task < 0 || task >= TASKS) {
        fprintf(stderr, "twinwalk capture: the plugin is started by twinwalk-collect (scripts/capture.sh), which must "
                        "be running\n");
        return -1;
    }
    if (info->system_emulation || strcmp(info->target_name, "x86_64") || !start_exclusive || !end_exclusive ||
        !walk_memory_regions || !x86_cpu_gdb_read_register || !g_byte_array_new || !g_byte_array_free || !&exec_path) {
        channel_fail(process.ch, "this needs Debian 12's qemu-x86_64 (7.2), user mode");
        return -1;
    }
    process.no_chunk = &no_chunk;
    process.pid = getpid();
    process.cpu[0].task = task;
    process.cpu[0].chunk = &no_chunk;
    tasks_init();
    qemu_plugin_register_vcpu_init_cb(id, on_vcpu_init);
    qemu_plugin_register_vcpu_exit_cb(id, on_vcpu_exit);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    qemu_plugin_register_vcpu_syscall_ret_cb(id, on_syscall_return);
    qemu_plugin_register_atexit_cb(id, on_exit_of_program, NULL);
    return 0;
}
