/* The null DUT: has the pins and does nothing, ever. A bench that waits for it must report a hang. */
#include "dut.h"

#include <string.h>

struct dut {
    char nothing;
};

static struct dut *null_create(const char **error)
{
    static struct dut only;
    (void)error;
    return &only;
}

static void null_destroy(struct dut *dut)
{
    (void)dut;
}

static void null_reset(struct dut *dut, struct pins_out *out)
{
    (void)dut;
    memset(out, 0, sizeof *out);
}

static void null_step(struct dut *dut, const struct pins_in *in, struct pins_out *out)
{
    (void)in;
    null_reset(dut, out);
}

const struct dut_ops dut_null = {
    .name = "null",
    .create = null_create,
    .destroy = null_destroy,
    .reset = null_reset,
    .step = null_step,
};
