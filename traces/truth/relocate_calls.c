/* System calls: the trace's are replaced by the native ones, which tell where each mapping is natively. */
#include <inttypes.h>

#include "relocation.h"

enum {
    CALL_MMAP = 9,
    CALL_MPROTECT = 10,
    CALL_MUNMAP = 11,
    CALL_BRK = 12,
    CALL_MREMAP = 25,
    CALL_MADVISE = 28,
    CALL_SHMAT = 30,
    CALL_SHMDT = 67,
    CALL_REMAP = 216,
    CALL_PKEY = 329
};

/* How many arguments a memory call has; those that are lengths and rights must agree. */
static const struct known_call {
    uint16_t number;
    uint8_t arguments, compared;
    const char *name;
} known[] = {{CALL_MMAP, 6, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5, "mmap"},
             {CALL_MPROTECT, 3, 1 << 1 | 1 << 2, "mprotect"},
             {CALL_MUNMAP, 2, 1 << 1, "munmap"},
             {CALL_MREMAP, 5, 1 << 1 | 1 << 2 | 1 << 3, "mremap"},
             {CALL_MADVISE, 3, 1 << 1 | 1 << 2, "madvise"},
             {CALL_SHMAT, 3, 1 << 2, "shmat"},
             {CALL_SHMDT, 1, 0, "shmdt"},
             {CALL_REMAP, 5, 1 << 1, "remap_file_pages"},
             {CALL_PKEY, 4, 1 << 1 | 1 << 2, "pkey_mprotect"}};

static const struct known_call *know(uint64_t number)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].number == number)
            return &known[i];
    return NULL;
}

static bool failed(int64_t result)
{
    return result < 0 && result >= -4095;
}

static bool is_same(const struct known_call *call, const struct trace_syscall *captured,
                    const struct native_call *native)
{
    if (captured->number != native->number || failed(captured->result) != failed(native->result))
        return false;
    for (int i = 0; i < call->arguments; i++)
        if (call->compared >> i & 1 && captured->arg[i] != native->arg[i])
            return false;
    return true;
}

/* The heap begins where it does natively; how it grows is the trace's, since programs whose hash tables go by addresses
 * differ a little. */
static bool take_brk(struct relocation *r, const struct trace_rec *rec, const struct trace_syscall *call)
{
    struct space *space = r->task[rec->thread].space;
    struct trace_extra x = {.syscall = *call};
    uint64_t result = (uint64_t)call->result;
    bool done = true;
    if (!space->brk && !space->native_brk)
        return moved_fail(r, "task %u has a heap, natively it has none", rec->thread);
    if (!space->brk)
        space->brk_distance = space->native_brk - result;
    else if (result > space->brk)
        done = space_add(space,
                         (struct piece){.start = space->brk, .end = page_up(result), .distance = space->brk_distance});
    else
        done = space_remove(space, page_up(result), page_up(space->brk));
    space->brk = result;
    x.syscall.result = (int64_t)(result + space->brk_distance);
    if (x.syscall.arg[0])
        x.syscall.arg[0] += space->brk_distance;
    return done ? moved_put(r, rec, &x) : moved_fail(r, "out of memory");
}

/* What the call does to the pieces. */
static bool follow(struct space *space, const struct trace_syscall *call, const struct native_call *native)
{
    uint64_t result = (uint64_t)call->result, distance = (uint64_t)native->result - result;
    switch (call->number) {
    case CALL_MMAP:
        return space_add(space,
                         (struct piece){.start = result, .end = result + page_up(call->arg[1]), .distance = distance});
    case CALL_SHMAT:
        return space_add(space, (struct piece){.start = result, .end = result + call->arg[3], .distance = distance});
    case CALL_MUNMAP:
        return space_remove(space, call->arg[0], call->arg[0] + page_up(call->arg[1]));
    case CALL_MREMAP:
        return space_remove(space, call->arg[0], call->arg[0] + page_up(call->arg[1])) &&
               space_add(space,
                         (struct piece){.start = result, .end = result + page_up(call->arg[2]), .distance = distance});
    }
    return true;
}

bool take_syscall(struct relocation *r, const struct trace_rec *rec, const struct trace_syscall *call)
{
    struct task *task = &r->task[rec->thread];
    const struct known_call *about = know(call->number);
    struct trace_extra x = {.syscall = *call};
    if (call->number == CALL_BRK)
        return take_brk(r, rec, call);
    if (!about)
        return moved_put(r, rec, &x);
    const struct native_task *native = &r->native.task[task->native];
    const struct native_call *theirs = task->call < native->calls ? &native->call[task->call] : NULL;
    if (!theirs || !is_same(about, call, theirs)) {
        const struct known_call *other = theirs ? know(theirs->number) : NULL;
        return moved_fail(r,
                          "memory call %zu of task %u is %s with a length of %#" PRIx64 ", natively %s with %#" PRIx64
                          ": the two runs differ",
                          task->call + 1, rec->thread, about->name, call->arg[1], other ? other->name : "none",
                          theirs ? theirs->arg[1] : 0);
    }
    task->call++;
    for (int i = 0; i < about->arguments; i++)
        x.syscall.arg[i] = theirs->arg[i];
    if (call->number == CALL_MMAP)
        x.syscall.arg[4] = call->arg[4]; /* the descriptor, as the trace's OPEN records know it */
    x.syscall.result = theirs->result;
    if (!failed(call->result) && !follow(task->space, call, theirs))
        return moved_fail(r, "out of memory");
    return moved_put(r, rec, &x);
}
