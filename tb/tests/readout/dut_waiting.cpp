/* The RTL with Readout = 1, which tells of its state through the ports that its arrays have, while it waits: takes the
 * place of tb/dut/verilator.cpp in twinwalk-waiting, for tb/tests/test_readout.sh.
 *
 * TWINWALK_DEFECT names the planted mistake that acts, by its place in mistakes.toml from 1 on; 0 or nothing: none. */
#include <cstdlib>

#include "Vwaiting.h"
#include "Vwaiting__Dpi.h"
#include "Vwaiting___024root.h"
#include "Vwaiting_clock.h"

#include "adapter.h"

unsigned int twinwalk_defect()
{
    const char *number = std::getenv("TWINWALK_DEFECT");
    return number ? unsigned(std::strtoul(number, nullptr, 10)) : 0;
}

extern "C" const struct dut_ops dut_rtl;
const struct dut_ops dut_rtl = adapter<Vwaiting>::ops_waiting("waiting");
