/* The part of the command line that is about the OS model: its memory, its page sizes, what its work costs, what it
 * prints. */
#ifndef TWINWALK_OPTIONS_KERNEL_H
#define TWINWALK_OPTIONS_KERNEL_H

#include <argp.h>

#include "session/setup.h"

/* To stand among the children of a subcommand's argp; its input, a struct kernel_setup, is passed in ARGP_KEY_INIT. */
extern const struct argp options_kernel_argp;

#endif
