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

static void segment_name(char name[NAME_ROOM], uint64_t id)
{
    snprintf(name, NAME_ROOM, "/SYSV%08" PRIx64, id);
}

/* shmat: a segment is a file that is named by its number; how long it is, no system call of the mapping tells, so
 * arg[3] must. It stays as it is when nobody has it attached, until IPC_RMID. */
static bool sys_shmat(struct os *os, const uint64_t arg[6], uint64_t start)
{
    char name[NAME_ROOM];
    uint64_t end;
    if (!arg[3])
        return os_fail(os, "shmat succeeded for segment %" PRIu64 ", but the record does not tell its length", arg[0]);
    if (!user_range(os, "shmat", start, arg[3], &end))
        return false;
    segment_name(name, arg[0]);
    struct vma vma = {.start = start,
                      .end = end,
                      .prot = OS_READ | (arg[2] & LX_SHM_RDONLY ? 0 : OS_WRITE) | (arg[2] & LX_SHM_EXEC ? OS_EXEC : 0),
                      .flags = OS_SHARED};
    snprintf(vma.name, sizeof vma.name, "%s", name);
    vma.file = file_named(os, name, true);
    if (!vma.file)
        return os_out_of_memory(os);
    struct file *file = &os->file[vma.file];
    file->segment = true;
    file->level = 1;
    file->lasts |= !file_is_mapped(os, vma.file); /* a number that was removed, and then detached, is a new segment */
    return clear_place(os, "shmat", start, end, arg[2] & LX_SHM_REMAP) && space_map(os, os->mm, &vma);
}

/* Whether it is a piece of the segment's mapping that began at start. */
static bool is_piece(const struct os *os, const struct vma *vma, uint64_t start)
{
    return vma->file && os->file[vma->file].segment && vma->start >= start &&
           (vma->start - start) >> PAGE_SHIFT == vma->page_offset;
}

/* mprotect, madvise, munmap and mremap leave a segment's mapping in pieces, of which the first tells the segment
 * (Linux: ksys_shmdt). */
static bool sys_shmdt(struct os *os, uint64_t start)
{
    const struct vma_list *vmas = &os->mm->vmas;
    size_t i = vma_first(vmas, start);
    while (i < vmas->count && !is_piece(os, &vmas->at[i], start))
        i++;
    if (i == vmas->count || start % PAGE_BYTES)
        return os_fail(os, "shmdt succeeded at 0x%" PRIx64 ", where no segment begins", start);
    const uint64_t file = vmas->at[i].file;
    while (i < vmas->count) {
        const struct vma piece = vmas->at[i++];
        if (piece.file != file || !is_piece(os, &piece, start))
            continue;
        if (!unmap_range(os, piece.start, piece.end))
            return false;
        i = vma_first(vmas, piece.end);
    }
    return true;
}

/* IPC_RMID: the segment goes with its last mapping. */
static bool sys_shmctl(struct os *os, uint64_t id, uint64_t command)
{
    char name[NAME_ROOM];
    segment_name(name, id);
    const uint64_t file = command == LX_IPC_RMID ? file_find(os, name, true) : 0;
    if (file)
        os->file[file].lasts = false;
    file_forget_if_unused(os, file);
    return true;
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
    case LX_SHMCTL:
        return sys_shmctl(os, arg[0], arg[1]);
    default:
        return true;
    }
}
