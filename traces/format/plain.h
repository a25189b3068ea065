/* Text of foreign origin (names, lines of files, paths) as it may be shown: what a terminal would obey is written as
 * \xNN, and so are bytes that are no UTF-8. */
#ifndef TWINWALK_PLAIN_H
#define TWINWALK_PLAIN_H

#include <stddef.h>

/* In one of eight buffers in turn, cut at PLAIN_MOST bytes; the text itself when there is nothing to change. */
enum { PLAIN_MOST = 1200 };
const char *plain(const char *text);

/* Bytes of the character at c when it is whole UTF-8 and nothing that a terminal would obey; else 0. */
unsigned plain_character(const char *c);

/* In its own place, of `size` bytes; what has no room is cut off. */
void plain_in_place(char *text, size_t size);

#endif
