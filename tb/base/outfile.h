/* Files that results go to: tables, JSON, waves. Each gets its name when it is whole (traces/format/whole.h), and none
 * takes the place of what is being read, or of another one. */
#ifndef TWINWALK_OUTFILE_H
#define TWINWALK_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "traces/format/whole.h"

struct outfile {
    FILE *file; /* NULL: not open */
    const char *option, *path;
    struct whole whole;
};

/* Opens --option=path. "-" is standard output. False with a message on stderr. */
bool outfile_open(struct outfile *o, const char *option, const char *path);

/* Ends it: the file is there. False with a message on stderr: it is not, and what stood there before still does.
 * Nothing to do when it is not open. */
bool outfile_keep(struct outfile *o);

/* Ends it without a file. */
void outfile_drop(struct outfile *o);

/* Whether it could be opened now, without doing so: for the start of a long run. False with a message on stderr. */
bool outfile_possible(const char *option, const char *path);

/* Where the table for people goes when JSON goes to this path (NULL: nowhere): what is JSON is nothing else. */
FILE *outfile_table(const char *json);

/* One line on stderr: --option=path: why. */
void outfile_complain(const char *option, const char *path, const char *why);

/* What a path of the command line is for. */
struct outfile_use {
    const char *option; /* without dashes; "" for an argument */
    const char *path;   /* NULL: not given */
    enum {
        OUTFILE_READ,
        OUTFILE_WRITE,
        OUTFILE_PRINT, /* text under headlines, which others of its kind may share */
    } how;
};

/* Whether every file is written to by one alone, none that is read is written, and each has a name. False with a
 * message on stderr. */
bool outfile_apart(const struct outfile_use *use, size_t count);

#endif
