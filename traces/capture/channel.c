/* Handing over chunks between the processes of a recording (channel.h says how). */
#define _GNU_SOURCE
#include "channel.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 200 }; /* milliseconds after which a waiting writer asks whether the collector lives */

void futex_wait(uint32_t *word, uint32_t value, unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    syscall(SYS_futex, word, FUTEX_WAIT, value, &time, NULL, 0);
}

void futex_wake(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 0x7fffffff, NULL, NULL, 0);
}

void channel_lock(struct channel *ch)
{
    /* Every change under the lock ends with one store that makes it count, so what a killed owner left can be used. */
    if (pthread_mutex_lock(&ch->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&ch->lock);
}

void channel_unlock(struct channel *ch)
{
    pthread_mutex_unlock(&ch->lock);
}

int channel_new_task(struct channel *ch, pid_t pid)
{
    int number = -1;
    channel_lock(ch);
    for (int i = 0; i < TASKS && number < 0; i++)
        if (!ch->task[i].used)
            number = i;
    if (number >= 0) {
        ch->task[number].pid = pid;
        ch->task[number].used = true;
    }
    channel_unlock(ch);
    return number;
}

void channel_free_task(struct channel *ch, unsigned task)
{
    channel_lock(ch);
    ch->task[task].used = false;
    channel_unlock(ch);
}

/* Waits until the collector has made room. Called without the lock; `seen`: the value of `freed` before the look that
 * found none. */
static bool wait_for_room(struct channel *ch, uint32_t seen)
{
    __atomic_add_fetch(&ch->waiting, 1, __ATOMIC_SEQ_CST);
    futex_wait(&ch->freed, seen, PATIENCE);
    __atomic_sub_fetch(&ch->waiting, 1, __ATOMIC_SEQ_CST);
    return !kill(ch->collector, 0);
}

struct chunk *channel_new_chunk(struct channel *ch, unsigned task, pid_t pid)
{
    for (;;) {
        uint32_t seen = __atomic_load_n(&ch->freed, __ATOMIC_SEQ_CST);
        channel_lock(ch);
        if (ch->free_count) {
            struct chunk *chunk = &ch->chunk[ch->free[--ch->free_count]];
            chunk->n = chunk->handed = 0;
            chunk->limit = ch->quantum;
            chunk->task = task;
            chunk->pid = pid;
            channel_unlock(ch);
            return chunk;
        }
        channel_unlock(ch);
        if (!wait_for_room(ch, seen))
            return NULL;
    }
}

bool channel_hand_over(struct channel *ch, struct chunk *chunk, bool last, const uint32_t *ended)
{
    for (;;) {
        uint32_t seen = __atomic_load_n(&ch->freed, __ATOMIC_SEQ_CST);
        channel_lock(ch);
        uint32_t n = __atomic_load_n(&chunk->n, __ATOMIC_ACQUIRE);
        if (ch->over || (ended && __atomic_load_n(ended, __ATOMIC_SEQ_CST)))
            chunk->handed = n;
        if (n == chunk->handed && !last) {
            channel_unlock(ch);
            return true;
        }
        if (ch->tail - __atomic_load_n(&ch->head, __ATOMIC_ACQUIRE) < QUEUE) {
            ch->queue[ch->tail % QUEUE] = (struct segment){(uint16_t)(chunk - ch->chunk), (uint16_t)chunk->handed,
                                                           (uint16_t)n, last};
            chunk->handed = n;
            __atomic_store_n(&ch->tail, ch->tail + 1, __ATOMIC_SEQ_CST);
            channel_unlock(ch);
            return true;
        }
        channel_unlock(ch);
        if (!wait_for_room(ch, seen))
            return false;
    }
}

void channel_fail(struct channel *ch, const char *why)
{
    channel_lock(ch);
    if (!ch->failed) {
        strncpy(ch->failure, why, sizeof ch->failure - 1);
        __atomic_store_n(&ch->failed, 1, __ATOMIC_SEQ_CST);
    }
    channel_unlock(ch);
}
