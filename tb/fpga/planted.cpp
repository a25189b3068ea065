/* Which of the planted defects acts, where there are any (tb/defects). */
#include <cstdlib>

extern "C" unsigned int twinwalk_defect()
{
    const char *number = std::getenv("TWINWALK_DEFECT");
    return number ? unsigned(std::strtoul(number, nullptr, 10)) : 0;
}
