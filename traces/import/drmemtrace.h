/* DynamoRIO's drmemtrace, the final (not raw) files of an offline trace. A file holds one thread, or the share of one
 * core, whose threads follow one another; entries of type 22 say whose turn it is. What the kernel executes, where it
 * was recorded or put in, stands between markers. */
#ifndef TWINWALK_IMPORT_DRMEMTRACE_H
#define TWINWALK_IMPORT_DRMEMTRACE_H

#include "import.h"

/* Where a file is. */
struct drmemtrace {
    unsigned thread;     /* whose turn it is */
    bool left_out;       /* of another process than the one wanted */
    bool in_file, ended; /* a header was there; the footer was */
    bool in_syscall, in_switch;
    unsigned events; /* of the kernel, within one another */
    uint64_t time;   /* the latest timestamp, in microseconds */
};

bool drmemtrace_looks_like(const uint8_t *p, size_t n);

enum drmemtrace_stop {
    DRMEMTRACE_STOP,  /* im->error, or im->full */
    DRMEMTRACE_END,   /* of the file, or its damage (im->source->error) */
    DRMEMTRACE_LATER, /* the next entry is a timestamp beyond `until`: s->time */
};
/* Reads on in im->source. */
enum drmemtrace_stop drmemtrace_read(struct import *im, struct drmemtrace *s, uint64_t until);
/* When all is read: was the process there that the options want? */
bool drmemtrace_found(struct import *im);

#endif
