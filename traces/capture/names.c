/* Names of files: one name for one file, of at most 63 bytes. */
#define _GNU_SOURCE
#include "plugin.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { DEVICE_MEMORY = 1, MINOR_ZERO = 5 }; /* /dev/zero */
enum { HUGETLBFS = 0x958458f6 };            /* of statfs(2) */
enum { HUGE_SHIFT = 26 };                   /* of mmap(2), where the size's logarithm stands */

void name_of_path(char name[64], const char *path)
{
    size_t len = strlen(path), most = 63;
    memcpy(name, path + (len > most ? len - most : 0), (len > most ? most : len) + 1);
}

bool name_of_descriptor(int fd, char name[64], bool *no_file)
{
    static unsigned zeros; /* every shared mapping of /dev/zero is memory of its own */
    static const char deleted[] = " (deleted)";
    char link[64], path[4096 + 64];
    struct stat st;
    /* not "self": that is the first thread, which may have ended */
    snprintf(link, sizeof link, "/proc/thread-self/fd/%d", fd);
    ssize_t n = readlink(link, path, 4096);
    if (n <= 0 || fstat(fd, &st))
        return false;
    path[n] = 0;
    *no_file = false;
    if (S_ISCHR(st.st_mode) && major(st.st_rdev) == DEVICE_MEMORY && minor(st.st_rdev) == MINOR_ZERO) {
        *no_file = true;
        snprintf(path + n, 64, ":%d.%u", (int)process.pid, __atomic_add_fetch(&zeros, 1, __ATOMIC_RELAXED));
    } else if ((size_t)n >= sizeof deleted && !strcmp(path + n - (sizeof deleted - 1), deleted)) {
        /* a memfd, or a file that its path does not lead to any more: the inode tells such files apart */
        *no_file = !strncmp(path, "/memfd:", 7) || !strncmp(path, "/dev/shm/", 9);
        snprintf(path + n - (sizeof deleted - 1), 64, ":%lu", (unsigned long)st.st_ino);
    } else if (!strncmp(path, "/dev/shm/", 9)) { /* its path may be gone the next time, and lead to another one */
        *no_file = true;
        snprintf(path + n, 64, ":%lu", (unsigned long)st.st_ino);
    }
    name_of_path(name, *no_file && !strncmp(path, "/memfd:", 7) ? path + 1 : path);
    return true;
}

uint64_t huge_pages_of_descriptor(int fd)
{
    struct statfs fs;
    if (fstatfs(fd, &fs) || (unsigned long)fs.f_type != HUGETLBFS)
        return 0;
    return MAP_HUGETLB | (uint64_t)__builtin_ctzl((unsigned long)fs.f_bsize) << HUGE_SHIFT;
}
