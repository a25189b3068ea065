/* The blocking walker with faults.sv bound into it, in the place of the blocking walker. */
#include <cstdlib>

#include "Vfaults.h"
#include "Vfaults__Dpi.h"
#include "Vfaults_clock.h"

#include "adapter.h"

unsigned int twinwalk_fault()
{
    const char *number = std::getenv("TWINWALK_FAULT");
    return number ? unsigned(std::strtoul(number, nullptr, 10)) : 0;
}

extern "C" const struct dut_ops dut_blocking;
const struct dut_ops dut_blocking = adapter<Vfaults>::ops("blocking", false);
