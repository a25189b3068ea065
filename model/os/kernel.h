/* The kernel's own data: what the files of model/os share. Nothing outside model/os includes this. */
#ifndef TWINWALK_KERNEL_H
#define TWINWALK_KERNEL_H

#include "arch/x86.h"
#include "frames.h"
#include "lru.h"
#include "os_process.h"
#include "pagecache.h"
#include "pagetable.h"
#include "record.h"
#include "swap.h"
#include "tlb.h"
#include "vma.h"

enum { ERROR_ROOM = 640, WRONG_ROOM = 480, DESCRIBE_ROOM = 160, NAME_ROOM = 64 }; /* bytes of message text */

static const uint64_t PAGE_BYTES = (uint64_t)1 << PAGE_SHIFT;
static const uint64_t STACK_LIMIT = (uint64_t)8 << 20; /* Linux's default RLIMIT_STACK */
static const uint64_t STACK_GAP = (uint64_t)256
                                  << PAGE_SHIFT;          /* kept free below a growing stack (Linux: stack_guard_gap) */
static const uint64_t IMPLICIT_BYTES = (uint64_t)1 << 30; /* aligned piece that implicit_map maps at once */

/* Which file an open file descriptor stands for, as numbers of our own; see files.c. */
struct file_table {
    uint64_t *file; /* [fd]: file number, 0: not open as far as the trace has told */
    size_t count;
    unsigned users; /* tasks that share it */
};

struct file {
    char *name;      /* NULL: known by its descriptor only */
    bool shmem;      /* memory, without a disk behind it: fresh pages are zeros, and its pages go to swap */
    bool lasts;      /* can be reached by its name when nobody maps it */
    bool segment;    /* of System V */
    uint8_t level;   /* of its pages: 1; of hugetlbfs 2 or 3; 0: not mapped yet */
    uint64_t cached; /* its pages in the page cache, in memory or in swap */
};

/* An address space. */
struct os_mm {
    struct vma_list vmas;
    struct pagetable pt;
    uint64_t brk_start, brk;     /* the heap; both 0 until the trace tells of it */
    uint64_t context;            /* its number, never used again */
    uint64_t tlb_generation;     /* invalidations so far */
    struct flush owed;           /* gathered while other address spaces' frames were worked on */
    unsigned users;              /* tasks */
    uint64_t rss[FRAME_KINDS];   /* pages of 4 KiB mapped, by the kind of frame */
    uint64_t swap;               /* entries that are swapped out */
    uint64_t rss_peak, vsz_peak; /* in pages, in bytes */
    struct os_mm *next;
};

struct os_task {
    unsigned number, group, parent;
    struct os_mm *mm;
    struct file_table *files;
    char name[NAME_ROOM];
    int oom_adjust;
    uint64_t minor, major; /* faults */
    unsigned waits_for;    /* the vfork child that it has lent its address space to; 0: none */
    struct os_task *next;  /* by ascending number */
};

struct os {
    struct physmem *pm;
    struct os_config config;
    struct frames *frames;
    struct records *records;
    struct pagecache *cache;
    struct swap swap;
    struct lru lru;
    struct tlb tlb;
    struct os_mm *mms;    /* all, the kernel's own too */
    struct os_mm *idle;   /* the kernel's own: an empty root; NULL without os_config.processes */
    struct os_mm *loaded; /* whose root is in CR3 */
    struct os_mm *mm;     /* of the current task; NULL: no task is current */
    struct os_task *tasks, *task;
    uint64_t last_context;
    struct os_counts counts;
    struct os_events events;
    uint64_t user_end;       /* first address above user space (Linux: TASK_SIZE_MAX) */
    uint64_t zero_page;      /* the shared frame of zeros */
    uint64_t huge_zero_page; /* the shared 2-MiB frame of zeros, under OS_PAGES_THP; 0 until first used */
    struct file *file;       /* by number */
    uint64_t last_file, file_room;
    uint64_t min_free; /* frames kept free for the kernel (Linux: min_free_kbytes) */
    bool aged;         /* some A bit was cleared without invalidation */
    bool major;        /* the fault in work has waited for a device */
    void (*watcher)(void *context, const struct os_move *move);
    void *watch_context;
    void (*dying)(void *context, unsigned process);
    void *dying_context;
    char error[ERROR_ROOM];
    char oom_report[ERROR_ROOM];
};

