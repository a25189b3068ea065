/* The texts of a mismatch folder, read again by those who tell of it: the page (page.h) and the terminal (explain.h).
 */
#ifndef TWINWALK_TEXTS_H
#define TWINWALK_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

/* A whole file of the folder; NULL when it is not there. To be freed. */
char *text_slurp(const char *folder, const char *name);

/* The value of a line "name      value" of report.txt; empty when there is none. */
void text_look_up(const char *report, const char *name, char *value, size_t size);

/* The line behind this one; NULL: it was the last. */
const char *text_next_line(const char *line);

/* Is it a line of walk.txt that tells of an entry ("  PDE    0x… at 0x… (WB): P=1 …, table 0x…")? */
bool walk_is_entry(const char *line);

/* The line that ends a walk ("  result …"). More walks may follow, by entries as they were before. */
bool walk_is_result(const char *line);

/* The line of the entry by which the first walk was decided: the first that has the bit of which its result speaks, or
 * else the last entry. NULL: there is no entry. */
const char *walk_decides(const char *walk);

#endif
