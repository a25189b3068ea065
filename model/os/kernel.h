/* The kernel's own data: what the files of model/os share. Nothing outside model/os includes this. */
#ifndef TWINWALK_KERNEL_H
#define TWINWALK_KERNEL_H

#include "arch/x86.h"
#include "flush.h"
#include "frames.h"
#include "os.h"
#include "pagecache.h"
#include "pagetable.h"
#include "vma.h"

enum { ERROR_ROOM = 640, WRONG_ROOM = 480, DESCRIBE_ROOM = 160 }; /* bytes of message text */

static const uint64_t PAGE_BYTES = (uint64_t)1 << PAGE_SHIFT;
static const uint64_t STACK_LIMIT = (uint64_t)8 << 20;          /* Linux's default RLIMIT_STACK */
static const uint64_t STACK_GAP = (uint64_t)256 << PAGE_SHIFT;  /* kept free below a growing stack (Linux: stack_guard_gap) */
static const uint64_t IMPLICIT_BYTES = (uint64_t)1 << 30;       /* aligned piece that implicit_map maps at once */

/* Which file an open file descriptor stands for, as numbers of our own; see files.c. */
struct file_table {
    uint64_t *file;       /* [fd]: file number, 0: not open as far as the trace has told */
    size_t count;
};

/* One process: its mappings and its page tables. */
struct os_process {
    struct vma_list vmas;
    struct pagetable pt;
    struct file_table files;
    unsigned pcid;               /* 0 when PCIDs are not used */
    uint64_t brk_start, brk;     /* the heap; both 0 until the trace tells of it */
};

struct os {
    struct physmem *pm;
    struct os_config config;
    struct frames *frames;
    struct pagecache *cache;
    struct os_process process;
    struct control_queue queue;
    struct os_counts counts;
    uint64_t user_end;           /* first address above user space (Linux: TASK_SIZE_MAX) */
    uint64_t zero_page;          /* the shared frame of zeros */
    uint64_t huge_zero_page;     /* the shared 2-MiB frame of zeros, under OS_PAGES_THP; 0 until first used */
    uint64_t last_file;          /* last file number given out */
    char error[ERROR_ROOM];
};

/* os.c */
uint64_t process_cr3(const struct os_process *process);
/* Sets os_error; returns false so that a caller can return it. */
bool os_fail(struct os *os, const char *format, ...);
bool os_out_of_memory(struct os *os);
uint64_t os_new_file(struct os *os);
/* "[heap] 0x… - 0x… rw-" and the like into text, for messages. */
void os_describe(const struct vma *vma, char *text, size_t room);

/* pages.c: leaf entries and the frames behind them */
/* The bits of a leaf, other than frame and PS, for a page of this mapping; writable: the frame is the mapping's to write to. */
uint64_t page_bits(const struct vma *vma, bool writable);
/* Whether the frame of this leaf is shared with others although the mapping is private: zero page or page cache. */
bool page_is_borrowed(const struct os *os, const struct vma *vma, const struct pt_leaf *leaf);
/* Gives up the frame of a leaf that is no longer mapped. */
void page_let_go(struct os *os, const struct vma *vma, const struct pt_leaf *leaf);
/* Takes a data frame of this level (0 when there is none). */
uint64_t page_take(struct os *os, unsigned level);
void page_give(struct os *os, uint64_t pa, unsigned level);
/* The frame of the file page at va, held once more; 0 when there is none. */
uint64_t page_from_file(struct os *os, const struct vma *vma, uint64_t va);

/* space.c: ranges of the address space. start and end are page aligned; false: out of memory, os_error says so. */
/* Unmaps pages and frees their frames; the mappings stay. */
bool space_zap(struct os *os, uint64_t start, uint64_t end, struct flush *flush);
/* Removes mappings, pages, and tables that became empty. */
bool space_unmap(struct os *os, uint64_t start, uint64_t end, struct flush *flush);
/* Changes the rights of the mappings in the range and of the pages in them. */
bool space_protect(struct os *os, uint64_t start, uint64_t end, unsigned prot, struct flush *flush);
/* Moves the pages of [start, start + size) to new_start; both ranges lie in mappings of the same file pages. */
bool space_move(struct os *os, uint64_t start, uint64_t size, uint64_t new_start, struct flush *flush);
/* Adds a mapping and joins it with its neighbours. */
bool space_map(struct os *os, const struct vma *vma);

/* files.c */
void files_drop(struct file_table *files);
/* The file behind fd, with a new number when the trace has not told of it. 0: out of memory. */
uint64_t files_of(struct os *os, int64_t fd);
/* What open, dup and close do to descriptors. False: out of memory. */
bool files_open(struct os *os, int64_t fd);
bool files_dup(struct os *os, int64_t from, int64_t to);
void files_close(struct os *os, int64_t fd);

#endif
