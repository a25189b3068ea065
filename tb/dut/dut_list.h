/* The devices under test: those that this binary has, and those that it can load. */
#ifndef TWINWALK_DUT_LIST_H
#define TWINWALK_DUT_LIST_H

#include <argp.h>

#include "dut.h"

/* The nth of those linked in; NULL beyond the last. The first is the default. */
const struct dut_ops *dut_number(unsigned n);

/* By name, or by the path of a shared library (dut_load.h), which is then loaded; NULL when this binary has none of
 * that name, or the library cannot be used. */
const struct dut_ops *dut_find(const char *name);

/* For parsers of --option=name: name, when it is a device that can be had; else complains and exits. */
const char *dut_argument(struct argp_state *state, const char *option, const char *name);

/* The level at which a device wants to be compared, when the command line does not say: a word of --check, or NULL. */
const char *dut_check(const char *name);

#endif
