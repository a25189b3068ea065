/* The part of the command line of `model` that is about plain counts: --serial, and the shapes of the TLBs. */
#ifndef TWINWALK_OPTIONS_SERIAL_H
#define TWINWALK_OPTIONS_SERIAL_H

#include <argp.h>

#include "session/setup.h"

/* To stand among the children of a subcommand's argp; its input is the struct serial_setup. */
extern const struct argp options_serial_argp;

/* The same of `tlb`, which counts anyhow. */
extern const struct argp options_tlb_argp;

#endif
