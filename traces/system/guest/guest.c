/* The program of Twinwalk's own inside the captured guest: marks places of the run for the recorder, and does what
 * exercises paging.
 *
 *   guest mark N         executes mark N, a long NOP whose displacement the recorder knows (traces/system/decode.h)
 *   guest tour DIR       one of each: demand zero, fork and copy on write, exec, files mapped private and shared,
 *                        mprotect, mremap,
 *                        madvise, a huge page, protection keys, threads
 *   guest hog MIB ROUNDS writes MIB of memory and reads it back, round after round: with less memory than that it swaps
 *   guest keys           is there a pkey_alloc that works? (the exit status)
 *   guest off            switches the machine off
 *
 * Everything checks what it reads, and ends with a line on stderr and status 1 when that is wrong. */
#define _GNU_SOURCE
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u

void die(const char *what)
{
    perror(what);
    exit(1);
}

void expect(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "guest: %s: not what was written\n", what);
    exit(1);
}

unsigned char *map_memory(size_t bytes)
{
    unsigned char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        die("mmap");
    return at;
}

void wait_for(pid_t child, const char *what)
{
    int status;
    if (waitpid(child, &status, 0) != child || status) {
        fprintf(stderr, "guest: %s: status %#x\n", what, status);
        exit(1);
    }
}

/* The number must be in the instruction, so there is one for each. */
#define MARK(n)                                                                                   \
    case n:                                                                                       \
        __asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00\n .long 0x54570000 + " #n : : : "memory"); \
        return 0
int mark(int n)
{
    switch (n) {
        MARK(1);
        MARK(2);
        MARK(3);
        MARK(4);
        MARK(5);
        MARK(6);
        MARK(7);
        MARK(8);
        MARK(9);
        MARK(10);
        MARK(11);
        MARK(12);
        MARK(13);
        MARK(14);
        MARK(15);
        MARK(16);
        MARK(17);
        MARK(18);
        MARK(19);
        MARK(20);
    }
    fprintf(stderr, "guest: marks are 1 to 20\n");
    return 2;
}

static int hog(size_t pages, int rounds)
{
    unsigned char *at = map_memory(pages * PAGE);
    if (madvise(at, pages * PAGE, MADV_NOHUGEPAGE)) /* one page at a time */
        die("madvise");
    for (int round = 0; round < rounds; round++) {
        mark(19);
        for (size_t i = 0; i < pages; i++)
            memcpy(at + i * PAGE + (size_t)round * 64, &i, sizeof i);
        mark(20);
        for (size_t i = 0; i < pages; i++)
            for (int past = 0; past <= round; past++)
                expect(!memcmp(at + i * PAGE + (size_t)past * 64, &i, sizeof i), "hog");
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "mark"))
        return mark(atoi(argv[2]));
    if (argc == 3 && !strcmp(argv[1], "tour"))
        return tour(argv[2]);
    if (argc == 4 && !strcmp(argv[1], "hog") && atoi(argv[3]) <= 64)
        return hog((size_t)atoi(argv[2]) * 256, atoi(argv[3]));
    if (argc == 2 && !strcmp(argv[1], "keys"))
        return pkey_alloc(0, 0) < 0;
    if (argc == 2 && !strcmp(argv[1], "off"))
        return reboot(RB_POWER_OFF);
    fprintf(stderr, "guest: mark N | tour DIR | hog MIB ROUNDS | keys | off\n");
    return 2;
}
