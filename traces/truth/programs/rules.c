/* The rules of memory that model/os follows, asked of the kernel that runs here (docs/os-model.md, section 5).
 *
 * A line for each that does not hold; at the end how many do. Exit status 0: all that could be tried hold. Without free
 * pages of 2 MiB those of MAP_HUGETLB are not tried, and the last line says so. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, LARGE = 2 << 20, RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };
enum { MOVE = MREMAP_MAYMOVE, MOVE_TO = MREMAP_MAYMOVE | MREMAP_FIXED, DONTUNMAP = MREMAP_MAYMOVE | 4 };

static char *const base = (char *)0x100000000000;
static unsigned held, broken;

static void rule(bool holds, const char *what)
{
    held += holds;
    broken += !holds;
    if (!holds)
        printf("does not hold: %s\n", what);
}

/* The call before has failed, and so. */
static bool failed(long result, int error)
{
    return result == -1 && errno == error;
}

static char *map(char *at, size_t bytes, int flags, int fd, off_t offset)
{
    return (char *)syscall(SYS_mmap, at, bytes, RW, flags | MAP_FIXED, fd, offset);
}

static long remap(char *from, size_t old, size_t new, int flags, char *to)
{
    return syscall(SYS_mremap, from, old, new, flags, to);
}

static long faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

static bool is_mapped(char *at)
{
    unsigned char there;
    return mincore(at, PAGE, &there) == 0;
}

static void large_pages_stay_whole(void)
{
    char *a = map(base, 2 * LARGE, ANON | MAP_HUGETLB, -1, 0);
    a[0] = 1;
    a[LARGE] = 2;
    rule(failed(munmap(a, PAGE), EINVAL), "munmap of a part of a large page is EINVAL");
    rule(failed(mprotect(a + PAGE, PAGE, PROT_READ), EINVAL), "mprotect of a part of a large page is EINVAL");
    rule(failed((long)map(a + PAGE, PAGE, ANON, -1, 0), EINVAL), "mmap over a part of a large page is EINVAL");
    rule(failed(madvise(a, PAGE, MADV_DONTFORK), EINVAL), "advice that cuts a large page is EINVAL");
    rule(!madvise(a, LARGE + PAGE, MADV_DONTNEED) && !a[0] && a[LARGE] == 2, "DONTNEED rounds its length down");
    a[0] = 1;
    rule(!madvise(a, PAGE, MADV_DONTNEED) && a[0] == 1, "DONTNEED of less than a large page does nothing");
    rule(failed(madvise(a + PAGE, LARGE - PAGE, MADV_DONTNEED), EINVAL), "DONTNEED from inside a large page is EINVAL");
    rule(failed(madvise(a, LARGE, MADV_FREE), EINVAL), "MADV_FREE of large pages is EINVAL");
    munmap(a, 2 * LARGE);
    rule(failed((long)map(base + PAGE, LARGE, ANON | MAP_HUGETLB, -1, 0), EINVAL), "an unaligned mapping is EINVAL");
    rule(failed((long)map(base, 0, ANON | MAP_HUGETLB, -1, 0), EINVAL), "a mapping of length 0 is EINVAL");
    rule((long)map((char *)0x7fffffe00000, PAGE, ANON | MAP_HUGETLB, -1, 0) == -1,
         "a length that is rounded beyond user space is an error");
}

