/* The cycle model behind the bench's ABI: the model against itself, and the model at its own pace. */
#include "dut.h"

#include "cycle/mmu.h"
#include "dut/model.h"

static struct dut *model_create(const char **error)
{
    struct mmu *m = mmu_new();
    if (!m)
        *error = "not enough memory for the cycle model";
    return (struct dut *)m;
}

struct mmu *dut_model_mmu(struct dut *dut)
{
    return (struct mmu *)dut;
}

static void model_destroy(struct dut *dut)
{
    mmu_free(dut_model_mmu(dut));
}

static void model_reset(struct dut *dut, struct pins_out *out)
{
    mmu_reset(dut_model_mmu(dut), out);
}

static void model_step(struct dut *dut, const struct pins_in *in, struct pins_out *out)
{
    mmu_step(dut_model_mmu(dut), in, out);
}

static bool model_state(struct dut *dut, unsigned sel, unsigned idx, uint64_t word[2])
{
    return mmu_state(dut_model_mmu(dut), sel, idx, word);
}

const struct dut_ops dut_model = {
    .name = "model",
    .has_state = true,
    .create = model_create,
    .destroy = model_destroy,
    .reset = model_reset,
    .step = model_step,
    .state = model_state,
};
