/* The RTL with all planted defects, under Verilator: takes the place of tb/dut/verilator.cpp in the binary that judges
 * the judges.
 *
 * The environment variable TWINWALK_DEFECT names the one that acts, by its number in `scripts/plant_defects.py list`; 0
 * or nothing: none. */
#include <cstdlib>

#include "Vdefects.h"
#include "Vdefects__Dpi.h"
#include "Vdefects___024root.h"
#include "Vdefects_clock.h"
#include "Vdefects_registers.h"

#include "adapter.h"

unsigned int twinwalk_defect()
{
    const char *number = std::getenv("TWINWALK_DEFECT");
    return number ? unsigned(std::strtoul(number, nullptr, 10)) : 0;
}

/* Verilated without waveforms: what would be written is a wrong MMU's. */
struct defective : Vdefects {
    using Vdefects::Vdefects;
    void trace(VerilatedFstC *, int) {}
};

static constexpr struct dut_ops without_waves(struct dut_ops ops)
{
    ops.waves_start = nullptr;
    ops.waves_stop = nullptr;
    return ops;
}

extern "C" const struct dut_ops dut_rtl;
const struct dut_ops dut_rtl = without_waves(adapter<defective>::ops("defective", true));
