/* libtwinwalk: the reference model of the Twinwalk MMU, and the oracle that judges it, for programs of your own.
 *
 * Two halves that need nothing of each other:
 *   - the cycle model of a preset, driven at its pins, one clock at a time (docs/microarchitecture.md);
 *   - the oracle: what the manual says of one access in page tables of yours, with no cache and no clock.
 *
 *     const struct twinwalk_preset *preset = twinwalk_preset_named("skylake");
 *     struct twinwalk_mmu *mmu = twinwalk_mmu_new(preset);
 *     struct pins_in in = {0};
 *     struct pins_out out = {0};
 *     twinwalk_mmu_reset(mmu, &out);
 *     for (;;) { choose in from out; twinwalk_mmu_step(mmu, &in, &out); }
 *
 * No function prints, exits or keeps a state of its own; two threads may use two models at once. C11 and C++; compile
 * and link with `pkg-config --cflags --libs twinwalk`. docs/library.md tells the whole, and how the ABI changes. */
#ifndef TWINWALK_H
#define TWINWALK_H

#include <stddef.h>

#include "arch/oracle_types.h"
#include "pins.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(TWINWALK_BUILD)
#define TWINWALK_API __attribute__((visibility("default")))
#else
#define TWINWALK_API
#endif

/* The number in the library's soname. It counts up when a program that was compiled against an older header would go
 * wrong: a function gone, a struct of these headers with other fields. */
#define TWINWALK_ABI 2

/* TWINWALK_ABI of the library that was loaded. */
TWINWALK_API unsigned twinwalk_abi(void);

/* The library's version, as of the file VERSION ("1.2.0"), and the commit that it was built from; "" when it was built
 * from no checkout. Static strings. */
TWINWALK_API const char *twinwalk_version(void);
TWINWALK_API const char *twinwalk_revision(void);

/* ---- presets: the geometries that the library was built with (config/NAME.toml) ---- */

struct twinwalk_preset;

/* The n-th preset, from 0; NULL when there is none. They live as long as the library. */
TWINWALK_API const struct twinwalk_preset *twinwalk_preset_number(unsigned n);

/* The preset called name, or NULL when the library has none of that name. */
TWINWALK_API const struct twinwalk_preset *twinwalk_preset_named(const char *name);

TWINWALK_API const char *twinwalk_preset_name(const struct twinwalk_preset *preset);

/* A parameter by its key in docs/configuration.md, as "ports.data", "stlb.latency" or "dtlb.array0.entries": a number
 * in the table's unit; true as 1, false as 0; of a choice its place in the table's range, from 0; of
 * "dtlb.array0.sizes" and "psc.array0.levels" bit i for the i-th of 4k, 2m, 1g, or of pde, pdpte, pml4e, pml5e. -1 when
 * there is no such key, or no such array in this preset. */
TWINWALK_API int64_t twinwalk_preset_value(const struct twinwalk_preset *preset, const char *key);

/* The processor that the preset describes, for the oracle. */
TWINWALK_API void twinwalk_preset_cpu(const struct twinwalk_preset *preset, struct oracle_cpu *cpu);

/* ---- the cycle model ---- */

struct twinwalk_mmu;

/* A model of the preset, which wants a reset before anything else. NULL when memory is short. */
TWINWALK_API struct twinwalk_mmu *twinwalk_mmu_new(const struct twinwalk_preset *preset);

/* Ends it. NULL is nothing to do. */
TWINWALK_API void twinwalk_mmu_free(struct twinwalk_mmu *mmu);

/* The reset of section 14 of docs/microarchitecture.md: *out gets the outputs of the first cycle after it. The STLB is
 * swept then: nothing is accepted, and a ctl_done is the reset's own, until ctl_ready is 1. */
TWINWALK_API void twinwalk_mmu_reset(struct twinwalk_mmu *mmu, struct pins_out *out);

/* One clock: *in belongs to the cycle whose outputs were given last; *out gets those of the next. Fields whose valid
 * bit is 0 are neither read nor, in *out, written. The ports of the preset are bits 0 … ports.fetch + ports.data - 1 of
 * req_valid and squash_valid, those of fetches first; acc is 0 … 2, ctl_op 0 … 15, and in->mem_rsp_line points to 8
 * words while a reply without error is given (of a preset with walkers.reply_bytes = 8 those asked for alone are read,
 * at their place in the line). What breaks these ranges is undefined; what keeps them is defined, however senseless (a
 * reply that nobody waits for is nothing). */
TWINWALK_API void twinwalk_mmu_step(struct twinwalk_mmu *mmu, const struct pins_in *in, struct pins_out *out);

/* The state words of section 17: word[0] and word[1] of (sel, idx). False, with words of 0, when that names nothing. */
TWINWALK_API bool twinwalk_mmu_state(const struct twinwalk_mmu *mmu, unsigned sel, unsigned idx, uint64_t word[2]);

/* ---- the oracle ---- */

/* 8 bytes of your physical memory at pa (8-aligned) into *value. False: it cannot be read there. */
typedef bool twinwalk_read(void *memory, uint64_t pa, uint64_t *value);

/* Sets the bits of set in the 8 bytes at pa, which were read before. False: it cannot be written there. */
typedef bool twinwalk_update(void *memory, uint64_t pa, uint64_t set);

/* Judges one access of this processor with these registers in page tables that read() finds: Intel SDM volume 3A,
 * chapters 4 and 5. Total: every input with cpu->paddr_bits 36 … 52 has a result; KIND_MEMERR where read() said false.
 * Changes nothing. */
TWINWALK_API void twinwalk_translate(const struct oracle_cpu *cpu, const struct oracle_regs *regs,
                                     const struct oracle_access *access, twinwalk_read *read, void *memory,
                                     struct oracle_result *result);

/* Sets through update() the A and D bits that the access must set, and with early_a also the A bits that a faulting
 * access may leave set (SDM 3A 5.8). False as soon as update() says false. */
TWINWALK_API bool twinwalk_update_flags(const struct oracle_result *result, bool early_a, twinwalk_update *update,
                                        void *memory);

/* A control operation (section 13: MOV to CR0, CR3, CR4, WRMSR, WRPKRU; INVLPG and INVPCID change no register). False:
 * it raises #GP(0) and *regs stays as it was. desc counts with INVPCID only. */
TWINWALK_API bool twinwalk_control(struct oracle_regs *regs, const struct oracle_cpu *cpu, enum pins_ctl_op op,
                                   uint64_t data, uint64_t desc);

/* Memory that is one piece of the program's own: bytes from the physical address base on. For the void *memory of the
 * two functions below, which say false outside of it. */
struct twinwalk_buffer {
    uint64_t base;   /* 8-aligned */
    uint64_t bytes;  /* a multiple of 8 */
    uint64_t *words; /* bytes / 8 of them */
};

TWINWALK_API bool twinwalk_buffer_read(void *buffer, uint64_t pa, uint64_t *value);
TWINWALK_API bool twinwalk_buffer_update(void *buffer, uint64_t pa, uint64_t set);

#ifdef __cplusplus
}
#endif

#endif
