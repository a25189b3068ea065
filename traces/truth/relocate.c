/* The accesses are those that QEMU ran, the address space is that of the native run: every mapping of the one is told
 * to be that of the other by its place in the program's order: the n-th system call of a task by the n-th, a file of
 * the first layout by its name, the stack by its first stack pointer. The records of MAP and the system calls become
 * the native ones.
 *
 * Added is what the kernel itself writes in execve, as accesses of its own (supervisor, EFLAGS.AC): the top of the
 * stack, and the ends of data segments. A load and a store of one instruction at one place become a store: to the
 * processor a read-modify-write is a write. */
#include "relocate.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "relocation.h"

bool moved_fail(struct relocation *r, const char *format, ...)
{
    va_list arguments;
    int n = snprintf(r->error, sizeof r->error, "record %" PRIu64 ": ", r->record);
    va_start(arguments, format);
    vsnprintf(r->error + n, sizeof r->error - (size_t)n, format, arguments);
    va_end(arguments);
    return false;
}

bool moved_put(struct relocation *r, const struct trace_rec *rec, const struct trace_extra *extra)
{
    r->written++;
    return trace_put(r->writer, rec, extra) || moved_fail(r, "%s", trace_writer_error(r->writer));
}

bool moved_access(struct relocation *r, const struct trace_rec *rec, size_t bytes)
{
    struct trace_rec piece = *rec;
    for (uint64_t va = rec->va; bytes; va += piece.size) {
        piece.va = va;
        bytes = trace_split(va, bytes, &piece.size);
        if (!moved_put(r, &piece, NULL))
            return false;
    }
    return true;
}

/* ---- tasks ---- */

static bool take_clone(struct relocation *r, const struct trace_rec *rec, const struct trace_task *clone)
{
    uint16_t thread = rec->thread;
    struct trace_extra x = {.task = *clone};
    struct task *parent = &r->task[thread], *child = &r->task[clone->number];
    unsigned number = parent->child + 1; /* children have higher numbers than their parents */
    while (number < r->native.tasks && r->native.task[number].parent != parent->native)
        number++;
    if (number >= r->native.tasks)
        return moved_fail(r, "task %u makes task %u, natively it does not", thread, clone->number);
    if (child->alive)
        space_leave(child->space);
    parent->child = number;
    *child = (struct task){.alive = true, .native = number, .child = number};
    x.task.flags = (uint8_t)r->native.task[number].flags; /* QEMU makes a fork of vfork */
    child->space = x.task.flags & TRACE_CLONE_VM ? parent->space : space_copy(parent->space);
    if (!child->space)
        return moved_fail(r, "out of memory");
    if (x.task.flags & TRACE_CLONE_VM)
        child->space->users++;
    printf("%s %u %" PRIu64 " %u\n", x.task.flags & TRACE_CLONE_THREAD ? "thread" : "process", number, r->written,
           clone->number);
    return moved_put(r, rec, &x);
}

static bool take_task(struct relocation *r, const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (extra->task.event == TRACE_CLONE)
        return take_clone(r, rec, &extra->task);
    return moved_put(r, rec, extra) &&
           (extra->task.event != TRACE_EXEC || begin_layout(r, &r->task[rec->thread], rec->thread));
}

/* ---- accesses ---- */

/* The load that was held back, unless this store is its other half (NULL: there is none). */
static bool settle(struct relocation *r, const struct trace_rec *store)
{
    bool half = r->held && store && store->kind == TRACE_STORE && store->va == r->load.va &&
                store->size == r->load.size && store->thread == r->load.thread && store->flags == r->load.flags;
    bool write = r->held && !half;
    r->held = false;
    return !write || moved_access(r, &r->load, r->load.size);
}

static bool take_access(struct relocation *r, const struct trace_rec *rec)
{
    struct task *task = &r->task[rec->thread];
    struct space *space = task->space;
    struct piece *piece = space ? space_find(space, rec->va) : NULL;
    struct trace_rec moved = *rec;
    bool kernel = rec->flags & TRACE_SUPERVISOR;
    if (!piece || (piece->stack && kernel && !space->stack_known)) {
        r->dropped++;
        return kernel || moved_fail(r, "task %u touches %#" PRIx64 ", of which nothing is known", rec->thread, rec->va);
    }
    if (piece->stack && !space->stack_known) { /* the program's start calls, or takes from the stack */
        space->stack_known = true;
        piece->distance = space->sp - (rec->va + (rec->kind == TRACE_STORE ? rec->size : 0));
    }
    moved.va = rec->va + piece->distance;
    if (piece->stack && moved.va + rec->size > space->stack_top) /* QEMU has more strings up there */
        moved.va = space->stack_top - rec->size;
    if (!settle(r, &moved))
        return false;
    if (moved.kind != TRACE_LOAD || kernel)
        return moved_access(r, &moved, moved.size);
    r->held = true;
    r->load = moved;
    return true;
}

static bool take(struct relocation *r, const struct trace_rec *rec)
{
    const struct trace_extra *extra = trace_extra(r->reader, rec);
    struct task *task = &r->task[rec->thread];
    if (rec->kind == TRACE_MAP)
        return settle(r, NULL) && take_map(r, rec->thread, &extra->map);
    if (task->layout && !end_layout(r, task, rec->thread))
        return false;
    if (rec->kind <= TRACE_STORE)
        return take_access(r, rec);
    if (!settle(r, NULL))
        return false;
    if (rec->kind == TRACE_SYSCALL)
        return take_syscall(r, rec, &extra->syscall);
    if (rec->kind == TRACE_TASK)
        return take_task(r, rec, extra);
    return moved_fail(r, "the trace has page tables of its own");
}

static bool take_all(struct relocation *r)
{
    const struct trace_rec *recs;
    size_t count;
    int more;
    while ((more = trace_next(r->reader, &recs, &count)) > 0)
        for (size_t i = 0; i < count; i++, r->record++)
            if (!take(r, &recs[i]))
                return false;
    return (!more || moved_fail(r, "%s", trace_error(r->reader))) && settle(r, NULL);
}

int relocate(const char *log, const char *in, const char *out)
{
    static struct relocation r;
    const char *error = native_read(&r.native, log);
    if (!error && (!r.native.tasks || !r.native.task[0].execs))
        error = "the log tells of no program";
    if (!error)
        r.reader = trace_open(in, &error);
    if (r.reader) {
        struct trace_info info = *trace_get_info(r.reader);
        snprintf(info.recorder, sizeof info.recorder, "twinwalk-truth relocate, from: %.80s",
                 trace_get_info(r.reader)->recorder);
        r.writer = trace_create(out, &info, false, &error);
    }
    if (r.writer) {
        trace_set_level(r.writer, 1);
        r.task[0].alive = true;
        printf("process 0 0 0\n");
        if (!take_all(&r))
            fprintf(stderr, "twinwalk-truth: %s: %s\n", in, r.error);
        error = NULL;
        if (r.error[0])
            trace_abandon(r.writer);
        else
            trace_finish(r.writer, &error);
    }
    if (error)
        fprintf(stderr, "twinwalk-truth: %s\n", error);
    printf("dropped %" PRIu64 "\n", r.dropped);
    if (r.reader)
        trace_close(r.reader);
    native_drop(&r.native);
    return error || r.error[0] ? 1 : 0;
}
