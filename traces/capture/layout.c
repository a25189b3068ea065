/* The layout of a program before its first instruction, from two sources that each know half of it.
 *
 * QEMU knows the guest's own view: ranges with the rights that the guest has. The host's /proc/self/maps knows which of
 * them are files, and where one mapping ends and the next begins, but not the rights: QEMU never gives the guest's code
 * pages execute permission on the host. The guest's addresses are the host's (guest base 0, QEMU's choice for 64-bit
 * guests on 64-bit hosts).
 *
 * The heap is not there yet: the first brk of the program tells where it starts. */
#define _GNU_SOURCE
#include "plugin.h"

#include "os/os.h"
#include "qemu_internal.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RANGES = 1024 };

struct range {
    uint64_t start, end;
    uint32_t prot;
};

struct host_map {
    uint64_t start, end, offset;
    bool shared;
    char name[64]; /* of a file, or "" */
};

struct ranges {
    struct range at[MAX_RANGES];
    size_t count;
};

static int note_range(void *user, uint64_t start, uint64_t end, unsigned long flags)
{
    struct ranges *ranges = user;
    if (!(flags & QEMU_PAGE_VALID) ||
        end > UINT64_C(1) << 47) /* the page above, vsyscall, is emulated: nothing there is ever accessed */
        return 0;
    if (ranges->count == MAX_RANGES)
        return 1;
    ranges->at[ranges->count++] = (struct range){start, end,
                                                 (flags & QEMU_PAGE_READ ? OS_READ : 0) |
                                                     (flags & (QEMU_PAGE_WRITE | QEMU_PAGE_WRITE_ORG) ? OS_WRITE : 0) |
                                                     (flags & QEMU_PAGE_EXEC ? OS_EXEC : 0)};
    return 0;
}

static const char *read_host(struct host_map *maps, size_t *count)
{
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen("/proc/self/maps", "re");
    if (!f)
        return "cannot open /proc/self/maps";
    *count = 0;
    while (*count < MAX_RANGES && getline(&line, &room, f) > 0) {
        struct host_map *m = &maps[*count];
        char rights[5];
        int name = 0;
        memset(m, 0, sizeof *m);
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &m->start, &m->end, rights, &m->offset,
                   &name) != 4)
            continue;
        m->shared = rights[3] == 's';
        line[strcspn(line, "\n")] = 0;
        if (name && line[name] == '/')
            name_of_path(m->name, line + name);
        ++*count;
    }
    free(line);
    fclose(f);
    return NULL;
}

/* The stack pointer of the calling thread; 0: QEMU does not say. */
static uint64_t stack_pointer(void)
{
    struct CPUState **cpu = dlsym(RTLD_DEFAULT, "thread_cpu");
    uint64_t rsp = 0;
    GByteArray *bytes = g_byte_array_new();
    if (cpu && *cpu && x86_cpu_gdb_read_register(*cpu, bytes, GDB_RSP) == sizeof rsp && bytes->len == sizeof rsp)
        memcpy(&rsp, bytes->data, sizeof rsp);
    g_byte_array_free(bytes, 1);
    return rsp;
}

static void put_piece(struct cpu *c, uint64_t start, uint64_t end, uint32_t prot, const struct host_map *host,
                      uint64_t stack)
{
    struct trace_extra x;
    memset(&x, 0, sizeof x);
    x.map.start = start;
    x.map.end = end;
    x.map.prot = prot;
    if (start <= stack && stack < end) {
        x.map.flags = OS_STACK | OS_GROWSDOWN;
        strcpy(x.map.name, "[stack]");
    } else if (host && host->name[0]) {
        x.map.flags = OS_FILE | (host->shared ? OS_SHARED : 0);
        x.map.offset = host->offset + (start - host->start);
        strcpy(x.map.name, host->name);
    } else if (host && host->shared) {
        x.map.flags = OS_SHARED;
    }
    put_extra(c, TRACE_MAP, &x);
}

const char *layout_put(struct cpu *c)
{
    static struct ranges ranges;
    static struct host_map maps[MAX_RANGES];
    size_t map_count;
    uint64_t stack = stack_pointer(), stack_end = 0;
    if (walk_memory_regions(&ranges, note_range))
        return "the program has more than 1024 mappings at its start";
    const char *error = read_host(maps, &map_count);
    if (!error && (!stack || !ranges.count))
        error = "qemu-x86_64 does not tell the program's layout; this needs Debian 12's (7.2)";
    if (error)
        return error;
    for (size_t i = 0; i < ranges.count; i++) {
        uint64_t at = ranges.at[i].start;
        if (at <= stack && stack < ranges.at[i].end)
            stack_end = ranges.at[i].end;
        while (at < ranges.at[i].end) { /* cut where the host's mappings begin and end */
            uint64_t end = ranges.at[i].end;
            const struct host_map *host = NULL;
            for (size_t m = 0; m < map_count; m++) {
                if (maps[m].start <= at && at < maps[m].end) {
                    host = &maps[m];
                    end = host->end < end ? host->end : end;
                } else if (maps[m].start > at && maps[m].start < end) {
                    end = maps[m].start;
                }
            }
            put_piece(c, at, end, ranges.at[i].prot, host, stack);
            at = end;
        }
    }
    if (stack_end) /* the kernel has put the arguments and the environment there */
        put_bytes(c, TRACE_STORE, TRACE_SUPERVISOR | TRACE_AC, stack, stack_end - stack);
    return NULL;
}
