/* QEMU's own errors, and points that the manuals leave open: the differences that are no disagreement. */
#ifndef TWINWALK_QEMU_EXCUSES_H
#define TWINWALK_QEMU_EXCUSES_H

#include "expect.h"

extern const struct case_excuse qemu_excuses[]; /* ends with a NULL name */

#endif
