/* A program for `make truth`: transparent large pages where madvise asks for them, split by what comes later. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, LARGE = 512 * PAGE, PIECES = 8 };

static unsigned touch(volatile char *at, size_t bytes, size_t step, int write)
{
    unsigned sum = 0;
    for (size_t i = 0; i < bytes; i += step) {
        sum += (unsigned char)at[i];
        if (write)
            at[i] = (char)(i / PAGE);
    }
    return sum;
}

int main(void)
{
    /* A place of its own: elsewhere it would be where the kernel or QEMU likes it, and not equally aligned. */
    char *at = mmap((void *)0x200000000000, (PIECES + 1) * LARGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (at == MAP_FAILED)
        return 1;
    touch(at, (PIECES + 1) * (size_t)LARGE, 4 * LARGE, 1); /* small pages, before anybody asks for large ones */
    madvise(at, PIECES * (size_t)LARGE, MADV_HUGEPAGE);
    unsigned sum = touch(at + LARGE, LARGE, 16 * PAGE, 0); /* the large page of zeros */
    for (int i = 1; i < PIECES; i++)
        at[(size_t)i * LARGE + 3 * PAGE] = (char)i;             /* a large page each */
    munmap(at + 2 * LARGE + 5 * PAGE, 7 * PAGE);                /* split */
    mprotect(at + 3 * LARGE + 64 * PAGE, 64 * PAGE, PROT_READ); /* split, too */
    madvise(at + 5 * LARGE, 100 * PAGE, MADV_DONTNEED);
    touch(at + 5 * LARGE, 50 * PAGE, PAGE, 1);
    pid_t pid = fork();
    if (!pid) {
        touch(at + 6 * LARGE, LARGE, 64 * PAGE, 1); /* a large page that two share is split before it is copied */
        _exit(0);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
        return 1;
    touch(at + 6 * LARGE, LARGE, 128 * PAGE, 1);
    touch(at + 7 * LARGE, LARGE, PAGE, 1);
    printf("%u\n", sum);
    return 0;
}
