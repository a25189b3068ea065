/* Workload of memfd.tw, posixshm.tw, sysv.tw and hugetlb.tw: kinds of memory that outlive a mapping, or that two
 * mappings share. A parent and a child use each in turn, and everything that is read is checked.
 *
 *     kinds memfd       a memfd mapped twice, shared and privately, unmapped and mapped again by a copy of the
 * descriptor kinds posixshm    a file in /dev/shm that both open by its name, and that is unlinked while it is mapped
 *     kinds sysv        a segment that is attached, left alone by everybody, attached again, and removed
 *     kinds hugetlb     a memfd of 2-MiB pages, shared and privately, moved, and anonymous ones; needs three such pages
 * free
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 24, WORDS = PAGE / sizeof(uint64_t), ROUNDS = 460, HUGE_BYTES = 2 << 20 };
static char *const high = (char *)0x10000000000; /* aligned to large pages, and nothing is there */

static unsigned rounds; /* of each filling, so that every kind makes about as many accesses */

static void must(int holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    exit(1);
}

static uint64_t *map(int fd, int flags, size_t bytes, char *at)
{
    uint64_t *memory = mmap(at, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    must(memory != MAP_FAILED, "mmap");
    return memory;
}

/* Writes every page, and says what must be there afterwards. */
static uint64_t fill(uint64_t *memory, unsigned pages, uint64_t seed)
{
    uint64_t sum = 0;
    for (unsigned round = 0; round < rounds; round++)
        for (unsigned page = 0; page < pages; page++)
            for (unsigned word = 0; word < WORDS; word += 16)
                memory[page * WORDS + word] = seed + word + round * page;
    for (unsigned page = 0; page < pages; page++)
        for (unsigned word = 0; word < WORDS; word += 16)
            sum = sum * 31 + memory[page * WORDS + word];
    return sum;
}

static uint64_t sum_of(const uint64_t *memory, unsigned pages)
{
    uint64_t sum = 0;
    for (unsigned page = 0; page < pages; page++)
        for (unsigned word = 0; word < WORDS; word += 16)
            sum = sum * 31 + memory[page * WORDS + word];
    return sum;
}

/* In a child, which ends with 0 when it finds what it should. */
static void in_child(int (*work)(void *with), void *with)
{
    int status;
    fflush(stdout);
    const pid_t pid = fork();
    must(pid >= 0, "fork");
    if (!pid)
        _exit(work(with));
    must(waitpid(pid, &status, 0) == pid && status == 0, "the child");
}

static int write_first(void *with)
{
    uint64_t *memory = with;
    const int right = memory[0] == 7;
    memory[0] = 8;
    return !right;
}

static void memfd(void)
{
    const int fd = memfd_create("kinds", 0);
    must(fd >= 0 && !ftruncate(fd, PAGES * PAGE), "memfd_create");
    uint64_t *a = map(fd, MAP_SHARED, PAGES * PAGE, NULL), *b = map(fd, MAP_SHARED, PAGES * PAGE, NULL);
    uint64_t *own = map(fd, MAP_PRIVATE, PAGES * PAGE, NULL);
    const uint64_t sum = fill(a, PAGES, 1);
    must(sum_of(b, PAGES) == sum && sum_of(own, PAGES) == sum, "sharing");
    own[0] = 5;
    b[0] = 7;
    must(a[0] == 7 && own[0] == 5, "a copy of its own");
    in_child(write_first, a);
    must(b[0] == 8, "what the child wrote");
    must(!munmap(a, PAGES * PAGE) && !munmap(b, PAGES * PAGE) && !munmap(own, PAGES * PAGE), "munmap");
    uint64_t *again = map(dup(fd), MAP_SHARED, PAGES * PAGE, NULL);
    must(again[0] == 8 && again[16] == 1 + 16, "what was written before");
}

static int open_by_name(void *with)
{
    const int fd = shm_open(with, O_RDWR, 0600);
    uint64_t *memory = map(fd, MAP_SHARED, PAGES * PAGE, NULL);
    const uint64_t sum = fill(memory, PAGES, 3);
    memory[0] = 7;
    return !sum;
}

static void posixshm(void)
{
    char name[] = "/twinwalk-kinds";
    const int fd = shm_open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    must(fd >= 0 && !ftruncate(fd, PAGES * PAGE), "shm_open");
    uint64_t *memory = map(fd, MAP_SHARED, PAGES * PAGE, NULL);
    fill(memory, PAGES, 1);
    in_child(open_by_name, name);
    must(memory[0] == 7, "what the child wrote");
    must(!shm_unlink(name), "shm_unlink");
    uint64_t *again = map(fd, MAP_SHARED, PAGES * PAGE, NULL);
    again[0] = 9;
    must(memory[0] == 9 && sum_of(memory, PAGES) == sum_of(again, PAGES), "sharing without a name");
}

static int attach(void *with)
{
    uint64_t *memory = shmat(*(int *)with, NULL, 0);
    must(memory != (void *)-1, "shmat");
    const int right = memory[0] == 6;
    memory[0] = 7;
    return !right;
}

static void sysv(void)
{
    int id = shmget(IPC_PRIVATE, PAGES * PAGE, 0600);
    uint64_t *memory = shmat(id, NULL, 0);
    must(id >= 0 && memory != (void *)-1, "shmget");
    fill(memory, PAGES, 1);
    memory[0] = 6;
    const uint64_t sum = sum_of(memory, PAGES);
    must(!shmdt(memory), "shmdt"); /* nobody has it now */
    in_child(attach, &id);         /* and nobody again */
    memory = shmat(id, NULL, 0);
    must(memory != (void *)-1 && memory[0] == 7, "what the child wrote");
    memory[0] = 6;
    must(sum_of(memory, PAGES) == sum, "what was written before");
    must(!shmctl(id, IPC_RMID, NULL), "shmctl");
    must(!munmap((char *)memory + PAGE, PAGE) && !shmdt(memory), "shmdt of what is left");
}

static int write_all(void *with)
{
    return !fill(with, PAGES, 5);
}

static void hugetlb(void)
{
    const int fd = memfd_create("kinds", MFD_HUGETLB);
    must(fd >= 0 && !ftruncate(fd, HUGE_BYTES), "memfd_create of large pages");
    uint64_t *shared = map(fd, MAP_SHARED, HUGE_BYTES, high); /* without MAP_HUGETLB: the file knows */
    uint64_t *own = map(fd, MAP_PRIVATE | MAP_HUGETLB, HUGE_BYTES, high + 8 * HUGE_BYTES);
    const uint64_t sum = fill(shared, PAGES, 1);
    must(sum_of(own, PAGES) == sum, "sharing");
    own[0] = 5;
    shared[0] = 7;
    shared[WORDS] = 11;
    must(own[0] == 5 && own[WORDS] != 11, "the whole large page is a copy");
    in_child(write_all, shared);
    must(sum_of(shared, PAGES) != sum, "what the child wrote");
    must(!munmap(shared, HUGE_BYTES) && !munmap(own, HUGE_BYTES), "munmap");
    shared = map(fd, MAP_SHARED, HUGE_BYTES, high + 16 * HUGE_BYTES);
    must(sum_of(shared, PAGES) != sum && shared[WORDS] != 11, "what was written before");
    uint64_t *anonymous = map(-1, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, HUGE_BYTES, high + 24 * HUGE_BYTES);
    const uint64_t other = fill(anonymous, PAGES, 9);
    must(munmap(anonymous, PAGE) != 0, "a part of a large page went"); /* EINVAL */
    must(!madvise(anonymous, PAGE, MADV_DONTNEED) && sum_of(anonymous, PAGES) == other, "less than a page");
    must(!madvise(anonymous, HUGE_BYTES, MADV_DONTNEED) && anonymous[16] == 0, "a whole page");
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    rounds = ROUNDS / (!strcmp(kind, "posixshm") ? 2 : !strcmp(kind, "hugetlb") ? 3 : 1);
    if (!strcmp(kind, "memfd"))
        memfd();
    else if (!strcmp(kind, "posixshm"))
        posixshm();
    else if (!strcmp(kind, "sysv"))
        sysv();
    else if (!strcmp(kind, "hugetlb"))
        hugetlb();
    else
        return 2;
    puts("as it should be");
    return 0;
}
