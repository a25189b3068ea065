/* The part of a mismatch folder that is found by running again. */
#ifndef TWINWALK_BUNDLE_RERUN_H
#define TWINWALK_BUNDLE_RERUN_H

#include "engine/lane.h"
#include "engine/statecmp.h"
#include "results.h"

enum { BUNDLE_BEFORE = 200, BUNDLE_AFTER = 50 }; /* cycles of waveform around the finding */

/* All write into `folder`, and give false, with a message on stderr, when not everything is there. */

/* Lockstep again: narrows the first diverging state element down to its cycle, then records waves, walk and state. */
bool bundle_rerun(const struct results *results, const struct dut_ops *ops, struct dut *dut, const char *folder);

/* The DUT at its own pace again, with waves and its state at the end (a finding of --check=arch or events, or a hang
 * there). */
bool bundle_rerun_alone(const struct results *results, const struct dut_ops *ops, struct dut *dut, const char *folder);

#endif
