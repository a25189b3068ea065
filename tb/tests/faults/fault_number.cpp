/* Which of the faults of faults.sv acts: the environment says. */
#include <cstdlib>

#include "Vdut__Dpi.h"

unsigned int twinwalk_fault()
{
    const char *number = std::getenv("TWINWALK_FAULT");
    return number ? unsigned(std::strtoul(number, nullptr, 10)) : 0;
}
