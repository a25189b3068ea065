/* What the bench reads of a finished waveform: is it whole, and which signals does it have. */
#ifndef TWINWALK_FST_H
#define TWINWALK_FST_H

#include <stdbool.h>
#include <stddef.h>

struct fst_signals {
    char **name; /* full path without the bit range */
    char **bits; /* "[63:0]", "[0]" of a vector of one bit; "" of a single one */
    size_t count, room;
};

/* Reads the list of signals of the FST at path. False with one line in *error: it cannot be read, it breaks off (a full
 * disk does not stop its writer), its list is damaged. signals is to be freed in any case. */
bool fst_read(const char *path, struct fst_signals *signals, const char **error);
void fst_free(struct fst_signals *signals);

#endif
