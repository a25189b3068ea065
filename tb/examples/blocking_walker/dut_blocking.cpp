/* The blocking walker behind the bench's ABI: `dut_blocking`. No state words. */
#include "Vblocking_clock.h"

#include "adapter.h"

extern "C" const struct dut_ops dut_blocking;
const struct dut_ops dut_blocking = adapter<Vblocking>::ops("blocking", false);
