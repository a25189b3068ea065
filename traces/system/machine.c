#define _GNU_SOURCE
#include "machine.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

struct byte_array {
    uint8_t *data;
    unsigned len;
}; /* GLib's GByteArray */

static struct {
    int (*read_register)(void *cpu, struct byte_array *to, int number);
    void (*xsave)(void *cpu, void *to, uint32_t bytes);
    void *(*get_cpu)(int index);
    void *(*map)(uint64_t pa, uint64_t *bytes, bool write);
    struct byte_array *(*new_array)(void);
    void (*lock)(const char *file, int line);
    void (*unlock)(void);
    void (*drain)(void);
    void (*flush)(void *cpu);
} qemu;

static struct {
    void *cpu;
    struct byte_array *value;
    const uint8_t *memory;
    uint64_t bytes;
} machine;

static bool look_up(const char *name, void *function)
{
    void *at = dlsym(RTLD_DEFAULT, name);
    memcpy(function, &at, sizeof at);
    return at != NULL;
}

const char *machine_open(void)
{
    static char missing[160];
    const struct {
        const char *name;
        void *function;
    } wanted[] = {
        {"x86_cpu_gdb_read_register", &qemu.read_register},
        {"x86_cpu_xsave_all_areas", &qemu.xsave},
        {"qemu_get_cpu", &qemu.get_cpu},
        {"cpu_physical_memory_map", &qemu.map},
        {"g_byte_array_new", &qemu.new_array},
        {"qemu_mutex_lock_iothread_impl", &qemu.lock},
        {"qemu_mutex_unlock_iothread", &qemu.unlock},
        {"bdrv_drain_all", &qemu.drain},
        {"tb_flush", &qemu.flush},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!look_up(wanted[i].name, wanted[i].function)) {
            snprintf(missing, sizeof missing,
                     "this QEMU has no function %s; the recorder is made for QEMU 7.2 (Debian 12: qemu-system-x86)",
                     wanted[i].name);
            return missing;
        }
    machine.value = qemu.new_array();
    return NULL;
}

const char *machine_map(uint64_t bytes)
{
    uint64_t got = bytes;
    machine.cpu = qemu.get_cpu(0);
    if (!machine.cpu || qemu.get_cpu(1))
        return "the machine must have exactly one processor (-smp 1)";
    /* The first 640 KiB are mapped as one piece; QEMU keeps what lies behind them in the same block. */
    machine.memory = qemu.map(0, &got, false);
    if (!machine.memory)
        return "the machine's memory cannot be found at physical address 0";
    machine.bytes = bytes;
    return NULL;
}

uint64_t machine_register(int number)
{
    uint64_t value = 0;
    machine.value->len = 0;
    int got = qemu.read_register(machine.cpu, machine.value, number);
    memcpy(&value, machine.value->data, got > 8 ? 8 : (size_t)got);
    return value;
}

uint64_t machine_general(unsigned number)
{
    static const uint8_t gdb[] = {0, 2, 3, 1, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
    return machine_register(gdb[number & 15]);
}

uint32_t machine_pkru(void)
{
    enum { AREA = 16384, PKRU = 0xa80 }; /* its place in the standard form of the XSAVE area, as QEMU lays it out */
    static uint8_t area[AREA] __attribute__((aligned(64)));
    uint32_t pkru;
    qemu.xsave(machine.cpu, area, AREA);
    memcpy(&pkru, area + PKRU, sizeof pkru);
    return pkru;
}

uint64_t machine_bytes(void)
{
    return machine.bytes;
}

bool machine_has(uint64_t pa)
{
    return pa < machine.bytes && machine.bytes - pa >= 8;
}

uint64_t machine_word(uint64_t pa)
{
    return machine_has(pa) ? __atomic_load_n((const uint64_t *)(const void *)(machine.memory + (pa & ~UINT64_C(7))),
                                             __ATOMIC_RELAXED)
                           : 0;
}

uint64_t machine_address(const void *host)
{
    uint64_t at = (uint64_t)((uintptr_t)host - (uintptr_t)machine.memory);
    return host && at < machine.bytes ? at : UINT64_MAX;
}

void machine_retranslate(void)
{
    qemu.flush(machine.cpu);
}

void machine_drain(void)
{
    qemu.lock(__FILE__, __LINE__);
    qemu.drain();
    qemu.unlock();
}
