/* The system calls that make, replace and end tasks, and System V shared memory, by their results. The trace says in
 * which task it goes on (os_switch). */
#include <inttypes.h>
#include <stdio.h>

#include "kernel.h"
#include "linux_abi.h"

/* clone: arg[0] has the flags. The record is the parent's; what the child sees (result 0) says nothing new. */
static bool sys_clone(struct os *os, uint64_t flags, int64_t child)
{
    unsigned ours = (flags & LX_CLONE_VM ? OS_CLONE_VM : 0) | (flags & LX_CLONE_FILES ? OS_CLONE_FILES : 0) |
                    (flags & LX_CLONE_THREAD ? OS_CLONE_THREAD : 0) | (flags & LX_CLONE_VFORK ? OS_CLONE_VFORK : 0);
    return !child || os_clone(os, os->task->number, (unsigned)child, ours);
}

/* shmat: a segment is a file that is named by its number; how long it is, no system call of the mapping tells, so
 * arg[3] must. */
static bool sys_shmat(struct os *os, const uint64_t arg[6], uint64_t start)
{
    char name[NAME_ROOM];
    uint64_t end;
    if (!arg[3])
        return os_fail(os, "shmat succeeded for segment %" PRIu64 ", but the record does not tell its length", arg[0]);
    if (!user_range(os, "shmat", start, arg[3], &end))
        return false;
    snprintf(name, sizeof name, "/SYSV%08" PRIx64, arg[0]);
    struct vma vma = {.start = start,
                      .end = end,
                      .prot = OS_READ | (arg[2] & 010000 ? 0 : OS_WRITE),
                      .flags = OS_SHARED};
    snprintf(vma.name, sizeof vma.name, "%s", name);
    vma.file = file_named(os, name);
    if (!vma.file)
        return os_out_of_memory(os);
    if (vma_overlaps(&os->mm->vmas, start, end))
        return os_fail(os, "shmat gave 0x%" PRIx64 "-0x%" PRIx64 ", where something is mapped", start, end);
    os->file[vma.file].shmem = true;
    return space_map(os, os->mm, &vma);
}

static bool sys_shmdt(struct os *os, uint64_t start)
{
    const struct vma *vma = vma_find(&os->mm->vmas, start);
    if (!vma || vma->start != start || !vma->file || !os->file[vma->file].name)
        return os_fail(os, "shmdt succeeded at 0x%" PRIx64 ", where no segment begins", start);
    uint64_t end = vma->end;
    for (const struct vma *more = vma_find(&os->mm->vmas, end); more && more->start == end && more->file == vma->file;
         more = vma_find(&os->mm->vmas, end))
        end = more->end; /* mprotect and madvise cut a segment's mapping into several */
    struct flush flush = {0};
    bool done = space_unmap(os, os->mm, start, end, &flush);
    tlb_flush(os, os->mm, &flush);
    return done;
}

bool sys_process(struct os *os, uint64_t number, const uint64_t arg[6], int64_t result)
{
    unsigned self = os->task->number;
    switch (number) {
    case LX_CLONE:
        return sys_clone(os, arg[0], result);
    case LX_FORK:
        return sys_clone(os, 0, result);
    case LX_VFORK:
        return sys_clone(os, LX_CLONE_VM | LX_CLONE_VFORK, result);
    case LX_EXECVE:
    case LX_EXECVEAT:
        return os_exec(os, self, os->task->name);
    case LX_EXIT:
        return os_exit(os, self);
    case LX_EXIT_GROUP:
        return os_exit_group(os, self);
    case LX_SHMAT:
        return sys_shmat(os, arg, (uint64_t)result);
    case LX_SHMDT:
        return sys_shmdt(os, arg[0]);
    default:
        return true;
    }
}
