/* What the plugin is told on QEMU's command line. */
#ifndef TWINWALK_SYSTEM_OPTIONS_H
#define TWINWALK_SYSTEM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { OPTIONS_START_USER = 0 }; /* as a mark: the first block in user mode */

extern struct options {
    char *out;
    uint64_t start, until; /* marks, 1 … 255; until: 0 none */
    uint64_t skip, limit;  /* accesses */
    uint64_t memory;       /* bytes, whole pages, at most 2 GiB */
    uint64_t level;        /* zstd's, 1 … 19; 0 the default */
} options;

/* Takes "name=value"; false when it is wrong. */
bool options_take(char *arg);

#endif
