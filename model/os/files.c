/* File identity. By name where a name is known; else from system calls alone: every successful open gives its
 * descriptor a new file number, dup copies it, close forgets it. Two opens of one file without a name are two numbers,
 * so their page-cache frames differ.
 *
 * What has pages in memory only (struct file: shmem, or large pages) keeps them while it can be reached: while it is
 * mapped, while a descriptor is known to be open, and, where it has a name by which a trace may come back to it, for
 * good. A trace does not say when a memfd's last descriptor is closed. */
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

enum { FD_LIMIT = 1 << 20 }; /* Linux's default fs.nr_open; larger numbers are not remembered */

struct file_table *files_new(void)
{
    struct file_table *files = calloc(1, sizeof *files);
    if (files)
        files->users = 1;
    return files;
}

struct file_table *files_copy(const struct file_table *from)
{
    struct file_table *files = files_new();
    if (!files || !from->count)
        return files;
    files->file = malloc(from->count * sizeof *files->file);
    if (!files->file) {
        free(files);
        return NULL;
    }
    memcpy(files->file, from->file, from->count * sizeof *files->file);
    files->count = from->count;
    return files;
}

void files_leave(struct file_table *files)
{
    if (!files || --files->users)
        return;
    free(files->file);
    free(files);
}

uint64_t file_new(struct os *os, bool shmem)
{
    if (os->last_file + 1 >= os->file_room) {
        uint64_t room = os->file_room * 2 + 64;
        struct file *grown = realloc(os->file, room * sizeof *grown);
        if (!grown)
            return 0;
        memset(grown + os->file_room, 0, (room - os->file_room) * sizeof *grown);
        os->file = grown;
        os->file_room = room;
    }
    os->file[++os->last_file].shmem = shmem;
    return os->last_file;
}

uint64_t file_find(const struct os *os, const char *name, bool shmem)
{
    for (uint64_t i = 1; i <= os->last_file; i++)
        if (os->file[i].name && os->file[i].shmem == shmem && !strcmp(os->file[i].name, name))
            return i;
    return 0;
}

/* Every mapping of /dev/zero is memory of its own, with a name that does not return. */
static bool comes_back(const char *name)
{
    static const char zeros[] = "/dev/zero:";
    return strncmp(name, zeros, sizeof zeros - 1) != 0;
}

uint64_t file_named(struct os *os, const char *name, bool shmem)
{
    uint64_t file = file_find(os, name, shmem);
    if (file)
        return file;
    char *copy = strdup(name);
    file = copy ? file_new(os, shmem) : 0;
    if (!file) {
        free(copy);
        return 0;
    }
    os->file[file].name = copy;
    os->file[file].lasts = comes_back(name);
    return file;
}

static bool remember(struct os *os, int64_t fd, uint64_t file)
{
    struct file_table *files = os->task->files;
    if (fd < 0 || fd >= FD_LIMIT)
        return true;
    if ((size_t)fd >= files->count) {
        size_t count = (size_t)fd * 2 + 16;
        uint64_t *grown = realloc(files->file, count * sizeof *grown);
        if (!grown)
            return os_out_of_memory(os);
        memset(grown + files->count, 0, (count - files->count) * sizeof *grown);
        files->file = grown;
        files->count = count;
    }
    uint64_t old = files->file[fd];
    files->file[fd] = file;
    file_forget_if_unused(os, old);
    return true;
}

static uint64_t known(const struct os *os, int64_t fd)
{
    const struct file_table *files = os->task->files;
    return fd >= 0 && (uint64_t)fd < files->count ? files->file[fd] : 0;
}

bool files_open(struct os *os, int64_t fd, bool shmem)
{
    uint64_t file = file_new(os, shmem);
    return file ? remember(os, fd, file) : os_out_of_memory(os);
}

bool os_open_file(struct os *os, int64_t fd, const char *name)
{
    if (!os->task)
        return os_fail(os, "open of %s: no task is current", name);
    uint64_t file = file_named(os, name, false);
    return file ? remember(os, fd, file) : os_out_of_memory(os);
}

bool os_open_memory(struct os *os, int64_t fd, const char *name)
{
    if (!os->task)
        return os_fail(os, "open of %s: no task is current", name);
    uint64_t file = file_named(os, name, true);
    return file ? remember(os, fd, file) : os_out_of_memory(os);
}

static uint64_t another(struct os *os, int64_t fd)
{
    uint64_t file = file_new(os, false);
    return file && remember(os, fd, file) ? file : 0;
}

uint64_t files_of(struct os *os, int64_t fd)
{
    uint64_t file = known(os, fd);
    return file ? file : another(os, fd);
}

uint64_t files_of_size(struct os *os, int64_t fd, unsigned level)
{
    uint64_t file = files_of(os, fd);
    if (file && !os->file[file].name && os->file[file].level && os->file[file].level != level)
        file = another(os, fd);
    if (file && !os->file[file].level)
        os->file[file].level = (uint8_t)level;
    return file;
}

bool files_dup(struct os *os, int64_t from, int64_t to)
{
    uint64_t file = files_of(os, from);
    return file && remember(os, to, file);
}

void files_close(struct os *os, int64_t fd)
{
    if (known(os, fd))
        remember(os, fd, 0);
}
