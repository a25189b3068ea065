/* A software event of perf with a period of 1 leaves a sample in a ring for every fault. Faults that the kernel takes
 * to get at pages for itself (get_user_pages: execve's argument pages, MAP_POPULATE) are counted in the task, but leave
 * no sample. */
#define _GNU_SOURCE
#include "faults.h"

#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RING_PAGES = 512, KINDS = 2 }; /* minor, major; a power of two */

struct faults {
    int fd[KINDS];
    struct perf_event_mmap_page *ring;
    uint64_t read;
};

static int open_event(int pid, uint64_t which)
{
    struct perf_event_attr attr = {.size = sizeof attr,
                                   .type = PERF_TYPE_SOFTWARE,
                                   .config = which,
                                   .sample_period = 1,
                                   .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_ADDR,
                                   .exclude_hv = 1};
    return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static size_t ring_bytes(void)
{
    return (size_t)(RING_PAGES + 1) * (size_t)sysconf(_SC_PAGESIZE);
}

struct faults *faults_open(int pid)
{
    static const uint64_t event[KINDS] = {PERF_COUNT_SW_PAGE_FAULTS_MIN, PERF_COUNT_SW_PAGE_FAULTS_MAJ};
    struct faults *faults = calloc(1, sizeof *faults);
    if (!faults)
        return NULL;
    for (int i = 0; i < KINDS; i++)
        faults->fd[i] = open_event(pid, event[i]);
    faults->ring = faults->fd[0] < 0 ? MAP_FAILED
                                     : mmap(NULL, ring_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, faults->fd[0], 0);
    if (faults->ring != MAP_FAILED && faults->fd[1] >= 0 &&
        !syscall(SYS_ioctl, faults->fd[1], PERF_EVENT_IOC_SET_OUTPUT, faults->fd[0]))
        return faults;
    faults_close(faults);
    return NULL;
}

/* Copies bytes [at, at + size) of the ring, which may wrap. */
static void copy_out(const struct faults *faults, uint64_t at, void *to, size_t size)
{
    size_t bytes = ring_bytes() - (size_t)sysconf(_SC_PAGESIZE);
    const char *data = (const char *)faults->ring + sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < size; i++)
        ((char *)to)[i] = data[(at + i) % bytes];
}

void faults_put(struct faults *faults, FILE *log, unsigned task)
{
    if (!faults)
        return;
    uint64_t head = __atomic_load_n(&faults->ring->data_head, __ATOMIC_ACQUIRE);
    while (faults->read < head) {
        struct perf_event_header record;
        uint64_t words[2];
        copy_out(faults, faults->read, &record, sizeof record);
        copy_out(faults, faults->read + sizeof record, words, sizeof words);
        if (record.type == PERF_RECORD_SAMPLE) /* ip, address */
            fprintf(log, "fault %u %#" PRIx64 " %#" PRIx64 " %c\n", task, words[1], words[0],
                    (record.misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL ? 'k' : 'u');
        else if (record.type == PERF_RECORD_LOST) /* id, number */
            fprintf(log, "lost %u %" PRIu64 "\n", task, words[1]);
        faults->read += record.size;
    }
    __atomic_store_n(&faults->ring->data_tail, faults->read, __ATOMIC_RELEASE);
}

void faults_close(struct faults *faults)
{
    if (!faults)
        return;
    if (faults->ring != MAP_FAILED)
        munmap(faults->ring, ring_bytes());
    for (int i = 0; i < KINDS; i++)
        if (faults->fd[i] >= 0)
            close(faults->fd[i]);
    free(faults);
}
