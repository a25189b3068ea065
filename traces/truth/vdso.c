/* The auxiliary vector lies behind the arguments and the environment on the stack: pairs of words, the last one
 * AT_NULL. */
#define _GNU_SOURCE
#include "vdso.h"

#include <elf.h>
#include <errno.h>
#include <sys/ptrace.h>

bool hide_vdso(int pid, uint64_t sp)
{
    uint64_t at = sp + 8, word = 1;
    for (int lists = 0; lists < 2; at += 8) {
        errno = 0;
        word = (uint64_t)ptrace(PTRACE_PEEKDATA, pid, (void *)(uintptr_t)at, 0);
        if (errno)
            return false;
        lists += !word;
    }
    for (;; at += 16) {
        errno = 0;
        word = (uint64_t)ptrace(PTRACE_PEEKDATA, pid, (void *)(uintptr_t)at, 0);
        if (errno || word == AT_NULL)
            return !errno; /* this kernel has none */
        if (word == AT_SYSINFO_EHDR)
            return !ptrace(PTRACE_POKEDATA, pid, (void *)(uintptr_t)at, (void *)(uintptr_t)AT_IGNORE);
    }
}
