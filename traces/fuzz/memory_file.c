/* Files in memory. Making a FILE and freeing it costs more than most readers take for an input, so a few are made once
 * and given out again; what the readers open, examine and close comes here by the linker's --wrap. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES = 4, BUFFER = 4096 };

static const char only_path[] = "file in memory";

static struct file {
    FILE *stream;
    bool open;
    const uint8_t *data;
    off64_t size, at;
    char buffer[BUFFER];
} files[FILES];

static const uint8_t *path_data; /* what only_path holds */
static size_t path_size;

static ssize_t file_read(void *cookie, char *to, size_t room)
{
    struct file *f = cookie;
    if (f->at >= f->size)
        return 0;
    const size_t left = (size_t)(f->size - f->at), n = left < room ? left : room;
    memcpy(to, f->data + f->at, n);
    f->at += (off64_t)n;
    return (ssize_t)n;
}

static int file_seek(void *cookie, off64_t *offset, int whence)
{
    struct file *f = cookie;
    const off64_t to = *offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? f->at : f->size);
    if (to < 0)
        return -1;
    *offset = f->at = to;
    return 0;
}

static struct file *of_stream(const FILE *stream)
{
    for (unsigned i = 0; i < FILES; i++)
        if (stream && files[i].stream == stream)
            return &files[i];
    return NULL;
}

FILE *fuzz_open(const uint8_t *data, size_t size)
{
    struct file *f = files;
    while (f < files + FILES && f->open)
        f++;
    if (f == files + FILES)
        abort(); /* one was not closed */
    if (!f->stream) {
        f->stream = fopencookie(f, "rb", (cookie_io_functions_t){.read = file_read, .seek = file_seek});
        if (!f->stream || setvbuf(f->stream, f->buffer, _IOFBF, sizeof f->buffer))
            abort();
    }
    f->data = data;
    f->size = (off64_t)size;
    f->open = true;
    rewind(f->stream);
    return f->stream;
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
    path_data = data;
    path_size = size;
    return only_path;
}

unsigned fuzz_files_open(void)
{
    unsigned open = 0;
    for (unsigned i = 0; i < FILES; i++)
        open += files[i].open;
    return open;
}

void fuzz_check_files(void)
{
    static const uint8_t first[] = "first", second[] = "another";
    FILE *f = fopen(fuzz_file(first, 5), "rbe");
    char text[16] = "";
    PROMISE(f && fuzz_files_open() == 1 && !fseeko(f, -1, SEEK_END) && getc(f) == 't' && getc(f) == EOF && feof(f));
    rewind(f);
    PROMISE(getc(f) == 'f');
    fclose(f);
    f = fopen(fuzz_file(second, 7), "rbe");
    PROMISE(f && !feof(f) && fread(text, 1, sizeof text, f) == 7 && !strcmp(text, "another"));
    fclose(f);
    PROMISE(!fuzz_files_open());
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
    return path == only_path || !strcmp(path, only_path) ? fuzz_open(path_data, path_size) : __real_fopen(path, mode);
}

int __real_fclose(FILE *stream);
int __wrap_fclose(FILE *stream);
int __wrap_fclose(FILE *stream)
{
    struct file *f = of_stream(stream);
    if (!f)
        return __real_fclose(stream);
    if (!f->open)
        abort(); /* closed twice */
    f->open = false;
    return 0;
}

/* The readers ask whether they can seek. A file in memory has no number. */
int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status)
{
    if (fd >= 0)
        return __real_fstat(fd, status);
    memset(status, 0, sizeof *status);
    status->st_mode = S_IFREG;
    return 0;
}
