/* The initial layout, from two sources that each know half of it.
 *
 * QEMU's page log (-d page) holds the guest's own view after the program was loaded: ranges with the rights that the guest
 * has. The host's /proc/self/maps knows which of them are files, and where one mapping ends and the next begins, but not
 * the rights: QEMU never gives the guest's code pages execute permission on the host. The guest's addresses are the host's
 * (guest base 0, QEMU's choice for 64-bit guests on 64-bit hosts).
 *
 * The heap is not there yet: the first brk of the trace tells where it starts. */
#define _GNU_SOURCE
#include "layout.h"

#include "os/os.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RANGES = 1024 };

struct range {
    uint64_t start, end;
    uint32_t prot;
};

struct host_map {
    uint64_t start, end;
    bool shared;
    char name[256]; /* a path, or "" */
};

static const char *error_too_many = "the program has more than 1024 mappings at its start";

/* Reads the ranges that follow the line about the binary load. */
static const char *read_log(const char *path, struct range *ranges, size_t *count, uint64_t *stack)
{
    static const char load[] = "page layout changed following binary load";
    char line[256], rights[4];
    bool inside = false;
    uint64_t base = 0;
    FILE *f = fopen(path, "re");
    if (!f)
        return "cannot open the page log (qemu-x86_64 must run with -d page -D the file given as layout=)";
    *count = 0;
    *stack = 0;
    while (fgets(line, sizeof line, f)) {
        struct range r;
        uint64_t size;
        if (!strncmp(line, load, sizeof load - 1)) {
            inside = true;
        } else if (sscanf(line, "guest_base 0x%" SCNx64, &base) == 1 && base) {
            fclose(f);
            return "the guest's addresses are not the host's (guest base is not 0); let QEMU choose it";
        } else if (inside && sscanf(line, "start_stack 0x%" SCNx64, stack) == 1) {
            break;
        } else if (inside && sscanf(line, "%" SCNx64 "-%" SCNx64 " %" SCNx64 " %3s", &r.start, &r.end, &size, rights) == 4) {
            if (*count == MAX_RANGES) {
                fclose(f);
                return error_too_many;
            }
            r.prot = (rights[0] == 'r' ? OS_READ : 0) | (rights[1] == 'w' ? OS_WRITE : 0) | (rights[2] == 'x' ? OS_EXEC : 0);
            if (r.end <= UINT64_C(1) << 47) /* the page above, vsyscall, is emulated: nothing there is ever accessed */
                ranges[(*count)++] = r;
        }
    }
    fclose(f);
    return *count && *stack ? NULL : "the page log has no layout \"following binary load\"; is this QEMU 7.2's qemu-x86_64 with -d page?";
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
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %n", &m->start, &m->end, rights, &name) != 3)
            continue;
        m->shared = rights[3] == 's';
        line[strcspn(line, "\n")] = 0;
        snprintf(m->name, sizeof m->name, "%s", name && line[name] == '/' ? line + name : "");
        ++*count;
    }
    free(line);
    fclose(f);
    return NULL;
}

static bool put_piece(struct trace_writer *writer, uint64_t start, uint64_t end, uint32_t prot, const struct host_map *host, uint64_t stack)
{
    struct trace_rec rec = {.kind = TRACE_MAP};
    struct trace_extra x;
    memset(&x, 0, sizeof x);
    x.map.start = start;
    x.map.end = end;
    x.map.prot = prot;
    if (start <= stack && stack < end) {
        x.map.flags = OS_STACK | OS_GROWSDOWN;
        snprintf(x.map.name, sizeof x.map.name, "[stack]");
    } else if (host && host->name[0]) {
        size_t len = strlen(host->name), most = sizeof x.map.name - 1; /* of a long path its end says more */
        x.map.flags = OS_FILE | (host->shared ? OS_SHARED : 0);
        snprintf(x.map.name, sizeof x.map.name, "%s", host->name + (len > most ? len - most : 0));
    } else if (host && host->shared) {
        x.map.flags = OS_SHARED;
    }
    return trace_put(writer, &rec, &x);
}

const char *layout_put(struct trace_writer *writer, const char *log)
{
    static struct range ranges[MAX_RANGES];
    static struct host_map maps[MAX_RANGES];
    size_t range_count, map_count;
    uint64_t stack;
    const char *error = read_log(log, ranges, &range_count, &stack);
    if (!error)
        error = read_host(maps, &map_count);
    if (error)
        return error;
    for (size_t i = 0; i < range_count; i++) {
        uint64_t at = ranges[i].start;
        while (at < ranges[i].end) { /* cut where the host's mappings begin and end */
            uint64_t end = ranges[i].end;
            const struct host_map *host = NULL;
            for (size_t m = 0; m < map_count; m++) {
                if (maps[m].start <= at && at < maps[m].end) {
                    host = &maps[m];
                    end = host->end < end ? host->end : end;
                } else if (maps[m].start > at && maps[m].start < end) {
                    end = maps[m].start;
                }
            }
            if (!put_piece(writer, at, end, ranges[i].prot, host, stack))
                return "a mapping cannot be written";
            at = end;
        }
    }
    return NULL;
}
