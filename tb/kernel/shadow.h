/* What every page of every process must hold, by what Linux promises its programs and by nothing else: a second opinion
 * of mmap, fork, exec and madvise that knows no frame, no page table and no swap. It follows the records of a trace;
 * each store gives its page a new signature, and each access must find, in the frame that the MMU led it to, the
 * signature that its process's page has here.
 *
 *     private page that was written   its own signature, which fork copies
 *     shared page, of a file or not   that of its object's page: the same for everybody
 *     private page of a file          its object's, until it is written
 *     private page, never written     zeros
 *
 * An object that a trace can name again (a file, a memfd, a segment until IPC_RMID) holds what was written for good. A
 * large page of a private mapping (hugetlbfs) becomes the process's own as a whole: when any of it is written, or when
 * it is first touched while no shared mapping has made the file's page. */
#ifndef TWINWALK_SHADOW_H
#define TWINWALK_SHADOW_H

#include "contents.h"
#include "traces/format/trace.h"

enum { SHADOW_TASKS = TRACE_THREADS };

struct shadow_area {
    uint64_t start, end;
    uint64_t object; /* number; 0: private anonymous memory */
    uint64_t page;   /* of the object, at start */
    uint64_t unit;   /* bytes of its pages: 4 KiB, or those of MAP_HUGETLB */
    bool shared, no_fork, wipe;
};

struct shadow_space {
    struct shadow_area *area; /* ascending, disjoint */
    size_t areas, room;
    struct cells own; /* by enum shadow_own and linear page; offered: MADV_FREE, may have become zeros */
    uint64_t brk;
    unsigned users;
};

/* What a process has of its own: pages that were written, and whole large pages whose other parts are as their object
 * was at first. */
enum shadow_own { OWN_WRITTEN, OWN_LARGE, OWN_KINDS };

struct shadow_files {
    uint64_t *object; /* by descriptor; 0: not known */
    size_t count;
    unsigned users;
};

struct shadow_object {
    char *name;    /* NULL: none */
    bool zeros;    /* memory; else a file, whose pages come from somewhere */
    bool segment;  /* of System V … */
    bool removed;  /* … and IPC_RMID has been called */
    bool based;    /* base is known: learned from the first page that nobody has written */
    uint64_t base; /* contents_origin */
    uint64_t unit; /* bytes of its pages, when it has been mapped; else 0 */
};

struct shadow_task {
    struct shadow_space *space; /* NULL: no such task */
    struct shadow_files *files;
};

struct shadow {
    struct shadow_task *task;     /* SHADOW_TASKS of them, by number */
    unsigned tasks;               /* no task of this number or a higher one has been */
    struct shadow_object *object; /* by number; 0 is none */
    size_t objects;
    struct cells written; /* pages of objects, by object and page */
    struct cells made;    /* large pages of objects that a shared mapping has touched, by object and first page */
    bool named;           /* MAP records tell the file */
    uint64_t last;        /* signature given */
    bool short_of_memory; /* what follows means nothing */
};

/* Task 0 with an empty address space. False when memory is short. */
bool shadow_init(struct shadow *s, bool named);
void shadow_free(struct shadow *s);

/* What happened to a task, after the kernel has done it. flags: enum trace_task_flag. */
void shadow_clone(struct shadow *s, unsigned parent, unsigned child, unsigned flags);
void shadow_exec(struct shadow *s, unsigned task);
void shadow_end(struct shadow *s, unsigned task);
void shadow_open(struct shadow *s, unsigned task, const struct trace_task *open);
void shadow_map(struct shadow *s, unsigned task, const struct trace_map *map);
void shadow_syscall(struct shadow *s, unsigned task, const struct trace_syscall *call);

/* An access of a task to the page at va, which the MMU led to a frame with *found. False: *expected is what it must
 * hold. A store gives it a new signature. */
bool shadow_access(struct shadow *s, unsigned task, uint64_t va, bool store, uint64_t *found, uint64_t *expected);

/* The large page of the area at va is touched, by an access or because the program asks for its pages beforehand. */
void shadow_touch_large(struct shadow *s, struct shadow_space *space, const struct shadow_area *area, uint64_t va,
                        bool write);

/* ---- between the files of the shadow: shadow_areas.c ---- */
struct shadow_area *shadow_area_at(const struct shadow_space *space, uint64_t va);
/* Makes va a border between areas. */
void shadow_cut(struct shadow *s, struct shadow_space *space, uint64_t va);
/* Removes areas, and with them what was written there. */
void shadow_unmap(struct shadow *s, struct shadow_space *space, uint64_t start, uint64_t end);
/* Puts an area in the place of what was there. */
void shadow_put(struct shadow *s, struct shadow_space *space, struct shadow_area area);
/* Calls visit for what the process has of its own in the range. */
void shadow_visit(struct shadow_space *space, uint64_t start, uint64_t end, void (*visit)(struct cell *cell));
static inline uint64_t shadow_up(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) & ~(unit - 1);
}
/* shadow_move.c, shadow_segments.c: system calls */
void shadow_mremap(struct shadow *s, struct shadow_space *space, const struct trace_syscall *call);
void shadow_attach(struct shadow *s, struct shadow_space *space, const struct trace_syscall *shmat);
void shadow_detach(struct shadow *s, struct shadow_space *space, uint64_t start);
void shadow_control_segment(struct shadow *s, uint64_t id, uint64_t command);
/* A new object; by name: that of the name. 0: memory is short. */
uint64_t shadow_object(struct shadow *s, const char *name, bool zeros);

#endif
