/* What every result says of where it comes from: the program, its version, the command line, the machine. */
#ifndef TWINWALK_ABOUT_H
#define TWINWALK_ABOUT_H

#include <jansson.h>
#include <stdbool.h>

#include "outfile.h"

enum { ABOUT_SCHEMA = 1 }; /* of all JSON; counts up when a field changes its meaning or goes */

/* The number of the file VERSION, and what git said of the checkout that this was built from; "": it was none. */
extern const char about_version[], about_commit[];

/* The fields that every JSON begins with, in an object for the rest: schema, program, version, commit, preset (NULL:
 * null), command_line, host. NULL when memory is short. */
json_t *about_json(const char *preset);

/* Text as a JSON string: bytes that are no UTF-8 as \xNN. */
json_t *about_text(const char *text);

/* Writes root, frees it, and ends the file. False with a message on stderr. */
bool about_write(json_t *root, size_t flags, struct outfile *out);

/* Puts the head of about_json(preset) before root and writes both to --json=path; takes root. False with a message on
 * stderr. */
bool about_save(const char *preset, const char *path, json_t *root);

#endif
