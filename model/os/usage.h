/* Accounts of one mapping; those of processes and of all memory are in os_process.h. */
#ifndef TWINWALK_USAGE_H
#define TWINWALK_USAGE_H

#include "kernel.h"

enum { PSS_SHIFT = 12 };

/* Adds what this mapping uses to *usage. */
void usage_of_mapping(const struct os *os, const struct os_mm *mm, const struct vma *vma, struct os_usage *usage);

#endif
