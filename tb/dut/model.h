/* The cycle model as a device under test: the one DUT whose counters the bench may read. */
#ifndef TWINWALK_DUT_MODEL_H
#define TWINWALK_DUT_MODEL_H

#include "cycle/mmu.h"
#include "dut.h"

extern const struct dut_ops dut_model;

/* The model inside a DUT that dut_model created. */
struct mmu *dut_model_mmu(struct dut *dut);

#endif
