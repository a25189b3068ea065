/* The devices under test that this binary knows. */
#ifndef TWINWALK_DUT_LIST_H
#define TWINWALK_DUT_LIST_H

#include <argp.h>

#include "dut.h"

/* The nth of those linked in; NULL beyond the last. The first is the default. */
const struct dut_ops *dut_number(unsigned n);

/* By name; NULL when this binary has none of that name. */
const struct dut_ops *dut_find(const char *name);

/* For parsers of --dut: name, when this binary has a device of it; else complains and exits. */
const char *dut_argument(struct argp_state *state, const char *name);

#endif
