/* A waveform from its first byte to its name: the device writes it beside, and it is checked before it is renamed. */
#ifndef TWINWALK_WAVEFORM_H
#define TWINWALK_WAVEFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outfile.h"

struct waveform {
    const char *path;
    struct whole whole;
    char *part; /* what the device is to write to; NULL: not open */
};

/* Makes room for the waveform. False with a message on stderr. While it is open, a file system that fills up under the
 * writer's own maps of files (which the kernel tells by SIGBUS) ends the program with a message and STATUS_OUTPUT. */
bool waveform_open(struct waveform *w, const char *path);

/* The device has ended it (written: it had begun). Checks it, gives it its name, and writes the save file beside it,
 * with the marker in that cycle. False with a message on stderr; nothing is left then. */
bool waveform_keep(struct waveform *w, bool written, uint64_t marker);

#endif
