/* A program for `make truth`: a file of 64 pages (argv[1]) that two processes share and write to. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 64 };

static unsigned touch(volatile char *at, size_t first, size_t end, size_t step, int write)
{
    unsigned sum = 0;
    for (size_t i = first; i < end; i += step) {
        sum += (unsigned char)at[i * PAGE];
        if (write)
            at[i * PAGE] = 'x';
    }
    return sum;
}

int main(int argc, char **argv)
{
    int fd = argc > 1 ? open(argv[1], O_RDWR) : -1, status = 0;
    char *at = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *own = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (fd < 0 || at == MAP_FAILED || own == MAP_FAILED)
        return 1;
    unsigned sum = touch(at, 5, 6, 1, 0); /* with its neighbours */
    touch(at, 0, 16, 3, 1);               /* first writes to pages that are there */
    touch(at, 32, 48, 5, 1);              /* and to such as are not */
    sum += touch(own, 0, 32, 9, 0);
    touch(own, 0, 32, 4, 1);
    mprotect(at, 8 * PAGE, PROT_READ);
    mprotect(at, 8 * PAGE, PROT_READ | PROT_WRITE);
    touch(at, 0, 8, 1, 1);
    pid_t pid = fork();
    if (!pid) {
        touch(at, 0, PAGES, 2, 1);
        touch(own, 0, PAGES, 3, 1);
        munmap(at + 16 * PAGE, 16 * PAGE);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
        return 1;
    sum += touch(at, 0, PAGES, 1, 0) + touch(own, 0, PAGES, 2, 0);
    msync(at, (size_t)PAGES * PAGE, MS_SYNC);
    puts("done");
    return sum == UINT_MAX;
}
