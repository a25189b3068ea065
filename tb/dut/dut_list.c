/* Registers the devices under test. To add your own, declare its operations here and put them into the list; the
 * declarations are weak, so that a bench links with whichever of them the Makefile gives it. */
#include "dut_list.h"

#include <stddef.h>
#include <string.h>

extern const struct dut_ops dut_rtl __attribute__((weak));      /* rtl/, Verilated */
extern const struct dut_ops dut_systemc __attribute__((weak));  /* the same under SystemC, memory behind TLM-2.0 */
extern const struct dut_ops dut_model __attribute__((weak));    /* the cycle model itself */
extern const struct dut_ops dut_blocking __attribute__((weak)); /* tb/examples/blocking_walker */
extern const struct dut_ops dut_null __attribute__((weak));     /* does nothing, ever */

const struct dut_ops *dut_number(unsigned n)
{
    const struct dut_ops *const list[] = {&dut_rtl, &dut_systemc, &dut_model, &dut_blocking, &dut_null};
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
    return NULL;
}

const char *dut_argument(struct argp_state *state, const char *name)
{
    if (!dut_find(name))
        argp_error(state, "--dut=%s: this binary has no such device; `twinwalk version` lists them", name);
    return name;
}
