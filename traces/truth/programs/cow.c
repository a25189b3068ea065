/* A program for `make truth`: what a process can do to its memory, and to that of its children. Everything happens in a
 * fixed order: the parent waits while a child works, and a child while the parent does. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 2048, SHARED_PAGES = 64 };

static char bss[300 * PAGE], data[8 * PAGE] = "data";

static void *take(size_t bytes, int prot, int flags)
{
    void *at = mmap(NULL, bytes, prot, flags | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return at;
}

/* Every step-th page from the first on: written, or only read. */
static unsigned touch(volatile char *at, size_t first, size_t pages, size_t step, int write)
{
    unsigned sum = 0;
    for (size_t i = first; i < pages; i += step) {
        sum += (unsigned char)at[i * PAGE];
        if (write)
            at[i * PAGE] = (char)(i + sum);
    }
    return sum;
}

/* Stack: a kilobyte a level. */
static unsigned dive(unsigned depth)
{
    volatile char frame[1024];
    memset((void *)frame, (int)depth, sizeof frame);
    return depth ? dive(depth - 1) + (unsigned char)frame[depth % sizeof frame] : 0;
}

static void signal_other(int fd)
{
    if (write(fd, "x", 1) != 1)
        _exit(3);
}

static void wait_other(int fd)
{
    char c;
    if (read(fd, &c, 1) != 1)
        _exit(3);
}

static void child(char *private, char *shared, char *aside, int from_parent, int to_parent)
{
    touch(private, 0, PAGES / 2, 2, 1);     /* copies */
    touch(private, PAGES / 2, PAGES, 3, 0); /* stays shared */
    touch(shared, 0, SHARED_PAGES, 2, 1);
    signal_other(to_parent);
    wait_other(from_parent); /* the parent has written meanwhile */
    touch(private, PAGES / 2, PAGES, 4, 1);
    munmap(aside, 100 * PAGE);
    dive(60);
    _exit(0);
}

int main(void)
{
    char *private = take((size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    char *shared = take((size_t)SHARED_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    char *aside = take(200 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    char *filled = take(32 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE);
    int down[2], up[2];
    unsigned sum = touch(private, 0, PAGES, 1, 1) + touch(aside, 0, 200, 1, 0) + touch(aside, 0, 100, 3, 1) +
                   touch(filled, 0, 32, 1, 1);
    sum += touch(bss, 0, 300, 7, 0) + touch(bss, 0, 300, 11, 1) + touch(data, 0, 8, 2, 1) + dive(100);
    mprotect(private, 100 * PAGE, PROT_READ);
    mprotect(private, 100 * PAGE, PROT_READ | PROT_WRITE);
    touch(private, 0, 100, 5, 1);
    madvise(private + 200 * PAGE, 50 * PAGE, MADV_DONTNEED);
    touch(private, 200, 250, 2, 0);
    aside = mremap(aside, 200 * PAGE, 400 * PAGE, MREMAP_MAYMOVE);
    touch(aside, 150, 400, 5, 1);
    if (pipe(down) || pipe(up))
        return 1;
    pid_t pid = fork();
    if (!pid)
        child(private, shared, aside, down[0], up[1]);
    wait_other(up[0]);
    touch(private, 0, PAGES / 4, 1, 1);
    touch(shared, 0, SHARED_PAGES, 3, 0);
    signal_other(down[1]);
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
        return 1;
    touch(private, 0, PAGES, 1, 1); /* alone again: nothing is copied any more */
    printf("%u\n", sum);
    return 0;
}
