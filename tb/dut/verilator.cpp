/* The RTL under Verilator (--cc), in its waveform wrapper tb/dut/mmu_waves.sv: `dut_rtl`. */
#include "Vmmu_clock.h"
#include "Vmmu_registers.h"

#include "adapter.h"

extern "C" const struct dut_ops dut_rtl;
const struct dut_ops dut_rtl = adapter<Vmmu>::ops("rtl", true);

extern "C" void dut_rtl_expect(struct dut *dut, const struct pins_out *out)
{
    dut->expect(out);
}
