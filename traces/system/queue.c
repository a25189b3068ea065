#include "queue.h"

#include "pins.h"

#include <pthread.h>
#include <stdlib.h>

enum { BATCHES = 16, BATCH = 16384 };

static struct {
    struct trace_writer *writer;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct queue_item (*item)[BATCH];
    size_t used[BATCHES];   /* of a batch that is full, or the last */
    uint64_t full, written; /* batches so far */
    size_t fill;            /* of the batch being filled; this thread's own */
    bool closing;
    const char *error;
    void (*failed)(const char *why);
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static bool put(const struct queue_item *item)
{
    struct trace_rec rec = {.kind = item->kind};
    struct trace_extra extra;
    switch (item->kind) {
    case TRACE_POKE:
        extra.poke = (struct trace_poke){.pa = item->pa, .value = item->va};
        break;
    case TRACE_CONTROL:
        extra.control = (struct trace_control){.data = item->va, .op = item->size};
        break;
    default:
        rec.va = item->va;
        rec.size = item->size;
        rec.flags = item->flags | TRACE_EXPECT;
        extra.expect = (struct trace_expect){.kind = KIND_OK};
        if (item->page == QUEUE_FAULT) {
            extra.expect.kind = KIND_PF;
            extra.expect.err = item->err;
            extra.expect.has_cr2 = true;
            extra.expect.cr2 = item->pa;
        } else if (item->page != QUEUE_NO_PA) {
            extra.expect.has_pa = true;
            extra.expect.pa = item->pa;
            extra.expect.size = item->page;
        }
    }
    return trace_put(queue.writer, &rec, &extra);
}

static void *encode(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&queue.lock);
    for (;;) {
        while (queue.written == queue.full && !queue.closing)
            pthread_cond_wait(&queue.changed, &queue.lock);
        if (queue.written == queue.full)
            break;
        size_t batch = queue.written % BATCHES, count = queue.used[batch];
        bool ok = !queue.error;
        pthread_mutex_unlock(&queue.lock);
        for (size_t i = 0; i < count && ok; i++)
            ok = put(&queue.item[batch][i]);
        pthread_mutex_lock(&queue.lock);
        if (!ok && !queue.error)
            queue.error = trace_writer_error(queue.writer);
        queue.written++;
        pthread_cond_broadcast(&queue.changed);
    }
    pthread_mutex_unlock(&queue.lock);
    return NULL;
}

const char *queue_open(const char *path, const struct trace_info *info, int level, void (*failed)(const char *why))
{
    const char *error;
    queue.failed = failed;
    queue.writer = trace_create(path, info, false, &error);
    if (!queue.writer)
        return error;
    if (level)
        trace_set_level(queue.writer, level);
    queue.item = calloc(BATCHES, sizeof *queue.item);
    if (!queue.item || pthread_create(&queue.thread, NULL, encode, NULL))
        return "out of memory";
    return NULL;
}

/* The batch is full (or the last): it is the other thread's now. */
static void hand_over(void)
{
    pthread_mutex_lock(&queue.lock);
    queue.used[queue.full % BATCHES] = queue.fill;
    queue.full++;
    queue.fill = 0;
    pthread_cond_broadcast(&queue.changed);
    while (queue.full - queue.written == BATCHES)
        pthread_cond_wait(&queue.changed, &queue.lock);
    const char *error = queue.error;
    pthread_mutex_unlock(&queue.lock);
    if (error)
        queue.failed(error);
}

struct queue_item *queue_next(void)
{
    if (queue.fill == BATCH)
        hand_over();
    return &queue.item[queue.full % BATCHES][queue.fill++];
}

const char *queue_close(void)
{
    const char *error;
    hand_over();
    pthread_mutex_lock(&queue.lock);
    queue.closing = true;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
    pthread_join(queue.thread, NULL);
    if (queue.error)
        queue.failed(queue.error);
    return trace_finish(queue.writer, &error) ? NULL : error;
}
