/* A program to be recorded: threads, fork, exec, memory shared between processes, a killed child, and code that is
 * written and run. tb/tests/test_capture.sh knows what the trace of it must show. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, THREADS = 3, LOOPS = 500, TOO_MANY = 300, ROUNDS = 100 };

static volatile unsigned sink;

/* Each thread maps, uses and unmaps memory of its own while the others do. */
static void *work(void *arg)
{
    unsigned id = (unsigned)(uintptr_t)arg;
    for (unsigned i = 0; i < 20; i++) {
        volatile unsigned char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (unsigned n = 0; n < LOOPS; n++)
            p[n * 7 % (4 * PAGE)] = (unsigned char)(n + id);
        mprotect((void *)p, PAGE, PROT_READ);
        sink += p[id];
        munmap((void *)p, 4 * PAGE);
    }
    return NULL;
}

/* One thread maps, the other uses, the first unmaps. Behind its use the second waits in tee(), before which the
 * recorder does not hand over. */
static unsigned char *volatile box;
static int mapped[2], unmapped[2], rest[2];

static void *use(void *arg)
{
    char byte;
    for (unsigned i = 0; i < ROUNDS && read(mapped[0], &byte, 1) == 1; i++) {
        for (unsigned page = 0; page < 8; page++)
            box[page * PAGE]++;
        box = NULL;
        if (tee(unmapped[0], rest[1], 1, 0) != 1 || read(unmapped[0], &byte, 1) != 1 || read(rest[0], &byte, 1) != 1)
            break;
    }
    return arg;
}

static int unmap_behind(void)
{
    pthread_t user;
    if (pipe(mapped) || pipe(unmapped) || pipe(rest))
        return 6;
    pthread_create(&user, NULL, use, NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        box = p;
        if (write(mapped[1], "m", 1) != 1)
            return 6;
        while (box)
            sched_yield();
        munmap(p, 8 * PAGE);
        if (write(unmapped[1], "u", 1) != 1)
            return 6;
    }
    pthread_join(user, NULL);
    return 0;
}

/* Waits until the parent has written to the shared page, and answers there. */
static int child(int pipe, volatile unsigned *shared)
{
    char go;
    if (read(pipe, &go, 1) != 1 || shared[0] != 1)
        return 1;
    shared[1] = 2;
    return 7;
}

/* Writes a function, makes it executable, calls it; several times in the same place. */
static unsigned run_written_code(void)
{
    unsigned char *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned sum = 0;
    for (unsigned char i = 0; i < 10; i++) {
        const unsigned char function[] = {0xb8, i, 0, 0, 0, 0xc3}; /* mov eax, i; ret */
        mprotect(code, PAGE, PROT_READ | PROT_WRITE);
        memcpy(code, function, sizeof function);
        mprotect(code, PAGE, PROT_READ | PROT_EXEC);
        sum += ((unsigned (*)(void))(uintptr_t)code)();
    }
    return sum;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "many")) {
        for (unsigned i = 0; i < TOO_MANY; i++)
            if (!fork())
                pause();
        return 0;
    }
    if (argc > 1 && !strcmp(argv[1], "unmap"))
        return unmap_behind();
    if (argc > 1) {
        printf("%s executed\n", argv[0]);
        return 0;
    }
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, work, (void *)i);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);

    int status, pipes[2], fd = memfd_create("shared", 0);
    if (ftruncate(fd, PAGE) || pipe(pipes))
        return 1;
    volatile unsigned *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    pid_t pid = fork();
    if (!pid)
        _exit(child(pipes[0], shared));
    shared[0] = 1;
    if (write(pipes[1], "g", 1) != 1)
        return 1;
    waitpid(pid, &status, 0);
    if (WEXITSTATUS(status) != 7 || shared[1] != 2)
        return 2;

    pid = fork();
    if (!pid) {
        execlp(argv[0], "again", "x", NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    if (status)
        return 3;

    pid = fork();
    if (!pid)
        raise(SIGKILL);
    waitpid(pid, &status, 0);
    if (!WIFSIGNALED(status))
        return 4;
    return run_written_code() == 45 ? 42 : 5;
}
