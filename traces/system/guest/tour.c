/* One of each: what user programs do to their page tables. */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define HUGE (2u << 20)

static sigjmp_buf after_fault;

static void on_fault(int number)
{
    (void)number;
    siglongjmp(after_fault, 1);
}

/* Does a write of one byte fault? */
static bool write_faults(volatile unsigned char *at)
{
    struct sigaction action = {.sa_handler = on_fault};
    sigaction(SIGSEGV, &action, NULL);
    if (sigsetjmp(after_fault, 1))
        return true;
    *at = 1;
    return false;
}

/* fork: both write to what they share, then one ends or becomes another program. */
static void copy_on_write(const char *const *program)
{
    enum { PAGES = 24 };
    unsigned char *at = map_memory(PAGES * PAGE);
    for (unsigned i = 0; i < PAGES; i++)
        at[i * PAGE] = (unsigned char)i;
    pid_t child = fork();
    if (child < 0)
        die("fork");
    if (!child) {
        for (unsigned i = 0; i < PAGES; i += 2)
            at[i * PAGE] += 100;
        for (unsigned i = 0; i < PAGES; i++)
            expect(at[i * PAGE] == i + (i % 2 ? 0 : 100), "copy on write, child");
        if (program)
            execv(program[0], (char *const *)program);
        _exit(program ? 1 : 0);
    }
    for (unsigned i = 0; i < PAGES; i += 3)
        at[i * PAGE] += 50;
    wait_for(child, "copy on write");
    for (unsigned i = 0; i < PAGES; i++)
        expect(at[i * PAGE] == i + (i % 3 ? 0 : 50), "copy on write, parent");
    munmap(at, PAGES * PAGE);
}

static void files(const char *dir)
{
    enum { PAGES = 16 };
    char path[256];
    snprintf(path, sizeof path, "%s/twinwalk-tour", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || ftruncate(fd, PAGES * PAGE))
        die(path);
    unsigned char *shared = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    unsigned char *mine = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (shared == MAP_FAILED || mine == MAP_FAILED)
        die("mmap of a file");
    for (unsigned i = 0; i < PAGES; i++)
        shared[i * PAGE] = (unsigned char)(i + 1);
    for (unsigned i = 0; i < PAGES; i++)
        expect(mine[i * PAGE] == i + 1, "a file's page");
    mine[0] = 77; /* copied */
    expect(shared[0] == 1, "a private page of a file");
    if (msync(shared, PAGES * PAGE, MS_SYNC) || munmap(shared, PAGES * PAGE) || munmap(mine, PAGES * PAGE) ||
        close(fd) || unlink(path))
        die("a file's end");
}

/* Rights are taken and given, pages moved and dropped. */
static void rights(void)
{
    enum { PAGES = 12 };
    unsigned char *at = map_memory(PAGES * PAGE);
    memset(at, 1, PAGES * PAGE);
    if (mprotect(at + 4 * PAGE, 4 * PAGE, PROT_READ))
        die("mprotect");
    expect(write_faults(at + 5 * PAGE), "a page that cannot be written");
    expect(!write_faults(at + 3 * PAGE), "a page that can be written");
    if (mprotect(at + 4 * PAGE, 4 * PAGE, PROT_NONE))
        die("mprotect");
    expect(write_faults(at + 6 * PAGE), "a page without rights");
    if (mprotect(at, PAGES * PAGE, PROT_READ | PROT_WRITE))
        die("mprotect");
    at[5 * PAGE] = 9;
    unsigned char *moved = mremap(at, PAGES * PAGE, 3 * PAGES * PAGE, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED)
        die("mremap");
    expect(moved[5 * PAGE] == 9 && moved[6 * PAGE] == 1 && moved[PAGES * PAGE] == 0, "mremap");
    if (madvise(moved, PAGES * PAGE, MADV_DONTNEED))
        die("madvise");
    expect(moved[5 * PAGE] == 0, "madvise");
    munmap(moved, 3 * PAGES * PAGE);
}

/* One huge page, read and written, then split by dropping a piece of it. */
static void huge_page(void)
{
    unsigned char *all = map_memory(2 * HUGE);
    unsigned char *at = (unsigned char *)(((uintptr_t)all + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
    if (madvise(at, HUGE, MADV_HUGEPAGE))
        die("madvise");
    for (unsigned i = 0; i < 512; i += 16)
        at[i * PAGE] = (unsigned char)(i / 16 + 1);
    if (madvise(at + 32 * PAGE, 16 * PAGE, MADV_DONTNEED))
        die("madvise");
    expect(at[32 * PAGE] == 0 && at[16 * PAGE] == 2 && at[48 * PAGE] == 4, "a huge page");
    munmap(all, 2 * HUGE);
}

static void keys(void)
{
    unsigned char *at = map_memory(4 * PAGE);
    int key = pkey_alloc(0, 0);
    if (key < 0)
        return; /* this machine has none */
    at[0] = 5;
    if (pkey_mprotect(at, 2 * PAGE, PROT_READ | PROT_WRITE, key))
        die("pkey_mprotect");
    pkey_set(key, PKEY_DISABLE_WRITE);
    expect(at[0] == 5, "a page under a key");
    expect(write_faults(at), "a page whose key forbids writes");
    pkey_set(key, PKEY_DISABLE_ACCESS);
    expect(write_faults(at + PAGE), "a page whose key forbids everything");
    pkey_set(key, 0);
    expect(!write_faults(at), "a page whose key allows everything");
    munmap(at, 4 * PAGE);
    pkey_free(key);
}

static void *other_thread(void *shared)
{
    unsigned char *at = shared, *own = map_memory(8 * PAGE);
    for (unsigned i = 0; i < 8; i++)
        own[i * PAGE] = at[i * PAGE];
    munmap(own, 8 * PAGE);
    return shared;
}

static void threads(void)
{
    unsigned char *at = map_memory(8 * PAGE);
    pthread_t thread;
    void *result;
    at[PAGE] = 3;
    if (pthread_create(&thread, NULL, other_thread, at) || pthread_join(thread, &result))
        die("pthread_create");
    expect(result == at && at[PAGE] == 3, "a thread");
    munmap(at, 8 * PAGE);
}

int tour(const char *dir)
{
    static const char *const program[] = {"/bin/busybox", "true", NULL};
    mark(11);
    copy_on_write(NULL);
    mark(12);
    copy_on_write(program);
    mark(13);
    files(dir);
    mark(14);
    rights();
    mark(15);
    keys();
    mark(16);
    threads();
    mark(17);
    huge_page();
    mark(18);
    return 0;
}
