/* The subcommands that run an MMU, from parsed options to exit status. */
#ifndef TWINWALK_RUN_H
#define TWINWALK_RUN_H

#include "options.h"

/* cosim: a trace through the model and a DUT, compared at options->check. */
int run_cosim(const struct options *options);

/* model: a trace through the model alone. */
int run_model(const struct options *options);

/* random: stimulus made up, compared in lockstep. */
int run_random(const struct options *options);

#endif
