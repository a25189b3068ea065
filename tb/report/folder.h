/* A folder that stands under its name only when it is finished, and that no other run shares.
 *
 *     folder_make ─► OUT/NAME reserved, OUT/NAME.part-PID to write to ─► folder_keep: the one becomes the other */
#ifndef TWINWALK_FOLDER_H
#define TWINWALK_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/outfile.h"

struct folder {
    char name[540], part[540]; /* empty: none */
};

/* Makes OUT with all above it, and NAME in it; NAME-2, NAME-3 … when there is one already. False with a message on
 * stderr. */
bool folder_make(struct folder *f, const char *out, const char *name);

/* False: nothing is in it, so there is none any more (f->name is empty), or, with a message on stderr, it stays where
 * it was written. */
bool folder_keep(struct folder *f);

/* Begins the file NAME in the folder at a path; one at a time. False with a message on stderr. */
bool folder_file(struct outfile *out, const char *folder, const char *name);

/* The last part of a path as a word for a name: without its ending, and with '_' for all that is no letter, digit, dot,
 * hyphen or underscore. "-" is "stdin". */
void folder_stem(const char *path, char *stem, size_t size);

#endif
