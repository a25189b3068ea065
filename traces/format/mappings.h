/* A list of mappings that follows the initial layout and the memory system calls of a trace: what was mapped when, and
 * with which rights. `trace check` asks it about every access. It knows nothing of pages; the OS model is in model/os/.
 */
#ifndef TWINWALK_TRACE_MAPPINGS_H
#define TWINWALK_TRACE_MAPPINGS_H

#include "trace.h"

struct mapping {
    uint64_t start, end;
    uint32_t prot, flags; /* as in model/os/os.h; flags have some of mappings.c's own */
    uint64_t origin;      /* of a segment: where its first page would be */
};

struct mappings {
    struct mapping *map; /* ascending, disjoint */
    size_t count, room;
    uint64_t brk; /* current break, 0: not known yet */
    size_t last;  /* where the last lookup ended */
};

void mappings_free(struct mappings *list);
/* Makes `copy`, which is empty, what a child of the process has: all but what MADV_DONTFORK was said of. False: out of
 * memory. */
bool mappings_fork(struct mappings *copy, const struct mappings *list);
/* A mapping of the initial layout. False when it overlaps another. */
bool mappings_initial(struct mappings *list, const struct trace_map *map);
/* Follows a system call that succeeded; others change nothing. NULL, or what contradicts the list. */
const char *mappings_follow(struct mappings *list, const struct trace_syscall *call);
/* The mapping of an address, NULL if none. A mapping that grows down is extended to it. */
const struct mapping *mappings_find(struct mappings *list, uint64_t va);

#endif
