/* One preset's part of the library. Compiled once a preset, with its cycle model, and linked with that into one object
 * whose every name is local (rules.mk): so the models of all presets stand side by side in one library. All that leads
 * into it is the pointer in the section `presets`. */
#include "preset.h"

#include "arch/preset_cpu.h"

static const struct preset_value values[] = {
#include "mmu_values.h"
    {NULL, 0},
};

static const struct twinwalk_preset preset = {
    .name = CFG_NAME,
    .values = values,
    .cpu = preset_cpu,
    .create = mmu_new,
    .destroy = mmu_free,
    .reset = mmu_reset,
    .step = mmu_step,
    .state = mmu_state,
};

static const struct twinwalk_preset *const here __attribute__((section("presets"), used)) = &preset;
