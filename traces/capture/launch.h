/* Starting qemu-x86_64 with the plugin: the collector does it for the first program, the plugin at execve. */
#ifndef TWINWALK_CAPTURE_LAUNCH_H
#define TWINWALK_CAPTURE_LAUNCH_H

#include "channel.h"

/* What an execve of this path would run. */
struct image {
    char path[4096];  /* the ELF program: itself, or a script's interpreter */
    char *prefix[12]; /* what stands before argv[1] instead of argv[0], when it is a script; allocated */
    unsigned prefixes;
};

/* Follows '#!' lines. 0: an x86-64 program that can be executed; else what execve would fail with, or ENOTSUP: it could
 * be executed, but not by qemu-x86_64 (another architecture). */
int image_resolve(struct image *image, const char *path);

/* Replaces the process: the program of `image` as execve(path, argv, env) would run it, recorded as `task`. first: it
 * is the trace's first program, not one that replaces another. Returns only on failure, with errno. */
void launch(const struct channel *ch, unsigned task, bool first, const struct image *image, char *const *argv,
            char *const *env);

#endif
