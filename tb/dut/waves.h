/* Waveforms: what the bench says to a DUT that writes one.
 *
 * Time in the FST: one cycle is one nanosecond, counted from the first cycle after reset. */
#ifndef TWINWALK_WAVES_H
#define TWINWALK_WAVES_H

#include "pins.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dut;

enum { WAVES_TICKS = 1000 }; /* units of the FST's time (ps) in one cycle */
enum { WAVES_BLOCK = 8192 }; /* cycles in a block of the FST: more, and its writer runs out of the processor's cache */

/* The reference model's outputs of the cycle whose step comes next, shown in the waveform beside the DUT's own. Only
 * while waves are on, only for DUTs whose waves_start said true. */
void dut_rtl_expect(struct dut *dut, const struct pins_out *out);

#ifdef __cplusplus
}
#endif

#endif
