/* Memory of the storm that outlives its mappings: segments of System V, and memory files that a process opens by their
 * names. See storm.h. */
#include <stdio.h>
#include <string.h>

#include "os/os.h"
#include "storm.h"

enum { MMAP = 9, MPROTECT = 10, MUNMAP = 11, SHMAT = 30, SHMCTL = 31, SHMDT = 67, IPC_RMID = 0 };
enum { FIXED_PRIVATE = 0x12, FIXED_SHARED = 0x11 };

/* Takes a segment out of the world, though it may still be attached somewhere, and makes another. */
static void make_segment(struct storm *s, unsigned i)
{
    if (s->segment[i].id)
        storm_memory_do(s, SHMCTL, s->segment[i].id, IPC_RMID, 0, 0, 0, 0, 0);
    s->segment[i].id = ++s->segments;
    s->segment[i].pages = 1 + storm_below(s, STORM_SEGMENT_PAGES);
}

/* Cut into pieces, or with a gap, it is still one attachment. */
static void detach(struct storm *s, unsigned first, unsigned count)
{
    const unsigned k = storm_below(s, 4);
    if (count > 2 && k == 1)
        storm_memory_do(s, MPROTECT, storm_va(s, first + 1), 4096, OS_READ, 0, 0, 0, 0);
    else if (count > 2 && k > 1)
        storm_memory_do(s, MUNMAP, storm_va(s, first + (k == 2)), 4096, 0, 0, 0, 0, 0);
    storm_memory_do(s, SHMDT, storm_va(s, first), 0, 0, 0, 0, 0, 0);
    memset(&storm_pages(s)[first], 0, count * sizeof *storm_pages(s));
}

void storm_segment(struct storm *s)
{
    const unsigned i = storm_below(s, STORM_SEGMENTS);
    const struct storm_page page = {.what = STORM_SEGMENT, .prot = 3};
    if (!s->segment[i].id || !storm_below(s, 4))
        make_segment(s, i);
    const unsigned count = s->segment[i].pages, first = storm_place(s, count);
    for (unsigned p = first; p < first + count; p++)
        if (storm_pages(s)[p].what)
            return;
    storm_memory_do(s, SHMAT, s->segment[i].id, storm_va(s, first), 0, count * 4096ull, 0, 0, storm_va(s, first));
    storm_fill(s, first, count, page);
    for (unsigned p = first; p < first + count; p++)
        storm_touch(s, p, storm_below(s, 2) ? TRACE_STORE : TRACE_LOAD);
    if (storm_below(s, 2))
        detach(s, first, count);
}

/* Opened anew, on any descriptor: it is the same memory. */
void storm_memory_file(struct storm *s)
{
    char name[32];
    const unsigned file = storm_below(s, STORM_MEMORY_FILES), fd = STORM_MEMORY_FD + storm_below(s, 2);
    const unsigned count = 1 + storm_below(s, STORM_MEMORY_PAGES), shared = storm_below(s, 4);
    const unsigned first = storm_place(s, count);
    const struct storm_page page = {.what = shared ? STORM_FILE_SHARED : STORM_FILE_PRIVATE, .prot = 3};
    if (!storm_whole(s, first, count))
        return;
    snprintf(name, sizeof name, "memfd:storm:%u", file);
    storm_event(s, TRACE_OPEN, fd, TRACE_OPEN_NO_FILE, name);
    storm_memory_do(s, MMAP, storm_va(s, first), count * 4096ull, page.prot, shared ? FIXED_SHARED : FIXED_PRIVATE, fd,
                    storm_below(s, STORM_MEMORY_PAGES - count + 1) * 4096ull, storm_va(s, first));
    storm_fill(s, first, count, page);
    for (unsigned n = storm_below(s, 6); n; n--)
        storm_touch(s, first + storm_below(s, count), storm_below(s, 2) ? TRACE_STORE : TRACE_LOAD);
}
