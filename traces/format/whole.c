/* See whole.h. */
#define _GNU_SOURCE
#include "whole.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PARTS = 32, NAME_BYTES = 200 }; /* parts at a time; bytes of a name that a part's name repeats */

/* The parts that are being written. A child that was forked must not remove its parent's. */
static struct {
    pid_t owner;
    char path[PATH_MAX];
} parts[PARTS];

void whole_drop_all(void)
{
    const int cause = errno;
    for (int i = 0; i < PARTS; i++)
        if (parts[i].owner == getpid())
            unlink(parts[i].path);
    errno = cause;
}

static void forget(const char *part)
{
    for (int i = 0; i < PARTS; i++)
        if (parts[i].owner == getpid() && strcmp(parts[i].path, part) == 0)
            parts[i].owner = 0;
}

static bool remember(const char *part)
{
    static bool at_exit;
    for (int i = 0; i < PARTS; i++)
        if (parts[i].owner != getpid()) {
            if (snprintf(parts[i].path, sizeof parts[i].path, "%s", part) >= (int)sizeof parts[i].path)
                return false;
            if (!at_exit)
                at_exit = !atexit(whole_drop_all);
            parts[i].owner = getpid();
            return true;
        }
    return false;
}

/* Whatever its name: the files are not this process's any more. */
static void release(struct whole *w)
{
    if (w->name && w->part)
        forget(w->part);
    if (w->notes)
        forget(w->notes);
    free(w->name);
    free(w->part);
    free(w->notes);
    w->name = w->part = w->notes = NULL;
}

static bool fail(struct whole *w, const char *what, int cause)
{
    if (cause)
        snprintf(w->error, sizeof w->error, "%s: %s", what, strerror(cause));
    else
        snprintf(w->error, sizeof w->error, "%s", what);
    release(w);
    w->fd = -1;
    return false;
}

/* Which descriptor of this process a path names, STDOUT_FILENO or STDERR_FILENO; -1: neither. A device is written by
 * its own name: what goes to /dev/null is not what standard output says, even where that goes there too. */
static int standard(const char *path)
{
    static const char *const names[][3] = {{"-", "/dev/stdout", "/dev/fd/1"}, {"/dev/stderr", "/dev/fd/2", NULL}};
    struct stat own, there;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 3; k++)
            if (names[i][k] && strcmp(path, names[i][k]) == 0)
                return STDOUT_FILENO + i;
    if (stat(path, &there) == 0 && !S_ISCHR(there.st_mode))
        for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
            if (fstat(fd, &own) == 0 && own.st_dev == there.st_dev && own.st_ino == there.st_ino)
                return fd;
    return -1;
}

bool whole_is_standard(const char *path)
{
    return standard(path) == STDOUT_FILENO;
}

/* The folder of a path, with its links resolved, and the name in it; NULL: no such folder. */
static char *placed(const char *path)
{
    char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL, *whole = NULL;
    const char *name = slash ? slash + 1 : copy;
    char *folder = NULL;
    if (slash)
        *slash = 0;
    if (copy)
        folder = realpath(!slash ? "." : slash == copy ? "/" : copy, NULL);
    if (folder && asprintf(&whole, "%s/%s", strcmp(folder, "/") ? folder : "", name) < 0)
        whole = NULL;
    free(folder);
    free(copy);
    return whole;
}

bool whole_same(const char *a, const char *b)
{
    struct stat sa, sb;
    const int at_a = standard(a), at_b = standard(b);
    if (at_a >= 0 || at_b >= 0)
        return at_a == at_b;
    const bool have_a = stat(a, &sa) == 0, have_b = stat(b, &sb) == 0;
    if (have_a || have_b)
        return have_a && have_b && !S_ISCHR(sa.st_mode) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
    char *pa = placed(a), *pb = placed(b);
    const bool same = pa && pb && strcmp(pa, pb) == 0;
    free(pa);
    free(pb);
    return same;
}

/* A name for the part, beside w->name, that nothing has: made, so that nobody else takes it. */
static bool make_part(struct whole *w, mode_t mode)
{
    const char *name = strrchr(w->name, '/') + 1;
    for (unsigned turn = 0;; turn++) {
        if (asprintf(&w->part, "%.*s%.*s.part-%d-%u", (int)(name - w->name), w->name, NAME_BYTES, name, (int)getpid(),
                     turn) < 0)
            return w->part = NULL, fail(w, "cannot be written", ENOMEM);
        w->fd = open(w->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (w->fd >= 0 || errno != EEXIST)
            break;
        free(w->part);
    }
    if (w->fd < 0)
        return fail(w, "cannot be written", errno);
    if (mode)
        fchmod(w->fd, mode & 07777);
    if (remember(w->part))
        return true;
    close(w->fd);
    unlink(w->part);
    return fail(w, "cannot be written: too many files at a time, or its path is too long", 0);
}

static bool in_place(struct whole *w, const char *path)
{
    w->fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    return w->fd >= 0 || fail(w, "cannot be written", errno);
}

bool whole_open(struct whole *w, const char *path)
{
    struct stat st;
    *w = (struct whole){.fd = standard(path)};
    if (!*path)
        return fail(w, "this name is empty", 0);
    w->standard = w->fd >= 0;
    if (w->standard)
        return true;
    if (stat(path, &st) != 0) {
        if (errno != ENOENT)
            return fail(w, "cannot be written", errno);
        if (lstat(path, &st) == 0) /* a link to a file that is to be */
            return fail(w, "cannot be written: it is a link to nothing", 0);
        w->name = placed(path);
        return w->name ? make_part(w, 0) : fail(w, "cannot be written", errno);
    }
    if (S_ISDIR(st.st_mode))
        return fail(w, "cannot be written: it is a folder", 0);
    /* Descriptors of other programs (/proc/N/fd/M, /dev/fd/N) are theirs to keep. */
    if (!S_ISREG(st.st_mode) || strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/dev/fd/", 8) == 0)
        return in_place(w, path);
    if (access(path, W_OK) != 0)
        return fail(w, "cannot be written", errno);
    w->name = realpath(path, NULL);
    return w->name ? make_part(w, st.st_mode) : fail(w, "cannot be written", errno);
}

bool whole_reserve(struct whole *w, const char *path, const char *notes)
{
    struct stat st;
    *w = (struct whole){.fd = -1};
    if (standard(path) >= 0)
        return fail(w, "cannot be written to standard output", 0);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return fail(w, "cannot be written: it is no regular file, and would be replaced by one", 0);
    if (!whole_open(w, path))
        return false;
    close(w->fd);
    w->fd = -1;
    if (!w->part)
        return fail(w, "cannot be written: it is another program's to keep", 0);
    if (w->name && asprintf(&w->notes, "%s%s", w->part, notes) >= 0)
        remember(w->notes);
    return true;
}

/* Ends the part under its own name, whatever becomes of it. */
static bool close_file(struct whole *w)
{
    const bool good = w->fd < 0 || w->standard || close(w->fd) == 0;
    w->fd = -1;
    return good;
}

bool whole_keep(struct whole *w)
{
    if (!close_file(w)) {
        const int cause = errno;
        whole_drop(w);
        return fail(w, "cannot be written", cause);
    }
    const bool good = !w->name || rename(w->part, w->name) == 0;
    if (!good)
        snprintf(w->error, sizeof w->error, "%s; it is whole under the name %.160s", strerror(errno), w->part);
    release(w);
    return good;
}

void whole_drop(struct whole *w)
{
    close_file(w);
    if (w->name)
        unlink(w->part);
    if (w->notes)
        unlink(w->notes);
    release(w);
}
