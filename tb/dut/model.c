/* The cycle model behind the bench's ABI: the model against itself, and the model at its own pace. */
#include "dut.h"

#include <stdlib.h>

#include "cycle/mmu.h"
#include "dut/model.h"
#include "events.h"

struct dut {
    struct mmu *mmu;
    bool counting; /* somebody has asked for the counters */
    struct events events;
    struct pins_out out; /* of the first cycle after reset, in which counting begins */
};

static struct dut *model_create(const char **error)
{
    struct dut *dut = calloc(1, sizeof *dut);
    if (dut && (dut->mmu = mmu_new()))
        return dut;
    free(dut);
    *error = "not enough memory for the cycle model";
    return NULL;
}

struct mmu *dut_model_mmu(struct dut *dut)
{
    return dut->mmu;
}

static void model_destroy(struct dut *dut)
{
    mmu_free(dut->mmu);
    free(dut);
}

static void model_reset(struct dut *dut, struct pins_out *out)
{
    mmu_reset(dut->mmu, out);
    dut->counting = false;
    dut->out = *out;
}

static void model_step(struct dut *dut, const struct pins_in *in, struct pins_out *out)
{
    mmu_step(dut->mmu, in, out);
    if (dut->counting)
        events_step(&dut->events, dut, in, out);
}

static bool model_state(struct dut *dut, unsigned sel, unsigned idx, uint64_t word[2])
{
    return mmu_state(dut->mmu, sel, idx, word);
}

/* What pins show is counted as of any device; the rest the model counts itself. */
static void model_counts(struct dut *dut, struct dut_counts *counts)
{
    const struct mmu_counts *m = mmu_counts(dut->mmu);
    const struct {
        enum dut_counter counter;
        uint64_t count;
    } own[] = {
        {DUT_STLB_MISSES, m->stlb_miss}, {DUT_PSC_NONE, m->psc_hit[0]},    {DUT_PSC_PDE, m->psc_hit[2]},
        {DUT_PSC_PDPTE, m->psc_hit[3]},  {DUT_PSC_PML4E, m->psc_hit[4]},   {DUT_PSC_PML5E, m->psc_hit[5]},
        {DUT_WALKS, m->walks},           {DUT_RESTARTS, m->walk_restarts}, {DUT_SHARED, m->line_merges},
    };
    if (!dut->counting)
        events_begin(&dut->events, NULL, &dut->out);
    dut->counting = true;
    *counts = events_counts(&dut->events);
    for (unsigned i = 0; i < sizeof own / sizeof *own; i++) {
        counts->offered |= UINT32_C(1) << own[i].counter;
        counts->count[own[i].counter] = own[i].count;
    }
}

const struct dut_ops dut_model = {
    .name = "model",
    .has_state = true,
    .create = model_create,
    .destroy = model_destroy,
    .reset = model_reset,
    .step = model_step,
    .state = model_state,
    .counts = model_counts,
    .squashes = true,
};
