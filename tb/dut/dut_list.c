/* Registers the devices under test that are linked in; the declarations are weak, so that a bench links with whichever
 * of them the Makefile gives it. Others come from shared libraries (dut_load.c). */
#include "dut_list.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dut_load.h"
#include "traces/format/plain.h"

extern const struct dut_ops dut_rtl __attribute__((weak));     /* rtl/, Verilated */
extern const struct dut_ops dut_systemc __attribute__((weak)); /* the same under SystemC, memory behind TLM-2.0 */
extern const struct dut_ops dut_model __attribute__((weak));   /* the cycle model itself */
extern const struct dut_ops dut_null __attribute__((weak));    /* does nothing, ever */

const struct dut_library *dut_board(const char *name) __attribute__((weak)); /* a board at the end of a cable */

/* What is not linked in: a board, or a shared library. NULL: neither. */
static const struct dut_library *from_outside(const char *name)
{
    if (dut_board && strncmp(name, "fpga:", 5) == 0)
        return dut_board(name + 5);
    return dut_is_library(name) ? dut_load(name) : NULL;
}

const struct dut_ops *dut_number(unsigned n)
{
    const struct dut_ops *const list[] = {&dut_rtl, &dut_systemc, &dut_model, &dut_null};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i] && n-- == 0)
            return list[i];
    return NULL;
}

const struct dut_ops *dut_find(const char *name)
{
    const struct dut_ops *ops;
    for (unsigned n = 0; (ops = dut_number(n)); n++)
        if (strcmp(ops->name, name) == 0)
            return ops;
    const struct dut_library *outside = from_outside(name);
    return outside ? outside->ops : NULL;
}

const char *dut_argument(struct argp_state *state, const char *option, const char *name)
{
    if (dut_find(name))
        return name;
    const struct dut_library *outside = from_outside(name);
    if (!outside)
        argp_error(state,
                   "--%s=%s: this binary has no such device; `twinwalk version` lists them, and a library is named "
                   "by its path, a board as fpga:DEVICE",
                   option, plain(name));
    fprintf(stderr, "%s: --%s=%s: %s\n", state->name, option, plain(name), plain(outside->error));
    exit(outside->status);
}

const char *dut_check(const char *name)
{
    const struct dut_library *outside = from_outside(name);
    return outside ? outside->check : NULL;
}
