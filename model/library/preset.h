/* What each preset brings into the library: its name, its parameters, its processor, and the cycle model that was
 * compiled for it. preset.c defines one, in a linker section that twinwalk.c goes through. */
#ifndef TWINWALK_LIBRARY_PRESET_H
#define TWINWALK_LIBRARY_PRESET_H

#include "arch/oracle_types.h"
#include "cycle/mmu.h"
#include "pins.h"

struct preset_value {
    const char *key; /* as in config/NAME.toml; of arrays with .sizes or .levels (bit i: the i-th of the table's),
                        .entries, .ways */
    long value;
};

struct twinwalk_preset {
    const char *name;
    const struct preset_value *values; /* ends with a key of NULL */
    struct oracle_cpu (*cpu)(void);

    /* As in cycle/mmu.h. */
    struct mmu *(*create)(void);
    void (*destroy)(struct mmu *mmu);
    void (*reset)(struct mmu *mmu, struct pins_out *out);
    void (*step)(struct mmu *mmu, const struct pins_in *in, struct pins_out *out);
    bool (*state)(const struct mmu *mmu, unsigned sel, unsigned idx, uint64_t word[2]);
};

#endif