/* os.c */
/* Sets os_error; returns false so that a caller can return it. */
bool os_fail(struct os *os, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool os_out_of_memory(struct os *os);
/* "[heap] 0x… - 0x… rw-" and the like into text, for messages. */
void os_describe(const struct vma *vma, char *text, size_t room);
void os_tell(struct os *os, struct os_move move);

/* mm.c: address spaces */
struct os_mm *mm_new(struct os *os);
/* One user less; the last one frees everything in it. */
void mm_leave(struct os *os, struct os_mm *mm);
void mm_peaks(struct os_mm *mm);
uint64_t mm_rss(const struct os_mm *mm);

/* pages.c: leaf entries and the frames behind them */
/* The bits of a leaf, other than frame and PS, for a page of this mapping; writable: the frame is the mapping's to
 * write to. */
uint64_t page_bits(const struct vma *vma, bool writable);
bool page_is_zero(const struct os *os, uint64_t pa);
/* The record of the frame behind a leaf; NULL for a page of zeros or a swap entry. */
struct frame *page_frame(const struct os *os, const struct pt_leaf *leaf);
/* Whether the first write to each page of this shared mapping is a fault, so that the page is known to be dirty: files,
 * not anonymous shared memory (Linux: vma_wants_writenotify). */
bool page_notes_writes(const struct os *os, const struct vma *vma);
/* Whether the frame of this leaf must not be written yet although the mapping may be: in a private one the page of
 * zeros, the page cache's, or one shared after fork; in a shared one a page that is clean, where that is noted. */
bool page_is_borrowed(const struct os *os, const struct vma *vma, const struct pt_leaf *leaf);
/* Gives up what is behind a leaf that is no longer mapped. */
void page_let_go(struct os *os, struct os_mm *mm, const struct pt_leaf *leaf);
/* Takes a data frame of this level (NULL when there is none), mapped nowhere. */
struct frame *page_take(struct os *os, unsigned level, enum frame_kind kind);
void page_give(struct os *os, struct frame *frame);
/* An entry of mm more (less) points to the frame; the entry itself is the caller's business. */
bool page_mapped(struct os *os, struct os_mm *mm, uint64_t va, struct frame *frame);
void page_unmapped(struct os *os, struct os_mm *mm, uint64_t va, struct frame *frame);
/* Splits the leaf and its frame, and every other leaf that points to it. False: out of memory. */
bool page_split(struct os *os, struct os_mm *mm, const struct pt_leaf *leaf, struct flush *flush);
/* Splits until no leaf lies across the page boundary va. */
bool page_isolate(struct os *os, struct os_mm *mm, uint64_t va, struct flush *flush);

/* filepages.c */
/* Page of the file at va. */
uint64_t page_index(const struct vma *vma, uint64_t va);
/* The frame of the file page at va, brought in when it is not there; NULL when there is none. */
struct frame *page_from_file(struct os *os, const struct vma *vma, uint64_t va, unsigned level);
/* Whether its pages stay in memory (or swap) when nobody maps them, because they are nowhere else. */
bool file_keeps_pages(const struct os *os, uint64_t file);
/* Whether some address space maps it. */
bool file_is_mapped(const struct os *os, uint64_t file);
/* The file's pages leave memory (and swap) when they are nowhere else and nobody can reach the file any more. */
void file_forget_if_unused(struct os *os, uint64_t file);
/* A page-cache frame without mappings goes; what is dirty in it is lost or has been written. */
void file_page_gone(struct os *os, struct frame *frame);
/* Says that a dirty frame's contents go to its file. */
void file_write(struct os *os, struct frame *frame);

/* populate.c, cow.c: the parts of a page fault */
enum os_outcome fault_populate(struct os *os, const struct vma *vma, uint64_t va, bool write, unsigned empty);
enum os_outcome fault_copy(struct os *os, const struct vma *vma, uint64_t va, struct pt_leaf *leaf);
enum os_outcome fault_note_write(struct os *os, const struct pt_leaf *leaf);
enum os_outcome fault_swap_in(struct os *os, const struct vma *vma, uint64_t va, struct pt_leaf *leaf, bool write);
enum os_outcome fault_out_of_memory(struct os *os);
/* fault.c: makes every page of the range present, as far as the mappings allow (MAP_POPULATE). */
bool fault_in(struct os *os, uint64_t start, uint64_t end, bool write);

/* swapping.c */
/* A swap entry (or a page-cache page's hold) of this slot is gone. */
void swap_let_go(struct os *os, uint32_t slot);

/* space.c: ranges of an address space. start and end are page aligned; false: os_error says why (out of memory). */
/* Unmaps pages and frees their frames; the mappings stay. */
bool space_zap(struct os *os, struct os_mm *mm, uint64_t start, uint64_t end, struct flush *flush);
/* Removes mappings, pages, and tables that became empty. */
bool space_unmap(struct os *os, struct os_mm *mm, uint64_t start, uint64_t end, struct flush *flush);
/* Changes the rights of the mappings in the range and of the pages in them. */
bool space_protect(struct os *os, struct os_mm *mm, uint64_t start, uint64_t end, unsigned prot, struct flush *flush);
/* Moves the pages of [start, start + size) to new_start; both ranges lie in mappings of the same file pages. */
bool space_move(struct os *os, struct os_mm *mm, uint64_t start, uint64_t size, uint64_t new_start,
                struct flush *flush);
/* Adds a mapping and joins it with its neighbours. */
bool space_map(struct os *os, struct os_mm *mm, const struct vma *vma);
/* Sets and clears bits of vma.flags in the range. */
bool space_flag(struct os *os, struct os_mm *mm, uint64_t start, uint64_t end, unsigned set, unsigned clear);

/* fork.c: the pages and mappings of `from` into the empty `to`, copied on write. */
bool space_fork(struct os *os, struct os_mm *from, struct os_mm *to);

/* reclaim.c, shrink.c, harvest.c */
/* Before work that needs this many frames for tables: reclaims below the low mark, and kills below the least when
 * nothing helps; `spare`'s users are not killed. False: the current task is gone, or there is no memory: os_error says
 * so. */
bool memory_balance(struct os *os, uint64_t need, const struct os_mm *spare);
/* Reclaims until this many frames are free; how many frames it won. */
uint64_t reclaim_until(struct os *os, uint64_t free_frames);
/* Whether and how a frame was used since it was last asked: clears the A bits, gathers the D bits. */
struct use {
    unsigned entries; /* that had A set */
    bool executable;  /* one of them in an executable mapping */
};
struct use frame_harvest(struct os *os, struct frame *frame);
/* One frame without being asked: written back or swapped out if need be. False: it must stay. */
bool frame_reclaim(struct os *os, struct frame *frame);
/* Dirty file page to its file; its entries become clean, and their translations go. */
void frame_clean(struct os *os, struct frame *frame);

/* oom.c: false: nobody can be killed. */
bool oom_kill(struct os *os, const struct os_mm *spare);

/* syscall.c: whether [start, start + bytes) is a page-aligned, non-empty range of user space; *end: its page-aligned
 * end. */
bool user_range(struct os *os, const char *call, uint64_t start, uint64_t bytes, uint64_t *end);
/* Frees the place for a new mapping; false when something is there and `fixed` does not allow to replace it. */
bool clear_place(struct os *os, const char *call, uint64_t start, uint64_t end, bool fixed);
/* Rounds a length that begins at start up to large pages; false: it does not fit into user space. */
bool large_end(struct os *os, const char *call, uint64_t start, uint64_t *end, uint64_t size);
/* Unmaps, and queues the invalidation. */
bool unmap_range(struct os *os, uint64_t start, uint64_t end);
/* mremap.c */
bool sys_mremap(struct os *os, const uint64_t arg[6], uint64_t result);

/* huge.c, advise.c, task.c, taskcall.c */
/* Makes one large page of the small ones in the aligned 2 MiB at va. False: it cannot be one. */
bool huge_collapse(struct os *os, struct os_mm *mm, uint64_t va);
/* missed: it has met a page that is not mapped, and went on. */
bool sys_madvise(struct os *os, const uint64_t arg[6], bool missed);
struct os_task *task_find(const struct os *os, unsigned number);
/* Whether it stands for its process: the first one of it that lives. The leader may have ended before the others. */
bool task_is_first(const struct os *os, const struct os_task *task);
/* clone, execve, exit and their kin of the current task. */
bool sys_process(struct os *os, uint64_t number, const uint64_t arg[6], int64_t result);

/* files.c */
struct file_table *files_new(void);
struct file_table *files_copy(const struct file_table *from);
void files_leave(struct file_table *files);
/* A new file number; 0: out of memory. */
uint64_t file_new(struct os *os, bool shmem);
uint64_t file_named(struct os *os, const char *name, bool shmem);
/* The one of this name; 0: none. */
uint64_t file_find(const struct os *os, const char *name, bool shmem);
/* The file behind fd, with a new number when the trace has not told of it. 0: out of memory. */
uint64_t files_of(struct os *os, int64_t fd);
/* The same for a mapping with pages of this level, which are the file's from then on. A descriptor that the trace has
 * not told of and that had pages of another size is another file. */
uint64_t files_of_size(struct os *os, int64_t fd, unsigned level);
/* What open, dup and close do to descriptors. False: out of memory. */
bool files_open(struct os *os, int64_t fd, bool shmem);
bool files_dup(struct os *os, int64_t from, int64_t to);
void files_close(struct os *os, int64_t fd);

#endif
