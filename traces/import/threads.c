/* The numbers that the threads of a source get in the trace. A thread keeps its own number if that is small and free,
 * else it gets the first free one; those of threads that have ended are given out again last. With --fold=N there are
 * N numbers at most, and a thread that finds none free takes that of the one that was silent longest: text formats
 * never say that a thread has ended. */
#include "import.h"

#include <inttypes.h>

enum { OWN = 256 }; /* thread ids below may be their own numbers */

static unsigned bucket_of(uint64_t id)
{
    return (unsigned)(id * UINT64_C(0x9e3779b97f4a7c15) >> 50) % TRACE_THREADS;
}

/* The number of a living thread; -1: there is none of this id. */
static int find(const struct import *im, uint64_t id)
{
    for (unsigned at = im->bucket[bucket_of(id)]; at; at = im->thread[at - 1].next)
        if (im->thread[at - 1].id == id && !im->thread[at - 1].exited)
            return (int)at - 1;
    return -1;
}

static void unlink_thread(struct import *im, unsigned number)
{
    uint16_t *at = &im->bucket[bucket_of(im->thread[number].id)];
    while (*at && *at != number + 1)
        at = &im->thread[*at - 1].next;
    if (*at)
        *at = im->thread[number].next;
}

/* A number for a new thread, one that ended or, folding, one that lives; -1: none. */
static int choose(struct import *im, uint64_t id)
{
    const unsigned room = im->options->fold ? im->options->fold : TRACE_THREADS;
    int ended = -1, silent = 0;
    if (id < OWN && id < room && !im->thread[id].used)
        return (int)id;
    while (im->full_below < room && im->thread[im->full_below].used)
        im->full_below++;
    if (im->full_below < room)
        return (int)im->full_below;
    for (unsigned i = 0; i < room && ended < 0; i++) {
        if (im->thread[i].exited)
            ended = (int)i;
        if (im->thread[i].seen < im->thread[silent].seen)
            silent = (int)i;
    }
    if (ended >= 0 || !im->options->fold)
        return ended;
    im->counts.folded++;
    return silent;
}

int import_thread_of(struct import *im, uint64_t id)
{
    int number = find(im, id);
    if (number < 0) {
        if ((number = choose(im, id)) < 0)
            return import_wrong(im,
                                "thread %" PRIu64 " is the %dth at a time, and a trace has room for %d; --fold=N gives "
                                "such a thread the number of the one that was silent longest",
                                id, TRACE_THREADS + 1, TRACE_THREADS),
                   -1;
        if (im->thread[number].used)
            unlink_thread(im, (unsigned)number);
        uint16_t *first = &im->bucket[bucket_of(id)];
        im->thread[number] = (struct import_thread){.used = true, .id = id, .next = *first};
        *first = (uint16_t)(number + 1);
        if ((unsigned)number >= im->ever_below)
            im->ever_below = (unsigned)number + 1;
        im->counts.threads++;
    }
    im->thread[number].seen = im->counts.units;
    return number;
}

void import_thread_ends(struct import *im, uint64_t id)
{
    const int number = find(im, id);
    if (number >= 0)
        im->thread[number].exited = true;
}
