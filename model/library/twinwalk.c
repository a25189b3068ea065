/* The public functions: see twinwalk.h. All they do is to choose the preset's functions, and to lend the oracle
 * somebody else's memory. */
#define TWINWALK_BUILD
#include "twinwalk.h"

#include <stdlib.h>
#include <string.h>

#include "arch/oracle.h"
#include "arch/x86.h"
#include "build/version.h"
#include "preset.h"

/* What crosses the library's border by value. Where one of these fails the ABI is another: count up TWINWALK_ABI, then
 * change the number here. */
_Static_assert(TWINWALK_ABI == 2, "the sizes below are those of ABI 2");
_Static_assert(sizeof(struct pins_in) == 184 && sizeof(struct pins_out) == 168, "the ABI: pins.h");
_Static_assert(sizeof(struct oracle_cpu) == 12 && sizeof(struct oracle_regs) == 48, "the ABI: oracle_types.h");
_Static_assert(sizeof(struct oracle_access) == 16 && sizeof(struct oracle_result) == 152, "the ABI: oracle_types.h");
_Static_assert(sizeof(struct twinwalk_buffer) == 24, "the ABI: twinwalk.h");

unsigned twinwalk_abi(void)
{
    return TWINWALK_ABI;
}

const char *twinwalk_version(void)
{
    return TWINWALK_VERSION;
}

const char *twinwalk_revision(void)
{
    return TWINWALK_COMMIT;
}

/* ---- presets: the section `presets`, whose ends the linker names ---- */

extern const struct twinwalk_preset *const __start_presets[] __attribute__((visibility("hidden")));
extern const struct twinwalk_preset *const __stop_presets[] __attribute__((visibility("hidden")));

const struct twinwalk_preset *twinwalk_preset_number(unsigned n)
{
    return n < (size_t)(__stop_presets - __start_presets) ? __start_presets[n] : NULL;
}

const struct twinwalk_preset *twinwalk_preset_named(const char *name)
{
    const struct twinwalk_preset *preset;
    for (unsigned n = 0; (preset = twinwalk_preset_number(n)); n++)
        if (strcmp(preset->name, name) == 0)
            return preset;
    return NULL;
}

const char *twinwalk_preset_name(const struct twinwalk_preset *preset)
{
    return preset->name;
}

int64_t twinwalk_preset_value(const struct twinwalk_preset *preset, const char *key)
{
    for (const struct preset_value *v = preset->values; v->key; v++)
        if (strcmp(v->key, key) == 0)
            return v->value;
    return -1;
}

void twinwalk_preset_cpu(const struct twinwalk_preset *preset, struct oracle_cpu *cpu)
{
    *cpu = preset->cpu();
}

/* ---- the cycle model ---- */

struct twinwalk_mmu {
    const struct twinwalk_preset *preset;
    struct mmu *model;
};

struct twinwalk_mmu *twinwalk_mmu_new(const struct twinwalk_preset *preset)
{
    struct twinwalk_mmu *mmu = malloc(sizeof *mmu);
    struct mmu *model = mmu ? preset->create() : NULL;
    if (!model) {
        free(mmu);
        return NULL;
    }
    *mmu = (struct twinwalk_mmu){preset, model};
    return mmu;
}

void twinwalk_mmu_free(struct twinwalk_mmu *mmu)
{
    if (mmu)
        mmu->preset->destroy(mmu->model);
    free(mmu);
}

void twinwalk_mmu_reset(struct twinwalk_mmu *mmu, struct pins_out *out)
{
    mmu->preset->reset(mmu->model, out);
}

void twinwalk_mmu_step(struct twinwalk_mmu *mmu, const struct pins_in *in, struct pins_out *out)
{
    mmu->preset->step(mmu->model, in, out);
}

bool twinwalk_mmu_state(const struct twinwalk_mmu *mmu, unsigned sel, unsigned idx, uint64_t word[2])
{
    return mmu->preset->state(mmu->model, sel, idx, word);
}

/* ---- the oracle ---- */

void twinwalk_translate(const struct oracle_cpu *cpu, const struct oracle_regs *regs,
                        const struct oracle_access *access, twinwalk_read *read, void *memory,
                        struct oracle_result *result)
{
    oracle_translate_in(read, memory, cpu, regs, access, result);
}

bool twinwalk_update_flags(const struct oracle_result *result, bool early_a, twinwalk_update *update, void *memory)
{
    for (unsigned i = 0; i < result->steps; i++) {
        const uint64_t set = oracle_sets(&result->step[i], early_a);
        if (set && !update(memory, result->step[i].pa, set))
            return false;
    }
    return true;
}

bool twinwalk_control(struct oracle_regs *regs, const struct oracle_cpu *cpu, enum pins_ctl_op op, uint64_t data,
                      uint64_t desc)
{
    return oracle_control(regs, cpu, (uint8_t)op, data, desc);
}

/* The word of a buffer at pa, or NULL outside of it. */
static uint64_t *word_at(const struct twinwalk_buffer *buffer, uint64_t pa)
{
    const uint64_t offset = pa - buffer->base;
    return pa >= buffer->base && offset < buffer->bytes ? &buffer->words[offset / 8] : NULL;
}

bool twinwalk_buffer_read(void *buffer, uint64_t pa, uint64_t *value)
{
    const uint64_t *word = word_at(buffer, pa);
    if (word)
        *value = *word;
    return word;
}

bool twinwalk_buffer_update(void *buffer, uint64_t pa, uint64_t set)
{
    uint64_t *word = word_at(buffer, pa);
    if (word)
        *word |= set;
    return word;
}
