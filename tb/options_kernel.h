/* The part of the command line that is about the OS model: its memory, its page sizes, what its work costs, what it prints. */
#ifndef TWINWALK_OPTIONS_KERNEL_H
#define TWINWALK_OPTIONS_KERNEL_H

#include <argp.h>

#include "os/os.h"

struct kernel_options {
    struct os_config config;     /* what the processor offers is not in it */
    const char *smaps, *rollup, *top, *faults; /* files to print into; "-": standard output, NULL: nothing */
    bool oom_stop;               /* no process is killed for memory: the run ends */
    bool signatures;             /* keep the contents of pages, and check every access by them */
    uint64_t lose_move;          /* every so many moves of contents is left out: a defect for `signatures` to find; 0: none */
};

/* To stand among the children of a subcommand's argp; its input, a struct kernel_options, is passed in ARGP_KEY_INIT. */
extern const struct argp options_kernel_argp;

/* One process, 4 GiB, 4-KiB pages, seed 1; everything else as Linux, or off. */
void options_kernel_defaults(struct kernel_options *o);

#endif
