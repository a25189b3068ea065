/* execve: the plugin starts qemu-x86_64 anew with itself, where QEMU would let the new program run outside.
 *
 * It does so only if the kernel would accept the program; else QEMU makes the call, and it fails as it should. */
#define _GNU_SOURCE
#include "launch.h"
#include "plugin.h"

#include "qemu_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_STRINGS = 1 << 18, KERNEL = TRACE_SUPERVISOR | TRACE_AC, MOST_PATH = 4096, MOST_STRING = 128 << 10 };

/* The kernel reads a NULL-terminated array of strings. False: it cannot, the call will fail with EFAULT. */
static bool read_strings(struct cpu *c, uint64_t va)
{
    for (unsigned i = 0; va && i < MOST_STRINGS; i++, va += 8) {
        uint64_t string;
        if (peek(&string, va, sizeof string) != sizeof string)
            return false;
        put_bytes(c, TRACE_LOAD, KERNEL, va, sizeof string);
        if (!string)
            break;
        size_t len = peek_string(string, MOST_STRING);
        if (!len)
            return false;
        put_bytes(c, TRACE_LOAD, KERNEL, string, len);
    }
    return true;
}

/* The path as any process may name it: what stands for the calling program is QEMU here. */
static bool find_path(char path[MOST_PATH + 32], uint64_t number, const uint64_t arg[6])
{
    uint64_t va = number == SYS_execve ? arg[0] : arg[1];
    size_t len = peek_string(va, MOST_PATH);
    if (!len)
        return false;
    char name[MOST_PATH];
    memcpy(name, (const char *)(uintptr_t)va, len);
    if (!strcmp(name, "/proc/self/exe")) {
        snprintf(path, MOST_PATH, "%s", exec_path);
    } else if (number == SYS_execve || (int)arg[0] == AT_FDCWD || name[0] == '/') {
        snprintf(path, MOST_PATH, "%s", name);
    } else { /* the descriptor itself, or from there: by its path, since it may be closed on exec */
        char link[40];
        snprintf(link, sizeof link, "/proc/thread-self/fd/%d", (int)arg[0]);
        ssize_t n = readlink(link, path, MOST_PATH - 1);
        if (n <= 0 || (size_t)n + len + 1 >= MOST_PATH)
            return false;
        path[n] = 0;
        if (name[0])
            snprintf(path + n, MOST_PATH - (size_t)n, "/%s", name);
    }
    return true;
}

void follow_exec(struct cpu *c, uint64_t number, const uint64_t arg[6])
{
    static struct image image; /* one thread at a time: calls_take */
    static char path[MOST_PATH + 32];
    uint64_t argv = arg[number == SYS_execve ? 1 : 2], env = arg[number == SYS_execve ? 2 : 3];
    if (__atomic_load_n(&process.ch->over, __ATOMIC_RELAXED))
        return;
    calls_take(c);
    uint64_t name = number == SYS_execve ? arg[0] : arg[1];
    size_t len = peek_string(name, MOST_PATH);
    put_bytes(c, TRACE_LOAD, KERNEL, name, len);
    if (find_path(path, number, arg)) {
        int wrong = image_resolve(&image, path);
        if (wrong == ENOTSUP)
            fprintf(stderr, "twinwalk capture: %s is not for x86-64; what it does is not recorded\n", path);
        if (!wrong && read_strings(c, argv) && read_strings(c, env)) {
            hand_over_all(true);
            hand_over_and_end(c);
            launch(process.ch, (unsigned)c->task, false, &image, (char *const *)(uintptr_t)argv,
                   (char *const *)(uintptr_t)env);
            fprintf(stderr, "twinwalk capture: %s: %s; what it does is not recorded\n", process.ch->qemu,
                    strerror(errno));
            __atomic_store_n(&process.ended, 0, __ATOMIC_SEQ_CST);
        }
        for (unsigned i = 0; i < image.prefixes; i++)
            free(image.prefix[i]);
        image.prefixes = 0;
    }
    calls_give(c);
}
