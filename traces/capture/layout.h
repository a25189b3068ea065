/* The mappings of the guest program before its first instruction. */
#ifndef TWINWALK_CAPTURE_LAYOUT_H
#define TWINWALK_CAPTURE_LAYOUT_H

#include "trace.h"

/* Writes the initial layout as MAP records. log: what qemu-x86_64 wrote for `-d page -D log`. NULL, or what is wrong (static). */
const char *layout_put(struct trace_writer *writer, const char *log);

#endif
