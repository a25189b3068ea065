/* A file that stands under its name only when it is whole.
 *
 *     whole_open ─► NAME.part-PID, beside NAME ─► whole_keep: renamed │ whole_drop: removed, NAME is as it was
 *
 * What is no regular file (a pipe, a device) and standard output are written as they are. A file that may not be
 * written is not replaced either. Parts that a program leaves behind when it exits are removed then; what ends it by a
 * signal has to call whole_drop_all(). */
#ifndef TWINWALK_WHOLE_H
#define TWINWALK_WHOLE_H

#include <stdbool.h>
#include <stddef.h>

struct whole {
    int fd;            /* to write to */
    bool standard;     /* it is standard output (or standard error), which stays open */
    char *notes;       /* another file, which its writer makes and removes; NULL: none */
    char *name, *part; /* where it will be, and where it grows; NULL: written in place */
    char error[240];   /* what failed, without the path */
};

/* "-", or a name of the very file that is standard output. */
bool whole_is_standard(const char *path);

/* Whether two paths name one regular file (or one that both would make), or are both standard output. */
bool whole_same(const char *a, const char *b);

/* Opens a file for writing. False with w->error; nothing is left behind then. */
bool whole_open(struct whole *w, const char *path);

/* A part without a descriptor, for a writer that opens files itself: w->part may be created, and w->fd is -1. Such a
 * writer removes what has its name first, so that what is no regular file (a device, a pipe) is refused. notes: what
 * the writer appends to the name for a file of its own, which a writer that is interrupted leaves behind. False with
 * w->error. */
bool whole_reserve(struct whole *w, const char *path, const char *notes);

/* Closes the file and gives it its name. False with w->error: the name has not changed what it stands for. */
bool whole_keep(struct whole *w);

/* Closes the file and removes the part. */
void whole_drop(struct whole *w);

/* Removes every part of this process. May be called from a signal handler, when the process is about to end. */
void whole_drop_all(void);

#endif
