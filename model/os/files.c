/* File identity from system calls alone: every successful open gives its descriptor a new file number, dup copies it, close forgets it.
 *
 * Two opens of one file are two numbers here, so their page-cache frames differ; nothing but physical addresses depends on it. */
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

enum { FD_LIMIT = 1 << 20 }; /* Linux's default fs.nr_open; larger numbers are not remembered */

void files_drop(struct file_table *files)
{
    free(files->file);
    *files = (struct file_table){0};
}

static bool remember(struct os *os, int64_t fd, uint64_t file)
{
    struct file_table *files = &os->process.files;
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
    files->file[fd] = file;
    return true;
}

static uint64_t known(const struct os *os, int64_t fd)
{
    const struct file_table *files = &os->process.files;
    return fd >= 0 && (uint64_t)fd < files->count ? files->file[fd] : 0;
}

bool files_open(struct os *os, int64_t fd)
{
    return remember(os, fd, os_new_file(os));
}

uint64_t files_of(struct os *os, int64_t fd)
{
    uint64_t file = known(os, fd);
    if (file)
        return file;
    file = os_new_file(os);
    return remember(os, fd, file) ? file : 0;
}

bool files_dup(struct os *os, int64_t from, int64_t to)
{
    uint64_t file = files_of(os, from);
    return file && remember(os, to, file);
}

void files_close(struct os *os, int64_t fd)
{
    if (known(os, fd))
        os->process.files.file[fd] = 0;
}
