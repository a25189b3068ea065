/* Records from a thread into its chunk, and chunks to the collector. */
#include "plugin.h"

#include "qemu_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void give_up(const char *why)
{
    channel_fail(process.ch, why);
    _exit(1);
}

static void give(struct cpu *c, bool last, const uint32_t *ended)
{
    struct chunk *chunk = c->chunk;
    if (chunk == process.no_chunk)
        return;
    if (last)
        c->chunk = process.no_chunk;
    if (!channel_hand_over(process.ch, chunk, last, ended))
        _exit(1); /* the collector is gone; it was killed, there is nobody to tell */
    if (__atomic_load_n(&process.ch->over, __ATOMIC_RELAXED) && process.ch->exit_when_over)
        _exit(0);
}

void hand_over(struct cpu *c, bool last)
{
    give(c, last, &process.ended);
}

void hand_over_and_end(struct cpu *c)
{
    __atomic_store_n(&process.ended, 1, __ATOMIC_SEQ_CST);
    give(c, true, NULL);
    for (unsigned i = 0; i < process.top; i++)
        hand_over(&process.cpu[i], true);
}

void hand_over_all(bool stop)
{
    if (stop && process.threads > 1)
        start_exclusive();
    for (unsigned i = 0; i < process.top; i++)
        hand_over(&process.cpu[i], false);
    if (stop && process.threads > 1)
        end_exclusive();
}

struct chunk *chunk_with_room(struct cpu *c)
{
    if (c->chunk->n >= c->chunk->limit) {
        hand_over(c, true);
        struct chunk *chunk = channel_new_chunk(process.ch, (unsigned)c->task, process.pid);
        if (!chunk)
            _exit(1);
        c->chunk = chunk;
    }
    return c->chunk;
}

void put_bytes(struct cpu *c, enum trace_kind kind, unsigned flags, uint64_t va, uint64_t bytes)
{
    while (bytes) {
        struct chunk *k = chunk_with_room(c);
        struct trace_rec *rec = &k->rec[k->n];
        *rec = (struct trace_rec){.va = va, .kind = (uint8_t)kind, .flags = (uint8_t)flags};
        bytes = trace_split(va, bytes, &rec->size);
        va += rec->size;
        __atomic_store_n(&k->n, k->n + 1, __ATOMIC_RELEASE);
    }
}

void put_extra(struct cpu *c, enum trace_kind kind, const struct trace_extra *x)
{
    struct chunk *k = chunk_with_room(c);
    k->rec[k->n] = (struct trace_rec){.kind = (uint8_t)kind};
    memcpy(&k->rec[k->n + 1], x, sizeof *x);
    __atomic_store_n(&k->n, k->n + 1 + EXTRA_SLOTS, __ATOMIC_RELEASE);
}

void put_task(struct cpu *c, enum trace_task_event event, unsigned number, unsigned flags, const char *name)
{
    struct trace_extra x;
    memset(&x, 0, sizeof x);
    x.task = (struct trace_task){.number = number, .event = (uint8_t)event, .flags = (uint8_t)flags};
    snprintf(x.task.name, sizeof x.task.name, "%s", name);
    put_extra(c, TRACE_TASK, &x);
}

void put_task_for(unsigned task, enum trace_task_event event)
{
    struct cpu other = {.chunk = process.no_chunk, .task = (int)task};
    put_task(&other, event, 0, 0, "");
    hand_over(&other, true);
}
