/* The collector's work: from segments of chunks to the trace file. */
#include "collect.h"

#include <inttypes.h>
#include <string.h>

enum { ROOM = 32 }; /* segments after which those who wait for room are woken: they should find some */

static void stop(struct collect *c, bool reached)
{
    c->reached = reached;
    __atomic_store_n(&c->ch->over, 1, __ATOMIC_SEQ_CST);
}

bool finish(struct collect *c)
{
    const char *error;
    struct trace_writer *w = c->writer;
    c->writer = NULL;
    if (!w || trace_finish(w, &error))
        return !c->broken;
    if (!c->broken)
        fprintf(stderr, "twinwalk capture: %s\n", error);
    c->broken = true;
    return false;
}

static void put(struct collect *c, const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (trace_put(c->writer, rec, extra))
        return;
    fprintf(stderr, "twinwalk capture: %s\n", trace_writer_error(c->writer));
    c->broken = true;
    finish(c);
    stop(c, false);
}

static void put_segment(struct collect *c, const struct chunk *chunk, uint32_t from, uint32_t to)
{
    struct trace_extra extra;
    for (uint32_t i = from; i < to && c->writer;) {
        struct trace_rec rec = chunk->rec[i++];
        rec.thread = (uint8_t)chunk->task;
        if (rec.kind > TRACE_STORE) {
            memcpy(&extra, &chunk->rec[i], sizeof extra);
            i += EXTRA_SLOTS;
            put(c, &rec, &extra);
            continue;
        }
        c->seen++;
        if (c->skip) {
            c->skip--;
            continue;
        }
        put(c, &rec, NULL);
        if (c->writer && ++c->accesses >= c->limit) {
            finish(c);
            stop(c, true);
        }
    }
}

static void give_back(struct channel *ch, struct chunk *chunk)
{
    channel_lock(ch);
    chunk->pid = 0;
    ch->free[ch->free_count] = (uint16_t)(chunk - ch->chunk);
    __atomic_store_n(&ch->free_count, ch->free_count + 1, __ATOMIC_SEQ_CST);
    channel_unlock(ch);
}

static void made_room(struct channel *ch)
{
    __atomic_add_fetch(&ch->freed, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ch->waiting, __ATOMIC_SEQ_CST))
        futex_wake(&ch->freed);
}

bool drain(struct collect *c)
{
    struct channel *ch = c->ch;
    uint32_t tail = __atomic_load_n(&ch->tail, __ATOMIC_SEQ_CST);
    if (tail == ch->head)
        return false;
    for (unsigned done = 0; ch->head != tail;) {
        struct segment s = ch->queue[ch->head % QUEUE];
        struct chunk *chunk = &ch->chunk[s.chunk];
        put_segment(c, chunk, s.from, s.to);
        if (s.last)
            give_back(ch, chunk);
        __atomic_store_n(&ch->head, ch->head + 1, __ATOMIC_SEQ_CST);
        if (++done % ROOM == 0 || ch->head == tail)
            made_room(ch);
    }
    return true;
}

void drain_dead(struct collect *c, pid_t pid)
{
    struct channel *ch = c->ch;
    drain(c);
    for (unsigned i = 0; i < CHUNKS; i++) {
        struct chunk *chunk = &ch->chunk[i];
        if (chunk->pid != pid)
            continue;
        put_segment(c, chunk, chunk->handed, chunk->n);
        give_back(ch, chunk);
        made_room(ch);
    }
    struct trace_extra end;
    memset(&end, 0, sizeof end);
    end.task.event = TRACE_EXIT_GROUP;
    bool said = false;
    for (unsigned i = 0; i < TASKS; i++) {
        if (!ch->task[i].used || ch->task[i].pid != pid)
            continue;
        struct trace_rec rec = {.kind = TRACE_TASK, .thread = (uint8_t)i};
        if (!said && c->writer)
            put(c, &rec, &end);
        said = true;
        channel_free_task(ch, i);
    }
}
