/* The subcommands that run an MMU, from parsed options to exit status. */
#ifndef TWINWALK_RUN_H
#define TWINWALK_RUN_H

#include "options.h"

/* cosim: a trace through the model and a DUT, compared at options->check. */
int run_cosim(const struct setup *setup);

/* model: a trace through the model alone. */
int run_model(const struct setup *setup);

/* random: stimulus made up, compared in lockstep. */
int run_random(const struct setup *setup);

#endif
