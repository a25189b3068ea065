/* What the recorder's processes share: the plugin in every process of the recorded program fills chunks of records in
 * shared memory, the collector reads, encodes and frees them.
 *
 * A chunk belongs to one task at a time and is filled by its thread alone, without a lock. Whatever part of it is new
 * can be handed over at any time, by any thread: a *segment* goes into the queue, and the order of the queue is the
 * order of the trace. So another thread that unmaps memory hands over first what all threads of its process have done
 * so far. Since chunks are shared memory, nothing is lost when a process is killed: the collector takes what it left.
 */
#ifndef TWINWALK_CAPTURE_CHANNEL_H
#define TWINWALK_CAPTURE_CHANNEL_H

#include "format/trace.h"

#include <pthread.h>
#include <sys/types.h>

enum {
    CHUNK_SLOTS = 16384,
    CHUNK_SPARE = 256, /* slots behind the quantum, for records that come in groups */
    QUANTUM_MAX = CHUNK_SLOTS - CHUNK_SPARE,
    TASKS = 256,         /* task numbers, given out again when a task has ended */
    CHUNKS = TASKS + 64, /* every task can hold one, and the collector still has work */
    QUEUE = 16384,
    EXTRA_SLOTS = (sizeof(struct trace_extra) + sizeof(struct trace_rec) - 1) / sizeof(struct trace_rec),
};

/* A record with an extra part is followed by EXTRA_SLOTS slots that hold it. The thread of all records is the chunk's
 * task. */
struct chunk {
    uint32_t n;      /* slots filled; written by the owner alone, behind the record */
    uint32_t limit;  /* the owner hands over and takes another chunk from here on */
    uint32_t handed; /* slots before this are in the queue (under the lock) */
    uint32_t task;
    int32_t pid; /* the owner's process, 0: free (under the lock) */
    struct trace_rec rec[CHUNK_SLOTS] __attribute__((aligned(64)));
};

struct segment {
    uint16_t chunk, from, to;
    uint16_t last; /* the chunk is free behind it */
};

struct task {
    bool used;
    int32_t pid; /* 0: not known yet */
};

struct channel {
    pthread_mutex_t lock; /* shared by processes, robust */
    uint32_t tail, head;  /* of the queue: tail is written under the lock, head by the collector alone */
    uint32_t freed;       /* counts whatever makes room; writers wait for it */
    uint32_t waiting;     /* writers that do */
    uint32_t free_count;
    uint32_t over; /* the limit is reached, or writing failed: nothing counts any more */
    uint32_t exit_when_over;
    uint32_t failed;   /* `failure` says why recording cannot go on */
    uint32_t quantum;  /* slots of a chunk that are filled before it is handed over */
    int32_t collector; /* its process */
    char failure[256];
    char path[64]; /* by which another process maps the channel */
    char qemu[512], plugin[512];
    uint16_t free[CHUNKS];
    struct task task[TASKS];
    struct segment queue[QUEUE];
    struct chunk chunk[CHUNKS];
};

/* Takes the lock; gives it to whoever comes next when a process dies with it. */
void channel_lock(struct channel *ch);
void channel_unlock(struct channel *ch);

/* A free task number, for a process that may not be known yet (0); -1 when all are in use. */
int channel_new_task(struct channel *ch, pid_t pid);
void channel_free_task(struct channel *ch, unsigned task);

/* Waits for a free chunk; NULL when the collector is gone. */
struct chunk *channel_new_chunk(struct channel *ch, unsigned task, pid_t pid);
/* Appends what is new in the chunk to the trace; last: the chunk is given back. Nothing is appended when the
 * recording is over, or when *ended. False: the collector is gone. */
bool channel_hand_over(struct channel *ch, struct chunk *chunk, bool last, const uint32_t *ended);

/* Ends the recording: `why` is one line. */
void channel_fail(struct channel *ch, const char *why);

void futex_wait(uint32_t *word, uint32_t value, unsigned milliseconds);
void futex_wake(uint32_t *word);

#endif
