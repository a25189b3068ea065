/* Devices in shared libraries: the other side of struct twinwalk_dut (dut.h). */
#ifndef TWINWALK_DUT_LOAD_H
#define TWINWALK_DUT_LOAD_H

#include <stdbool.h>

#include "base/exits.h"
#include "dut.h"

/* A library that is loaded; it stays so until the process ends. */
struct dut_library {
    const struct dut_ops *ops; /* NULL: it cannot be used */
    const char *check;         /* the level that it asks for, or NULL */
    enum exit_status status;   /* why not: STATUS_INPUT it cannot be loaded or is no device, STATUS_UNFIT it is one,
                                * of another version or for another preset, STATUS_HOST */
    char error[512];           /* the same in one line, without the path */
};

/* Whether --dut means a library: it names a path (with a slash in it), or ends in .so. */
bool dut_is_library(const char *name);

/* The library of that path; the same one when it is asked for again. Never NULL. */
const struct dut_library *dut_load(const char *path);

#endif
