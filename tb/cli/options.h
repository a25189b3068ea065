/* The command line of the subcommands that run an MMU or the OS model. */
#ifndef TWINWALK_OPTIONS_H
#define TWINWALK_OPTIONS_H

#include "options_kernel.h"
#include "session/setup.h"

/* Parses the arguments of a subcommand (argv[0] is its name) with argp, which prints help and complaints and exits. */
void options_parse_cosim(struct setup *setup, int argc, char **argv);
void options_parse_model(struct setup *setup, int argc, char **argv);
void options_parse_random(struct setup *setup, int argc, char **argv);

/* The same for `twinwalk profile` and `twinwalk memory`. */
void options_parse_profile(struct setup *setup, int argc, char **argv);
void options_parse_memory(struct setup *setup, int argc, char **argv);
void options_parse_tlb(struct setup *o, int argc, char **argv);

#endif