static void large_pages_move_whole(void)
{
    char *a = map(base, LARGE, ANON | MAP_HUGETLB, -1, 0), *to = base + 8 * LARGE;
    a[LARGE / 2] = 7;
    rule(failed(remap(a, LARGE, LARGE + PAGE, 0, 0), EINVAL) && failed(remap(a, LARGE, LARGE + PAGE, MOVE, 0), EINVAL),
         "mremap grows no large pages");
    rule(failed(remap(a, LARGE, LARGE, MOVE_TO, to + PAGE), EINVAL), "mremap to an unaligned place is EINVAL");
    rule(failed(remap(a + PAGE, PAGE, PAGE, MOVE_TO, to), EINVAL), "mremap from inside a large page is EINVAL");
    rule(failed(remap(a, LARGE, LARGE, DONTUNMAP, 0), EINVAL), "MREMAP_DONTUNMAP of large pages is EINVAL");
    rule(remap(a, LARGE, PAGE, 0, 0) == (long)a && a[LARGE / 2] == 7, "mremap rounds the new length up");
    rule(remap(a, PAGE, PAGE, MOVE_TO, to) == (long)to && to[LARGE / 2] == 7, "mremap rounds the old length up");
    munmap(to, LARGE);
    a = map(base, LARGE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    rule(failed(remap(a, 0, PAGE, MOVE, 0), EINVAL) && failed(remap(a, 0, LARGE, MOVE, 0), EINVAL),
         "a shared mapping of large pages is not copied by length 0");
    munmap(a, LARGE);
}

static void large_pages_of_files(void)
{
    const int fd = memfd_create("rules", MFD_HUGETLB), small = memfd_create("small", 0);
    rule(!ftruncate(fd, 4 * LARGE) && !ftruncate(small, LARGE), "memfds");
    char *shared = map(base, LARGE, MAP_SHARED, fd, 0), *own = map(base + 4 * LARGE, LARGE, MAP_PRIVATE, fd, 0);
    rule(failed(munmap(shared, PAGE), EINVAL), "a file of hugetlbfs needs no MAP_HUGETLB");
    rule(failed((long)map(base + 8 * LARGE, LARGE, MAP_SHARED | MAP_HUGETLB, fd, PAGE), EINVAL),
         "an unaligned offset is EINVAL");
    rule(failed((long)map(base + 8 * LARGE, LARGE, MAP_SHARED | MAP_HUGETLB, small, 0), EINVAL),
         "MAP_HUGETLB of another file is EINVAL");
    shared[0] = 5;
    long before = faults();
    rule(own[0] == 5 && faults() - before == 1, "a private mapping reads the file's page");
    before = faults();
    own[0] = 9;
    rule(faults() - before == 1 && shared[0] == 5, "and has its own when it writes");
    shared[PAGE] = 77;
    rule(own[PAGE] == 0, "which is the whole large page");
    char *hole = map(base + 8 * LARGE, LARGE, MAP_PRIVATE, fd, 2 * LARGE);
    char *file = map(base + 12 * LARGE, LARGE, MAP_SHARED, fd, 2 * LARGE);
    rule(hole[0] == 0, "a hole reads as zeros");
    file[0] = 8;
    rule(hole[0] == 0, "a hole that was read privately is a page of the process's own");
    rule(!madvise(hole, LARGE, MADV_DONTNEED) && hole[0] == 8, "until DONTNEED");
    munmap(base, 16 * LARGE);
    shared = map(base, LARGE, MAP_SHARED, fd, 0);
    rule(shared[0] == 5 && shared[PAGE] == 77, "the file keeps its pages when nobody maps them");
    munmap(shared, LARGE);
    char *a = map(base, LARGE, ANON | MAP_HUGETLB, -1, 0);
    before = faults();
    rule(a[0] == 0 && faults() - before == 1, "a private large page that is read is one fault");
    before = faults();
    a[0] = 1;
    rule(faults() - before == 1, "and its first write another");
    munmap(a, LARGE);
    close(fd);
    close(small);
}

static void segments(void)
{
    const int id = shmget(IPC_PRIVATE, 3 * PAGE, 0600);
    char *s = shmat(id, NULL, 0);
    s[0] = 4;
    s[2 * PAGE] = 6;
    shmdt(s);
    s = shmat(id, NULL, 0);
    rule(s[0] == 4 && s[2 * PAGE] == 6, "a segment stays when nobody has it attached");
    munmap(s + PAGE, PAGE);
    rule(!shmdt(s) && !is_mapped(s + 2 * PAGE), "shmdt passes over a gap");
    s = shmat(id, NULL, 0);
    munmap(s, PAGE);
    rule(!shmdt(s) && !is_mapped(s + 2 * PAGE), "and takes what is left without the first page");
    s = shmat(id, NULL, 0);
    char *moved = (char *)remap(s + PAGE, 2 * PAGE, 2 * PAGE, MOVE_TO, base);
    rule(!shmdt(s) && failed(shmdt(moved), EINVAL) && !shmdt(moved - PAGE), "a part that moved goes by where it began");
    s = shmat(id, NULL, 0);
    rule(failed((long)shmat(id, s, 0), EINVAL) && shmat(id, s, SHM_REMAP) == s, "only SHM_REMAP replaces a mapping");
    rule(!shmctl(id, IPC_RMID, NULL), "IPC_RMID");
    char *again = shmat(id, NULL, 0);
    rule(again != (char *)-1 && again[0] == 4, "a removed segment can be attached while somebody has it");
    shmdt(again);
    shmdt(s);
    rule((long)shmat(id, NULL, 0) == -1, "and is gone after that");
}

static void ranges(void)
{
    char *a = map(base, 3 * PAGE, ANON, -1, 0);
    a[0] = 1;
    a[2 * PAGE] = 2;
    munmap(a + PAGE, PAGE);
    rule(failed(madvise(a, 3 * PAGE, MADV_DONTNEED), ENOMEM) && !a[0] && !a[2 * PAGE],
         "madvise over a gap is ENOMEM, and done all the same");
    int pipes[2];
    rule(!pipe(pipes) && failed(mprotect(a, 3 * PAGE, PROT_READ), ENOMEM) && write(pipes[1], "ab", 2) == 2 &&
             failed(read(pipes[0], a, 1), EFAULT) && read(pipes[0], a + 2 * PAGE, 1) == 1,
         "mprotect over a gap is ENOMEM, and done before it");
    rule(!munmap(a, 3 * PAGE) && !munmap(a, PAGE), "munmap where nothing is");
    rule(failed(munmap(a, 0), EINVAL) && failed(munmap(a + 1, PAGE), EINVAL), "munmap of nothing, or unaligned");
    a = map(base, 3 * PAGE, ANON, -1, 0);
    rule(failed(remap(a, 0, PAGE, MOVE, 0), EINVAL), "mremap copies no private mapping");
    rule(failed(remap(a, PAGE, 0, MOVE, 0), EINVAL), "mremap to length 0");
    rule(failed(remap(a, 2 * PAGE, 2 * PAGE, MOVE_TO, a + PAGE), EINVAL), "mremap onto itself");
    rule(failed(remap(a, 2 * PAGE, PAGE, DONTUNMAP, 0), EINVAL), "MREMAP_DONTUNMAP of another length");
    mprotect(a + PAGE, PAGE, PROT_READ);
    rule(remap(a, 3 * PAGE, PAGE, 0, 0) == (long)a && !is_mapped(a + PAGE), "mremap shrinks over several mappings");
    munmap(base, 3 * PAGE);
}

static bool has_large(void)
{
    char *a = map(base, 3 * LARGE, ANON | MAP_HUGETLB, -1, 0);
    if (a == base)
        munmap(a, 3 * LARGE);
    return a == base;
}

int main(void)
{
    const bool large = has_large();
    segments();
    ranges();
    if (large) {
        large_pages_stay_whole();
        large_pages_move_whole();
        large_pages_of_files();
    }
    printf("%u rules hold, %u do not%s\n", held, broken,
           large ? "" : "; no free pages of 2 MiB, so none of theirs tried");
    return broken ? 1 : 0;
}
