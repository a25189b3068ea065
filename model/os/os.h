/* The operating system under the MMU: builds real x86-64 page tables in simulated memory and pages in on demand.
 *
 * It hears of the program's mappings from the trace (initial layout, memory system calls) and of page faults from the
 * MMU; it answers with page-table writes (physmem_write) and with control operations that the processor must carry out
 * before it goes on. */
#ifndef TWINWALK_OS_H
#define TWINWALK_OS_H

#include "mem/physmem.h"
#include "pins.h"

enum os_page_policy { OS_PAGES_4K, OS_PAGES_2M, OS_PAGES_1G, OS_PAGES_THP };
enum os_prot { OS_READ = 1, OS_WRITE = 2, OS_EXEC = 4 };
enum os_map_flags {
    OS_SHARED = 1,
    OS_FILE = 2,
    OS_STACK = 4,
    OS_HEAP = 8,
    OS_GROWSDOWN = 16,
    /* given by system calls only: MAP_HUGETLB of 2 MiB or 1 GiB, and what madvise asked for */
    OS_HUGETLB = 32,
    OS_HUGETLB_1G = 64,
    OS_HUGE = 128,
    OS_NO_HUGE = 256,
    OS_DONT_FORK = 512,
    OS_WIPE_ON_FORK = 1024,
    OS_ACCOUNT =
        2048, /* the kernel's own: private, and writable now or once; does not join others (Linux: VM_ACCOUNT) */
};
enum os_device { OS_NVME, OS_DISK };

/* What the kernel's work costs, in cycles; 0 takes the value in brackets (a 3-GHz core, Linux 6). */
struct os_costs {
    uint64_t fault;      /* a page fault that only fills in an entry [1,000] */
    uint64_t zero, copy; /* clearing, copying 4 KiB [150, 400] */
    uint64_t io;         /* reading 4 KiB from swap or a file; by the device: NVMe [150,000] or disk [12,000,000] */
    uint64_t reclaim;    /* looking at one frame to reclaim it [300] */
    uint64_t change;     /* a context switch [2,000] */
    uint64_t copy_entry; /* one page-table entry in fork [30] */
};

struct os_config {
    unsigned paddr_bits;
    bool la57, pcid, page_1g; /* what the MMU offers; la57 makes the kernel run with 5 levels */
    bool implicit_map; /* an access outside every VMA, or against its rights, is made legal instead of being an error
                          (foreign traces) */
    enum os_page_policy pages;
    uint64_t ram_bytes; /* installed memory, from which frames are taken */
    uint64_t seed;      /* order in which frames are handed out */

    /* All that follows is off when 0: then the kernel has one process, and a file page leaves memory with its last
     * mapping. */
    bool processes;    /* fork, exec, exit, threads; os_syscall understands clone and its kin */
    bool reclaim;      /* the page cache is kept, and memory is reclaimed when it runs short */
    bool oom_kill;     /* when nothing can be reclaimed the process of the highest badness is killed */
    bool warm_files;   /* every file page counts as having been read before: no major faults for files */
    bool flush_on_age; /* clearing an Accessed bit is followed by an invalidation (Linux on x86 goes without) */
    bool invpcid;      /* other address spaces are invalidated at once by INVPCID, not when they next run */
    bool thp_madvise;  /* under OS_PAGES_THP only mappings with MADV_HUGEPAGE get large pages (Linux: enabled = madvise)
                        */
    uint64_t swap_bytes;   /* 0: no swap */
    enum os_device device; /* where swap and files are */
    unsigned pcids;        /* address spaces that keep their translations (PCIDs 1 … pcids) [6, as Linux] */
    unsigned fault_around; /* pages of a file that one read fault maps when they are in memory (Linux: 16) [1] */
    unsigned forget_flush; /* every so many invalidations one is forgotten: a defect for the bench to find */
    struct os_costs costs;
};

/* A control operation for the MMU (docs/microarchitecture.md section 13). */
struct os_control {
    uint8_t op;
    uint64_t data;
    uint64_t desc; /* INVPCID: the descriptor's PCID; else 0 */
};

struct os_counts {
    uint64_t minor_faults;    /* demand-zero and page-cache faults: the entry was empty */
    uint64_t cow_faults;      /* a present page was replaced by a frame of its own */
    uint64_t spurious_faults; /* nothing was wrong any more */
    uint64_t table_frames;    /* in use now; the root table is one */
    uint64_t data_frames;     /* in use now, in units of 4 KiB; the shared zero pages are not counted */
};

enum os_outcome {
    OS_RETRY, /* mended: do the control operations, then do the access again */
    OS_SEGV,  /* the access has no right to be there: os_error says why */
    OS_OOM,   /* no frame is left: os_error */
};

struct os;

/* Boots: empty address space, control operations queued. ram_bytes is cut to 2^paddr_bits. NULL when host memory is
 * short or ram_bytes is below 4 MiB. The page tables live in pm, which must outlive the kernel. */
struct os *os_new(struct physmem *pm, const struct os_config *config);
void os_free(struct os *os);

/* Adds a mapping of the initial layout, [start, end) page aligned; each file mapping is a file of its own. OS_HEAP also
 * tells where the program break is. name is copied, NULL for none. Returns false (os_error) when it overlaps another or
 * is not canonical for the address width. */
bool os_map(struct os *os, uint64_t start, uint64_t end, unsigned prot, unsigned flags, const char *name);

/* A system call of the trace, x86-64 number, arguments and result. Unknown numbers change nothing. Returns false
 * (os_error) when it contradicts what is mapped (for example an munmap result outside the address space). */
bool os_syscall(struct os *os, uint64_t number, const uint64_t arg[6], int64_t result);

/* A page fault taken in program order. OS_RETRY also for a spurious one. */
enum os_outcome os_fault(struct os *os, uint64_t va, uint16_t error_code);

/* The next control operation the processor owes; false when none is left. os_new leaves those that switch the MMU on
 * (CR4, EFER.NXE, CR0.WP, CR3, in this order). All that are owed must be done before the program goes on. */
bool os_control(struct os *os, struct os_control *op);

const struct os_counts *os_counts(const struct os *os);

/* One line that says what is wrong; valid until the next call. */
const char *os_error(const struct os *os);

#endif
